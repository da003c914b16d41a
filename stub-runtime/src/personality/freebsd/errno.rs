//! FreeBSD's error numbers (sys/sys/errno.h, intro(2)) and what they are on the host.

use schemas::Errno;

/// The highest error number of FreeBSD (`ELAST`).
pub const LAST: i32 = 97;
/// The highest error number of the host.
const HOST_LAST: usize = 133;
/// Numbers below the host's last that the host uses for nothing.
const HOST_UNUSED: [usize; 2] = [41, 58];

/// The name and the message of an error of FreeBSD.
#[derive(Clone, Copy)]
struct Entry {
    name: &'static str,
    message: &'static str,
    /// The host's number for the same error; 0 when it has none.
    host: i32,
}

/// Errors of FreeBSD: number, name, the same error of the host if there is one, message.
macro_rules! errors {
    ($($number:literal $name:ident $(= $host:ident)?, $message:literal;)*) => {
        #[expect(missing_docs, reason = "names of sys/errno.h, each with its message in the table")]
        pub mod number {
            $(pub const $name: i32 = $number;)*
        }

        static ERRORS: [Entry; LAST as usize + 1] = {
            let mut table = [Entry { name: "", message: "", host: 0 }; LAST as usize + 1];
            $(
                #[allow(unused_mut, unused_assignments)]
                {
                    let mut host = 0;
                    $(host = Errno::$host.raw();)?
                    table[$number] = Entry { name: stringify!($name), message: $message, host };
                }
            )*
            table
        };
    };
}

errors! {
    1 EPERM = PERM, "Operation not permitted";
    2 ENOENT = NOENT, "No such file or directory";
    3 ESRCH = SRCH, "No such process";
    4 EINTR = INTR, "Interrupted system call";
    5 EIO = IO, "Input/output error";
    6 ENXIO = NXIO, "Device not configured";
    7 E2BIG = TOOBIG, "Argument list too long";
    8 ENOEXEC = NOEXEC, "Exec format error";
    9 EBADF = BADF, "Bad file descriptor";
    10 ECHILD = CHILD, "No child processes";
    11 EDEADLK = DEADLK, "Resource deadlock avoided";
    12 ENOMEM = NOMEM, "Cannot allocate memory";
    13 EACCES = ACCES, "Permission denied";
    14 EFAULT = FAULT, "Bad address";
    15 ENOTBLK = NOTBLK, "Block device required";
    16 EBUSY = BUSY, "Device busy";
    17 EEXIST = EXIST, "File exists";
    18 EXDEV = XDEV, "Cross-device link";
    19 ENODEV = NODEV, "Operation not supported by device";
    20 ENOTDIR = NOTDIR, "Not a directory";
    21 EISDIR = ISDIR, "Is a directory";
    22 EINVAL = INVAL, "Invalid argument";
    23 ENFILE = NFILE, "Too many open files in system";
    24 EMFILE = MFILE, "Too many open files";
    25 ENOTTY = NOTTY, "Inappropriate ioctl for device";
    26 ETXTBSY = TXTBSY, "Text file busy";
    27 EFBIG = FBIG, "File too large";
    28 ENOSPC = NOSPC, "No space left on device";
    29 ESPIPE = SPIPE, "Illegal seek";
    30 EROFS = ROFS, "Read-only file system";
    31 EMLINK = MLINK, "Too many links";
    32 EPIPE = PIPE, "Broken pipe";
    33 EDOM = DOM, "Numerical argument out of domain";
    34 ERANGE = RANGE, "Result too large";
    35 EAGAIN = AGAIN, "Resource temporarily unavailable";
    36 EINPROGRESS = INPROGRESS, "Operation now in progress";
    37 EALREADY = ALREADY, "Operation already in progress";
    38 ENOTSOCK = NOTSOCK, "Socket operation on non-socket";
    39 EDESTADDRREQ = DESTADDRREQ, "Destination address required";
    40 EMSGSIZE = MSGSIZE, "Message too long";
    41 EPROTOTYPE = PROTOTYPE, "Protocol wrong type for socket";
    42 ENOPROTOOPT = NOPROTOOPT, "Protocol not available";
    43 EPROTONOSUPPORT = PROTONOSUPPORT, "Protocol not supported";
    44 ESOCKTNOSUPPORT = SOCKTNOSUPPORT, "Socket type not supported";
    45 EOPNOTSUPP = OPNOTSUPP, "Operation not supported";
    46 EPFNOSUPPORT = PFNOSUPPORT, "Protocol family not supported";
    47 EAFNOSUPPORT = AFNOSUPPORT, "Address family not supported by protocol family";
    48 EADDRINUSE = ADDRINUSE, "Address already in use";
    49 EADDRNOTAVAIL = ADDRNOTAVAIL, "Can't assign requested address";
    50 ENETDOWN = NETDOWN, "Network is down";
    51 ENETUNREACH = NETUNREACH, "Network is unreachable";
    52 ENETRESET = NETRESET, "Network dropped connection on reset";
    53 ECONNABORTED = CONNABORTED, "Software caused connection abort";
    54 ECONNRESET = CONNRESET, "Connection reset by peer";
    55 ENOBUFS = NOBUFS, "No buffer space available";
    56 EISCONN = ISCONN, "Socket is already connected";
    57 ENOTCONN = NOTCONN, "Socket is not connected";
    58 ESHUTDOWN = SHUTDOWN, "Can't send after socket shutdown";
    59 ETOOMANYREFS = TOOMANYREFS, "Too many references: can't splice";
    60 ETIMEDOUT = TIMEDOUT, "Operation timed out";
    61 ECONNREFUSED = CONNREFUSED, "Connection refused";
    62 ELOOP = LOOP, "Too many levels of symbolic links";
    63 ENAMETOOLONG = NAMETOOLONG, "File name too long";
    64 EHOSTDOWN = HOSTDOWN, "Host is down";
    65 EHOSTUNREACH = HOSTUNREACH, "No route to host";
    66 ENOTEMPTY = NOTEMPTY, "Directory not empty";
    67 EPROCLIM, "Too many processes";
    68 EUSERS = USERS, "Too many users";
    69 EDQUOT = DQUOT, "Disc quota exceeded";
    70 ESTALE = STALE, "Stale NFS file handle";
    71 EREMOTE = REMOTE, "Too many levels of remote in path";
    72 EBADRPC, "RPC struct is bad";
    73 ERPCMISMATCH, "RPC version wrong";
    74 EPROGUNAVAIL, "RPC prog. not avail";
    75 EPROGMISMATCH, "Program version wrong";
    76 EPROCUNAVAIL, "Bad procedure for program";
    77 ENOLCK = NOLCK, "No locks available";
    78 ENOSYS = NOSYS, "Function not implemented";
    79 EFTYPE, "Inappropriate file type or format";
    80 EAUTH, "Authentication error";
    81 ENEEDAUTH, "Need authenticator";
    82 EIDRM = IDRM, "Identifier removed";
    83 ENOMSG = NOMSG, "No message of desired type";
    84 EOVERFLOW = OVERFLOW, "Value too large to be stored in data type";
    85 ECANCELED = CANCELED, "Operation canceled";
    86 EILSEQ = ILSEQ, "Illegal byte sequence";
    87 ENOATTR = NODATA, "Attribute not found";
    88 EDOOFUS, "Programming error";
    89 EBADMSG = BADMSG, "Bad message";
    90 EMULTIHOP = MULTIHOP, "Multihop attempted";
    91 ENOLINK = NOLINK, "Link has been severed";
    92 EPROTO = PROTO, "Protocol error";
    93 ENOTCAPABLE, "Capabilities insufficient";
    94 ECAPMODE, "Not permitted in capability mode";
    95 ENOTRECOVERABLE = NOTRECOVERABLE, "State not recoverable";
    96 EOWNERDEAD = OWNERDEAD, "Previous owner died";
    97 EINTEGRITY = UCLEAN, "Integrity check failed";
}

