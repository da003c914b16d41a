@0xa7d4c1f0be52d001;
# What the mapper and a server in a process of its own say to each other: one message a datagram of the socket pair
# between them (SOCK_SEQPACKET), with descriptors beside it. The mapper asks one thing at a time and each question
# has one answer. Neither side trusts the other's lengths.

struct Request {
  union {
    setup @0 :Setup;        # the first one, and only that
    call @1 :Call;
    noSenders @2 :UInt64;   # the object that no guest holds any more
    taskEnded @3 :UInt64;   # the guest whose rights are gone
  }
}

struct Setup {
  kind @0 :Text;
  name @1 :Text;            # the server's in the deployment
  settings @2 :Text;        # what the deployment says of it, TOML
  nodes @3 :List(Node);
  firstObject @4 :UInt64;   # of 2^32 that are the server's alone
}

struct Node {
  mount @0 :UInt32;
  path @1 :Text;            # below /dev
}

struct Call {
  operation @0 :UInt16;
  personality @1 :UInt8;
  task @2 :UInt64;
  pid @3 :Int32;
  thread @4 :Int32;
  realUser @5 :UInt32;
  effectiveUser @6 :UInt32;
  savedUser @7 :UInt32;
  realGroup @8 :UInt32;
  effectiveGroup @9 :UInt32;
  savedGroup @10 :UInt32;
  groups @11 :List(UInt32);
  params @12 :AnyPointer;   # the operation's Params
}

struct Answer {
  status @0 :Int32;         # 0, or what went wrong as a Linux errno; of setup, -1 and a sentence
  error @1 :Text;
  results @2 :AnyPointer;   # the operation's Results
}
