// Package epapertest is a UC8179 with its panel as a model: it takes the bytes
// of the bus and the levels of the pins, and shows the picture.
//
// In: SPI transfers and pins, from a driver, faults and the temperature. Out:
// BUSY, the picture on the glass, each refresh (History), and whatever the driver
// did that a real panel would not have borne (Violations).
//
// The glass is what the waveform would leave: a full one drives every pixel of
// the window to the new image, the others only those in which the old image and
// the new one differ. So an old image that is not what stands on the glass leaves
// ghosts. Sleep, reset and loss of supply fill both images with noise; a refresh
// that is cut off leaves noise on the glass.
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
type Busy struct{ PowerOn, Refresh, Fast, Partial, PowerOff time.Duration }

// Realistic is a panel at room temperature.
var Realistic = Busy{PowerOn: 80 * time.Millisecond, Refresh: 4200 * time.Millisecond, Fast: 1500 * time.Millisecond,
	Partial: 1600 * time.Millisecond, PowerOff: 40 * time.Millisecond}

// Refresh is a refresh that began.
type Refresh struct {
	From, To  time.Time
	Waveform  epaper.Waveform
	Window    image.Rectangle
	Cut       bool // it was not finished: To is when
	Unplugged bool // by which it was cut
}

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
	0x41: {1}, 0x50: {1, 2}, 0x60: {1}, 0x61: {4}, 0x90: {9}, 0x91: {0}, 0x92: {0}, 0xE0: {1}, 0xE5: {1},
}

// whole is the window that is the panel.
var whole = image.Rect(0, 0, epaper.Width, epaper.Height)

// coldest is the temperature in °C below which the short waveforms must not be used.
const coldest = 5.0

// noise is what the controller's memory holds when nobody has written to it.
var noise = func() []byte {
	b := make([]byte, epaper.FrameSize)
	for i := range b {
		b[i] = byte(i*0x9E3779B1>>13) ^ byte(i)
	}
	return b
}()

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
	keeps      bool // CDI: after a refresh the new image is the old one
	fixed      bool // CCSET: the temperature is the one that TSSET says
	claimed    byte // TSSET
	booster    []byte
	partial    bool            // in the window's mode
	window     image.Rectangle // empty: none was set since
	celsius    float64
	fell, rose time.Time
	busy       bool // in a busy phase, which may have run out
	unseen     bool // of no length, and not looked at yet
	refreshing bool // the busy phase is a refresh
	until      time.Time
	log        []Command // since the last reset
	told       bool      // the last command's length was judged
	old, new   []byte
	known      image.Rectangle // of old, what was written since it was lost
	fresh      image.Rectangle // of new
	glass      []byte
	history    []Refresh
	first      time.Duration
	violations []string
}

// Option changes a UC8179 that New makes.
type Option func(*UC8179)

// WithBusy gives other busy times than Realistic.
func WithBusy(b Busy) Option { return func(c *UC8179) { c.times = b } }

// New is a panel that was just powered, all white.
func New(options ...Option) *UC8179 {
	c := &UC8179{times: Realistic, fault: OK, moved: make(chan struct{}), told: true, celsius: 18,
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
		c.interrupt(true)
		c.unpower()
	}
	c.move()
}

// Fault is what is wrong with the panel.
func (c *UC8179) Fault() Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}

// SetTemperature is the panel's, in °C. It is 18 at first.
func (c *UC8179) SetTemperature(celsius float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.celsius = celsius
}

// Temperature is the panel's, in °C.
func (c *UC8179) Temperature() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.celsius
}

// PowerCut takes the supply away and gives it back: whoever drove the panel is
// gone too. The glass keeps its page, or the noise of a refresh that was cut.
func (c *UC8179) PowerCut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = true // who drove it is not to blame
	c.interrupt(false)
	c.unpower()
	c.RST.high, c.DC.high, c.PWR.high, c.fell = true, false, true, time.Time{}
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
	return len(c.history)
}

// History is each refresh since the model was made, also those that were cut.
func (c *UC8179) History() []Refresh {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.history)
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
	c.log, c.told = nil, true
	c.keeps, c.fixed, c.claimed, c.booster, c.partial = false, false, 0, nil, false
	c.forget()
}

// forget is what deep sleep does to the images.
func (c *UC8179) forget() {
	copy(c.old, noise)
	copy(c.new, noise)
	c.known, c.fresh, c.window = image.Rectangle{}, image.Rectangle{}, image.Rectangle{}
}

// interrupt ends a refresh that is not finished: its pixels stop on their way.
func (c *UC8179) interrupt(unplugged bool) {
	if !c.isBusy() || !c.refreshing {
		return
	}
	last := &c.history[len(c.history)-1]
	last.To, last.Cut, last.Unplugged = time.Now(), true, unplugged
	c.each(last.Window, func(i int) { c.glass[i] ^= noise[i] })
}

