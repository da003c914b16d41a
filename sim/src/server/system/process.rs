//! What `sysctl(3)` tells of processes: `kern.proc` of FreeBSD and DragonFly, `kern.proc_args` of NetBSD and OpenBSD.
//!
//! Layouts are those of FreeBSD 14 on amd64 (`sys/user.h`: `KINFO_PROC_SIZE` 1088, `KINFO_FILE_SIZE` 1392).

use rustix::process::{Pid, Resource};
use schemas::server::Caller;
use schemas::{Errno, Personality};

use super::leaf::Context;
use super::value::{Layout, Value};
use crate::host::process::{self, Stat};
use crate::server::process::{Processes, program_path, working_directory};

/// `KERN_PROC_INC_THREAD` of FreeBSD, `KERN_PROC_FLAG_LWP` of DragonFly: a row for each thread. Here each process has
/// one row all the same.
const WITH_THREADS: i32 = 0x10;

/// Answers a name of a process family; `None` for another name.
pub fn value(context: &Context<'_>, name: &str, rest: &[i32]) -> Option<Result<Value, Errno>> {
    let answer = match (context.caller.personality, name) {
        (Personality::NetBsd | Personality::OpenBsd, "kern.proc_args") => arguments_by_kind(context, rest),
        (Personality::OpenBsd, "kern.proc_cwd") => one(context, rest).and_then(|pid| directory(context, pid)),
        (_, name) => match name.strip_prefix("kern.proc.") {
            Some(family) => of_family(context, family, rest),
            // A selection with the flag for threads has a number of its own, which the tree does not know.
            None if name == "kern.proc" => match rest.split_first() {
                Some((number, rest)) if number & WITH_THREADS != 0 => match number & !WITH_THREADS {
                    0 | 8 => of_family(context, "all", rest),
                    1 => of_family(context, "pid", rest),
                    _ => Err(Errno::NOENT),
                },
                _ => Err(Errno::NOENT),
            },
            None => return None,
        },
    };
    Some(answer)
}

/// The process that a one-number name ends with; -1 and 0 are the caller.
fn one(context: &Context<'_>, rest: &[i32]) -> Result<i32, Errno> {
    let [pid] = rest else { return Err(Errno::INVAL) };
    let pid = if *pid <= 0 { context.caller.pid } else { *pid };
    if Processes::new(context.world, context.caller).sees(pid) { Ok(pid) } else { Err(Errno::SRCH) }
}

fn of_family(context: &Context<'_>, family: &str, rest: &[i32]) -> Result<Value, Errno> {
    if let Some(keep) = selection(family) {
        return processes(context, rest, keep);
    }
    if family == "rlimit" {
        let [pid, resource] = rest else { return Err(Errno::INVAL) };
        return limit(one(context, &[*pid])?, *resource);
    }
    let pid = one(context, rest)?;
    match family {
        "pathname" => text(program_path(context.world, context.caller, pid)?),
        "args" => Ok(Value::Bytes(zero_ended(&process::strings(pid, "cmdline")?))),
        "env" => Ok(Value::Bytes(zero_ended(&process::strings(pid, "environ")?))),
        "cwd" => directory(context, pid),
        "sv_name" => Ok(Value::Text("FreeBSD ELF64".to_owned())),
        "osrel" => Ok(Value::Int(context.identity.number as i32)),
        "umask" => {
            let status = process::read(pid, "status")?;
            let status = String::from_utf8_lossy(&status);
            let mask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
            let mask = mask.and_then(|mask| u16::from_str_radix(mask.trim(), 8).ok()).ok_or(Errno::NOENT)?;
            Ok(Value::Structure(mask.to_ne_bytes().to_vec()))
        }
        "groups" => {
            let credentials = process::credentials(pid)?;
            Ok(Value::Structure(credentials.groups.iter().flat_map(|group| group.to_ne_bytes()).collect()))
        }
        "nfds" => {
            let count = std::fs::read_dir(format!("/proc/{pid}/fd"))?.count();
            Ok(Value::Int(count as i32))
        }
        _ => Err(Errno::NOENT),
    }
}

fn text(path: Vec<u8>) -> Result<Value, Errno> {
    // A path need not be UTF-8; as bytes with the zero that ends it, it arrives whole.
    Ok(Value::Bytes([path.as_slice(), b"\0"].concat()))
}

