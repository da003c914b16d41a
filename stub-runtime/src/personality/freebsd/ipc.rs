//! FreeBSD's System V semaphores, message queues and shared memory (sys/sys/{ipc,sem,msg,shm}.h), which are the
//! host's. Flags, operations on semaphores and messages look the same; commands and status structures do not.

use schemas::Errno;

use crate::call::Pointer;
use crate::context::Context;
use crate::guest;
use crate::host::linux::abi::*;
use crate::host::linux::syscall::{call, call_blocking};
use crate::operation::memory;

crate::layout! {
    /// `struct ipc_perm`.
    pub struct Permissions: 32 {
        pub cuid: u32,
        pub cgid: u32,
        pub uid: u32,
        pub gid: u32,
        pub mode: u16,
        pub seq: u16,
        pub pad: u32,
        pub key: i64,
    }

    /// `struct semid_ds`.
    pub struct Semaphores: 64 {
        pub permissions: Permissions,
        pub base: u64,
        pub count: u16,
        pub pad: [u16; 3],
        pub operated: i64,
        pub changed: i64,
    }

    /// `struct msqid_ds`.
    pub struct Messages: 104 {
        pub permissions: Permissions,
        pub first: u64,
        pub last: u64,
        pub bytes: u64,
        pub count: u64,
        pub bytes_max: u64,
        pub sender: i32,
        pub receiver: i32,
        pub sent: i64,
        pub received: i64,
        pub changed: i64,
    }

    /// `struct shmid_ds`.
    pub struct Segment: 80 {
        pub permissions: Permissions,
        pub size: u64,
        pub last: i32,
        pub creator: i32,
        pub attached: u32,
        pub pad: u32,
        pub attach_time: i64,
        pub detach_time: i64,
        pub changed: i64,
    }

    /// The host's `struct ipc64_perm` (asm-generic/ipcbuf.h).
    pub struct HostPermissions: 48 {
        pub key: i32,
        pub uid: u32,
        pub gid: u32,
        pub cuid: u32,
        pub cgid: u32,
        pub mode: u32,
        pub seq: u16,
        pub pad: [u16; 3],
        pub unused: [u64; 2],
    }

    /// The host's `struct semid64_ds` (asm/sembuf.h).
    pub struct HostSemaphores: 104 {
        pub permissions: HostPermissions,
        pub operated: i64,
        pub unused1: u64,
        pub changed: i64,
        pub unused2: u64,
        pub count: u64,
        pub unused3: [u64; 2],
    }

    /// The host's `struct msqid64_ds` (asm-generic/msgbuf.h).
    pub struct HostMessages: 120 {
        pub permissions: HostPermissions,
        pub sent: i64,
        pub received: i64,
        pub changed: i64,
        pub bytes: u64,
        pub count: u64,
        pub bytes_max: u64,
        pub sender: i32,
        pub receiver: i32,
        pub unused: [u64; 2],
    }

    /// The host's `struct shmid64_ds` (asm-generic/shmbuf.h).
    pub struct HostSegment: 112 {
        pub permissions: HostPermissions,
        pub size: u64,
        pub attach_time: i64,
        pub detach_time: i64,
        pub changed: i64,
        pub creator: i32,
        pub last: i32,
        pub attached: u64,
        pub unused: [u64; 2],
    }
}

/// Commands that all three have, with the host's numbers.
const IPC_RMID: i32 = 0;
const IPC_SET: i32 = 1;
const IPC_STAT: i32 = 2;
/// Flags of the get calls that mean something: permissions, `IPC_CREAT`, `IPC_EXCL`. The host has more.
const GET_FLAGS: i32 = 0o3777;

impl Permissions {
    fn from_host(host: &HostPermissions) -> Self {
        Permissions {
            cuid: host.cuid,
            cgid: host.cgid,
            uid: host.uid,
            gid: host.gid,
            mode: host.mode as u16,
            seq: host.seq,
            pad: 0,
            key: i64::from(host.key),
        }
    }

    /// What `IPC_SET` takes.
    fn to_host(self) -> HostPermissions {
        HostPermissions {
            uid: self.uid,
            gid: self.gid,
            mode: u32::from(self.mode & 0o777),
            ..HostPermissions::default()
        }
    }
}

impl Semaphores {
    fn from_host(host: &HostSemaphores) -> Self {
        Semaphores {
            permissions: Permissions::from_host(&host.permissions),
            count: host.count as u16,
            operated: host.operated,
            changed: host.changed,
            ..Semaphores::default()
        }
    }
}

