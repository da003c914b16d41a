@0xa7d4c1f0be520501;
# Programs: what they are, and how they are started.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;

$subsystem(0x03);

enum Format {
  unknown @0;
  elf @1;
  script @2;   # begins with #!
  aout @3;
  coff @4;
  dos @5;      # MZ, or a .COM file
  windows @6;  # PE
  machO @7;
}

enum Architecture {
  unknown @0;
  x86 @1;
  x86v64 @2;
  arm @3;
  aarch64 @4;
  riscv64 @5;
  mips @6;
  powerpc @7;
  powerpc64 @8;
  sparc @9;
  sparc64 @10;
  alpha @11;
  m68k @12;
  vax @13;
  s390 @14;
  loongarch64 @15;
}

struct Identify $operation(id = 0x0301, server = exec, flavour = mapped, idempotent = true) {
  # Tells for which OS a file was compiled and what is needed to run it. With descriptor, received[0] is the file
  # (open for reading, or O_PATH); otherwise the server opens path itself. A file that is no program is answered
  # with runnable = false and a reason, not with an error.

  struct Params {
    path @0 :Data $traced(bytes);
    personality @1 :UInt8 $traced(decimal);  # what the user asked for; 0: decide
    descriptor @2 :Bool;
    caller @3 :UInt8;                        # personality that executes it: decides where nothing else does
  }
  struct Evidence {
    personality @0 :UInt8;
    weight @1 :UInt32;   # out of 100
    rule @2 :Text;       # "note FreeBSD 1403000", "interpreter /libexec/ld-elf.so.1"
  }
  struct Results {
    personality @0 :UInt8 $traced(decimal);  # 0 when unknown
    architecture @1 :Architecture;
    format @2 :Format;
    bits @3 :UInt8;
    bigEndian @4 :Bool;
    dynamic @5 :Bool;
    osVersion @6 :UInt32;                    # number in the OS note: FreeBSD's osreldate, NetBSD's version; 0 if none
    interpreter @7 :Data $traced(bytes);     # PT_INTERP; empty for a static program
    scriptInterpreter @8 :Data $traced(bytes);
    scriptArgument @9 :Data;                 # empty if none; hasScriptArgument tells an empty one from none
    hasScriptArgument @10 :Bool;
    runnable @11 :Bool $traced(flag);
    reason @12 :Text $traced(text);          # why not, as a sentence
    evidence @13 :List(Evidence);            # strongest first
    setUser @14 :Bool;                       # set-user-id or set-group-id bits the deployment does not honour
  }
}

struct Exec $operation(id = 0x0302, server = stub, flavour = local) {
  # Replaces the program, as execveat(2) of Linux. The stub asks identify first, then executes the stub image with
  # a handoff that tells the next image what it is.

  struct Params {
    path @0 :Data $traced(bytes);
    arguments @1 :List(Data) $traced(length);
    environment @2 :List(Data) $traced(length);
    descriptor @3 :Int32 $traced(descriptor);
    flags @4 :UInt32 $traced(hexadecimal);  # AT_*
  }
  struct Results {}
}
