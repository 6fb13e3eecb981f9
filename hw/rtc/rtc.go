// Package rtc reads the board's clock chip, as the kernel has it, and the flag by
// which a DS3231 says that its oscillator has stopped.
//
// In: the kernel's folder of the clock, its log, the chip's bus. Out: the time and the
// kind of chip, or why not; whether it stopped. What that is worth is not judged here.
//
// The flag (OSF, bit 7 of register 0Fh) says that the time may be wrong. What the
// kernel's driver, rtc-ds1307, does with it depends on the kernel: until 6.16 its probe
// writes "SET TIME!" into the log and clears it; since "rtc: ds1307: remove clear of
// oscillator stop flag (OSF) in probe" (48458654659c, also in 6.12's stable releases)
// it writes that and leaves the flag set, and nothing clears it in a DS3231 any more;
// with "handle oscillator stop flag (OSF) for ds1337/ds1339/ds3231" (May 2026) reading
// fails with EINVAL until the time is set, which clears it. So both the log and the flag
// are looked at, and the flag is cleared here once the network has set the chip.
package rtc

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"periph.io/x/conn/v3/i2c"
)

// Device is the kernel's folder of the first clock.
const Device = "/sys/class/rtc/rtc0"

// Reading is what a clock chip says. Time is in whole seconds.
type Reading struct {
	Time time.Time
	Chip
}

// Chip is which one it is.
type Chip struct {
	Kind    string // by the device tree, such as maxim,ds3231; "" where it does not say
	Driver  string // the kernel's name: rtc-ds1307
	Bus     string // its bus, such as /dev/i2c-1; "" where it is on none
	Address uint16 // on the bus
}

// Flagged says whether it is of the kind that has the flag.
func (c Chip) Flagged() bool { return c.Bus != "" && strings.HasSuffix(c.Kind, "ds3231") }

// Read reads the clock of a kernel's folder. Where the error is not nil, the Chip is
// known nevertheless, unless it is os.ErrNotExist: there is no clock.
func Read(folder string) (Reading, error) {
	name, err := os.ReadFile(filepath.Join(folder, "name"))
	if err != nil {
		return Reading{}, fmt.Errorf("look for the clock chip: %w", err)
	}
	r := Reading{Chip: chipOf(string(name))}
	// Its strings end in zeros; the first is the most exact.
	if kind, err := os.ReadFile(filepath.Join(folder, "device", "of_node", "compatible")); err == nil {
		r.Kind, _, _ = strings.Cut(string(kind), "\x00")
	}
	b, err := os.ReadFile(filepath.Join(folder, "since_epoch"))
	if err != nil {
		return r, fmt.Errorf("read the clock chip: %w", err)
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || seconds < 0 || seconds > 253_402_300_799 { // the year 9999
		return r, fmt.Errorf("read the clock chip: %q is no time", b)
	}
	r.Time = time.Unix(seconds, 0).UTC()
	return r, nil
}

// place is a name such as "rtc-ds1307 1-0068": the driver, the bus, the address.
var place = regexp.MustCompile(`^(\S+) ([0-9]{1,3})-([0-9a-f]{4})$`)

func chipOf(name string) Chip {
	name = strings.TrimSpace(name)
	m := place.FindStringSubmatch(name)
	if m == nil {
		driver, _, _ := strings.Cut(name, " ")
		return Chip{Driver: driver}
	}
	address, _ := strconv.ParseUint(m[3], 16, 16)
	return Chip{Driver: m[1], Bus: "/dev/i2c-" + m[2], Address: uint16(address)}
}

// said is how the kernel's driver says that the oscillator had stopped.
var said = regexp.MustCompile(`rtc-ds1307 \S+ *: *(SET TIME!|oscillator (failed|stop))`)

// KernelSaid says whether the kernel's log, a line at a time, has it that the chip's
// oscillator had stopped.
func KernelSaid(log io.Reader) (bool, error) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if said.Match(lines.Bytes()) {
			return true, nil
		}
	}
	return false, lines.Err()
}

// The DS3231's status register (data sheet 19-5170, "Status register (0Fh)").
const (
	statusRegister = 0x0f
	stoppedBit     = 0x80
)

// Stopped reads the chip's flag.
func Stopped(b i2c.Bus, address uint16) (bool, error) {
	var status [1]byte
	if err := b.Tx(address, []byte{statusRegister}, status[:]); err != nil {
		return false, fmt.Errorf("read the clock chip's status: %w", err)
	}
	return status[0]&stoppedBit != 0, nil
}

// Clear clears the chip's flag. What else is in the register stays.
func Clear(b i2c.Bus, address uint16) error {
	var status [1]byte
	if err := b.Tx(address, []byte{statusRegister}, status[:]); err != nil {
		return fmt.Errorf("read the clock chip's status: %w", err)
	}
	if err := b.Tx(address, []byte{statusRegister, status[0] &^ stoppedBit}, nil); err != nil {
		return fmt.Errorf("clear the clock chip's flag: %w", err)
	}
	return nil
}
