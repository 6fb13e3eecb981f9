package van_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/action"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/van"
)

// wired is a box with a relay whose driver answers at once, stepped when it wants to be.
type wired struct {
	*box
	now     time.Duration
	runs    bool // the generator
	low     bool // the battery-low line
	lines   bool // are read
	open    bool // the relay's contact
	deaf    bool // the driver does not answer
	told    []string
	effects int
}

func newWired() *wired {
	w := &wired{box: &box{options: van.DefaultOptions(), boot: "one"}, lines: true, now: time.Second}
	w.options.Uplink.Relay = true
	w.state = van.New(w.options, van.GPIO, van.Relay)
	w.do(van.Started{}, netmon.RelaySwitched{On: true}, van.DeviceSeen{Name: van.Relay, OK: true})
	return w
}

// do observes, and has the relay follow.
func (w *wired) do(values ...any) {
	w.see(w.now, values...)
	events, effects := w.events, w.box.effects
	for _, e := range effects {
		if r, ok := e.(netmon.SwitchRelay); ok {
			w.effects++
			if w.deaf {
				continue
			}
			w.open = !r.On
			w.do(netmon.RelaySwitched{On: r.On})
		}
	}
	for _, e := range events {
		if e.Name == logbook.GatewaySwitched {
			w.told = append(w.told, fmt.Sprintf("%v %v %v", e.Attributes["power"], e.Attributes["reason"], e.Attributes["seconds"]))
		}
	}
}

// pass lets time pass, with the lines read every 10 s.
func (w *wired) pass(d time.Duration) {
	const every = 10 * time.Second
	for end := w.now + d; w.now < end; {
		next := min(end, w.now-w.now%every+every)
		if wake := w.state.Wake(w.options); wake != 0 {
			next = min(next, max(wake, w.now+1))
		}
		if w.now = next; w.lines && w.now%every == 0 {
			w.do(power.Line{Active: w.runs, At: w.now}, power.LowLine{Active: w.low, At: w.now})
		} else {
			w.do(van.Tick{})
		}
	}
}

func TestTheGatewayIsSwitchedOffToSaveTheBatteryAndOnAgain(t *testing.T) {
	tests := []struct {
		name string
		then func(*wired)
		open bool
		told string // reasons and how long it was off
	}{
		{"nothing happens", func(w *wired) { w.pass(5 * time.Hour) }, true, ""},
		{"a generator starts", func(w *wired) { w.runs = true; w.pass(10 * time.Second) }, false, "on session"},
		{"the battery is charged elsewhere", func(w *wired) { w.low = false; w.pass(10 * time.Second) }, false, "on not-known"},
		{"the lines are lost", func(w *wired) { w.do(power.LinesLost{}) }, false, "on not-known"},
		{"the lines are not read any more", func(w *wired) { w.lines = false; w.pass(time.Minute) }, false, "on not-known"},
		{"a volunteer wants everything", func(w *wired) { w.do(power.CarryOn{}) }, false, "on volunteer"},
		{"and it stays so", func(w *wired) { w.do(power.CarryOn{}); w.pass(10 * time.Hour) }, false, "on volunteer"},
		{"the driver begins anew", func(w *wired) { w.open = false; w.do(netmon.RelaySwitched{On: true}) }, false, "on driver"},
		{"and it is not cut again at once", func(w *wired) { w.open = false; w.do(netmon.RelaySwitched{On: true}); w.pass(14 * time.Minute) }, false, "on driver"},
		{"but later", func(w *wired) { w.open = false; w.do(netmon.RelaySwitched{On: true}); w.pass(16 * time.Minute) }, true, "on driver"},
		{"the line chatters", func(w *wired) {
			for range 60 {
				w.low = !w.low
				w.pass(10 * time.Second)
			}
		}, false, "on not-known"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWired()
			w.pass(20 * time.Second)
			w.low = true
			w.pass(w.options.Uplink.SaveAfter)
			if w.open || w.state.GatewayPower.At == 0 {
				t.Fatalf("off before it has held, or not announced: %+v", w.state.GatewayPower)
			}
			w.pass(20 * time.Second)
			if !w.open || w.state.GatewayPower.Cut != netmon.Saving || len(w.told) != 1 || !strings.HasPrefix(w.told[0], "off battery-low") {
				t.Fatalf("open %v, %+v, %q", w.open, w.state.GatewayPower, w.told)
			}
			test.then(w)
			told := strings.Join(w.told[1:], ", ")
			if w.open != test.open || !strings.HasPrefix(told, test.told) {
				t.Errorf("open %v, %q; want %v, %q…", w.open, told, test.open, test.told)
			}
		})
	}
}

