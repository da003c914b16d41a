@0xa7d4c1f0be520301;
# Identities. They are those of the host process; the server decides which changes a deployment allows.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;
using Common = import "common.capnp";

$subsystem(0x01);

struct GetIds $operation(id = 0x0101, server = auth, flavour = cached, idempotent = true) {
  # Tells the caller's user and group identities.

  struct Params {}
  struct Results {
    credentials @0 :Common.Credentials;
  }
}

struct SetIds $operation(id = 0x0102, server = auth, flavour = mapped, idempotent = true) {
  # Changes identities as setresuid(2), setresgid(2), setfsuid(2) and setfsgid(2) of Linux would: 0xffffffff keeps
  # one. EPERM when the caller lacks the privilege or the deployment forbids it.

  struct Params {
    realUser @0 :UInt32 = 0xffffffff $traced(decimal);
    effectiveUser @1 :UInt32 = 0xffffffff $traced(decimal);
    savedUser @2 :UInt32 = 0xffffffff $traced(decimal);
    filesystemUser @3 :UInt32 = 0xffffffff;
    realGroup @4 :UInt32 = 0xffffffff $traced(decimal);
    effectiveGroup @5 :UInt32 = 0xffffffff $traced(decimal);
    savedGroup @6 :UInt32 = 0xffffffff $traced(decimal);
    filesystemGroup @7 :UInt32 = 0xffffffff;
  }
  struct Results {
    credentials @0 :Common.Credentials;  # as they are afterwards

    host @1 :Bool;
    # The stub makes the change on the host as well, because it is one the host allows.
  }
}

struct GetGroups $operation(id = 0x0103, server = auth, flavour = cached, idempotent = true) {
  # Tells the caller's supplementary groups.

  struct Params {}
  struct Results {
    groups @0 :List(UInt32);
  }
}

struct SetGroups $operation(id = 0x0104, server = auth, flavour = mapped, idempotent = true) {
  # Replaces the supplementary groups, as setgroups(2). EINVAL for more than 65536 of them.

  struct Params {
    groups @0 :List(UInt32) $traced(length);
  }
  struct Results {
    host @0 :Bool;
    # The stub makes the change on the host as well.
  }
}
