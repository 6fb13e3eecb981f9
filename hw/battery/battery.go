// Package battery reads the voltage and the current of the leisure battery from
// a Texas Instruments INA226 monitor on I²C.
//
// In: an I²C bus, the shunt and the largest current. Out: Samples. It keeps no
// count of charge and judges no level: that is room power's. It believes no
// chip that it has not identified, and gives no number for a current that is
// out of range.
package battery

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"syscall"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"

	"infobus/hw"
)

// Registers of the INA226 (TI SBOS547B, table 7-1), 16 bit, big endian.
const (
	regConfiguration = 0x00
	regShunt         = 0x01 // 2.5 µV a bit, signed
	regBus           = 0x02 // 1.25 mV a bit
	regCurrent       = 0x04 // signed, as scaled by regCalibration
	regCalibration   = 0x05
	regMaskEnable    = 0x06
	regManufacturer  = 0xFE
	regDie           = 0xFF

	manufacturer = 0x5449 // "TI"
	die          = 0x226  // upper 12 bits; the lower four are the revision

	// configuration: mean of 64 conversions of 1.1 ms each of shunt and bus,
	// continuously. A new value comes every 141 ms, free of a generator's
	// ripple. Bit 14 is always set.
	configuration = 0x4727

	maskOverflow = 1 << 2 // OVF: the current register is not valid
	maskReady    = 1 << 3 // CVRF: a conversion is complete since the last look

	maxCalibration = math.MaxInt16
)

// ErrOverRange: the current is more than the monitor or its calibration can
// express, or the voltage is. How much more cannot be told.
var ErrOverRange = errors.New("out of the monitor's range")

// Opts say how the monitor is wired.
type Opts struct {
	Address uint16 // 0x40 to 0x4F by the pins A0 and A1
	Shunt   physic.ElectricResistance
	// MaxCurrent is the largest current that is measured, both ways. With Shunt
	// it must drop no more than the monitor's 81.92 mV.
	MaxCurrent physic.ElectricCurrent
	// Reversed: the shunt is wired so that a charging current reads negative.
	Reversed bool
}

// DefaultOpts are those of the reference hardware.
func DefaultOpts() Opts {
	return Opts{Address: 0x40, Shunt: 500 * physic.MicroOhm, MaxCurrent: 100 * physic.Ampere}
}

// Sample is what the battery does at one moment.
type Sample struct {
	Volts physic.ElectricPotential
	Amps  physic.ElectricCurrent // positive: the battery is being charged
}

// Dev is an INA226 that was identified and set up.
type Dev struct {
	bus         i2c.Bus
	opts        Opts
	calibration uint16
}

