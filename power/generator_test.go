package power

import (
	"strings"
	"testing"
	"time"

	"infobus/logbook"
)

func TestStartsAndStopsMustHold(t *testing.T) {
	type seen struct {
		at     time.Duration
		active bool
	}
	for name, test := range map[string]struct {
		seen []seen // and a tick each half second until 30 s
		want string
	}{
		"a start that holds is dated back":                   {[]seen{{1 * s, false}, {5 * s, true}}, "started 5s"},
		"a start that does not hold is none":                 {[]seen{{1 * s, false}, {5 * s, true}, {6900 * time.Millisecond, false}}, ""},
		"one that is tried three times counts from the last": {[]seen{{1 * s, false}, {5 * s, true}, {6 * s, false}, {7 * s, true}, {8 * s, false}, {9 * s, true}}, "started 9s"},
		"a cough is no stop":                                 {[]seen{{1 * s, true}, {10 * s, false}, {14900 * time.Millisecond, true}}, "started 1s"},
		"a stop that holds is dated back":                    {[]seen{{1 * s, true}, {10 * s, false}}, "started 1s, stopped 10s"},
		"a stop that begins again holds from then":           {[]seen{{1 * s, true}, {10 * s, false}, {12 * s, true}, {13 * s, false}}, "started 1s, stopped 13s"},
	} {
		o := options()
		o.StartAfter, o.StopAfter = 2*s, 5*s
		state := New(o)
		var told []string
		for now := time.Duration(0); now <= 30*s; now += 100 * time.Millisecond {
			var inputs []any
			if now%(500*time.Millisecond) == 0 {
				inputs = append(inputs, nil)
			}
			for _, l := range test.seen {
				if l.at == now {
					inputs = append(inputs, Line{Active: l.active, At: now})
				}
			}
			for _, in := range inputs {
				var events []logbook.Event
				state, events = Step(o, state, in, now)
				for _, e := range events {
					told = append(told, strings.TrimPrefix(string(e.Name), "generator.")+" "+e.Mono.String())
				}
			}
		}
		if got := strings.Join(told, ", "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// A generator that was started or stopped while its line was lost is found so, by
// a line that then holds; one that is found as it was left did neither.
func TestWhatChangedWhileTheLineWasLostIsFound(t *testing.T) {
	for name, test := range map[string]struct {
		before, after bool
		want          string
	}{
		"started":            {false, true, "started 1m40s"},
		"stopped":            {true, false, "stopped 1m40s"},
		"still stands":       {false, false, ""},
		"still runs":         {true, true, ""},
		"a cough after it":   {false, false, ""},
		"a stumble after it": {true, true, ""},
	} {
		o := options()
		o.StartAfter, o.StopAfter = 2*s, 5*s
		state := New(o)
		var told []string
		step := func(in any, now time.Duration) {
			var events []logbook.Event
			if state, events = Step(o, state, in, now); now >= 60*s {
				for _, e := range events {
					told = append(told, strings.TrimPrefix(string(e.Name), "generator.")+" "+e.Mono.String())
				}
			}
		}
		for now := 1 * s; now <= 50*s; now += s {
			step(Line{Active: test.before, At: now}, now)
		}
		step(LinesLost{}, 60*s)
		if strings.HasPrefix(name, "a ") {
			step(Line{Active: !test.after, At: 99 * s}, 99*s)
		}
		for now := 100 * s; now <= 200*s; now += 10 * s { // as often as a line is read
			step(Line{Active: test.after, At: now}, now)
			for tick := now + s; tick < now+10*s; tick += s {
				step(nil, tick)
			}
		}
		if got := strings.Join(told, ", "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if running, ok := state.Generators[0].Running.Get(); !ok || running != test.after {
			t.Errorf("%s: running %v, known %v", name, running, ok)
		}
	}
}

func TestHoursRunAndWhenAGeneratorWantsLookingAfter(t *testing.T) {
	o := options()
	o.LineMaxAge = 1000 * time.Hour
	state := New(o)
	step := func(at time.Duration, in any) { state, _ = Step(o, state, in, at) }
	run := func(from, to time.Duration) {
		step(from, Line{Active: true, At: from})
		step(to, Line{At: to})
	}
	run(1*time.Hour, 31*time.Hour)
	run(40*time.Hour, 90*time.Hour)
	g := state.Generators[0]
	if g.RunTime(90*time.Hour) != 80*time.Hour || g.LongestRun(90*time.Hour) != 50*time.Hour || g.ServiceIn(o, 90*time.Hour) != 20*time.Hour || g.Starts != 2 {
		t.Errorf("after 30 and 50 hours: %s, longest %s, looked after in %s, %d starts", g.RunTime(0), g.LongestRun(0), g.ServiceIn(o, 0), g.Starts)
	}
	run(100*time.Hour, 130*time.Hour)
	if due := state.Generators[0].ServiceIn(o, 130*time.Hour); due != -10*time.Hour {
		t.Errorf("ten hours overdue, and it says %s", due)
	}
	step(131*time.Hour, Serviced{})
	step(132*time.Hour, Serviced{Generator: 7}) // there is none
	if due := state.Generators[0].ServiceIn(o, 131*time.Hour); due != 100*time.Hour {
		t.Errorf("just looked after, and it says %s", due)
	}
}

func TestSpeedIsLeftOnlyBeyondAMargin(t *testing.T) {
	o := options()
	state := New(o)
	for i, step := range []struct {
		hz   float64
		want Speed
	}{{50, Right}, {46.8, Under}, {47.3, Under}, {47.6, Right}, {53.2, Over}, {52.7, Over}, {52.4, Right}, {0, NotMeasured}} {
		at := time.Duration(i+1) * s
		state, _ = Step(o, state, Line{Active: step.hz > 0, At: at, Hz: step.hz}, at)
		if g := state.Generators[0]; g.Speed != step.want {
			t.Errorf("step %d, %.1f Hz: %q, want %q", i, step.hz, g.Speed, step.want)
		}
	}
}
