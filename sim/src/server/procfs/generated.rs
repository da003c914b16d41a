//! Files that must not be the host's.

use std::fmt::Write;

use schemas::server::Caller;
use schemas::transport::STUB_SPACE;
use schemas::{Errno, Personality};

use super::paths::Place;
use crate::host::identity::acting_as;
use crate::hurd::mounts::{MountKind, MountPoint};
use crate::hurd::world::World;
use crate::server::reserved::is_stub_file;

/// Bit of `SIGSYS` in a mask of caught signals: the stub catches it, whatever the guest does.
const SIGSYS: u64 = 1 << (libc::SIGSYS - 1);

/// The content of a file that is made up; `None` for one that is the host's.
pub fn content(world: &World, caller: &Caller, place: &Place) -> Result<Option<Vec<u8>>, Errno> {
    if let Place::Machine(path) = place {
        if let Some(content) = path.strip_prefix("net/").and_then(|name| world.network_file(caller.pid, name))
        {
            return Ok(Some(content.into_bytes()));
        }
        return Ok(machine(world, path).map(String::into_bytes));
    }
    let Some((pid, file)) = place.process_file() else { return Ok(None) };
    if let Some(content) = file.strip_prefix("net/").and_then(|name| world.network_file(pid, name)) {
        return Ok(Some(content.into_bytes()));
    }
    let mounts = || {
        let mut seen = world.mounts.seen_by(caller.personality);
        // Device nodes that servers answer for are files; nothing is mounted there.
        let devices = world.devices();
        seen.retain(|mount| {
            let name = mount.prefix.strip_prefix(b"/dev/");
            !name.is_some_and(|name| devices.iter().any(|device| device.path == name))
        });
        seen
    };
    match file {
        "mounts" => return Ok(Some(table(&mounts()).into_bytes())),
        "mountinfo" => return Ok(Some(detailed_table(&mounts()).into_bytes())),
        "mountstats" => return Ok(Some(statistics(&mounts()).into_bytes())),
        _ => {}
    }
    if world.guest(pid).is_none() && pid != caller.pid {
        return Ok(None);
    }
    let host = || read(caller, &place.host_path());
    Ok(match file {
        "maps" | "numa_maps" => Some(without_stub(&host()?, false)),
        "smaps" => Some(without_stub(&host()?, true)),
        "status" => Some(status(&host()?)),
        _ => None,
    })
}

fn read(caller: &Caller, path: &str) -> Result<Vec<u8>, Errno> {
    acting_as(&caller.credentials, || Ok(std::fs::read(format!("/proc/{path}"))?))
}

/// The names of the system, where the world has others than the host.
fn machine(world: &World, path: &str) -> Option<String> {
    let name = path.strip_prefix("sys/kernel/");
    let identity = world.identity(Personality::Linux);
    let line = match (path, name) {
        (_, Some("hostname")) => identity.node,
        (_, Some("domainname")) => identity.domain,
        (_, Some("ostype")) => identity.system,
        (_, Some("osrelease")) => identity.release,
        (_, Some("version")) => identity.version,
        ("version", _) => format!("{} version {} {}", identity.system, identity.release, identity.version),
        _ => return None,
    };
    Some(line + "\n")
}

/// Whether a line begins a mapping: two addresses with a dash between them (`proc_pid_maps(5)`), or one
/// (`proc_pid_numa_maps(5)`).
fn begins_mapping(line: &str) -> bool {
    let first = line.split(' ').next().unwrap_or_default();
    !first.is_empty()
        && first.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && first.len() >= 8
}

/// The file that a mapping's line names: behind five fields in `maps`, behind `file=` in `numa_maps`.
fn mapped_file(line: &str) -> &str {
    if let Some((_, file)) = line.split_once(" file=") {
        return file.split_once(" (deleted)").map_or(file, |_| line);
    }
    let mut rest = line;
    for _ in 0..5 {
        rest = rest.trim_start().split_once(' ').map_or("", |(_, rest)| rest);
    }
    rest.trim_start()
}

fn is_stubs(line: &str) -> bool {
    let digits = line.split(['-', ' ']).next().unwrap_or_default();
    u64::from_str_radix(digits, 16).is_ok_and(|start| STUB_SPACE.contains(&start))
        || is_stub_file(mapped_file(line).as_bytes())
}

/// Leaves out the mappings of the stub; with `blocks` also the lines that follow the line of one.
fn without_stub(text: &[u8], blocks: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let mut kept = String::with_capacity(text.len());
    let mut hidden = false;
    for line in text.split_inclusive('\n') {
        if !blocks || begins_mapping(line) {
            hidden = is_stubs(line.trim_end_matches('\n'));
        }
        if !hidden {
            kept.push_str(line);
        }
    }
    kept.into_bytes()
}

/// The stub's mappings as `map_files` names them.
pub fn stub_ranges(caller: &Caller, pid: i32) -> Result<Vec<String>, Errno> {
    let maps = read(caller, &format!("{pid}/maps"))?;
    let maps = String::from_utf8_lossy(&maps);
    let stubs = maps.lines().filter(|line| is_stubs(line));
    Ok(stubs
        .filter_map(|line| line.split(' ').next())
        .map(|range| range.trim_start_matches('0').to_owned())
        .collect())
}

