package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"infobus/hw/bus"
	"infobus/hw/rtc"
	"infobus/reading/clock"
)

// setClockCommand is what a unit of its own runs for the daemon, which may not set the
// clock itself.
func setClockCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "set-clock MS-MS",
		Short: "Set the wall clock, unless a time server keeps it (needs CAP_SYS_TIME)",
		Long: `Set the wall clock, unless a time server keeps it: to milliseconds since 1970, as they
were so many milliseconds after the boot. Not before the program was built.`,
		Hidden: true, // infobus-clock@.service's, not a person's
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			o, err := clock.ParseOrder(args[0])
			if err != nil {
				return usageError{err}
			}
			return clock.Set(o, clock.Built())
		},
	}
}

// clockChipCommand looks whether the clock chip had stopped, or says that it was set.
func clockChipCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "clock-chip look|clear",
		Short:     "Note whether the clock chip had stopped; or that the network has set it",
		Hidden:    true, // infobus-clock-chip@.service's, not a person's
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"look", "clear"},
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := rtc.Read(rtc.Device)
			if errors.Is(err, fs.ErrNotExist) && r.Driver == "" {
				return err
			}
			if args[0] == "clear" {
				return clearFlag(r.Chip)
			}
			stopped, err := hadStopped(r.Chip)
			if err != nil {
				return err
			}
			return rtc.Noted.Write(stopped, false)
		},
	}
}

// hadStopped asks the kernel's log and, where the chip has it, its flag.
func hadStopped(c rtc.Chip) (bool, error) {
	stopped, err := kernelSaid()
	if stopped || !c.Flagged() {
		return stopped, err
	}
	b, err2 := bus.Open(c.Bus)
	if err2 != nil {
		return false, errors.Join(err, err2)
	}
	defer b.Close()
	stopped, err2 = rtc.Stopped(b, c.Address)
	return stopped, errors.Join(err, err2)
}

func kernelSaid() (bool, error) {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, fmt.Errorf("read the kernel's log: %w", err)
	}
	defer unix.Close(fd)
	var log strings.Builder
	record := make([]byte, 8192) // the kernel's longest
	for {
		n, err := unix.Read(fd, record)
		switch {
		case errors.Is(err, unix.EPIPE): // a record was overwritten meanwhile
			continue
		case errors.Is(err, unix.EAGAIN), err == nil && n == 0:
			return rtc.KernelSaid(strings.NewReader(log.String()))
		case err != nil:
			return false, fmt.Errorf("read the kernel's log: %w", err)
		}
		line, _, _ := strings.Cut(string(record[:n]), "\n")
		io.WriteString(&log, line+"\n")
	}
}

// clearFlag says that the chip was set by the network.
func clearFlag(c rtc.Chip) error {
	if c.Flagged() {
		b, err := bus.Open(c.Bus)
		if err != nil {
			return err
		}
		defer b.Close()
		if err := rtc.Clear(b, c.Address); err != nil {
			return err
		}
	}
	return rtc.Noted.Write(false, true)
}
