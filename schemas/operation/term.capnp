@0xa7d4c1f0be520e01;
# Terminals. Flags, control characters and their order, and line disciplines are those of Linux
# (asm-generic/termbits.h); speeds are in bits a second. In mapped calls received[0] is the terminal and object the
# server's name for it.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;

$subsystem(0x0c);

struct Attributes {
  inputFlags @0 :UInt32;
  outputFlags @1 :UInt32;
  controlFlags @2 :UInt32;
  localFlags @3 :UInt32;
  line @4 :UInt8;
  characters @5 :Data;    # 19 bytes, c_cc
  inputSpeed @6 :UInt32;
  outputSpeed @7 :UInt32;
}

struct Window {
  rows @0 :UInt16;
  columns @1 :UInt16;
  width @2 :UInt16;   # in pixels
  height @3 :UInt16;
}

struct GetAttributes $operation(id = 0x0c01, server = term, flavour = direct, idempotent = true) {
  # As tcgetattr(3). ENOTTY when it is no terminal.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
  }
  struct Results {
    attributes @0 :Attributes;
  }
}

struct SetAttributes $operation(id = 0x0c02, server = term, flavour = direct, idempotent = true) {
  # As tcsetattr(3).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    when @2 :UInt32 $traced(decimal);  # TCSANOW 0, TCSADRAIN 1, TCSAFLUSH 2
    attributes @3 :Attributes;
  }
  struct Results {}
}

struct GetWindow $operation(id = 0x0c03, server = term, flavour = direct, idempotent = true) {
  # Tells the window's size, as TIOCGWINSZ.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
  }
  struct Results {
    window @0 :Window;
  }
}

struct SetWindow $operation(id = 0x0c04, server = term, flavour = direct, idempotent = true) {
  # Sets the window's size, as TIOCSWINSZ.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    window @2 :Window;
  }
  struct Results {}
}

struct GetGroup $operation(id = 0x0c05, server = term, flavour = direct, idempotent = true) {
  # Tells the foreground process group, or with session the session, as tcgetpgrp(3) and tcgetsid(3).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    session @2 :Bool $traced(flag);
  }
  struct Results {
    group @0 :Int32 $traced(decimal);
  }
}

struct SetGroup $operation(id = 0x0c06, server = term, flavour = direct, idempotent = true) {
  # Sets the foreground process group, as tcsetpgrp(3); with controlling it makes the terminal the session's own, as
  # TIOCSCTTY; with leave it gives it up, as TIOCNOTTY.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    group @2 :Int32 $traced(decimal);
    controlling @3 :Bool $traced(flag);
    leave @4 :Bool $traced(flag);
  }
  struct Results {}
}

struct OpenPair $operation(id = 0x0c07, server = term, flavour = direct) {
  # Makes a pseudo-terminal, as posix_openpt(3). donated[0] is the master; with subordinate donated[1] the other
  # side.

  struct Params {
    flags @0 :UInt32 $traced(hexadecimal);  # O_RDWR, O_NOCTTY, O_CLOEXEC
    subordinate @1 :Bool $traced(flag);
  }
  struct Results {
    name @0 :Data $traced(bytes);  # path of the other side
    number @1 :UInt32;
    object @2 :UInt64;
  }
}

struct Flush $operation(id = 0x0c08, server = term, flavour = direct) {
  # Waits for output, discards or holds input and output: tcdrain(3), tcflush(3), tcflow(3).

  enum Action { drain @0; discardInput @1; discardOutput @2; discardBoth @3; stopOutput @4; startOutput @5;
                stopInput @6; startInput @7; }

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    action @2 :Action;
  }
  struct Results {}
}

struct Break $operation(id = 0x0c09, server = term, flavour = direct) {
  # Sends a break, as tcsendbreak(3), or sets modem lines.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    duration @2 :UInt32 $traced(decimal);
    lines @3 :UInt32 $traced(hexadecimal);  # TIOCM_* of Linux
    setLines @4 :Bool $traced(flag);
  }
  struct Results {
    lines @0 :UInt32 $traced(hexadecimal);
  }
}