/// Errors of the host that FreeBSD does not have, and the one it reports where the host would report them.
const NEAREST: &[(Errno, i32)] = {
    use number::*;
    &[
        // System V streams and ISDN, which no host call that a guest reaches reports; the kernel's own meaning
        // of each is an argument or a device that is not right.
        (Errno::CHRNG, EINVAL),
        (Errno::L2NSYNC, EIO),
        (Errno::L3HLT, EIO),
        (Errno::L3RST, EIO),
        (Errno::LNRNG, EINVAL),
        (Errno::UNATCH, ENXIO),
        (Errno::NOCSI, ENXIO),
        (Errno::L2HLT, EIO),
        (Errno::BADE, EINVAL),
        (Errno::BADR, EINVAL),
        (Errno::XFULL, ENOSPC),
        (Errno::NOANO, ENXIO),
        (Errno::BADRQC, EINVAL),
        (Errno::BADSLT, EINVAL),
        (Errno::BFONT, EINVAL),
        (Errno::NOSTR, ENOTTY),
        (Errno::TIME, ETIMEDOUT),
        (Errno::NOSR, ENOBUFS),
        (Errno::NONET, ENETDOWN),
        (Errno::NOPKG, ENOPROTOOPT),
        (Errno::ADV, EREMOTE),
        (Errno::SRMNT, EREMOTE),
        (Errno::COMM, EIO),
        (Errno::DOTDOT, EIO),
        (Errno::NOTUNIQ, EEXIST),
        (Errno::BADFD, EBADF),
        (Errno::REMCHG, EIO),
        (Errno::STRPIPE, EPIPE),
        // `execve` on files that are not whole.
        (Errno::LIBACC, ENOENT),
        (Errno::LIBBAD, ENOEXEC),
        (Errno::LIBSCN, ENOEXEC),
        (Errno::LIBMAX, ENOEXEC),
        (Errno::LIBEXEC, ENOEXEC),
        // Never leaves a host kernel; a guest that saw it would have been interrupted.
        (Errno::RESTART, EINTR),
        // Xenix files, which no file system has.
        (Errno::NOTNAM, EINVAL),
        (Errno::NAVAIL, ENOSPC),
        (Errno::ISNAM, EISDIR),
        // Devices: FreeBSD's drivers report a fault of the device or its absence.
        (Errno::REMOTEIO, EIO),
        (Errno::NOMEDIUM, ENXIO),
        (Errno::MEDIUMTYPE, EFTYPE),
        (Errno::HWPOISON, EFAULT),
        (Errno::RFKILL, ENETDOWN),
        // Encrypted file systems: the key decides about access.
        (Errno::NOKEY, EACCES),
        (Errno::KEYEXPIRED, EACCES),
        (Errno::KEYREVOKED, EACCES),
        (Errno::KEYREJECTED, EACCES),
    ]
};

