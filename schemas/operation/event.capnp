@0xa7d4c1f0be520f01;
# Waiting for descriptors and other events. The stub does it with host descriptors throughout.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;
using Common = import "common.capnp";

$subsystem(0x0d);

struct Poll $operation(id = 0x0d01, server = stub, flavour = local) {
  # As ppoll(2).

  struct Params {
    count @0 :UInt32 $traced(decimal);
    milliseconds @1 :Int64 $traced(decimal);  # -1: no limit
    mask @2 :UInt64;                          # signals blocked meanwhile
    masked @3 :Bool;
  }
  struct Results {
    ready @0 :UInt32 $traced(decimal);
  }
}

struct Select $operation(id = 0x0d02, server = stub, flavour = local) {
  # As pselect(2).

  struct Params {
    count @0 :UInt32 $traced(decimal);
    milliseconds @1 :Int64 $traced(decimal);
    mask @2 :UInt64;
    masked @3 :Bool;
  }
  struct Results {
    ready @0 :UInt32 $traced(decimal);
  }
}

struct QueueCreate $operation(id = 0x0d03, server = stub, flavour = local) {
  # As epoll_create1(2) and kqueue(2).

  struct Params {
    flags @0 :UInt32 $traced(hexadecimal);
  }
  struct Results {
    descriptor @0 :Int32 $traced(descriptor);
  }
}

struct QueueControl $operation(id = 0x0d04, server = stub, flavour = local) {
  # Says what to wait for: epoll_ctl(2), or one change of kevent(2).

  struct Params {
    queue @0 :Int32 $traced(descriptor);
    action @1 :UInt32 $traced(decimal);       # EPOLL_CTL_*
    target @2 :Int32 $traced(decimal);
    filter @3 :Int32 $traced(decimal);        # EVFILT_*, 0 for epoll
    events @4 :UInt32 $traced(hexadecimal);
    data @5 :UInt64 $traced(hexadecimal);
  }
  struct Results {}
}

struct QueueWait $operation(id = 0x0d05, server = stub, flavour = local) {
  # As epoll_pwait2(2) and the waiting half of kevent(2).

  struct Params {
    queue @0 :Int32 $traced(descriptor);
    changes @1 :UInt32 $traced(decimal);
    count @2 :UInt32 $traced(decimal);
    milliseconds @3 :Int64 $traced(decimal);
  }
  struct Results {
    ready @0 :UInt32 $traced(decimal);
  }
}

struct Notify $operation(id = 0x0d06, server = stub, flavour = local) {
  # As eventfd2(2).

  struct Params {
    initial @0 :UInt32 $traced(decimal);
    flags @1 :UInt32 $traced(hexadecimal);
  }
  struct Results {
    descriptor @0 :Int32 $traced(descriptor);
  }
}

struct TimerDescriptor $operation(id = 0x0d07, server = stub, flavour = local) {
  # As timerfd_create(2), timerfd_settime(2), timerfd_gettime(2).

  enum Action { create @0; set @1; get @2; }

  struct Params {
    action @0 :Action;
    descriptor @1 :Int32 $traced(descriptor);
    clock @2 :Int32 $traced(decimal);
    flags @3 :UInt32 $traced(hexadecimal);
    value @4 :Common.Time;
    interval @5 :Common.Time;
  }
  struct Results {
    descriptor @0 :Int32 $traced(descriptor);
    value @1 :Common.Time;
    interval @2 :Common.Time;
  }
}

struct SignalDescriptor $operation(id = 0x0d08, server = stub, flavour = local) {
  # As signalfd4(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    mask @1 :UInt64 $traced(hexadecimal);
    flags @2 :UInt32 $traced(hexadecimal);
  }
  struct Results {
    descriptor @0 :Int32 $traced(descriptor);
  }
}

struct WatchDescriptor $operation(id = 0x0d09, server = stub, flavour = local) {
  # As inotify_init1(2); with remove as inotify_rm_watch(2). Paths are added with fs.watch.

  struct Params {
    flags @0 :UInt32 $traced(hexadecimal);
    remove @1 :Bool $traced(flag);
    descriptor @2 :Int32 $traced(descriptor);
    watch @3 :Int32 $traced(decimal);
  }
  struct Results {
    descriptor @0 :Int32 $traced(descriptor);
  }
}
