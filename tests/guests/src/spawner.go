// Starts another program, whatever system it was compiled for, and says how that went:
// its output, what it made of its input, its end, and which descriptors it was born with.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: spawner PROGRAM ARGS…")
		os.Exit(2)
	}
	command := exec.Command(os.Args[1], os.Args[2:]...)
	command.Stdin = strings.NewReader("one\ntwo\nthree\n")
	var output, errors bytes.Buffer
	command.Stdout = &output
	command.Stderr = &errors
	command.Env = append(os.Environ(), "SPAWNED_BY=spawner")
	err := command.Run()
	fmt.Printf("output: %q\nerrors: %q\n", output.String(), errors.String())
	if command.ProcessState == nil {
		fmt.Printf("not started: %v\n", err)
		os.Exit(1)
	}
	status := command.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case status.Exited():
		fmt.Printf("exited: %d\n", status.ExitStatus())
	case status.Signaled():
		fmt.Printf("signal: %v\n", status.Signal())
	default:
		fmt.Printf("status: %#x\n", uint32(status))
	}
}
