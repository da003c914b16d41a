//! The groups that interfaces belong to (`NET_RT_IFMALIST`), from what the host tells of them (proc_net(5)).

use core::ffi::CStr;

use schemas::Errno;

use super::{Head, LINK, LINK_ADDRESS, List, OWN, VERSION};
use crate::host::linux::abi::*;
use crate::host::linux::memory;
use crate::host::linux::syscall::call;
use crate::personality::freebsd::flags;

/// `RTM_NEWMADDR`.
const NEW_GROUP: u8 = 0xf;
/// Most bytes of one of the host's lists.
const TEXT: usize = 64 * 1024;

/// Calls `visit` with each line of a file of the host's; with none where there is no such file.
fn each_line(path: &CStr, mut visit: impl FnMut(&[u8]) -> Result<(), Errno>) -> Result<(), Errno> {
    // SAFETY: the path is ours.
    let opened = unsafe {
        call(__NR_openat, [AT_FDCWD as u64, path.as_ptr() as u64, u64::from(O_RDONLY | O_CLOEXEC)])
    };
    let Ok(file) = opened else { return Ok(()) };
    let at = memory::map(TEXT as u64)?;
    let mut len = 0;
    while len < TEXT {
        // SAFETY: the kernel writes into the rest of the mapping.
        let read = unsafe { call(__NR_read, [file, at + len as u64, (TEXT - len) as u64]) };
        match read {
            Ok(0) | Err(_) => break,
            Ok(more) => len += more as usize,
        }
    }
    // SAFETY: no pointers.
    let _ = unsafe { call(__NR_close, [file]) };
    // SAFETY: that much was written.
    let text = unsafe { core::slice::from_raw_parts(at as *const u8, len) };
    let result = text.split(|byte| *byte == b'\n').try_for_each(&mut visit);
    memory::release(at, TEXT as u64);
    result
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty())
}

fn number(word: &[u8], base: u32) -> Option<u32> {
    u32::from_str_radix(core::str::from_utf8(word).ok()?, base).ok()
}

/// A line of /proc/net/igmp: an interface by its number, or, indented, a group of the one before in the byte order of
/// the network.
#[derive(Debug, PartialEq, Eq)]
enum Four {
    Interface(u32),
    Group([u8; 4]),
}

fn line_of_four(line: &[u8]) -> Option<Four> {
    let first = words(line).next()?;
    if line.starts_with(b"\t") {
        number(first, 16).map(|group| Four::Group(group.to_ne_bytes()))
    } else {
        number(first, 10).map(Four::Interface)
    }
}

/// A line of /proc/net/igmp6: number and name of an interface, and a group.
fn line_of_six(line: &[u8]) -> Option<(u32, [u8; 16])> {
    let mut words = words(line);
    let index = number(words.next()?, 10)?;
    let text = words.nth(1).filter(|text| text.len() == 32)?;
    let mut group = [0; 16];
    for (byte, digits) in group.iter_mut().zip(text.chunks_exact(2)) {
        *byte = number(digits, 16)? as u8;
    }
    Some((index, group))
}

fn push(list: &mut List, index: u32, address: &[u8]) -> Result<(), Errno> {
    let mut link = [0; LINK_ADDRESS];
    link[0] = LINK_ADDRESS as u8;
    link[1] = flags::AF_LINK as u8;
    link[2..4].copy_from_slice(&(index as u16).to_ne_bytes());
    list.begin();
    list.push_value(&Head {
        version: VERSION,
        kind: NEW_GROUP,
        addresses: LINK | OWN,
        index: index as u16,
        ..Head::default()
    })?;
    list.push_address(&link)?;
    list.push_address(address)?;
    list.finish()
}

/// A message for each group of an interface, or of all, in one family or in both.
pub fn list(family: i32, only: i32) -> Result<List, Errno> {
    let mut list = List::new()?;
    let wanted = |index: u32| only == 0 || index as i32 == only;
    if matches!(family, 0 | flags::AF_INET) {
        let mut index = 0;
        each_line(c"/proc/net/igmp", |line| match line_of_four(line) {
            Some(Four::Interface(number)) => {
                index = number;
                Ok(())
            }
            Some(Four::Group(group)) if wanted(index) => {
                let mut address = [0; 16];
                address[..2].copy_from_slice(&[16, flags::AF_INET as u8]);
                address[4..8].copy_from_slice(&group);
                push(&mut list, index, &address)
            }
            _ => Ok(()),
        })?;
    }
    if matches!(family, 0 | flags::AF_INET6) {
        each_line(c"/proc/net/igmp6", |line| match line_of_six(line) {
            Some((index, group)) if wanted(index) => {
                let mut address = [0; 28];
                address[..2].copy_from_slice(&[28, flags::AF_INET6 as u8]);
                address[8..24].copy_from_slice(&group);
                // Groups of the link alone say by their scope which it is.
                if matches!(group[1] & 0xf, 1 | 2) {
                    address[24..].copy_from_slice(&index.to_ne_bytes());
                }
                push(&mut list, index, &address)
            }
            _ => Ok(()),
        })?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_host_are_read() {
        assert_eq!(line_of_four(b"4\teth0      :     1      V3"), Some(Four::Interface(4)));
        let group = line_of_four(b"\t\t\t\t010000E0     1 0:00000000\t\t0");
        assert_eq!(group, Some(Four::Group([224, 0, 0, 1])));
        assert_eq!(line_of_four(b"Idx\tDevice    : Count Querier"), None);
        let (index, group) =
            line_of_six(b"4    eth0            ff020000000000000000000000000001     1 0000000C 0").unwrap();
        assert_eq!((index, group[0], group[1], group[15]), (4, 0xff, 2, 1));
        assert_eq!(line_of_six(b"4    eth0   ff02   1"), None);
        assert_eq!(line_of_six(b""), None);
    }

    #[test]
    fn the_loopback_is_in_the_group_of_all_hosts() {
        let mut list = list(flags::AF_INET, 0).unwrap();
        let len = list.len;
        assert_eq!(len % (16 + LINK_ADDRESS + 16), 0);
        if len != 0 {
            assert_eq!(list.bytes()[..4], [88, 0, VERSION, NEW_GROUP]);
        }
    }
}
