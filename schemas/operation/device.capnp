@0xa7d4c1f0be521101;
# Device control.
#
# Control codes and layouts differ between OSes where the device does not: each personality decodes its ioctl into
# one of these requests, so that SG_IO of Linux and CAMIOCOMMAND of FreeBSD reach the scsi server as the same
# execute. received[0] is the device's descriptor; object is the server's name for it as open told, 0 when the
# guest got the descriptor from elsewhere (over a socket): then the server knows the object by the descriptor.

using import "declaration.capnp".subsystem;
using import "declaration.capnp".operation;
using import "declaration.capnp".traced;
using Common = import "common.capnp";

$subsystem(0x0f);

struct Control $operation(id = 0x0f01, server = device, also = [term, fs, pflocal, pfinet], flavour = direct) {
  # Does what the request says. ENOTTY for a request this object does not know. The reply has the same case of the
  # union as the request, or none where there is nothing to tell.

  struct Params {
    descriptor @0 :Int32 $traced(descriptor);
    object @1 :UInt64 $traced(decimal);
    code @2 :UInt64 $traced(hexadecimal);  # the guest's own, for traces and for raw
    request :union {
      raw @3 :Data;                        # what code points at, as the guest laid it out
      value @4 :UInt64;                    # code takes a number, not an address
      scsi @5 :ScsiRequest;
      bpf @6 :BpfRequest;
      tun @7 :TunRequest;
      frame @8 :FrameRequest;
      generic @9 :GenericRequest;
      console @10 :ConsoleRequest;
      input @11 :InputRequest;
    }
  }
  struct Results {
    value @0 :Int64 $traced(decimal);      # what ioctl returns
    reply :union {
      none @1 :Void;
      raw @2 :Data;
      scsi @3 :ScsiReply;
      bpf @4 :BpfReply;
      tun @5 :TunReply;
      frame @6 :FrameReply;
      generic @7 :GenericReply;
      console @8 :ConsoleReply;
      input @9 :InputReply;
    }
  }
}

struct GenericRequest {
  # What any descriptor may be asked: FIONREAD, FIONBIO, FIOASYNC, FIOSETOWN, FIOGETOWN, FIODTYPE.

  union {
    bytesReadable @0 :Void;
    setNonBlocking @1 :Bool;
    setAsynchronous @2 :Bool;
    setOwner @3 :Int32;
    getOwner @4 :Void;
    deviceType @5 :Void;
    bytesWritable @6 :Void;
  }
}

struct GenericReply {
  value @0 :Int64;
}

struct ScsiRequest {
  union {
    execute @0 :ScsiExecute;
    address @1 :Void;          # where the unit sits
    reset @2 :ScsiReset;
    list @3 :ScsiPattern;      # which units there are
    maximumTransfer @4 :Void;
    attach @5 :ScsiAddress;    # bind this descriptor to a unit
    # Of the mapper itself; EPERM for guests.
    inspect @6 :Void;          # the drive, and what is in it
    media @7 :UInt32;          # what lies in the folder, from the so-manieth on
    load @8 :ScsiLoad;
    eject @9 :Bool;            # even if a guest prevents it
  }
}

struct ScsiLoad {
  name @0 :Text;
  kind @1 :Text;               # of a medium that is made where there is none; empty: none is made
}

struct ScsiAddress {
  bus @0 :UInt32;
  target @1 :UInt32;
  unit @2 :UInt64;             # LUN
}

struct ScsiPattern {
  bus @0 :UInt32 = 0xffffffff;     # all ones: any
  target @1 :UInt32 = 0xffffffff;
  unit @2 :UInt64 = 0xffffffffffffffff;
  driver @3 :Text;                 # "cd", "da", "pass"; empty: any
  number @4 :UInt32 = 0xffffffff;  # of the driver's node
  skip @5 :UInt32;                 # matches already seen
}

enum ScsiDirection { none @0; fromDevice @1; toDevice @2; both @3; }

enum ScsiReset { bus @0; target @1; unit @2; abort @3; }

struct ScsiExecute {
  # One command. With shared data the transfer goes through a memory object: received[1], of at least offset and
  # length; otherwise data is inline.

  command @0 :Data;              # the CDB, 6 to 32 bytes
  direction @1 :ScsiDirection;
  data @2 :Data;                 # to the device
  length @3 :UInt32;             # wanted from the device
  timeout @4 :UInt32;            # milliseconds; 0: the server's default
  senseLength @5 :UInt8;         # room for sense data
  shared @6 :Bool;
  sharedOffset @7 :UInt64;
  queueTag @8 :UInt8;            # 0 none, 1 simple, 2 ordered, 3 head of queue
}

