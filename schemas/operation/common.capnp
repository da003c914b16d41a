@0xa7d4c1f0be520201;
# Structures that several operations share. Numbers (flags, modes, errno) are those of Linux on x86-64 throughout;
# each personality translates.

struct Time {
  seconds @0 :Int64;
  nanoseconds @1 :Int64;
}

struct Stat {
  # stat(2) and statx(2) of Linux, with what BSD systems have besides.

  device @0 :UInt64;       # as makedev(3) of Linux packs it
  inode @1 :UInt64;
  mode @2 :UInt32;         # S_IFMT and permission bits
  links @3 :UInt64;
  user @4 :UInt32;
  group @5 :UInt32;
  rawDevice @6 :UInt64;    # of a device node
  size @7 :Int64;
  blockSize @8 :UInt32;    # preferred size for reads and writes
  blocks @9 :Int64;        # of 512 bytes
  accessed @10 :Time;
  modified @11 :Time;
  changed @12 :Time;
  born @13 :Time;          # seconds and nanoseconds zero when not known
  fileFlags @14 :UInt32;   # BSD chflags(2) bits; 0 where the translator has none
  generation @15 :UInt32;  # BSD st_gen
}

struct FilesystemStat {
  # statfs(2) of Linux, with what statvfs(2) and BSD statfs(2) have besides.

  magic @0 :UInt64;           # f_type of Linux
  blockSize @1 :UInt64;
  fragmentSize @2 :UInt64;
  blocks @3 :UInt64;
  free @4 :UInt64;
  available @5 :UInt64;       # to those without privilege
  files @6 :UInt64;
  filesFree @7 :UInt64;
  identifier @8 :UInt64;
  nameLength @9 :UInt32;
  flags @10 :UInt64;          # ST_* of statvfs(2)
  typeName @11 :Text;         # "tmpfs", "ext4"
  source @12 :Data;           # what is mounted
  target @13 :Data;           # where
}

struct Credentials {
  realUser @0 :UInt32;
  effectiveUser @1 :UInt32;
  savedUser @2 :UInt32;
  filesystemUser @3 :UInt32;
  realGroup @4 :UInt32;
  effectiveGroup @5 :UInt32;
  savedGroup @6 :UInt32;
  filesystemGroup @7 :UInt32;
}

struct Usage {
  # getrusage(2)

  userTime @0 :Time;
  systemTime @1 :Time;
  maximumResident @2 :UInt64;  # in KiB
  minorFaults @3 :UInt64;
  majorFaults @4 :UInt64;
  blocksIn @5 :UInt64;
  blocksOut @6 :UInt64;
  voluntarySwitches @7 :UInt64;
  involuntarySwitches @8 :UInt64;
}

enum Capability {
  # What the descriptor that came with a reply is, and so what the stub does with it.

  descriptor @0;
  # A host descriptor that answers everything itself: file, directory, pipe, socket, terminal.

  listing @1;
  # A directory of a translator: a sealed memfd that holds its entries as linux_dirent64 records (getdents64(2)).
  # Its paths are asked of the server: object names it.

  device @2;
  # An object of a residual server: read, write and poll go to the descriptor, control goes to the server with
  # object.

  terminal @3;
  # An object of a terminal server, likewise.

  console @4;
  # A terminal of the host that stands for a virtual terminal: the stub opens it anew with the guest's own flags, and
  # everything is the host's but status and the requests of virtual terminals, which go to the server with object.
}

struct Process {
  # A guest, as proc.list tells of it.

  pid @0 :Int32;
  parent @1 :Int32;
  group @2 :Int32;
  session @3 :Int32;
  user @4 :UInt32;
  groupId @5 :UInt32;
  personality @6 :UInt8;
  state @7 :UInt8;          # letter, as in proc(5): R S D T Z
  threads @8 :UInt32;
  terminal @9 :UInt64;      # device number, 0 for none
  started @10 :Time; # since the epoch
  userTime @11 :Time;
  systemTime @12 :Time;
  virtualSize @13 :UInt64;  # bytes
  resident @14 :UInt64;     # bytes
  nice @15 :Int32;
  command @16 :Data;        # name of the program, no folder
  arguments @17 :List(Data);
  path @18 :Data;           # of the program
}

using Processes = List(Process);

struct SignalTarget {
  # Whom the sender of a signal has to signal itself.

  pid @0 :Int32;
  thread @1 :Int32;     # 0: the process
  signal @2 :UInt32;    # host signal that stands for it in the target
  value @3 :UInt64;     # to be queued with it when queued
  queued @4 :Bool;
}

using SignalTargets = List(SignalTarget);
