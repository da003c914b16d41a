//! Extended attributes: extattr_get_file(2) and its kin. A name of FreeBSD has its namespace beside it, one of the
//! host in front of it.

use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::host::linux::memory;
use crate::operation::extended::{Action, Owner, attributes, read_name};
use crate::operation::path::At;

/// `EXTATTR_NAMESPACE_USER` and `EXTATTR_NAMESPACE_SYSTEM` (sys/sys/extattr.h).
const USER: i32 = 1;
const SYSTEM: i32 = 2;

/// Longest value and longest list that the host has (`XATTR_SIZE_MAX` and `XATTR_LIST_MAX`, linux/limits.h).
const LONGEST: usize = 65536;

/// How names of a namespace begin on the host: those of the system are for the superuser there too.
///
/// # Errors
/// `EINVAL` for another namespace.
fn prefix(namespace: i32) -> Result<&'static [u8], Errno> {
    match namespace {
        USER => Ok(b"user."),
        SYSTEM => Ok(b"trusted."),
        _ => Err(Errno::INVAL),
    }
}

/// The host's name for an attribute.
fn host_name(namespace: i32, name: Pointer, to: &mut PathBuffer) -> Result<(), Errno> {
    let mut own = PathBuffer::new();
    read_name(name, &mut own).map_err(|error| if error == Errno::RANGE { Errno::INVAL } else { error })?;
    to.set(&[prefix(namespace)?, own.bytes()]).map(drop)
}

/// A piece of memory for values of any length.
struct Scratch(u64);

impl Scratch {
    fn new() -> Result<Scratch, Errno> {
        memory::map(LONGEST as u64).map(Scratch)
    }