struct ScsiReply {
  union {
    execute @0 :ScsiResult;
    address @1 :ScsiUnit;
    list @2 :List(ScsiUnit);
    maximumTransfer @3 :UInt64;
    inspect @4 :ScsiDrive;
    media @5 :List(ScsiMedium);
    refused @6 :Text;          # why a medium was not loaded or ejected; empty: it was
  }
}

struct ScsiDrive {
  unit @0 :ScsiUnit;
  host @1 :Text;               # node of the host's that is passed through; empty: a virtual recorder
  open @2 :Bool;
  locked @3 :Bool;             # a guest prevents removal
  refusals @4 :UInt64;         # commands that the deployment does not allow
  medium @5 :ScsiMedium;       # no name: there is none
}

struct ScsiMedium {
  name @0 :Text;
  kind @1 :Text;
  state @2 :Text;              # blank, appendable, complete, random
  capacity @3 :UInt32;         # blocks
  sessions @4 :UInt16;         # closed ones
  tracks @5 :List(ScsiTrack);  # of what lies in the folder none
  trackCount @6 :UInt16;
  catalog @7 :Text;
}

struct ScsiTrack {
  number @0 :UInt16;
  session @1 :UInt16;
  start @2 :Int32;
  blocks @3 :UInt32;           # written ones
  form @4 :Text;               # audio, mode1, mode2, xa
  open @5 :Bool;
  pregap @6 :UInt32;
  isrc @7 :Text;
}

struct ScsiResult {
  status @0 :UInt8;              # SAM status: 0 good, 2 check condition, 8 busy
  transport @1 :ScsiTransport;
  sense @2 :Data;
  data @3 :Data;                 # from the device, unless shared
  residual @4 :UInt32;
  duration @5 :UInt32;           # milliseconds
}

enum ScsiTransport { ok @0; noDevice @1; timeout @2; aborted @3; reset @4; error @5; refused @6; }

struct ScsiUnit {
  address @0 :ScsiAddress;
  type @1 :UInt8;                # peripheral device type of SPC
  vendor @2 :Text;
  product @3 :Text;
  revision @4 :Text;
  driver @5 :Text;
  number @6 :UInt32;
  passNumber @7 :UInt32;
  removable @8 :Bool;
  inquiry @9 :Data;              # standard inquiry data
}

struct BpfInstruction {
  code @0 :UInt16;
  jumpTrue @1 :UInt8;
  jumpFalse @2 :UInt8;
  operand @3 :UInt32;
}

struct BpfRequest {
  union {
    setFilter @0 :List(BpfInstruction);       # empty: take everything
    setWriteFilter @1 :List(BpfInstruction);
    setInterface @2 :Text;
    getInterface @3 :Void;
    setBufferLength @4 :UInt32;
    getBufferLength @5 :Void;
    setLinkType @6 :UInt32;                   # DLT_*
    getLinkType @7 :Void;
    listLinkTypes @8 :Void;
    setImmediate @9 :Bool;
    setPromiscuous @10 :Bool;
    setTimeout @11 :Common.Time;
    getTimeout @12 :Void;
    setHeaderComplete @13 :Bool;
    getHeaderComplete @14 :Void;
    setDirection @15 :BpfDirection;
    getDirection @16 :Void;
    getStatistics @17 :Void;
    flush @18 :Void;
    lock @19 :Void;
    setTimestamp @20 :UInt32;                 # BPF_T_* of FreeBSD
    getTimestamp @21 :Void;
    setSignal @22 :UInt32;
    getSignal @23 :Void;
    setFeedback @24 :Bool;
    fanout @25 :UInt32;                       # PACKET_FANOUT of Linux
    setLayout @26 :BpfLayout;                 # how records are laid out for this reader
    setFilterKeeping @27 :List(BpfInstruction);  # as setFilter, but what was captured stays (BIOCSETFNR)
    getMemory @28 :Void;                      # the ring of PACKET_RX_RING: the memory is donated[0]
  }
}

enum BpfDirection { both @0; in @1; out @2; }

struct BpfLayout {
  # What precedes each captured packet in what read returns.

  style @0 :BpfStyle;
  alignment @1 :UInt32;      # BPF_WORDALIGN of the reader: 4 or 8
  wordSize @2 :UInt32;       # of tv_sec in the record header: 4 or 8
}

enum BpfStyle { bsd @0; packet @1; }  # struct bpf_hdr; or bare packets, one a read, as AF_PACKET

struct BpfReply {
  union {
    number @0 :UInt32;
    interface @1 :Text;
    linkTypes @2 :List(UInt32);
    time @3 :Common.Time;
    flag @4 :Bool;
    direction @5 :BpfDirection;
    statistics @6 :BpfStatistics;
  }
}

