package power

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/logbook"
)

// words are what may be observed, as the tables below write it.
var words = map[string]func(now time.Duration) any{
	"still":    func(now time.Duration) any { return Line{At: now} },
	"runs":     func(now time.Duration) any { return Line{Active: true, At: now} },
	"still-2":  func(now time.Duration) any { return Line{Generator: 1, At: now} },
	"runs-2":   func(now time.Duration) any { return Line{Generator: 1, Active: true, At: now} },
	"alarm":    func(now time.Duration) any { return LowLine{Active: true, At: now} },
	"no-alarm": func(now time.Duration) any { return LowLine{At: now} },
	"empty":    func(time.Duration) any { return critical },
	"low":      func(time.Duration) any { return Sample{Volts: 11.98, Amps: -1} },
	"good":     func(time.Duration) any { return Sample{Volts: 12.6, Amps: -1} },
	"high":     func(time.Duration) any { return Sample{Volts: 12.85, Amps: -1} },
	"charging": func(time.Duration) any { return Sample{Volts: 11.45, Amps: 3} },
	"trickle":  func(time.Duration) any { return Sample{Volts: 11.5, Amps: 0.2} },
	"idle":     func(time.Duration) any { return Sample{Volts: 11.5} },
	"start":    func(time.Duration) any { return Sample{Volts: 9.5, Amps: -150} }, // somebody starts an engine
	"zero":     func(time.Duration) any { return Sample{} },
	"cut-wire": func(time.Duration) any { return Sample{Amps: -1} },
	"nonsense": func(time.Duration) any { return Sample{Volts: math.NaN(), Amps: math.NaN()} },
	"endless":  func(time.Duration) any { return Sample{Volts: math.Inf(-1), Amps: math.Inf(-1)} },
	"no-lines": func(time.Duration) any { return LinesLost{} },
	"no-meter": func(time.Duration) any { return MonitorLost{} },
	"cancel":   func(time.Duration) any { return Cancel{} },
	"refused":  func(time.Duration) any { return Refused{} },
	"request":  func(time.Duration) any { return Request{} },
	"carry-on": func(time.Duration) any { return CarryOn{} },
	"nothing":  func(time.Duration) any { return nil },
}

// observe steps through a script such as "1-30 still+empty, 31 cancel": at
// these seconds (of a range every fifth) that was observed. It gives what became
// of shutdowns, and the state at the end.
func observe(t *testing.T, o Options, script string) (State, string) {
	t.Helper()
	state, told := New(o), []string{}
	for clause := range strings.SplitSeq(script, ", ") {
		var from, to int
		when, what, _ := strings.Cut(clause, " ")
		if n, _ := fmt.Sscanf(when, "%d-%d", &from, &to); n < 2 {
			to = from
		}
		for at := from; at <= to; at += 5 {
			for word := range strings.SplitSeq(what, "+") {
				now := time.Duration(at) * time.Second
				if words[word] == nil {
					t.Fatalf("%q is no word of the script", word)
				}
				var events []logbook.Event
				state, events = Step(o, state, words[word](now), now)
				for _, e := range events {
					if e.Name == logbook.PowerShutdown {
						told = append(told, e.Attributes["state"].(string))
					}
				}
			}
		}
	}
	return state, strings.Join(told, " ")
}

