// Burns and reads discs by CAM control blocks, as cdrecord's transport library for FreeBSD does: it looks for units by
// /dev/xpt0, and sends commands through /dev/pass0. Also says what is otherwise than pass(4) and xpt(4) of FreeBSD say.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

const (
	command     = 0xc4e01a02 // CAMIOCOMMAND
	passThrough = 0xc4e01a03 // CAMGETPASSTHRU
	length      = 1248       // of union ccb
	body        = 200        // behind its header

	scsiIO      = 0x901
	deviceType  = 0x02
	deviceList  = 0x03
	pathInquiry = 0x04
	deviceMatch = 0x409

	in   = 0x40
	out  = 0x80
	none = 0xc0
)

var failed bool

func complain(format string, values ...interface{}) {
	failed = true
	fmt.Printf(format+"\n", values...)
}

func must(what string, err error) {
	if err != nil {
		fmt.Printf("%s: %v\n", what, err)
		os.Exit(1)
	}
}

// A control block.
type block [length]byte

func (b *block) word(at int) uint32         { return binary.LittleEndian.Uint32(b[at:]) }
func (b *block) set(at int, value uint32)   { binary.LittleEndian.PutUint32(b[at:], value) }
func (b *block) setAt(at int, value uint64) { binary.LittleEndian.PutUint64(b[at:], value) }

func (b *block) text(at, most int) string {
	text, _, _ := strings.Cut(string(b[at:at+most]), "\x00")
	return text
}

func (b *block) send(descriptor int, request uintptr) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(descriptor), request, uintptr(unsafe.Pointer(b)))
	if e != 0 {
		return e
	}
	return nil
}

func open(path string) int {
	descriptor, err := syscall.Open(path, syscall.O_RDWR, 0)
	must(path, err)
	return descriptor
}

// Sends a command; gives the sense key, code and qualifier of one that failed.
func send(descriptor int, cdb, data []byte, direction uint32) (uint32, [3]byte) {
	var b block
	b.set(80, scsiIO)
	b.set(112, direction)
	b.set(176, 60000)
	if len(data) > 0 {
		b.setAt(216, uint64(uintptr(unsafe.Pointer(&data[0]))))
		b.set(224, uint32(len(data)))
	}
	b[480] = 252
	b[481] = byte(len(cdb))
	copy(b[496:512], cdb)
	must("CAMIOCOMMAND", b.send(descriptor, command))
	return b.word(84), [3]byte{b[228+2] & 0xf, b[228+12], b[228+13]}
}

func do(descriptor int, what string, cdb, data []byte, direction uint32) {
	for try := 0; ; try++ {
		status, sense := send(descriptor, cdb, data, direction)
		if status == 1 {
			return
		}
		// That the medium may be another is told once.
		if sense[0] != 6 || try > 0 {
			fmt.Printf("%s: status %#x, sense %x\n", what, status, sense)
			os.Exit(1)
		}
	}
}

// Prints what the transport layer knows, one result at a time, and how the first unit is reached.
func scan() {
	transport := open("/dev/xpt0")
	kinds := []string{"driver", "device", "bus"}
	var result [800]byte
	var b block
	for {
		b.set(80, deviceMatch)
		b.set(96, 0xffffffff)
		b.set(228, uint32(len(result)))
		b.setAt(232, uint64(uintptr(unsafe.Pointer(&result[0]))))
		must("XPT_DEV_MATCH", b.send(transport, command))
		if b.word(84) != 1 {
			complain("XPT_DEV_MATCH: status %#x", b.word(84))
			return
		}
		if b.word(224) == 0 {
			break
		}
		kind := binary.LittleEndian.Uint32(result[:])
		name := func(at int) string { text, _, _ := strings.Cut(string(result[at:at+16]), "\x00"); return text }
		word := func(at int) uint32 { return binary.LittleEndian.Uint32(result[at:]) }
		switch kind {
		case 0:
			fmt.Printf("%s %s%d at %d:%d:%d\n", kinds[kind], name(8), word(24), word(28), word(32), word(40))
		case 1:
			fmt.Printf("%s <%s> at %d:%d:%d\n", kinds[kind], result[8+20+8:8+20+36], word(8), word(12), word(16))
		case 2:
			fmt.Printf("%s %s%d\n", kinds[kind], name(12), word(28))
		}
		if b.word(200) == 0 {
			break
		}
	}
	// Only drivers that pass commands through.
	var pattern [288]byte
	copy(pattern[8:], "pass")
	pattern[8+40] = 8
	b = block{}
	b.set(80, deviceMatch)
	b.set(204, 1)
	b.set(208, uint32(len(pattern)))
	b.setAt(216, uint64(uintptr(unsafe.Pointer(&pattern[0]))))
	b.set(228, uint32(len(result)))
	b.setAt(232, uint64(uintptr(unsafe.Pointer(&result[0]))))
	must("XPT_DEV_MATCH", b.send(transport, command))
	if b.word(224) != 1 || string(result[8:13]) != "pass\x00" {
		complain("matching pass: %d results, %q", b.word(224), result[8:24])
	}
	b = block{}
	copy(b[200:], "cd")
	must("CAMGETPASSTHRU", b.send(transport, passThrough))
	fmt.Printf("cd0 is reached by %s%d\n", b.text(200, 16), b.word(216))
	b = block{}
	copy(b[200:], "da")
	if err := b.send(transport, passThrough); err != syscall.ENOENT {
		complain("CAMGETPASSTHRU of da0: %v", err)
	}
	b = block{}
	b.set(80, scsiIO)
	if err := b.send(transport, command); err != syscall.EOPNOTSUPP {
		complain("a command to the transport layer: %v", err)
	}
	if _, err := syscall.Open("/dev/pass0", syscall.O_RDONLY, 0); err != syscall.EPERM {
		complain("/dev/pass0 for reading: %v", err)
	}
	pass := open("/dev/pass0")
	b = block{}
	b.set(80, deviceMatch)
	if err := b.send(pass, command); err != syscall.ENODEV {
		complain("XPT_DEV_MATCH to a unit: %v", err)
	}
	b = block{}
	b.set(80, pathInquiry)
	must("XPT_PATH_INQ", b.send(pass, command))
	fmt.Printf("adapter %s%d, at most %d bytes\n", b.text(276, 16), b.word(292), b.word(448))
	b = block{}
	b.set(80, deviceType)
	must("XPT_GDEV_TYPE", b.send(pass, command))
	fmt.Printf("type %d, vendor %s\n", b[204]&0x1f, strings.TrimSpace(string(b[212:220])))
	b = block{}
	b.set(80, deviceList)
	must("XPT_GDEVLIST", b.send(pass, command))
	fmt.Printf("first driver %s%d\n", b.text(200, 16), b.word(216))
	b = block{}
	b.set(80, 0x77)
	if err := b.send(pass, command); err != nil || b.word(84) != 6 {
		complain("a function that there is none of: %v, status %#x", err, b.word(84))
	}
	// READ (10) beyond the end: sense data says so.
	status, sense := send(pass, []byte{0x28, 0, 0x7f, 0, 0, 0, 0, 0, 1, 0}, make([]byte, 2048), in)
	if status == 1 {
		complain("a block that is not there was read")
	}
	fmt.Printf("status %#x, sense key %x\n", status, sense[0])
}

