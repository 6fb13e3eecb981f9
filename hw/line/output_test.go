package line_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"infobus/hw"
	"infobus/hw/line"
	"infobus/hw/line/linetest"
)

// held is a Hold under way in a synctest bubble.
type held struct {
	wanted chan bool
	cancel context.CancelFunc
	ended  chan error

	mu     sync.Mutex // guards both
	levels []string   // that the wire saw
	told   []bool
}

// hold holds GPIO16 by the Switch.
func (h *held) hold(t *testing.T, s *line.Switch) {
	ctx, cancel := context.WithCancel(t.Context())
	h.wanted, h.cancel, h.ended = make(chan bool), cancel, make(chan error, 1)
	go func() {
		h.ended <- s.Hold(ctx, h.wanted, func(active bool) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.told = append(h.told, active)
		})
	}()
}

// so says what the wire saw and what was told, once nothing moves any more.
func (h *held) so() string {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprint(h.levels, h.told)
}

func (h *held) chip() *linetest.Chip {
	return linetest.New([]string{"GPIO16", "GPIO27"}, linetest.WithOutput(func(line string, high bool) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.levels = append(h.levels, fmt.Sprintf("%s=%t", line, high))
	}))
}

// The levels on the wire, one by one, both ways of wiring: nothing but what was
// asked for, inactive from the first moment and at the end.
func TestAnOutputIsInactiveUntilItIsAskedForAndAfterwards(t *testing.T) {
	for low, want := range map[bool]string{
		false: "[GPIO16=false GPIO16=true GPIO16=false GPIO16=true GPIO16=false] [false true true false true]",
		true:  "[GPIO16=true GPIO16=false GPIO16=true GPIO16=false GPIO16=true] [false true true false true]",
	} {
		synctest.Test(t, func(t *testing.T) {
			var h held
			h.hold(t, line.NewSwitch(h.chip(), line.Config{Name: "relay", Line: "GPIO16", ActiveLow: low}))
			for _, active := range []bool{true, true, false, true} {
				h.wanted <- active
			}
			h.so()
			h.cancel()
			if err := <-h.ended; !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			if got := h.so(); got != want {
				t.Errorf("active low %t: %s, want %s", low, got, want)
			}
		})
	}
}

// A line that is held by another, one that is not there, a chip that is not, one
// that hangs, one that goes, and a line that does not obey: each says so, and the
// same Switch serves again.
func TestAnOutputThatFails(t *testing.T) {
	relay := line.Config{Name: "relay", Line: "GPIO16"}
	tests := []struct {
		name  string
		line  line.Config
		fail  func(*held, *linetest.Chip)
		is    error
		words string
	}{
		{"no such line", line.Config{Name: "relay", Line: "GPIO99"}, nil, hw.ErrAbsent, "relay: line GPIO99"},
		{"in use", line.Config{Name: "relay", Line: "GPIO27"}, nil, nil, "line GPIO27 is in use"},
		{"the chip goes", relay, func(h *held, c *linetest.Chip) { c.SetFault(linetest.Absent); h.wanted <- true }, hw.ErrAbsent, "set output"},
		{"the chip goes while nothing is asked", relay, func(_ *held, c *linetest.Chip) { c.SetFault(linetest.Absent) }, hw.ErrAbsent, "read back"},
		{"the chip hangs", relay, func(h *held, c *linetest.Chip) { c.SetFault(linetest.Stuck); h.wanted <- true }, hw.ErrTimeout, "set output"},
		{"the line is shorted", relay, func(_ *held, c *linetest.Chip) { c.Force("GPIO16", true) }, nil, "was set active: false, and reads active: true"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h held
				chip := h.chip()
				other, err := chip.Output(line.Config{Name: "other", Line: "GPIO27"}, false)
				if err != nil {
					t.Fatal(err)
				}
				s := line.NewSwitch(chip, test.line)
				h.hold(t, s)
				synctest.Wait()
				if test.fail != nil {
					test.fail(&h, chip)
				}
				err = <-h.ended
				if err == nil || test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.words) {
					t.Errorf("%v; want %v and %q", err, test.is, test.words)
				}
				chip.SetFault(linetest.OK)
				synctest.Wait()
				other.Close()
				if test.line.Line == "GPIO99" {
					return
				}
				h.hold(t, s)
				h.so()
				h.wanted <- true
				if h.so(); !slices.Contains(h.told, true) {
					t.Errorf("it does not serve again: told %v", h.told)
				}
				h.cancel()
				<-h.ended
				if high, _ := chip.Level(test.line.Line); high {
					t.Error("left active")
				}
			})
		})
	}
}

// What the watcher holds can be read now; what it does not hold says why.
func TestTheLinesThatAreWatchedCanBeReadAtAnyTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := linetest.New([]string{"GPIO27", "GPIO22"})
		chip.Drive("GPIO22", true)
		w := line.New(chip, generator, raw)
		if _, err := w.Levels(t.Context()); !errors.Is(err, hw.ErrAbsent) {
			t.Errorf("before: %v", err)
		}
		watch := start(t, w)
		watch.take()
		if got, err := w.Levels(t.Context()); err != nil || fmt.Sprint(got) != "[false true]" {
			t.Errorf("%v, %v", got, err)
		}
		chip.SetFault(linetest.Stuck)
		if _, err := w.Levels(t.Context()); !errors.Is(err, hw.ErrTimeout) {
			t.Errorf("a chip that hangs: %v", err)
		}
		chip.SetFault(linetest.Absent)
		<-watch.ended
		if _, err := w.Levels(t.Context()); !errors.Is(err, hw.ErrAbsent) {
			t.Errorf("a chip that is gone: %v", err)
		}
	})
}
