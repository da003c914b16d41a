//! Memory: sys/mman.h.

use linux_raw_sys::general as abi;

use crate::constants;

constants! {
    /// Access to pages, and in the upper half the most that a later mprotect(2) may give.
    pub static PROTECTION: Flags of u32 {
        PROT_NONE = 0 in 0x7 => 0 in 0x7;
        PROT_READ = 0x1 => abi::PROT_READ;
        PROT_WRITE = 0x2 => abi::PROT_WRITE;
        PROT_EXEC = 0x4 => abi::PROT_EXEC;
        // A limit that a program sets to itself; without it everything it does still works.
        PROT_MAX_READ = 0x1_0000 => 0;
        PROT_MAX_WRITE = 0x2_0000 => 0;
        PROT_MAX_EXEC = 0x4_0000 => 0;
    }

    /// Flags of mmap(2).
    pub static MAP: Flags of u32 {
        MAP_SHARED = 0x1 => abi::MAP_SHARED in abi::MAP_TYPE;
        MAP_PRIVATE = 0x2 => abi::MAP_PRIVATE in abi::MAP_TYPE;
        MAP_FIXED = 0x10 => abi::MAP_FIXED;
        // Hints to the pager and to the writer of core dumps; the host's defaults serve.
        MAP_HASSEMAPHORE = 0x200 => 0;
        MAP_NOSYNC = 0x800 => 0;
        MAP_NOCORE = 0x2_0000 => 0;
        MAP_ANON = 0x1000 => abi::MAP_ANONYMOUS;
        // Memory without a file, all of it reserved at once: FreeBSD gives it page by page from the top, which
        // a program cannot tell from this.
        MAP_STACK = 0x400 => (abi::MAP_ANONYMOUS | abi::MAP_NORESERVE | abi::MAP_STACK);
        // Reserves addresses; the protection that goes with it is none.
        MAP_GUARD = 0x2000 => (abi::MAP_ANONYMOUS | abi::MAP_NORESERVE | abi::MAP_PRIVATE);
        MAP_EXCL = 0x4000 => abi::MAP_FIXED_NOREPLACE;
        MAP_PREFAULT_READ = 0x4_0000 => abi::MAP_POPULATE;
        MAP_32BIT = 0x8_0000 => abi::MAP_32BIT;
        // A wish for large pages.
        MAP_ALIGNED_SUPER = 0x100_0000 in 0xff00_0000 => 0 in 0;
        // Any other alignment has to be made by mapping more and cutting; a handler does that.
    }

    /// Advice of madvise(2).
    pub static ADVICE: Values of i32 {
        MADV_NORMAL = 0 => abi::MADV_NORMAL;
        MADV_RANDOM = 1 => abi::MADV_RANDOM;
        MADV_SEQUENTIAL = 2 => abi::MADV_SEQUENTIAL;
        MADV_WILLNEED = 3 => abi::MADV_WILLNEED;
        // Not the host's MADV_DONTNEED, which throws away what was written.
        MADV_DONTNEED = 4 => abi::MADV_COLD;
        MADV_FREE = 5 => abi::MADV_FREE;
        // When a shared mapping is written back is the host's business.
        MADV_NOSYNC = 6 => abi::MADV_NORMAL;
        MADV_AUTOSYNC = 7 => abi::MADV_NORMAL;
        MADV_NOCORE = 8 => abi::MADV_DONTDUMP;
        MADV_CORE = 9 => abi::MADV_DODUMP;
        // Never to be killed when memory runs out: for the superuser of the host.
        MADV_PROTECT = 10;
    }

    /// Flags of msync(2): no flag is FreeBSD's `MS_SYNC`.
    pub static SYNC: Flags of u32 {
        MS_SYNC = 0 in 0x1 => abi::MS_SYNC in (abi::MS_SYNC | abi::MS_ASYNC);
        MS_ASYNC = 1 in 0x1 => abi::MS_ASYNC in (abi::MS_SYNC | abi::MS_ASYNC);
        MS_INVALIDATE = 0x2 => abi::MS_INVALIDATE;
    }

    /// Flags of mlockall(2).
    pub static LOCK: Flags of u32 {
        MCL_CURRENT = 0x1 => abi::MCL_CURRENT;
        MCL_FUTURE = 0x2 => abi::MCL_FUTURE;
    }

    /// What a child inherits, of minherit(2). The host's madvise(2) has the nearest.
    pub static INHERITANCE: Values of i32 {
        // Only a mapping made as shared can be shared on the host.
        INHERIT_SHARE = 0;
        INHERIT_COPY = 1 => abi::MADV_DOFORK;
        INHERIT_NONE = 2 => abi::MADV_DONTFORK;
        INHERIT_ZERO = 3 => abi::MADV_WIPEONFORK;
    }
}
