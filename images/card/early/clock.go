package early

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"infobus/card"
	"infobus/hw/bus"
	"infobus/hw/rtc"
)

// i2cBus is the kernel's folder of what stands on I²C buses.
const i2cBus = "/sys/bus/i2c"

// HoldClock has the kernel bind no driver to a chip on a bus until ReadClock: its driver
// of the clock chip may clear the flag. Call it before the buses' modules are loaded.
func HoldClock() { os.WriteFile(filepath.Join(i2cBus, "drivers_autoprobe"), []byte("0"), 0o200) }

// ReadClock reads the clock chip's oscillator-stop flag, notes it, and has the drivers
// bind.
func ReadClock(say func(string, ...any)) card.Stop {
	flag, err := stopFlag(i2cBus, func(path string, address uint16) (bool, error) {
		b, err := bus.Open(path)
		if err != nil {
			return false, err
		}
		defer b.Close()
		return rtc.Stopped(b, address)
	})
	if err != nil {
		say("clock chip: %v", err)
	}
	if err := os.WriteFile(filepath.Join(i2cBus, "drivers_autoprobe"), []byte("1"), 0o200); err == nil {
		for _, device := range i2cDevices(i2cBus) {
			os.WriteFile(filepath.Join(i2cBus, "drivers_probe"), []byte(device.name), 0o200)
		}
	}
	if flag != card.StopUnknown {
		err := os.MkdirAll(filepath.Dir(string(rtc.Noted)), 0o755)
		if err == nil {
			err = rtc.Noted.Write(flag == card.StopSet, false)
		}
		if err != nil {
			say("%v", err)
		}
	}
	return flag
}

type i2cDevice struct {
	name    string // 1-0068
	bus     string // /dev/i2c-1
	address uint16
	kind    string // by the device tree
}

var i2cName = regexp.MustCompile(`^([0-9]{1,3})-(00[0-9a-f]{2})$`)

func i2cDevices(folder string) (devices []i2cDevice) {
	entries, _ := os.ReadDir(filepath.Join(folder, "devices"))
	for _, e := range entries {
		m := i2cName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		var address uint16
		for _, c := range []byte(m[2]) {
			address = address<<4 | uint16(strings.IndexByte("0123456789abcdef", c))
		}
		kinds := contents(filepath.Join(folder, "devices", e.Name(), "of_node", "compatible"))
		devices = append(devices, i2cDevice{name: e.Name(), bus: "/dev/i2c-" + m[1], address: address, kind: kinds})
	}
	return devices
}

// stopFlag looks for a DS3231 and reads its flag.
func stopFlag(folder string, stopped func(bus string, address uint16) (bool, error)) (card.Stop, error) {
	for _, d := range i2cDevices(folder) {
		first, _, _ := strings.Cut(d.kind, "\x00")
		if !(rtc.Chip{Kind: first, Bus: d.bus, Address: d.address}).Flagged() {
			continue
		}
		switch set, err := stopped(d.bus, d.address); {
		case err != nil:
			return card.StopUnknown, err
		case set:
			return card.StopSet, nil
		default:
			return card.StopClear, nil
		}
	}
	return card.StopUnknown, nil
}
