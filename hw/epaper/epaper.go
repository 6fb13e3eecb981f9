// Package epaper drives a 7.5" e-paper panel, 800 × 480 pixels in black and
// white, with a UC8179 controller on SPI.
//
// In: frames, and the waveform to show them with. Out: what is on the glass.
// After each refresh, also one that failed, the panel is powered off and in deep
// sleep. No wait is without limit. It keeps no count of refreshes and knows no
// page: when the panel may be refreshed, and how, is room kiosk's to say.
//
// The bytes are those that public drivers send (docs/panel.md says which says
// what); none of it was tried on a panel.
package epaper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"infobus/hw"
)

// The panel's size in pixels, and the length of a frame in bytes.
//
// A frame is row by row from the top, each row from the left, eight pixels a
// byte, the most significant bit leftmost; 1 is white.
const (
	Width     = 800
	Height    = 480
	FrameSize = Width / 8 * Height
)

// Commands, with the datasheet's names.
const (
	cmdPanelSetting = 0x00 // PSR
	cmdPowerSetting = 0x01 // PWR
	cmdPowerOff     = 0x02 // POF
	cmdPowerOn      = 0x04 // PON
	cmdBooster      = 0x06 // BTST
	cmdDeepSleep    = 0x07 // DSLP
	cmdOldImage     = 0x10 // DTM1
	cmdRefresh      = 0x12 // DRF
	cmdNewImage     = 0x13 // DTM2
	cmdDualSPI      = 0x15 // DUSPI
	cmdInterval     = 0x50 // CDI
	cmdTCON         = 0x60 // TCON
	cmdResolution   = 0x61 // TRES
	cmdWindow       = 0x90 // PTL
	cmdWindowIn     = 0x91 // PTIN
	cmdWindowOut    = 0x92 // PTOUT
	cmdCascade      = 0xE0 // CCSET
	cmdTemperature  = 0xE5 // TSSET
)

// Waveform is how a refresh drives the pixels. The panel's memory holds one for
// each range of temperature; the two short ones are stored at temperatures that
// no panel has, and are chosen by claiming them.
type Waveform uint8

const (
	None    Waveform = iota // no refresh
	Full                    // every pixel, through black and white; 4.2 s
	Fast                    // every pixel, with one flash; 1.2 to 1.5 s
	Partial                 // the pixels that change, without a flash; 0.5 to 1.6 s
)

// String is the waveform's word in this house.
func (w Waveform) String() string { return [...]string{"none", "full", "fast", "partial"}[w] }

// maxTransfer is what spidev takes at once unless it is told otherwise.
const maxTransfer = 4096

// Opts are the panel's timings. DefaultOpts has those that public drivers use.
type Opts struct {
	Speed      physic.Frequency // of SPI
	ResetLow   time.Duration    // length of the reset pulse
	ResetPause time.Duration    // reset high before the pulse, and after it
	PowerOn    time.Duration    // least wait after power-on
	Refresh    time.Duration    // least wait after the refresh command
	Notice     time.Duration    // within which BUSY must go low then, or nothing is there
	Poll       time.Duration    // how often BUSY is read where it gives no edges

	// High and Low are the last two bytes of the power setting: the voltages that drive the
	// pixels. Public drivers differ (docs/panel.md).
	High, Low byte
	// Waited is told how long BUSY was low after what; nil: nobody is.
	Waited func(after string, took time.Duration)

	PowerLimit    time.Duration // longest busy time at power-on and power-off
	RefreshLimit  time.Duration // longest busy time of a refresh
	TransferLimit time.Duration // longest time that one command with its data takes
}

// DefaultOpts are right for Waveshare's and Good Display's panels.
func DefaultOpts() Opts {
	return Opts{
		Speed:      4 * physic.MegaHertz,
		ResetLow:   2 * time.Millisecond,
		ResetPause: 20 * time.Millisecond,
		PowerOn:    100 * time.Millisecond,
		Refresh:    200 * time.Microsecond,
		Notice:     500 * time.Millisecond,
		Poll:       10 * time.Millisecond,

		High: 0x28, Low: 0x17,

		PowerLimit: 5 * time.Second,
		// A full refresh takes 4.2 s at room temperature, and longer in the cold.
		RefreshLimit:  20 * time.Second,
		TransferLimit: 5 * time.Second,
	}
}

