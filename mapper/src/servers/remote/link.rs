//! The mapper's end of the socket to a server's process.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Resource, Rlimit, prlimit};
use schemas::message::{Message, ReplyBuffer};
use schemas::server::{Caller, Capabilities, Post, Server};
use schemas::{Errno, Interface, Operation, remote};

use super::VERB;
use super::wire::{self, Incoming};
use crate::deployment::{Limits, ServerSpec};

/// How long a server may think: its methods never block, so one that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server in a process of its own, as the mapper asks it. One question at a time.
pub struct Link {
    name: String,
    interface: Interface,
    socket: OwnedFd,
    state: Mutex<State>,
}

struct State {
    outgoing: ReplyBuffer,
    incoming: Incoming,
    /// Why it cannot be asked any more.
    dead: Option<String>,
    process: Child,
}

impl Link {
    /// Starts a server's process, and waits until the server is there.
    ///
    /// # Errors
    /// A sentence: what the host says of the process, or the server of its settings.
    pub fn start(spec: &ServerSpec, post: Post) -> Result<Self, String> {
        let failed = |error: io::Error| format!("cannot start a process for it: {error}");
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
                .map_err(|errno| failed(errno.into()))?;
        let process = Command::new("/proc/self/exe")
            .arg(VERB)
            .env_clear()
            .envs(std::env::var_os("MAPPER_LOG").map(|log| ("MAPPER_LOG", log)))
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .map_err(failed)?;
        limit(&process, spec.limits).map_err(failed)?;
        let state = State { outgoing: wire::outgoing(), incoming: Incoming::new(), dead: None, process };
        let link = Self {
            name: post.name.clone(),
            interface: spec.kind.interface,
            socket: ours,
            state: Mutex::new(state),
        };
        link.set_up(spec, &post)?;
        Ok(link)
    }

    fn set_up(&self, spec: &ServerSpec, post: &Post) -> Result<(), String> {
        let settings = spec.settings.to_string();
        let mut state = self.state();
        let State { outgoing, incoming, .. } = &mut *state;
        let setup = outgoing.build(|mut root| {
            let mut setup = root.reborrow().init_as::<remote::request::Builder<'_>>().init_setup();
            setup.set_kind(spec.kind.name);
            setup.set_name(&self.name);
            setup.set_settings(&settings);
            setup.set_first_object(post.first_object);
            let mut list = setup.init_nodes(post.nodes.len() as u32);
            for (index, node) in post.nodes.iter().enumerate() {
                let mut entry = list.reborrow().get(index as u32);
                entry.set_mount(node.mount);
                entry.set_path(&node.path);
            }
            Ok(())
        });
        let setup = setup.map_err(|_| "its settings are too long".to_owned())?;
        let ended = |errno| format!("its process ended before it was ready: {errno}");
        wire::send(self.socket.as_fd(), &setup, &[]).map_err(ended)?;
        wire::receive(self.socket.as_fd(), incoming, Some(PATIENCE)).map_err(ended)?;
        let message = Message::new(incoming.message());
        let answer = message.root::<remote::answer::Reader<'_>>();
        let nonsense = |_| "its process answered nonsense".to_owned();
        let answer = answer.map_err(nonsense)?;
        if answer.get_status() == 0 {
            return Ok(());
        }
        let why = answer.get_error().ok().and_then(|text| text.to_string().ok());
        Err(why.unwrap_or_else(|| nonsense(Errno::BADMSG)))
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.state().process.id()
    }

    /// What hangs up when the process has ended.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Why it cannot be asked any more, if so.
    pub fn death(&self) -> Option<String> {
        self.state().dead.clone()
    }

    /// Takes note that the process is gone.
    pub fn bury(&self) {
        self.state().die("its process ended");
    }

    fn notify(&self, fill: impl FnOnce(remote::request::Builder<'_>)) {
        let mut state = self.state();
        let notice = state.outgoing.build(|root| {
            fill(root.init_as());
            Ok(())
        });
        let sent = notice.map(|notice| wire::send(self.socket.as_fd(), &notice, &[]));
        if !matches!(sent, Ok(Ok(()))) {
            state.die("its process does not listen any more");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Limits what a process may have. It is asked nothing before that.
fn limit(process: &Child, limits: Limits) -> io::Result<()> {
    let pid = rustix::process::Pid::from_child(process);
    for (resource, most) in [(Resource::Data, limits.memory), (Resource::Nofile, limits.descriptors)] {
        if most.is_some() {
            prlimit(Some(pid), resource, Rlimit { current: most, maximum: most })?;
        }
    }
    Ok(())
}

impl State {
    fn die(&mut self, why: &str) {
        // One that has ended already cannot be killed.
        let _ = self.process.kill();
        let status = self.process.wait().map(|status| format!(" ({status})")).unwrap_or_default();
        self.dead.get_or_insert_with(|| format!("{why}{status}"));
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.die("it was stopped");
    }
}

fn fill_call(
    root: capnp::any_pointer::Builder<'_>,
    operation: Operation,
    caller: &Caller,
    params: capnp::any_pointer::Reader<'_>,
) -> Result<(), Errno> {
    let mut call = root.init_as::<remote::request::Builder<'_>>().init_call();
    call.set_operation(operation.id());
    call.set_personality(caller.personality as u8);
    call.set_task(caller.task);
    call.set_pid(caller.pid);
    call.set_thread(caller.tid);
    let who = &caller.credentials;
    call.set_real_user(who.real_user);
    call.set_effective_user(who.effective_user);
    call.set_saved_user(who.saved_user);
    call.set_real_group(who.real_group);
    call.set_effective_group(who.effective_group);
    call.set_saved_group(who.saved_group);
    call.set_groups(&who.groups[..])?;
    call.init_params().set_as(params)?;
    Ok(())
}

impl Server for Link {
    fn name(&self) -> &str {
        &self.name
    }

    fn interface(&self) -> Interface {
        self.interface
    }

    /// Asks, and waits for the answer. `EIO` when the process dies over it.
    fn call(
        &self,
        operation: Operation,
        caller: &Caller,
        params: capnp::any_pointer::Reader<'_>,
        mut results: capnp::any_pointer::Builder<'_>,
        caps: &mut Capabilities,
    ) -> Result<(), Errno> {
        let mut state = self.state();
        if state.dead.is_some() {
            return Err(Errno::IO);
        }
        let asked = {
            let State { outgoing, incoming, .. } = &mut *state;
            let request = outgoing.build(|root| fill_call(root, operation, caller, params))?;
            wire::send(self.socket.as_fd(), &request, &caps.received)
                .and_then(|()| wire::receive(self.socket.as_fd(), incoming, Some(PATIENCE)))
        };
        match asked {
            Ok(donated) => caps.donated = donated,
            Err(errno) => {
                let hangs = errno == rustix::io::Errno::TIMEDOUT;
                state.die(if hangs { "it did not answer in time" } else { "its process ended" });
                return Err(Errno::IO);
            }
        }
        let message = Message::new(state.incoming.message());
        let answer: remote::answer::Reader<'_> = message.root()?;
        match answer.get_status() {
            0 => Ok(results.set_as(answer.get_results())?),
            errno => Err(Errno(errno)),
        }
    }

    fn no_senders(&self, object: u64) {
        self.notify(|mut request| request.set_no_senders(object));
    }

    fn task_ended(&self, task: u64) {
        self.notify(|mut request| request.set_task_ended(task));
    }
}
