package power

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/logbook"
)

const s = time.Second

func options() Options {
	o := DefaultOptions()
	o.LevelHold, o.Countdown, o.CancelHold = 5*s, 20*s, 60*s
	o.Measured = o.Capacity // the label is right: an old battery is required_test.go's
	o.VoltageHold = 20 * s
	return o
}

// critical is a sample of an AGM that is nearly empty and drained.
var critical = Sample{Volts: 11.5, Amps: -1}

type at struct {
	when  time.Duration
	input any
}

// play steps through the inputs and gives the events' names and states.
func play(o Options, inputs []at) (State, []string) {
	state, told := New(o), []string{}
	for _, in := range inputs {
		var events []logbook.Event
		state, events = Step(o, state, in.input, in.when)
		for _, e := range events {
			word := string(e.Name)
			for _, key := range []string{"level", "state"} {
				if v, ok := e.Attributes[key]; ok {
					word += " " + v.(string)
				}
			}
			told = append(told, word)
		}
	}
	return state, told
}

func TestPower(t *testing.T) {
	stopped := at{1 * s, Line{Generator: 0, Active: false, At: 1 * s}}
	tests := []struct {
		name   string
		inputs []at
		events []string
		source string
		level  Level
	}{
		{"nothing is known at first", nil, nil, "unknown", Unknown},
		{"a generator that starts is one event, however often its level is read",
			[]at{stopped, {2 * s, Line{Active: true, At: 2 * s}}, {3 * s, Line{Active: true, At: 3 * s}}, {4 * s, Line{At: 4 * s}}},
			[]string{"generator.started", "generator.stopped"}, "battery", Unknown},
		{"a generator that runs at the first look has started",
			[]at{{2 * s, Line{Active: true, At: 2 * s}}}, []string{"generator.started"}, "generator", Unknown},
		{"a line that is lost is unknown, not stopped, and found again is no start",
			[]at{{2 * s, Line{Active: true, At: 2 * s}}, {3 * s, LinesLost{}}}, []string{"generator.started"}, "unknown", Unknown},
		{"found again as it was",
			[]at{{2 * s, Line{Active: true, At: 2 * s}}, {3 * s, LinesLost{}}, {4 * s, Line{Active: true, At: 4 * s}}},
			[]string{"generator.started"}, "generator", Unknown},
		{"a line that is silent for too long is unknown",
			[]at{{2 * s, Line{Active: true, At: 2 * s}}, {40 * s, nil}}, []string{"generator.started"}, "unknown", Unknown},
		{"the first sample counts at once", []at{{1 * s, Sample{Volts: 12.7, Amps: -1}}}, []string{"battery.level good"}, "unknown", Good},
		{"a worse level must hold", []at{{1 * s, Sample{Volts: 12.7}}, {2 * s, critical}, {3 * s, Sample{Volts: 12.7}}},
			[]string{"battery.level good"}, "unknown", Good},
		{"a sample that is too old says nothing",
			[]at{{1 * s, Sample{Volts: 12.7}}, {60 * s, nil}}, []string{"battery.level good", "battery.level unknown"}, "unknown", Unknown},
		{"a monitor that fails says nothing",
			[]at{{1 * s, Sample{Volts: 12.7}}, {2 * s, MonitorLost{}}}, []string{"battery.level good", "battery.level unknown"}, "unknown", Unknown},
		{"a low line that is active says low", []at{{1 * s, LowLine{Active: true, At: 1 * s}}}, []string{"battery.level low"}, "unknown", Low},
		{"a low line that is not active says nothing", []at{{1 * s, LowLine{At: 1 * s}}}, nil, "unknown", Unknown},
		{"an empty battery announces, then shuts down",
			[]at{stopped, {2 * s, critical}, {7 * s, critical}, {27 * s, nil}},
			[]string{"battery.level critical", "power.shutdown pending", "power.shutdown started"}, "battery", Critical},
		{"a generator cancels",
			[]at{stopped, {2 * s, critical}, {7 * s, critical}, {8 * s, Line{Active: true, At: 8 * s}}, {30 * s, Line{Active: true, At: 30 * s}}},
			[]string{"battery.level critical", "power.shutdown pending", "generator.started", "power.shutdown cancelled"}, "generator", Critical},
		{"a volunteer cancels, for a while",
			[]at{stopped, {2 * s, critical}, {7 * s, critical}, {8 * s, Cancel{}}, {20 * s, Line{At: 20 * s}}, {40 * s, critical}, {50 * s, Line{At: 50 * s}}, {67 * s, critical}, {69 * s, critical}},
			[]string{"battery.level critical", "power.shutdown pending", "power.shutdown cancelled", "power.shutdown pending"}, "battery", Critical},
		{"never while charging", []at{stopped, {2 * s, Sample{Volts: 11.4, Amps: 3}}, {30 * s, Sample{Volts: 11.4, Amps: 3}}},
			[]string{"battery.level critical"}, "battery", Critical},
		{"never while the generators are unknown", []at{{2 * s, critical}, {30 * s, critical}}, []string{"battery.level critical"}, "unknown", Critical},
		{"a monitor that fails cancels", []at{stopped, {2 * s, critical}, {7 * s, critical}, {8 * s, MonitorLost{}}, {30 * s, Line{At: 30 * s}}},
			[]string{"battery.level critical", "power.shutdown pending", "battery.level unknown", "power.shutdown cancelled"}, "battery", Unknown},
		{"a refused power-off is off", []at{stopped, {2 * s, critical}, {7 * s, critical}, {27 * s, nil}, {28 * s, Refused{}}, {29 * s, critical}},
			[]string{"battery.level critical", "power.shutdown pending", "power.shutdown started", "power.shutdown cancelled"}, "battery", Critical},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			state, events := play(options(), test.inputs)
			if len(events) != len(test.events) {
				t.Fatalf("events %q, want %q", events, test.events)
			}
			for i := range events {
				if events[i] != test.events[i] {
					t.Errorf("events %q, want %q", events, test.events)
					break
				}
			}
			if state.Source().String() != test.source || state.Level != test.level {
				t.Errorf("source %s, level %s; want %s, %s", state.Source(), state.Level, test.source, test.level)
			}
		})
	}
}

