@0xa7d4c1f0be520a01;
# Operations on paths.
#
# Under a donated directory the stub carries them out itself; under a server's mount it asks. Every path is given as
# the identifier of the mount it was found under and the rest below that mount's prefix, without a leading slash;
# the empty path is the mount's root. Paths are bytes. When atDirectory is set, received[0] is a directory and path
# is relative to it (for two paths: the directories in the order of the paths).
#
# A reply with a redirect did nothing else: a symbolic link or a mount point led out of the server, and the redirect
# is the absolute path that the stub looks up in its place.
#
# Open flags, modes and all other bits are those of Linux on x86-64 (asm-generic/fcntl.h, linux/stat.h).

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;
using Common = import "common.capnp";

$subsystem(0x08);

struct Open $operation(id = 0x0801, server = fs, also = [term, device], flavour = direct) {
  # Opens, and with O_CREAT creates, a file. The reply's donated[0] is the descriptor.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    flags @3 :UInt32 $traced(hexadecimal);
    mode @4 :UInt32 $traced(octal);         # umask already applied
    resolve @5 :UInt64;                     # RESOLVE_* of openat2(2)
  }
  struct Results {
    redirect @0 :Data $traced(bytes);
    kind @1 :Common.Capability;
    object @2 :UInt64 $traced(decimal);     # the server's name for it, 0 when the descriptor says it all
    server @3 :UInt32;                      # filled in by the mapper: where operations on object go
    seekable @4 :Bool;
    rawDevice @5 :UInt64;                   # of a device: what its stat says
    flags @6 :UInt32;                       # status flags in effect, O_*
  }
}

struct Stat $operation(id = 0x0802, server = fs, also = [term, device], flavour = direct, idempotent = true) {
  # Tells about a file, as statx(2).

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    follow @3 :Bool = true $traced(flag);
  }
  struct Results {
    redirect @0 :Data;
    stat @1 :Common.Stat;
  }
}

struct Access $operation(id = 0x0803, server = fs, also = [term, device], flavour = direct, idempotent = true) {
  # Tells whether the caller may: EACCES when not, as faccessat2(2).

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    mode @3 :UInt32 $traced(octal);  # R_OK 4, W_OK 2, X_OK 1, F_OK 0
    effective @4 :Bool;              # with the effective identities
    follow @5 :Bool = true;
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct ReadLink $operation(id = 0x0804, server = fs, also = [device], flavour = direct, idempotent = true) {
  # Tells where a symbolic link points; EINVAL when it is none.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
  }
  struct Results {
    redirect @0 :Data;
    target @1 :Data $traced(bytes);
  }
}

struct MakeDirectory $operation(id = 0x0805, server = fs, flavour = direct) {
  # As mkdirat(2).

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    mode @3 :UInt32 $traced(octal);
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct Remove $operation(id = 0x0806, server = fs, flavour = direct) {
  # As unlinkat(2): a name, or with directory an empty directory.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    directory @3 :Bool $traced(flag);
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct Rename $operation(id = 0x0807, server = fs, flavour = direct) {
  # As renameat2(2). EXDEV when the mounts differ.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    newMount @3 :UInt32 $traced(decimal);
    newPath @4 :Data $traced(bytes);
    newAtDirectory @5 :Bool;
    flags @6 :UInt32 $traced(hexadecimal);  # RENAME_*
  }
  struct Results {
    redirect @0 :Data;
    newRedirect @1 :Data;
  }
}

struct Link $operation(id = 0x0808, server = fs, flavour = direct) {
  # Gives a file a further name, as linkat(2). EXDEV when the mounts differ.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    newMount @3 :UInt32 $traced(decimal);
    newPath @4 :Data $traced(bytes);
    newAtDirectory @5 :Bool;
    follow @6 :Bool;
  }
  struct Results {
    redirect @0 :Data;
    newRedirect @1 :Data;
  }
}

