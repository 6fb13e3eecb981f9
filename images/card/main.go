// Card makes the parts of the card image that no program of Debian's makes; the script
// beside it, images/build/image.sh, has the order. It writes what it is told to, from
// files alone: neither clock nor machine is in what comes out.
//
//	card modules FOLDER            names on the standard input → files of kernel modules
//	card unpack FOLDER             its kernel modules, as the kernel loads them
//	card initrd OUT FOLDER INIT LIST [PATH=FILE…]
//	card disk OUT FAT BOOT ROOT DATA
//	card crc NAME FILE             as U-Boot's script compares it
//	card bill OUT LOCK DOC SECONDS PROGRAM…
package main

import (
	"bufio"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "card:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: card modules|unpack|initrd|disk|crc|bill …")
	}
	switch command, args := args[0], args[1:]; {
	case command == "modules" && len(args) == 1:
		names, err := words(os.Stdin)
		if err != nil {
			return err
		}
		files, err := modules(args[0], names)
		if err != nil {
			return err
		}
		fmt.Println(strings.Join(files, "\n"))
		return nil
	case command == "unpack" && len(args) == 1:
		return unpackAll(args[0])
	case command == "initrd" && len(args) >= 4:
		return initrd(args[0], args[1], args[2], args[3], args[4:])
	case command == "disk" && len(args) == 5:
		return disk(args[0], [4]string(args[1:]))
	case command == "crc" && len(args) == 2:
		b, err := os.ReadFile(args[1])
		if err != nil {
			return err
		}
		// Some of U-Boot's builds store it as the processor reads it, some the other way
		// round.
		sum := crc32.ChecksumIEEE(b)
		fmt.Printf("ib_%s=%x\nib_%s_turned=%x\n", args[0], sum, args[0], bits.ReverseBytes32(sum))
		return nil
	case command == "bill" && len(args) >= 5:
		seconds, err := strconv.ParseInt(args[3], 10, 64)
		if err != nil {
			return err
		}
		return writeBill(args[0], args[1], args[2], time.Unix(seconds, 0), args[4:])
	default:
		return fmt.Errorf("card %s does not take %q", command, args)
	}
}

// words are the lines of a list, without comments.
func words(r io.Reader) (all []string, err error) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		if line := strings.TrimSpace(s.Text()); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all, s.Err()
}
