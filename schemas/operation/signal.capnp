@0xa7d4c1f0be520801;
# Signals as a guest receives them. Handlers and masks are the stub's data. Numbers in these messages are neutral.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;
using Common = import "common.capnp";

$subsystem(0x06);

struct Action $operation(id = 0x0601, server = stub, flavour = local, idempotent = true) {
  # Sets or tells how a signal is handled, as sigaction(2).

  struct Params {
    signal @0 :UInt32 $traced(signal);
    handler @1 :UInt64 $traced(address);  # 0 default, 1 ignored
    flags @2 :UInt64 $traced(hexadecimal);  # SA_* of Linux
    mask @3 :UInt64 $traced(hexadecimal);
    set @4 :Bool;
  }
  struct Results {
    handler @0 :UInt64 $traced(address);
    flags @1 :UInt64;
    mask @2 :UInt64;
  }
}

struct Mask $operation(id = 0x0602, server = stub, flavour = local, idempotent = true) {
  # Changes or tells the thread's blocked signals, as sigprocmask(2).

  struct Params {
    how @0 :UInt32 $traced(decimal);  # SIG_* of Linux
    mask @1 :UInt64 $traced(hexadecimal);
  }
  struct Results {
    mask @0 :UInt64 $traced(hexadecimal);
  }
}

struct Pending $operation(id = 0x0603, server = stub, flavour = local, idempotent = true) {
  # Tells which blocked signals wait.

  struct Params {}
  struct Results {
    mask @0 :UInt64 $traced(hexadecimal);
  }
}

struct Suspend $operation(id = 0x0604, server = stub, flavour = local) {
  # Waits for a signal with another mask, as sigsuspend(2) and pause(2).

  struct Params {
    mask @0 :UInt64 $traced(hexadecimal);
  }
  struct Results {}
}

struct Stack $operation(id = 0x0605, server = stub, flavour = local, idempotent = true) {
  # Sets or tells the stack that handlers run on, as sigaltstack(2).

  struct Params {
    address @0 :UInt64 $traced(address);
    size @1 :UInt64 $traced(decimal);
    flags @2 :UInt32 $traced(hexadecimal);
    set @3 :Bool;
  }
  struct Results {
    address @0 :UInt64 $traced(address);
    size @1 :UInt64;
    flags @2 :UInt32;
  }
}

struct Wait $operation(id = 0x0606, server = stub, flavour = local) {
  # Takes a waiting signal without its handler, as sigtimedwait(2).

  struct Params {
    mask @0 :UInt64 $traced(hexadecimal);
    timeout @1 :Common.Time;
    timed @2 :Bool $traced(flag);
  }
  struct Results {
    signal @0 :UInt32 $traced(signal);
  }
}

struct Return $operation(id = 0x0607, server = stub, flavour = local) {
  # Goes back from a handler to what it interrupted, as sigreturn(2) and setcontext(2).

  struct Params {
    context @0 :UInt64 $traced(address);
  }
  struct Results {}
}

struct Queue $operation(id = 0x0608, server = proc, flavour = mapped) {
  # Sends a signal with a value to a process or to one thread of it, as sigqueue(3), rt_sigqueueinfo(2) and
  # rt_tgsigqueueinfo(2). Checks and errors as proc.kill.

  struct Params {
    pid @0 :Int32 $traced(decimal);
    thread @1 :Int32 $traced(decimal);
    signal @2 :UInt32 $traced(signal);
    value @3 :UInt64 $traced(hexadecimal);
    code @4 :Int32 $traced(decimal);  # si_code of Linux
  }
  struct Results {
    hostSignal @0 :UInt32 $traced(decimal);
    # Not 0: the stub queues this host signal itself, so that the receiver sees the true sender. 0: it is done.
  }
}
