//! FreeBSD's asynchronous input and output (aio_read(2), lio_listio(2) …, sys/sys/aio.h, sys/kern/vfs_aio.c).
//!
//! Files alone take it, as on FreeBSD unless told otherwise; what is asked of one is done at once, before the call
//! returns. So a job is never seen in progress, and there is nothing to cancel.

use linux_raw_sys::general::*;
use schemas::Errno;

use super::{action, errno, signal as numbers};
use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::syscall::{RESTART, call, call_blocking};
use crate::operation::file::{self, Synchronize};
use crate::operation::hidden;
use crate::process::Lock;

use super::clock::SignalEvent;

crate::layout! {
    /// `struct aiocb`.
    pub struct ControlBlock: 160 {
        pub descriptor: i32,
        pub pad: i32,
        pub offset: i64,
        pub buffer: u64,
        pub len: u64,
        pub spare: [u64; 2],
        pub opcode: i32,
        pub priority: i32,
        pub status: i64,
        pub error: i64,
        pub kernel: u64,
        pub event: SignalEvent,
    }
}

/// Most jobs of a process whose results have not been taken (`vfs.aio.max_aio_queue_per_proc`), and the longest list
/// (`vfs.aio.max_aio_per_proc` times eight, which comes to the same).
const JOBS_MAX: usize = 256;

/// A job that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Job {
    /// Where its control block is, by which it is known.
    block: u64,
    result: Result<u64, Errno>,
}

/// The jobs of this process, the oldest first.
struct Jobs {
    /// The process; a child of fork(2) has none of its parent's jobs.
    pid: u64,
    count: usize,
    all: [Job; JOBS_MAX],
}

static JOBS: Lock<Jobs> =
    Lock::new(Jobs { pid: 0, count: 0, all: [Job { block: 0, result: Ok(0) }; JOBS_MAX] });

impl Jobs {
    /// Forgets the jobs of another process.
    fn of(&mut self, pid: u64) -> &mut Self {
        if self.pid != pid {
            (self.pid, self.count) = (pid, 0);
        }
        self
    }

    fn add(&mut self, job: Job) -> Result<(), Errno> {
        *self.all.get_mut(self.count).ok_or(Errno::AGAIN)? = job;
        self.count += 1;
        Ok(())
    }

    fn find(&self, block: u64) -> Option<usize> {
        self.all[..self.count].iter().position(|job| job.block == block)
    }

    fn take(&mut self, index: usize) -> Job {
        let job = self.all[index];
        self.all.copy_within(index + 1..self.count, index);
        self.count -= 1;
        job
    }

    fn is_full(&self) -> bool {
        self.count == JOBS_MAX
    }
}

/// Works with the jobs of this process.
fn jobs<T>(work: impl FnOnce(&mut Jobs) -> Result<T, Errno>) -> Result<T, Errno> {
    // SAFETY: no arguments.
    let pid = unsafe { call::<0>(__NR_getpid, []) }?;
    work(JOBS.lock().of(pid))
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Read,
    Write,
    ReadVector,
    WriteVector,
    Synchronize(Synchronize),
    Lock,
}

/// Does a job, remembers its result, and tells whoever is to be told.
fn submit(cx: &mut Context, at: Pointer, work: Work) -> Result<(), Errno> {
    let block: ControlBlock = guest::get(at.0)?;
    let notice = Notice::of(&block.event)?;
    check(&block, work)?;
    jobs(|jobs| if jobs.is_full() { Err(Errno::AGAIN) } else { Ok(()) })?;
    let result = perform(cx, &block, work);
    if result == Err(RESTART) {
        return Err(Errno::INTR);
    }
    let (status, error) = match result {
        Ok(value) => (value as i64, 0),
        Err(error) => (-1, i64::from(errno::from_host(error))),
    };
    guest::put(at.0 + core::mem::offset_of!(ControlBlock, status) as u64, &[status, error])?;
    jobs(|jobs| jobs.add(Job { block: at.0, result }))?;
    notice.give()
}

/// Refuses what is no file, and what a file cannot be asked for.
fn check(block: &ControlBlock, work: Work) -> Result<(), Errno> {
    if work == Work::Lock {
        return Ok(());
    }
    if hidden::is_foreign(block.descriptor) {
        return Err(Errno::BADF);
    }
    let mut status = [0u64; 18];
    // SAFETY: `struct stat` is 144 bytes.
    unsafe { call(__NR_fstat, [block.descriptor as u64, status.as_mut_ptr() as u64]) }?;
    // `st_mode` is the 32-bit word at 24 (asm/stat.h).
    match status[3] as u32 & S_IFMT {
        S_IFREG | S_IFBLK => {}
        _ => return Err(Errno::OPNOTSUPP),
    }
    let positioned = !matches!(work, Work::Synchronize(_));
    if positioned && block.offset < 0 { Err(Errno::INVAL) } else { Ok(()) }
}