func read(file string) []byte {
	data, err := os.ReadFile(file)
	must(file, err)
	for len(data)%2048 != 0 {
		data = append(data, 0)
	}
	return data
}

// How many blocks there are from one on, at most so many.
func blocks(data []byte, at, most int) int {
	if rest := len(data)/2048 - at; rest < most {
		return rest
	}
	return most
}

func number(value int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(value)) }

// One track at once.
func burn(file string) {
	data := read(file)
	pass := open("/dev/pass0")
	// Write parameters: track at once, data of 2048 bytes.
	page := make([]byte, 8+52)
	page[8], page[9], page[10], page[11], page[12] = 0x05, 50, 0x01, 0x04, 8
	do(pass, "MODE SELECT", []byte{0x55, 0x10, 0, 0, 0, 0, 0, 0, byte(len(page)), 0}, page, out)
	const most = 32
	for at := 0; at < len(data)/2048; at += most {
		count := blocks(data, at, most)
		cdb := append([]byte{0x2a, 0}, number(at)...)
		cdb = append(cdb, 0, 0, byte(count), 0)
		do(pass, "WRITE", cdb, data[at*2048:(at+count)*2048], out)
	}
	do(pass, "SYNCHRONIZE CACHE", []byte{0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}, nil, none)
	do(pass, "CLOSE TRACK", []byte{0x5b, 0, 1, 0, 0, 1, 0, 0, 0, 0}, nil, none)
	do(pass, "CLOSE SESSION", []byte{0x5b, 0, 2, 0, 0, 0, 0, 0, 0, 0}, nil, none)
}

func compare(file string) {
	data := read(file)
	pass := open("/dev/pass0")
	capacity := make([]byte, 8)
	do(pass, "READ CAPACITY", []byte{0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}, capacity, in)
	const most = 100
	back := make([]byte, most*2048)
	for at := 0; at < len(data)/2048; at += most {
		count := blocks(data, at, most)
		cdb := append([]byte{0x28, 0}, number(at)...)
		cdb = append(cdb, 0, 0, byte(count), 0)
		do(pass, "READ", cdb, back[:count*2048], in)
		if string(back[:count*2048]) != string(data[at*2048:(at+count)*2048]) {
			complain("blocks from %d on are not the file's", at)
			return
		}
	}
	unit, err := os.Open("/dev/cd0")
	must("/dev/cd0", err)
	whole := make([]byte, len(data))
	for done := 0; done < len(whole); {
		got, err := unit.Read(whole[done:])
		must("reading /dev/cd0", err)
		done += got
	}
	if string(whole) != string(data) {
		complain("/dev/cd0 is not the file")
	}
	if _, err := unit.Read(make([]byte, 100)); err == nil {
		complain("a part of a sector was read")
	}
	var size uint64
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, unit.Fd(), 0x40086481, uintptr(unsafe.Pointer(&size)))
	last := binary.BigEndian.Uint32(capacity)
	fmt.Printf("%d blocks, %d bytes\n", last+1, size)
	if e != 0 || size != (uint64(last)+1)*2048 {
		complain("DIOCGMEDIASIZE: %v", e)
	}
}

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "scan":
		scan()
	case len(os.Args) == 3 && os.Args[1] == "burn":
		burn(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "compare":
		compare(os.Args[2])
	default:
		complain("usage: burner scan | burn FILE | compare FILE")
	}
	if failed {
		os.Exit(1)
	}
}