// Panel is a panel. Its methods may be called from several goroutines; they
// wait for each other. After an error it may be used again.
type Panel struct {
	opts  Opts
	conn  spi.Conn
	chunk int
	dc    gpio.PinOut
	rst   gpio.PinOut
	busy  gpio.PinIn
	pwr   gpio.PinOut // nil: always powered
	edges bool        // busy gives edges
	guard hw.Guard
	free  []func() error // what Close closes

	mu       sync.Mutex // covers what follows
	awake    bool       // the controller may be powered, or was not yet put to sleep
	powered  bool       // 04 was sent since the last reset
	windowed bool       // 91 was sent since the last reset
	silent   bool       // the last 02 did not make it busy
	met      bool       // a refresh that an earlier process began is over
	glass    []byte     // the frame on the glass; nil: not known
	supplied bool       // pwr is high
	high     time.Time  // since when reset is high
	closed   bool
}

// ErrClosed: the panel was closed.
var ErrClosed = errors.New("panel is closed")

// New takes a panel over. It sends nothing, so that what is on the glass stays;
// call Sleep where no Show follows, since the panel may have been left powered.
// pwr may be nil; so may opts.
func New(port spi.Port, dc, rst gpio.PinOut, busy gpio.PinIn, pwr gpio.PinOut, opts *Opts) (*Panel, error) {
	p := &Panel{opts: DefaultOpts(), dc: dc, rst: rst, busy: busy, pwr: pwr, chunk: maxTransfer, awake: true}
	if opts != nil {
		p.opts = *opts
	}
	var err error
	if p.conn, err = port.Connect(p.opts.Speed, spi.Mode0, 8); err != nil {
		return nil, fmt.Errorf("connect panel: %w", err)
	}
	if l, ok := p.conn.(conn.Limits); ok && l.MaxTxSize() > 0 {
		p.chunk = min(p.chunk, l.MaxTxSize())
	}
	// Without a panel a pull-up reads idle for ever, which is noticed.
	p.edges = busy.In(gpio.PullUp, gpio.BothEdges) == nil
	if !p.edges {
		if err := busy.In(gpio.PullUp, gpio.NoEdge); err != nil {
			return nil, fmt.Errorf("panel's BUSY: %w", err)
		}
	}
	if err := rst.Out(gpio.High); err != nil {
		return nil, fmt.Errorf("panel's RST: %w", err)
	}
	p.high = time.Now()
	return p, p.supply()
}

// supply switches the panel on, if it has a switch and is off.
func (p *Panel) supply() error {
	if p.pwr == nil || p.supplied {
		return nil
	}
	if err := p.pwr.Out(gpio.High); err != nil {
		return fmt.Errorf("panel's PWR: %w", err)
	}
	p.supplied, p.high = true, time.Now()
	return nil
}

// Glass is the frame that is on the glass; nil is not known.
func (p *Panel) Glass() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Clone(p.glass)
}

// SetGlass says which frame is on the glass, as one knows who looked after the
// panel before. Anything but a frame is not known.
func (p *Panel) SetGlass(frame []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.glass = nil; len(frame) == FrameSize {
		p.glass = bytes.Clone(frame)
	}
}

// Show shows the frame that the function gives, with the waveform. The function
// runs while the panel is reset and powered on, some 120 ms. When Show returns,
// the panel is powered off and in deep sleep, or the error says why not.
//
// done is the waveform that was used: Full, whatever was asked for, where it is
// not known what is on the glass; None where no refresh began, which without an
// error means that the frame is on the glass already.
//
// Errors: hw.ErrAbsent if the panel does not show that it began to refresh,
// hw.ErrTimeout if it stays busy or a transfer hangs. If ctx ends before the
// refresh began, the glass is unchanged; a refresh that began is finished,
// because the glass would be left with neither page.
func (p *Panel) Show(ctx context.Context, frame func() ([]byte, error), wave Waveform) (done Waveform, err error) {
	type drawn struct {
		frame []byte
		err   error
	}
	drawing := make(chan drawn, 1)
	go func() {
		f, err := frame()
		drawing <- drawn{f, err}
	}()
	picture := sync.OnceValue(func() drawn { return <-drawing })
	defer picture() // frame has ended when Show returns

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return None, ErrClosed
	}
	done, err = p.show(ctx, wave, func() ([]byte, error) {
		d := picture()
		return d.frame, d.err
	})
	ctx = context.WithoutCancel(ctx)
	err = errors.Join(err, p.off(ctx))
	if err == nil && done != None && p.silent {
		// With the cable out BUSY is pulled up, as after a refresh that is over.
		if err = p.check(ctx); err != nil {
			p.glass = nil
		}
	}
	return done, err
}

