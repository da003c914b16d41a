@0xa7d4c1f0be520c01;
# Pipes and pairs of local sockets.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;

$subsystem(0x0a);

struct Pipe $operation(id = 0x0a01, server = pflocal, flavour = direct) {
  # As pipe2(2). donated[0] is the end to read, donated[1] the end to write; with both, on systems whose pipes go
  # both ways, each end does both.

  struct Params {
    flags @0 :UInt32 $traced(hexadecimal);  # O_CLOEXEC, O_NONBLOCK, O_DIRECT
    both @1 :Bool;
  }
  struct Results {}
}

struct SocketPair $operation(id = 0x0a02, server = pflocal, flavour = direct) {
  # As socketpair(2) with AF_UNIX. donated[0] and donated[1] are the ends.

  struct Params {
    type @0 :UInt32 $traced(decimal);       # SOCK_* of Linux
    protocol @1 :UInt32 $traced(decimal);
    flags @2 :UInt32 $traced(hexadecimal);  # SOCK_CLOEXEC, SOCK_NONBLOCK
  }
  struct Results {}
}
