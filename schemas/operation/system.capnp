@0xa7d4c1f0be521001;
# The system as a whole, as a guest sees it.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;
using Common = import "common.capnp";

$subsystem(0x0e);

struct Identity $operation(id = 0x0e01, server = proc, flavour = cached, idempotent = true) {
  # What uname(2) says. The world page holds it for each personality.

  struct Params {}
  struct Results {
    system @0 :Text $traced(text);
    node @1 :Text;
    release @2 :Text $traced(text);
    version @3 :Text;
    machine @4 :Text;
    domain @5 :Text;
  }
}

struct Control $operation(id = 0x0e02, server = proc, flavour = mapped) {
  # Gets and sets kernel state by name, as sysctl(3) of BSD and /proc/sys of Linux. The personality turns numbers
  # into names it knows; names that it only has as numbers go in numbers. ENOENT for a name nobody answers, EPERM for
  # a change that is not allowed.

  enum Kind { bytes @0; text @1; int32 @2; uint32 @3; int64 @4; uint64 @5; node @6; structure @7; }

  struct Params {
    name @0 :Text $traced(text);       # "kern.ostype"
    numbers @1 :List(Int32);
    set @2 :Bool $traced(flag);
    value @3 :Data $traced(bytes);     # in the guest's own layout, when set
  }
  struct Results {
    kind @0 :Kind;
    value @1 :Data $traced(bytes);     # in the guest's own layout; as it was before, when set
  }
}

struct Information $operation(id = 0x0e03, server = stub, flavour = local, idempotent = true) {
  # Memory, load and uptime, as sysinfo(2).

  struct Params {}
  struct Results {
    uptime @0 :Common.Time;
    loads @1 :List(Float64);
    memory @2 :UInt64;        # bytes
    freeMemory @3 :UInt64;
    sharedMemory @4 :UInt64;
    bufferMemory @5 :UInt64;
    swap @6 :UInt64;
    freeSwap @7 :UInt64;
    processes @8 :UInt32;
    processors @9 :UInt32;
  }
}

struct Random $operation(id = 0x0e04, server = stub, flavour = local) {
  # As getrandom(2) and getentropy(3).

  struct Params {
    length @0 :UInt64 $traced(decimal);
    flags @1 :UInt32 $traced(hexadecimal);
  }
  struct Results {
    data @0 :Data $traced(length);
  }
}

struct Log $operation(id = 0x0e05, server = proc, flavour = mapped) {
  # Reads the kernel's log, as syslog(2) of Linux, or writes to the system log, as sendsyslog(2) of OpenBSD.

  struct Params {
    action @0 :UInt32 $traced(decimal);  # SYSLOG_ACTION_* of Linux; 0xffffffff writes
    data @1 :Data $traced(bytes);
    length @2 :UInt64 $traced(decimal);
  }
  struct Results {
    data @0 :Data $traced(length);
    value @1 :Int64;
  }
}

struct Reboot $operation(id = 0x0e06, server = proc, flavour = mapped) {
  # Ends the world of this OS's guests, as reboot(2). EPERM unless the deployment allows it.

  struct Params {
    how @0 :UInt32 $traced(hexadecimal);  # LINUX_REBOOT_CMD_*
  }
  struct Results {}
}

struct Module $operation(id = 0x0e07, server = proc, flavour = mapped) {
  # Loads, unloads or asks for a kernel module, as init_module(2) and kldload(2). Always refused with EPERM when it
  # would load code; a question is answered with the modules whose work a server of the world does.

  enum Action { load @0; unload @1; find @2; list @3; }

  struct Params {
    action @0 :Action;
    name @1 :Data $traced(bytes);
    identifier @2 :Int32 $traced(decimal);
  }
  struct Results {
    identifier @0 :Int32 $traced(decimal);
    names @1 :List(Text);
  }
}

struct SetIdentity $operation(id = 0x0e08, server = proc, flavour = mapped, idempotent = true) {
  # As sethostname(2) and setdomainname(2). EPERM unless the deployment allows it.

  struct Params {
    name @0 :Data $traced(bytes);
    domain @1 :Bool $traced(flag);
  }
  struct Results {}
}