/// FreeBSD's number for each of the host's. The compilation stops when one has none.
static FROM_HOST: [u8; HOST_LAST + 1] = {
    let mut table = [0; HOST_LAST + 1];
    let mut number = 1;
    while number <= LAST as usize {
        let host = ERRORS[number].host as usize;
        assert!(host == 0 || table[host] == 0, "two errors for one of the host");
        table[host] = number as u8;
        number += 1;
    }
    let mut at = 0;
    while at < NEAREST.len() {
        let host = NEAREST[at].0.raw() as usize;
        assert!(table[host] == 0, "an error with a counterpart needs no nearest one");
        table[host] = NEAREST[at].1 as u8;
        at += 1;
    }
    table[0] = 0;
    let mut host = 1;
    while host <= HOST_LAST {
        let unused = host == HOST_UNUSED[0] || host == HOST_UNUSED[1];
        assert!((table[host] == 0) == unused, "an error of the host without a number here");
        host += 1;
    }
    table
};

/// Neutral errors from here on are FreeBSD's own numbers, for what only FreeBSD reports.
const OWN: i32 = 0x1_0000;

/// An error that only FreeBSD has, by its number.
pub const fn own(number: i32) -> Errno {
    Errno(OWN + number)
}

/// FreeBSD's number for an error of the host or of a server. What neither knows is an invalid argument.
#[inline]
pub fn from_host(error: Errno) -> i32 {
    if (OWN..=OWN + LAST).contains(&error.raw()) {
        return error.raw() - OWN;
    }
    match FROM_HOST.get(error.raw() as usize) {
        Some(&number) if number != 0 => i32::from(number),
        _ => number::EINVAL,
    }
}

/// The host's error for FreeBSD's number, where it has the same.
pub fn to_host(number: i32) -> Option<Errno> {
    match entry(number)?.host {
        0 => None,
        host => Some(Errno(host)),
    }
}

/// The name in sys/errno.h.
pub fn name(number: i32) -> Option<&'static str> {
    entry(number).map(|entry| entry.name)
}

/// What `strerror` says.
pub fn message(number: i32) -> Option<&'static str> {
    entry(number).map(|entry| entry.message)
}

fn entry(number: i32) -> Option<&'static Entry> {
    let entry = ERRORS.get(usize::try_from(number).ok()?)?;
    if entry.name.is_empty() { None } else { Some(entry) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_with_a_counterpart_go_there_and_back() {
        let mut pairs = 0;
        for number in 1..=LAST {
            if let Some(host) = to_host(number) {
                assert_eq!(from_host(host), number, "{}", name(number).unwrap());
                pairs += 1;
            }
        }
        assert_eq!(pairs, 85);
    }

    #[test]
    fn every_error_of_the_host_has_a_number_with_a_name() {
        for error in Errno::ALL {
            assert!(name(from_host(*error)).is_some(), "{error}");
        }
    }

    #[test]
    fn names_are_the_same_where_the_error_is() {
        for number in 1..=LAST {
            let Some(host) = to_host(number) else { continue };
            if !matches!(host, Errno::NODATA | Errno::UCLEAN) {
                assert_eq!(name(number), host.name());
            }
        }
    }

    #[test]
    fn what_is_no_error_has_no_name() {
        for number in [0, -1, 98, i32::MIN, i32::MAX] {
            assert!(name(number).is_none() && message(number).is_none() && to_host(number).is_none());
        }
        assert_eq!(from_host(Errno(0)), number::EINVAL);
        assert_eq!(from_host(Errno(41)), number::EINVAL);
        assert_eq!(from_host(Errno(-5)), number::EINVAL);
    }

    #[test]
    fn errors_of_its_own_stay_what_they_are() {
        assert_eq!(from_host(own(number::EFTYPE)), number::EFTYPE);
        assert_eq!(from_host(own(number::ENOTCAPABLE)), 93);
        assert_eq!(from_host(Errno(OWN + LAST + 1)), number::EINVAL);
    }

    #[test]
    fn numbers_that_differ_are_translated() {
        assert_eq!(from_host(Errno::AGAIN), 35);
        assert_eq!(from_host(Errno::DEADLK), 11);
        assert_eq!(from_host(Errno::NOSYS), 78);
        assert_eq!(from_host(Errno::NODATA), 87);
        assert_eq!(message(78), Some("Function not implemented"));
    }
}
