@0xa7d4c1f0be520b01;
# Operations on descriptors.
#
# The stub carries them out on the host descriptor, which has the guest's number. Where a route sends one to the
# server instead, received[0] is that descriptor and object the server's name for it, as told when it was opened;
# object 0 means that the descriptor says it all.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;
using Common = import "common.capnp";

$subsystem(0x09);

struct Read $operation(id = 0x0901, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # As read(2), from where the descriptor stands.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    length @2 :UInt64 $traced(decimal);
  }
  struct Results {
    data @0 :Data $traced(length);
    shared @1 :UInt64 $traced(decimal);  # bytes that are in a memory object instead: donated[0]
  }
}

struct Write $operation(id = 0x0902, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # As write(2), to where the descriptor stands.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    data @2 :Data $traced(length);
  }
  struct Results {
    written @0 :UInt64 $traced(decimal);
  }
}

struct ReadVector $operation(id = 0x0903, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # As preadv2(2): length is that of all buffers together.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    length @2 :UInt64 $traced(decimal);
    count @3 :UInt32 $traced(decimal);
    offset @4 :Int64 = -1 $traced(decimal);  # -1: where the descriptor stands
    flags @5 :UInt32 $traced(hexadecimal);   # RWF_*
  }
  struct Results {
    data @0 :Data $traced(length);
  }
}

struct WriteVector $operation(id = 0x0904, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # As pwritev2(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    data @2 :Data $traced(length);          # all buffers in a row
    count @3 :UInt32 $traced(decimal);
    offset @4 :Int64 = -1 $traced(decimal);  # -1: where the descriptor stands
    flags @5 :UInt32 $traced(hexadecimal);   # RWF_*
  }
  struct Results {
    written @0 :UInt64 $traced(decimal);
  }
}

struct PositionRead $operation(id = 0x0905, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As pread(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    length @2 :UInt64 $traced(decimal);
    offset @3 :Int64 $traced(decimal);
  }
  struct Results {
    data @0 :Data $traced(length);
  }
}

struct PositionWrite $operation(id = 0x0906, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As pwrite(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    data @2 :Data $traced(length);
    offset @3 :Int64 $traced(decimal);
  }
  struct Results {
    written @0 :UInt64 $traced(decimal);
  }
}

struct Seek $operation(id = 0x0907, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # As lseek(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    offset @2 :Int64 $traced(decimal);
    whence @3 :UInt32 $traced(decimal);  # SEEK_* of Linux
  }
  struct Results {
    offset @0 :Int64 $traced(decimal);
  }
}

struct Stat $operation(id = 0x0908, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As fstat(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
  }
  struct Results {
    stat @0 :Common.Stat;
  }
}

struct Truncate $operation(id = 0x0909, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As ftruncate(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    size @2 :Int64 $traced(decimal);
  }
  struct Results {}
}

struct Allocate $operation(id = 0x090a, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As fallocate(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    mode @2 :UInt32 $traced(hexadecimal);
    offset @3 :Int64 $traced(decimal);
    length @4 :Int64 $traced(decimal);
  }
  struct Results {}
}

struct Synchronize $operation(id = 0x090b, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As fsync(2), fdatasync(2), sync_file_range(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    dataOnly @2 :Bool $traced(flag);
    offset @3 :Int64;
    length @4 :Int64;  # 0: all of it
  }
  struct Results {}
}

struct Advise $operation(id = 0x090c, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As posix_fadvise(2) and readahead(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    offset @2 :Int64 $traced(decimal);
    length @3 :Int64 $traced(decimal);
    advice @4 :UInt32 $traced(decimal);  # POSIX_FADV_* of Linux
  }
  struct Results {}
}

struct ReadDirectory $operation(id = 0x090d, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # As getdents64(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    length @2 :UInt64 $traced(decimal);
  }
  struct Results {
    entries @0 :Data $traced(length);  # linux_dirent64 records
    position @1 :Int64;
  }
}

struct Duplicate $operation(id = 0x090e, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # As dup3(2) and F_DUPFD.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    target @2 :Int32 $traced(descriptor);   # -1: the lowest free one from minimum
    minimum @3 :Int32;
    flags @4 :UInt32 $traced(hexadecimal);   # O_CLOEXEC
  }
  struct Results {
    descriptor @0 :Int32 $traced(descriptor);
  }
}

