//! The host's list of mounts, /proc/self/mountinfo (proc_pid_mountinfo(5)).

use schemas::Errno;

use crate::host::linux::{abi::*, syscall::call};

/// Longest line that is understood: three paths, each with every byte escaped, are longer than any real one.
const LINE: usize = 8192;

/// One mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Number of the mount, as statx(2) tells it.
    pub mount: u64,
    /// Where it is.
    pub target: &'a [u8],
    /// Type of the file system.
    pub kind: &'a [u8],
    /// What is mounted.
    pub source: &'a [u8],
}

/// Calls `visit` with one mount after the other, until it says `false`.
///
/// # Errors
/// As open(2) and read(2).
pub fn each_mount(mut visit: impl FnMut(&Line<'_>) -> bool) -> Result<(), Errno> {
    let path = c"/proc/self/mountinfo".as_ptr() as u64;
    // SAFETY: the path is ours.
    let file = unsafe { call(__NR_openat, [AT_FDCWD as u64, path, u64::from(O_RDONLY | O_CLOEXEC)]) }?;
    let result = read_lines(file, &mut visit);
    // SAFETY: our own descriptor.
    let _ = unsafe { call(__NR_close, [file]) };
    result
}

fn read_lines(file: u64, visit: &mut impl FnMut(&Line<'_>) -> bool) -> Result<(), Errno> {
    let mut buffer = [0u8; LINE];
    let mut filled = 0;
    loop {
        let (at, room) = (buffer[filled..].as_mut_ptr() as u64, (LINE - filled) as u64);
        // SAFETY: the buffer is ours.
        let len = unsafe { call(__NR_read, [file, at, room]) }? as usize;
        filled += len;
        let mut start = 0;
        while let Some(end) = buffer[start..filled].iter().position(|byte| *byte == b'\n') {
            if let Some(line) = parse(&mut buffer[start..start + end])
                && !visit(&line)
            {
                return Ok(());
            }
            start += end + 1;
        }
        if len == 0 {
            return Ok(());
        }
        // A line that fills the buffer is passed over.
        buffer.copy_within(start..filled, 0);
        filled = if start == 0 && filled == LINE { 0 } else { filled - start };
    }
}

/// Takes a line apart; escapes in it are undone in place.
fn parse(line: &mut [u8]) -> Option<Line<'_>> {
    let mut rest = line;
    let mut fields: [&mut [u8]; 5] = Default::default();
    for field in &mut fields {
        *field = next(&mut rest)?;
    }
    let [mount, _, _, _, target] = fields;
    // Optional fields, as many as there are, end with a dash.
    while next(&mut rest)? != b"-" {}
    let (kind, source) = (next(&mut rest)?, next(&mut rest)?);
    let mount = core::str::from_utf8(mount).ok()?.parse().ok()?;
    Some(Line { mount, target: unescape(target), kind: unescape(kind), source: unescape(source) })
}

/// Cuts the next field off.
fn next<'a>(rest: &mut &'a mut [u8]) -> Option<&'a mut [u8]> {
    if rest.is_empty() {
        return None;
    }
    let whole = core::mem::take(rest);
    let end = whole.iter().position(|byte| *byte == b' ').unwrap_or(whole.len());
    let (field, after) = whole.split_at_mut(end);
    *rest = if after.is_empty() { after } else { &mut after[1..] };
    Some(field)
}

/// Undoes `\040` and the like.
fn unescape(field: &mut [u8]) -> &[u8] {
    let (mut from, mut to) = (0, 0);
    while from < field.len() {
        let digits =
            field.get(from + 1..from + 4).filter(|digits| digits.iter().all(|d| (b'0'..b'8').contains(d)));
        match (field[from], digits) {
            (b'\\', Some(&[a, b, c])) => {
                field[to] = (a - b'0') << 6 | (b - b'0') << 3 | (c - b'0');
                from += 4;
            }
            (byte, _) => {
                field[to] = byte;
                from += 1;
            }
        }
        to += 1;
    }
    &field[..to]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let text = r"36 35 98:0 /mnt1 /mnt\0402\134x rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue";
        let mut line = text.as_bytes().to_vec();
        let parsed = parse(&mut line).unwrap();
        assert_eq!(parsed, Line { mount: 36, target: br"/mnt 2\x", kind: b"ext3", source: b"/dev/root" });
        let mut without = b"1 0 0:5 / / rw - rootfs none rw".to_vec();
        assert_eq!(parse(&mut without).unwrap().source, b"none");
        for wrong in
            ["", "1 2", "x 0 0:5 / / rw - rootfs none", "1 0 0:5 / / rw rootfs none", "1 0 0:5 / / rw -"]
        {
            assert!(parse(&mut wrong.as_bytes().to_vec()).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_hosts_own_list_has_its_root() {
        let mut seen = 0;
        let mut root = false;
        each_mount(|line| {
            seen += 1;
            root |= line.target == b"/";
            true
        })
        .unwrap();
        assert!(root);
        let mut first = 0;
        each_mount(|_| {
            first += 1;
            false
        })
        .unwrap();
        assert!(first == 1 && seen >= 1);
    }
}