func TestTheGatewayIsNotSwitchedOffForNothing(t *testing.T) {
	for name, so := range map[string]func(*wired){
		"the battery is not low":          func(w *wired) { w.pass(5 * time.Hour) },
		"nothing is known of the battery": func(w *wired) { w.lines = false; w.pass(5 * time.Hour) },
		"a generator runs":                func(w *wired) { w.runs, w.low = true, true; w.pass(5 * time.Hour) },
		"a session goes on without one": func(w *wired) {
			w.runs, w.low = true, true
			w.pass(time.Minute)
			w.runs = false
			w.pass(19 * time.Minute)
		},
		"no relay is fitted":               func(w *wired) { w.options.Uplink.Relay = false; w.low = true; w.pass(5 * time.Hour) },
		"it is low for less than a minute": func(w *wired) { w.low = true; w.pass(50 * time.Second); w.low = false; w.pass(time.Hour) },
	} {
		w := newWired()
		so(w)
		if w.open || w.effects != 0 {
			t.Errorf("%s: it was switched %d times, open %v", name, w.effects, w.open)
		}
	}
}

// After the session has ended, and its generator with it, it is.
func TestTheGatewayIsSwitchedOffOnceTheSessionHasEnded(t *testing.T) {
	w := newWired()
	w.runs, w.low = true, true
	w.pass(time.Minute)
	w.runs = false
	w.pass(25 * time.Minute)
	if w.state.Session.Active || !w.open {
		t.Errorf("session %v, open %v", w.state.Session.Active, w.open)
	}
}

func TestAVolunteerTestsTheRelay(t *testing.T) {
	w := newWired()
	w.pass(20 * time.Second)
	w.do(netmon.TestRelay{})
	if !w.open || w.state.GatewayPower.Cut != netmon.BySelftest || w.state.RelayTestable(true) == "" {
		t.Fatalf("%+v", w.state.GatewayPower)
	}
	w.pass(2 * time.Second)
	if w.open || strings.Join(w.told, ", ") != "off selftest <nil>, on selftest 2" {
		t.Errorf("open %v, %q", w.open, w.told)
	}
	w.runs = true
	w.pass(20 * time.Second)
	if w.do(netmon.TestRelay{}); w.open || w.state.RelayTestable(false) == "" {
		t.Error("tested in a session")
	}
	if w.do(netmon.TestRelay{Force: true}); !w.open {
		t.Error("not even with force")
	}
	w.pass(2 * time.Second)
	if w.open {
		t.Error("left open")
	}
}

// A relay that cannot be switched is no remedy, and one that fails under way says so.
func TestARelayThatFailsIsNoRemedy(t *testing.T) {
	w := newWired()
	link := netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1"}
	silent := netmon.Round{Gateway: netmon.Failed, Internet: netmon.Failed, DNS: netmon.Failed, HTTP: netmon.Failed}.Evidence()
	w.do(link)
	until := func(end time.Duration, so func() bool) {
		for w.now < end && !so() {
			w.pass(8 * time.Second)
			w.do(silent)
		}
	}
	off := func() bool { return w.state.Uplink.Remedy.Remedy == netmon.CyclePower }
	w.do(van.DeviceSeen{Name: van.Relay, Reason: "absent"})
	if until(2*time.Hour, off); off() {
		t.Fatal("tried without a relay")
	}
	w.do(van.DeviceSeen{Name: van.Relay, OK: true})
	if until(4*time.Hour, off); !off() || !w.open || w.state.GatewayPower.Cut != netmon.ByRemedy {
		t.Fatalf("not tried with one: %+v", w.state.Uplink.Remedy)
	}
	w.pass(w.options.Uplink.PowerOff)
	if w.open {
		t.Fatal("still off after PowerOff")
	}
	w.deaf = true
	w.do(van.DeviceSeen{Name: van.Relay, Reason: "timeout"})
	if r := w.state.Uplink.Remedy; r.Result != netmon.Undone {
		t.Errorf("the result is %q", r.Result)
	}
}

