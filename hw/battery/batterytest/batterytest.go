// Package batterytest is an INA226 or an INA219 as a model, register by register, with a
// battery's volts and amps set from a test or from a simulated van.
//
// In: volts and amps at the pins (Set), and faults. Out: the I²C bus that the
// chip is alone on. It converts as the chip does: averaged, at the configured
// pace, clipped, and with a current only once it is calibrated. Single-shot
// conversion and the alert pin are not modelled.
package batterytest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"

	"infobus/hw/battery"
)

// Fault is what is wrong with the chip.
type Fault string

const (
	OK      Fault = "ok"
	Absent  Fault = "absent"  // nobody acknowledges the address
	Stuck   Fault = "stuck"   // a transaction hangs until the fault is another
	Foreign Fault = "foreign" // another chip is in its place: without identity registers, or with another reset value
)

// Monitor is the model; it is the bus too. Make it with New.
type Monitor struct {
	mu      sync.Mutex
	model   battery.Model
	address uint16
	shunt   physic.ElectricResistance
	volts   float64
	amps    float64 // through the shunt from IN+ to IN-
	fault   Fault
	moved   chan struct{} // closed and replaced when fault changes
	pointer byte
	regs    map[byte]uint16 // those that can be written
	since   time.Time       // when the conversions began
	seen    time.Time       // when the mask register was read last
	opened  int
}

// Option changes a Monitor that New makes.
type Option func(*Monitor)

// As makes it another model than an INA226.
func As(m battery.Model) Option { return func(c *Monitor) { c.model = m } }

// At puts the chip at another address.
func At(address uint16) Option { return func(c *Monitor) { c.address = address } }

// WithShunt gives it another shunt.
func WithShunt(r physic.ElectricResistance) Option { return func(c *Monitor) { c.shunt = r } }

// New is a chip just powered on, wired like battery.DefaultOpts.
func New(options ...Option) *Monitor {
	wired := battery.DefaultOpts()
	c := &Monitor{model: battery.INA226, address: wired.Address, shunt: wired.Shunt, fault: OK, moved: make(chan struct{})}
	for _, o := range options {
		o(c)
	}
	c.reset()
	return c
}

// reset sets the power-on values (SBOS547B, table 7-1; SBOS448G, table 2).
func (c *Monitor) reset() {
	c.regs = map[byte]uint16{0: 0x4127, 5: 0, 6: 0, 7: 0}
	if c.model == battery.INA219 && c.fault != Foreign {
		c.regs = map[byte]uint16{0: 0x399F, 5: 0}
	}
	c.pointer = 0
	c.since, c.seen = time.Now(), time.Time{}
}

// Set puts volts on the bus pin and lets amps flow through the shunt, from IN+
// to IN-, which is charging where Opts.Reversed is not set.
func (c *Monitor) Set(volts, amps float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.volts, c.amps = volts, amps
}

// SetFault breaks or mends the chip.
func (c *Monitor) SetFault(f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f != c.fault {
		c.fault = f
		close(c.moved)
		c.moved = make(chan struct{})
	}
}

// Reset is what an interrupted supply does.
func (c *Monitor) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reset()
}

// Open is the bus, as a driver opens it.
func (c *Monitor) Open() (i2c.BusCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened++
	return c, nil
}

// Close implements i2c.BusCloser.
func (c *Monitor) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened--
	return nil
}

// Opened is how many times the bus is open now.
func (c *Monitor) Opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

func (c *Monitor) String() string { return string(c.model) + " model" }

// SetSpeed implements i2c.Bus.
func (c *Monitor) SetSpeed(physic.Frequency) error { return nil }

// errNoAnswer has the kernel's words, as periph passes them on.
var errNoAnswer = errors.New("sysfs-i2c: remote I/O error")

// Tx implements i2c.Bus: one byte written sets the register pointer, two more
// the register; two bytes read are the register pointed to.
func (c *Monitor) Tx(addr uint16, w, r []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.fault == Stuck {
		moved := c.moved
		c.mu.Unlock()
		<-moved
		c.mu.Lock()
	}
	if addr != c.address || c.fault == Absent {
		return errNoAnswer
	}
	switch len(w) {
	case 0:
	case 1:
		c.pointer = w[0]
	case 3:
		c.pointer = w[0]
		c.write(w[0], binary.BigEndian.Uint16(w[1:]))
	default:
		return fmt.Errorf("%d bytes written to an %s", len(w), c.model)
	}
	switch len(r) {
	case 0:
	case 2:
		binary.BigEndian.PutUint16(r, c.read(c.pointer))
	default:
		return fmt.Errorf("%d bytes read from an %s", len(r), c.model)
	}
	return nil
}