// When the box goes down by itself and when it does not. The countdown is 20 s,
// a level must hold for 5 s, a line holds for 30 s and a sample for 45 s, a
// volunteer's word for 60 s.
func TestShutdowns(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"an empty battery, announced and done", "1-30 still+empty", "pending started"},
		{"not before the countdown has ended", "1-20 still+empty", "pending"},
		{"begun once, whatever comes after", "1-90 still+empty", "pending started"},
		{"a good battery", "1-90 still+good", ""},
		{"a full battery", "1-90 still+high", ""},
		{"a low battery that is not critical", "1-90 still+low", ""},
		{"no battery monitor at all", "1-300 still", ""},
		{"nothing at all for an hour", "1 nothing, 3600 nothing", ""},
		{"only the alarm line, active", "1-300 still+alarm", ""},
		{"only the alarm line, inactive", "1-300 still+no-alarm", ""},
		{"no sense line was ever read", "1-90 empty", ""},
		{"the sense lines are lost before it", "1 still, 2 no-lines, 3-90 empty", ""},
		{"the sense lines are lost during the countdown", "1-10 still+empty, 11 no-lines, 12-90 empty", "pending cancelled"},
		{"the sense lines fall silent during the countdown", "1 still, 2-17 empty, 18-90 empty", "pending started"},
		{"the sense lines have been silent for too long", "1 still, 35-90 empty", ""},
		{"a generator runs", "1-90 runs+empty", ""},
		{"a generator starts during the countdown", "1-10 still+empty, 11-90 runs+empty", "pending cancelled"},
		{"a generator starts in the last second", "1-20 still+empty, 20 runs, 21-90 empty+runs", "pending cancelled"},
		{"a generator stops, the battery is empty", "1-30 runs+empty, 31-60 still+empty", "pending started"},
		{"a generator that starts and stops again begins the countdown anew", "1-10 still+empty, 11 runs, 12-30 still+empty", "pending cancelled pending"},
		{"it is being charged though no generator runs", "1-50 still+charging", ""},
		{"charged by something that nobody knows of, for long", "1-300 still+charging", ""},
		{"a trickle is no drain", "1-90 still+trickle", ""},
		{"no current is no drain", "1-90 still+idle", ""},
		{"charging begins during the countdown", "1-10 still+empty, 11-90 still+charging", "pending cancelled"},
		{"a monitor that fails during the countdown", "1-10 still+empty, 11 no-meter, 12-90 still", "pending cancelled"},
		{"a monitor that fails before it", "1 still, 2 empty, 7 empty+no-meter, 8-90 still", "pending cancelled"},
		{"a sample that grows stale during the countdown", "1 still+good, 2-42 still, 47-90 still", ""},
		{"a countdown that no sample confirms for too long, with a slow countdown", "1 still, 2 empty, 7 empty, 9-60 still", "pending started"},
		{"a volunteer cancels", "1-10 still+empty, 11 cancel, 12-60 still+empty", "pending cancelled"},
		{"a volunteer's word holds for its time only", "1-10 still+empty, 11 cancel, 12-95 still+empty", "pending cancelled pending started"},
		{"a volunteer's word while the last page is drawn", "1-30 still+empty, 31 cancel, 32-50 still+empty", "pending started cancelled"},
		{"a generator while the last page is drawn", "1-30 still+empty, 31-50 runs+empty", "pending started cancelled"},
		{"the meter falls silent while the last page is drawn", "1-30 still+empty, 31 no-meter, 32-90 still", "pending started"},
		{"a volunteer's word before it holds nothing off", "1 cancel, 2-30 still+empty", "pending started"},
		{"the log-in manager refuses", "1-30 still+empty, 31 refused, 32-50 still+empty", "pending started cancelled"},
		{"refused, and later tried again", "1-30 still+empty, 31 refused, 32-120 still+empty", "pending started cancelled pending started"},
		{"the level must hold: somebody starts an engine", "1-30 still+good, 31 start, 32-90 still+good", ""},
		{"one sample of nothing among good ones", "1-30 still+good, 31 zero, 32-90 still+good", ""},
		{"one empty sample among good ones", "1-30 still+good, 31 empty, 32-90 still+good", ""},
		{"one empty sample and then none", "1-16 still+good, 21 still+empty, 26-90 still", ""},
		{"one empty sample, the first of all", "1 still+empty, 6-90 still", ""},
		{"two empty samples with a long silence between", "1 still+empty, 101 still+empty, 106-140 still", ""},
		{"empty samples for less than a level must hold, a moment before it has held", "1-26 still+good, 27 empty, 28 empty, 31 empty, 32 good, 36-90 still+good", ""},
		{"samples that are no numbers", "1-90 still+nonsense", ""},
		{"samples beyond all bounds", "1-90 still+endless", ""},
		{"a wire to the meter that came off: no voltage, and yet a current", "1-90 still+cut-wire", ""},
		{"a wire to the meter that comes off", "1-30 still+good, 31-300 still+cut-wire", ""},
		{"numbers, then none", "1-10 still+good, 11-90 still+nonsense", ""},
		{"the voltage contradicts the count for a moment", "1-30 still+good, 31-34 still+empty, 35-90 still+good", ""},
		{"the voltage contradicts the count for good: it is believed", "1-30 still+good, 31-70 still+empty", "pending started"},
		{"a second generator runs", "1-90 still+runs-2+empty", ""},
		{"the second generator's line is lost", "1-10 still+still-2+empty, 11 no-lines, 12-90 still+empty", "pending cancelled"},
		{"a second generator was never seen", "1-90 still+empty", ""},
		{"both stand still", "1-30 still+still-2+empty", "pending started"},
		{"the alarm line agrees", "1-30 still+alarm+empty", "pending started"},
		{"the alarm line alone while the meter is lost", "1-10 still+alarm+empty, 11 no-meter, 12-90 still+alarm", "pending cancelled"},
		{"a volunteer asks for it", "1-6 still+good, 7 request, 8-20 still+good", "pending started"},
		{"asked for, and cancelled", "1-6 still+good, 7 request, 8 cancel, 9-30 still+good", "pending cancelled"},
		{"asked for, and a generator starts", "1-6 still+good, 7 request, 8 runs, 9-30 runs", "pending cancelled"},
		{"asked for while a generator runs", "1-6 runs+good, 7 request, 8-30 runs+good", ""},
		{"asked for while nobody knows whether one runs", "1-6 good, 7 request, 8-30 good", ""},
		{"only the alarm line, active for long", "1 still+no-alarm, 6-90 still+alarm", "pending started"},
		{"only the alarm line, active, but not for long enough", "1 still+no-alarm, 6-60 still+alarm", ""},
		{"only the alarm line, which lets go for a moment", "1 still+no-alarm, 6-60 still+alarm, 61 no-alarm, 62-110 still+alarm", ""},
		{"only the alarm line, which lets go during the countdown", "1 still+no-alarm, 6-71 still+alarm, 72 no-alarm, 73-110 still+alarm", "pending cancelled"},
		{"only the alarm line, active since the start: it may be a wire that touches ground", "1-900 still+alarm", ""},
		{"only the alarm line, while a generator runs", "1 runs+no-alarm, 6-900 runs+alarm", ""},
		{"only the alarm line, and a generator stops: it must hold from then", "1 still+no-alarm, 6-106 runs+alarm, 107-160 still+alarm", ""},
		{"only the alarm line, long after a generator stopped", "1 still+no-alarm, 6-106 runs+alarm, 107-172 still+alarm", "pending"},
		{"only the alarm line, while nobody knows whether a generator runs", "1 no-alarm, 6-900 alarm", ""},
		{"only the alarm line, and a generator starts during the countdown", "1 still+no-alarm, 6-71 still+alarm, 72-110 runs+alarm", "pending cancelled"},
		{"only the alarm line, lost during the countdown", "1 still+no-alarm, 6-71 still+alarm, 72 no-lines, 73-100 still", "pending cancelled"},
		{"only the alarm line, lost before it has held: it must hold anew", "1 still+no-alarm, 6-50 still+alarm, 51 no-lines, 52-100 still+alarm", ""},
		{"only the alarm line, which falls silent", "1 still+no-alarm, 6 still+alarm, 7-300 still", ""},
		{"only the alarm line, and a volunteer cancels", "1 still+no-alarm, 6-71 still+alarm, 72 cancel, 73-120 still+alarm", "pending cancelled"},
		{"only the alarm line, later lost by a chip that goes away, for good", "1 still+no-alarm, 6 still+alarm, 7 no-lines, 100 nothing, 900 nothing", ""},
		{"asked for without a meter", "1-6 still, 7 request, 8-20 still", "pending started"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := options()
			if strings.Contains(test.name, "second generator") || strings.Contains(test.name, "both") {
				o.Generators = 2
			}
			if strings.Contains(test.name, "only the alarm line,") {
				o.LowHold = time.Minute
			}
			if _, got := observe(t, o, test.script); got != test.want {
				t.Errorf("%q: %q, want %q", test.script, got, test.want)
			}
		})
	}
	if len(tests) < 40 {
		t.Errorf("only %d cases", len(tests))
	}
}

