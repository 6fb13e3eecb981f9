// Package battery reads the voltage and the current of the leisure battery from
// a Texas Instruments INA226 or INA219 monitor on I²C.
//
// In: an I²C bus, which chip it is, the shunt and the largest current. Out:
// Samples. It keeps no count of charge and judges no level: that is room power's.
// It believes no chip that it has not identified, and gives no number for a
// current that is out of range.
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

// Registers that both chips have, 16 bit, big endian.
const (
	regConfiguration = 0x00
	regShunt         = 0x01 // signed
	regBus           = 0x02
	regCurrent       = 0x04 // signed, as scaled by regCalibration
	regCalibration   = 0x05
)

// Model is the kind of chip.
type Model string

const (
	INA226 Model = "ina226"
	INA219 Model = "ina219"
)

// ErrOverRange: the current is more than the monitor or its calibration can
// express, or the voltage is. How much more cannot be told.
var ErrOverRange = errors.New("out of the monitor's range")

// Opts say how the monitor is wired.
type Opts struct {
	Model   Model  // "" is an INA226
	Address uint16 // 0x40 to 0x4F by the pins A0 and A1
	Shunt   physic.ElectricResistance
	// MaxCurrent is the largest current that is measured, both ways. With Shunt
	// it must drop no more than the chip measures: 81.92 mV, an INA219 320 mV.
	MaxCurrent physic.ElectricCurrent
	// Reversed: the shunt is wired so that a charging current reads negative.
	Reversed bool
}

// DefaultOpts are those of the reference hardware.
func DefaultOpts() Opts {
	return Opts{Address: 0x40, Shunt: 500 * physic.MicroOhm, MaxCurrent: 100 * physic.Ampere}
}

// chip is what differs between the models.
type chip interface {
	// identify finds out whether the chip is the one that is expected.
	identify(d *Dev) error
	// configuration is the register's value, most the largest drop over the
	// shunt that it allows, in V.
	configuration(drop float64) uint16
	most() float64
	// scale is the constant V of calibration = V / (current_lsb · R_shunt), and
	// calibration a value as the register holds it.
	scale() float64
	calibration(v float64) uint16
	// ready says whether a conversion is complete since the configuration.
	ready(d *Dev) (bool, error)
	// measured gives the bus voltage and the current register.
	measured(d *Dev) (physic.ElectricPotential, int16, error)
	// offset is what the chip may show of no voltage at all, in V.
	offset(drop float64) float64
}

func (o *Opts) chip() (chip, error) {
	switch o.Model {
	case INA226, "":
		return ina226{}, nil
	case INA219:
		return ina219{}, nil
	}
	return nil, fmt.Errorf("battery monitor %q is neither ina226 nor ina219", string(o.Model))
}

// drop is the voltage over the shunt at MaxCurrent, in V.
func (o *Opts) drop() float64 { return float64(o.MaxCurrent) / 1e9 * float64(o.Shunt) / 1e9 }

// Offset bounds what the monitor shows where no current flows, in A: the
// datasheet's largest offset over the shunt. 0 where o is not valid.
func (o *Opts) Offset() float64 {
	c, err := o.chip()
	if err != nil || o.Shunt <= 0 {
		return 0
	}
	return c.offset(o.drop()) / (float64(o.Shunt) / 1e9)
}

// Sample is what the battery does at one moment.
type Sample struct {
	Volts physic.ElectricPotential
	Amps  physic.ElectricCurrent // positive: the battery is being charged
}

// Dev is a monitor that was identified and set up.
type Dev struct {
	bus         i2c.Bus
	opts        Opts
	chip        chip
	calibration uint16
}

// New identifies the chip (hw.ErrAbsent: nothing answers, hw.ErrIdentity:
// another chip does), sets it up and waits for its first conversion, which takes
// a seventh of a second.
func New(bus i2c.Bus, opts *Opts) (*Dev, error) {
	d := &Dev{bus: bus, opts: *opts}
	var err error
	if d.chip, err = opts.chip(); err != nil {
		return nil, err
	}
	if d.calibration, err = opts.calibration(d.chip); err != nil {
		return nil, err
	}
	if err := d.chip.identify(d); err != nil {
		return nil, fmt.Errorf("identify battery monitor at %#x: %w", opts.Address, err)
	}
	if err := d.write(regConfiguration, d.chip.configuration(opts.drop())); err != nil {
		return nil, fmt.Errorf("configure battery monitor: %w", err)
	}
	if err := d.write(regCalibration, d.calibration); err != nil {
		return nil, fmt.Errorf("calibrate battery monitor: %w", err)
	}
	for range 50 { // seven times what it takes
		ready, err := d.chip.ready(d)
		if err != nil {
			return nil, fmt.Errorf("wait for battery monitor: %w", err)
		}
		if ready {
			return d, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, fmt.Errorf("wait for battery monitor's first conversion: %w", hw.ErrTimeout)
}

// calibration is the value of the calibration register, truncated, where 2^15
// current_lsb are MaxCurrent (SBOS547B and SBOS448G, equations 1 and 2).
func (o *Opts) calibration(c chip) (uint16, error) {
	amps, ohms := float64(o.MaxCurrent)/1e9, float64(o.Shunt)/1e9
	if amps <= 0 || ohms <= 0 || amps*ohms > c.most()*(1+1e-9) {
		return 0, fmt.Errorf("battery monitor: %v through %v is not above 0 and at most %.4g mV", o.MaxCurrent, o.Shunt, c.most()*1000)
	}
	return c.calibration(c.scale() * 32768 / (amps * ohms)), nil
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
	volts, current, err := d.chip.measured(d)
	if err != nil {
		return Sample{}, err
	}
	// The truncated calibration's own current_lsb, in nA.
	lsb := d.chip.scale() * 1e18 / (float64(d.calibration) * float64(d.opts.Shunt))
	amps := physic.ElectricCurrent(math.Round(float64(current) * lsb))
	if d.opts.Reversed {
		amps = -amps
	}
	return Sample{Volts: volts, Amps: amps}, nil
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
