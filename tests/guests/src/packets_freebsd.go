// Opens a tap interface and descriptors of bpf on it, and prints what is otherwise than tap(4) and bpf(4) of FreeBSD say.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"
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

func control(descriptor int, request uintptr, argument unsafe.Pointer) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(descriptor), request, uintptr(argument))
	if e != 0 {
		return e
	}
	return nil
}

func number(descriptor int, request uintptr) uint32 {
	var value uint32
	must(fmt.Sprintf("request %#x", request), control(descriptor, request, unsafe.Pointer(&value)))
	return value
}

func expect(what string, err error, wanted syscall.Errno) {
	if err != wanted {
		complain("%s: %v instead of %v", what, err, wanted)
	}
}

// A frame from 02:00:00:00:00:01, of the protocol for experiments.
func frame(payload string) []byte {
	header := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5}
	return append(header, payload...)
}

// The packets in what a descriptor of bpf gave.
func packets(data []byte) (all [][]byte) {
	for len(data) > 0 {
		captured := binary.LittleEndian.Uint32(data[16:])
		header := uint32(binary.LittleEndian.Uint16(data[24:]))
		seconds := int64(binary.LittleEndian.Uint64(data))
		if age := time.Now().Unix() - seconds; age < 0 || age > 60 {
			complain("a packet is %d seconds old", age)
		}
		all = append(all, data[header:header+captured])
		next := (header + captured + 7) &^ 7
		if int(next) >= len(data) {
			break
		}
		data = data[next:]
	}
	return
}

func open(name string) int {
	descriptor, err := syscall.Open("/dev/bpf", syscall.O_RDWR, 0)
	must("open /dev/bpf", err)
	if name != "" {
		must("BIOCSETIF", syscall.SetBpfInterface(descriptor, name))
	}
	return descriptor
}

func read(descriptor int) ([][]byte, error) {
	length, err := syscall.BpfBuflen(descriptor)
	must("BIOCGBLEN", err)
	data := make([]byte, length)
	n, err := syscall.Read(descriptor, data)
	if err != nil {
		return nil, err
	}
	return packets(data[:n]), nil
}

func same(what string, found [][]byte, wanted ...[]byte) {
	if len(found) != len(wanted) {
		complain("%s: %d packets instead of %d", what, len(found), len(wanted))
		return
	}
	for i := range wanted {
		if !bytes.Equal(found[i], wanted[i]) {
			complain("%s: packet %d is %x instead of %x", what, i, found[i], wanted[i])
		}
	}
}

