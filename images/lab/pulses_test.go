package lab_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"infobus/hw/line"
	"infobus/images/lab"
	"infobus/logbook"
	"infobus/power"
)

// A generator's pulses on a real chip, counted by way of the kernel's own
// interface: a hundred a second for a minute. Then storms of bounces on a line
// that is held and on one that pulses: no generator starts.
func TestPulsesOnRealChip(t *testing.T) {
	const held, pulsing, marker = 1, 2, 4
	o := lab.Options{Kernel: kernel(t), Init: build(t, "infobus/images/lab/init")}
	lines, err := json.Marshal([]line.Config{
		{Name: "held", Line: "1", Debounce: debounce},
		{Name: "marker", Line: "4", Debounce: 2 * debounce},
	})
	if err != nil {
		t.Fatal(err)
	}
	pulses, err := json.Marshal(line.Config{Name: "pulsing", Line: "2"})
	if err != nil {
		t.Fatal(err)
	}
	o.Files = map[string]string{"/edges": build(t, "infobus/images/lab/edges")}
	o.Programs = []lab.Program{{Name: "edges", Command: []string{"/edges", lab.Chip, string(lines), string(pulses)}}}
	c := boot(t, o)

	type said struct {
		Name   string
		Active bool
		Edge   bool
		Hz     float64
		At     time.Duration
		Pulses uint64
		Last   time.Duration
	}
	next := func() (s said) {
		t.Helper()
		line := c.next("edges")
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("edges said %q", line)
		}
		return s
	}
	for first := map[string]bool{}; len(first) < 3; {
		first[next().Name] = true
	}
	level := false
	// until gives what was said up to now: the marker's edge comes last.
	until := func() (all []said) {
		t.Helper()
		level = !level
		c.drive(marker, level)
		for {
			s := next()
			if s.Name == "marker" && s.Edge {
				return all
			}
			all = append(all, s)
		}
	}
	// A pulse a hundredth of a second after the other, or later where this machine
	// is busy: what was driven is what counts.
	var driven []time.Time
	for begin := time.Now(); time.Since(begin) < time.Minute; {
		driven = append(driven, time.Now())
		if err := c.m.Drive(pulsing, true, false); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Until(driven[len(driven)-1].Add(10 * time.Millisecond)))
	}
	var first, last said
	for quiet := 0; quiet < 2; { // it has been said twice that nothing comes any more
		s := next()
		if s.Name != "pulsing" || s.Pulses == 0 {
			continue
		}
		if first.Pulses == 0 {
			first = s
		}
		if quiet++; s.Hz != 0 || s.Pulses != last.Pulses {
			quiet = 0
		}
		last = s
	}
	// Two pulses that fall into a moment at which this machine lets the emulated one
	// stand still are one to its chip: then the frequency is not that of the pulses.
	lost := len(driven) - int(last.Pulses)
	n := float64(last.Pulses - first.Pulses)
	theirs := n / driven[len(driven)-1].Sub(driven[min(first.Pulses-1, uint64(len(driven)-1))]).Seconds() / 2
	ours := n / (last.Last - first.Last).Seconds() / 2
	t.Logf("%d pulses in a minute, %d of them lost to the emulation: driven at %.3f Hz, by the kernel's time stamps %.3f Hz", len(driven), lost, theirs, ours)
	if lost < 0 || lost > len(driven)/10 {
		t.Errorf("%d pulses were driven, and %d were counted", len(driven), last.Pulses)
	}
	if lost == 0 && math.Abs(ours-theirs) > 0.1 {
		t.Errorf("driven at %.3f Hz, measured %.3f Hz", theirs, ours)
	}

	// Storms.
	const storms = 500
	options := power.DefaultOptions()
	options.Generators, options.StartAfter, options.StopAfter = 2, 2*time.Second, 5*time.Second
	state, starts, seen := power.New(options), 0, 0
	for range storms / 20 {
		for range 20 {
			line := []int{held, pulsing}[rand.IntN(2)]
			for end := time.Now().Add(time.Duration(1+rand.IntN(50)) * time.Millisecond); time.Now().Before(end); {
				c.drive(line, true)
				<-time.After(time.Duration(rand.IntN(3000)) * time.Microsecond)
				c.drive(line, false)
				<-time.After(time.Duration(rand.IntN(3000)) * time.Microsecond)
			}
			<-time.After(20 * time.Millisecond)
		}
		for _, s := range until() {
			in := power.Line{Active: s.Active, At: s.At}
			if s.Name == "pulsing" {
				in = power.Line{Index: 1, Active: s.Hz > 0, At: s.At, Hz: s.Hz}
			}
			if in.Active {
				seen++
			}
			var events []logbook.Event
			state, events = power.Step(options, state, in, s.At)
			for _, e := range events {
				if e.Name == logbook.GeneratorStarted {
					starts++
				}
			}
		}
	}
	t.Logf("%d storms: %d times something was seen that might be a generator, %d starts", storms, seen, starts)
	if starts != 0 {
		t.Errorf("%d storms made %d false starts", storms, starts)
	}
}
