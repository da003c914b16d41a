//! Executing another program, of any OS: the exec server says what it is, and the host executes
//! the stub again with a note of what to load.

use core::sync::atomic::Ordering;

use schemas::exec::identify;
use schemas::message::data_words;
use schemas::transport::{DESCRIPTOR_HANDOFF, DESCRIPTOR_IMAGE, Handoff, HandoffFlags};
use schemas::{Errno, Operation, Personality};

use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::host::linux::{abi::*, memory, syscall::call, syscall::call_blocking};
use crate::operation::hidden;
use crate::operation::signal::{self, Ignored};
use crate::trap::fast;
use crate::{transport, world};

/// How many interpreters of interpreters are followed, as the host's own limit (fs/exec.c).
const SCRIPTS_MAX: usize = 4;

/// Most bytes of a script's argument (`BINPRM_BUF_SIZE`, linux/binfmts.h).
const ARGUMENT_MAX: usize = 256;

/// What the exec server says of a file.
struct Verdict {
    personality: Option<Personality>,
    runnable: bool,
    is_script: bool,
    interpreter: PathBuffer,
    argument: [u8; ARGUMENT_MAX],
    argument_len: Option<usize>,
}

/// Executes a program: `path` relative to `directory`, or with `AT_EMPTY_PATH` the open file itself.
/// The pointers are the guest's.
///
/// # Errors
/// As execveat(2): `EACCES`, `ENOEXEC`, `ELOOP`, `E2BIG`, `EFAULT`; `EIO` when the mapper is gone.
pub fn execute(
    cx: &mut Context,
    directory: i32,
    path: &mut PathBuffer,
    argv: Pointer,
    envp: Pointer,
    flags: u32,
) -> Result<u64, Errno> {
    if flags & !(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0 {
        return Err(Errno::INVAL);
    }
    let mut arguments = Arguments { guest: argv.0, own: None };
    let mut file = hidden::with_room(|| open(cx, directory, path, flags))?;
    if directory != AT_FDCWD && !path.bytes().starts_with(b"/") {
        let mut given = PathBuffer::new();
        given.set(&[path.bytes()])?;
        name_by_descriptor(directory, &given, path)?;
    }
    for _ in 0..=SCRIPTS_MAX {
        let mut verdict = match allowed(file).and_then(|()| identify(cx, file, path)) {
            Ok(verdict) => verdict,
            Err(error) => {
                close(file);
                return Err(error);
            }
        };
        if verdict.is_script {
            close(file);
            arguments.prepend(&verdict, path)?;
            core::mem::swap(path, &mut verdict.interpreter);
            file = hidden::with_room(|| open(cx, AT_FDCWD, path, 0))?;
            continue;
        }
        let result = match verdict.personality {
            Some(personality) if verdict.runnable => {
                replace(cx, path, file, personality, arguments.pointer(), envp.0)
            }
            _ => Err(Errno::NOEXEC),
        };
        close(file);
        return result;
    }
    close(file);
    Err(Errno::LOOP)
}

/// Opens a file that is to be executed.
fn open(cx: &mut Context, directory: i32, path: &PathBuffer, flags: u32) -> Result<i32, Errno> {
    if flags & AT_EMPTY_PATH != 0 && path.bytes().is_empty() {
        // SAFETY: a copy of the guest's descriptor.
        return unsafe { call(__NR_fcntl, [directory as u64, u64::from(F_DUPFD_CLOEXEC), 0]) }
            .map(|fd| fd as i32);
    }
    let no_follow = if flags & AT_SYMLINK_NOFOLLOW != 0 { O_NOFOLLOW } else { 0 };
    crate::operation::open::open_program(cx, directory, path.bytes(), no_follow)
}

fn close(descriptor: i32) {
    // SAFETY: our own descriptor.
    let _ = unsafe { call(__NR_close, [descriptor as u64]) };
}

/// The name the host gives a program executed by descriptor (execveat(2)).
fn name_by_descriptor(directory: i32, given: &PathBuffer, path: &mut PathBuffer) -> Result<(), Errno> {
    path.set_numbered(b"/dev/fd/", directory)?;
    if !given.bytes().is_empty() {
        path.push(b"/")?.push(given.bytes())?;
    }
    Ok(())
}

/// Refuses what the host itself would not execute.
fn allowed(file: i32) -> Result<(), Errno> {
    let mut status = [0u64; 18];
    let empty = c"".as_ptr() as u64;
    // SAFETY: `struct stat` is 144 bytes; the empty path means the descriptor itself.
    unsafe {
        call(__NR_fstat, [file as u64, status.as_mut_ptr() as u64])?;
        // `st_mode` is the 32-bit word at 24 (asm/stat.h).
        if status[3] as u32 & S_IFMT != S_IFREG {
            return Err(Errno::ACCES);
        }
        let flags = u64::from(AT_EMPTY_PATH | AT_EACCESS);
        call(__NR_faccessat2, [file as u64, empty, u64::from(X_OK), flags]).map(drop)
    }
}

/// Asks the exec server what a file is.
fn identify(cx: &Context, file: i32, path: &PathBuffer) -> Result<Verdict, Errno> {
    let bytes = path.bytes();
    let caller = cx.process().personality.id;
    transport::call::<identify::params::Owned, identify::results::Owned, _>(
        cx,
        Operation::ExecIdentify,
        data_words(bytes.len()),
        &[file],
        |mut params| {
            params.set_path(bytes);
            params.set_descriptor(true);
            params.set_caller(caller as u8);
            Ok(())
        },
        |results, _| {
            let script = results.get_script_interpreter()?;
            let mut verdict = Verdict {
                personality: Personality::from_byte(results.get_personality()),
                runnable: results.get_runnable(),
                is_script: !script.is_empty(),
                interpreter: PathBuffer::new(),
                argument: [0; ARGUMENT_MAX],
                argument_len: None,
            };
            if verdict.is_script {
                verdict.interpreter.set(&[script])?;
            }
            if results.get_has_script_argument() {
                let argument = results.get_script_argument()?;
                // One byte stays for the terminating zero.
                let len = argument.len().min(ARGUMENT_MAX - 1);
                verdict.argument[..len].copy_from_slice(&argument[..len]);
                verdict.argument_len = Some(len);
            }
            Ok(verdict)
        },
    )
}

/// The argument pointers: the guest's own, or a list made for a script, with the strings before it.
struct Arguments {
    guest: u64,
    own: Option<u64>,
}

impl Arguments {
    fn pointer(&self) -> u64 {
        self.own.unwrap_or(self.guest)
    }

    /// Replaces the first argument by interpreter, its argument and the script's path.
    fn prepend(&mut self, verdict: &Verdict, path: &PathBuffer) -> Result<(), Errno> {
        let old = self.pointer();
        let mut count = 0u64;
        while old != 0 && guest::get::<u64>(old + 8 * count)? != 0 {
            count += 1;
        }
        let pieces = [
            Some(verdict.interpreter.bytes()),
            verdict.argument_len.map(|len| &verdict.argument[..len]),
            Some(path.bytes()),
        ];
        let strings: usize = pieces.iter().flatten().map(|piece| piece.len() + 1).sum();
        let len = 8 * (count + 4) + strings as u64;
        let list = memory::map(len)?;
        let mut string = list + 8 * (count + 4);
        let mut at = list;
        for piece in pieces.into_iter().flatten() {
            guest::put(at, &string)?;
            guest::write(string, piece)?;
            at += 8;
            string += piece.len() as u64 + 1;
        }
        for i in 1..count {
            guest::put(at, &guest::get::<u64>(old + 8 * i)?)?;
            at += 8;
        }
        // A list before this one stays: its strings are pointed to.
        self.own = Some(list);
        Ok(())
    }
}

/// Executes the stub with a handoff for the program.
fn replace(
    cx: &mut Context,
    path: &PathBuffer,
    file: i32,
    personality: Personality,
    argv: u64,
    envp: u64,
) -> Result<u64, Errno> {
    let process = cx.process();
    let _held = process.executing.lock();
    hidden::with_room(|| write_handoff(cx, path, file, personality))?;
    // The next image takes the program over by its descriptor.
    // SAFETY: our own descriptor; F_SETFD without flags.
    unsafe { call(__NR_fcntl, [file as u64, u64::from(F_SETFD), 0]) }?;
    let empty = c"".as_ptr() as u64;
    let image = world::reserved(DESCRIPTOR_IMAGE) as u64;
    signal::stop_counting(process);
    // A signal that waits for the exit of the stub is blocked on the host, and the next program would start with it
    // blocked: it is handled first.
    // SAFETY: on success this program is gone; on failure nothing has changed.
    let result =
        unsafe { call_blocking(__NR_execveat, [image, empty, argv, envp, u64::from(AT_EMPTY_PATH)]) };
    signal::count_again(process);
    result
}

/// What a stub leaves for the one that takes its process over, in [`Handoff::carry`].
pub struct Carried<'a> {
    /// The descriptor of the program.
    pub program: i32,
    /// The signals that it ignores.
    pub ignored: Ignored,
    /// Its hard limit on descriptors.
    pub descriptor_limit: u64,
    /// Whether hoisted instructions can enter the fast way, see [`fast::entry_address`].
    pub fast: bool,
    /// What the guest's descriptors mean.
    pub meanings: &'a [u8],
}

