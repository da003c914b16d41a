// Captures packets on an interface of a BSD system with gopacket, and prints them as lines of hexadecimal digits.
package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strconv"

	"github.com/google/gopacket/bsdbpf"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	count, err := strconv.Atoi(os.Args[2])
	check(err)
	sniffer, err := bsdbpf.NewBPFSniffer(os.Args[1], nil)
	check(err)
	fmt.Println("listening")
	for ; count > 0; count-- {
		frame, _, err := sniffer.ReadPacketData()
		check(err)
		fmt.Println(hex.EncodeToString(frame))
	}
	check(sniffer.Close())
}
