//! What a request is about, as far as its route depends on that.

use schemas::message::Message;
use schemas::{Errno, Operation, device, file, fs, socket, term};

/// The parts of a request that may decide who answers it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The mount under which a path was found, and the path below it.
    pub place: Option<Place<'a>>,
    /// The mount of the second path, when there are two.
    pub second_mount: Option<u32>,
    /// A server's name for an object of the guest's; 0 when the descriptor says it all.
    pub object: Option<u64>,
    /// The family of a socket to be made, or of the address that one is to have or to reach.
    pub family: Option<u32>,
}

/// A path as messages have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The number of the mount.
    pub mount: u32,
    /// The path below the mount, or below a directory that came with the request.
    pub path: &'a [u8],
    /// Whether a directory came with the request.
    pub below_directory: bool,
}

/// `AF_UNIX` (linux/socket.h).
pub const FAMILY_UNIX: u32 = 1;

/// Reads what the route depends on; `EBADMSG` and the like when the message is malformed.
pub fn read<'a>(operation: Operation, request: &'a Message<'a>) -> Result<Asked<'a>, Errno> {
    macro_rules! place {
        ($message:ty $(, $second:ident)?) => {{
            let message: $message = request.root()?;
            let place = Place {
                mount: message.get_mount(),
                path: message.get_path()?,
                below_directory: message.get_at_directory(),
            };
            #[allow(unused_mut, reason = "only the operations on two paths change it")]
            let mut asked = Asked { place: Some(place), ..Asked::default() };
            $(asked.second_mount = Some(message.$second());)?
            asked
        }};
    }
    macro_rules! object {
        ($message:ty) => {{
            let message: $message = request.root()?;
            Asked { object: Some(message.get_object()), ..Asked::default() }
        }};
    }
    macro_rules! addressed {
        ($message:ty) => {{
            let message: $message = request.root()?;
            let family = message.get_address()?.first_chunk().map(|family| u16::from_ne_bytes(*family));
            Asked { object: Some(message.get_object()), family: family.map(u32::from), ..Asked::default() }
        }};
    }
    Ok(match operation {
        Operation::FsOpen => place!(fs::open::params::Reader<'a>),
        Operation::FsStat => place!(fs::stat::params::Reader<'a>),
        Operation::FsAccess => place!(fs::access::params::Reader<'a>),
        Operation::FsReadLink => place!(fs::read_link::params::Reader<'a>),
        Operation::FsMakeDirectory => place!(fs::make_directory::params::Reader<'a>),
        Operation::FsRemove => place!(fs::remove::params::Reader<'a>),
        Operation::FsRename => place!(fs::rename::params::Reader<'a>, get_new_mount),
        Operation::FsLink => place!(fs::link::params::Reader<'a>, get_new_mount),
        Operation::FsSymbolicLink => place!(fs::symbolic_link::params::Reader<'a>),
        Operation::FsMakeNode => place!(fs::make_node::params::Reader<'a>),
        Operation::FsSetMode => place!(fs::set_mode::params::Reader<'a>),
        Operation::FsSetOwner => place!(fs::set_owner::params::Reader<'a>),
        Operation::FsSetTimes => place!(fs::set_times::params::Reader<'a>),
        Operation::FsTruncate => place!(fs::truncate::params::Reader<'a>),
        Operation::FsStatFilesystem => place!(fs::stat_filesystem::params::Reader<'a>),
        Operation::FsGetAttribute => place!(fs::get_attribute::params::Reader<'a>),
        Operation::FsSetAttribute => place!(fs::set_attribute::params::Reader<'a>),
        Operation::FsListAttributes => place!(fs::list_attributes::params::Reader<'a>),
        Operation::FsRemoveAttribute => place!(fs::remove_attribute::params::Reader<'a>),
        Operation::FsChangeDirectory => place!(fs::change_directory::params::Reader<'a>),
        Operation::FsChangeRoot => place!(fs::change_root::params::Reader<'a>),
        Operation::FsWatch => place!(fs::watch::params::Reader<'a>),
        Operation::FileRead => object!(file::read::params::Reader<'a>),
        Operation::FileWrite => object!(file::write::params::Reader<'a>),
        Operation::FileReadVector => object!(file::read_vector::params::Reader<'a>),
        Operation::FileWriteVector => object!(file::write_vector::params::Reader<'a>),
        Operation::FilePositionRead => object!(file::position_read::params::Reader<'a>),
        Operation::FilePositionWrite => object!(file::position_write::params::Reader<'a>),
        Operation::FileSeek => object!(file::seek::params::Reader<'a>),
        Operation::FileStat => object!(file::stat::params::Reader<'a>),
        Operation::FileTruncate => object!(file::truncate::params::Reader<'a>),
        Operation::FileAllocate => object!(file::allocate::params::Reader<'a>),
        Operation::FileSynchronize => object!(file::synchronize::params::Reader<'a>),
        Operation::FileAdvise => object!(file::advise::params::Reader<'a>),
        Operation::FileReadDirectory => object!(file::read_directory::params::Reader<'a>),
        Operation::FileDuplicate => object!(file::duplicate::params::Reader<'a>),
        Operation::FileClose => object!(file::close::params::Reader<'a>),
        Operation::FileControl => object!(file::control::params::Reader<'a>),
        Operation::FileLock => object!(file::lock::params::Reader<'a>),
        Operation::FileSetMode => object!(file::set_mode::params::Reader<'a>),
        Operation::FileSetOwner => object!(file::set_owner::params::Reader<'a>),
        Operation::FileSetTimes => object!(file::set_times::params::Reader<'a>),
        Operation::FileSend => object!(file::send::params::Reader<'a>),
        Operation::FileStatFilesystem => object!(file::stat_filesystem::params::Reader<'a>),
        Operation::FileGetAttribute => object!(file::get_attribute::params::Reader<'a>),
        Operation::FileSetAttribute => object!(file::set_attribute::params::Reader<'a>),
        Operation::FileListAttributes => object!(file::list_attributes::params::Reader<'a>),
        Operation::FileRemoveAttribute => object!(file::remove_attribute::params::Reader<'a>),
        Operation::SocketBind => addressed!(socket::bind::params::Reader<'a>),
        Operation::SocketConnect => addressed!(socket::connect::params::Reader<'a>),
        Operation::SocketListen => object!(socket::listen::params::Reader<'a>),
        Operation::SocketAccept => object!(socket::accept::params::Reader<'a>),
        Operation::SocketGetName => object!(socket::get_name::params::Reader<'a>),
        Operation::SocketGetPeer => object!(socket::get_peer::params::Reader<'a>),
        Operation::SocketSend => object!(socket::send::params::Reader<'a>),
        Operation::SocketReceive => object!(socket::receive::params::Reader<'a>),
        Operation::SocketShutdown => object!(socket::shutdown::params::Reader<'a>),
        Operation::SocketGetOption => object!(socket::get_option::params::Reader<'a>),
        Operation::SocketSetOption => object!(socket::set_option::params::Reader<'a>),
        Operation::SocketSocket => {
            let message: socket::socket::params::Reader<'a> = request.root()?;
            Asked { family: Some(message.get_domain()), ..Asked::default() }
        }
        Operation::TermGetAttributes => object!(term::get_attributes::params::Reader<'a>),
        Operation::TermSetAttributes => object!(term::set_attributes::params::Reader<'a>),
        Operation::TermGetWindow => object!(term::get_window::params::Reader<'a>),
        Operation::TermSetWindow => object!(term::set_window::params::Reader<'a>),
        Operation::TermGetGroup => object!(term::get_group::params::Reader<'a>),
        Operation::TermSetGroup => object!(term::set_group::params::Reader<'a>),
        Operation::TermFlush => object!(term::flush::params::Reader<'a>),
        Operation::TermBreak => object!(term::break_::params::Reader<'a>),
        Operation::DeviceControl => object!(device::control::params::Reader<'a>),
        _ => Asked::default(),
    })
}

/// The object that a successful reply gives to the guest, 0 when it gives none.
pub fn given(operation: Operation, reply: &[u8]) -> Result<u64, Errno> {
    macro_rules! given {
        ($message:ty) => {{
            let message = Message::new(reply);
            message.root::<$message>()?.get_object()
        }};
    }
    Ok(match operation {
        Operation::FsOpen => given!(fs::open::results::Reader<'_>),
        Operation::FsChangeDirectory => given!(fs::change_directory::results::Reader<'_>),
        Operation::SocketSocket => given!(socket::socket::results::Reader<'_>),
        Operation::SocketAccept => given!(socket::accept::results::Reader<'_>),
        Operation::TermOpenPair => given!(term::open_pair::results::Reader<'_>),
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Interface;

    /// An operation with an `object` or a `mount` in its declaration must be known here.
    #[test]
    fn read_knows_every_operation_with_an_object_or_a_mount() {
        for operation in Operation::ALL {
            let info = operation.info();
            if info.server == Interface::Stub {
                continue;
            }
            let has = |name: &str| info.params.iter().any(|field| field.name == name);
            // One word of zeros is a message whose root is the null pointer: all its fields have their defaults.
            let zeros = [0_u64];
            let message = Message::new(schemas::message::bytes(&zeros));
            let asked = read(operation, &message).unwrap();
            assert_eq!(asked.object.is_some(), has("object"), "{operation}");
            // A local socket has both: its object says whose it is.
            assert_eq!(asked.place.is_some(), has("mount") && !has("object"), "{operation}");
            assert_eq!(asked.second_mount.is_some(), has("newMount"), "{operation}");
        }
    }

    #[test]
    fn given_knows_every_reply_with_an_object() {
        // The first word of the structure's data and all others are 1, so that an object is seen wherever it lies.
        let words = [8 << 32, 1, 1, 1, 1, 1, 1, 1, 1];
        for operation in Operation::ALL {
            let info = operation.info();
            let object = given(operation, schemas::message::bytes(&words)).unwrap();
            let has = info.results.iter().any(|field| field.name == "object");
            assert_eq!(object != 0, info.server != Interface::Stub && has, "{operation}");
        }
    }
}