// Of another battery nothing is known but what its samples say.
func TestAReplacedBatteryBringsNoCount(t *testing.T) {
	o := options()
	state, now := New(o), time.Duration(0)
	see := func(volts float64) (low, high float64) {
		for end := now + 3*time.Hour; now < end; now += 10 * time.Second {
			state, _ = Step(o, state, Sample{Volts: volts}, now)
		}
		return state.Bounds[0], state.Bounds[1]
	}
	full, most := see(12.9)
	state, _ = Step(o, state, Replaced{}, now)
	if low, high := state.Bounds[0], state.Bounds[1]; low != full || high != most {
		t.Errorf("before its first sample: %v to %v", low, high)
	}
	state, _ = Step(o, state, Sample{Volts: 12.2, Amps: -1}, now)
	if high := state.Bounds[1]; high >= full {
		t.Errorf("a battery at 12.2 V after one above %v %%: at most %v %%", full, high)
	}
}

// Once the log-in manager was told, nobody calls it off but that itself.
func TestWhatTheLogInManagerWasToldIsNotCalledOff(t *testing.T) {
	o := options()
	state, _ := observe(t, o, "1-30 still+empty")
	if !state.Shutdown.Begun {
		t.Fatal("it has not begun")
	}
	state.Shutdown.HandedOver = true
	for _, word := range []string{"cancel", "runs", "refused"} {
		state, _ = Step(o, state, words[word](35*time.Second), 35*time.Second)
		if begun := word != "refused"; state.Shutdown.Begun != begun {
			t.Errorf("after %q: begun %v", word, state.Shutdown.Begun)
		}
	}
}

