// Output switches a line of the lab's chip on and off through hw/line, and says each
// time how the kernel reads it: by the one who holds it, and, once nobody does, as it
// was left. It is the smallest program around line.Switch, for the machine of images/lab.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/warthog618/go-gpiocdev"

	"infobus/hw/line"
)

func main() {
	chip := os.Args[1]
	for _, c := range []line.Config{{Name: "high", Line: os.Args[2]}, {Name: "low", Line: os.Args[2], ActiveLow: true}} {
		ctx, cancel := context.WithCancel(context.Background())
		wanted, script := make(chan bool, 1), []bool{true, false, true}
		// Hold fails where the kernel reads otherwise than it set.
		err := line.NewSwitch(line.Find(chip), c).Hold(ctx, wanted, func(active bool) {
			fmt.Println(c.Name, "active", active)
			if len(script) == 0 {
				cancel()
				return
			}
			wanted <- script[0]
			script = script[1:]
		})
		if ctx.Err() == nil {
			fail(err)
		}
		fmt.Println(c.Name, "left", left(chip, c.Line))
	}

	// A process that is killed gives nothing back, and the kernel lets go for it.
	out, err := line.Find(chip).Output(line.Config{Name: "held", Line: os.Args[2]}, true)
	if err != nil {
		fail(err)
	}
	if _, err := line.Find(chip).Output(line.Config{Name: "second", Line: os.Args[2]}, false); err == nil {
		fail(fmt.Errorf("a line that is held was given to another"))
	}
	active, err := out.Active()
	if err != nil {
		fail(err)
	}
	fmt.Println("held active", active)
	os.Exit(0)
}

// left is the level of a line that nobody holds, as it was left.
func left(chip, wire string) int {
	name, offset, err := line.Locate(chip, wire)
	if err != nil {
		fail(err)
	}
	l, err := gpiocdev.RequestLine(name, offset, gpiocdev.AsIs)
	if err != nil {
		fail(err)
	}
	defer l.Close()
	v, err := l.Value()
	if err != nil {
		fail(err)
	}
	return v
}

func fail(err error) {
	fmt.Println("error:", err)
	os.Exit(1)
}
