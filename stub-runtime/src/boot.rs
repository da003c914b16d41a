//! From the host's `execve` of the stub to the first instruction of the guest.

use core::arch::asm;
use core::sync::atomic::Ordering;

use schemas::Errno;
use schemas::transport::{DESCRIPTOR_HANDOFF, Handoff, HandoffFlags};

use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::host::linux::signal as host_signal;
use crate::host::linux::syscall::call;
use crate::host::linux::{abi, memory, thread};
use crate::loader::{self, Image};
use crate::operation::exec::Carried;
use crate::operation::{clock, hidden, mounts, open, signal};
use crate::process::Process;
use crate::trap::{entry, fast, site};
use crate::{fail, personality, transport, world};

/// Exit status of a program that cannot be run, as shells have it.
const CANNOT_RUN: i32 = 126;

/// Entries of the host's auxiliary vector looked at.
const AUXILIARY_MAX: usize = 64;

/// `AT_EXECFN` and `AT_SYSINFO_EHDR` (linux/auxvec.h, asm/auxvec.h).
const AT_EXECFN: u64 = 31;
const AT_SYSINFO_EHDR: u64 = 33;

/// First Rust code of the stub: on the host's stack, which the guest inherits.
///
/// # Safety
/// Called by the entry point only, with the stack as the host left it.
pub unsafe extern "C" fn start(stack: *const u64) -> ! {
    let Ok(block) = thread::allocate_first() else { fail::exit(CANNOT_RUN, &[b"no memory for the stub"]) };
    // SAFETY: goes on at the top of the stub's own stack, never to return.
    unsafe {
        asm!("mov rsp, {top}", "xor ebp, ebp", "call {next}", "ud2",
            top = in(reg) (*block).stack_top, next = sym run,
            in("rdi") stack, in("rsi") block, options(noreturn));
    }
}

/// What the host put on the stack (System V ABI AMD64 supplement, figure 3.9).
struct HostStack {
    argc: usize,
    argv: *const u64,
    envc: usize,
    envp: *const u64,
    auxiliary: [(u64, u64); AUXILIARY_MAX],
    auxiliary_len: usize,
}

impl HostStack {
    /// # Safety
    /// `stack` must be what the host handed over.
    unsafe fn read(stack: *const u64) -> HostStack {
        // SAFETY: by contract, each list ends with a null.
        unsafe {
            let argc = *stack as usize;
            let argv = stack.add(1);
            let envp = argv.add(argc + 1);
            let mut envc = 0;
            while *envp.add(envc) != 0 {
                envc += 1;
            }
            let mut at = envp.add(envc + 1);
            let mut auxiliary = [(0, 0); AUXILIARY_MAX];
            let mut len = 0;
            while *at != 0 && len < AUXILIARY_MAX - 1 {
                auxiliary[len] = (*at, *at.add(1));
                len += 1;
                at = at.add(2);
            }
            // The end mark belongs to the vector.
            HostStack { argc, argv, envc, envp, auxiliary, auxiliary_len: len + 1 }
        }
    }

    fn auxiliary(&self) -> &[(u64, u64)] {
        &self.auxiliary[..self.auxiliary_len]
    }

    fn value(&self, key: u64) -> Option<u64> {
        self.auxiliary().iter().find(|entry| entry.0 == key).map(|entry| entry.1)
    }

    /// The first reserved descriptor: the number in `/dev/fd/N`, the name the host gives a
    /// program executed by descriptor (execveat(2)).
    fn base(&self) -> Option<i32> {
        let at = self.value(AT_EXECFN)?;
        let mut name = PathBuffer::new();
        let digits = name.copy_in(at).ok()?.bytes().strip_prefix(b"/dev/fd/")?;
        core::str::from_utf8(digits).ok()?.parse().ok()
    }
}

/// On the stub's own stack: finds out what to run, loads it and enters it.
extern "C" fn run(stack: *const u64, block: *mut Context) -> ! {
    // SAFETY: passed on from the host.
    let host = unsafe { HostStack::read(stack) };
    let Some(base) = host.base() else {
        fail::exit(CANNOT_RUN, &[b"the stub is started by `mapper run`, not by itself"])
    };
    world::set_base(base);
    clock::set_image(host.value(AT_SYSINFO_EHDR).unwrap_or(0));
    let handoff = read_handoff().unwrap_or_else(|error| fail::exit_with(CANNOT_RUN, b"no handoff", error));
    let path = handoff.path();
    match prepare(block, handoff, &host, stack as u64) {
        Ok(()) => {
            memory::release(handoff as *const Handoff as u64, Handoff::SIZE as u64);
            // SAFETY: the frame is that of the guest's start.
            unsafe { entry::stub_leave() }
        }
        Err(error) => fail::exit_with(CANNOT_RUN, path, error),
    }
}