func TestHoldingAndShedding(t *testing.T) {
	tests := []struct {
		name, script  string
		holding, shed bool
	}{
		{"started on a good battery", "1-10 still+good", false, false},
		{"started on a low battery", "1-10 still+low", true, true},
		{"started on an empty battery", "1-10 still+empty", true, true},
		{"started on a low battery with a generator", "1-10 runs+low", false, false},
		{"started on a battery of which nothing is known", "1-10 still", false, false},
		{"started on a low battery with generators that nobody knows of", "1-10 low", false, false},
		{"until a generator runs", "1-10 still+low, 11 runs", false, false},
		{"and not again when it stops", "1-10 still+low, 11-20 runs+low, 21-30 still+low", false, true},
		{"until it is charged", "1-10 still+low, 11-60 still+good", false, false},
		{"until a volunteer says so", "1-10 still+low, 11 carry-on", false, false},
		{"until a volunteer cancels a shutdown", "1-10 still+empty, 11 cancel", false, true},
		{"a battery that becomes low later sheds and does not hold", "1-10 still+high, 11-60 still+low", false, true},
		{"started with the alarm line active, and no meter", "1-10 still+alarm", true, true},
		{"until the alarm line lets go: the load is gone, the charge is not back", "1-10 still+alarm, 11-20 still+no-alarm", true, false},
		{"until a generator runs, though the alarm line is active", "1-10 still+alarm, 11 runs+alarm", false, false},
		{"an alarm line that becomes active later sheds and does not hold", "1 runs+no-alarm, 6 runs, 7-20 still+alarm", false, true},
		{"an alarm line that is lost sheds nothing", "1 runs+no-alarm, 6 runs, 7-20 still+alarm, 21 no-lines", false, false},
		{"a reading that is lost sheds nothing", "1-10 still+high, 11-60 still+low, 61 no-meter", false, false},
		{"lines that are lost shed nothing", "1-10 still+high, 11-60 still+low, 61 no-lines", false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, _ := observe(t, options(), test.script)
			if s.Holding != test.holding || s.SaveGateway(false) != test.shed {
				t.Errorf("%q: holding %v, shedding %v; want %v, %v", test.script, s.Holding, s.SaveGateway(false), test.holding, test.shed)
			}
			if s.SaveGateway(true) {
				t.Error("the gateway is without power during a session")
			}
		})
	}
}

func TestASenseLineThatTheBatteryContradictsIsNotBelieved(t *testing.T) {
	for script, want := range map[string]string{
		"1-50 still+charging":                          "battery", // a set that was just stopped, perhaps
		"1-70 still+charging":                          "unknown",
		"1-70 still+charging, 71 still+empty":          "battery",
		"1-70 still+charging, 71 runs+charging":        "generator",
		"1-70 still+charging, 71 no-meter, 72 still":   "battery",
		"1-300 still+trickle":                          "battery",
		"1-30 still+charging, 31 good, 35-80 charging": "unknown", // the lines are too old by then
	} {
		if s, _ := observe(t, options(), script); s.Source().String() != want {
			t.Errorf("%q: the source is %s, want %s", script, s.Source(), want)
		}
	}
}

