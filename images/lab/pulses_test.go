package lab_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
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
		Said   time.Duration
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
	// drive gives n pulses, a hundred a second, and says when each was given: where
	// this machine is busy that may be later.
	drive := func(n int) (given []time.Time) {
		t.Helper()
		for begin := time.Now(); len(given) < n; {
			<-time.After(time.Until(begin.Add(time.Duration(len(given)) * 10 * time.Millisecond)))
			given = append(given, time.Now())
			if err := c.m.Drive(pulsing, true, false); err != nil {
				t.Fatal(err)
			}
		}
		return given
	}
	// measured gives the first and last measurement of the pulses up to now, and what
	// was said last.
	measured := func() (first, last, end said) {
		t.Helper()
		<-time.After(200 * time.Millisecond)
		for _, s := range until() {
			if s.Name != "pulsing" {
				continue
			}
			if end = s; s.Hz != 0 {
				if last = s; first.Pulses == 0 {
					first = s
				}
			}
		}
		return first, last, end
	}
	given := drive(6000)
	first, _, last := measured()
	// Two pulses that fall into a moment at which this machine lets the emulated one
	// stand still are one to its chip: then the frequency is not that of the pulses.
	lost := len(given) - int(last.Pulses)
	theirs := frequency(int(last.Pulses-first.Pulses), given[len(given)-1].Sub(given[max(first.Pulses, 1)-1]))
	ours := frequency(int(last.Pulses-first.Pulses), last.Last-first.Last)
	t.Logf("%d pulses in a minute, %d of them lost to the emulation: driven at %.3f Hz, by the kernel's time stamps %.3f Hz", len(given), lost, theirs, ours)
	if lost < 0 || first.Hz == 0 || lost > len(given)/2 {
		t.Errorf("%d pulses were driven, and %d were counted, the first at %.1f Hz", len(given), last.Pulses, first.Hz)
	}
	if lost == 0 && math.Abs(ours-theirs) > 0.1 {
		t.Errorf("driven at %.3f Hz, measured %.3f Hz", theirs, ours)
	}

	// Stalls. By what the kernel stamped each is dated within three cycles, and said
	// as soon as the emulated machine lets the program look.
	var cycles []float64
	for range 10 {
		drive(60)
		_, last, stall := measured()
		if last.Hz == 0 || stall.Hz != 0 || stall.At == stall.Last {
			continue // this machine is busy: they came too unevenly, or it is late
		}
		cycle := time.Duration(float64(time.Second) / last.Hz)
		if d := stall.At - stall.Last; d <= 0 || d > 3*cycle {
			t.Errorf("a stall is dated %v after the last pulse, at %.1f Hz", d, last.Hz)
		}
		cycles = append(cycles, float64(stall.Said-stall.Last)/float64(cycle))
	}
	switch slices.Sort(cycles); {
	case len(cycles) == 0 && lost == 0:
		t.Error("the pulses came evenly, and no stall could be judged")
	case len(cycles) == 0:
		t.Log("no stall could be judged: this machine is busy")
	default:
		t.Logf("%d stalls of 10 judged, found %.1f cycles after the last pulse, at most %.1f", len(cycles), cycles[len(cycles)/2], cycles[len(cycles)-1])
	}

	// Storms, each a try of its own: a tenth of a second after the last.
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
			<-time.After(100 * time.Millisecond)
		}
		for _, s := range until() {
			in := power.Line{Active: s.Active, At: s.At}
			if s.Name == "pulsing" {
				in = power.Line{Generator: 1, Active: s.Hz > 0, At: s.At, Hz: s.Hz}
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

// frequency is that of the mains, of which pulses is twice the number of cycles.
func frequency(pulses int, in time.Duration) float64 { return float64(pulses) / in.Seconds() / 2 }
