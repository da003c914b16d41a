// Waits for signals and answers each in its own words, until SIGTERM ends it with status 7.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGHUP, syscall.SIGCONT)
	fmt.Printf("ready %d\n", os.Getpid())
	for received := range signals {
		number := received.(syscall.Signal)
		fmt.Printf("received %v\n", number)
		if number == syscall.SIGTERM {
			os.Exit(7)
		}
	}
}
