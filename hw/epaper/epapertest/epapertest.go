// Package epapertest is a UC8179 with its panel as a model: it takes the bytes
// of the bus and the levels of the pins, and shows the picture.
//
// In: SPI transfers and pins, from a driver, and faults. Out: BUSY, the picture
// on the glass, and whatever the driver did that a real panel would not have
// borne (Violations). Only full refreshes are modelled: the waveforms, the
// partial window and the temperature sensor are not.
package epapertest

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"sync"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"infobus/hw/epaper"
	"infobus/reading/clock"
)

// Fault is what is wrong with the panel.
type Fault string

const (
	OK     Fault = "ok"
	Absent Fault = "absent" // unplugged: bytes go nowhere, BUSY is pulled up
	Stuck  Fault = "stuck"  // BUSY stays low
)

// Busy is how long the controller is busy. At 0 it is until somebody has looked
// at BUSY.
type Busy struct{ PowerOn, Refresh, PowerOff time.Duration }

// Realistic is a panel at room temperature.
var Realistic = Busy{PowerOn: 80 * time.Millisecond, Refresh: 4200 * time.Millisecond, PowerOff: 40 * time.Millisecond}

// Command is a command that arrived, with its data.
type Command struct {
	Code byte
	Data []byte
}

// What the data sheet and the public drivers ask of the reset pulse.
const (
	resetLow  = 2 * time.Millisecond
	resetHigh = 20 * time.Millisecond
)

// lengths are how many bytes of data each command may have.
var lengths = map[byte][]int{
	0x00: {1}, 0x01: {4, 5}, 0x02: {0, 1}, 0x04: {0}, 0x06: {4}, 0x07: {1},
	0x10: {epaper.FrameSize}, 0x12: {0}, 0x13: {epaper.FrameSize}, 0x15: {1},
	0x41: {1}, 0x50: {1, 2}, 0x60: {1}, 0x61: {4}, 0xE0: {1}, 0xE5: {1},
}

// UC8179 is the model. It is the SPI port too. Make it with New.
type UC8179 struct {
	DC, RST, PWR, BUSY *Pin

	mu         sync.Mutex // covers what follows, and the pins
	times      Busy
	fault      Fault
	moved      chan struct{} // closed and replaced when BUSY may have changed
	ready      bool          // was reset since it has power
	asleep     bool
	slept      bool // was in deep sleep when the supply was cut
	powered    bool
	inverted   bool // CDI: a bit of 1 is white
	fell, rose time.Time
	busy       bool // in a busy phase, which may have run out
	unseen     bool // of no length, and not looked at yet
	refreshing bool // the busy phase is a refresh
	until      time.Time
	log        []Command // since the last reset
	told       bool      // the last command's length was judged
	old, new   []byte
	fresh      bool // new was written since the last reset
	glass      []byte
	refreshes  int
	first      time.Duration
	violations []string
}

// Option changes a UC8179 that New makes.
type Option func(*UC8179)

// WithBusy gives other busy times than Realistic.
func WithBusy(b Busy) Option { return func(c *UC8179) { c.times = b } }

// New is a panel that was just powered, all white.
func New(options ...Option) *UC8179 {
	c := &UC8179{times: Realistic, fault: OK, moved: make(chan struct{}), told: true,
		old: make([]byte, epaper.FrameSize), new: make([]byte, epaper.FrameSize),
		glass: slices.Repeat([]byte{0xFF}, epaper.FrameSize)}
	c.DC, c.RST, c.PWR, c.BUSY = &Pin{c: c, name: "DC"}, &Pin{c: c, name: "RST"}, &Pin{c: c, name: "PWR", high: true}, &Pin{c: c, name: "BUSY"}
	for _, o := range options {
		o(c)
	}
	return c
}

// Open is a driver on this panel. opts may be nil.
func (c *UC8179) Open(opts *epaper.Opts) (*epaper.Panel, error) {
	return epaper.New(c, c.DC, c.RST, c.BUSY, c.PWR, opts)
}

