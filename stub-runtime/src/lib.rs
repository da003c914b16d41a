//! The stub: what the exec server links into a guest's address space.
//!
//! A trap of the guest arrives in [`trap`], [`dispatch`] finds its row in the call table of the
//! guest's [`personality`], and the row's handler does the work with the OS-neutral [`operation`]s,
//! on the [`host`] or by asking the mapper through [`transport`].
//!
//! No C library, no allocator, no thread-local storage: GS points to the thread's [`context`].

#![cfg_attr(not(test), no_std)]

pub mod boot;
pub mod call;
pub mod context;
pub mod dispatch;
pub mod fail;
pub mod guest;
pub mod host;
pub mod ledger;
pub mod loader;
pub mod operation;
pub mod personality;
pub mod process;
pub mod trace;
pub mod transport;
pub mod trap;
pub mod world;
