//! Directories of translators, as guests read them: sealed memory files with `linux_dirent64` records
//! (`getdents64(2)`).

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::SeekFrom;
use schemas::Errno;

use crate::host::{HostResult, memory};

/// What the names of such memory files begin with; where the tree is mounted and the path below that follow.
const PREFIX: &[u8] = b"listing:";
/// What is between these two. No path has it otherwise.
const BELOW: &[u8] = b"//";

/// Kind of an entry (`d_type`, `<dirent.h>`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Character device.
    Character = 2,
    /// Directory.
    Directory = 4,
    /// Block device.
    Block = 6,
    /// Plain file.
    Regular = 8,
    /// Symbolic link.
    Link = 10,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: Vec<u8>,
    /// Its inode number.
    pub inode: u64,
    /// What it is.
    pub kind: Kind,
}

/// Offset of the name in a record: inode, offset, record length, kind.
const NAME: usize = 19;

/// The records of a directory, `.` and `..` included. The offset in a record is where the next one begins in the
/// file, so that a position told by `telldir` is one that can be sought.
pub fn records(own: u64, parent: u64, entries: &[Entry]) -> Vec<u8> {
    let dots = [(b".".as_slice(), own), (b"..".as_slice(), parent)];
    let dots = dots.into_iter().map(|(name, inode)| (name, inode, Kind::Directory));
    let entries = entries.iter().map(|entry| (entry.name.as_slice(), entry.inode, entry.kind));
    let mut records = Vec::new();
    for (name, inode, kind) in dots.chain(entries) {
        let length = (NAME + name.len() + 1).next_multiple_of(8);
        let next = records.len() + length;
        records.extend(inode.to_ne_bytes());
        records.extend((next as i64).to_ne_bytes());
        records.extend((length as u16).to_ne_bytes());
        records.push(kind as u8);
        records.extend(name);
        records.resize(next, 0);
    }
    records
}

/// A memory file with the records. Its name tells the directory's path below a mount, by which the server knows it
/// again.
pub fn file(mount: &[u8], path: &[u8], records: &[u8]) -> Result<OwnedFd, Errno> {
    memory::sealed(&[PREFIX, mount.strip_suffix(b"/").unwrap_or(mount), BELOW, path].concat(), records)
}

/// Where the tree of a directory is mounted, and the directory's path below that, of a memory file by its name.
fn parts(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let name = name.strip_prefix(PREFIX)?;
    let below = name.windows(BELOW.len()).position(|part| part == BELOW)?;
    Some((&name[..below], &name[below + BELOW.len()..]))
}

/// The path below its mount of the directory that a memory file lists, if it is one of these.
pub fn path_of(file: impl AsFd) -> Option<Vec<u8>> {
    parts(&memory::name(file)?).map(|(_, path)| path.to_vec())
}

/// The whole path of such a directory, as its guest knows it, from a link to its memory file.
pub fn path_of_link(link: &[u8]) -> Option<Vec<u8>> {
    let (mount, path) = parts(memory::name_of_link(link)?)?;
    Some([mount, b"/", path].concat())
}

/// Reads whole records from where the file stands; `EINVAL` when not even one fits, as `getdents64(2)`.
pub fn read_records(file: &OwnedFd, most: usize) -> Result<Vec<u8>, Errno> {
    let start = rustix::fs::tell(file).host()?;
    let mut bytes = vec![0; most];
    let got = rustix::io::pread(file, &mut bytes, start).host()?;
    let mut whole = 0;
    while let Some(length) = bytes[..got].get(whole + 16..whole + 18) {
        let length = usize::from(u16::from_ne_bytes([length[0], length[1]]));
        if length < NAME || whole + length > got {
            break;
        }
        whole += length;
    }
    if whole == 0 && got > 0 {
        return Err(Errno::INVAL);
    }
    rustix::fs::seek(file, SeekFrom::Start(start + whole as u64)).host()?;
    bytes.truncate(whole);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(mut records: &[u8]) -> Vec<String> {
        let mut names = Vec::new();
        while !records.is_empty() {
            let length = usize::from(u16::from_ne_bytes([records[16], records[17]]));
            let name = records[NAME..length].split(|byte| *byte == 0).next().unwrap();
            names.push(String::from_utf8(name.to_vec()).unwrap());
            records = &records[length..];
        }
        names
    }

    #[test]
    fn records_are_read_whole_and_in_order() {
        let entry = |name: &str| Entry { name: name.into(), inode: 5, kind: Kind::Character };
        let all = records(1, 1, &[entry("null"), entry("a-rather-long-name")]);
        let file = file(b"/dev", b"pts", &all).unwrap();
        assert_eq!(path_of(&file).unwrap(), b"pts");
        assert_eq!(path_of_link(b"/memfd:listing:/dev//pts (deleted)").unwrap(), b"/dev/pts");
        assert_eq!(path_of_link(b"/memfd:listing:/pts (deleted)"), None);
        assert_eq!(names(&read_records(&file, 60).unwrap()), [".", ".."]);
        assert_eq!(names(&read_records(&file, 30).unwrap()), ["null"]);
        assert_eq!(read_records(&file, 20), Err(Errno::INVAL));
        assert_eq!(names(&read_records(&file, 1000).unwrap()), ["a-rather-long-name"]);
        assert!(read_records(&file, 1000).unwrap().is_empty());
    }
}
