// Package bus finds and opens the kernel's I²C buses. Which number a bus has depends on
// the kernel and the board; where it is in the device tree does not.
//
// In: the name of a bus as the configuration has it. Out: the bus, or why not.
package bus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/host/v3/sysfs"

	"infobus/hw"
)

// Header is the name of the bus that a Pi has on pins 3 and 5 of its header or, where its
// device tree has moved that to other lines, of the one in its place.
const Header = "header"

// headerNode is that bus in the device trees of a Pi 3B+, a Pi 4 and a Zero 2 W, Debian's
// and Raspberry Pi's (i2c1 in bcm283x.dtsi).
const headerNode = "/soc/i2c@7e804000"

var (
	device = regexp.MustCompile(`^/dev/i2c-[0-9]{1,4}$`)
	node   = regexp.MustCompile(`^(/[a-z][0-9A-Za-z,._+-]*(@[0-9a-f]+)?)+$`)
)

// Valid says whether it is a name that Open takes: Header, a device such as /dev/i2c-1,
// or a bus's path in the device tree, such as /soc/i2c@7e804000.
func Valid(name string) bool {
	return name == Header || device.MatchString(name) || node.MatchString(name) && !strings.HasPrefix(name, "/dev/")
}

// Open opens the bus of that name. Where there is none the error is hw.ErrAbsent.
func Open(name string) (i2c.BusCloser, error) {
	path, err := Find("/sys", name)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(strings.TrimPrefix(path, "/dev/i2c-"))
	if err != nil {
		return nil, fmt.Errorf("bus %s is not of the form /dev/i2c-1", path)
	}
	// Asked first because periph's error does not wrap the kernel's.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.ENODEV) {
		return nil, fmt.Errorf("%w: %w", hw.ErrAbsent, err)
	}
	if err != nil {
		return nil, err
	}
	f.Close()
	return sysfs.NewI2C(number)
}

// Find is the device of the bus of that name, such as /dev/i2c-1, by what the kernel
// shows below sys, which is its /sys. A device is its own name, whether it is there or not.
func Find(sys, name string) (string, error) {
	if device.MatchString(name) {
		return name, nil
	}
	if !Valid(name) {
		return "", fmt.Errorf("bus %q is none of: %s, a device such as /dev/i2c-1, a path in the device tree", name, Header)
	}
	buses, err := described(sys)
	if err != nil {
		return "", err
	}
	wanted := []string{name}
	if name == Header {
		// The alias comes first: it is how a device tree says that another bus stands for it.
		wanted = []string{headerNode}
		if alias, err := os.ReadFile(filepath.Join(sys, tree, "aliases/i2c1")); err == nil {
			wanted = []string{strings.TrimRight(string(alias), "\x00"), headerNode}
		}
	}
	for _, w := range wanted {
		if i := slices.IndexFunc(buses, func(b found) bool { return b.node == w }); i >= 0 {
			return buses[i].device, nil
		}
	}
	if name != Header {
		return "", fmt.Errorf("%w: the device tree has no I2C bus %s that is switched on", hw.ErrAbsent, name)
	}
	// Raspberry Pi's overlays for a bus on other lines give it no alias.
	var moved []found
	for _, b := range buses {
		if b.onLines {
			moved = append(moved, b)
		}
	}
	switch len(moved) {
	case 0:
		return "", fmt.Errorf("%w: the header's I2C bus is not switched on", hw.ErrAbsent)
	case 1:
		return moved[0].device, nil
	}
	return "", fmt.Errorf("%w: the header's I2C bus is not switched on, and there are %d buses on other lines: name one", hw.ErrAbsent, len(moved))
}

// tree is the device tree's place below /sys.
const tree = "firmware/devicetree/base"

// found is a bus that the device tree describes.
type found struct {
	device  string // /dev/i2c-1
	node    string // its path in the device tree
	onLines bool   // made of two GPIO lines (i2c-gpio)
}

func described(sys string) ([]found, error) {
	adapters, err := filepath.Glob(filepath.Join(sys, "bus/i2c/devices/i2c-*"))
	if err != nil {
		return nil, err
	}
	root, err := filepath.EvalSymlinks(filepath.Join(sys, tree))
	if err != nil {
		return nil, nil // a machine without a device tree
	}
	var all []found
	for _, a := range adapters {
		b := found{device: "/dev/" + filepath.Base(a)}
		at, err := filepath.EvalSymlinks(filepath.Join(a, "of_node"))
		if err != nil || !device.MatchString(b.device) {
			continue
		}
		b.node = strings.TrimPrefix(at, root)
		kind, err := os.ReadFile(filepath.Join(at, "compatible"))
		b.onLines = err == nil && slices.Contains(strings.Split(string(kind), "\x00"), "i2c-gpio")
		all = append(all, b)
	}
	return all, nil
}
