//! Extended attributes: getxattr(2) and its kin.

use schemas::Errno;

use super::open::here;
use crate::call::Pointer;
use crate::context::Context;
use crate::guest::PathBuffer;
use crate::operation::extended::{Action, Owner, attributes, read_name};

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