func TestRunTimeCountsOnlyWhatWasSeen(t *testing.T) {
	state, _ := play(options(), []at{
		{10 * s, Line{Active: true, At: 10 * s}},
		{20 * s, Line{Active: true, At: 20 * s}},
		{25 * s, LinesLost{}}, // seen running until 20 s
		{100 * s, Line{Active: true, At: 100 * s}},
	})
	if got := state.Generators[0].RunTime(110 * s); got != 20*s {
		t.Errorf("run time %s, want 20s", got)
	}
}

// Whatever comes, the box is never brought down without a fresh critical and
// discharging sample and generators known to stand still; and Step is never
// asked for in the past.
func TestNoShutdownForAMissingReading(t *testing.T) {
	begun := 0
	run := func(t *rapid.T) {
		o := options()
		state, now := New(o), time.Second
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			now += time.Duration(rapid.IntRange(1, 12_000).Draw(t, "ms")) * time.Millisecond
			// Standing still and nearly empty is likely, or nothing would ever be shut
			// down; everything else comes between.
			input := rapid.OneOf(
				rapid.Just[any](Line{At: now}),
				rapid.Just[any](critical),
				rapid.Custom(func(t *rapid.T) any {
					line, active := rapid.IntRange(-1, 1).Draw(t, "line"), rapid.IntRange(0, 9).Draw(t, "p") == 9
					if line < 0 {
						return LowLine{Active: active, At: now}
					}
					return Line{Generator: GeneratorID(line), Active: active, At: now}
				}),
				rapid.Custom(func(t *rapid.T) any {
					return Sample{Volts: rapid.Float64Range(10, 13).Draw(t, "V"), Amps: rapid.Float64Range(-5, 3).Draw(t, "A")}
				}),
				rapid.SampledFrom([]any{nil, nil, critical, critical, LinesLost{}, MonitorLost{}, Cancel{}, Refused{}}),
			).Draw(t, "input")
			var events []logbook.Event
			state, events = Step(o, state, input, now)
			for _, e := range events {
				if e.Name == logbook.PowerShutdown && e.Attributes["state"] == "started" {
					begun++
					sample, ok := state.Battery.Get()
					most := discharging
					if e.Attributes["reason"] == BatteryVoltage && sample.Volts <= o.Chemistry.Floor {
						most = noiseAmps // so empty that it may give none
					}
					if !ok || sample.Amps > most || state.Source() != SourceBattery || state.Level != Critical {
						t.Fatalf("shut down with %+v", state)
					}
				}
			}
			if wake := state.Wake(o, now); wake != 0 && wake <= now {
				t.Fatalf("asked to be called at %s, and it is %s: %+v", wake, now, state)
			}
		}
	}
	rapid.Check(t, run)
	for n := 0; testing.Short() && begun == 0 && n < 20; n++ { // a fifth of the runs may be too few
		rapid.Check(t, run)
	}
	if begun == 0 {
		t.Error("no run shut down at all: this test shows nothing")
	}
}

func TestChemistry(t *testing.T) {
	for _, test := range []struct {
		c    Chemistry
		in   Sample
		want float64
	}{
		{AGM, Sample{Volts: 12.8}, 100}, {AGM, Sample{Volts: 14.4}, 100}, {AGM, Sample{Volts: 9}, 0},
		{AGM, Sample{Volts: 11.9}, 17.5}, {AGM, Sample{Volts: 11.8, Amps: -10}, 17.5}, {LiFePO4, Sample{Volts: 13.1}, 40},
	} {
		if got := test.c.Percent(test.in); got < test.want-0.01 || got > test.want+0.01 {
			t.Errorf("%s at %+v: %.2f %%, want %.2f", test.c.Name, test.in, got, test.want)
		}
	}
}
