//! Traces of a running world: lines come from the stubs over one datagram socket and go to whoever follows them.
//!
//! Stubs write lines only while the world page says so, which is as long as there is somebody to read them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::SystemTime;

use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, recv, socketpair};
use schemas::{Operation, control};
use tokio::sync::Notify;

use super::report::{Event, since_epoch};
use crate::route::select_operations;
use crate::world::Live;

/// Lines that wait for one reader. More are dropped and counted.
const WAITING: usize = 16 * 1024;
/// Lines in one message.
const BATCH: usize = 256;
/// The longest line that a stub writes is well below this.
const LINE: usize = 64 * 1024;

/// A world's trace socket.
#[derive(Debug)]
pub struct Socket {
    /// Where the mapper reads lines.
    pub source: OwnedFd,
    /// Where stubs write them. A full one is not waited for: a guest is not stopped by who reads its trace.
    pub sink: OwnedFd,
}

impl Socket {
    /// Makes one.
    pub fn new() -> Result<Self, Errno> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (source, sink) = socketpair(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
        Ok(Self { source, sink })
    }
}

/// Which lines are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this OS.
    pub os: Option<String>,
    /// Only these operations; all when there are none.
    pub operations: Vec<Operation>,
    /// Only these processes; all when there are none.
    pub pids: Vec<i32>,
    /// Only calls that failed.
    pub failed_only: bool,
}

impl Filter {
    /// Reads a message; the error says in a sentence what is wrong with it.
    pub fn read(message: control::trace_filter::Reader<'_>) -> capnp::Result<Self> {
        let os = message.get_personality()?.to_str()?;
        let mut operations = Vec::new();
        for word in message.get_operations()? {
            let word = word?.to_str()?;
            let selected = select_operations(word);
            operations.extend(selected.ok_or_else(|| {
                capnp::Error::failed(format!("`{word}` is neither an operation nor a subsystem"))
            })?);
        }
        Ok(Self {
            os: (!os.is_empty()).then(|| os.to_owned()),
            operations,
            pids: message.get_pids()?.iter().collect(),
            failed_only: message.get_failed_only(),
        })
    }

    /// Writes a message.
    pub fn write(&self, mut message: control::trace_filter::Builder<'_>) {
        message.set_personality(self.os.as_deref().unwrap_or_default());
        message.set_failed_only(self.failed_only);
        let mut names = message.reborrow().init_operations(self.operations.len() as u32);
        for (index, operation) in (0..).zip(&self.operations) {
            names.set(index, operation.name());
        }
        let mut pids = message.init_pids(self.pids.len() as u32);
        for (index, pid) in (0..).zip(&self.pids) {
            pids.set(index, *pid);
        }
    }

    fn wants(&self, event: &Event) -> bool {
        let (outcome, operation) = parts(&event.line);
        self.os.as_ref().is_none_or(|os| *os == event.os)
            && (self.pids.is_empty() || self.pids.contains(&event.pid))
            && (!self.failed_only || outcome.starts_with("-1 "))
            && (self.operations.is_empty() || operation.is_some_and(|found| self.operations.contains(&found)))
    }
}

/// What a call resulted in, and the operation that it was.
fn parts(line: &str) -> (&str, Option<Operation>) {
    let Some((_, after)) = line.rsplit_once(") = ") else { return ("", None) };
    let Some((outcome, route)) = after.split_once("  ") else { return (after, None) };
    (outcome, route.split(' ').next().and_then(Operation::from_name))
}

/// Takes apart what stands before a call: `4711/4712 freebsd  …`.
fn parse(line: &[u8]) -> Option<Event> {
    let line = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line)).into_owned();
    let (who, rest) = line.split_once(' ')?;
    let (os, _) = rest.split_once(' ')?;
    let (pid, thread) = who.split_once('/').unwrap_or((who, who));
    let (pid, thread, os) = (pid.parse().ok()?, thread.parse().ok()?, os.to_owned());
    Some(Event { time: since_epoch(SystemTime::now()), pid, thread, os, line })
}

/// Who follows the trace of a world.
pub struct Hub {
    world: Arc<Live>,
    readers: RefCell<Vec<Weak<Reader>>>,
}

impl Hub {
    /// Nobody yet.
    pub fn new(world: Arc<Live>) -> Rc<Self> {
        Rc::new(Self { world, readers: RefCell::default() })
    }

    /// Hands out lines, for ever.
    pub async fn pump(self: Rc<Self>, source: OwnedFd) -> std::io::Result<()> {
        let source = super::watched(source)?;
        let mut buffer = vec![0; LINE];
        loop {
            let mut ready = source.readable().await?;
            loop {
                match recv(source.get_ref().as_fd(), &mut *buffer, RecvFlags::DONTWAIT) {
                    Ok((length, _)) => self.hand_out(&buffer[..length]),
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => break,
                    Err(errno) => return Err(errno.into()),
                }
            }
            ready.clear_ready();
        }
    }

