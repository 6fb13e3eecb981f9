package early

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// chipName is the header's GPIO chip under a name that is the same on every board.
const chipName = "/dev/infobus-gpio"

// chipDrivers are those of the GPIO chips that a box is wired to: the Pi's, the lab's.
var chipDrivers = []string{"pinctrl-bcm2835", "pl061_gpio"}

// Devices has the daemon find the header's lines and buses as udev will leave them, which
// comes seconds later: each belongs to the group of its kind, and the header's chip has its
// name.
func Devices() error {
	chips, _ := filepath.Glob("/sys/bus/gpio/devices/gpiochip*")
	err := nameChip(chips, chipName)
	groups, e := os.ReadFile("/etc/group")
	err = errors.Join(err, e)
	for _, kind := range [][2]string{{"gpio", "/dev/gpiochip*"}, {"i2c", "/dev/i2c-*"}, {"spi", "/dev/spidev*"}} {
		found, _ := filepath.Glob(kind[1])
		for _, device := range found {
			err = errors.Join(err, give(device, groupOf(string(groups), kind[0])))
		}
	}
	return err
}

// nameChip makes a link, as udev does, to the last of these chips that has one of the
// drivers.
func nameChip(chips []string, name string) error {
	for _, chip := range chips {
		// The link leads to the chip itself; the driver is its parent's.
		at, err := filepath.EvalSymlinks(chip)
		if err != nil {
			continue
		}
		for _, parent := range []string{filepath.Dir(at), filepath.Join(at, "device")} {
			driver, err := os.Readlink(filepath.Join(parent, "driver"))
			if err != nil || !slices.Contains(chipDrivers, filepath.Base(driver)) {
				continue
			}
			os.Remove(name)
			if err := os.Symlink(filepath.Base(chip), name); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// groupOf is the number of a group in /etc/group's text, -1 for none.
func groupOf(groups, name string) int {
	for line := range strings.Lines(groups) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) >= 3 && f[0] == name {
			if n, err := strconv.Atoi(f[2]); err == nil {
				return n
			}
		}
	}
	return -1
}

func give(device string, group int) error {
	if group < 0 {
		return fmt.Errorf("%s: its group is not there", device)
	}
	return errors.Join(os.Chown(device, 0, group), os.Chmod(device, 0o660))
}
