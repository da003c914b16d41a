//! Extended attributes. Names carry the host's namespace (xattr(7)): `user.colour`.

use schemas::message::data_words;
use schemas::transport::{REPLY_SIZE, REQUEST_SIZE};
use schemas::{Errno, Operation, file, fs};

use crate::call::Pointer;
use crate::context::Context;
use crate::guest::{self, PathBuffer};
use crate::host::linux::{abi::*, syscall::call};
use crate::operation::ask::{Answerer, answerer, ask, ask_descriptor};
use crate::operation::path::{Aim, At, Host, Path, perform_on};
use crate::operation::status::on_directory;

/// Longest name (`XATTR_NAME_MAX`, linux/limits.h).
const NAME_MAX: usize = 255;
/// Longest value that a message brings; longer ones are the server's loss.
const VALUE_MAX: usize = if REQUEST_SIZE < REPLY_SIZE { REQUEST_SIZE } else { REPLY_SIZE } - 4096 - 512;

/// What has the attributes.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// What a path leads to, or with `false` the name itself.
    Path(At, bool),
    /// What a descriptor leads to.
    Descriptor(i32),
}

/// What is to be done.
#[derive(Clone, Copy)]
pub enum Action<'a> {
    /// The value goes to the buffer; without room only its length is told.
    Get(&'a PathBuffer, Pointer, usize),
    /// The value comes from the buffer; with the host's `XATTR_CREATE` and `XATTR_REPLACE`.
    Set(&'a PathBuffer, Pointer, usize, u32),
    /// All names go to the buffer, each ended by a zero; without room only their length is told.
    List(Pointer, usize),
    /// The attribute goes.
    Remove(&'a PathBuffer),
}

impl Action<'_> {
    fn operations(self) -> (Operation, Operation) {
        match self {
            Action::Get(..) => (Operation::FsGetAttribute, Operation::FileGetAttribute),
            Action::Set(..) => (Operation::FsSetAttribute, Operation::FileSetAttribute),
            Action::List(..) => (Operation::FsListAttributes, Operation::FileListAttributes),
            Action::Remove(_) => (Operation::FsRemoveAttribute, Operation::FileRemoveAttribute),
        }
    }
}

/// Reads a name as the guest passes it.
///
/// # Errors
/// `EFAULT`; `ERANGE` for an empty name or one that is too long (xattr(7)).
pub fn read_name(at: Pointer, name: &mut PathBuffer) -> Result<(), Errno> {
    name.copy_in(at.0).map_err(|error| if error == Errno::NAMETOOLONG { Errno::RANGE } else { error })?;
    if name.bytes().is_empty() || name.bytes().len() > NAME_MAX { Err(Errno::RANGE) } else { Ok(()) }
}

/// Does something with extended attributes; gives a length where there is one.
///
/// # Errors
/// As getxattr(2), setxattr(2), listxattr(2), removexattr(2).
pub fn attributes(cx: &mut Context, owner: Owner, action: Action<'_>) -> Result<u64, Errno> {
    let (by_path, by_descriptor) = action.operations();
    match owner {
        Owner::Path(at, follow) => {
            let mut path = Path::new();
            path.read(cx, at)?;
            let follow = follow || path.is_of_directory();
            perform_on(
                cx,
                by_path,
                &mut path,
                if follow { Aim::Follow } else { Aim::Name },
                |_, place| on_host(place, follow, action),
                |cx, remote| at_server(cx, remote, follow, action),
            )
        }
        Owner::Descriptor(descriptor) => match answerer(cx, by_descriptor, descriptor) {
            Answerer::Host => descriptor_on_host(descriptor, action),
            Answerer::Directory => on_directory(
                cx,
                by_path,
                descriptor,
                |cx, remote| at_server(cx, remote, true, action),
                |_, place| on_host(place, true, action),
            ),
            Answerer::Server => descriptor_at_server(cx, descriptor, action),
        },
    }
}

fn on_host(place: &Host, follow: bool, action: Action<'_>) -> Result<u64, Errno> {
    let mut buffer = PathBuffer::new();
    let path = place.as_path(&mut buffer)?;
    let choose = |following, not| if follow { following } else { not };
    // SAFETY: path and name are ours, the buffer the guest's, which the kernel checks.
    unsafe {
        match action {
            Action::Get(name, to, size) => {
                let number = choose(__NR_getxattr, __NR_lgetxattr);
                call(number, [path, name.address(), to.0, size as u64])
            }
            Action::Set(name, from, size, flags) => {
                let number = choose(__NR_setxattr, __NR_lsetxattr);
                call(number, [path, name.address(), from.0, size as u64, u64::from(flags)])
            }
            Action::List(to, size) => {
                call(choose(__NR_listxattr, __NR_llistxattr), [path, to.0, size as u64])
            }
            Action::Remove(name) => call(choose(__NR_removexattr, __NR_lremovexattr), [path, name.address()]),
        }
    }
}

fn descriptor_on_host(descriptor: i32, action: Action<'_>) -> Result<u64, Errno> {
    let file = descriptor as u64;
    // SAFETY: the name is ours, the buffer the guest's, which the kernel checks.
    unsafe {
        match action {
            Action::Get(name, to, size) => call(__NR_fgetxattr, [file, name.address(), to.0, size as u64]),
            Action::Set(name, from, size, flags) => {
                call(__NR_fsetxattr, [file, name.address(), from.0, size as u64, u64::from(flags)])
            }
            Action::List(to, size) => call(__NR_flistxattr, [file, to.0, size as u64]),
            Action::Remove(name) => call(__NR_fremovexattr, [file, name.address()]),
        }
    }
}

fn at_server(
    cx: &Context,
    remote: &mut crate::operation::path::Remote<'_>,
    follow: bool,
    action: Action<'_>,
) -> Result<Option<u64>, Errno> {
    match action {
        Action::Get(name, to, size) => ask!(
            cx,
            FsGetAttribute,
            fs::get_attribute,
            remote,
            data_words(name.bytes().len()),
            |params| {
                params.set_name(name.bytes());
                params.set_follow(follow);
            },
            |results, _| deliver(to, size, results.get_value()?)?
        ),
        Action::Set(name, from, size, flags) => {
            let size = checked(size)?;
            ask!(
                cx,
                FsSetAttribute,
                fs::set_attribute,
                remote,
                data_words(name.bytes().len()) + data_words(size),
                |params| {
                    params.set_name(name.bytes());
                    params.set_flags(flags);
                    params.set_follow(follow);
                    guest::read(from.0, params.init_value(size as u32))?;
                },
                |_, _| 0
            )
        }
        Action::List(to, size) => ask!(
            cx,
            FsListAttributes,
            fs::list_attributes,
            remote,
            0,
            |params| {
                params.set_follow(follow);
            },
            |results, _| deliver_names(to, size, results.get_names()?)?
        ),
        Action::Remove(name) => ask!(
            cx,
            FsRemoveAttribute,
            fs::remove_attribute,
            remote,
            data_words(name.bytes().len()),
            |params| {
                params.set_name(name.bytes());
                params.set_follow(follow);
            },
            |_, _| 0
        ),
    }
}

fn descriptor_at_server(cx: &Context, descriptor: i32, action: Action<'_>) -> Result<u64, Errno> {
    match action {
        Action::Get(name, to, size) => ask_descriptor!(
            cx,
            FileGetAttribute,
            file::get_attribute,
            descriptor,
            data_words(name.bytes().len()),
            |params| {
                params.set_name(name.bytes());
            },
            |results| deliver(to, size, results.get_value()?)?
        ),
        Action::Set(name, from, size, flags) => {
            let size = checked(size)?;
            ask_descriptor!(
                cx,
                FileSetAttribute,
                file::set_attribute,
                descriptor,
                data_words(name.bytes().len()) + data_words(size),
                |params| {
                    params.set_name(name.bytes());
                    params.set_flags(flags);
                    guest::read(from.0, params.init_value(size as u32))?;
                },
                |_| 0
            )
        }
        Action::List(to, size) => ask_descriptor!(
            cx,
            FileListAttributes,
            file::list_attributes,
            descriptor,
            0,
            |params| {},
            |results| deliver_names(to, size, results.get_names()?)?
        ),
        Action::Remove(name) => ask_descriptor!(
            cx,
            FileRemoveAttribute,
            file::remove_attribute,
            descriptor,
            data_words(name.bytes().len()),
            |params| {
                params.set_name(name.bytes());
            },
            |_| 0
        ),
    }
}

/// A length that goes into a message.
fn checked(size: usize) -> Result<usize, Errno> {
    if size > VALUE_MAX { Err(Errno::TOOBIG) } else { Ok(size) }
}

fn deliver(to: Pointer, size: usize, value: &[u8]) -> Result<u64, Errno> {
    if size != 0 {
        if value.len() > size {
            return Err(Errno::RANGE);
        }
        guest::write(to.0, value)?;
    }
    Ok(value.len() as u64)
}

fn deliver_names(to: Pointer, size: usize, names: capnp::data_list::Reader<'_>) -> Result<u64, Errno> {
    let mut len = 0;
    for name in names.iter() {
        let name = name?;
        if size != 0 {
            if len + name.len() + 1 > size {
                return Err(Errno::RANGE);
            }
            guest::write(to.0 + len as u64, name)?;
            guest::put(to.0 + (len + name.len()) as u64, &0u8)?;
        }
        len += name.len() + 1;
    }
    Ok(len as u64)
}