// SetFault unplugs, breaks or mends the panel. The glass keeps its page.
func (c *UC8179) SetFault(f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f == c.fault {
		return
	}
	c.fault = f
	if f == Absent {
		c.unpower()
	}
	c.move()
}

// Picture is what is on the glass, as a frame of package epaper.
func (c *UC8179) Picture() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.glass)
}

// Glass is Picture as an image.
func (c *UC8179) Glass() *image.Gray {
	frame := c.Picture()
	img := image.NewGray(image.Rect(0, 0, epaper.Width, epaper.Height))
	for i := range img.Pix {
		if frame[i/8]<<(i%8)&0x80 != 0 {
			img.Pix[i] = 0xFF
		}
	}
	return img
}

// Powered says whether the high voltages are on.
func (c *UC8179) Powered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.powered
}

// Asleep says whether the controller is in deep sleep, or was when it was
// switched off.
func (c *UC8179) Asleep() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asleep || c.slept
}

// Refreshes counts the refreshes.
func (c *UC8179) Refreshes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refreshes
}

// FirstByteAt is when (CLOCK_MONOTONIC) the first byte after the last reset
// arrived; 0 if none has.
func (c *UC8179) FirstByteAt() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first
}

// Log is what arrived since the last reset.
func (c *UC8179) Log() []Command {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.log)
}

// Violations are the driver's mistakes, in order.
func (c *UC8179) Violations() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.judge()
	return slices.Clone(c.violations)
}

func (c *UC8179) violation(format string, args ...any) {
	if len(c.violations) < 100 {
		c.violations = append(c.violations, fmt.Sprintf(format, args...))
	}
}

// move wakes who waits for an edge of BUSY.
func (c *UC8179) move() {
	close(c.moved)
	c.moved = make(chan struct{})
}

// unpower is what happens without supply.
func (c *UC8179) unpower() {
	c.ready, c.asleep, c.slept, c.powered, c.busy, c.unseen = false, false, false, false, false, false
	c.log, c.told, c.fresh = nil, true, false
}

// isBusy says whether a busy phase is on. A stuck controller ends none.
func (c *UC8179) isBusy() bool {
	if c.busy && c.fault != Stuck && !c.unseen && !time.Now().Before(c.until) {
		c.busy = false
	}
	return c.busy
}

func (c *UC8179) start(d time.Duration) {
	c.busy, c.unseen, c.refreshing, c.until = true, d == 0, false, time.Now().Add(d)
	c.move()
}

// level is the level of BUSY.
func (c *UC8179) level() bool {
	return c.fault != Stuck && (c.fault == Absent || !c.isBusy())
}

// judge says whether the last command had the data that it needs.
func (c *UC8179) judge() {
	if c.told {
		return
	}
	c.told = true
	last := c.log[len(c.log)-1]
	want, known := lengths[last.Code]
	if !known {
		c.violation("command %02X is not known", last.Code)
	} else if !slices.Contains(want, len(last.Data)) {
		c.violation("command %02X with %d bytes, not %d", last.Code, len(last.Data), want[0])
	}
}

// String implements spi.Port.
func (c *UC8179) String() string { return "UC8179 model" }

// Close implements spi.PortCloser.
func (c *UC8179) Close() error { return nil }

// LimitSpeed implements spi.PortCloser.
func (c *UC8179) LimitSpeed(physic.Frequency) error { return nil }

// Connect implements spi.Port.
func (c *UC8179) Connect(f physic.Frequency, mode spi.Mode, bits int) (spi.Conn, error) {
	if mode != spi.Mode0 || bits != 8 || f > 20*physic.MegaHertz {
		return nil, fmt.Errorf("a UC8179 wants mode 0, 8 bits, 20 MHz at most; got %v, %d, %v", mode, bits, f)
	}
	return bus{c}, nil
}

type bus struct{ c *UC8179 }

func (b bus) String() string               { return b.c.String() }
func (b bus) Duplex() conn.Duplex          { return conn.Half }
func (b bus) MaxTxSize() int               { return 4096 }
func (b bus) TxPackets([]spi.Packet) error { return errors.New("packets are not modelled") }

