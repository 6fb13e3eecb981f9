package battery

import (
	"fmt"
	"math"

	"periph.io/x/conn/v3/physic"

	"infobus/hw"
)

// Registers of the INA226 beside the common ones (TI SBOS547B, table 7-1). The
// shunt's has 2.5 µV a bit, the bus's 1.25 mV.
const (
	regMaskEnable   = 0x06
	regManufacturer = 0xFE
	regDie          = 0xFF

	manufacturer = 0x5449 // "TI"
	die          = 0x226  // upper 12 bits; the lower four are the revision

	// configuration226: mean of 64 conversions of 1.1 ms each of shunt and bus,
	// continuously. A new value comes every 141 ms, free of a generator's
	// ripple. Bit 14 is always set.
	configuration226 = 0x4727

	maskOverflow = 1 << 2 // OVF: the current register is not valid
	maskReady    = 1 << 3 // CVRF: a conversion is complete since the last look
)

type ina226 struct{}

func (ina226) most() float64                { return 0.08192 }
func (ina226) scale() float64               { return 0.00512 }
func (ina226) configuration(float64) uint16 { return configuration226 }
func (ina226) offset(float64) float64       { return 10e-6 } // electrical characteristics, V_OS

func (ina226) calibration(v float64) uint16 { return uint16(min(v, math.MaxInt16)) } // bit 15 is always 0

func (ina226) identify(d *Dev) error {
	for _, id := range []struct {
		reg   byte
		shift int
		want  uint16
	}{{regManufacturer, 0, manufacturer}, {regDie, 4, die}} {
		got, err := d.read(id.reg)
		if err != nil {
			return err
		}
		if got>>id.shift != id.want {
			return fmt.Errorf("%w: an INA226 was expected; register %02X reads %04X", hw.ErrIdentity, id.reg, got)
		}
	}
	return nil
}

func (ina226) ready(d *Dev) (bool, error) {
	mask, err := d.read(regMaskEnable)
	return mask&maskReady != 0, err
}

func (ina226) measured(d *Dev) (physic.ElectricPotential, int16, error) {
	shunt, err := d.read(regShunt)
	if err != nil {
		return 0, 0, fmt.Errorf("read shunt voltage: %w", err)
	}
	bus, err := d.read(regBus)
	if err != nil {
		return 0, 0, fmt.Errorf("read bus voltage: %w", err)
	}
	current, err := d.read(regCurrent)
	if err != nil {
		return 0, 0, fmt.Errorf("read current: %w", err)
	}
	mask, err := d.read(regMaskEnable)
	if err != nil {
		return 0, 0, fmt.Errorf("read overflow: %w", err)
	}
	switch s := int16(shunt); {
	case s == math.MaxInt16 || s == math.MinInt16:
		return 0, 0, fmt.Errorf("shunt voltage: %w", ErrOverRange)
	case mask&maskOverflow != 0:
		return 0, 0, fmt.Errorf("current: %w", ErrOverRange)
	case bus >= math.MaxInt16: // bit 15 is always 0
		return 0, 0, fmt.Errorf("bus voltage: %w", ErrOverRange)
	}
	return physic.ElectricPotential(bus) * 1250 * physic.MicroVolt, int16(current), nil
}
