// Rootsum prints the line that a slot's root.env has for the root in the file given:
// ib_hash=SIZE:HEX.
package main

import (
	"fmt"
	"os"

	"infobus/card"
	"infobus/card/sum"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: rootsum FILE")
		os.Exit(2)
	}
	if err := print(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "rootsum:", err)
		os.Exit(1)
	}
}

func print(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	s, err := sum.Of(f, info.Size())
	if err != nil {
		return err
	}
	fmt.Println("ib_hash=" + card.FormatSum(info.Size(), s))
	return nil
}