struct BpfStatistics {
  received @0 :UInt64;
  dropped @1 :UInt64;
  captured @2 :UInt64;
}

struct TunRequest {
  union {
    attach @0 :TunAttach;               # TUNSETIFF of Linux
    getInterface @1 :Void;
    setInformation @2 :TunInformation;  # TUNSIFINFO of BSD
    getInformation @3 :Void;
    setMode @4 :TunMode;                # TUNSIFMODE, TUNSLMODE, TUNSIFHEAD of BSD
    getMode @5 :Void;
    setPersistent @6 :Bool;
    setOwner @7 :UInt32;
    setGroup @8 :UInt32;
    setDebug @9 :UInt32;
    getDebug @10 :Void;
    setOffload @11 :UInt32;             # TUN_F_* of Linux
    setHeaderLength @12 :UInt32;        # virtio header
    setQueue @13 :Bool;                 # attach or detach this queue
    setHardware @14 :Data;              # link address
    getHardware @15 :Void;
    setLink @16 :Bool;                  # carrier
    features @17 :Void;
    setSendBuffer @18 :UInt64;
    setFilter @19 :List(BpfInstruction);
    setTransient @20 :Bool;
    setProcess @21 :Int32;              # TUNSIFPID of BSD
    destroy @22 :Void;
  }
}

struct TunAttach {
  name @0 :Text;             # empty or with %d: the server chooses
  ethernet @1 :Bool;         # tap rather than tun
  bare @2 :Bool;             # no packet information in front (IFF_NO_PI)
  multiQueue @3 :Bool;
  exclusive @4 :Bool;
  virtioHeader @5 :Bool;
}

struct TunMode {
  pointToPoint @0 :Bool = true;  # otherwise broadcast
  multicast @1 :Bool;
  header @2 :Bool;               # four bytes of address family in front of each packet (TUNSIFHEAD)
  linkAddress @3 :Bool;          # struct sockaddr in front of each packet (TUNSLMODE)
}

struct TunInformation {
  baudRate @0 :UInt64;
  mtu @1 :UInt32;
  type @2 :UInt32;           # IFT_* of BSD
  flags @3 :UInt32;          # IFF_* of Linux
}

struct TunReply {
  union {
    interface @0 :TunAttach;
    information @1 :TunInformation;
    mode @2 :TunMode;
    number @3 :UInt64;
    hardware @4 :Data;
  }
}

struct FrameRequest {
  union {
    getMode @0 :Void;              # FBIOGET_VSCREENINFO, WSDISPLAYIO_GINFO, FBIOGTYPE, FBIO_GETMODE
    setMode @1 :FrameMode;
    getMemory @2 :Void;            # FBIOGET_FSCREENINFO, WSDISPLAYIO_GET_FBINFO: the memory is donated[0]
    pan @3 :FramePosition;
    blank @4 :UInt32;              # FB_BLANK_*: 0 on
    getColours @5 :FrameColours;   # range to tell
    setColours @6 :FrameColours;
    waitVertical @7 :Void;
    getBacklight @8 :Void;
    setBacklight @9 :UInt32;
    setGraphics @10 :Bool;         # KDSETMODE, WSDISPLAYIO_SMODE: graphics rather than text
    getGraphics @11 :Void;
    damage @12 :FrameArea;         # this area changed
  }
}

struct FrameChannel {
  offset @0 :UInt8;    # of the lowest bit
  length @1 :UInt8;    # in bits
}

struct FrameMode {
  width @0 :UInt32;
  height @1 :UInt32;
  virtualWidth @2 :UInt32;
  virtualHeight @3 :UInt32;
  left @4 :UInt32;             # what is seen of the virtual screen
  top @5 :UInt32;
  bits @6 :UInt32;             # a pixel
  stride @7 :UInt32;           # bytes a line
  red @8 :FrameChannel;
  green @9 :FrameChannel;
  blue @10 :FrameChannel;
  alpha @11 :FrameChannel;
  pixelClock @12 :UInt32;      # picoseconds
  widthMillimetres @13 :UInt32;
  heightMillimetres @14 :UInt32;
  test @15 :Bool;              # ask only whether it could be set
}

struct FramePosition {
  left @0 :UInt32;
  top @1 :UInt32;
}

struct FrameArea {
  left @0 :UInt32;
  top @1 :UInt32;
  width @2 :UInt32;
  height @3 :UInt32;
}

struct FrameColours {
  start @0 :UInt32;
  count @1 :UInt32;
  red @2 :List(UInt16);
  green @3 :List(UInt16);
  blue @4 :List(UInt16);
}