impl<'a> Carried<'a> {
    /// What was left; none in the first image of a run.
    pub fn read(carry: &'a [u8]) -> Option<Self> {
        let (program, rest) = carry.split_first_chunk()?;
        let (chosen, rest) = rest.split_first_chunk()?;
        let (default, rest) = rest.split_first_chunk()?;
        let (descriptor_limit, rest) = rest.split_first_chunk()?;
        let (fast, meanings) = rest.split_first()?;
        Some(Carried {
            program: i32::from_le_bytes(*program),
            ignored: Ignored { chosen: u64::from_le_bytes(*chosen), default: u64::from_le_bytes(*default) },
            descriptor_limit: u64::from_le_bytes(*descriptor_limit),
            fast: *fast != 0,
            meanings,
        })
    }

    /// Writes what `process` leaves, and gives its length.
    fn write(area: &mut [u8; Handoff::CARRY], program: i32, cx: &Context) -> usize {
        let process = cx.process();
        area[..4].copy_from_slice(&program.to_le_bytes());
        area[4..12].copy_from_slice(&signal::ignored_by_guest(process).to_le_bytes());
        area[12..20].copy_from_slice(&signal::ignored_by_default(process).to_le_bytes());
        area[20..28].copy_from_slice(&process.descriptor_limit.load(Ordering::Relaxed).to_le_bytes());
        area[28] = u8::from(fast::is_fast(cx.hoisted_entry));
        29 + process.descriptors.save(&mut area[29..])
    }
}