/// Maps what the mapper, or the stub before this one, left.
fn read_handoff() -> Result<&'static Handoff, Errno> {
    let at = memory::map_shared(world::reserved(DESCRIPTOR_HANDOFF), Handoff::SIZE as u64, false)?;
    // SAFETY: just mapped; nobody writes to it any more.
    Handoff::open(unsafe { core::slice::from_raw_parts(at as *const u8, Handoff::SIZE) })
}

fn prepare(block: *mut Context, handoff: &Handoff, host: &HostStack, stack: u64) -> Result<(), Errno> {
    let personality = handoff.personality().and_then(personality::find).ok_or(Errno::NOEXEC)?;
    // SAFETY: the block was made a moment ago.
    let process = unsafe { Process::begin(block, personality) };
    let page = world::open(handoff.flags().contains(HandoffFlags::TRACE))?;
    process.kept[0] = page;
    let carried = Carried::read(handoff.carry());
    signal::initialize(process, carried.as_ref().map(|carried| carried.ignored))?;
    site::initialize();
    // SAFETY: the block is this thread's, made a moment ago.
    let cx = unsafe { &mut *block };
    cx.process = process;
    *process.threads.lock() = block;
    if let Some(carried) = &carried {
        cx.hoisted_entry = fast::known_entry_address(carried.fast);
    }
    // SAFETY: as above.
    unsafe { thread::adopt(block) }?;
    cx.set_mask(host_signal::mask());
    set_name(handoff.path());

    let mut name = PathBuffer::new();
    name.set(&[handoff.path()])?;
    let file = match carried {
        Some(carried) => {
            process.descriptors.restore(carried.meanings)?;
            process.descriptor_limit.store(carried.descriptor_limit, Ordering::Relaxed);
            carried.program
        }
        None if handoff.flags().contains(HandoffFlags::SEARCH) => {
            hidden::with_room(|| open::open_program(cx, abi::AT_FDCWD, name.bytes(), 0))?
        }
        None => open_program(&name)?,
    };
    let mut known = PathBuffer::new();
    mounts::path_of(file, &mut known)?;
    mounts::seen_at(mounts::current(cx), known.bytes(), &mut name)?;
    process.set_executable(name.bytes())?;
    // Without a mapper the guest runs on what it has; mapped calls fail with a clean error.
    let _ = transport::start(cx);
    let mut interpreter = PathBuffer::new();
    let program = loader::elf::load(process, file, false, &mut interpreter)?;
    close(file);
    let mut entered = program.entry;
    let mut interpreter_base = 0;
    if program.has_interpreter {
        let file = hidden::with_room(|| open::open_program(cx, abi::AT_FDCWD, interpreter.bytes(), 0))?;
        let mut none = PathBuffer::new();
        let loaded = loader::elf::load(process, file, true, &mut none)?;
        close(file);
        entered = loaded.entry;
        interpreter_base = loaded.start;
    }
    {
        let mut data = process.data_end.lock();
        data.start = program.end;
        data.end = program.end;
        data.mapped = program.end;
    }
    // The path goes above everything else on the guest's stack.
    let path_address = (stack - handoff.path().len() as u64 - 1) & !15;
    guest::write(path_address, handoff.path())?;
    guest::put(path_address + handoff.path().len() as u64, &0u8)?;
    let image = Image {
        entry: entered,
        program_entry: program.entry,
        headers: program.headers,
        header_count: program.header_count,
        interpreter_base,
        stack: path_address,
        path_address,
        argc: host.argc,
        argv: host.argv as u64,
        envc: host.envc,
        envp: host.envp as u64,
        auxiliary: host.auxiliary(),
    };
    cx.frame = (personality.start)(cx, &image)?;
    Ok(())
}

/// Opens the program that the mapper found.
fn open_program(path: &PathBuffer) -> Result<i32, Errno> {
    let flags = u64::from(abi::O_RDONLY | abi::O_CLOEXEC);
    // SAFETY: the path is ours.
    unsafe { call(abi::__NR_openat, [abi::AT_FDCWD as u64, path.address(), flags]) }.map(|fd| fd as i32)
}

fn close(descriptor: i32) {
    // SAFETY: our own descriptor.
    let _ = unsafe { call(abi::__NR_close, [descriptor as u64]) };
}

/// Gives the host's process list the program's name instead of the stub's.
fn set_name(path: &[u8]) {
    let start = path.iter().rposition(|b| *b == b'/').map_or(0, |i| i + 1);
    let mut name = [0u8; 16];
    for (to, from) in name[..15].iter_mut().zip(&path[start..]) {
        *to = *from;
    }
    // SAFETY: the kernel reads 16 bytes; 15 is PR_SET_NAME.
    let _ = unsafe { call(abi::__NR_prctl, [15, name.as_ptr() as u64]) };
}