func main() {
	tap, err := syscall.Open("/dev/tap0", syscall.O_RDWR, 0)
	must("open /dev/tap0", err)
	write := func(payload string) []byte {
		_, err := syscall.Write(tap, frame(payload))
		must("write to tap", err)
		return frame(payload)
	}
	_, err = syscall.Open("/dev/tap0", syscall.O_RDWR, 0)
	expect("a second open of a tap", err, syscall.EBUSY)
	_, err = syscall.Write(tap, []byte{1, 2, 3})
	expect("a short frame", err, syscall.EINVAL)
	var request [32]byte
	must("TAPGIFNAME", control(tap, 0x4020745d, unsafe.Pointer(&request)))
	if name := string(bytes.TrimRight(request[:16], "\x00")); name != "tap0" {
		complain("the interface is called %q", name)
	}

	// Without an interface.
	bpf := open("")
	_, err = syscall.Read(bpf, make([]byte, 4096))
	expect("a read without interface", err, syscall.ENXIO)
	expect("BIOCGETIF", control(bpf, 0x4020426b, unsafe.Pointer(&request)), syscall.EINVAL)
	expect("no such interface", syscall.SetBpfInterface(bpf, "none0"), syscall.ENXIO)
	if length, err := syscall.SetBpfBuflen(bpf, 1<<30); err != nil || length != 524288 {
		complain("BIOCSBLEN: %d %v", length, err)
	}
	must("BIOCSBLEN", func() error { _, err := syscall.SetBpfBuflen(bpf, 65536); return err }())
	must("BIOCSETIF", syscall.SetBpfInterface(bpf, "tap0"))
	_, err = syscall.SetBpfBuflen(bpf, 4096)
	expect("BIOCSBLEN on an interface", err, syscall.EINVAL)
	must("BIOCGETIF", control(bpf, 0x4020426b, unsafe.Pointer(&request)))
	if !bytes.HasPrefix(request[:], []byte("tap0\x00")) {
		complain("the interface is %q", request[:16])
	}
	if kind := number(bpf, syscall.BIOCGDLT); kind != 1 {
		complain("the link type is %d", kind)
	}
	var list struct {
		count uint32
		at    *[4]uint32
	}
	must("BIOCGDLTLIST", control(bpf, syscall.BIOCGDLTLIST, unsafe.Pointer(&list)))
	count := list.count
	list.at = new([4]uint32)
	list.count = 4
	must("BIOCGDLTLIST", control(bpf, syscall.BIOCGDLTLIST, unsafe.Pointer(&list)))
	if count != 1 || list.count != 1 || list.at[0] != 1 {
		complain("link types: %d, %d, %v", count, list.count, list.at)
	}
	kind := uint32(9)
	expect("another link type", control(bpf, syscall.BIOCSDLT, unsafe.Pointer(&kind)), syscall.EINVAL)
	if version := number(bpf, syscall.BIOCVERSION); version != 1|1<<16 {
		complain("version %#x", version)
	}
	mode := uint32(2)
	expect("shared buffers", control(bpf, syscall.BIOCSETBUFMODE, unsafe.Pointer(&mode)), syscall.EINVAL)
	expect("an unknown request", control(bpf, 0x400442f0, unsafe.Pointer(&mode)), syscall.ENOTTY)
	_, err = syscall.Read(bpf, make([]byte, 4096))
	expect("a read of another length", err, syscall.EINVAL)

	// Buffers larger than a message, and a queue of events.
	queue, err := syscall.Kqueue()
	must("kqueue", err)
	change := syscall.Kevent_t{Ident: uint64(bpf), Filter: syscall.EVFILT_READ, Flags: syscall.EV_ADD}
	none := syscall.Timespec{}
	events := make([]syscall.Kevent_t, 1)
	if n, err := syscall.Kevent(queue, []syscall.Kevent_t{change}, events, &none); n != 0 || err != nil {
		complain("kevent: %d %v", n, err)
	}
	must("BIOCIMMEDIATE", syscall.SetBpfImmediate(bpf, 1))
	var sent [][]byte
	for i := 0; i < 40; i++ {
		sent = append(sent, write(fmt.Sprintf("%02d%01198d", i, i)))
	}
	second := syscall.Timespec{Sec: 5}
	if n, err := syscall.Kevent(queue, nil, events, &second); n != 1 || err != nil {
		complain("kevent: %d %v", n, err)
	}
	found, err := read(bpf)
	must("read", err)
	same("forty packets", found, sent...)
	must("non-blocking", syscall.SetNonblock(bpf, true))
	_, err = read(bpf)
	expect("nothing to read", err, syscall.EAGAIN)
	must("blocking", syscall.SetNonblock(bpf, false))
	statistics, err := syscall.BpfStats(bpf)
	must("BIOCGSTATS", err)
	if statistics.Recv != 40 || statistics.Drop != 0 {
		complain("statistics: %v", *statistics)
	}

	// Filters.
	expect("a filter without end", syscall.SetBpf(bpf, []syscall.BpfInsn{{Code: 0}}), syscall.EINVAL)
	expect("a filter that loops", syscall.SetBpf(bpf, []syscall.BpfInsn{{Code: 5, K: 0xffffffff}, {Code: 6}}), syscall.EINVAL)
	long := make([]syscall.BpfInsn, 513)
	for i := range long {
		long[i].Code = 6
	}
	expect("a filter that is too long", syscall.SetBpf(bpf, long), syscall.EINVAL)
	program := struct {
		count        uint32
		instructions uintptr
	}{1, 8}
	expect("a filter nowhere", control(bpf, syscall.BIOCSETF, unsafe.Pointer(&program)), syscall.EFAULT)
	// Packets whose payload begins with y, of which fifteen bytes.
	chosen := []syscall.BpfInsn{{Code: 0x30, K: 14}, {Code: 0x15, Jf: 1, K: 'y'}, {Code: 6, K: 15}, {Code: 6}}
	must("BIOCSETF", syscall.SetBpf(bpf, chosen))
	write("no")
	yes := write("yes")
	found, err = read(bpf)
	must("read", err)
	same("a filter", found, yes[:15])

	// A timeout, with something and with nothing.
	late := open("tap0")
	must("BIOCSRTIMEOUT", syscall.SetBpfTimeout(late, &syscall.Timeval{Usec: 100000}))
	if timeout, err := syscall.BpfTimeout(late); err != nil || timeout.Usec != 100000 {
		complain("BIOCGRTIMEOUT: %v %v", timeout, err)
	}
	begin := time.Now()
	found, err = read(late)
	must("read", err)
	same("after the timeout", found)
	if took := time.Since(begin); took < 95*time.Millisecond {
		complain("the timeout took %v", took)
	}
	one := write("one")
	found, err = read(late)
	must("read", err)
	same("before the timeout", found, one)
	must("close", syscall.Close(late))

	// Writing, and what the write filter lets through.
	must("BIOCSETF", syscall.SetBpf(bpf, []syscall.BpfInsn{{Code: 6, K: 0xffffffff}}))
	out := frame("out")
	_, err = syscall.Write(bpf, out)
	must("write to bpf", err)
	arrived := make([]byte, 2000)
	n, err := syscall.Read(tap, arrived)
	must("read from tap", err)
	if bytes.Equal(arrived[6:12], out[6:12]) || !bytes.Equal(arrived[12:n], out[12:]) {
		complain("without a complete header %x arrived", arrived[:n])
	}
	must("BIOCSHDRCMPLT", syscall.SetBpfHeadercmpl(bpf, 1))
	_, err = syscall.Write(bpf, out)
	must("write to bpf", err)
	n, err = syscall.Read(tap, arrived)
	must("read from tap", err)
	same("a complete header", [][]byte{arrived[:n]}, out)
	_, err = syscall.Write(bpf, make([]byte, 2000))
	expect("a frame longer than the interface takes", err, syscall.EMSGSIZE)
	filter := struct {
		count        uint32
		instructions *syscall.BpfInsn
	}{4, &chosen[0]}
	must("BIOCSETWF", control(bpf, syscall.BIOCSETWF, unsafe.Pointer(&filter)))
	_, err = syscall.Write(bpf, frame("no"))
	expect("what the write filter does not let through", err, syscall.EPERM)
	must("BIOCLOCK", control(bpf, syscall.BIOCLOCK, nil))
	expect("a filter of a locked descriptor", syscall.SetBpf(bpf, chosen), syscall.EPERM)

	// One that never reads.
	idle := open("tap0")
	for i := 0; i < 2000; i++ {
		write(fmt.Sprintf("%01000d", i))
	}
	statistics, err = syscall.BpfStats(idle)
	must("BIOCGSTATS", err)
	if statistics.Recv != 2000 || statistics.Drop < 1990 {
		complain("one that never reads: %v", *statistics)
	}
	// The interface stays when it is closed, and is down.
	must("close", syscall.Close(tap))
	for tries := 0; tries < 100; tries++ {
		// Until the close is noticed the tap has room for some frames only.
		if _, err = syscall.Write(idle, out); err == syscall.ENETDOWN {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	expect("writing to what is down", err, syscall.ENETDOWN)
	if failed {
		os.Exit(1)
	}
}
