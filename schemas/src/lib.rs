//! The single declaration of every operation, message, server interface and shared layout.
//!
//! # What is here
//!
//! * [`Operation`] and [`OperationInfo`]: every operation with its name, number, default route and fields.
//! * One module a subsystem ([`fs`], [`proc`], [`socket`] …) with the messages: `fs::open::params::Builder`,
//!   `fs::open::results::Reader`.
//! * [`message`]: building and reading those messages in place, without an allocator.
//! * [`transport`]: the memory that guests and the mapper share, and the datagrams between them.
//! * [`Errno`], [`Flavour`], [`Personality`], [`signal`]: the neutral vocabulary.
//! * [`trace`]: one line of text from a message.
//! * With feature `std`: `server`, the traits that servers implement and the dispatch to them, `control`, the
//!   capnp-rpc interface of the command line, and `remote`, the messages between the mapper and a server in a process
//!   of its own.
//!
//! # The way of a request
//!
//! 1. The stub looks up [`transport::World::route`]. For [`Flavour::Mapped`] it claims a slot
//!    ([`transport::Region::claim`]), builds the `Params` in it ([`message::build`]) and submits it
//!    ([`transport::Claimed::submit`]); if told to, it sends a [`transport::Datagram`] with the descriptors.
//! 2. The mapper takes it ([`transport::Slot::take`]), copies it ([`transport::Taken::copy_request`]), establishes who
//!    asks (`server::Caller`), and lets the server answer (`server::answer`), which lands in the typed method of
//!    the server's trait.
//! 3. It sends the donated descriptors, then completes the slot ([`transport::Taken::complete`]).
//! 4. The stub reads the reply ([`transport::Claimed::reply`], [`message::Message`]) and receives the descriptors.
//!
//! Error numbers, flags, modes, structures and signals on this way are those of Linux on x86-64. Each personality
//! translates at the edge of the guest, and nothing behind that edge knows which OS asks unless it has to.
//!
//! Without feature `std` the crate is `no_std` and needs no allocator; that is how the stub uses it.
//!
//! # Adding an operation
//!
//! 1. Declare it in `operation/<subsystem>.capnp`: a structure with nested `Params` and `Results`, annotated with
//!    `$operation(id = …, server = …, flavour = …, idempotent = …)`, its contract as the comment inside, and the
//!    fields that a trace shows annotated with `$traced(…)`. Take the next free id; ids are never reused.
//! 2. Run `./request.sh`, which writes the schema compiler's output to `request/`, and commit that as well.
//! 3. Implement the new method in the server that answers it. Until then it is answered with `ENOSYS`.
//!
//! Everything else follows: [`Operation`] has the new variant, its info, its trace, its row in the routing table.

#![cfg_attr(not(feature = "std"), no_std)]

pub mod errno;
mod flavour;
pub mod message;
mod operation;
mod personality;
#[cfg(feature = "std")]
pub mod server;
pub mod signal;
pub mod trace;
pub mod transport;

pub use errno::Errno;
pub use flavour::Flavour;
pub use operation::{Field, Format, Interface, Kind, Operation, OperationInfo};
pub use personality::Personality;

/// The messages, as the Cap'n Proto generator writes them.
#[doc(hidden)]
#[allow(missing_docs, clippy::all, clippy::undocumented_unsafe_blocks)]
pub mod generated {
    macro_rules! schema {
        ($($module:ident = $file:literal),+ $(,)?) => {
            $(pub mod $module {
                include!(concat!(env!("OUT_DIR"), "/", $file));
            })+
        };
    }

    schema! {
        auth_capnp = "operation/auth_capnp.rs",
        common_capnp = "operation/common_capnp.rs",
        declaration_capnp = "operation/declaration_capnp.rs",
        device_capnp = "operation/device_capnp.rs",
        event_capnp = "operation/event_capnp.rs",
        exec_capnp = "operation/exec_capnp.rs",
        file_capnp = "operation/file_capnp.rs",
        fs_capnp = "operation/fs_capnp.rs",
        memory_capnp = "operation/memory_capnp.rs",
        pflocal_capnp = "operation/pflocal_capnp.rs",
        proc_capnp = "operation/proc_capnp.rs",
        signal_capnp = "operation/signal_capnp.rs",
        socket_capnp = "operation/socket_capnp.rs",
        system_capnp = "operation/system_capnp.rs",
        term_capnp = "operation/term_capnp.rs",
        thread_capnp = "operation/thread_capnp.rs",
        time_capnp = "operation/time_capnp.rs",
    }

    #[cfg(feature = "std")]
    schema! {
        control_capnp = "control_capnp.rs",
        remote_capnp = "remote_capnp.rs",
    }
}

#[doc(inline)]
pub use generated::{
    auth_capnp as auth, common_capnp as common, device_capnp as device, event_capnp as event,
    exec_capnp as exec, file_capnp as file, fs_capnp as fs, memory_capnp as memory, pflocal_capnp as pflocal,
    proc_capnp as proc, socket_capnp as socket, system_capnp as system, term_capnp as term,
    thread_capnp as thread, time_capnp as time,
};

#[cfg(feature = "std")]
#[doc(inline)]
pub use generated::{control_capnp as control, remote_capnp as remote};
