@0xa7d4c1f0be520401;
# Processes. A guest's process number is its host process number. Signals are neutral numbers: 1 to 31 as on Linux,
# 32 to 64 real-time, 65 and up those that Linux lacks (SIGEMT 65, SIGINFO 66, ...: see schemas::signal).

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;
using Common = import "common.capnp";

$subsystem(0x02);

struct GetPid $operation(id = 0x0201, server = proc, flavour = cached, idempotent = true) {
  # Tells the caller's process and thread numbers.

  struct Params {}
  struct Results {
    pid @0 :Int32;
    thread @1 :Int32;
  }
}

struct GetParent $operation(id = 0x0202, server = stub, flavour = local, idempotent = true) {
  # Tells the parent's process number.

  struct Params {}
  struct Results {
    pid @0 :Int32 $traced(decimal);
  }
}

struct GetGroup $operation(id = 0x0203, server = stub, flavour = local, idempotent = true) {
  # Tells the process group of a process; 0 means the caller.

  struct Params {
    pid @0 :Int32 $traced(decimal);
  }
  struct Results {
    group @0 :Int32;
  }
}

struct SetGroup $operation(id = 0x0204, server = stub, flavour = local, idempotent = true) {
  # Moves a process into a process group, as setpgid(2).

  struct Params {
    pid @0 :Int32 $traced(decimal);
    group @1 :Int32 $traced(decimal);
  }
  struct Results {}
}

struct GetSession $operation(id = 0x0205, server = stub, flavour = local, idempotent = true) {
  # Tells the session of a process; 0 means the caller.

  struct Params {
    pid @0 :Int32 $traced(decimal);
  }
  struct Results {
    session @0 :Int32;
  }
}

struct SetSession $operation(id = 0x0206, server = stub, flavour = local) {
  # Starts a session, as setsid(2).

  struct Params {}
  struct Results {
    session @0 :Int32 $traced(decimal);
  }
}

struct Fork $operation(id = 0x0207, server = stub, flavour = local) {
  # Copies the process. The child registers with the mapper at its first mapped call.

  struct Params {
    flags @0 :UInt64 $traced(hexadecimal);  # CLONE_* of Linux
    exitSignal @1 :UInt32 $traced(signal);  # what the parent gets when the child ends
  }
  struct Results {
    pid @0 :Int32 $traced(decimal);
  }
}

struct Spawn $operation(id = 0x0208, server = stub, flavour = local) {
  # Starts a child that shares the memory until it runs another program: vfork(2), rfork(2) with RFMEM, posix_spawn.

  struct Params {
    flags @0 :UInt64 $traced(hexadecimal);  # CLONE_* of Linux
    path @1 :Data $traced(bytes);           # empty when the child chooses later
  }
  struct Results {
    pid @0 :Int32 $traced(decimal);
  }
}

struct Exit $operation(id = 0x0209, server = stub, flavour = local) {
  # Ends the process, as exit_group(2).

  struct Params {
    status @0 :Int32 $traced(decimal);
  }
  struct Results {}
}

struct Wait $operation(id = 0x020a, server = stub, flavour = local) {
  # Waits for a child, as waitid(2) and wait4(2).

  struct Params {
    pid @0 :Int32 $traced(decimal);            # -1 any child, 0 own group, below -1 that group
    options @1 :UInt32 $traced(hexadecimal);   # W* of Linux
  }
  struct Results {
    pid @0 :Int32 $traced(decimal);
    status @1 :Int32 $traced(hexadecimal);     # as Linux encodes it
    usage @2 :Common.Usage;
  }
}

struct Kill $operation(id = 0x020b, server = proc, flavour = mapped) {
  # Sends a signal. The server finds the targets, checks that each target's OS knows the signal (EINVAL where a
  # single target does not; others are left out of a group) and that the caller may (EPERM). ESRCH when there is
  # nobody.

