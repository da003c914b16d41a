@0xa7d4c1f0be52c001;
# The control plane: what the command line, and servers in processes of their own, ask of a running mapper, over
# capnp-rpc on the world's Unix socket. Names of operations, personalities, flavours and interfaces are those of the
# command line ("fs.open", "freebsd", "direct", "pflocal").

using Common = import "operation/common.capnp";
using Device = import "operation/device.capnp";
using Exec = import "operation/exec.capnp";
using Socket = import "operation/socket.capnp";

struct World {
  name @0 :Text;
  pid @1 :UInt32;              # of the mapper
  version @2 :Text;
  deployment @3 :Text;         # its name; empty for the built-in one
  deploymentPath @4 :Text;     # the file it came from; empty for the built-in one
  controlSocket @5 :Text;
  guestSocket @6 :Text;        # where guests are taken in
  embedded @7 :Bool;           # ends with its last guest
  started @8 :Common.Time;
  personalities @9 :List(Text);
  guests @10 :UInt32;
  tracing @11 :Bool;
}

struct Route {
  operation @0 :Text;
  personality @1 :Text;
  server @2 :Text;             # name of the server that answers; "stub" where none does
  interface @3 :Text;
  flavour @4 :Text;
  default @5 :Text;            # flavour the schema declares
  local @6 :UInt64;            # how often each flavour was taken
  cached @7 :UInt64;
  direct @8 :UInt64;
  mapped @9 :UInt64;
  failed @10 :UInt64;          # mapped ones that ended with an error
  nanoseconds @11 :UInt64;     # spent on the mapped ones in the server
}

struct Missing {
  # A foreign system call that no guest could have.

  personality @0 :Text;
  number @1 :UInt32;
  name @2 :Text;               # in that OS; empty when not known
  count @3 :UInt64;
}

enum ServerState {
  starting @0;
  running @1;
  restarting @2;
  failed @3;                   # given up; error says why
  stopped @4;
}

struct Server {
  name @0 :Text;
  interface @1 :Text;
  state @2 :ServerState;
  pid @3 :UInt32;              # 0 for a task inside the mapper
  requests @4 :UInt64;
  errors @5 :UInt64;
  restarts @6 :UInt32;
  objects @7 :UInt64;          # live ones
  mounts @8 :List(Text);
  error @9 :Text;
  number @10 :UInt32;          # by which requests name it
}

struct Mount {
  identifier @0 :UInt32;
  prefix @1 :Data;
  personalities @2 :List(Text);  # empty: all
  server @3 :Text;               # empty: a donated directory
  directory @4 :Data;            # of the host, where it is one
  readOnly @5 :Bool;
}

struct Guest {
  process @0 :Common.Process;
  personality @1 :Text;
  jailed @2 :Bool;
  calls @3 :UInt64;
  mapped @4 :UInt64;
  rights @5 :UInt32;           # capabilities that servers hold for it
}

struct Event {
  # One line of a trace.

  time @0 :Common.Time;
  pid @1 :Int32;
  thread @2 :Int32;
  personality @3 :Text;
  line @4 :Text;               # as --trace prints it
}

struct Site {
  # A `syscall` instruction of a guest's.

  address @0 :UInt64;
  file @1 :Data;               # that the code comes from; empty when not known
  offset @2 :UInt64;           # in the file
  trapped @3 :UInt64;          # calls that the host turned back
  hoisted @4 :UInt64;          # calls that came by the trampoline
  decision @5 :Exec.Decision;
}

struct GuestSites {
  pid @0 :Int32;
  personality @1 :Text;
  program @2 :Data;
  ended @3 :Bool;              # of the guests that have ended only the last are kept
  elsewhere @4 :UInt64;        # traps that no site counts
  sites @5 :List(Site);        # those used most first
}

struct TraceFilter {
  personality @0 :Text;        # empty: all
  operations @1 :List(Text);   # empty: all; "fs" stands for the subsystem
  pids @2 :List(Int32);        # empty: all
  failedOnly @3 :Bool;
}

struct NetworkInterface {
  interface @0 :Socket.Interface;
  server @1 :Text;
  personality @2 :Text;        # whose guests see it; empty: all
}

struct NetworkRoute {
  route @0 :Socket.Route;
  server @1 :Text;
  packets @2 :UInt64;
  bytes @3 :UInt64;
}

struct NetworkSocket {
  socket @0 :Socket.Connection;
  server @1 :Text;
}

struct Drive {
  server @0 :Text;
  node @1 :Text;               # of Linux guests, below /dev
  drive @2 :Device.ScsiDrive;
}

struct Medium {
  server @0 :Text;
  medium @1 :Device.ScsiMedium;
  node @2 :Text;               # of the drive that it is in
}

interface TraceSink {
  # Implemented by the client that asked for a trace.

  events @0 (events :List(Event), lost :UInt64) -> ();
  # Several lines; lost counts those that were dropped because the client was too slow. The reply asks for more.
}

interface Trace {
  # A trace that is on. Dropping it turns it off.

  filter @0 (filter :TraceFilter) -> ();
}

interface Screen {
  feed @0 (events :List(Device.InputEvent)) -> ();
  # Keys and pointer of somebody in front of it.
}

interface Control {
  describe @0 () -> (world :World);

  ps @1 () -> (guests :List(Guest));

  routes @2 () -> (routes :List(Route));
  # All of them; clients filter.

  setRoute @3 (operation :Text, personality :Text, flavour :Text) -> (changed :UInt32);
  # operation may be a subsystem or "*", personality "*". Fails with a sentence when the operation cannot have that
  # flavour.

  missing @4 () -> (missing :List(Missing));

  servers @5 () -> (servers :List(Server));

  restartServer @6 (name :Text) -> ();

  mounts @7 () -> (mounts :List(Mount));

  trace @8 (filter :TraceFilter, sink :TraceSink) -> (trace :Trace);

  networks @9 () -> (interfaces :List(NetworkInterface), routes :List(NetworkRoute),
                   sockets :List(NetworkSocket));
  # Of the network stacks that are servers of this world.

  apply @10 (deployment :Text, path :Text) -> (changes :List(Text));
  # Brings the world to another deployment (TOML text; path only for messages). Fails without change when it is not
  # valid.

  shutdown @11 (force :Bool) -> ();
  # Ends the world. Without force it fails while guests run.

  snapshot @12 (screen :Text) -> (picture :Data);
  # What a screen of an fb server shows ("fb0"), as PNG.

  sites @13 () -> (guests :List(GuestSites));

  drives @14 () -> (drives :List(Drive));
  # Of the servers of kind scsi.

  media @15 () -> (media :List(Medium));
  # That lie in their folders.

  load @16 (drive :Text, medium :Text, kind :Text) -> ();
  # Puts a medium into a drive ("sr0"); one that is not there is made, where a kind is said.

  eject @17 (drive :Text, force :Bool) -> ();

  screen @18 (name :Text) -> (screen :Screen);
  # A screen of an fb server, to be looked at and used.
}