fn perform(cx: &mut Context, block: &ControlBlock, work: Work) -> Result<u64, Errno> {
    let ControlBlock { descriptor, offset, len, .. } = *block;
    let buffer = Pointer(block.buffer);
    match work {
        Work::Read => file::read_at(cx, descriptor, buffer, len as usize, offset),
        Work::Write => file::write_at(cx, descriptor, buffer, len as usize, offset),
        Work::ReadVector => file::read_vector(cx, descriptor, buffer, len, offset, 0),
        Work::WriteVector => file::write_vector(cx, descriptor, buffer, len, offset, 0),
        Work::Synchronize(how) => file::synchronize(cx, descriptor, how),
        // SAFETY: pages stay where they are.
        Work::Lock => unsafe { call(__NR_mlock, [buffer.0, len]) },
    }
}

/// How the end of a job is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notice {
    None,
    /// By a signal of the host with a value, to a thread where one is named.
    Signal {
        number: i32,
        value: u64,
        thread: Option<i32>,
    },
}

impl Notice {
    /// What an event asks for; `EINVAL` for an event queue and for what there is not.
    fn of(event: &SignalEvent) -> Result<Self, Errno> {
        // SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD_ID.
        let thread = match event.notify {
            0 => return Ok(Notice::None),
            1 => None,
            4 => Some(event.union[0] as i32),
            _ => return Err(Errno::INVAL),
        };
        let number = numbers::to_host(event.signo).ok_or(Errno::INVAL)?;
        Ok(Notice::Signal { number, value: event.value, thread })
    }

    fn give(self) -> Result<(), Errno> {
        /// `SI_ASYNCIO` of the host.
        const ASYNCHRONOUS: i32 = -4;
        let Notice::Signal { number, value, thread } = self else { return Ok(()) };
        action::tell(thread, number, ASYNCHRONOUS, value)
    }
}

