//! What a trace calls Linux's numbers: the names in its own headers.

pub mod constants;
mod ioctls;

use constants::*;
use ioctls::IOCTLS;

use super::{errno, layouts, signal};
use crate::call::{Argument, DescriptorFlags, Direction, Extent, Kind, OpenFlags, Shape, Structure, Word};
use crate::personality::constant::Constant;
use crate::trace::vocabulary::{AddressForm, Error, IoctlCode, MessageForm, Vocabulary};
use linux_raw_sys::{general as abi, net};

/// The names and layouts of Linux.
pub static VOCABULARY: Vocabulary = Vocabulary {
    os: "linux",
    word,
    layout: layouts::layout,
    signal: signal::name,
    realtime: (34, signal::LAST),
    signal_set: 8,
    continued: 0xffff,
    error: |error| Error {
        number: errno::from_host(error),
        name: errno::name(error.raw()),
        message: error.message(),
    },
    option,
    // O_CREAT, and the bit of its own that O_TMPFILE has.
    creates: 0x40_0040,
    fcntl,
    ioctls: IOCTLS,
    ioctl_code: IoctlCode { out: 0x8000_0000, input: 0x4000_0000, size: 0x3fff_0000 },
    sysctl: &[],
    address: AddressForm { has_length: false, inet6: net::AF_INET6 as u16 },
    message: MessageForm { count_size: 8, control_length: 40, flags: 48, size: 56 },
};

fn word(word: Word) -> &'static [Constant] {
    match word {
        Word::OpenFlags => OPEN,
        Word::AtFlags => AT,
        Word::AccessMode => ACCESS,
        Word::Whence => WHENCE,
        Word::Protection => PROTECTION,
        Word::MapFlags => MAP,
        Word::SyncFlags => SYNC,
        Word::Advice => ADVICE,
        Word::FileAdvice => FILE_ADVICE,
        Word::LockFlags => LOCK,
        Word::RemapFlags => REMAP,
        Word::WaitOptions => WAIT,
        Word::IdKind => ID_KIND,
        Word::MaskHow => MASK_HOW,
        Word::ActionFlags => ACTION,
        Word::StackFlags => STACK,
        Word::MessageFlags => MESSAGE,
        Word::SocketDomain => DOMAIN,
        Word::SocketType => SOCKET_TYPE,
        Word::SocketProtocol => PROTOCOL,
        Word::SocketLevel => LEVEL,
        Word::ShutdownHow => SHUTDOWN,
        Word::FcntlCommand => FCNTL,
        Word::DescriptorFlags => DESCRIPTOR,
        Word::FlockOperation => FLOCK,
        Word::LockKind => LOCK_KIND,
        Word::PollEvents => POLL,
        Word::EpollOperation => EPOLL_OPERATION,
        Word::EpollEvents => EPOLL_EVENTS,
        Word::EpollFlags | Word::CreationFlags => CREATION,
        Word::ClockId => CLOCK,
        Word::TimerFlags => TIMER,
        Word::TimerKind => TIMER_KIND,
        Word::LimitKind => LIMIT,
        Word::UsageWho => USAGE,
        Word::PriorityWhich => PRIORITY,
        Word::SchedulingPolicy => SCHEDULING,
        Word::FutexOperation => FUTEX,
        Word::CloneFlags => CLONE,
        Word::MachineOperation => MACHINE,
        Word::ProcessControl => PROCESS_CONTROL,
        Word::TraceRequest => TRACE,
        Word::MountFlags => MOUNT,
        Word::UnmountFlags => UNMOUNT,
        Word::AttributeFlags => ATTRIBUTE,
        Word::WatchMask => WATCH,
        Word::RandomFlags => RANDOM,
        Word::MemoryFileFlags => MEMORY_FILE,
        Word::Seals => SEALS,
        Word::RenameFlags => RENAME,
        Word::StatxMask => STATX,
        Word::CloseRangeFlags => CLOSE_RANGE,
        Word::AllocateMode => ALLOCATE,
        Word::SpliceFlags => SPLICE,
        Word::BarrierCommand => BARRIER,
        Word::IpcFlags => IPC_FLAGS,
        Word::IpcCommand => IPC_COMMAND,
        Word::SeccompOperation => SECCOMP,
        // FreeBSD's own.
        Word::Inheritance
        | Word::Filter
        | Word::EventFlags
        | Word::UmtxOperation
        | Word::ForkFlags
        | Word::ProcessDescriptorFlags
        | Word::ThreadFlags
        | Word::AttributeNamespace
        | Word::FileFlags
        | Word::PathVariable
        | Word::JailFlags
        | Word::CpuWhich
        | Word::CpuLevel
        | Word::PriorityFunction
        | Word::FastBlockCommand
        | Word::SpecialDescriptor
        | Word::WaitMode
        | Word::IoctlRequest => &[],
    }
}

fn option(level: i32, name: i32) -> Option<&'static str> {
    let options = match level as u32 {
        net::SOL_SOCKET => SOCKET_OPTION,
        0 => IP_OPTION,
        6 => TCP_OPTION,
        41 => IPV6_OPTION,
        _ => return None,
    };
    options.iter().find(|option| option.value as i32 == name).map(|option| option.name)
}

fn fcntl(command: i32) -> (Kind, Kind) {
    const LOCK: Kind = Kind::Pointer {
        direction: Direction::In,
        shape: Shape::Structure(Structure::FileLock),
        extent: Extent::Fixed(1),
    };
    const LOCK_BACK: Kind = Kind::Pointer {
        direction: Direction::InOut,
        shape: Shape::Structure(Structure::FileLock),
        extent: Extent::Fixed(1),
    };
    match command as u32 {
        abi::F_DUPFD | abi::F_DUPFD_CLOEXEC => (Kind::Descriptor, Kind::Descriptor),
        abi::F_GETFD => (Kind::Never, DescriptorFlags::KIND),
        abi::F_SETFD => (DescriptorFlags::KIND, Kind::Int),
        abi::F_GETFL => (Kind::Never, OpenFlags::KIND),
        abi::F_SETFL => (OpenFlags::KIND, Kind::Int),
        abi::F_ADD_SEALS => (Kind::Word(Word::Seals), Kind::Int),
        abi::F_GET_SEALS => (Kind::Never, Kind::Word(Word::Seals)),
        abi::F_SETLK | abi::F_SETLKW | abi::F_OFD_SETLK | abi::F_OFD_SETLKW => (LOCK, Kind::Int),
        abi::F_GETLK | abi::F_OFD_GETLK => (LOCK_BACK, Kind::Int),
        abi::F_SETSIG => (Kind::Signal, Kind::Int),
        abi::F_GETSIG => (Kind::Never, Kind::Signal),
        _ => (Kind::Long, Kind::Int),
    }
}
