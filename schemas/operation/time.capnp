@0xa7d4c1f0be520901;
# Clocks and timers.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;
using Common = import "common.capnp";

$subsystem(0x07);

struct Get $operation(id = 0x0701, server = stub, flavour = local, idempotent = true) {
  # Reads a clock or its resolution.

  struct Params {
    clock @0 :Int32 $traced(decimal);  # CLOCK_* of Linux
    resolution @1 :Bool $traced(flag);
  }
  struct Results {
    time @0 :Common.Time;
  }
}

struct Set $operation(id = 0x0702, server = stub, flavour = local) {
  # Sets or trims a clock: clock_settime(2), settimeofday(2), adjtime(2), ntp_adjtime(2).

  struct Params {
    clock @0 :Int32 $traced(decimal);
    time @1 :Common.Time;
    adjust @2 :Bool $traced(flag);
  }
  struct Results {}
}

struct Sleep $operation(id = 0x0703, server = stub, flavour = local) {
  # Sleeps, as clock_nanosleep(2).

  struct Params {
    clock @0 :Int32 $traced(decimal);
    absolute @1 :Bool $traced(flag);
    seconds @2 :Int64 $traced(decimal);
    nanoseconds @3 :Int64 $traced(decimal);
  }
  struct Results {
    remaining @0 :Common.Time;
  }
}

struct Timer $operation(id = 0x0704, server = stub, flavour = local) {
  # Timers of the process: timer_create(2), timer_settime(2), timer_gettime(2), timer_getoverrun(2), timer_delete(2).

  enum Action { create @0; set @1; get @2; overrun @3; delete @4; }

  struct Params {
    action @0 :Action;
    clock @1 :Int32 $traced(decimal);
    timer @2 :Int32 $traced(decimal);
    flags @3 :UInt32 $traced(hexadecimal);
    signal @4 :UInt32 $traced(signal);
    value @5 :Common.Time;
    interval @6 :Common.Time;
  }
  struct Results {
    timer @0 :Int32 $traced(decimal);
    value @1 :Common.Time;
    interval @2 :Common.Time;
  }
}

struct Interval $operation(id = 0x0705, server = stub, flavour = local) {
  # The three interval timers and alarm(2): getitimer(2), setitimer(2).

  struct Params {
    which @0 :Int32 $traced(decimal);  # ITIMER_*
    set @1 :Bool $traced(flag);
    value @2 :Common.Time;
    interval @3 :Common.Time;
  }
  struct Results {
    value @0 :Common.Time;
    interval @1 :Common.Time;
  }
}
