// Package temperature reads a DS18B20 on the one-wire bus, which says how warm
// the panel is.
//
// In: the kernel's w1-therm driver, a folder for each sensor with a file
// "temperature" in thousandths of a degree. Out: °C, or why not. A reading that
// no panel can have is no reading.
package temperature

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"infobus/hw"
)

// Devices is where the kernel lists what is on its one-wire buses.
const Devices = "/sys/bus/w1/devices"

// A conversion takes 750 ms, and the kernel may try three times.
const limit = 5 * time.Second

// What a panel in a van may have, °C.
const coldest, hottest = -30, 60

// powerOn is what the chip's register holds until its first conversion
// (DS18B20 data sheet, "Operation - measuring temperature"), in thousandths.
const powerOn = 85000

// ErrImplausible: the sensor answered, and not with a temperature.
var ErrImplausible = errors.New("implausible temperature")

// Sensor is the one sensor of its kind in a folder. The zero Sensor is the
// kernel's.
type Sensor struct {
	Dir   string // "" is Devices
	guard hw.Guard
}

// Read takes a reading, in °C. hw.ErrAbsent: there is no sensor;
// hw.ErrTimeout: it does not answer; ErrImplausible.
func (s *Sensor) Read(ctx context.Context) (float64, error) {
	return hw.Call(ctx, &s.guard, limit, s.read, nil)
}

func (s *Sensor) read() (float64, error) {
	dir := s.Dir
	if dir == "" {
		dir = Devices
	}
	found, err := filepath.Glob(filepath.Join(dir, "28-*", "temperature")) // 28 is the DS18B20's family
	if err != nil {
		return 0, err
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("no temperature sensor 28-* in %s: %w", dir, hw.ErrAbsent)
	case 1:
	default:
		return 0, fmt.Errorf("%d temperature sensors in %s; one was expected", len(found), dir)
	}
	b, err := os.ReadFile(found[0])
	if errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("%w: %w", hw.ErrAbsent, err)
	}
	if err != nil {
		return 0, err
	}
	return parse(string(b))
}

func parse(s string) (float64, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %.20q found; thousandths of a degree were expected", ErrImplausible, s)
	case n == powerOn:
		return 0, fmt.Errorf("%w: 85 °C, which the sensor says before it has measured", ErrImplausible)
	case n < coldest*1000 || n > hottest*1000:
		return 0, fmt.Errorf("%w: %.1f °C found; %d to %d was expected", ErrImplausible, float64(n)/1000, coldest, hottest)
	}
	return float64(n) / 1000, nil
}
