package battery

import (
	"fmt"

	"periph.io/x/conn/v3/physic"

	"infobus/hw"
)

// The INA219's own (TI SBOS448G, section 8.6). Its shunt register has 10 µV a
// bit, its bus register 4 mV, from bit 3 up.
const (
	reset219   = 0x8000 // configuration: all registers as after power-on
	powerOn219 = 0x399F // configuration as it reads then
	overflow   = 1 << 0 // OVF of the bus register: the current register is not valid
	converted  = 1 << 1 // CNVR of the bus register: a conversion is complete
	full219    = 8000   // bus register from bit 3 up, at 32 V

	// configuration219: bus up to 32 V, mean of 128 conversions of shunt and of
	// bus, continuously. A new value comes every 136 ms. Bits 11 and 12 are the
	// shunt's gain.
	configuration219 = 0x27FF
)

// gains are the ranges of the shunt voltage by the gain's bits, and the largest
// offset of the A grade at each (electrical characteristics).
var gains = []struct{ volts, offset float64 }{{0.04, 100e-6}, {0.08, 125e-6}, {0.16, 150e-6}, {0.32, 200e-6}}

// gain is the smallest that holds that drop.
func gain(drop float64) int {
	for i, g := range gains {
		if drop <= g.volts {
			return i
		}
	}
	return len(gains) - 1
}

// ina219 has no register that says what it is: it is known by what it reads
// after a reset.
type ina219 struct{}

func (ina219) most() float64                     { return gains[len(gains)-1].volts }
func (ina219) scale() float64                    { return 0.04096 }
func (ina219) configuration(drop float64) uint16 { return configuration219 | uint16(gain(drop))<<11 }
func (ina219) offset(drop float64) float64       { return gains[gain(drop)].offset }

func (ina219) calibration(v float64) uint16 { return uint16(min(v, 0xFFFE)) &^ 1 } // bit 0 is always 0

func (ina219) identify(d *Dev) error {
	if err := d.write(regConfiguration, reset219); err != nil {
		return err
	}
	got, err := d.read(regConfiguration)
	if err != nil {
		return err
	}
	if got != powerOn219 {
		return fmt.Errorf("%w: an INA219 was expected, which reads %04X after a reset; register 00 reads %04X", hw.ErrIdentity, powerOn219, got)
	}
	return nil
}

func (ina219) ready(d *Dev) (bool, error) {
	bus, err := d.read(regBus)
	return bus&converted != 0, err
}

func (ina219) measured(d *Dev) (physic.ElectricPotential, int16, error) {
	shunt, err := d.read(regShunt)
	if err != nil {
		return 0, 0, fmt.Errorf("read shunt voltage: %w", err)
	}
	current, err := d.read(regCurrent)
	if err != nil {
		return 0, 0, fmt.Errorf("read current: %w", err)
	}
	bus, err := d.read(regBus)
	if err != nil {
		return 0, 0, fmt.Errorf("read bus voltage: %w", err)
	}
	// Clipped at the gain's range, whose sign fills the bits above.
	most := int(gains[gain(d.opts.drop())].volts / 10e-6)
	switch s := int(int16(shunt)); {
	case s >= most || s <= -most:
		return 0, 0, fmt.Errorf("shunt voltage: %w", ErrOverRange)
	case bus&overflow != 0:
		return 0, 0, fmt.Errorf("current: %w", ErrOverRange)
	case bus>>3 >= full219:
		return 0, 0, fmt.Errorf("bus voltage: %w", ErrOverRange)
	}
	return physic.ElectricPotential(bus>>3) * 4 * physic.MilliVolt, int16(current), nil
}