/// Puts a handoff in the place where the next image looks for it.
fn write_handoff(
    cx: &Context,
    path: &PathBuffer,
    program: i32,
    personality: Personality,
) -> Result<(), Errno> {
    // SAFETY: the name is a string; the descriptors are our own.
    unsafe {
        let file = call(__NR_memfd_create, [c"handoff".as_ptr() as u64, u64::from(MFD_CLOEXEC)])?;
        let result = fill_handoff(file as i32, cx, path, program, personality)
            .and_then(|()| call(__NR_dup3, [file, world::reserved(DESCRIPTOR_HANDOFF) as u64, 0]));
        let _ = call(__NR_close, [file]);
        result.map(drop)
    }
}

fn fill_handoff(
    file: i32,
    cx: &Context,
    path: &PathBuffer,
    program: i32,
    personality: Personality,
) -> Result<(), Errno> {
    // SAFETY: our own descriptor.
    unsafe { call(__NR_ftruncate, [file as u64, Handoff::SIZE as u64]) }?;
    let at = memory::map_shared(file, Handoff::SIZE as u64, true)?;
    // SAFETY: just mapped, and ours alone.
    let bytes = unsafe { core::slice::from_raw_parts_mut(at as *mut u8, Handoff::SIZE) };
    let result = Handoff::create(bytes).and_then(|handoff| {
        handoff.set_personality(Some(personality));
        handoff.set_flags(if world::started_traced() { HandoffFlags::TRACE } else { HandoffFlags::NONE });
        let len = Carried::write(handoff.carry_area(), program, cx);
        handoff.set_carry_length(len)?;
        handoff.set_path(path.bytes())
    });
    memory::release(at, Handoff::SIZE as u64);
    result
}