macro_rules! submissions {
    ($($(#[$doc:meta])* $name:ident = $work:expr;)*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// `EAGAIN` for too many jobs, `EBADF`, `EINVAL`, `EOPNOTSUPP` for what is no file, `EFAULT`.
        pub fn $name(cx: &mut Context, block: Pointer) -> Result<u64, Errno> {
            submit(cx, block, $work)?;
            Ok(0)
        }
    )* };
}

submissions! {
    /// aio_read(2).
    read = Work::Read;
    /// aio_write(2).
    write = Work::Write;
    /// aio_readv(2): the buffer is the list of buffers, the length their number.
    read_vector = Work::ReadVector;
    /// aio_writev(2).
    write_vector = Work::WriteVector;
    /// aio_mlock(2).
    lock = Work::Lock;
}

/// aio_fsync(2).
///
/// # Errors
/// As [`read`]; `EINVAL` for another operation.
pub fn synchronize(cx: &mut Context, operation: i32, block: Pointer) -> Result<u64, Errno> {
    // O_SYNC, O_DSYNC.
    let how = match operation {
        0x80 => Synchronize::All,
        0x100_0000 => Synchronize::Data,
        _ => return Err(Errno::INVAL),
    };
    submit(cx, block, Work::Synchronize(how))?;
    Ok(0)
}

/// lio_listio(2).
///
/// # Errors
/// `EIO` when a job could not be done, `EINVAL`, `EFAULT`.
pub fn list(cx: &mut Context, mode: i32, blocks: Pointer, count: i32, event: Pointer) -> Result<u64, Errno> {
    /// `LIO_NOWAIT`, `LIO_WAIT`.
    const NO_WAIT: i32 = 0;
    const WAIT: i32 = 1;
    if !matches!(mode, NO_WAIT | WAIT)
        || usize::try_from(count).is_ok_and(|count| count > JOBS_MAX)
        || count < 0
    {
        return Err(Errno::INVAL);
    }
    let notice = match guest::get_if::<SignalEvent>(event.0)? {
        Some(event) if mode == NO_WAIT => Notice::of(&event)?,
        _ => Notice::None,
    };
    let mut failed = false;
    for index in 0..count as u64 {
        let at: u64 = guest::get(blocks.0.wrapping_add(8 * index))?;
        if at == 0 {
            continue;
        }
        let opcode: i32 = guest::get(at.wrapping_add(core::mem::offset_of!(ControlBlock, opcode) as u64))?;
        // LIO_NOP, WRITE, READ, WRITEV, READV.
        let work = match opcode {
            0 => continue,
            1 => Work::Write,
            2 => Work::Read,
            5 => Work::WriteVector,
            6 => Work::ReadVector,
            _ => {
                failed = true;
                continue;
            }
        };
        let done = submit(cx, Pointer(at), work).and_then(|()| {
            jobs(|jobs| Ok(jobs.find(at).is_some_and(|index| jobs.all[index].result.is_ok())))
        });
        failed |= !matches!(done, Ok(true));
    }
    notice.give()?;
    if failed { Err(Errno::IO) } else { Ok(0) }
}

/// aio_error(2): gives the error as its result.
///
/// # Errors
/// `EINVAL` when there is no such job.
pub fn error(_cx: &mut Context, block: Pointer) -> Result<i32, Errno> {
    jobs(|jobs| {
        let index = jobs.find(block.0).ok_or(Errno::INVAL)?;
        Ok(jobs.all[index].result.err().map_or(0, errno::from_host))
    })
}

/// aio_return(2): gives the result of a job and forgets it.
///
/// # Errors
/// `EINVAL` when there is no such job, else the job's own.
pub fn result(_cx: &mut Context, block: Pointer) -> Result<u64, Errno> {
    jobs(|jobs| {
        let index = jobs.find(block.0).ok_or(Errno::INVAL)?;
        jobs.take(index).result
    })
}

/// aio_waitcomplete(2): gives the result of the oldest job and forgets it.
///
/// # Errors
/// `EAGAIN` when the time is over, `EINTR`, `EINVAL`, `EFAULT`, else the job's own.
pub fn wait_any(_cx: &mut Context, block: Pointer, timeout: Pointer) -> Result<u64, Errno> {
    guest::put(block.0, &0u64)?;
    if jobs(|jobs| Ok(jobs.count))? == 0 {
        return Err(rest(timeout));
    }
    let job = jobs(|jobs| Ok(jobs.take(0)))?;
    guest::put(block.0, &job.block)?;
    job.result
}

/// aio_suspend(2).
///
/// # Errors
/// `EAGAIN` when the time is over and none of the jobs is there, `EINTR`, `EINVAL`, `EFAULT`.
pub fn wait_some(_cx: &mut Context, blocks: Pointer, count: i32, timeout: Pointer) -> Result<u64, Errno> {
    if !(0..=JOBS_MAX as i32).contains(&count) {
        return Err(Errno::INVAL);
    }
    for index in 0..count as u64 {
        let at: u64 = guest::get(blocks.0.wrapping_add(8 * index))?;
        if jobs(|jobs| Ok(jobs.find(at)))?.is_some() {
            return Ok(0);
        }
    }
    Err(rest(timeout))
}

/// Waits for what does not come; gives what the wait ends with.
fn rest(timeout: Pointer) -> Errno {
    // SAFETY: no descriptors; the kernel checks the guest's time.
    match unsafe { call_blocking(__NR_ppoll, [0, 0, timeout.0, 0, 8]) } {
        Ok(_) => Errno::AGAIN,
        Err(RESTART) => Errno::INTR,
        Err(error) => error,
    }
}

/// aio_cancel(2): everything is done already (`AIO_ALLDONE`).
///
/// # Errors
/// `EBADF`.
pub fn cancel(_cx: &mut Context, descriptor: i32, _block: Pointer) -> Result<u64, Errno> {
    const ALL_DONE: u64 = 3;
    // SAFETY: asks only whether the descriptor is open.
    unsafe { call(__NR_fcntl, [descriptor as u64, u64::from(F_GETFD)]) }?;
    Ok(ALL_DONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn blocks_have_their_fields_where_the_header_has_them() {
        assert_eq!(offset_of!(ControlBlock, opcode), 48);
        assert_eq!(offset_of!(ControlBlock, status), 56);
        assert_eq!(offset_of!(ControlBlock, event), 80);
    }

    #[test]
    fn jobs_are_kept_in_order_until_taken() {
        let mut jobs = Jobs { pid: 1, count: 0, all: [Job { block: 0, result: Ok(0) }; JOBS_MAX] };
        for block in 1..=JOBS_MAX as u64 {
            jobs.add(Job { block, result: Ok(block) }).unwrap();
        }
        assert!(jobs.is_full());
        assert_eq!(jobs.add(Job { block: 9, result: Ok(0) }), Err(Errno::AGAIN));
        let second = jobs.find(2).unwrap();
        assert_eq!(jobs.take(second).block, 2);
        assert_eq!(jobs.take(0).block, 1);
        assert_eq!(jobs.take(0).block, 3);
        assert_eq!(jobs.find(2), None);
        assert_eq!(jobs.of(2).count, 0, "another process has none");
    }

    #[test]
    fn notices_are_signals_of_the_host() {
        let event = |notify, signo| SignalEvent { notify, signo, value: 7, ..SignalEvent::default() };
        assert_eq!(Notice::of(&event(0, 0)), Ok(Notice::None));
        // SIGUSR1 is 30 here and 10 there.
        let told = Notice::Signal { number: 10, value: 7, thread: None };
        assert_eq!(Notice::of(&event(1, 30)), Ok(told));
        assert_eq!(Notice::of(&event(3, 30)), Err(Errno::INVAL));
        assert_eq!(Notice::of(&event(1, 999)), Err(Errno::INVAL));
    }
}
