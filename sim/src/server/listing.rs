//! Directories of translators, as guests read them: sealed memory files with `linux_dirent64` records
//! (`getdents64(2)`).

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::SeekFrom;
use schemas::Errno;

use crate::host::{HostResult, memory};

/// What the names of such memory files begin with; the path below the mount follows.
const PREFIX: &[u8] = b"listing:/";

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

/// A memory file with the records. Its name tells the directory's path, by which the server knows it again.
pub fn file(path: &[u8], records: &[u8]) -> Result<OwnedFd, Errno> {
    memory::sealed(&[PREFIX, path].concat(), records)
}

/// The path of the directory that a memory file lists, if it is one of these.
pub fn path_of(file: impl AsFd) -> Option<Vec<u8>> {
    memory::name(file)?.strip_prefix(PREFIX).map(<[u8]>::to_vec)
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
        let file = file(b"pts", &all).unwrap();
        assert_eq!(path_of(&file).unwrap(), b"pts");
        assert_eq!(names(&read_records(&file, 60).unwrap()), [".", ".."]);
        assert_eq!(names(&read_records(&file, 30).unwrap()), ["null"]);
        assert_eq!(read_records(&file, 20), Err(Errno::INVAL));
        assert_eq!(names(&read_records(&file, 1000).unwrap()), ["a-rather-long-name"]);
        assert!(read_records(&file, 1000).unwrap().is_empty());
    }
}
