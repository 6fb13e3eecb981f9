package main

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"infobus/config"
	"infobus/hw/line"
)

// shutdownCommand is the end of a shutdown: systemd runs it from its
// system-shutdown folder, when everything else has ended and the disk is read
// only. A generator that came back meanwhile has nobody left to see it but this.
func shutdownCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "shutdown-hook poweroff|halt|reboot|kexec",
		Short:     "Look at the generators a last time, and restart instead if one runs",
		Hidden:    true, // systemd's, not a person's
		Args:      cobra.ExactArgs(1),
		ValidArgs: []string{"poweroff", "halt", "reboot", "kexec"},
		RunE: func(_ *cobra.Command, args []string) error {
			if args[0] != "poweroff" && args[0] != "halt" {
				return nil
			}
			data, err := os.ReadFile("/etc/infobus/infobus.yaml")
			if err != nil {
				return err
			}
			c, err := config.Parse("/etc/infobus/infobus.yaml", data)
			if err != nil {
				return err
			}
			kernelLog("infobus: looks at the generators a last time")
			runs, err := lastLook(line.Find(c.GPIO), c.Generators, pulsesWithin)
			switch {
			case err != nil:
				// A reading that is missing decides nothing: the order stands.
				kernelLog("infobus: cannot tell whether a generator runs: " + args[0])
				return err
			case runs:
				kernelLog("infobus: a generator runs: restarts")
				unix.Sync()
				return unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
			}
			kernelLog("infobus: no generator runs: " + args[0])
			return nil
		},
	}
}

// pulsesWithin is how long edges are waited for: mains at 45 Hz gives nine
// within it.
const pulsesWithin = 100 * time.Millisecond

// lastLook says whether a generator runs: its line is active, or is the kind
// that pulses and does. The levels are read last, so that little time lies
// between them and the power going off.
func lastLook(chip line.Chip, generators []config.Line, within time.Duration) (runs bool, err error) {
	if len(generators) == 0 {
		return false, nil
	}
	var lines []line.Config
	for _, g := range generators {
		lines = append(lines, line.Config{Name: g.Line, Line: g.Line, ActiveLow: g.ActiveLow(), PullUp: g.Bias == "pull-up", PullDown: g.Bias == "pull-down"})
	}
	edges := make([]atomic.Int32, len(lines))
	in, err := chip.Inputs(lines, func(e line.Edge) { edges[e.Line].Add(1) }, func(error) {})
	if err != nil {
		return false, fmt.Errorf("look at the generators: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	time.Sleep(within)
	active := make([]bool, len(lines))
	if _, err := in.Levels(active); err != nil {
		return false, fmt.Errorf("look at the generators: %w", err)
	}
	for i := range lines {
		// More than a bounce or two.
		runs = runs || active[i] || edges[i].Load() >= 4
	}
	return runs, nil
}

// kernelLog is where what is said now can still be read: on the console.
func kernelLog(line string) {
	if f, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0); err == nil {
		fmt.Fprintf(f, "<5>%s\n", line)
		f.Close()
	}
}