    /// Gives a line to all who want it.
    pub fn hand_out(&self, line: &[u8]) {
        if self.readers.borrow().is_empty() {
            return;
        }
        let Some(event) = parse(line) else { return };
        for reader in self.readers.borrow().iter().filter_map(Weak::upgrade) {
            reader.offer(&event);
        }
    }

    /// Starts to send lines to `sink`, until what is returned is dropped or the sink is gone.
    pub fn follow(self: &Rc<Self>, filter: Filter, sink: control::trace_sink::Client) -> Following {
        let reader = Rc::new(Reader {
            filter: RefCell::new(filter),
            waiting: RefCell::default(),
            lost: Cell::new(0),
            changed: Notify::new(),
        });
        self.readers.borrow_mut().push(Rc::downgrade(&reader));
        self.world.page.world().set_trace(true);
        let (hub, sent) = (self.clone(), reader.clone());
        let sending = tokio::task::spawn_local(async move {
            if let Err(error) = sent.send(&sink).await {
                tracing::debug!(%error, "a reader of the trace is gone");
            }
            hub.leave(&sent);
        });
        Following { hub: self.clone(), reader, sending }
    }

    fn leave(&self, reader: &Rc<Reader>) {
        let mut readers = self.readers.borrow_mut();
        readers.retain(|other| other.as_ptr() != Rc::as_ptr(reader));
        if readers.is_empty() {
            self.world.page.world().set_trace(false);
        }
    }
}

/// One who follows.
struct Reader {
    filter: RefCell<Filter>,
    waiting: RefCell<VecDeque<Event>>,
    lost: Cell<u64>,
    changed: Notify,
}

impl Reader {
    fn offer(&self, event: &Event) {
        if !self.filter.borrow().wants(event) {
            return;
        }
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() < WAITING {
            waiting.push_back(event.clone());
        } else {
            self.lost.set(self.lost.get() + 1);
        }
        self.changed.notify_one();
    }

    async fn send(&self, sink: &control::trace_sink::Client) -> capnp::Result<()> {
        loop {
            while self.waiting.borrow().is_empty() {
                self.changed.notified().await;
            }
            let mut request = sink.events_request();
            let mut message = request.get();
            message.set_lost(self.lost.take());
            let mut waiting = self.waiting.take();
            let rest = waiting.split_off(waiting.len().min(BATCH));
            self.waiting.replace(rest);
            let mut events = message.init_events(waiting.len() as u32);
            for (index, event) in (0..).zip(&waiting) {
                event.write(events.reborrow().get(index));
            }
            request.send().promise.await?;
        }
    }
}

/// A trace that is on.
pub struct Following {
    hub: Rc<Hub>,
    reader: Rc<Reader>,
    sending: tokio::task::JoinHandle<()>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.sending.abort();
        self.hub.leave(&self.reader);
    }
}

impl control::trace::Server for Following {
    async fn filter(
        self: Rc<Self>,
        params: control::trace::FilterParams,
        _: control::trace::FilterResults,
    ) -> capnp::Result<()> {
        *self.reader.filter.borrow_mut() = Filter::read(params.get()?.get_filter()?)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(line: &str) -> Event {
        parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn parse_reads_who_and_which_os() {
        let event = event("4711/4712 freebsd  read(3, \"x\", 1) = 1  file.read direct 1.3µs\n");
        assert_eq!((event.pid, event.thread, event.os.as_str()), (4711, 4712, "freebsd"));
        assert!(event.line.ends_with("1.3µs"));
        assert_eq!(parse(b"nonsense"), None);
        assert_eq!(parse(b"\xff x y"), None);
    }

    #[test]
    fn wants_goes_by_all_that_is_named() {
        let failed =
            event("7 linux  openat(AT_FDCWD, \"a) = b\") = -1 ENOENT (No such file)  fs.open direct 2µs");
        let fine = event("8 freebsd  getpid() = 8  proc.getPid cached 10ns");
        let wants = |filter: &Filter| (filter.wants(&failed), filter.wants(&fine));
        assert_eq!(wants(&Filter::default()), (true, true));
        assert_eq!(wants(&Filter { failed_only: true, ..Filter::default() }), (true, false));
        assert_eq!(wants(&Filter { os: Some("freebsd".into()), ..Filter::default() }), (false, true));
        assert_eq!(wants(&Filter { pids: vec![7], ..Filter::default() }), (true, false));
        let operations = select_operations("fs").unwrap();
        assert_eq!(wants(&Filter { operations, ..Filter::default() }), (true, false));
    }
}