// New identifies the chip (hw.ErrAbsent: nothing answers, hw.ErrIdentity:
// another chip does), sets it up and waits for its first conversion, which takes
// a seventh of a second.
func New(bus i2c.Bus, opts *Opts) (*Dev, error) {
	d := &Dev{bus: bus, opts: *opts}
	var err error
	if d.calibration, err = opts.calibration(); err != nil {
		return nil, err
	}
	for _, id := range []struct {
		reg   byte
		shift int
		want  uint16
	}{{regManufacturer, 0, manufacturer}, {regDie, 4, die}} {
		got, err := d.read(id.reg)
		if err != nil {
			return nil, fmt.Errorf("identify battery monitor at %#x: %w", opts.Address, err)
		}
		if got>>id.shift != id.want {
			return nil, fmt.Errorf("identify battery monitor at %#x: %w: register %02X reads %04X", opts.Address, hw.ErrIdentity, id.reg, got)
		}
	}
	if err := d.write(regConfiguration, configuration); err != nil {
		return nil, fmt.Errorf("configure battery monitor: %w", err)
	}
	if err := d.write(regCalibration, d.calibration); err != nil {
		return nil, fmt.Errorf("calibrate battery monitor: %w", err)
	}
	for range 50 { // seven times what it takes
		mask, err := d.read(regMaskEnable)
		if err != nil {
			return nil, fmt.Errorf("wait for battery monitor: %w", err)
		}
		if mask&maskReady != 0 {
			return d, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, fmt.Errorf("wait for battery monitor's first conversion: %w", hw.ErrTimeout)
}

// calibration is the value of the calibration register: 0.00512 V divided by
// (current_lsb · R_shunt), truncated, where 2^15 current_lsb are MaxCurrent
// (SBOS547B, equations 1 and 2).
func (o *Opts) calibration() (uint16, error) {
	amps, ohms := float64(o.MaxCurrent)/1e9, float64(o.Shunt)/1e9
	if amps <= 0 || ohms <= 0 || amps*ohms > 0.08192 {
		return 0, fmt.Errorf("battery monitor: %v through %v is not above 0 and at most 81.92 mV", o.MaxCurrent, o.Shunt)
	}
	return uint16(min(0.00512*32768/(amps*ohms), maxCalibration)), nil
}

// Read takes a sample. An error is hw.ErrAbsent if the chip does not answer,
// ErrOverRange, or says that the chip lost its settings.
func (d *Dev) Read() (Sample, error) {
	// A supply that was interrupted leaves the chip with a calibration of 0,
	// and with it a current of 0 for ever.
	calibration, err := d.read(regCalibration)
	if err != nil {
		return Sample{}, fmt.Errorf("read calibration: %w", err)
	}
	if calibration != d.calibration {
		return Sample{}, fmt.Errorf("battery monitor was reset: calibration reads %04X, not %04X", calibration, d.calibration)
	}
	shunt, err := d.read(regShunt)
	if err != nil {
		return Sample{}, fmt.Errorf("read shunt voltage: %w", err)
	}
	bus, err := d.read(regBus)
	if err != nil {
		return Sample{}, fmt.Errorf("read bus voltage: %w", err)
	}
	current, err := d.read(regCurrent)
	if err != nil {
		return Sample{}, fmt.Errorf("read current: %w", err)
	}
	mask, err := d.read(regMaskEnable)
	if err != nil {
		return Sample{}, fmt.Errorf("read overflow: %w", err)
	}
	switch s := int16(shunt); {
	case s == math.MaxInt16 || s == math.MinInt16:
		return Sample{}, fmt.Errorf("shunt voltage: %w", ErrOverRange)
	case mask&maskOverflow != 0:
		return Sample{}, fmt.Errorf("current: %w", ErrOverRange)
	case bus >= math.MaxInt16: // bit 15 is always 0
		return Sample{}, fmt.Errorf("bus voltage: %w", ErrOverRange)
	}
	// The truncated calibration's own current_lsb, in nA.
	lsb := 0.00512 * 1e18 / (float64(d.calibration) * float64(d.opts.Shunt))
	amps := physic.ElectricCurrent(math.Round(float64(int16(current)) * lsb))
	if d.opts.Reversed {
		amps = -amps
	}
	return Sample{Volts: physic.ElectricPotential(bus) * 1250 * physic.MicroVolt, Amps: amps}, nil
}

func (d *Dev) read(reg byte) (uint16, error) {
	var b [2]byte
	if err := d.bus.Tx(d.opts.Address, []byte{reg}, b[:]); err != nil {
		return 0, noAnswer(err)
	}
	return binary.BigEndian.Uint16(b[:]), nil
}

func (d *Dev) write(reg byte, v uint16) error {
	if err := d.bus.Tx(d.opts.Address, []byte{reg, byte(v >> 8), byte(v)}, nil); err != nil {
		return noAnswer(err)
	}
	return nil
}

// noAnswer says why a transaction failed: nobody acknowledged the address,
// unless the kernel gave up waiting for the bus. periph's bus passes the
// kernel's error on as text only.
func noAnswer(err error) error {
	if strings.HasSuffix(err.Error(), syscall.ETIMEDOUT.Error()) {
		return fmt.Errorf("%w: %w", hw.ErrTimeout, err)
	}
	return fmt.Errorf("%w: %w", hw.ErrAbsent, err)
}