// Whatever comes, in any order: the box goes down by itself only with a fresh
// sample of a critical, discharging battery that its count does not contradict
// and with every generator known to stand still, after a whole countdown that was
// announced; and no wish of Step's is in the past.
func TestTheForbiddenShutdownsNeverHappen(t *testing.T) {
	rounds, begun, byLine, runs := 1, 0, 0, 0
	if os.Getenv("INFOBUS_SOAK") != "" {
		rounds = 1000 // of 100 runs each
	} else if testing.Short() {
		rounds = 5 // of 20 runs each: rapid makes a fifth
	}
	all := make([]string, 0, len(words))
	for w := range words {
		all = append(all, w)
	}
	likely := [][]string{{"still", "empty", "still", "empty", "still", "still-2"}, {"still", "alarm", "still", "alarm", "still-2", "nothing"}}
	for range rounds {
		rapid.Check(t, func(t *rapid.T) {
			runs++
			o := options()
			o.Generators = rapid.IntRange(1, 2).Draw(t, "generators")
			o.LowHold = time.Duration(rapid.IntRange(0, 1).Draw(t, "line alone")) * time.Minute
			line, meter := alarmLine{}, run{}
			state, now, kind := New(o), time.Second, 0
			if o.LowHold > 0 {
				kind = 1
				line.see(words["no-alarm"](now), now)
				state, _ = Step(o, state, words["no-alarm"](now), now)
			}
			var announced time.Duration
			for range rapid.IntRange(1, 60).Draw(t, "steps") {
				now += time.Duration(rapid.SampledFrom([]int{1, 100, 3000, 9000, 25000, 50000}).Draw(t, "ms")) * time.Millisecond
				list := likely[kind]
				if rapid.IntRange(0, 5).Draw(t, "surprise") == 0 {
					list = all
				}
				var events []logbook.Event
				input := words[rapid.SampledFrom(list).Draw(t, "word")](now)
				line.see(input, now)
				meter.see(o, input, now)
				state, events = Step(o, state, input, now)
				for _, e := range events {
					if e.Name != logbook.PowerShutdown {
						continue
					}
					switch e.Attributes["state"] {
					case "pending":
						announced = now
					case "started":
						begun++
						wait := o.Countdown
						if e.Attributes["reason"] == Requested {
							wait = requestedAfter
						} else if e.Attributes["reason"] == BatteryLow {
							byLine++
							if o.LowHold == 0 || !line.seenOff || !line.on || now-line.since < o.LowHold+o.Countdown || now-line.last > o.LineMaxAge {
								t.Fatalf("shut down at %s by a line of which %+v", now, line)
							}
						} else if e.Attributes["reason"] == BatteryVoltage {
							floor := meter.floor != 0 && meter.last-meter.floor >= o.VoltageHold/10
							empty := meter.sunk != 0 && meter.last-meter.sunk >= o.VoltageHold && state.Sense != SenseOK
							if !floor && !empty || now-meter.last > o.SampleMaxAge {
								t.Fatalf("shut down at %s by a voltage of which %+v", now, meter)
							}
						} else if sample, ok := state.Battery.Get(); !ok || meter.last-meter.since < o.LevelHold || meter.since == 0 || !(sample.Amps <= discharging) || state.Level != Critical || state.Confidence == None || state.Charge.Doubtful() {
							t.Fatalf("shut down with %+v", state)
						}
						if announced == 0 || now-announced < wait {
							t.Fatalf("announced at %s and begun at %s", announced, now)
						}
						for _, g := range state.Generators {
							if running, ok := g.Running.Get(); !ok || running {
								t.Fatalf("shut down with generators %+v", state.Generators)
							}
						}
					}
				}
				if wake := state.Wake(o, now); wake != 0 && wake <= now {
					t.Fatalf("asked to be called at %s, and it is %s: %+v", wake, now, state)
				}
			}
		})
	}
	t.Logf("%d shutdowns begun in %d runs, %d of them by the battery-low line alone", begun, runs, byLine)
	if begun == byLine || os.Getenv("INFOBUS_SOAK") != "" && byLine == 0 {
		t.Error("no run shut down at all: this test shows nothing")
	}
}

// alarmLine is what a test knows of the battery-low line.
type alarmLine struct {
	on, seenOff bool
	since, last time.Duration
}

func (l *alarmLine) see(input any, now time.Duration) {
	if l.on && now-l.last > 30*time.Second {
		l.on = false // too old to act on
	}
	switch in := input.(type) {
	case LinesLost:
		l.on = false
	case LowLine:
		if l.last = now; in.Active && !l.on {
			l.since = now
		}
		l.on, l.seenOff = in.Active, l.seenOff || !in.Active
	}
}

// run is what a test knows of the samples of a battery that is drained: since
// which one each was, and the last.
type run struct{ since, last, sunk, floor time.Duration }

func (r *run) see(o Options, input any, now time.Duration) {
	switch in := input.(type) {
	case MonitorLost:
		*r = run{}
	case Sample:
		if !in.plausible() {
			return
		}
		for at, limit := range map[*time.Duration]float64{&r.sunk: o.Chemistry.Unmeasured, &r.floor: o.Chemistry.Floor} {
			if in.Volts > limit {
				*at = 0
			} else if *at == 0 || now-r.last > o.SampleMaxAge {
				*at = now
			}
		}
		if in.Amps > discharging {
			*r = run{sunk: r.sunk, floor: r.floor, last: now}
			return
		}
		if r.since == 0 || now-r.last > o.SampleMaxAge {
			r.since = now
		}
		r.last = now
	}
}