// Whatever happens, in any order: the gateway is without power only for a known
// reason and no longer than it.
func TestPropertyTheGatewayIsNeverOffWithoutReason(t *testing.T) {
	var saved, healed int
	link := netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1"}
	probe := func(ok netmon.Finding) netmon.Evidence {
		return netmon.Round{Gateway: ok, Internet: ok, DNS: ok, HTTP: ok, Latency: 80 * time.Millisecond}.Evidence()
	}
	rapid.Check(t, func(t *rapid.T) {
		var (
			o       = van.DefaultOptions()
			now     = time.Second
			end     = 4 * time.Hour
			runs    = rapid.Bool().Draw(t, "runs")
			low     = rapid.Bool().Draw(t, "low")
			silent  = rapid.Bool().Draw(t, "silent")
			linesAt = time.Duration(-1) // the last reading; −1 where they are lost
			read    = true
			lateBy  time.Duration // of the driver
			answers []time.Duration
			open    bool // the contact
			opened  time.Duration
			why     netmon.Cut
			opens   = map[netmon.Cut][]time.Duration{}
			change  time.Duration
			looked  time.Duration
		)
		o.Uplink.Relay = true
		s := van.New(o, van.GPIO, van.Relay)
		step := func(v any) {
			was := s
			var effects []van.Effect
			s, _, effects = van.Step(o, s, van.Observation{At: reading.Stamp{Boot: "one", Mono: now, Wall: monday.Add(now)}, Value: v})
			for _, e := range effects {
				r, ok := e.(netmon.SwitchRelay)
				if !ok {
					continue
				}
				if open == r.On {
					if open = !r.On; open {
						opened, why = now, netmon.Saving
						if s.Uplink.CutByRemedy && !was.Uplink.CutByRemedy {
							why = netmon.ByRemedy
						}
						opens[why] = append(opens[why], now)
					}
				}
				answers = append(answers, now+lateBy)
			}
			if !open {
				return
			}
			switch {
			case why == netmon.Saving && s.Session.Active:
				t.Fatalf("%v: off to save the battery while a session is on", now)
			case why == netmon.Saving && (linesAt < 0 || now-linesAt > o.Power.LineMaxAge+time.Second || runs || !low) && s.Power.Source() != power.SourceBattery:
				t.Fatalf("%v: off to save the battery; the lines were read at %v, runs %v, low %v", now, linesAt, runs, low)
			case why == netmon.Saving && s.Power.Level != power.Low:
				t.Fatalf("%v: off to save a battery that is %s", now, s.Power.Level)
			case why == netmon.ByRemedy && now-opened >= o.Uplink.PowerOff:
				t.Fatalf("%v: off for a remedy since %v", now, opened)
			case why == netmon.ByRemedy && opened == now && s.Session.Active && now-s.Session.Since < o.Uplink.PowerSession:
				t.Fatalf("%v: a remedy %v into a session", now, now-s.Session.Since)
			}
			if list := opens[netmon.ByRemedy]; len(list) > 1 && list[len(list)-1]-list[len(list)-2] < o.Uplink.PowerGap {
				t.Fatalf("remedies at %v", list)
			}
			for list := opens[netmon.Saving]; len(list) > 0; list = list[1:] {
				n := 0
				for _, at := range list {
					if at-list[0] < time.Hour {
						n++
					}
				}
				if n > 4 {
					t.Fatalf("off to save the battery %d times in an hour: %v", n, list)
				}
			}
		}
		step(van.Started{})
		step(netmon.RelaySwitched{On: true})
		step(link)
		for steps := 0; now < end; steps++ {
			if steps > 50_000 {
				t.Fatalf("at %v it still asks to be called at %v", now, s.Wake(o))
			}
			next := min(end, looked+10*time.Second)
			if w := s.Wake(o); w != 0 {
				next = min(next, max(w, now))
			}
			if len(answers) > 0 {
				next = min(next, max(answers[0], now))
			}
			now = max(next, now+time.Millisecond)
			switch {
			case len(answers) > 0 && now >= answers[0]:
				answers = answers[1:]
				step(netmon.RelaySwitched{On: !open}) // it knows only how it is
			case now >= looked+10*time.Second:
				looked = now
				if read {
					linesAt = now
					step(power.Line{Active: runs, At: now})
					step(power.LowLine{Active: low, At: now})
				}
				now++
				l := link
				l.Carrier = !open
				step(l)
				now++
				step(map[bool]netmon.Evidence{true: probe(netmon.Failed), false: probe(netmon.Passed)}[silent])
				if now < change {
					continue
				}
				change = now + time.Duration(rapid.SampledFrom([]int{5, 40, 90, 600, 2400}).Draw(t, "for"))*time.Second
				switch rapid.IntRange(0, 9).Draw(t, "what") {
				case 0, 1:
					runs = !runs
				case 2, 3:
					low = !low
				case 4, 5:
					silent = !silent
				case 6:
					if read = !read; !read && rapid.Bool().Draw(t, "said") {
						linesAt = -1
						step(van.DeviceSeen{Name: van.GPIO, Reason: "absent"})
					}
				case 7:
					lateBy = time.Duration(rapid.IntRange(0, 3000).Draw(t, "late")) * time.Millisecond
				case 8:
					open = false // it was given back, and taken again
					step(van.DeviceSeen{Name: van.Relay, Reason: "absent"})
					step(netmon.RelaySwitched{On: true})
					step(van.DeviceSeen{Name: van.Relay, OK: true})
				case 9:
					step([]any{action.Asked{Name: action.EndSession}, power.CarryOn{}, power.Cancel{}}[rapid.IntRange(0, 2).Draw(t, "word")])
				}
			default:
				step(van.Tick{})
			}
		}
		saved, healed = saved+len(opens[netmon.Saving]), healed+len(opens[netmon.ByRemedy])
	})
	t.Logf("off %d times to save the battery, %d times as a remedy", saved, healed)
	if saved == 0 || healed == 0 {
		t.Error("it never was: this test shows nothing")
	}
}
