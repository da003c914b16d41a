@0xa7d4c1f0be520701;
# Threads of a guest: host threads of its process.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;
using Common = import "common.capnp";

$subsystem(0x05);

struct Create $operation(id = 0x0501, server = stub, flavour = local) {
  # Starts a thread: clone(2), clone3(2), thr_new(2), _lwp_create(2).

  struct Params {
    flags @0 :UInt64 $traced(hexadecimal);  # CLONE_* of Linux
    entry @1 :UInt64 $traced(address);
    argument @2 :UInt64 $traced(hexadecimal);
    stack @3 :UInt64 $traced(address);
    stackSize @4 :UInt64 $traced(decimal);
    threadPointer @5 :UInt64 $traced(address);
  }
  struct Results {
    thread @0 :Int32 $traced(decimal);
  }
}

struct Exit $operation(id = 0x0502, server = stub, flavour = local) {
  # Ends the calling thread.

  struct Params {
    status @0 :Int32 $traced(decimal);
    clear @1 :UInt64 $traced(address);  # word that is cleared and woken
  }
  struct Results {}
}

struct Self $operation(id = 0x0503, server = stub, flavour = local, idempotent = true) {
  # Tells the calling thread's number.

  struct Params {}
  struct Results {
    thread @0 :Int32 $traced(decimal);
  }
}

struct Wait $operation(id = 0x0504, server = stub, flavour = local) {
  # Sleeps until a word of memory changes: futex(2) FUTEX_WAIT, _umtx_op(2), _lwp_park(2), futex of OpenBSD.

  struct Params {
    address @0 :UInt64 $traced(address);
    expected @1 :UInt64 $traced(hexadecimal);
    private @2 :Bool;
    kind @3 :UInt32 $traced(decimal);  # the foreign call's own operation number
    timeout @4 :Common.Time;
    absolute @5 :Bool;
  }
  struct Results {}
}

struct Wake $operation(id = 0x0505, server = stub, flavour = local) {
  # Wakes threads that sleep on a word of memory.

  struct Params {
    address @0 :UInt64 $traced(address);
    count @1 :UInt32 $traced(decimal);
    private @2 :Bool;
    kind @3 :UInt32 $traced(decimal);
  }
  struct Results {
    woken @0 :UInt32 $traced(decimal);
  }
}

struct SetBase $operation(id = 0x0506, server = stub, flavour = local, idempotent = true) {
  # Sets or tells the thread pointer: arch_prctl(2), sysarch(2), _lwp_setprivate(2), __set_tcb.

  struct Params {
    address @0 :UInt64 $traced(address);
    get @1 :Bool $traced(flag);
  }
  struct Results {
    address @0 :UInt64 $traced(address);
  }
}

struct Affinity $operation(id = 0x0507, server = stub, flavour = local, idempotent = true) {
  # Tells or sets on which processors a thread may run; also getcpu(2) and membarrier(2).

  struct Params {
    thread @0 :Int32 $traced(decimal);
    set @1 :Bool $traced(flag);
    mask @2 :Data;
  }
  struct Results {
    mask @0 :Data;
  }
}

struct RobustList $operation(id = 0x0508, server = stub, flavour = local, idempotent = true) {
  # Registers what the thread holds when it dies: set_robust_list(2), set_tid_address(2), rseq(2).

  struct Params {
    address @0 :UInt64 $traced(address);
    length @1 :UInt64 $traced(decimal);
  }
  struct Results {}
}