fn zero_ended(strings: &[Vec<u8>]) -> Vec<u8> {
    strings.iter().flat_map(|string| [string.as_slice(), b"\0"].concat()).collect()
}

/// `struct kinfo_file` with the working directory on FreeBSD, its path elsewhere.
fn directory(context: &Context<'_>, pid: i32) -> Result<Value, Errno> {
    /// `KF_TYPE_VNODE`.
    const VNODE: i32 = 1;
    /// `KF_FD_TYPE_CWD`.
    const WORKING: i32 = -1;
    let path = working_directory(context.world, context.caller, pid)?;
    if context.caller.personality != Personality::FreeBsd {
        return text(path);
    }
    let structure =
        Layout::new(1392).int(0, 1392).int(4, VNODE).int(8, WORKING).text(368, 1024, &path).finish();
    Ok(Value::Structure(structure))
}

/// `kern.proc_args.PID.KIND`: strings, their number, or the path of the program (`KERN_PROC_ARGV` …).
fn arguments_by_kind(context: &Context<'_>, rest: &[i32]) -> Result<Value, Errno> {
    let [pid, kind] = rest else { return Err(Errno::INVAL) };
    let pid = one(context, &[*pid])?;
    match (context.caller.personality, kind) {
        (_, 2) => Ok(Value::Int(process::strings(pid, "cmdline")?.len() as i32)),
        (_, 4) => Ok(Value::Int(process::strings(pid, "environ")?.len() as i32)),
        // OpenBSD gives pointers into the guest's own buffer, whose address is not known here.
        (Personality::OpenBsd, 1 | 3) => Err(Errno::OPNOTSUPP),
        (_, 1) => Ok(Value::Bytes(zero_ended(&process::strings(pid, "cmdline")?))),
        (_, 3) => Ok(Value::Bytes(zero_ended(&process::strings(pid, "environ")?))),
        (Personality::NetBsd, 5) => text(program_path(context.world, context.caller, pid)?),
        (Personality::NetBsd, 6) => directory(context, pid),
        _ => Err(Errno::INVAL),
    }
}

/// `struct rlimit`; resources by their FreeBSD numbers (`sys/resource.h`).
fn limit(pid: i32, resource: i32) -> Result<Value, Errno> {
    const INFINITY: u64 = i64::MAX as u64;
    const RESOURCES: [Option<Resource>; 11] = [
        Some(Resource::Cpu),
        Some(Resource::Fsize),
        Some(Resource::Data),
        Some(Resource::Stack),
        Some(Resource::Core),
        Some(Resource::Rss),
        Some(Resource::Memlock),
        Some(Resource::Nproc),
        Some(Resource::Nofile),
        None,
        Some(Resource::As),
    ];
    let resource = usize::try_from(resource).ok().and_then(|index| *RESOURCES.get(index)?);
    let (current, maximum) = match resource {
        None => (INFINITY, INFINITY),
        Some(resource) => {
            let pid = Pid::from_raw(pid).ok_or(Errno::INVAL)?;
            let limits = crate::host::raw::limits(pid, resource)?;
            (limits.0.unwrap_or(INFINITY), limits.1.unwrap_or(INFINITY))
        }
    };
    Ok(Value::Structure(Layout::new(16).long(0, current as i64).long(8, maximum as i64).finish()))
}

/// Whether a process belongs to a selection by one number.
type Keep = fn(&Stat, &schemas::server::Credentials, i32, i32) -> bool;

fn selection(family: &str) -> Option<Keep> {
    Some(match family {
        "all" | "proc" => |_, _, _, _| true,
        "pid" => |_, _, pid, wanted| pid == wanted,
        "pgrp" => |stat, _, _, wanted| stat.group == wanted,
        "session" => |stat, _, _, wanted| stat.session == wanted,
        "tty" => |stat, _, _, wanted| process::terminal_device(stat.terminal) as i32 == wanted,
        "uid" => |_, credentials, _, wanted| credentials.effective_user == wanted as u32,
        "ruid" => |_, credentials, _, wanted| credentials.real_user == wanted as u32,
        "gid" => |_, credentials, _, wanted| credentials.effective_group == wanted as u32,
        "rgid" => |_, credentials, _, wanted| credentials.real_group == wanted as u32,
        _ => return None,
    })
}