// each calls f with the index of each byte in the window.
func (c *UC8179) each(w image.Rectangle, f func(i int)) {
	for y := w.Min.Y; y < w.Max.Y; y++ {
		for i := (y*epaper.Width + w.Min.X) / 8; i < (y*epaper.Width+w.Max.X)/8; i++ {
			f(i)
		}
	}
}

// area is the part of the images that is written to and refreshed.
func (c *UC8179) area() image.Rectangle {
	if c.partial {
		return c.window
	}
	return whole
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
	if last.Code == 0x10 || last.Code == 0x13 {
		want = []int{c.area().Dx() / 8 * c.area().Dy()}
	}
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
		c.refresh()
	case 0x91:
		c.partial, c.window = true, image.Rectangle{}
	case 0x92:
		c.partial = false
	}
	if c.partial && (code == 0x02 || code == 0x07) {
		c.violation("command %02X in the window's mode", code)
	}
}

// waveform is the one that the settings choose.
func (c *UC8179) waveform() (w epaper.Waveform, busy time.Duration) {
	switch {
	case !c.fixed:
		return epaper.Full, c.times.Refresh
	case c.claimed == 0x5A:
		if !slices.Equal(c.booster, []byte{0x27, 0x27, 0x18, 0x17}) {
			c.violation("fast refresh with booster % X", c.booster)
		}
		return epaper.Fast, c.times.Fast
	case c.claimed == 0x6E:
		return epaper.Partial, c.times.Partial
	}
	c.violation("no waveform is known for the claimed temperature %02X", c.claimed)
	return epaper.Full, c.times.Refresh
}

func (c *UC8179) refresh() {
	if !c.powered {
		c.violation("refresh while powered off")
		return
	}
	wave, busy := c.waveform()
	area := c.area()
	switch {
	case area.Empty():
		c.violation("refresh without a window")
	case !area.In(c.fresh):
		c.violation("refresh without a frame")
	case wave != epaper.Full && !area.In(c.known):
		c.violation("%s refresh without the old image", wave)
	}
	if wave != epaper.Full && c.celsius < coldest {
		c.violation("%s refresh at %.1f °C", wave, c.celsius)
	}
	c.each(area, func(i int) {
		old, new := c.old[i], c.new[i]
		if !c.inverted {
			old, new = ^old, ^new
		}
		driven := old ^ new
		if wave == epaper.Full {
			driven = 0xFF
		}
		c.glass[i] = c.glass[i]&^driven | new&driven
		if c.keeps {
			c.old[i] = c.new[i]
		}
	})
	c.start(busy)
	c.refreshing = true
	c.history = append(c.history, Refresh{From: time.Now(), To: c.until, Waveform: wave, Window: area})
}

// write takes bytes of an image, of which at are there already.
func (c *UC8179) write(into []byte, written *image.Rectangle, at int, w []byte) {
	area := c.area()
	row := area.Dx() / 8
	if row == 0 {
		return // judged by its length
	}
	for len(w) > 0 && at < row*area.Dy() {
		y, x := at/row, at%row
		n := copy(into[((area.Min.Y+y)*epaper.Width+area.Min.X)/8+x:][:row-x], w)
		w, at = w[n:], at+n
	}
	if at == row*area.Dy() && !area.In(*written) {
		*written = area
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
		c.write(c.old, &c.known, at, w)
	case 0x13:
		c.write(c.new, &c.fresh, at, w)
	case 0x50:
		c.inverted = last.Data[0]&1 != 0 // DDX[0]
		c.keeps = last.Data[0]&8 != 0    // N2OCP
	case 0x06:
		c.booster = last.Data
	case 0x90:
		if len(last.Data) == 9 {
			c.limit(last.Data)
		}
	case 0xE0:
		if c.fixed = w[0] == 2; !c.fixed && w[0] != 0 {
			c.violation("cascade setting %02X is not modelled", w[0])
		}
	case 0xE5:
		c.claimed = w[0]
	case 0x41:
		if w[0] != 0 {
			c.violation("temperature sensor %02X is not there", w[0])
		}
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
		c.forget()
	}
}

// limit takes the window: x0, x1, y0, y1, 16 bit, the ends included.
func (c *UC8179) limit(d []byte) {
	at := func(i int) int { return int(d[i])<<8 | int(d[i+1]) }
	x0, x1, y0, y1 := at(0), at(2), at(4), at(6)
	switch {
	case x0 > x1 || x1 >= epaper.Width || y0 > y1 || y1 >= epaper.Height:
		c.violation("window %d to %d, %d to %d", x0, x1, y0, y1)
		return
	case x0%8 != 0 || x1%8 != 7:
		c.violation("window %d to %d is not on bytes", x0, x1)
	case !c.partial:
		c.violation("window outside of its mode")
	}
	c.window = image.Rect(x0&^7, y0, (x1|7)+1, y1+1)
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
		c.interrupt(false)
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