func (c *Monitor) write(reg byte, v uint16) {
	switch reg {
	case 0:
		if v&0x8000 != 0 {
			c.reset()
			return
		}
		if c.regs[0] = v | 0x4000; c.model == battery.INA219 {
			c.regs[0] = v &^ 0x4000
		}
		c.since, c.seen = time.Now(), time.Time{} // CVRF is cleared
	case 5:
		if c.regs[5] = v & 0x7FFF; c.model == battery.INA219 {
			c.regs[5] = v &^ 1
		}
	case 6, 7:
		c.regs[reg] = v
	}
}

func (c *Monitor) read(reg byte) uint16 {
	if c.model == battery.INA219 {
		return c.read219(reg)
	}
	if c.fault == Foreign && reg >= 8 {
		return 0
	}
	shunt := math.Round(c.amps * float64(c.shunt) / 1e9 / 2.5e-6) // nΩ
	clipped := min(max(shunt, math.MinInt16), math.MaxInt16)
	// SBOS547B, equation 3; truncated as the datasheet's example is.
	current := math.Trunc(clipped * float64(c.regs[5]) / 2048)
	overflow := current > math.MaxInt16 || current < math.MinInt16
	bus := min(max(math.Round(c.volts/1.25e-3), 0), math.MaxInt16)

	converted := c.conversions() > 0
	switch reg {
	case 1:
		return register(converted, clipped)
	case 2:
		return register(converted, bus)
	case 3: // equation 4
		return register(converted && !overflow, math.Trunc(math.Abs(current)*bus/20000))
	case 4:
		return register(converted && !overflow, current)
	case 6:
		v := c.regs[6] &^ 0xC
		if overflow && converted {
			v |= 1 << 2
		}
		if c.conversions() > c.conversionsAt(c.seen) {
			v |= 1 << 3
		}
		c.seen = time.Now()
		return v
	case 0xFE:
		return 0x5449
	case 0xFF:
		return 0x2260
	}
	return c.regs[reg]
}

// read219 is an INA219's registers (SBOS448G, section 8.6).
func (c *Monitor) read219(reg byte) uint16 {
	most := float64(int(4000) << (c.regs[0] >> 11 & 3))
	clipped := min(max(math.Round(c.amps*float64(c.shunt)/1e9/10e-6), -most), most)
	current := math.Trunc(clipped * float64(c.regs[5]) / 4096) // equation 4
	overflow := current > math.MaxInt16 || current < math.MinInt16
	bus := min(max(math.Round(c.volts/4e-3), 0), 8000)
	converted := c.conversions() > 0
	switch reg {
	case 1:
		return register(converted, clipped)
	case 2:
		v := register(converted, bus) << 3
		if converted && c.conversions() > c.conversionsAt(c.seen) {
			v |= 1 << 1
		}
		if overflow && converted {
			v |= 1
		}
		return v
	case 3: // equation 5; reading it clears CNVR
		c.seen = time.Now()
		return register(converted && !overflow, math.Trunc(math.Abs(current)*bus/5000))
	case 4:
		return register(converted && !overflow, current)
	case 0, 5:
		return c.regs[reg]
	}
	return 0
}

func register(converted bool, v float64) uint16 {
	if !converted {
		return 0
	}
	return uint16(int32(v))
}

// conversions is how many averaged conversions are complete.
func (c *Monitor) conversions() int { return c.conversionsAt(time.Now()) }

func (c *Monitor) conversionsAt(t time.Time) int {
	config := c.regs[0]
	if config&7 != 7 || t.Before(c.since) {
		return 0
	}
	if c.model == battery.INA219 {
		// 12 bits take 532 µs, and 2^n conversions as often as that; fewer bits
		// are not modelled.
		samples := func(adc uint16) int { return 1 << (adc & 7) * int(adc>>3&1) }
		each := (max(1, samples(config>>7&15)) + max(1, samples(config>>3&15))) * 532
		return int(t.Sub(c.since) / (time.Duration(each) * time.Microsecond))
	}
	averages := [8]int{1, 4, 16, 64, 128, 256, 512, 1024}
	micros := [8]int{140, 204, 332, 588, 1100, 2116, 4156, 8244}
	each := averages[config>>9&7] * (micros[config>>6&7] + micros[config>>3&7])
	return int(t.Sub(c.since) / (time.Duration(each) * time.Microsecond))
}
