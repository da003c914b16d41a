@0xa7d4c1f0be520d01;
# Sockets.
#
# Domains, types, addresses, flags and options are those of Linux (an address is its struct sockaddr). In mapped
# calls received[0] is the socket and object the server's name for it (0 when the descriptor says it all). Servers
# never block: where an operation would have to wait, they answer EAGAIN and the stub polls the descriptor. AF_UNIX
# belongs to pflocal, all other domains to pfinet.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;

$subsystem(0x0b);

struct Socket $operation(id = 0x0b01, server = pfinet, also = [pflocal, device], flavour = direct) {
  # As socket(2). donated[0] is the socket. EAFNOSUPPORT and EPROTONOSUPPORT as there.

  struct Params {
    domain @0 :UInt32 $traced(decimal);
    type @1 :UInt32 $traced(decimal);
    protocol @2 :UInt32 $traced(decimal);
    flags @3 :UInt32 $traced(hexadecimal);  # SOCK_CLOEXEC, SOCK_NONBLOCK
  }
  struct Results {
    object @0 :UInt64 $traced(decimal);
    server @1 :UInt32;  # filled in by the mapper
    isPair @2 :Bool;    # what is sent and received passes through the descriptor itself
  }
}

struct Bind $operation(id = 0x0b02, server = pfinet, also = [pflocal, device], flavour = direct) {
  # As bind(2). For an AF_UNIX path atDirectory says that received[1] is the directory it is relative to.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    address @2 :Data $traced(bytes);
    atDirectory @3 :Bool;
    mount @4 :UInt32;
  }
  struct Results {}
}

struct Connect $operation(id = 0x0b03, server = pfinet, also = [pflocal, device], flavour = direct) {
  # As connect(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    address @2 :Data $traced(bytes);
    atDirectory @3 :Bool;
    mount @4 :UInt32;
  }
  struct Results {}
}

struct Listen $operation(id = 0x0b04, server = pfinet, also = [pflocal, device], flavour = direct, idempotent = true) {
  # As listen(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    backlog @2 :Int32 $traced(decimal);
  }
  struct Results {}
}

struct Accept $operation(id = 0x0b05, server = pfinet, also = [pflocal, device], flavour = direct) {
  # As accept4(2). donated[0] is the new socket.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    flags @2 :UInt32 $traced(hexadecimal);
  }
  struct Results {
    address @0 :Data $traced(bytes);
    object @1 :UInt64;
  }
}

struct GetName $operation(id = 0x0b06, server = pfinet, also = [pflocal, device], flavour = direct, idempotent = true) {
  # As getsockname(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
  }
  struct Results {
    address @0 :Data $traced(bytes);
  }
}

struct GetPeer $operation(id = 0x0b07, server = pfinet, also = [pflocal, device], flavour = direct, idempotent = true) {
  # As getpeername(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
  }
  struct Results {
    address @0 :Data $traced(bytes);
  }
}

struct Send $operation(id = 0x0b08, server = pfinet, also = [pflocal, device], flavour = direct) {
  # As sendto(2) and sendmsg(2). Descriptors that the guest passes follow the socket in received.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    data @2 :Data $traced(length);
    address @3 :Data $traced(bytes);        # empty: to the peer
    flags @4 :UInt32 $traced(hexadecimal);  # MSG_*
    control @5 :Data $traced(length);       # struct cmsghdr of Linux, SCM_RIGHTS left out
    count @6 :UInt32;                       # messages, for sendmmsg(2)
  }
  struct Results {
    sent @0 :UInt64 $traced(decimal);
  }
}

struct Receive $operation(id = 0x0b09, server = pfinet, also = [pflocal, device], flavour = direct) {
  # As recvfrom(2) and recvmsg(2). Descriptors that came with the message are donated.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    length @2 :UInt64 $traced(decimal);
    flags @3 :UInt32 $traced(hexadecimal);  # MSG_*
    controlLength @4 :UInt32;
    count @5 :UInt32;                       # messages, for recvmmsg(2)
  }
  struct Results {
    data @0 :Data $traced(length);
    address @1 :Data $traced(bytes);
    flags @2 :UInt32 $traced(hexadecimal);
    control @3 :Data $traced(length);
    length @4 :UInt64 $traced(decimal);     # of the whole message, also when data is cut short
  }
}

