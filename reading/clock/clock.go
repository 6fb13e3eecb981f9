// Package clock reads the board's clocks and makes the stamps that the rest of
// the house takes as arguments. Only sources and doers ask it; the pure rooms
// are told the time.
package clock

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"infobus/reading"
)

// Clock gives the present moment.
type Clock interface {
	Now() reading.Stamp
}

// System is the board's own clock: CLOCK_MONOTONIC, the same clock the kernel
// stamps GPIO edges with, and the wall clock beside it.
type System struct {
	boot  string
	seq   atomic.Uint64
	shift atomic.Int64 // ns
}

// NewSystem reads the boot id from the kernel; where there is none, one is
// drawn, which is right for as long as the process lives.
func NewSystem() *System {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	boot := strings.TrimSpace(string(b))
	if err != nil || boot == "" {
		var id [16]byte
		rand.Read(id[:])
		boot = hex.EncodeToString(id[:])
	}
	return &System{boot: boot}
}

// Now stamps the present moment with the next sequence number.
func (c *System) Now() reading.Stamp {
	return reading.Stamp{Boot: c.boot, Seq: c.seq.Add(1), Mono: Mono(), Wall: time.Now().Round(0).Add(time.Duration(c.shift.Load()))}
}

// Shift has the wall clock of this System, not the machine's, be so much ahead: that
// of a simulated box, whose clock somebody sets.
func (c *System) Shift(by time.Duration) { c.shift.Store(int64(by)) }

// Mono is CLOCK_MONOTONIC, the time since boot.
func Mono() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // the kernel always has this clock
	}
	return time.Duration(t.Nano())
}

// Synchronised says whether the kernel's clock is kept by a time server, by the
// rule that systemd's timedate1 uses for its NTPSynchronized: the kernel's
// maximum error is below 16 s.
func Synchronised() bool {
	var t unix.Timex
	_, err := unix.Adjtimex(&t)
	return err == nil && t.Maxerror < 16_000_000
}
