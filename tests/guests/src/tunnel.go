// Makes a tap or tun interface, brings it up, writes the frames that come as lines of hexadecimal digits to it, and
// prints what is sent to it.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

const (
	setInterface = 0x400454ca // TUNSETIFF
	tap          = 2
	tun          = 1
	bare         = 0x1000
	getFlags     = 0x8913
	setFlags     = 0x8914
)

func control(descriptor int, request uintptr, argument *[40]byte) {
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(descriptor), request, uintptr(unsafe.Pointer(argument))); e != 0 {
		fmt.Fprintf(os.Stderr, "ioctl %#x: %v\n", request, e)
		os.Exit(1)
	}
}

func check(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func main() {
	descriptor, err := syscall.Open("/dev/net/tun", syscall.O_RDWR, 0)
	check("open", err)
	var request [40]byte
	copy(request[:], os.Args[1])
	kind := uint16(tun | bare)
	if os.Args[1][:3] == "tap" {
		kind = tap | bare
	}
	*(*uint16)(unsafe.Pointer(&request[16])) = kind
	control(descriptor, setInterface, &request)
	socket, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, 0)
	check("socket", err)
	control(socket, getFlags, &request)
	request[16] |= 1
	control(socket, setFlags, &request)
	fmt.Println("up")
	go func() {
		frame := make([]byte, 65536)
		for {
			n, err := syscall.Read(descriptor, frame)
			check("read", err)
			fmt.Println(hex.EncodeToString(frame[:n]))
		}
	}()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		frame, err := hex.DecodeString(lines.Text())
		check("hex", err)
		_, err = syscall.Write(descriptor, frame)
		check("write", err)
	}
}