/// One `struct kinfo_proc` after the other.
fn processes(context: &Context<'_>, rest: &[i32], keep: Keep) -> Result<Value, Errno> {
    if context.caller.personality != Personality::FreeBsd {
        return Err(Errno::OPNOTSUPP);
    }
    let wanted = rest.first().copied().unwrap_or(0);
    let processes = Processes::new(context.world, context.caller);
    let mut rows = Vec::new();
    for pid in processes.all()? {
        let (Ok(stat), Ok(credentials)) = (process::stat(pid), process::credentials(pid)) else { continue };
        if keep(&stat, &credentials, pid, wanted) {
            rows.extend(row(context, pid, &stat, &credentials)?);
        }
    }
    Ok(Value::Structure(rows))
}

/// `struct kinfo_proc` of FreeBSD on amd64.
fn row(
    context: &Context<'_>,
    pid: i32,
    stat: &Stat,
    credentials: &schemas::server::Credentials,
) -> Result<Vec<u8>, Errno> {
    const SIZE: usize = 1088;
    /// `NODEV`.
    const NO_DEVICE: i64 = -1;
    let state = match stat.state {
        b'R' => 2,
        b'T' | b't' => 4,
        b'Z' | b'X' => 5,
        _ => 3,
    };
    let ticks = stat.user_ticks + stat.system_ticks;
    let microseconds = ticks * 1_000_000 / process::ticks_per_second();
    let (started, nanoseconds) = process::ticks_to_time(stat.start_ticks);
    let terminal = match stat.terminal {
        0 => NO_DEVICE,
        packed => process::terminal_device(packed) as i64,
    };
    let guest = context.world.guest(pid);
    let command = guest.as_ref().map_or(stat.command.as_slice(), |guest| guest.command.as_slice());
    let emulation = match guest.as_ref().map(|guest| guest.personality) {
        Some(Personality::FreeBsd) | None => "FreeBSD ELF64",
        Some(other) => other.title(),
    };
    let page = rustix::param::page_size() as u64;
    let mut row = Layout::new(SIZE);
    row.int(0, SIZE as i32)
        .int(72, pid)
        .int(76, stat.parent)
        .int(80, stat.group)
        .int(84, stat.terminal_group)
        .int(88, stat.session)
        .int(92, if stat.terminal == 0 { 0 } else { stat.session })
        .int(100, terminal as i32)
        .int(168, credentials.effective_user as i32)
        .int(172, credentials.real_user as i32)
        .int(176, credentials.saved_user as i32)
        .int(180, credentials.real_group as i32)
        .int(184, credentials.saved_group as i32)
        .long(256, stat.virtual_size as i64)
        .long(264, stat.resident as i64)
        .long(272, stat.resident as i64)
        .long(280, (stat.virtual_size / page) as i64)
        .long(328, microseconds as i64)
        .long(336, process::boot_time()? + started)
        .long(344, nanoseconds / 1000)
        .put(388, &[state])
        .put(389, &[stat.nice as u8])
        .text(394, 17, command)
        .text(447, 20, command)
        .text(467, 17, emulation.as_bytes())
        .text(484, 18, b"default")
        .long(560, terminal)
        .int(568, -1)
        .int(572, stat.processor as i32)
        .int(592, context.world.jail_of(pid) as i32)
        .int(596, stat.threads as i32)
        .int(600, pid);
    // The effective group comes first among at most sixteen groups.
    let groups: Vec<u32> = std::iter::once(credentials.effective_group)
        .chain(credentials.groups.iter().copied())
        .take(16)
        .collect();
    row.put(188, &(groups.len() as i16).to_ne_bytes());
    for (index, group) in groups.iter().enumerate() {
        row.int(192 + 4 * index, *group as i32);
    }
    // struct rusage: times in user mode and in the kernel come first.
    for (offset, ticks) in [(608, stat.user_ticks), (624, stat.system_ticks)] {
        let (seconds, nanoseconds) = process::ticks_to_time(ticks);
        row.long(offset, seconds).long(offset + 8, nanoseconds / 1000);
    }
    row.long(608 + 32, (stat.resident * page / 1024) as i64);
    row.long(608 + 64, stat.minor_faults as i64);
    row.long(608 + 72, stat.major_faults as i64);
    Ok(row.finish())
}

/// Whether a caller may look at what only a process's user may (arguments, environment) is the host's decision: the
/// files under `/proc` are opened with the caller's identity.
pub fn with_identity<T>(caller: &Caller, act: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
    crate::host::identity::acting_as(&caller.credentials, act)
}