/// `status` without the signal that only the stub catches.
fn status(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let mut changed = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mask =
            line.strip_prefix("SigCgt:\t").and_then(|mask| u64::from_str_radix(mask.trim_end(), 16).ok());
        match mask {
            // Writing to a string cannot fail.
            Some(mask) => drop(writeln!(changed, "SigCgt:\t{:016x}", mask & !SIGSYS)),
            None => changed.push_str(line),
        }
    }
    changed.into_bytes()
}

/// A path in the tables of mounts: blanks and backslashes in octal (`getmntent(3)`).
fn escaped(path: &[u8]) -> String {
    let mut text = String::new();
    for byte in path {
        match byte {
            b' ' | b'\t' | b'\n' | b'\\' => drop(write!(text, "\\{byte:03o}")),
            _ => text.push(char::from(*byte)),
        }
    }
    text
}

/// What is mounted, of which type.
fn source(mount: &MountPoint) -> (String, &str) {
    match &mount.kind {
        MountKind::Directory(path) => (escaped(path), "hostfs"),
        MountKind::Server(name) if name == "procfs" => ("proc".to_owned(), "proc"),
        MountKind::Server(name) if name == "devfs" => ("devfs".to_owned(), "devtmpfs"),
        MountKind::Server(name) => (name.clone(), name),
    }
}

fn options(mount: &MountPoint) -> &'static str {
    if mount.read_only { "ro" } else { "rw" }
}

/// `proc_pid_mounts(5)`.
fn table(mounts: &[MountPoint]) -> String {
    let lines = mounts.iter().map(|mount| {
        let (source, kind) = source(mount);
        format!("{source} {} {kind} {},relatime 0 0\n", escaped(&mount.prefix), options(mount))
    });
    lines.collect()
}

/// `proc_pid_mountinfo(5)`: the root comes from nowhere, everything else from it.
fn detailed_table(mounts: &[MountPoint]) -> String {
    let lines = mounts.iter().map(|mount| {
        let (source, kind) = source(mount);
        let identifier = mount.identifier + 1;
        let parent = if mount.prefix == b"/" { 1 } else { 2 };
        let (prefix, options) = (escaped(&mount.prefix), options(mount));
        format!(
            "{identifier} {parent} 0:{identifier} / {prefix} {options},relatime - {kind} {source} {options}\n"
        )
    });
    lines.collect()
}

/// `proc_pid_mountstats(5)`.
fn statistics(mounts: &[MountPoint]) -> String {
    let lines = mounts.iter().map(|mount| {
        let (source, kind) = source(mount);
        format!("device {source} mounted on {} with fstype {kind}\n", escaped(&mount.prefix))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
00400000-00401000 r-xp 00000000 08:01 12   /bin/prog
7f0000000000-7f0000001000 r-xp 00000000 00:01 9   /memfd:stub (deleted)
7e9000001000-7e9000002000 r--p 00000000 08:01 13   /bin/mapper
7f0000002000-7f0000003000 rw-s 00000000 00:01 9   /memfd:region (deleted)
7ffd00000000-7ffd00001000 rw-p 00000000 00:00 0   [stack]
";

    #[test]
    fn mappings_of_the_stub_are_left_out() {
        let kept = without_stub(MAPS.as_bytes(), false);
        assert_eq!(String::from_utf8(kept).unwrap().lines().count(), 2);
        let detailed: String =
            MAPS.lines().map(|line| format!("{line}\nSize:  4 kB\nVmFlags: rd ex\n")).collect();
        let kept = String::from_utf8(without_stub(detailed.as_bytes(), true)).unwrap();
        assert_eq!(kept.lines().count(), 6);
        assert!(!kept.contains("memfd") && !kept.contains("mapper"));
    }

    #[test]
    fn signal_of_the_stub_is_not_shown_as_caught() {
        let text = status(b"Name:\tx\nSigCgt:\t0000000040000002\nThreads:\t1\n");
        assert_eq!(String::from_utf8(text).unwrap(), "Name:\tx\nSigCgt:\t0000000000000002\nThreads:\t1\n");
    }

    #[test]
    fn tables_have_a_line_for_each_mount() {
        let mount = |identifier: u32, prefix: &str, kind: MountKind| MountPoint {
            identifier,
            prefix: prefix.into(),
            personalities: 0,
            kind,
            read_only: identifier == 2,
            overlay: false,
        };
        let mounts = [
            mount(1, "/", MountKind::Directory(b"/srv/a b".into())),
            mount(2, "/proc", MountKind::Server("procfs".into())),
        ];
        assert_eq!(
            table(&mounts),
            "/srv/a\\040b / hostfs rw,relatime 0 0\nproc /proc proc ro,relatime 0 0\n"
        );
        assert_eq!(
            detailed_table(&mounts).lines().nth(1).unwrap(),
            "3 2 0:3 / /proc ro,relatime - proc proc ro"
        );
    }
}