impl Messages {
    fn from_host(host: &HostMessages) -> Self {
        Messages {
            permissions: Permissions::from_host(&host.permissions),
            bytes: host.bytes,
            count: host.count,
            bytes_max: host.bytes_max,
            sender: host.sender,
            receiver: host.receiver,
            sent: host.sent,
            received: host.received,
            changed: host.changed,
            ..Messages::default()
        }
    }
}

impl Segment {
    fn from_host(host: &HostSegment) -> Self {
        Segment {
            permissions: Permissions::from_host(&host.permissions),
            size: host.size,
            last: host.last,
            creator: host.creator,
            attached: host.attached as u32,
            pad: 0,
            attach_time: host.attach_time,
            detach_time: host.detach_time,
            changed: host.changed,
        }
    }
}

/// The host's key. ftok(3) makes keys of 32 bits.
fn key_to_host(key: i64) -> u64 {
    key as u32 as u64
}

/// semget(2).
///
/// # Errors
/// `EACCES`, `EEXIST`, `EINVAL`, `ENOENT`, `ENOSPC`.
pub fn semaphores(_cx: &mut Context, key: i64, count: i32, flags: i32) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_semget, [key_to_host(key), count as u64, (flags & GET_FLAGS) as u64]) }
}

/// semop(2): `struct sembuf` is the same.
///
/// # Errors
/// As the manual page says. What a signal interrupts is not taken again.
pub fn operate_semaphores(
    _cx: &mut Context,
    id: i32,
    operations: Pointer,
    count: usize,
) -> Result<u64, Errno> {
    // SAFETY: the kernel checks the guest's pointer.
    unsafe { call_blocking(__NR_semop, [id as u64, operations.0, count as u64]) }
}

/// `__semctl`: the last argument points to the `union semun` that semctl(2) takes.
///
/// # Errors
/// `EINVAL`, `EACCES`, `EPERM`, `ERANGE`, `EFAULT`.
pub fn control_semaphores(
    _cx: &mut Context,
    id: i32,
    number: i32,
    command: i32,
    argument: Pointer,
) -> Result<u64, Errno> {
    // Commands of FreeBSD, and the host's GETPID 11, GETVAL 12, GETALL 13, GETNCNT 14, GETZCNT 15, SETVAL 16,
    // SETALL 17, SEM_STAT 18.
    let (host, takes_argument) = match command {
        IPC_RMID => (IPC_RMID, false),
        IPC_SET | IPC_STAT => (command, true),
        3 => (14, false),
        4 => (11, false),
        5 => (12, false),
        6 => (13, true),
        7 => (15, false),
        8 => (16, true),
        9 => (17, true),
        10 => (18, true),
        _ => return Err(Errno::INVAL),
    };
    const SEM_STAT: i32 = 18;
    let control = |at: u64| {
        // SAFETY: a structure of ours, or what the kernel checks.
        unsafe { call(__NR_semctl, [id as u64, number as u64, host as u64, at]) }
    };
    let argument: u64 = if takes_argument { guest::get(argument.0)? } else { 0 };
    match host {
        IPC_STAT | SEM_STAT => {
            let mut status = HostSemaphores::default();
            let result = control(&raw mut status as u64)?;
            guest::put(argument, &Semaphores::from_host(&status))?;
            Ok(result)
        }
        IPC_SET => {
            let new: Semaphores = guest::get(argument)?;
            let status =
                HostSemaphores { permissions: new.permissions.to_host(), ..HostSemaphores::default() };
            control(&raw const status as u64)
        }
        _ => control(argument),
    }
}

/// msgget(2).
///
/// # Errors
/// `EACCES`, `EEXIST`, `ENOENT`, `ENOSPC`.
pub fn queue(_cx: &mut Context, key: i64, flags: i32) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_msgget, [key_to_host(key), (flags & GET_FLAGS) as u64]) }
}

/// msgsnd(2): `struct msgbuf` is the same.
///
/// # Errors
/// As the manual page says.
pub fn send(_cx: &mut Context, id: i32, message: Pointer, size: usize, flags: i32) -> Result<u64, Errno> {
    // SAFETY: the kernel checks the guest's pointer.
    unsafe { call_blocking(__NR_msgsnd, [id as u64, message.0, size as u64, flags as u64]) }
}

/// msgrcv(2).
///
/// # Errors
/// As the manual page says.
pub fn receive(
    _cx: &mut Context,
    id: i32,
    message: Pointer,
    size: usize,
    kind: i64,
    flags: i32,
) -> Result<u64, Errno> {
    /// `IPC_NOWAIT`, `MSG_NOERROR`. The host has more.
    const FLAGS: i32 = 0o14000;
    // SAFETY: as above.
    unsafe {
        call_blocking(__NR_msgrcv, [id as u64, message.0, size as u64, kind as u64, (flags & FLAGS) as u64])
    }
}

