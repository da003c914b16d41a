// Talks over the network: serves until it is told to end, or asks a server and says what it answers.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// serve answers every line in capitals, over TCP and UDP, until a connection says quit.
func serve(address string) {
	listener, err := net.Listen("tcp", address)
	must(err)
	packets, err := net.ListenPacket("udp", address)
	must(err)
	go func() {
		buffer := make([]byte, 65536)
		for {
			length, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return
			}
			packets.WriteTo([]byte(strings.ToUpper(string(buffer[:length]))), from)
		}
	}()
	fmt.Println("listening")
	end := make(chan bool)
	for {
		go func() {
			<-end
			os.Exit(0)
		}()
		connection, err := listener.Accept()
		must(err)
		go func() {
			defer connection.Close()
			lines := bufio.NewReaderSize(connection, 1<<20)
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if line == "quit\n" {
					end <- true
				}
				io.WriteString(connection, strings.ToUpper(line))
			}
		}()
	}
}

// ask sends a word over TCP and UDP, and then much over TCP.
func ask(address, word string) {
	connection, err := net.DialTimeout("tcp", address, 10*time.Second)
	must(err)
	_, err = io.WriteString(connection, word+"\n")
	must(err)
	lines := bufio.NewReaderSize(connection, 1<<20)
	answer, err := lines.ReadString('\n')
	must(err)
	fmt.Printf("tcp: %q from %v\n", answer, connection.RemoteAddr())
	long := strings.Repeat("0123456789abcdef", 1<<16)
	go io.WriteString(connection, long+"\n")
	answer, err = lines.ReadString('\n')
	must(err)
	fmt.Println("long:", answer == strings.ToUpper(long)+"\n")
	packets, err := net.Dial("udp", address)
	must(err)
	_, err = packets.Write([]byte(word))
	must(err)
	packets.SetReadDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, 65536)
	length, err := packets.Read(buffer)
	must(err)
	fmt.Printf("udp: %q\n", buffer[:length])
}

func main() {
	switch os.Args[1] {
	case "serve":
		serve(os.Args[2])
	case "ask":
		ask(os.Args[2], os.Args[3])
	case "quit":
		connection, err := net.Dial("tcp", os.Args[2])
		must(err)
		io.WriteString(connection, "quit\n")
	case "interfaces":
		interfaces, err := net.Interfaces()
		must(err)
		for _, one := range interfaces {
			addresses, err := one.Addrs()
			must(err)
			fmt.Println(one.Name, one.Index, one.MTU, one.Flags, addresses)
		}
	}
}
