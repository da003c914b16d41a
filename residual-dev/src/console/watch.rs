//! The thread that reads what terminals write.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::thread::JoinHandle;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use schemas::Errno;

use super::Shared;
use crate::errno;

/// Most bytes that are read at once.
const PIECE: usize = 16 << 10;

/// The thread; it ends when this is dropped.
pub struct Watch {
    stop: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to read.
    ///
    /// # Errors
    /// What the host says.
    pub fn start(shared: Arc<Shared>) -> Result<Self, Errno> {
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(errno)?);
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("console".to_owned())
            .spawn(move || read(&shared, &stopped))
            .map_err(|_| Errno::AGAIN)?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // An event counter of one takes one more.
        let _ = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(shared: &Shared, stop: &OwnedFd) {
    let mut buffer = vec![0; PIECE];
    loop {
        let mut sources: Vec<_> =
            shared.pairs.iter().map(|pair| PollFd::from_borrowed_fd(pair.master(), PollFlags::IN)).collect();
        sources.push(PollFd::from_borrowed_fd(stop.as_fd(), PollFlags::IN));
        match poll(&mut sources, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
        if sources.last().is_some_and(|stop| !stop.revents().is_empty()) {
            return;
        }
        for (index, source) in sources.iter().enumerate() {
            if source.revents().contains(PollFlags::IN)
                && let Ok(count @ 1..) = rustix::io::read(shared.pairs[index].master(), &mut *buffer)
            {
                shared.written(index, &buffer[..count]);
            }
        }
    }
}
