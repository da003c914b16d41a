//! The process of a server: `mapper serve`, with the socket to the mapper as standard input.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use residual_net::network::Networks;
use schemas::message::{Message, ReplyBuffer};
use schemas::server::{Caller, Capabilities, Credentials, MountedNode, Post, Server};
use schemas::{Errno, Operation, Personality, remote};

use super::fence;
use super::wire::{self, Incoming};
use crate::servers::kinds;

/// Room for an answer without results, in bytes.
const SHORT: usize = 256;

/// Serves until the mapper goes.
///
/// # Errors
/// A sentence, when the socket is none or the mapper says nonsense.
pub fn serve() -> Result<(), String> {
    let stdin = std::io::stdin();
    let socket = stdin.as_fd();
    let mut incoming = Incoming::new();
    let mut outgoing = wire::outgoing();
    wire::receive(socket, &mut incoming, None).map_err(|errno| {
        format!("standard input is no socket to a mapper ({errno}); people do not run this")
    })?;
    let made = make(incoming.message());
    let answer = outgoing.build(|root| {
        let mut answer = root.init_as::<remote::answer::Builder<'_>>();
        if let Err(why) = &made {
            answer.set_status(-1);
            answer.set_error(why);
        }
        Ok(())
    });
    let answer = answer.map_err(|errno| errno.to_string())?;
    wire::send(socket, &answer, &[]).map_err(|errno| errno.to_string())?;
    drop(answer);
    let server = made?;
    loop {
        let received = match wire::receive(socket, &mut incoming, None) {
            Ok(received) => received,
            Err(rustix::io::Errno::PIPE) => return Ok(()),
            Err(errno) => return Err(errno.to_string()),
        };
        let message = Message::new(incoming.message());
        let request: remote::request::Reader<'_> = message.root().map_err(|errno| errno.to_string())?;
        match request.which().map_err(|error| error.to_string())? {
            remote::request::Call(call) => {
                let call = call.map_err(|error| error.to_string())?;
                answer_call(socket, &*server, call, received, &mut outgoing)
                    .map_err(|errno| errno.to_string())?;
            }
            remote::request::NoSenders(object) => server.no_senders(object),
            remote::request::TaskEnded(task) => server.task_ended(task),
            remote::request::Setup(_) => return Err("the mapper sets the server up twice".to_owned()),
        }
    }
}

/// Makes the server that the first message tells of, in what is left after giving up the rest.
fn make(message: &[u8]) -> Result<Arc<dyn Server>, String> {
    let message = Message::new(message);
    let nonsense = |error: &dyn std::fmt::Display| format!("the mapper's first message is nonsense: {error}");
    let request: remote::request::Reader<'_> = message.root().map_err(|errno| nonsense(&errno))?;
    let Ok(remote::request::Setup(Ok(setup))) = request.which() else {
        return Err(nonsense(&"it does not say which server to be"));
    };
    let text = |text: capnp::Result<capnp::text::Reader<'_>>| {
        let text = text.map_err(|error| nonsense(&error))?;
        text.to_string().map_err(|error| nonsense(&error))
    };
    let (kind, name) = (text(setup.get_kind())?, text(setup.get_name())?);
    let settings: toml::Table = text(setup.get_settings())?.parse().map_err(|error| nonsense(&error))?;
    let mut nodes = Vec::new();
    for node in setup.get_nodes().map_err(|error| nonsense(&error))? {
        nodes.push(MountedNode { mount: node.get_mount(), path: text(node.get_path())? });
    }
    let kind = kinds::kind(&kind).ok_or_else(|| nonsense(&format!("there is no kind `{kind}`")))?;
    let post = Post { name, nodes, first_object: setup.get_first_object() };
    let server = kinds::make_residual(kind, &settings, post, &Networks::default())?;
    fence::close(&kinds::needs(kind, &settings)?)?;
    Ok(server)
}

fn answer_call(
    socket: BorrowedFd<'_>,
    server: &dyn Server,
    call: remote::call::Reader<'_>,
    received: Vec<std::os::fd::OwnedFd>,
    outgoing: &mut ReplyBuffer,
) -> Result<(), rustix::io::Errno> {
    let mut caps = Capabilities::new(received);
    let built = outgoing.build(|root| {
        let mut answer = root.init_as::<remote::answer::Builder<'_>>();
        if let Err(errno) = ask(server, call, answer.reborrow().init_results(), &mut caps) {
            // What was filled in so far is let go.
            answer.reborrow().init_results();
            answer.set_status(errno.0);
            caps.donated.clear();
        }
        Ok(())
    });
    if let Ok(message) = built {
        return wire::send(socket, &message, &caps.donated);
    }
    let mut short = ReplyBuffer::new(SHORT);
    let too_long = short.build(|root| {
        root.init_as::<remote::answer::Builder<'_>>().set_status(Errno::MSGSIZE.0);
        Ok(())
    });
    wire::send(socket, &too_long.map_err(|_| rustix::io::Errno::NOMEM)?, &[])
}

fn ask(
    server: &dyn Server,
    call: remote::call::Reader<'_>,
    results: capnp::any_pointer::Builder<'_>,
    caps: &mut Capabilities,
) -> Result<(), Errno> {
    let operation = Operation::from_id(call.get_operation()).ok_or(Errno::NOSYS)?;
    let personality = Personality::from_byte(call.get_personality()).ok_or(Errno::BADMSG)?;
    let credentials = Credentials {
        real_user: call.get_real_user(),
        effective_user: call.get_effective_user(),
        saved_user: call.get_saved_user(),
        real_group: call.get_real_group(),
        effective_group: call.get_effective_group(),
        saved_group: call.get_saved_group(),
        groups: call.get_groups()?.iter().collect(),
    };
    let caller = Caller {
        task: call.get_task(),
        pid: call.get_pid(),
        tid: call.get_thread(),
        personality,
        credentials: Arc::new(credentials),
        // Servers of networks share the mapper's process.
        stack: None,
    };
    server.call(operation, &caller, call.get_params(), results, caps)
}