struct Close $operation(id = 0x090f, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # As close(2); with last as close_range(2) and closefrom(2). With closeOnExec it only marks them.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    last @2 :Int32 = -1 $traced(descriptor);  # not below descriptor: all up to it
    closeOnExec @3 :Bool $traced(flag);
  }
  struct Results {}
}

struct Control $operation(id = 0x0910, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # As fcntl(2), record locks and duplication apart.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    command @2 :UInt32 $traced(decimal);  # F_* of Linux
    argument @3 :Int64 $traced(hexadecimal);
  }
  struct Results {
    value @0 :Int64 $traced(hexadecimal);
  }
}

struct Lock $operation(id = 0x0911, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # Locks all or part of a file. EAGAIN when another holds it and wait is not set. The results answer a test.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    kind @2 :UInt32 $traced(decimal);     # 0 flock(2), 1 process record lock, 2 open-file record lock
    type @3 :UInt32 $traced(decimal);     # F_RDLCK 0, F_WRLCK 1, F_UNLCK 2
    wait @4 :Bool $traced(flag);
    test @5 :Bool;
    whence @6 :UInt32;
    start @7 :Int64 $traced(decimal);
    length @8 :Int64 $traced(decimal);    # 0: to the end
  }
  struct Results {
    type @0 :UInt32;
    whence @1 :UInt32;
    start @2 :Int64;
    length @3 :Int64;
    pid @4 :Int32 $traced(decimal);
  }
}

struct SetMode $operation(id = 0x0912, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As fchmod(2) and fchflags(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    mode @2 :UInt32 $traced(octal);
    fileFlags @3 :Bool $traced(flag);  # mode holds BSD file flags
  }
  struct Results {}
}

struct SetOwner $operation(id = 0x0913, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As fchown(2): 0xffffffff keeps one.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    user @2 :UInt32 = 0xffffffff $traced(decimal);
    group @3 :UInt32 = 0xffffffff $traced(decimal);
  }
  struct Results {}
}

struct SetTimes $operation(id = 0x0914, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As futimens(3), UTIME_NOW and UTIME_OMIT of Linux included.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    accessed @2 :Common.Time;
    modified @3 :Common.Time;
  }
  struct Results {}
}

struct Send $operation(id = 0x0915, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # Moves data between descriptors: sendfile(2), splice(2), tee(2), copy_file_range(2), sendfile of BSD.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    source @2 :Int32 $traced(descriptor);        # received[1] when mapped
    offset @3 :Int64 = -1 $traced(decimal);      # in the target; -1: where it stands
    sourceOffset @4 :Int64 = -1 $traced(decimal);
    length @5 :UInt64 $traced(decimal);
    flags @6 :UInt32 $traced(hexadecimal);       # SPLICE_F_*
  }
  struct Results {
    sent @0 :UInt64 $traced(decimal);
    offset @1 :Int64;
    sourceOffset @2 :Int64;
  }
}

struct StatFilesystem $operation(id = 0x0916, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As fstatfs(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
  }
  struct Results {
    stat @0 :Common.FilesystemStat;
  }
}

struct GetAttribute $operation(id = 0x0917, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As fgetxattr(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    name @2 :Data $traced(bytes);
  }
  struct Results {
    value @0 :Data $traced(length);
  }
}

struct SetAttribute $operation(id = 0x0918, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As fsetxattr(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    name @2 :Data $traced(bytes);
    value @3 :Data $traced(length);
    flags @4 :UInt32 $traced(hexadecimal);  # XATTR_*
  }
  struct Results {}
}

struct ListAttributes $operation(id = 0x0919, server = fs, also = [pflocal, pfinet, term, device], flavour = direct, idempotent = true) {
  # As flistxattr(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
  }
  struct Results {
    names @0 :List(Data) $traced(length);
  }
}

struct RemoveAttribute $operation(id = 0x091a, server = fs, also = [pflocal, pfinet, term, device], flavour = direct) {
  # As fremovexattr(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    name @2 :Data $traced(bytes);
  }
  struct Results {}
}
