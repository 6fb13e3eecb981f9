package systemd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Target starts and stops a unit as it is told to. What cannot be done is tried
// again by its supervisor, as long as it is still wanted. Make it with NewTarget.
type Target struct {
	unit        string
	due         chan bool // up or down: the latest
	start, stop func(ctx context.Context, unit string) error
	bus         func(ctx context.Context) // waits for it, while it may be on its way

	wanted, pending bool
}

// NewTarget makes the Target of a unit.
func NewTarget(unit string) *Target {
	return &Target{unit: unit, due: make(chan bool, 1), start: StartUnit, stop: StopUnit,
		bus: func(ctx context.Context) { awaitBus(ctx, busIsThere, upFor) }}
}

// Set asks for the unit to be up or down; it does not block. One goroutine calls
// it.
func (t *Target) Set(up bool) {
	select {
	case <-t.due:
	default:
	}
	t.due <- up
}

// Run does what is asked until ctx is done or it fails, and calls alive each time
// that was done. A refusal, by systemd or polkit, is fs.ErrPermission too.
func (t *Target) Run(ctx context.Context, alive func()) error {
	for {
		if !t.pending {
			select {
			case t.wanted = <-t.due:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		select {
		case t.wanted = <-t.due: // a later word
		default:
		}
		t.pending = true
		t.bus(ctx)
		limited, cancel := context.WithTimeout(ctx, 20*time.Second)
		do := t.stop
		if t.wanted {
			do = t.start
		}
		err := do(limited, t.unit)
		cancel()
		if errors.Is(err, ErrRefused) {
			err = fmt.Errorf("%w: %w", fs.ErrPermission, err)
		}
		if err != nil {
			return err
		}
		t.pending = false
		alive()
	}
}

// busWait is how long after the machine's start the system bus may be missing without a
// fault: the daemon is started before it.
const busWait = 2 * time.Minute

// awaitBus returns once the bus is there, or ought to be.
func awaitBus(ctx context.Context, isThere func() bool, up func() time.Duration) {
	for !isThere() && up() < busWait {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

func busIsThere() bool {
	_, err := os.Stat("/run/dbus/system_bus_socket")
	return err == nil
}

// upFor is how long the machine has been up; long where the kernel does not say.
func upFor() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return busWait
	}
	return time.Duration(t.Nano())
}