    fn bytes(&self, len: usize) -> &[u8] {
        // SAFETY: mapped, as long as the longest value, and ours alone.
        unsafe { core::slice::from_raw_parts(self.0 as *const u8, len.min(LONGEST)) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        memory::release(self.0, LONGEST as u64);
    }
}

fn get(
    cx: &mut Context,
    owner: Owner,
    namespace: i32,
    name: Pointer,
    to: Pointer,
    size: usize,
) -> Result<u64, Errno> {
    let mut host = PathBuffer::new();
    host_name(namespace, name, &mut host)?;
    if to.is_null() {
        return attributes(cx, owner, Action::Get(&host, to, 0));
    }
    // As read(2) does, as much as there is room for; the host gives all or nothing.
    let scratch = Scratch::new()?;
    let len = attributes(cx, owner, Action::Get(&host, Pointer(scratch.0), LONGEST))? as usize;
    let len = len.min(size);
    guest::write(to.0, scratch.bytes(len))?;
    Ok(len as u64)
}

fn set(
    cx: &mut Context,
    owner: Owner,
    namespace: i32,
    name: Pointer,
    from: Pointer,
    size: usize,
) -> Result<u64, Errno> {
    let mut host = PathBuffer::new();
    host_name(namespace, name, &mut host)?;
    attributes(cx, owner, Action::Set(&host, from, size, 0))?;
    Ok(size as u64)
}

fn delete(cx: &mut Context, owner: Owner, namespace: i32, name: Pointer) -> Result<u64, Errno> {
    let mut host = PathBuffer::new();
    host_name(namespace, name, &mut host)?;
    attributes(cx, owner, Action::Remove(&host))
}

fn list(cx: &mut Context, owner: Owner, namespace: i32, to: Pointer, size: usize) -> Result<u64, Errno> {
    let prefix = prefix(namespace)?;
    let scratch = Scratch::new()?;
    let len = attributes(cx, owner, Action::List(Pointer(scratch.0), LONGEST))? as usize;
    let room = if to.is_null() { usize::MAX } else { size };
    convert(scratch.bytes(len), prefix, room, |at, bytes| {
        if to.is_null() { Ok(()) } else { guest::write(to.0 + at as u64, bytes) }
    })
    .map(|len| len as u64)
}

/// Turns the host's list, names ended by zeros, into FreeBSD's, names after their lengths; as much as there is room
/// for.
fn convert(
    names: &[u8],
    prefix: &[u8],
    room: usize,
    mut put: impl FnMut(usize, &[u8]) -> Result<(), Errno>,
) -> Result<usize, Errno> {
    let mut len = 0;
    for name in names.split(|byte| *byte == 0) {
        let Some(name) = name.strip_prefix(prefix).filter(|name| !name.is_empty()) else { continue };
        for piece in [&[name.len() as u8][..], name] {
            let piece = &piece[..piece.len().min(room - len)];
            put(len, piece)?;
            len += piece.len();
        }
    }
    Ok(len)
}

macro_rules! calls {
    ($($(#[$documentation:meta])* $owner:ident: $kind:ty => $get:ident, $set:ident, $delete:ident, $list:ident;)*) => { $(
        $(#[$documentation])*
        ///
        /// Reads one: extattr_get_file(2).
        ///
        /// # Errors
        /// As the manual page has them; `ENOATTR` where there is none.
        pub fn $get(
            cx: &mut Context, owner: $kind, namespace: i32, name: Pointer, to: Pointer, size: usize,
        ) -> Result<u64, Errno> {
            get(cx, $owner(owner), namespace, name, to, size)
        }

        $(#[$documentation])*
        ///
        /// Writes one: extattr_set_file(2).
        ///
        /// # Errors
        /// As the manual page has them.
        pub fn $set(
            cx: &mut Context, owner: $kind, namespace: i32, name: Pointer, from: Pointer, size: usize,
        ) -> Result<u64, Errno> {
            set(cx, $owner(owner), namespace, name, from, size)
        }

        $(#[$documentation])*
        ///
        /// Removes one: extattr_delete_file(2).
        ///
        /// # Errors
        /// As the manual page has them; `ENOATTR` where there is none.
        pub fn $delete(
            cx: &mut Context, owner: $kind, namespace: i32, name: Pointer,
        ) -> Result<u64, Errno> {
            delete(cx, $owner(owner), namespace, name)
        }

        $(#[$documentation])*
        ///
        /// Lists all: extattr_list_file(2).
        ///
        /// # Errors
        /// As the manual page has them.
        pub fn $list(
            cx: &mut Context, owner: $kind, namespace: i32, to: Pointer, size: usize,
        ) -> Result<u64, Errno> {
            list(cx, $owner(owner), namespace, to, size)
        }
    )* };
}

fn of_path(path: Pointer) -> Owner {
    Owner::Path(At::working(path), true)
}

fn of_link(path: Pointer) -> Owner {
    Owner::Path(At::working(path), false)
}

fn of_descriptor(descriptor: i32) -> Owner {
    Owner::Descriptor(descriptor)
}

calls! {
    /// Attributes of what a path leads to.
    of_path: Pointer => get_file, set_file, delete_file, list_file;
    /// Attributes of a link itself.
    of_link: Pointer => get_link, set_link, delete_link, list_link;
    /// Attributes of an open file.
    of_descriptor: i32 => get_descriptor, set_descriptor, delete_descriptor, list_descriptor;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(names: &[u8], prefix: &[u8], room: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let len = convert(names, prefix, room, |at, bytes| {
            assert_eq!(at, out.len());
            out.extend(bytes);
            Ok(())
        });
        assert_eq!(len, Ok(out.len()));
        out
    }

    #[test]
    fn lists_have_lengths_before_the_names_of_one_namespace() {
        let names = b"user.colour\0trusted.x\0user.size\0security.selinux\0";
        assert_eq!(converted(names, b"user.", usize::MAX), b"\x06colour\x04size");
        assert_eq!(converted(names, b"trusted.", 100), b"\x01x");
        assert_eq!(converted(names, b"user.", 9), b"\x06colour\x04s");
        assert_eq!(converted(b"", b"user.", 9), b"");
    }

    #[test]
    fn namespaces_are_two() {
        assert_eq!(prefix(USER), Ok(&b"user."[..]));
        assert_eq!(prefix(SYSTEM), Ok(&b"trusted."[..]));
        assert_eq!(prefix(0), Err(Errno::INVAL));
        assert_eq!(prefix(3), Err(Errno::INVAL));
    }
}
