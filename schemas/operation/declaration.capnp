@0xa7d4c1f0be520101;
# How an operation is declared.
#
# Every struct annotated with $operation in this folder is one operation. It has a nested struct Params (what the
# stub asks) and a nested struct Results (what it gets). Everything else that the system knows of an operation, its
# name on the command line, its route, its trace, its method in the server traits, is derived from the declaration.

enum Interface {
  # Who can answer an operation. One Rust trait is generated for each of these except stub.

  stub @0;     # the stub itself: the operation never leaves the guest
  auth @1;     # identities
  proc @2;     # processes, signals between them, facts about the system
  exec @3;     # what a program is and how it is run
  fs @4;       # file-system translators: hostfs, tmpfs, devfs, procfs
  pflocal @5;  # pipes and local sockets
  pfinet @6;   # network sockets and interfaces
  term @7;     # terminals
  device @8;   # residual servers: what only some foreign OS has
}

enum Flavour {
  # What the stub does with an operation when nothing else is configured.

  local @0;   # it computes the answer with host calls of its own
  cached @1;  # it reads the answer from the world page or its own process block
  direct @2;  # it uses a capability, a host descriptor, that a server donated earlier
  mapped @3;  # it sends a message to the mapper
}

enum Format {
  # How a field is shown in a trace.

  decimal @0;
  hexadecimal @1;
  octal @2;       # file modes
  text @3;        # words chosen by this system, UTF-8
  bytes @4;       # quoted, with escapes: paths, names, contents
  length @5;      # of a Data or List field only its length is shown
  descriptor @6;  # signed; AT_FDCWD by name
  address @7;     # of guest memory
  signal @8;      # neutral signal number, shown by name
  flag @9;        # Bool
}

struct Declaration {
  id @0 :UInt16;
  # Subsystem in the high byte (that of the file's $subsystem), ordinal in the low one. Never reused.

  server @1 :Interface;
  # The interface that answers by default.

  also @2 :List(Interface);
  # Interfaces that can answer it as well, for objects of theirs.

  flavour @3 :Flavour;
  # Default route.

  idempotent @4 :Bool;
  # Repeating it has no further effect, so that the mapper may ask again after a server was restarted.
}

annotation subsystem @0xa7d4c1f0be520102 (file) :UInt8;
# Number of the subsystem a file declares; its name is the file's.

annotation operation @0xa7d4c1f0be520103 (struct) :Declaration;

annotation traced @0xa7d4c1f0be520104 (field) :Format;
# The field is shown in traces, in this form.
