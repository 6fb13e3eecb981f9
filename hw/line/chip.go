package line

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/warthog618/go-gpiocdev"

	"infobus/hw"
	"infobus/reading/clock"
)

// Find is the kernel's GPIO chip with that label (e.g. "pinctrl-bcm2711",
// "9030000.pl061"), name ("gpiochip0") or path ("/dev/gpiochip0", or a link to it
// such as the card's "/dev/infobus-gpio"). It is looked for anew at each request, so one that went away and came back, under another
// number perhaps, serves again.
//
// The kernel must be 5.10 or newer (uAPI v2: debounce, sequence numbers). From
// 6.6 on it says at once when the chip goes; before, the next reading does.
func Find(chip string) Chip { return device(chip) }

type device string

// open finds the chip. The error wraps hw.ErrAbsent and names the chips that
// are there.
func (d device) open() (*gpiocdev.Chip, error) {
	var there []string
	want := string(d)
	if path, err := filepath.EvalSymlinks(want); err == nil && filepath.IsAbs(want) {
		want = path
	}
	for _, name := range gpiocdev.Chips() {
		c, err := gpiocdev.NewChip(name, gpiocdev.WithConsumer("infobus"))
		if err != nil {
			there = append(there, fmt.Sprintf("%s (%v)", name, err))
			continue
		}
		if want == c.Label || want == c.Name || want == "/dev/"+c.Name {
			return c, nil
		}
		there = append(there, fmt.Sprintf("%s (%s)", c.Name, c.Label))
		c.Close()
	}
	if there == nil {
		there = []string{"none"}
	}
	return nil, fmt.Errorf("GPIO chip %s: %w; there is %s", string(d), hw.ErrAbsent, strings.Join(there, ", "))
}

// offsetOf is the offset of the line with that name, or number. The error wraps
// hw.ErrAbsent and names the lines that are there.
func offsetOf(c *gpiocdev.Chip, line string) (int, error) {
	if n, err := strconv.Atoi(line); err == nil {
		if n < 0 || n >= c.Lines() {
			return 0, fmt.Errorf("line %d: %w; %s has lines 0 to %d", n, hw.ErrAbsent, c.Label, c.Lines()-1)
		}
		return n, nil
	}
	var there []string
	for o := range c.Lines() {
		info, err := c.LineInfo(o)
		if err != nil {
			return 0, fmt.Errorf("ask for line %d: %w", o, absent(err))
		}
		if info.Name == line {
			return o, nil
		}
		if info.Name != "" {
			there = append(there, info.Name)
		}
	}
	if there == nil {
		there = []string{fmt.Sprintf("lines 0 to %d, without names", c.Lines()-1)}
	}
	return 0, fmt.Errorf("line %s: %w; %s has %s", line, hw.ErrAbsent, c.Label, strings.Join(there, ", "))
}

// find opens the chip, which the caller closes, and finds the line.
func (d device) find(l Config) (c *gpiocdev.Chip, offset int, err error) {
	if c, err = d.open(); err != nil {
		return nil, 0, err
	}
	if offset, err = offsetOf(c, l.Line); err != nil {
		c.Close()
		return nil, 0, fmt.Errorf("%s: %w", l.Name, err)
	}
	return c, offset, nil
}

// Locate finds a line of a chip (see Find): the name of the chip's device and
// the line's offset, as gpiocdev.RequestLine takes them.
func Locate(chip, line string) (name string, offset int, err error) {
	c, err := device(chip).open()
	if err != nil {
		return "", 0, err
	}
	defer c.Close()
	offset, err = offsetOf(c, line)
	return c.Name, offset, err
}