  struct Params {
    pid @0 :Int32 $traced(decimal);     # as kill(2): above 0 a process, 0 own group, -1 all, below -1 that group
    thread @1 :Int32 $traced(decimal);  # above 0: this thread of pid only
    signal @2 :UInt32 $traced(signal);  # 0 asks only whether it would be allowed
    queued @3 :Bool;                    # with value, as sigqueue(3)
    value @4 :UInt64;
    code @5 :Int32;                     # si_code of Linux, when queued
  }
  struct Results {
    targets @0 :Common.SignalTargets;
    # Those that the caller's stub signals itself, so that the receiver sees the true sender. The server has done
    # the others.
  }
}

struct List $operation(id = 0x020c, server = proc, flavour = mapped, idempotent = true) {
  # Lists the guests of the world that the caller may see.

  struct Params {
    personality @0 :UInt8 $traced(decimal);  # 0: of every OS
    pid @1 :Int32 $traced(decimal);          # above 0: this one only
    after @2 :Int32;                         # only numbers above this, to go on after a full reply
  }
  struct Results {
    processes @0 :Common.Processes $traced(length);
    more @1 :Bool;  # the reply was full: ask again with after
  }
}

struct SetPriority $operation(id = 0x020d, server = stub, flavour = local, idempotent = true) {
  # Sets the nice value, as setpriority(2).

  struct Params {
    which @0 :UInt32 $traced(decimal);  # PRIO_*
    who @1 :Int32 $traced(decimal);
    priority @2 :Int32 $traced(decimal);
  }
  struct Results {}
}

struct GetPriority $operation(id = 0x020e, server = stub, flavour = local, idempotent = true) {
  # Tells the nice value, as getpriority(2).

  struct Params {
    which @0 :UInt32 $traced(decimal);
    who @1 :Int32 $traced(decimal);
  }
  struct Results {
    priority @0 :Int32 $traced(decimal);
  }
}

struct Schedule $operation(id = 0x020f, server = stub, flavour = local) {
  # Gets or sets the scheduling policy and its parameter, or gives up the processor.

  enum Action { yield @0; get @1; set @2; interval @3; range @4; }

  struct Params {
    action @0 :Action;
    pid @1 :Int32 $traced(decimal);
    policy @2 :Int32 $traced(decimal);  # SCHED_*
    priority @3 :Int32 $traced(decimal);
  }
  struct Results {
    policy @0 :Int32;
    priority @1 :Int32;
    maximum @2 :Int32;
    interval @3 :Common.Time;
  }
}

struct Control $operation(id = 0x0210, server = stub, flavour = local) {
  # Attributes of the process itself: prctl(2), procctl(2), personality(2), arch_prctl(2).

  struct Params {
    code @0 :UInt32 $traced(hexadecimal);  # PR_* of Linux where there is one
    first @1 :UInt64 $traced(hexadecimal);
    second @2 :UInt64 $traced(hexadecimal);
  }
  struct Results {
    value @0 :Int64 $traced(hexadecimal);
  }
}

struct Limits $operation(id = 0x0211, server = stub, flavour = local, idempotent = true) {
  # Gets and sets resource limits, as prlimit(2).

  struct Params {
    pid @0 :Int32 $traced(decimal);
    resource @1 :UInt32 $traced(decimal);  # RLIMIT_* of Linux
    set @2 :Bool $traced(flag);
    current @3 :UInt64 $traced(hexadecimal);
    maximum @4 :UInt64 $traced(hexadecimal);
  }
  struct Results {
    current @0 :UInt64 $traced(hexadecimal);  # as they were before
    maximum @1 :UInt64 $traced(hexadecimal);
  }
}

struct Usage $operation(id = 0x0212, server = stub, flavour = local, idempotent = true) {
  # Tells what was used, as getrusage(2) and times(2).

  struct Params {
    who @0 :Int32 $traced(decimal);  # RUSAGE_*
  }
  struct Results {
    usage @0 :Common.Usage;
  }
}

struct Trace $operation(id = 0x0213, server = stub, flavour = local) {
  # Debugging of another process, as ptrace(2).

  struct Params {
    request @0 :UInt32 $traced(decimal);
    pid @1 :Int32 $traced(decimal);
    address @2 :UInt64 $traced(address);
    data @3 :UInt64 $traced(hexadecimal);
  }
  struct Results {
    value @0 :Int64;
  }
}