struct Shutdown $operation(id = 0x0b0a, server = pfinet, also = [pflocal, device], flavour = direct, idempotent = true) {
  # As shutdown(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    how @2 :UInt32 $traced(decimal);
  }
  struct Results {}
}

struct GetOption $operation(id = 0x0b0b, server = pfinet, also = [pflocal, device], flavour = direct, idempotent = true) {
  # As getsockopt(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    level @2 :Int32 $traced(decimal);
    name @3 :Int32 $traced(decimal);
    length @4 :UInt32 $traced(decimal);
    value @5 :Data;                 # what is there before: some options take it as a question
  }
  struct Results {
    value @0 :Data $traced(bytes);
  }
}

struct SetOption $operation(id = 0x0b0c, server = pfinet, also = [pflocal, device], flavour = direct, idempotent = true) {
  # As setsockopt(2).

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64;
    level @2 :Int32 $traced(decimal);
    name @3 :Int32 $traced(decimal);
    value @4 :Data $traced(bytes);
  }
  struct Results {}
}

struct Interface {
  name @0 :Text;
  index @1 :UInt32;
  flags @2 :UInt32;        # IFF_* of Linux
  type @3 :UInt32;         # ARPHRD_* of Linux
  mtu @4 :UInt32;
  hardware @5 :Data;       # link address
  addresses @6 :List(Address);
  received @7 :Counters;
  sent @8 :Counters;
}

struct Address {
  address @0 :Data;        # struct sockaddr of Linux
  mask @1 :Data;
  broadcast @2 :Data;      # or the peer of a point-to-point link
}

struct Counters {
  packets @0 :UInt64;
  bytes @1 :UInt64;
  errors @2 :UInt64;
  dropped @3 :UInt64;
}

struct Route {
  destination @0 :Data;    # struct sockaddr of Linux; empty for the default route
  prefix @1 :UInt8;
  gateway @2 :Data;
  interface @3 :Text;
  metric @4 :UInt32;
}

struct Interfaces $operation(id = 0x0b0d, server = pfinet, flavour = mapped, idempotent = true) {
  # Lists network interfaces and their addresses: what getifaddrs(3), SIOCGIF* and the routing sysctls are made of.

  struct Params {
    name @0 :Data $traced(bytes);  # empty: all
  }
  struct Results {
    interfaces @0 :List(Interface) $traced(length);
  }
}

struct SetInterface $operation(id = 0x0b0e, server = pfinet, flavour = mapped, idempotent = true) {
  # Changes an interface: what SIOCSIF*, SIOCAIFADDR and SIOCDIFADDR are made of. EPERM where the deployment forbids.

  struct Params {
    name @0 :Data $traced(bytes);
    change :union {
      flags @1 :UInt32;
      mtu @2 :UInt32;
      addAddress @3 :Address;
      removeAddress @4 :Address;
      destroy @5 :Void;
      create @6 :Void;
      rename @7 :Data;
    }
  }
  struct Results {
    name @0 :Data;  # of what was created
  }
}

struct Routes $operation(id = 0x0b0f, server = pfinet, flavour = mapped, idempotent = true) {
  # Lists, and with add or remove changes, routes.

  struct Params {
    action :union {
      list @0 :Void;
      add @1 :Route;
      remove @2 :Route;
    }
  }
  struct Results {
    routes @0 :List(Route) $traced(length);
  }
}

struct Connection {
  # A socket of an internet protocol.

  family @0 :UInt16;       # AF_INET or AF_INET6 of Linux
  protocol @1 :UInt8;      # IPPROTO_*
  type @2 :UInt8;          # SOCK_* of Linux
  state @3 :UInt8;         # TCP_* of linux/tcp_states.h
  local @4 :Data;          # struct sockaddr of Linux
  remote @5 :Data;
  receiveQueue @6 :UInt32; # bytes; of one that listens, connections that wait
  sendQueue @7 :UInt32;    # bytes; of one that listens, the most that may wait
  dropped @8 :UInt64;
  object @9 :UInt64;
}

struct Sockets $operation(id = 0x0b10, server = pfinet, flavour = mapped, idempotent = true) {
  # Lists the sockets of internet protocols: what the pcblist sysctls and /proc/net/tcp are made of.

  struct Params {}
  struct Results {
    sockets @0 :List(Connection) $traced(length);
  }
}