/// msgctl(2).
///
/// # Errors
/// `EINVAL`, `EACCES`, `EPERM`, `EFAULT`.
pub fn control_queue(_cx: &mut Context, id: i32, command: i32, status: Pointer) -> Result<u64, Errno> {
    let control = |at: u64| {
        // SAFETY: a structure of ours.
        unsafe { call(__NR_msgctl, [id as u64, command as u64, at]) }
    };
    match command {
        IPC_RMID => control(0),
        IPC_STAT => {
            let mut host = HostMessages::default();
            let result = control(&raw mut host as u64)?;
            guest::put(status.0, &Messages::from_host(&host))?;
            Ok(result)
        }
        IPC_SET => {
            let new: Messages = guest::get(status.0)?;
            let permissions = new.permissions.to_host();
            let host = HostMessages { permissions, bytes_max: new.bytes_max, ..HostMessages::default() };
            control(&raw const host as u64)
        }
        _ => Err(Errno::INVAL),
    }
}

/// shmget(2).
///
/// # Errors
/// `EACCES`, `EEXIST`, `EINVAL`, `ENOENT`, `ENOSPC`.
pub fn segment(_cx: &mut Context, key: i64, size: usize, flags: i32) -> Result<u64, Errno> {
    // SAFETY: no pointers.
    unsafe { call(__NR_shmget, [key_to_host(key), size as u64, (flags & GET_FLAGS) as u64]) }
}

/// shmat(2).
///
/// # Errors
/// `EACCES`, `EINVAL`, `EMFILE`, `ENOMEM`.
pub fn attach(cx: &mut Context, id: i32, addr: Pointer, flags: i32) -> Result<u64, Errno> {
    memory::attach(cx, id, addr, attach_flags(flags, addr.is_null()))
}

/// `SHM_RDONLY` and `SHM_RND` are the host's; `SHM_REMAP` has two bits, which are those of the two others, so that each
/// of them replaces what is mapped at an address given (`kern_shmat_locked`, sys/kern/sysv_shm.c).
fn attach_flags(flags: i32, anywhere: bool) -> u32 {
    let flags = flags as u32 & 0o30000;
    if flags == 0 || anywhere { flags } else { flags | memory::SHM_REMAP }
}

/// shmdt(2).
///
/// # Errors
/// `EINVAL`.
pub fn detach(_cx: &mut Context, addr: Pointer) -> Result<u64, Errno> {
    // SAFETY: the stub has no such segments.
    unsafe { call(__NR_shmdt, [addr.0]) }
}

/// shmctl(2).
///
/// # Errors
/// `EINVAL`, `EACCES`, `EPERM`, `EFAULT`.
pub fn control_segment(_cx: &mut Context, id: i32, command: i32, status: Pointer) -> Result<u64, Errno> {
    let control = |at: u64| {
        // SAFETY: a structure of ours.
        unsafe { call(__NR_shmctl, [id as u64, command as u64, at]) }
    };
    match command {
        IPC_RMID => control(0),
        IPC_STAT => {
            let mut host = HostSegment::default();
            let result = control(&raw mut host as u64)?;
            guest::put(status.0, &Segment::from_host(&host))?;
            Ok(result)
        }
        IPC_SET => {
            let new: Segment = guest::get(status.0)?;
            let host = HostSegment { permissions: new.permissions.to_host(), ..HostSegment::default() };
            control(&raw const host as u64)
        }
        _ => Err(Errno::INVAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn fields_lie_where_the_headers_have_them() {
        assert_eq!(offset_of!(Permissions, key), 24);
        assert_eq!(offset_of!(Semaphores, count), 40);
        assert_eq!(offset_of!(Messages, bytes_max), 64);
        assert_eq!(offset_of!(Segment, attach_time), 56);
        assert_eq!(offset_of!(HostPermissions, seq), 24);
        assert_eq!(offset_of!(HostSemaphores, count), 80);
        assert_eq!(offset_of!(HostMessages, sender), 96);
        assert_eq!(offset_of!(HostSegment, attached), 88);
    }

    #[test]
    fn a_place_given_with_a_flag_is_replaced() {
        assert_eq!(attach_flags(0, false), 0);
        assert_eq!(attach_flags(0o20000, true), 0o20000);
        assert_eq!(attach_flags(0o20000, false), 0o20000 | memory::SHM_REMAP);
        assert_eq!(attach_flags(0o40000, false), 0, "the host's bit for it means nothing here");
    }

    #[test]
    fn only_owner_and_permissions_can_be_set() {
        let host = Permissions { uid: 7, gid: 8, cuid: 9, mode: 0o7640, ..Permissions::default() }.to_host();
        assert_eq!((host.uid, host.gid, host.cuid, host.mode), (7, 8, 0, 0o640));
    }
}