// Tx takes bytes: commands while DC is low, data while it is high.
func (b bus) Tx(w, r []byte) error {
	c := b.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(w) > b.MaxTxSize() {
		c.violation("transfer of %d bytes", len(w))
		return errors.New("message too long") // as spidev says it
	}
	if c.fault == Absent {
		return nil
	}
	switch {
	case !c.PWR.high:
		c.violation("transfer without power")
		return nil
	case !c.ready:
		c.violation("transfer before a reset")
		return nil
	case !c.RST.high:
		c.violation("transfer during reset")
		return nil
	case time.Since(c.rose) < resetHigh:
		c.violation("transfer %v after a reset", time.Since(c.rose))
	}
	if c.first == 0 {
		c.first = clock.Mono()
	}
	if c.asleep {
		c.violation("transfer in deep sleep")
		return nil
	}
	if c.DC.high {
		c.data(w)
		return nil
	}
	for _, code := range w {
		c.command(code)
	}
	return nil
}

func (c *UC8179) command(code byte) {
	c.judge()
	if c.isBusy() {
		c.violation("command %02X while busy", code)
	}
	c.log = append(c.log, Command{Code: code})
	c.told = false
	switch code {
	case 0x04:
		c.powered = true
		c.start(c.times.PowerOn)
	case 0x02:
		c.powered = false
		c.start(c.times.PowerOff)
	case 0x12:
		if !c.powered {
			c.violation("refresh while powered off")
			return
		}
		if !c.fresh {
			c.violation("refresh without a frame")
		}
		c.refreshes++
		for i, b := range c.new {
			if !c.inverted {
				b = ^b
			}
			c.glass[i] = b
		}
		c.start(c.times.Refresh)
		c.refreshing = true
	}
}

func (c *UC8179) data(w []byte) {
	if len(c.log) == 0 {
		c.violation("data without a command")
		return
	}
	last := &c.log[len(c.log)-1]
	if want, known := lengths[last.Code]; known && slices.Max(want) == 0 {
		c.violation("data without a command: %02X has none", last.Code)
		return
	}
	if c.isBusy() {
		c.violation("data while busy")
	}
	at := len(last.Data)
	if at+len(w) > 2*epaper.FrameSize {
		return // judged already by its length
	}
	last.Data = append(last.Data, w...)
	switch last.Code {
	case 0x10:
		copy(c.old[min(at, len(c.old)):], w)
	case 0x13:
		copy(c.new[min(at, len(c.new)):], w)
		c.fresh = true
	case 0x50:
		c.inverted = last.Data[0]&1 != 0 // DDX[0]
	case 0x00:
		if w[0] != 0x1F {
			c.violation("panel setting %02X is not modelled", w[0])
		}
	case 0x15:
		if w[0] != 0 {
			c.violation("dual SPI is on")
		}
	case 0x61:
		if len(last.Data) == 4 && !slices.Equal(last.Data, []byte{0x03, 0x20, 0x01, 0xE0}) {
			c.violation("resolution % X", last.Data)
		}
	case 0x07:
		if w[0] != 0xA5 {
			return
		}
		if c.powered {
			c.violation("deep sleep while powered")
		}
		c.judge()
		c.asleep, c.powered = true, false
	}
}

// reset takes a change of RST.
func (c *UC8179) reset(high bool) {
	if c.fault == Absent {
		return
	}
	if !high {
		c.judge()
		if c.isBusy() && c.refreshing && c.fault == OK {
			c.violation("reset during a refresh")
		}
		c.unpower()
		c.fell = time.Now()
		c.move()
		return
	}
	c.rose = time.Now()
	if c.fell.IsZero() {
		return // high from the start
	}
	if low := c.rose.Sub(c.fell); low < resetLow {
		c.violation("reset pulse of %v", low)
	}
	c.ready, c.inverted, c.first = true, true, 0 // CDI is 31 after a reset
}
