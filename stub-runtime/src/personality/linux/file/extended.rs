//! Extended attributes: getxattr(2) and its kin.

use linux_raw_sys::general::{AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW};
use schemas::Errno;

use super::open::here;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::operation::descriptor::WORKING;
use crate::operation::extended::{Action, Owner, attributes, read_name};
use crate::operation::path::At;

fn of_path(path: Pointer) -> Owner {
    Owner::Path(here(path), true)
}

fn of_link(path: Pointer) -> Owner {
    Owner::Path(here(path), false)
}

fn of_descriptor(descriptor: i32) -> Owner {
    Owner::Descriptor(descriptor)
}

macro_rules! calls {
    ($($(#[$documentation:meta])* $owner:ident: $kind:ty => $set:ident, $get:ident, $list:ident, $remove:ident;)*) => { $(
        $(#[$documentation])*
        ///
        /// Writes one: setxattr(2).
        ///
        /// # Errors
        /// As the host's.
        pub fn $set(
            cx: &mut Context, owner: $kind, name: Pointer, value: Pointer, size: usize, flags: u32,
        ) -> Result<u64, Errno> {
            let mut own = PathBuffer::new();
            read_name(name, &mut own)?;
            attributes(cx, $owner(owner), Action::Set(&own, value, size, flags))
        }

        $(#[$documentation])*
        ///
        /// Reads one: getxattr(2).
        ///
        /// # Errors
        /// As the host's.
        pub fn $get(
            cx: &mut Context, owner: $kind, name: Pointer, value: Pointer, size: usize,
        ) -> Result<u64, Errno> {
            let mut own = PathBuffer::new();
            read_name(name, &mut own)?;
            attributes(cx, $owner(owner), Action::Get(&own, value, size))
        }

        $(#[$documentation])*
        ///
        /// Lists all: listxattr(2).
        ///
        /// # Errors
        /// As the host's.
        pub fn $list(cx: &mut Context, owner: $kind, list: Pointer, size: usize) -> Result<u64, Errno> {
            attributes(cx, $owner(owner), Action::List(list, size))
        }

        $(#[$documentation])*
        ///
        /// Removes one: removexattr(2).
        ///
        /// # Errors
        /// As the host's.
        pub fn $remove(cx: &mut Context, owner: $kind, name: Pointer) -> Result<u64, Errno> {
            let mut own = PathBuffer::new();
            read_name(name, &mut own)?;
            attributes(cx, $owner(owner), Action::Remove(&own))
        }
    )* };
}

calls! {
    /// Attributes of what a path leads to.
    of_path: Pointer => set, get, list, remove;
    /// Attributes of a link itself.
    of_link: Pointer => set_of_link, get_of_link, list_of_link, remove_of_link;
    /// Attributes of an open file.
    of_descriptor: i32 => set_of_descriptor, get_of_descriptor, list_of_descriptor, remove_of_descriptor;
}

crate::layout! {
    /// `struct xattr_args` (linux/xattr.h).
    pub struct Arguments: 16 {
        pub value: u64,
        pub size: u32,
        pub flags: u32,
    }
}

/// What a path and flags of the calls with a directory mean.
fn owner_at(directory: i32, path: Pointer, flags: u32) -> Result<Owner, Errno> {
    if flags & !(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::INVAL);
    }
    let empty = flags & AT_EMPTY_PATH != 0 && (path.is_null() || guest::get::<u8>(path.0)? == 0);
    if empty && directory != WORKING {
        return Ok(Owner::Descriptor(directory));
    }
    Ok(Owner::Path(At { directory, path }, flags & AT_SYMLINK_NOFOLLOW == 0))
}

/// The structure as the kernel takes it: longer ones must have zeros behind what is known.
fn arguments(at: Pointer, size: usize) -> Result<Arguments, Errno> {
    if size < size_of::<Arguments>() {
        return Err(Errno::INVAL);
    }
    for extra in size_of::<Arguments>()..size.min(4096) {
        if guest::get::<u8>(at.0 + extra as u64)? != 0 {
            return Err(Errno::TOOBIG);
        }
    }
    if size > 4096 { Err(Errno::TOOBIG) } else { guest::get(at.0) }
}

/// setxattrat(2).
///
/// # Errors
/// As the host's.
pub fn set_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    flags: u32,
    name: Pointer,
    at: Pointer,
    size: usize,
) -> Result<u64, Errno> {
    let given = arguments(at, size)?;
    let mut own = PathBuffer::new();
    read_name(name, &mut own)?;
    let action = Action::Set(&own, Pointer(given.value), given.size as usize, given.flags);
    attributes(cx, owner_at(directory, path, flags)?, action)
}

/// getxattrat(2).
///
/// # Errors
/// As the host's.
pub fn get_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    flags: u32,
    name: Pointer,
    at: Pointer,
    size: usize,
) -> Result<u64, Errno> {
    let given = arguments(at, size)?;
    if given.flags != 0 {
        return Err(Errno::INVAL);
    }
    let mut own = PathBuffer::new();
    read_name(name, &mut own)?;
    let action = Action::Get(&own, Pointer(given.value), given.size as usize);
    attributes(cx, owner_at(directory, path, flags)?, action)
}

/// listxattrat(2).
///
/// # Errors
/// As the host's.
pub fn list_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    flags: u32,
    list: Pointer,
    size: usize,
) -> Result<u64, Errno> {
    attributes(cx, owner_at(directory, path, flags)?, Action::List(list, size))
}

/// removexattrat(2).
///
/// # Errors
/// As the host's.
pub fn remove_at(
    cx: &mut Context,
    directory: i32,
    path: Pointer,
    flags: u32,
    name: Pointer,
) -> Result<u64, Errno> {
    let mut own = PathBuffer::new();
    read_name(name, &mut own)?;
    attributes(cx, owner_at(directory, path, flags)?, Action::Remove(&own))
}
