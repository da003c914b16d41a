//! What a trace calls FreeBSD's numbers. Those that are translated have their names in [`super::flags`]; here are
//! the rest, and what puts all of them together.

pub mod constants;
mod ioctls;
mod sysctls;

use constants::*;
use ioctls::IOCTLS;
use sysctls::SYSCTLS;

use super::{errno, flags, layouts, signal};
use crate::call::{Argument, DescriptorFlags, Direction, Extent, Kind, OpenFlags, Shape, Structure, Word};
use crate::personality::constant::Constant;
use crate::trace::vocabulary::{AddressForm, Error, IoctlCode, MessageForm, Vocabulary};

/// The names and layouts of FreeBSD.
pub static VOCABULARY: Vocabulary = Vocabulary {
    os: "freebsd",
    word,
    layout: layouts::layout,
    signal: signal::name,
    realtime: (signal::REALTIME_FIRST, signal::REALTIME_LAST),
    signal_set: 16,
    continued: signal::number::SIGCONT,
    error: |error| {
        let number = errno::from_host(error);
        Error { number, name: errno::name(number), message: errno::message(number) }
    },
    option,
    creates: flags::O_CREAT,
    fcntl,
    ioctls: IOCTLS,
    ioctl_code: IoctlCode { out: 0x4000_0000, input: 0x8000_0000, size: 0x1fff_0000 },
    sysctl: SYSCTLS,
    address: AddressForm { has_length: true, inet6: flags::AF_INET6 as u16 },
    message: MessageForm { count_size: 4, control_length: 40, flags: 44, size: 48 },
};

fn word(word: Word) -> &'static [Constant] {
    match word {
        Word::OpenFlags => flags::OPEN.constants,
        Word::AtFlags => flags::AT.constants,
        Word::AccessMode => flags::ACCESS.constants,
        Word::Whence => flags::WHENCE.constants,
        Word::Protection => flags::PROTECTION.constants,
        Word::MapFlags => flags::MAP.constants,
        Word::SyncFlags => flags::SYNC.constants,
        Word::Advice => flags::ADVICE.constants,
        Word::FileAdvice => flags::FILE_ADVICE.constants,
        Word::LockFlags => flags::LOCK.constants,
        Word::Inheritance => flags::INHERITANCE.constants,
        Word::WaitOptions => flags::WAIT.constants,
        Word::IdKind => flags::ID_KIND.constants,
        Word::MaskHow => flags::MASK_HOW.constants,
        Word::ActionFlags => flags::ACTION.constants,
        Word::StackFlags => flags::STACK.constants,
        Word::MessageFlags => flags::MESSAGE.constants,
        Word::SocketDomain => flags::DOMAIN.constants,
        Word::SocketType => flags::SOCKET_TYPE.constants,
        Word::SocketProtocol => flags::PROTOCOL.constants,
        Word::SocketLevel => flags::LEVEL.constants,
        Word::ShutdownHow => flags::SHUTDOWN.constants,
        Word::FcntlCommand => flags::FCNTL.constants,
        Word::DescriptorFlags => flags::DESCRIPTOR.constants,
        Word::FlockOperation => flags::FLOCK.constants,
        Word::LockKind => flags::LOCK_KIND.constants,
        Word::PollEvents => flags::POLL.constants,
        Word::ClockId => flags::CLOCK.constants,
        Word::TimerFlags => flags::TIMER.constants,
        Word::TimerKind => flags::TIMER_KIND.constants,
        Word::LimitKind => flags::LIMIT.constants,
        Word::UsageWho => flags::USAGE.constants,
        Word::PriorityWhich => flags::PRIORITY.constants,
        Word::SchedulingPolicy => flags::SCHEDULING.constants,
        Word::CreationFlags => flags::CREATION.constants,
        Word::RandomFlags => flags::RANDOM.constants,
        Word::MemoryFileFlags => flags::MEMORY_FILE.constants,
        Word::Seals => flags::SEALS.constants,
        Word::RenameFlags => flags::RENAME.constants,
        Word::WatchMask => flags::WATCH.constants,
        Word::CloseRangeFlags => flags::CLOSE_RANGE.constants,
        Word::Filter => FILTER.constants,
        Word::EventFlags => EVENT.constants,
        Word::UmtxOperation => UMTX.constants,
        Word::ForkFlags => FORK.constants,
        Word::ProcessDescriptorFlags => PROCESS_DESCRIPTOR.constants,
        Word::ThreadFlags => THREAD.constants,
        Word::MachineOperation => MACHINE.constants,
        Word::ProcessControl => PROCESS_CONTROL.constants,
        Word::TraceRequest => TRACE.constants,
        Word::MountFlags => MOUNT.constants,
        Word::UnmountFlags => UNMOUNT.constants,
        Word::AttributeNamespace => ATTRIBUTE_NAMESPACE.constants,
        Word::FileFlags => FILE.constants,
        Word::PathVariable => PATH_VARIABLE.constants,
        Word::JailFlags => JAIL.constants,
        Word::CpuWhich => CPU_WHICH.constants,
        Word::CpuLevel => CPU_LEVEL.constants,
        Word::PriorityFunction => PRIORITY_FUNCTION.constants,
        Word::BarrierCommand => BARRIER.constants,
        Word::FastBlockCommand => FAST_BLOCK.constants,
        Word::SpecialDescriptor => SPECIAL_DESCRIPTOR.constants,
        Word::IpcFlags => IPC_FLAGS.constants,
        Word::IpcCommand => IPC_COMMAND.constants,
        Word::WaitMode => WAIT_MODE.constants,
        // Linux's own.
        Word::RemapFlags
        | Word::EpollOperation
        | Word::EpollEvents
        | Word::EpollFlags
        | Word::FutexOperation
        | Word::CloneFlags
        | Word::AttributeFlags
        | Word::StatxMask
        | Word::AllocateMode
        | Word::SpliceFlags
        | Word::SeccompOperation
        | Word::IoctlRequest => &[],
    }
}

fn option(level: i32, name: i32) -> Option<&'static str> {
    let options = flags::options(level)?.constants;
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
    match command {
        flags::F_DUPFD | flags::F_DUPFD_CLOEXEC | flags::F_DUP2FD | flags::F_DUP2FD_CLOEXEC => {
            (Kind::Descriptor, Kind::Descriptor)
        }
        flags::F_GETFD => (Kind::Never, DescriptorFlags::KIND),
        flags::F_SETFD => (DescriptorFlags::KIND, Kind::Int),
        flags::F_GETFL => (Kind::Never, OpenFlags::KIND),
        flags::F_SETFL => (OpenFlags::KIND, Kind::Int),
        flags::F_ADD_SEALS => (Kind::Word(Word::Seals), Kind::Int),
        flags::F_GET_SEALS => (Kind::Never, Kind::Word(Word::Seals)),
        flags::F_SETLK | flags::F_SETLKW => (LOCK, Kind::Int),
        flags::F_GETLK => (LOCK_BACK, Kind::Int),
        _ => (Kind::Long, Kind::Int),
    }
}
