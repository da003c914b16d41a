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

enum Decision {
  # What was decided about a `syscall` instruction that traps.

  undecided @0;      # not asked about yet
  asked @1;          # a thread is asking
  hoisted @2;        # an instruction before it leads to a trampoline
  notAFile @3;       # the code does not come from a file: generated, or a file that is not there any more
  noStart @4;        # no start of a function is known from which it could be decoded
  unreached @5;      # decoding from the start of its function does not lead to it
  tooShort @6;       # no instruction before it has room for a jump
  movesFlow @7;      # a call, a return, a jump or another system call lies between
  entered @8;        # something jumps into the middle of the only instruction with room
  notMovable @9;     # an instruction between cannot be carried out elsewhere with the same effect
  outOfReach @10;    # what an instruction between refers to is too far from the trampoline
  tooLong @11;       # there is no room for the instructions between
  modified @12;      # the guest's memory is not what the file holds
  noTrampoline @13;  # no memory within reach of the site
  ownsGs @14;        # the guest sets GS for itself, by which a trampoline finds its context
  withdrawn @15;     # was hoisted; the instruction was put back
}

struct Hoist $operation(id = 0x0303, server = exec, flavour = mapped, idempotent = true) {
  # Decides whether the traps of a `syscall` instruction of the caller's can be had cheaper: by a jump to a
  # trampoline, in the place of one instruction before it. The instructions from that one on are carried out in the
  # trampoline; the `syscall` itself stays where it is, for those who jump to it. When in doubt the answer is no.

  struct Params {
    site @0 :UInt64 $traced(address);        # of the `syscall` instruction
    trampoline @1 :UInt64 $traced(address);  # where the code will be put
    room @2 :UInt32 $traced(decimal);        # bytes there are for it
  }
  struct Step {
    offset @0 :UInt32;   # in the code
    address @1 :UInt64;  # of the instruction of the guest that begins there
  }
  struct Results {
    decision @0 :Decision;
    replaced @1 :UInt64 $traced(address);  # the instruction to overwrite; the fields below, too, only when hoisted
    length @2 :UInt8 $traced(decimal);     # bytes of that instruction: 5 to 15; all of them are for the jump
    original @3 :Data $traced(length);     # what memory must hold from replaced on, the `syscall` included
    code @4 :Data $traced(length);         # the instructions from replaced up to the site, for the trampoline
    steps @5 :List(Step);                  # every instruction of code in order; the last entry is code's end, the site
  }
}
