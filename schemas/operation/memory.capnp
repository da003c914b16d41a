@0xa7d4c1f0be520601;
# The guest's memory: host mappings of its own process.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;

$subsystem(0x04);

struct Map $operation(id = 0x0401, server = stub, flavour = local) {
  # Maps a file or fresh memory, as mmap(2).

  struct Params {
    address @0 :UInt64 $traced(address);
    length @1 :UInt64 $traced(decimal);
    protection @2 :UInt32 $traced(hexadecimal);
    flags @3 :UInt32 $traced(hexadecimal);
    descriptor @4 :Int32 $traced(descriptor);
    offset @5 :UInt64 $traced(hexadecimal);
  }
  struct Results {
    address @0 :UInt64 $traced(address);
  }
}

struct Unmap $operation(id = 0x0402, server = stub, flavour = local, idempotent = true) {
  # Removes mappings, as munmap(2).

  struct Params {
    address @0 :UInt64 $traced(address);
    length @1 :UInt64 $traced(decimal);
  }
  struct Results {}
}

struct Protect $operation(id = 0x0403, server = stub, flavour = local, idempotent = true) {
  # Changes the protection, as mprotect(2).

  struct Params {
    address @0 :UInt64 $traced(address);
    length @1 :UInt64 $traced(decimal);
    protection @2 :UInt32 $traced(hexadecimal);
  }
  struct Results {}
}

struct Advise $operation(id = 0x0404, server = stub, flavour = local) {
  # Says how memory will be used, as madvise(2); also minherit(2) and mincore(2).

  struct Params {
    address @0 :UInt64 $traced(address);
    length @1 :UInt64 $traced(decimal);
    advice @2 :UInt32 $traced(decimal);  # MADV_* of Linux
  }
  struct Results {}
}

struct Sync $operation(id = 0x0405, server = stub, flavour = local, idempotent = true) {
  # Writes a mapping back, as msync(2).

  struct Params {
    address @0 :UInt64 $traced(address);
    length @1 :UInt64 $traced(decimal);
    flags @2 :UInt32 $traced(hexadecimal);
  }
  struct Results {}
}

struct Lock $operation(id = 0x0406, server = stub, flavour = local, idempotent = true) {
  # Keeps pages in memory or lets them go: mlock2(2), munlock(2), mlockall(2), munlockall(2).

  struct Params {
    address @0 :UInt64 $traced(address);
    length @1 :UInt64 $traced(decimal);
    flags @2 :UInt32 $traced(hexadecimal);
    unlock @3 :Bool $traced(flag);
    all @4 :Bool $traced(flag);
  }
  struct Results {}
}

struct Remap $operation(id = 0x0407, server = stub, flavour = local) {
  # Moves or resizes a mapping, as mremap(2).

  struct Params {
    address @0 :UInt64 $traced(address);
    oldLength @1 :UInt64 $traced(decimal);
    newLength @2 :UInt64 $traced(decimal);
    flags @3 :UInt32 $traced(hexadecimal);
    newAddress @4 :UInt64 $traced(address);
  }
  struct Results {
    address @0 :UInt64 $traced(address);
  }
}

struct Break $operation(id = 0x0408, server = stub, flavour = local, idempotent = true) {
  # Moves the end of the data segment, as brk(2).

  struct Params {
    address @0 :UInt64 $traced(address);
  }
  struct Results {
    address @0 :UInt64 $traced(address);
  }
}

struct Share $operation(id = 0x0409, server = stub, flavour = local) {
  # Memory objects shared by name or number: memfd_create(2), shm_open2(2) of FreeBSD, shmget(2), shmat(2), shmdt(2),
  # shmctl(2).

  enum Action { create @0; open @1; attach @2; detach @3; control @4; remove @5; }

  struct Params {
    action @0 :Action;
    name @1 :Data $traced(bytes);
    key @2 :Int64 $traced(decimal);
    size @3 :UInt64 $traced(decimal);
    flags @4 :UInt32 $traced(hexadecimal);
    address @5 :UInt64 $traced(address);
  }
  struct Results {
    value @0 :Int64 $traced(hexadecimal);
  }
}