struct SymbolicLink $operation(id = 0x0809, server = fs, flavour = direct) {
  # As symlinkat(2).

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    target @3 :Data $traced(bytes);
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct MakeNode $operation(id = 0x080a, server = fs, flavour = direct) {
  # As mknodat(2): a fifo, socket, device node or plain file.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    mode @3 :UInt32 $traced(octal);
    rawDevice @4 :UInt64 $traced(hexadecimal);
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct SetMode $operation(id = 0x080b, server = fs, also = [term, device], flavour = direct, idempotent = true) {
  # As fchmodat(2); with fileFlags as chflagsat(2) of BSD.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    mode @3 :UInt32 $traced(octal);
    follow @4 :Bool = true;
    fileFlags @5 :Bool $traced(flag);  # mode holds BSD file flags
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct SetOwner $operation(id = 0x080c, server = fs, also = [term, device], flavour = direct, idempotent = true) {
  # As fchownat(2): 0xffffffff keeps one.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    user @3 :UInt32 = 0xffffffff $traced(decimal);
    group @4 :UInt32 = 0xffffffff $traced(decimal);
    follow @5 :Bool = true;
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct SetTimes $operation(id = 0x080d, server = fs, also = [term, device], flavour = direct, idempotent = true) {
  # As utimensat(2), nanoseconds UTIME_NOW and UTIME_OMIT of Linux included.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    accessed @3 :Common.Time;
    modified @4 :Common.Time;
    follow @5 :Bool = true;
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct Truncate $operation(id = 0x080e, server = fs, flavour = direct, idempotent = true) {
  # As truncate(2).

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    size @3 :Int64 $traced(decimal);
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct StatFilesystem $operation(id = 0x080f, server = fs, flavour = direct, idempotent = true) {
  # Tells about the file system that holds a path, as statfs(2).

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
  }
  struct Results {
    redirect @0 :Data;
    stat @1 :Common.FilesystemStat;
  }
}

struct GetAttribute $operation(id = 0x0810, server = fs, flavour = direct, idempotent = true) {
  # Reads an extended attribute. Names carry the namespace of Linux: "user.colour". ENODATA when there is none.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    name @3 :Data $traced(bytes);
    follow @4 :Bool = true;
  }
  struct Results {
    redirect @0 :Data;
    value @1 :Data $traced(length);
  }
}

struct SetAttribute $operation(id = 0x0811, server = fs, flavour = direct, idempotent = true) {
  # Writes an extended attribute.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    name @3 :Data $traced(bytes);
    value @4 :Data $traced(length);
    flags @5 :UInt32 $traced(hexadecimal);  # XATTR_*
    follow @6 :Bool = true;
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct ListAttributes $operation(id = 0x0812, server = fs, flavour = direct, idempotent = true) {
  # Lists the names of the extended attributes.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    follow @3 :Bool = true;
  }
  struct Results {
    redirect @0 :Data;
    names @1 :List(Data) $traced(length);
  }
}

struct RemoveAttribute $operation(id = 0x0813, server = fs, flavour = direct) {
  # Removes an extended attribute.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    name @3 :Data $traced(bytes);
    follow @4 :Bool = true;
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct ChangeDirectory $operation(id = 0x0814, server = fs, flavour = direct, idempotent = true) {
  # Makes a directory the working one. donated[0] is a directory descriptor, or for a translator's directory a
  # listing; the stub keeps object and resolves relative paths against it.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
  }
  struct Results {
    redirect @0 :Data;
    kind @1 :Common.Capability;
    object @2 :UInt64;
    server @3 :UInt32;  # filled in by the mapper
  }
}

struct ChangeRoot $operation(id = 0x0815, server = fs, flavour = mapped, idempotent = true) {
  # Makes a directory the root of the caller. donated[0] is the directory; EPERM where the deployment forbids it.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
  }
  struct Results {
    redirect @0 :Data;
  }
}

struct Mount $operation(id = 0x0816, server = fs, flavour = mapped) {
  # Mounts a translator. Answered by the mapper, which owns the mount table. EPERM where the deployment forbids it,
  # ENODEV for an unknown type.

  struct Params {
    source @0 :Data $traced(bytes);
    target @1 :Data $traced(bytes);
    type @2 :Data $traced(bytes);
    flags @3 :UInt64 $traced(hexadecimal);  # MS_*
    options @4 :Data $traced(bytes);
  }
  struct Results {
    mount @0 :UInt32 $traced(decimal);
  }
}

struct Unmount $operation(id = 0x0817, server = fs, flavour = mapped) {
  # Takes a mount away. EINVAL when target is no mount point, EBUSY while it is used and flags do not say detach.

  struct Params {
    target @0 :Data $traced(bytes);
    flags @1 :UInt32 $traced(hexadecimal);  # MNT_* of umount2(2)
  }
  struct Results {}
}

struct Watch $operation(id = 0x0818, server = fs, flavour = direct) {
  # Adds a path to a watch descriptor, as inotify_add_watch(2). received[0] is the watch descriptor; a directory
  # follows it.

  struct Params {
    mount @0 :UInt32 $traced(decimal);
    path @1 :Data $traced(bytes);
    atDirectory @2 :Bool;
    mask @3 :UInt32 $traced(hexadecimal);  # IN_*
  }
  struct Results {
    redirect @0 :Data;
    watch @1 :Int32 $traced(decimal);
  }
}