func (d device) Inputs(lines []Config, edge func(Edge), gone func(error)) (Inputs, error) {
	c, err := d.open()
	if err != nil {
		return nil, err
	}
	defer c.Close()

	offsets, index := make([]int, len(lines)), map[int]int{}
	options := []gpiocdev.LineReqOption{
		gpiocdev.AsInput,
		gpiocdev.WithBothEdges,
		gpiocdev.WithMonotonicEventClock,
		gpiocdev.WithEventHandler(func(e gpiocdev.LineEvent) {
			edge(Edge{
				Line: index[e.Offset], Active: e.Type == gpiocdev.LineEventRisingEdge,
				At: e.Timestamp, Seq: e.Seqno, LineSeq: e.LineSeqno,
			})
		}),
	}
	for i, l := range lines {
		if offsets[i], err = offsetOf(c, l.Line); err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, err)
		}
		if other, twice := index[offsets[i]]; twice {
			return nil, fmt.Errorf("%s and %s are the same line, %s", lines[other].Name, l.Name, l.Line)
		}
		index[offsets[i]] = i
		var own []gpiocdev.SubsetLineConfigOption
		if l.ActiveLow {
			own = append(own, gpiocdev.AsActiveLow)
		}
		if l.PullUp {
			own = append(own, gpiocdev.WithPullUp)
		}
		if l.PullDown {
			own = append(own, gpiocdev.WithPullDown)
		}
		if l.Debounce > 0 {
			own = append(own, gpiocdev.WithDebounce(l.Debounce))
		}
		options = append(options, gpiocdev.WithLines(offsets[i:i+1], own...))
	}

	// The library's own watcher does not tell that the chip is gone: it spins
	// until it is closed. Reading the chip's device tells: it waits in the
	// runtime's poller, and fails when the chip goes.
	sentinel, err := os.Open("/dev/" + c.Name)
	if err != nil {
		return nil, fmt.Errorf("open GPIO chip: %w", absent(err))
	}
	requested, err := c.RequestLines(offsets, options...)
	if err != nil {
		sentinel.Close()
		return nil, fmt.Errorf("request from %s: %w", c.Label, absent(err))
	}
	in := &inputs{lines: requested, sentinel: sentinel, ended: make(chan struct{})}
	go in.wait(gone)
	return in, nil
}

type inputs struct {
	lines    *gpiocdev.Lines
	sentinel *os.File
	ended    chan struct{} // closed when wait has returned
}

// wait calls gone when the chip goes, and returns then or on Close.
func (in *inputs) wait(gone func(error)) {
	defer close(in.ended)
	for {
		// 512 bytes hold a line_info_changed of either uAPI; none is asked for.
		_, err := in.sentinel.Read(make([]byte, 512))
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil {
			gone(absent(err))
			return
		}
	}
}

func (in *inputs) Levels(active []bool) (time.Duration, error) {
	values := make([]int, len(active))
	at := clock.Mono()
	if err := in.lines.Values(values); err != nil {
		return 0, absent(err)
	}
	for i, v := range values {
		active[i] = v != 0
	}
	return at, nil
}

func (in *inputs) Close() error {
	in.sentinel.Close()
	err := in.lines.Close()
	<-in.ended
	return err
}

func (d device) Output(l Config, active bool) (Output, error) {
	c, offset, err := d.find(l)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	options := []gpiocdev.LineReqOption{gpiocdev.AsOutput(value(active))}
	if l.ActiveLow {
		options = append(options, gpiocdev.AsActiveLow)
	}
	requested, err := c.RequestLine(offset, options...)
	if err != nil {
		return nil, fmt.Errorf("request %s from %s: %w", l.Line, c.Label, absent(err))
	}
	return output{requested}, nil
}

// output is an output line of the kernel's; 1 is active.
type output struct{ line *gpiocdev.Line }

func value(active bool) int {
	if active {
		return 1
	}
	return 0
}

func (o output) Set(active bool) error { return absent(o.line.SetValue(value(active))) }

func (o output) Active() (bool, error) {
	v, err := o.line.Value()
	return v != 0, absent(err)
}

func (o output) Close() error {
	return errors.Join(o.Set(false), o.line.Close())
}

// absent marks an error that says that the chip is not there as hw.ErrAbsent:
// the kernel answers ENODEV on whatever was open of a chip that was removed.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.ENXIO) {
		return fmt.Errorf("%w: %w", hw.ErrAbsent, err)
	}
	return err
}
