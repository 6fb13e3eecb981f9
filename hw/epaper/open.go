package epaper

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/warthog618/go-gpiocdev"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/host/v3/sysfs"

	"infobus/hw"
	"infobus/hw/line"
)

// Wiring says where a panel is connected.
type Wiring struct {
	SPI         string // /dev/spidev0.0
	Chip        string // label, name or path of the GPIO chip of the lines below
	DataCommand string // lines by name or offset
	Reset       string
	Busy        string
	Power       string // "": always powered
}

// Open opens the kernel's SPI device and GPIO lines, and makes a Panel of them
// that Close closes. hw.ErrAbsent: one of them is not there. opts may be nil.
func Open(w Wiring, opts *Opts) (p *Panel, err error) {
	var free []func() error
	defer func() {
		if err != nil {
			for _, f := range free {
				f()
			}
		}
	}()

	var bus, cs int
	if n, err := fmt.Sscanf(w.SPI, "/dev/spidev%d.%d", &bus, &cs); n != 2 {
		return nil, fmt.Errorf("SPI device %s is not of the form /dev/spidev0.0: %w", w.SPI, err)
	}
	// Asked first because periph's error does not wrap the kernel's.
	f, err := os.OpenFile(w.SPI, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.ENODEV) {
		return nil, fmt.Errorf("%w: %w", hw.ErrAbsent, err)
	}
	if err != nil {
		return nil, err
	}
	f.Close()
	port, err := sysfs.NewSPI(bus, cs)
	if err != nil {
		return nil, err
	}
	free = append(free, port.Close)

	output := func(name string, level int) (gpio.PinOut, error) {
		l, err := request(w.Chip, name, gpiocdev.AsOutput(level))
		if err != nil {
			return nil, err
		}
		free = append(free, l.Close)
		return &pin{name: name, line: l}, nil
	}
	dc, err := output(w.DataCommand, 0)
	if err != nil {
		return nil, fmt.Errorf("panel's DC: %w", err)
	}
	rst, err := output(w.Reset, 1)
	if err != nil {
		return nil, fmt.Errorf("panel's RST: %w", err)
	}
	var pwr gpio.PinOut
	if w.Power != "" {
		if pwr, err = output(w.Power, 1); err != nil {
			return nil, fmt.Errorf("panel's PWR: %w", err)
		}
	}
	busy := &pin{name: w.Busy, changed: make(chan struct{}, 1)}
	busy.line, err = request(w.Chip, w.Busy, gpiocdev.AsInput, gpiocdev.WithPullUp, gpiocdev.WithBothEdges,
		gpiocdev.WithEventHandler(func(gpiocdev.LineEvent) {
			select {
			case busy.changed <- struct{}{}:
			default:
			}
		}))
	if errors.Is(err, syscall.ENXIO) { // a line without interrupt
		busy.changed = nil
		busy.line, err = request(w.Chip, w.Busy, gpiocdev.AsInput, gpiocdev.WithPullUp)
	}
	if err != nil {
		return nil, fmt.Errorf("panel's BUSY: %w", err)
	}
	free = append(free, busy.line.Close)

	if p, err = New(port, dc, rst, busy, pwr, opts); err != nil {
		return nil, err
	}
	p.free = free
	return p, nil
}

func request(chip, name string, options ...gpiocdev.LineReqOption) (*gpiocdev.Line, error) {
	device, offset, err := line.Locate(chip, name)
	if err != nil {
		return nil, err
	}
	return gpiocdev.RequestLine(device, offset, append(options, gpiocdev.WithConsumer("infobus"))...)
}

// pin is a requested line as periph's drivers know pins. Its direction and bias
// are those of the request.
type pin struct {
	name    string
	line    *gpiocdev.Line
	changed chan struct{} // holds one token after an edge; nil: no edges
}

var errPin = errors.New("the line was requested otherwise")

func (p *pin) String() string         { return p.name }
func (p *pin) Name() string           { return p.name }
func (p *pin) Number() int            { return p.line.Offset() }
func (p *pin) Function() string       { return "" }
func (p *pin) Halt() error            { return nil }
func (p *pin) Pull() gpio.Pull        { return gpio.PullNoChange }
func (p *pin) DefaultPull() gpio.Pull { return gpio.PullNoChange }

func (p *pin) PWM(gpio.Duty, physic.Frequency) error { return errPin }

func (p *pin) Out(l gpio.Level) error {
	if l {
		return p.line.SetValue(1)
	}
	return p.line.SetValue(0)
}

func (p *pin) In(_ gpio.Pull, edge gpio.Edge) error {
	if edge != gpio.NoEdge && p.changed == nil {
		return errPin
	}
	return nil
}

// Read reads low, which is busy, where the line cannot be read.
func (p *pin) Read() gpio.Level {
	v, err := p.line.Value()
	return err == nil && v != 0
}

func (p *pin) WaitForEdge(timeout time.Duration) bool {
	var limit <-chan time.Time
	if timeout >= 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		limit = timer.C
	}
	select {
	case <-p.changed:
		return true
	case <-limit:
		return false
	}
}
