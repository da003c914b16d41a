//! What a process has mapped at an address.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::AsRawFd;

use schemas::Errno;

use super::HostResult;

/// A mapping of a process (`proc_pid_maps(5)`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Its first address.
    pub start: u64,
    /// The address behind it.
    pub end: u64,
    /// Whether it may be written to.
    pub writable: bool,
    /// Whether it may be executed.
    pub executable: bool,
    /// Whether what is written reaches the file and others.
    pub shared: bool,
    /// Where in the file it starts.
    pub offset: u64,
    /// Device number of the file, as `stat(2)` has it for most file systems.
    pub device: u64,
    /// Inode number of the file; 0 when there is none.
    pub inode: u64,
    /// Path of the file, or what the host says in its place.
    pub path: Vec<u8>,
}

/// `struct procmap_query` (`linux/fs.h` of Linux 6.11).
#[repr(C)]
#[derive(Default)]
struct Query {
    size: u64,
    query_flags: u64,
    query_addr: u64,
    vma_start: u64,
    vma_end: u64,
    vma_flags: u64,
    vma_page_size: u64,
    vma_offset: u64,
    inode: u64,
    dev_major: u32,
    dev_minor: u32,
    vma_name_size: u32,
    build_id_size: u32,
    vma_name_addr: u64,
    build_id_addr: u64,
}

/// `PROCMAP_QUERY`, which is `_IOWR('f', 17, struct procmap_query)`.
const PROCMAP_QUERY: libc::Ioctl = 0xc068_6611;
const _: () = assert!(size_of::<Query>() == 0x68);
/// `PROCMAP_QUERY_VMA_WRITABLE`, `…_EXECUTABLE` and `…_SHARED`.
const WRITABLE: u64 = 2;
const EXECUTABLE: u64 = 4;
const SHARED: u64 = 8;

/// The mapping of a process that holds an address; none when nothing is there. `ESRCH` or `ENOENT` when there is no
/// such process, `EACCES` when it is another user's.
pub fn mapping(pid: i32, address: u64) -> Result<Option<Mapping>, Errno> {
    let file = File::open(format!("/proc/{pid}/maps")).host()?;
    match query(&file, address) {
        // A host before Linux 6.11.
        Err(Errno::NOTTY | Errno::INVAL) => search(&file, address),
        answer => answer,
    }
}

fn query(file: &File, address: u64) -> Result<Option<Mapping>, Errno> {
    let mut path = vec![0_u8; libc::PATH_MAX as usize];
    let mut query = Query {
        size: size_of::<Query>() as u64,
        query_addr: address,
        vma_name_size: path.len() as u32,
        vma_name_addr: path.as_mut_ptr() as u64,
        ..Query::default()
    };
    // SAFETY: the structure is as large as it says, and so is the buffer that it points to.
    let done = unsafe { libc::ioctl(file.as_raw_fd(), PROCMAP_QUERY, &raw mut query) };
    if done != 0 {
        return match std::io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
            error => Err(Errno::from(error)),
        };
    }
    // The size of a name counts the zero at its end.
    path.truncate((query.vma_name_size as usize).saturating_sub(1).min(path.len()));
    Ok(Some(Mapping {
        start: query.vma_start,
        end: query.vma_end,
        writable: query.vma_flags & WRITABLE != 0,
        executable: query.vma_flags & EXECUTABLE != 0,
        shared: query.vma_flags & SHARED != 0,
        offset: query.vma_offset,
        device: libc::makedev(query.dev_major, query.dev_minor),
        inode: query.inode,
        path,
    }))
}

/// Longest list of mappings that is read through: that of 65530 mappings, the host's usual limit
/// (`vm.max_map_count`), with a path each.
const LINES: usize = 1 << 17;

fn search(file: &File, address: u64) -> Result<Option<Mapping>, Errno> {
    for line in BufReader::new(file).split(b'\n').take(LINES) {
        let Some(mapping) = parse(&line.host()?) else { continue };
        if address < mapping.start {
            break;
        }
        if address < mapping.end {
            return Ok(Some(mapping));
        }
    }
    Ok(None)
}

/// Reads a line such as `7f00…000-7f00…000 r-xp 00026000 fe:00 1311 /usr/lib/libc.so.6`.
fn parse(line: &[u8]) -> Option<Mapping> {
    let mut rest = line;
    let mut field = |separator: &dyn Fn(u8) -> bool| {
        let end = rest.iter().position(|byte| separator(*byte))?;
        let (field, behind) = (&rest[..end], &rest[end + 1..]);
        rest = behind;
        std::str::from_utf8(field).ok()
    };
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let start = number(field(&|byte| byte == b'-')?)?;
    let end = number(field(&|byte| byte == b' ')?)?;
    let permissions = field(&|byte| byte == b' ')?.as_bytes();
    let offset = number(field(&|byte| byte == b' ')?)?;
    let major = u32::from_str_radix(field(&|byte| byte == b':')?, 16).ok()?;
    let minor = u32::from_str_radix(field(&|byte| byte == b' ')?, 16).ok()?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let inode = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    Some(Mapping {
        start,
        end,
        writable: permissions.get(1) == Some(&b'w'),
        executable: permissions.get(2) == Some(&b'x'),
        shared: permissions.get(3) == Some(&b's'),
        offset,
        device: libc::makedev(major, minor),
        inode,
        path: rest[digits..].trim_ascii_start().to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_code_is_found_in_both_ways() {
        let address = own_code_is_found_in_both_ways as *const () as u64;
        let file = File::open("/proc/self/maps").unwrap();
        let searched = search(&file, address).unwrap().unwrap();
        assert!(searched.executable && !searched.writable && !searched.shared);
        assert_eq!(searched.path, std::env::current_exe().unwrap().as_os_str().as_encoded_bytes());
        assert_eq!(mapping(std::process::id() as i32, address).unwrap(), Some(searched));
        assert_eq!(mapping(std::process::id() as i32, 8).unwrap(), None);
        assert!(mapping(i32::MAX, address).is_err());
    }

    #[test]
    fn lines_are_read_or_refused() {
        let line = b"7f1000-7f2000 rw-s 0001f000 fe:01 4711                       /a b (deleted)";
        let mapping = parse(line).unwrap();
        assert_eq!((mapping.start, mapping.end, mapping.offset), (0x7f_1000, 0x7f_2000, 0x1_f000));
        assert_eq!((mapping.device, mapping.inode), (libc::makedev(0xfe, 1), 4711));
        assert!(mapping.shared && mapping.writable && !mapping.executable);
        assert_eq!(mapping.path, b"/a b (deleted)");
        assert_eq!(parse(b"7f1000-7f2000 rw-p 00000000 00:00 0").unwrap().path, b"");
        for broken in [&b""[..], b"7f1000", b"x-y rw-p 0 0:0 0", b"1-2 rw-p 0 0:0"] {
            assert_eq!(parse(broken), None, "{broken:?}");
        }
    }
}