// show is Show under mu, and leaves the panel awake.
func (p *Panel) show(ctx context.Context, wave Waveform, picture func() ([]byte, error)) (done Waveform, err error) {
	if err := p.init(ctx); err != nil {
		return None, err
	}
	frame, err := picture()
	if err != nil {
		return None, fmt.Errorf("draw frame: %w", err)
	}
	if len(frame) != FrameSize {
		return None, fmt.Errorf("frame has %d bytes, not %d", len(frame), FrameSize)
	}
	if p.glass == nil {
		wave = Full
	} else if bytes.Equal(p.glass, frame) {
		return None, nil
	}
	if err := p.load(ctx, frame, wave); err != nil {
		return None, err
	}
	if err := ctx.Err(); err != nil {
		return None, err
	}
	p.glass = nil // until it is whole
	switch err := p.refresh(context.WithoutCancel(ctx)); {
	case errors.Is(err, hw.ErrAbsent):
		return None, err
	case err != nil:
		return wave, err
	}
	p.glass = bytes.Clone(frame)
	return wave, nil
}

// load gives the controller the waveform and the images.
func (p *Panel) load(ctx context.Context, frame []byte, wave Waveform) error {
	var setup [][]byte
	switch wave {
	case Fast:
		setup = [][]byte{{cmdBooster, 0x27, 0x27, 0x18, 0x17}, {cmdCascade, 0x02}, {cmdTemperature, 0x5A}}
	case Partial:
		setup = [][]byte{{cmdCascade, 0x02}, {cmdTemperature, 0x6E}, {cmdInterval, 0xA9, 0x07}}
	}
	for _, c := range setup {
		if err := p.send(ctx, c[0], c[1:]...); err != nil {
			return err
		}
	}
	was, is := make([]byte, 0, FrameSize), make([]byte, 0, FrameSize)
	if wave != Partial {
		// With CDI 10 a bit of 1 is black. The old image is the opposite of the
		// new one, so that each pixel is driven, as Waveshare's driver has it.
		for _, b := range frame {
			was, is = append(was, b), append(is, ^b)
		}
	} else {
		// With CDI A9 a bit of 1 is white, as in a frame. The controller forgot
		// the old image when it slept; pixels that are the same in both images
		// are left alone.
		w := changed(p.glass, frame)
		for y := w.y0; y <= w.y1; y++ {
			from, to := y*Width/8+w.x0/8, y*Width/8+w.x1/8+1
			was, is = append(was, p.glass[from:to]...), append(is, frame[from:to]...)
		}
		p.windowed = true
		if err := p.send(ctx, cmdWindowIn); err != nil {
			return err
		}
		if err := p.send(ctx, cmdWindow, byte(w.x0>>8), byte(w.x0), byte(w.x1>>8), byte(w.x1),
			byte(w.y0>>8), byte(w.y0), byte(w.y1>>8), byte(w.y1), 0x01); err != nil {
			return err
		}
	}
	if err := p.send(ctx, cmdOldImage, was...); err != nil {
		return err
	}
	return p.send(ctx, cmdNewImage, is...)
}

// rectangle is a part of the panel, in pixels, both ends included. Its sides
// lie between bytes: x0 is a multiple of 8, x1 one less than a multiple.
type rectangle struct{ x0, y0, x1, y1 int }

