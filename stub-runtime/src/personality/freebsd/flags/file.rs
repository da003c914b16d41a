//! Files and descriptors: sys/fcntl.h, sys/unistd.h, sys/poll.h, sys/eventfd.h, sys/timerfd.h, sys/mman.h.

use linux_raw_sys::general as abi;

use crate::constants;

constants! {
    /// Flags of open(2), and of fcntl(2) with `F_SETFL`.
    pub static OPEN: Flags of u32 {
        O_RDONLY = 0 in 0x3 => abi::O_RDONLY in abi::O_ACCMODE;
        O_WRONLY = 1 in 0x3 => abi::O_WRONLY in abi::O_ACCMODE;
        O_RDWR = 2 in 0x3 => abi::O_RDWR in abi::O_ACCMODE;
        O_NONBLOCK = 0x4 => abi::O_NONBLOCK;
        O_APPEND = 0x8 => abi::O_APPEND;
        // The lock must be taken with the open; a handler does both.
        O_SHLOCK = 0x10;
        O_EXLOCK = 0x20;
        O_ASYNC = 0x40 => abi::FASYNC;
        // The host's O_SYNC has the bit of O_DSYNC in it, so it comes first.
        O_SYNC = 0x80 => abi::O_SYNC;
        O_NOFOLLOW = 0x100 => abi::O_NOFOLLOW;
        O_CREAT = 0x200 => abi::O_CREAT;
        O_TRUNC = 0x400 => abi::O_TRUNC;
        O_EXCL = 0x800 => abi::O_EXCL;
        O_NOCTTY = 0x8000 => abi::O_NOCTTY;
        O_DIRECT = 0x1_0000 => abi::O_DIRECT;
        O_DIRECTORY = 0x2_0000 => abi::O_DIRECTORY;
        O_PATH = 0x40_0000 => abi::O_PATH;
        // Neither reads nor writes; what it is for, `fexecve` and `openat`, the host does with O_PATH.
        O_EXEC = 0x4_0000 => abi::O_PATH;
        // FreeBSD's terminals start with these settings anyway.
        O_TTY_INIT = 0x8_0000 => 0;
        O_CLOEXEC = 0x10_0000 => abi::O_CLOEXEC;
        // Asks the veriexec policy, of which there is none.
        O_VERIFY = 0x20_0000 => 0;
        // A matter of `openat2`; a handler chooses it.
        O_RESOLVE_BENEATH = 0x80_0000;
        O_DSYNC = 0x100_0000 => abi::O_DSYNC;
        // Opens the descriptor given instead of a path.
        O_EMPTY_PATH = 0x200_0000;
        // Named attributes as files, which the host has not.
        O_NAMEDATTR = 0x400_0000;
        // The host's descriptors are never closed by a fork.
        O_CLOFORK = 0x800_0000;
    }

    /// Flags of the calls that take a directory's descriptor.
    pub static AT: Flags of u32 {
        AT_EACCESS = 0x100 => abi::AT_EACCESS;
        AT_SYMLINK_NOFOLLOW = 0x200 => abi::AT_SYMLINK_NOFOLLOW;
        AT_SYMLINK_FOLLOW = 0x400 => abi::AT_SYMLINK_FOLLOW;
        // The host's bit is that of AT_EACCESS; no call knows both.
        AT_REMOVEDIR = 0x800 => abi::AT_REMOVEDIR;
        AT_RESOLVE_BENEATH = 0x2000;
        AT_EMPTY_PATH = 0x4000 => abi::AT_EMPTY_PATH;
    }

    /// What access(2) asks for.
    pub static ACCESS: Flags of u32 {
        F_OK = 0 in 0x7 => 0 in 0x7;
        X_OK = 1 => 1;
        W_OK = 2 => 2;
        R_OK = 4 => 4;
    }

    /// Where lseek(2) counts from.
    pub static WHENCE: Values of i32 {
        SEEK_SET = 0 => abi::SEEK_SET;
        SEEK_CUR = 1 => abi::SEEK_CUR;
        SEEK_END = 2 => abi::SEEK_END;
        SEEK_DATA = 3 => abi::SEEK_DATA;
        SEEK_HOLE = 4 => abi::SEEK_HOLE;
    }

    /// Commands of fcntl(2).
    pub static FCNTL: Values of i32 {
        F_DUPFD = 0 => abi::F_DUPFD;
        F_GETFD = 1 => abi::F_GETFD;
        F_SETFD = 2 => abi::F_SETFD;
        F_GETFL = 3 => abi::F_GETFL;
        F_SETFL = 4 => abi::F_SETFL;
        F_GETOWN = 5 => abi::F_GETOWN;
        F_SETOWN = 6 => abi::F_SETOWN;
        // The same on a structure without a system id, for programs older than FreeBSD 8.
        F_OGETLK = 7;
        F_OSETLK = 8;
        F_OSETLKW = 9;
        // The host's `dup2` and `dup3`.
        F_DUP2FD = 10;
        F_GETLK = 11 => abi::F_GETLK;
        F_SETLK = 12 => abi::F_SETLK;
        F_SETLKW = 13 => abi::F_SETLKW;
        // For FreeBSD's lock daemon.
        F_SETLK_REMOTE = 14;
        // A matter of `posix_fadvise`.
        F_READAHEAD = 15;
        F_RDAHEAD = 16;
        F_DUPFD_CLOEXEC = 17 => abi::F_DUPFD_CLOEXEC;
        F_DUP2FD_CLOEXEC = 18;
        F_ADD_SEALS = 19 => abi::F_ADD_SEALS;
        F_GET_SEALS = 20 => abi::F_GET_SEALS;
        F_ISUNIONSTACK = 21;
        F_KINFO = 22;
        F_DUPFD_CLOFORK = 23;
        // Comes with the new descriptor's flags in its upper half.
        F_DUP3FD = 24;
    }

    /// Flags of a descriptor.
    pub static DESCRIPTOR: Flags of u32 {
        FD_CLOEXEC = 1 => abi::FD_CLOEXEC;
        FD_RESOLVE_BENEATH = 2;
        FD_CLOFORK = 4;
    }

    /// What kind of lock `struct flock` holds.
    pub static LOCK_KIND: Values of i32 {
        F_RDLCK = 1 => abi::F_RDLCK;
        F_UNLCK = 2 => abi::F_UNLCK;
        F_WRLCK = 3 => abi::F_WRLCK;
        F_UNLCKSYS = 4;
        F_CANCEL = 5;
    }

    /// Seals of shared memory.
    pub static SEALS: Flags of u32 {
        F_SEAL_SEAL = 1 => abi::F_SEAL_SEAL;
        F_SEAL_SHRINK = 2 => abi::F_SEAL_SHRINK;
        F_SEAL_GROW = 4 => abi::F_SEAL_GROW;
        F_SEAL_WRITE = 8 => abi::F_SEAL_WRITE;
    }

    /// Operations of flock(2).
    pub static FLOCK: Flags of u32 {
        LOCK_SH = 1 => abi::LOCK_SH;
        LOCK_EX = 2 => abi::LOCK_EX;
        LOCK_NB = 4 => abi::LOCK_NB;
        LOCK_UN = 8 => abi::LOCK_UN;
    }

    /// Advice of posix_fadvise(2).
    pub static FILE_ADVICE: Values of i32 {
        POSIX_FADV_NORMAL = 0 => abi::POSIX_FADV_NORMAL;
        POSIX_FADV_RANDOM = 1 => abi::POSIX_FADV_RANDOM;
        POSIX_FADV_SEQUENTIAL = 2 => abi::POSIX_FADV_SEQUENTIAL;
        POSIX_FADV_WILLNEED = 3 => abi::POSIX_FADV_WILLNEED;
        POSIX_FADV_DONTNEED = 4 => abi::POSIX_FADV_DONTNEED;
        POSIX_FADV_NOREUSE = 5 => abi::POSIX_FADV_NOREUSE;
    }

    /// Events of poll(2).
    pub static POLL: Flags of u16 {
        POLLIN = 0x1 => abi::POLLIN;
        POLLPRI = 0x2 => abi::POLLPRI;
        POLLOUT = 0x4 => abi::POLLOUT;
        POLLERR = 0x8 => abi::POLLERR;
        POLLHUP = 0x10 => abi::POLLHUP;
        POLLNVAL = 0x20 => abi::POLLNVAL;
        POLLRDNORM = 0x40 => abi::POLLRDNORM;
        POLLRDBAND = 0x80 => abi::POLLRDBAND;
        POLLWRBAND = 0x100 => abi::POLLWRBAND;
        // Reads on although the end was seen, which the host's poll always does.
        POLLINIGNEOF = 0x2000 => abi::POLLIN;
        POLLRDHUP = 0x4000 => abi::POLLRDHUP;
    }

    /// Flags of close_range(2).
    pub static CLOSE_RANGE: Flags of u32 {
        CLOSE_RANGE_CLOEXEC = 0x4 => 0x4;
        CLOSE_RANGE_CLOFORK = 0x8;
    }

    /// Flags of descriptors that are made from nothing: `eventfd`, `timerfd`.
    pub static CREATION: Flags of u32 {
        EFD_SEMAPHORE = 0x1 => abi::EFD_SEMAPHORE;
        EFD_NONBLOCK = 0x4 => abi::EFD_NONBLOCK;
        EFD_CLOEXEC = 0x10_0000 => abi::EFD_CLOEXEC;
    }

    /// Flags of memory files (`shm_open2`).
    pub static MEMORY_FILE: Flags of u32 {
        SHM_ALLOW_SEALING = 0x1 => abi::MFD_ALLOW_SEALING;
        // The host's memory files grow by themselves.
        SHM_GROW_ON_WRITE = 0x2 => 0;
        SHM_LARGEPAGE = 0x4;
    }

    /// Flags of renameat2(2).
    pub static RENAME: Flags of u32 {
        AT_RENAME_NOREPLACE = 0x1 => abi::RENAME_NOREPLACE;
        AT_RENAME_EXCHANGE = 0x2 => abi::RENAME_EXCHANGE;
    }

    /// Flags of getrandom(2).
    pub static RANDOM: Flags of u32 {
        GRND_NONBLOCK = 0x1 => abi::GRND_NONBLOCK;
        GRND_RANDOM = 0x2 => abi::GRND_RANDOM;
        GRND_INSECURE = 0x4 => abi::GRND_INSECURE;
    }

    /// What an inotify watch is for: FreeBSD took the numbers from Linux.
    pub static WATCH: Flags of u32 {
        IN_ACCESS = 0x1 => abi::IN_ACCESS;
        IN_MODIFY = 0x2 => abi::IN_MODIFY;
        IN_ATTRIB = 0x4 => abi::IN_ATTRIB;
        IN_CLOSE_WRITE = 0x8 => abi::IN_CLOSE_WRITE;
        IN_CLOSE_NOWRITE = 0x10 => abi::IN_CLOSE_NOWRITE;
        IN_OPEN = 0x20 => abi::IN_OPEN;
        IN_MOVED_FROM = 0x40 => abi::IN_MOVED_FROM;
        IN_MOVED_TO = 0x80 => abi::IN_MOVED_TO;
        IN_CREATE = 0x100 => abi::IN_CREATE;
        IN_DELETE = 0x200 => abi::IN_DELETE;
        IN_DELETE_SELF = 0x400 => abi::IN_DELETE_SELF;
        IN_MOVE_SELF = 0x800 => abi::IN_MOVE_SELF;
        IN_UNMOUNT = 0x2000 => abi::IN_UNMOUNT;
        IN_Q_OVERFLOW = 0x4000 => abi::IN_Q_OVERFLOW;
        IN_IGNORED = 0x8000 => abi::IN_IGNORED;
        IN_ONLYDIR = 0x100_0000 => abi::IN_ONLYDIR;
        IN_DONT_FOLLOW = 0x200_0000 => abi::IN_DONT_FOLLOW;
        IN_EXCL_UNLINK = 0x400_0000 => abi::IN_EXCL_UNLINK;
        IN_MASK_CREATE = 0x1000_0000 => abi::IN_MASK_CREATE;
        IN_MASK_ADD = 0x2000_0000 => abi::IN_MASK_ADD;
        IN_ISDIR = 0x4000_0000 => abi::IN_ISDIR;
        IN_ONESHOT = 0x8000_0000 => abi::IN_ONESHOT;
    }
}