struct FrameReply {
  union {
    mode @0 :FrameMode;
    memory @1 :FrameMemory;
    colours @2 :FrameColours;
    number @3 :UInt64;
  }
}

struct FrameMemory {
  name @0 :Text;       # "mapperfb"
  length @1 :UInt64;
  stride @2 :UInt32;
  offset @3 :UInt64;   # of the first pixel
}

struct ConsoleRequest {
  # Virtual terminals. Terminals are numbered from 1; numbers of modes are those of Linux (uapi/linux/vt.h, kd.h).

  union {
    queryFree @0 :Void;             # VT_OPENQRY: the first terminal that nobody has open
    getState @1 :Void;
    getSwitching @2 :Void;          # who is asked before the screen is given away
    setSwitching @3 :ConsoleSwitching;
    activate @4 :UInt32;            # bring this terminal to the screen
    isActive @5 :UInt32;            # whether it is there by now
    release @6 :UInt32;             # VT_RELDISP: 0 refuses to give the screen away, 1 does it, 2 has taken it
    getDisplay @7 :Void;            # KD_TEXT 0, KD_GRAPHICS 1
    setDisplay @8 :UInt32;
    getKeyboard @9 :Void;           # K_RAW 0, K_XLATE 1, K_MEDIUMRAW 2, K_UNICODE 3, K_OFF 4
    setKeyboard @10 :UInt32;
    getLights @11 :Void;            # LED_SCR 1, LED_NUM 2, LED_CAP 4
    setLights @12 :UInt32;
    mute @15 :Bool;                 # KDSKBMUTE: no key gets through
    lockSwitching @13 :Bool;        # no terminal can be brought to the screen any more
    getEntry @14 :ConsoleEntry;     # KDGKBENT: what a key means
  }
}

struct ConsoleSwitching {
  byProcess @0 :Bool;
  releaseSignal @1 :UInt32;  # host signals; 0 for none
  acquireSignal @2 :UInt32;
}

struct ConsoleEntry {
  table @0 :UInt8;           # modifiers that are held
  key @1 :UInt8;
}

struct ConsoleState {
  active @0 :UInt32;
  open @1 :UInt32;           # a bit for each terminal that somebody has open, from bit 1
}

struct ConsoleReply {
  union {
    number @0 :UInt64;
    state @1 :ConsoleState;
    switching @2 :ConsoleSwitching;
  }
  notify @3 :Common.SignalTarget;  # whom the one who asked has to signal; pid 0: nobody
}

struct InputRequest {
  # Input devices. Types, codes and values of events are those of Linux (uapi/linux/input-event-codes.h).

  union {
    getIdentity @0 :Void;
    getText @1 :InputText;
    getProperties @2 :Void;
    getKinds @3 :UInt16;             # bits: the codes that there are of a type of events; 0: the types
    getHeld @4 :UInt16;              # bits: the keys (1), lights (17) or switches (5) that are on
    getAxis @5 :UInt16;              # an absolute axis
    getRepeat @6 :Void;
    setRepeat @7 :InputRepeat;
    grab @8 :Bool;                   # events come to this descriptor only
    revoke @9 :Void;                 # this descriptor gets none any more
    setClock @10 :UInt32;            # CLOCK_REALTIME 0, CLOCK_MONOTONIC 1, CLOCK_BOOTTIME 7
    feed @11 :List(InputEvent);      # what somebody did with keyboard and pointer; from the mapper only
  }
}

enum InputText { name @0; place @1; unique @2; }

struct InputRepeat {
  delay @0 :UInt32;    # milliseconds
  period @1 :UInt32;
}

struct InputEvent {
  # What a person does.

  union {
    key @0 :InputKey;
    move @1 :InputPoint;       # the pointer is there
    button @2 :InputKey;       # BTN_LEFT and so on
    scroll @3 :Int32;          # notches upward
  }
}

struct InputKey {
  code @0 :UInt16;
  down @1 :Bool;
}

struct InputPoint {
  x @0 :UInt32;                # pixels of the screen
  y @1 :UInt32;
}

struct InputIdentity {
  bus @0 :UInt16;
  vendor @1 :UInt16;
  product @2 :UInt16;
  version @3 :UInt16;
}

struct InputAxis {
  value @0 :Int32;
  minimum @1 :Int32;
  maximum @2 :Int32;
  fuzz @3 :Int32;
  flat @4 :Int32;
  resolution @5 :Int32;
}

struct InputReply {
  union {
    identity @0 :InputIdentity;
    text @1 :Text;
    bits @2 :Data;
    axis @3 :InputAxis;
    repeat @4 :InputRepeat;
  }
  notify @5 :Common.SignalTarget;  # as that of ConsoleReply, when keys brought another terminal to the screen
}