// changed is the smallest rectangle outside of which two frames that differ are
// the same.
func changed(was, is []byte) rectangle {
	const row = Width / 8
	left, right, top, bottom := row, -1, Height, -1
	for y := range Height {
		a, b := was[y*row:][:row], is[y*row:][:row]
		if bytes.Equal(a, b) {
			continue
		}
		top, bottom = min(top, y), y
		for x := range row {
			if a[x] != b[x] {
				left, right = min(left, x), max(right, x)
			}
		}
	}
	return rectangle{left * 8, top, right*8 + 7, bottom}
}

// refresh drives the panel and waits until it is done.
func (p *Panel) refresh(ctx context.Context) error {
	if err := p.send(ctx, cmdRefresh); err != nil {
		return err
	}
	if err := sleep(ctx, p.opts.Refresh); err != nil {
		return err
	}
	if err := p.noticed(ctx); err != nil {
		return err
	}
	return p.idle(ctx, "refresh", p.opts.RefreshLimit)
}

// init resets the panel, powers it on and sets it up.
func (p *Panel) init(ctx context.Context) error {
	if err := p.reset(ctx); err != nil {
		return err
	}
	if err := p.idle(ctx, "reset", p.opts.PowerLimit); err != nil {
		return err
	}
	if err := p.send(ctx, cmdBooster, 0x17, 0x17, 0x28, 0x17); err != nil {
		return err
	}
	if err := p.send(ctx, cmdPowerSetting, 0x07, 0x07, p.opts.High, p.opts.Low); err != nil {
		return err
	}
	p.powered = true
	if err := p.send(ctx, cmdPowerOn); err != nil {
		return err
	}
	if err := sleep(ctx, p.opts.PowerOn); err != nil {
		return err
	}
	if err := p.idle(ctx, "power-on", p.opts.PowerLimit); err != nil {
		return err
	}
	for _, c := range [][]byte{
		{cmdPanelSetting, 0x1F}, // black and white, waveforms from the panel's memory
		{cmdResolution, Width >> 8, Width & 0xFF, Height >> 8, Height & 0xFF},
		{cmdDualSPI, 0x00},
		{cmdInterval, 0x10, 0x07},
		{cmdTCON, 0x22},
	} {
		if err := p.send(ctx, c[0], c[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// reset pulses RST, which also wakes the controller from deep sleep and
// switches its booster off.
func (p *Panel) reset(ctx context.Context) error {
	if err := p.supply(); err != nil {
		return err
	}
	if !p.met {
		// A process that was killed during a refresh left the panel to finish it.
		if err := p.idle(ctx, "it was taken over", p.opts.RefreshLimit); err != nil && ctx.Err() != nil {
			return err
		}
		p.met = true
	}
	// Reset is high while the panel sleeps, so mostly there is nothing to wait
	// for and the first byte follows after 22 ms.
	if err := sleep(ctx, p.opts.ResetPause-time.Since(p.high)); err != nil {
		return err
	}
	p.awake = true
	if err := p.rst.Out(gpio.Low); err != nil {
		return fmt.Errorf("panel's RST: %w", err)
	}
	p.powered, p.windowed = false, false
	// A pulse that was cut short might reset some of it only.
	sleep(context.WithoutCancel(ctx), p.opts.ResetLow)
	if err := p.rst.Out(gpio.High); err != nil {
		return fmt.Errorf("panel's RST: %w", err)
	}
	p.high = time.Now()
	return sleep(ctx, p.opts.ResetPause)
}

// Check wakes the panel, sees that it answers, and puts it to sleep again. The
// page stays on the glass. Errors: as Show's.
func (p *Panel) Check(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	return p.check(ctx)
}

// check is Check under mu.
func (p *Panel) check(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, p.off(context.WithoutCancel(ctx))) }()
	if err := p.reset(ctx); err != nil {
		return err
	}
	if err := p.idle(ctx, "reset", p.opts.PowerLimit); err != nil {
		return err
	}
	p.powered = true
	if err := p.send(ctx, cmdPowerOn); err != nil {
		return err
	}
	if err := p.noticed(ctx); err != nil {
		p.glass = nil // whoever unplugged it may plug another one in
		return err
	}
	return p.idle(ctx, "power-on", p.opts.PowerLimit)
}

// Sleep powers the panel off and puts it into deep sleep, unless it is. The
// page stays on the glass.
func (p *Panel) Sleep(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	return p.off(ctx)
}

// off is Sleep under mu. A panel that is busy and should not be, or that does
// not obey, is reset, which switches it off too.
func (p *Panel) off(ctx context.Context) error {
	if !p.awake {
		return nil
	}
	var failed error
	if !p.powered || p.busy.Read() == gpio.Low {
		failed = p.reset(ctx)
	} else if failed = p.powerOff(ctx); failed != nil {
		failed = errors.Join(failed, p.reset(ctx))
	}
	p.powered = false
	if err := p.send(ctx, cmdDeepSleep, 0xA5); err != nil {
		return fmt.Errorf("put panel to sleep: %w", errors.Join(failed, err))
	}
	p.awake = false
	if failed != nil {
		return fmt.Errorf("put panel to sleep: %w", failed)
	}
	return nil
}

func (p *Panel) powerOff(ctx context.Context) error {
	if p.windowed {
		if err := p.send(ctx, cmdWindowOut); err != nil {
			return err
		}
		p.windowed = false
	}
	if err := p.send(ctx, cmdInterval, 0xF7); err != nil { // border floating
		return err
	}
	if err := p.send(ctx, cmdPowerOff); err != nil {
		return err
	}
	// It takes some 40 ms.
	p.silent = p.noticed(ctx) != nil
	return p.idle(ctx, "power-off", p.opts.PowerLimit)
}

// Close puts the panel to sleep, switches it off and gives the port and the
// pins back, if Open took them.
func (p *Panel) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	err := p.off(context.Background())
	if p.pwr != nil {
		err = errors.Join(err, p.pwr.Out(gpio.Low))
	}
	for _, f := range p.free {
		p.guard.Finally(p.opts.TransferLimit, func() { f() })
	}
	return err
}

// send sends a command and its data.
func (p *Panel) send(ctx context.Context, command byte, data ...byte) error {
	_, err := hw.Call(ctx, &p.guard, p.opts.TransferLimit, func() (struct{}, error) {
		if err := p.dc.Out(gpio.Low); err != nil {
			return struct{}{}, err
		}
		if err := p.conn.Tx([]byte{command}, nil); err != nil || len(data) == 0 {
			return struct{}{}, err
		}
		if err := p.dc.Out(gpio.High); err != nil {
			return struct{}{}, err
		}
		for len(data) > 0 {
			n := min(len(data), p.chunk)
			if err := p.conn.Tx(data[:n], nil); err != nil {
				return struct{}{}, err
			}
			data = data[n:]
		}
		return struct{}{}, nil
	}, nil)
	if err != nil {
		return fmt.Errorf("send command %02X to panel: %w", command, err)
	}
	return nil
}

// noticed waits until BUSY is low, as it is for seconds after a refresh has
// begun. SPI itself cannot tell whether anybody listens.
func (p *Panel) noticed(ctx context.Context) error {
	for start := time.Now(); p.busy.Read() == gpio.High; {
		left := p.opts.Notice - time.Since(start)
		if left <= 0 {
			return fmt.Errorf("panel did not become busy: %w", hw.ErrAbsent)
		}
		if err := p.pause(ctx, left); err != nil {
			return err
		}
	}
	return nil
}

// idle waits until BUSY is high.
func (p *Panel) idle(ctx context.Context, what string, limit time.Duration) error {
	start := time.Now()
	if p.opts.Waited != nil {
		defer func() { p.opts.Waited(what, time.Since(start)) }()
	}
	for p.busy.Read() == gpio.Low {
		left := limit - time.Since(start)
		if left <= 0 {
			return fmt.Errorf("panel still busy %v after %s: %w", limit, what, hw.ErrTimeout)
		}
		if err := p.pause(ctx, left); err != nil {
			return err
		}
	}
	return nil
}

// pause waits for BUSY to change, or until it is time to look at it again.
func (p *Panel) pause(ctx context.Context, limit time.Duration) error {
	if !p.edges {
		return sleep(ctx, min(limit, p.opts.Poll))
	}
	// An edge wait cannot be cancelled; ctx is looked at ten times a second.
	p.busy.WaitForEdge(min(limit, 100*time.Millisecond))
	return ctx.Err()
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
