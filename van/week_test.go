package van_test

import (
	"os"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/van"
)

// tries is what an onlooker knows of the remedies: what was asked of the doers,
// and when. It holds them to the limits of docs/uplink.md.
type tries struct {
	t         *rapid.T
	started   time.Duration // of the daemon
	last      map[netmon.Remedy]time.Duration
	failures  map[netmon.Remedy]int // in a row
	count     map[netmon.Remedy]int
	under     netmon.Remedy // "" while none is
	wellSince time.Duration // 0 while all is not well
}

// gaps are the least times between two tries.
var gaps = map[netmon.Remedy]time.Duration{netmon.LinkUp: 2 * time.Minute, netmon.SetAddress: 2 * time.Minute, netmon.FlushNeigh: 2 * time.Minute,
	netmon.RenewLease: 2 * time.Minute, netmon.BounceLink: 10 * time.Minute, netmon.CyclePower: 30 * time.Minute}

// restarted: what was tried before is forgotten, but not the gateway's power.
func (w *tries) restarted(now time.Duration) {
	power, cut := w.last[netmon.CyclePower]
	w.started, w.under, w.wellSince = now, "", 0
	w.last, w.failures = map[netmon.Remedy]time.Duration{}, map[netmon.Remedy]int{}
	if cut {
		w.last[netmon.CyclePower] = power
	}
}

// tried is called as a remedy is asked for, in the step from was to s.
func (w *tries) tried(r netmon.Remedy, was, s van.State, now time.Duration) {
	if w.under != "" {
		w.t.Fatalf("%v: %s while %s is under way", now, r, w.under)
	}
	gap := gaps[r] << min(w.failures[r], 4)
	if before, ok := w.last[r]; ok && now-before < gap {
		w.t.Fatalf("%v: %s again after %v; after %d failures %v was expected", now, r, now-before, w.failures[r], gap)
	}
	fine := func(v netmon.Verdict) bool { return v.Usable() || v == netmon.CaptivePortal }
	if fine(was.Uplink.Verdict) && fine(s.Uplink.Verdict) {
		w.t.Fatalf("%v: %s while the verdict is %s", now, r, s.Uplink.Verdict)
	}
	if was.GatewayPower.Cut != netmon.Powered {
		w.t.Fatalf("%v: %s while the gateway is switched off: %s", now, r, was.GatewayPower.Cut)
	}
	if r == netmon.CyclePower {
		cell, fresh := s.Uplink.Cellular.Get()
		switch {
		case now-w.started < 30*time.Minute:
			w.t.Fatalf("%v: the gateway is switched off %v after the start", now, now-w.started)
		case s.Session.Active && now-s.Session.Since < 10*time.Minute:
			w.t.Fatalf("%v: the gateway is switched off %v into a session", now, now-s.Session.Since)
		case fresh && cell.Status == "connecting" && was.Uplink.Verdict != netmon.GatewaySilent && s.Uplink.Verdict != netmon.GatewaySilent:
			w.t.Fatalf("%v: the gateway is switched off while it answers and registers", now)
		case s.Conditions().BatteryLow:
			w.t.Fatalf("%v: the gateway is switched off and on on a low battery", now)
		}
	}
	w.under, w.last[r] = r, now
	w.count[r]++
}

// told takes an event.
func (w *tries) told(e logbook.Event, now time.Duration) {
	if e.Name != logbook.RemedyTried {
		return
	}
	r := netmon.Remedy(e.Attributes["remedy"].(string))
	if r != w.under {
		w.t.Fatalf("%v: the result of %s, while %q is under way", now, r, w.under)
	}
	if w.under = ""; e.Attributes["result"] != string(netmon.Helped) {
		w.failures[r]++
	}
}

// before a step: ten minutes of peace forgive all failures.
func (w *tries) before(now time.Duration) {
	if w.wellSince != 0 && now-w.wellSince >= 10*time.Minute {
		clear(w.failures)
	}
}

func (w *tries) after(s van.State, now time.Duration) {
	if !s.Uplink.Verdict.Usable() {
		w.wellSince = 0
	} else if w.wellSince == 0 {
		w.wellSince = now
	}
}

// A week of generator days, two sessions each but at the weekend, on which
// generators stall, the cable flaps, the lease goes, the gateway and what is
// behind it fail in every way, and the daemon is started again: whatever is
// asked of the doers is within the remedies' limits. Each remedy comes to its
// end, and whether it helps is drawn.
func TestPropertyAWeekOfRemediesKeepsItsLimits(t *testing.T) {
	const day = 24 * time.Hour
	lasts := 6 * time.Hour
	if os.Getenv("INFOBUS_SOAK") != "" {
		lasts = 7 * day
	}
	var (
		up   = netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1"}
		well = netmon.Round{Gateway: netmon.Passed, Internet: netmon.Passed, DNS: netmon.Passed, HTTP: netmon.Passed, Latency: 80 * time.Millisecond}.Evidence()
		slow = netmon.Round{Gateway: netmon.Passed, Internet: netmon.Passed, DNS: netmon.Passed, HTTP: netmon.Passed, Latency: 2 * time.Second}.Evidence()

		silent   = netmon.Round{Gateway: netmon.Failed, Internet: netmon.Failed, DNS: netmon.Failed, HTTP: netmon.Failed}.Evidence()
		offline  = netmon.Round{Gateway: netmon.Passed, Internet: netmon.Failed, DNS: netmon.Failed, HTTP: netmon.Failed}.Evidence()
		nameless = netmon.Round{Gateway: netmon.Passed, Internet: netmon.Passed, DNS: netmon.Failed, HTTP: netmon.Failed}.Evidence()
		captive  = netmon.Round{Gateway: netmon.Passed, Internet: netmon.Failed, DNS: netmon.Passed, HTTP: netmon.Failed, Captive: true}.Evidence()
		faults   = []netmon.Evidence{silent, offline, nameless, slow, captive, well}
	)
	all := map[netmon.Remedy]int{}
	var flapped, sessions int
	rapid.Check(t, func(t *rapid.T) {
		var (
			o     = van.DefaultOptions()
			now   = time.Second
			s     van.State
			w     = &tries{t: t, count: map[netmon.Remedy]int{}}
			kept  van.Kept
			later []func() // the doers' answers
			dueAt []time.Duration

			runs, low  bool
			fault      = well
			link       = up
			dark       time.Duration // until then the gateway has no light
			boots      time.Duration // until then it has no mobile network
			open       bool          // the relay's contact
			opened     time.Duration
			probed     time.Duration // the last round
			read       time.Duration // the lines
			change     = now
			flaps      int // still to come: the cable is out and in
			registered = true
		)
		o.Uplink.Relay, o.Uplink.KeepUp = true, true
		o.Uplink.Static = rapid.IntRange(0, 3).Draw(t, "static") == 0
		after := func(d time.Duration, do func()) { dueAt, later = append(dueAt, now+d), append(later, do) }
		var step func(v any)
		port := func() {
			l := link
			if open || now < dark {
				l = netmon.Link{Present: true}
			}
			step(l)
		}
		// heals says whether what was done put the fault right.
		heals := func() {
			if rapid.IntRange(0, 2).Draw(t, "helps") == 0 {
				fault, link = well, up
			}
		}
		step = func(v any) {
			was := s
			w.before(now)
			next, events, effects := van.Step(o, s, van.Observation{At: reading.Stamp{Boot: "one", Mono: now, Wall: monday.Add(now)}, Value: v})
			s = next
			for _, e := range events {
				w.told(e, now)
				switch e.Name {
				case logbook.UplinkFlapping:
					flapped++
				case logbook.SessionStarted:
					sessions++
				}
			}
			for _, e := range effects {
				switch e := e.(type) {
				case van.Keep:
					kept = e.Kept
				case van.Heal:
					w.tried(e.Remedy, was, s, now)
					result := rapid.SampledFrom([]netmon.Result{"", "", "", netmon.Refused, netmon.Undone}).Draw(t, "result")
					after(time.Duration(rapid.IntRange(0, 5000).Draw(t, "takes"))*time.Millisecond, func() {
						if result == "" {
							heals()
						}
						step(netmon.Tried{Remedy: e.Remedy, Result: result})
						port()
					})
				case netmon.SwitchRelay:
					if !e.On && s.Uplink.CutByRemedy && !was.Uplink.CutByRemedy {
						w.tried(netmon.CyclePower, was, s, now)
					}
					after(100*time.Millisecond, func() {
						if open = !e.On; open {
							opened = now
						} else {
							dark, boots = now+20*time.Second, now+90*time.Second
							after(21*time.Second, port)
							heals()
						}
						step(netmon.RelaySwitched{On: e.On})
						port()
					})
				}
			}
			w.after(s, now)
			if open && s.GatewayPower.Cut == netmon.ByRemedy && now-opened > o.Uplink.PowerOff {
				t.Fatalf("%v: the gateway is off since %v", now, opened)
			}
		}
		start := func() {
			later, dueAt, open = nil, nil, false // a relay without its driver gives power
			w.restarted(now)
			s = van.New(o, van.GPIO, van.Relay)
			step(van.Started{Kept: kept, Restored: true})
			step(netmon.RelaySwitched{On: true})
			step(van.DeviceSeen{Name: van.Relay, OK: true})
			port()
		}
		start()
		for now < lasts {
			next := min(change, read+10*time.Second)
			if wake := s.Wake(o); wake != 0 {
				next = min(next, wake)
			}
			if every := s.Uplink.ProbeEvery(o.Uplink, s.Session.Active, s.Conditions().BatteryLow); every != 0 {
				next = min(next, probed+every)
			}
			due := -1
			for i, at := range dueAt {
				if due < 0 || at < dueAt[due] {
					due = i
				}
			}
			if due >= 0 {
				next = min(next, dueAt[due])
			}
			now = max(next, now+time.Millisecond)
			every := s.Uplink.ProbeEvery(o.Uplink, s.Session.Active, s.Conditions().BatteryLow)
			switch {
			case due >= 0 && now >= dueAt[due]:
				do := later[due]
				later, dueAt = append(later[:due:due], later[due+1:]...), append(dueAt[:due:due], dueAt[due+1:]...)
				do()
			case now >= read+10*time.Second:
				read = now
				step(power.Line{Active: runs, At: now})
				step(power.LowLine{Active: low, At: now})
			case every != 0 && now >= probed+every:
				probed = now
				answer := fault
				alive := !reflect.DeepEqual(answer, silent)
				if open || now < dark {
					answer = silent
				} else if now < boots && alive {
					answer = offline
				}
				step(answer)
			case now >= change && flaps > 0:
				flaps--
				link.Carrier = !link.Carrier
				change = now + time.Duration(rapid.IntRange(200, 5000).Draw(t, "flap"))*time.Millisecond
				port()
			case now >= change:
				link = up
				change = now + time.Duration(rapid.SampledFrom([]int{5, 60, 300, 900, 1800, 3600}).Draw(t, "for"))*time.Second
				hour := now % day / time.Hour
				planned := now/day%7 < 5 && (hour < 3 || hour >= 5 && hour < 8) // from 9 and from 14 o'clock
				switch rapid.IntRange(0, 11).Draw(t, "what") {
				case 0:
					runs = !runs && planned // it stalls, and is pulled again
				case 1:
					low = !low
				case 2:
					link.Address, link.Gateway = "", ""
				case 3:
					link.Gateway = ""
				case 4, 5:
					flaps, change = 2*rapid.IntRange(1, 8).Draw(t, "flaps"), now
				case 6:
					link.Neighbour = rapid.SampledFrom([]netmon.Neighbour{netmon.NeighbourReachable, netmon.NeighbourFailed}).Draw(t, "neighbour")
				case 7:
					link.Carrier = false
				case 8:
					if rapid.IntRange(0, 3).Draw(t, "restart") == 0 {
						start()
					}
				default:
					runs = planned
					fault = rapid.SampledFrom(faults).Draw(t, "fault")
				}
				port()
				if s.Session.Active && s.Uplink.Verdict.Usable() || rapid.IntRange(0, 3).Draw(t, "polled") == 0 {
					registered = !reflect.DeepEqual(fault, offline) || rapid.Bool().Draw(t, "registered")
					step(netmon.Cellular{Status: map[bool]string{true: "active", false: "connecting"}[registered], Devices: -1, UsageBytes: -1})
				}
			default:
				step(van.Tick{})
			}
		}
		for r, n := range w.count {
			all[r] += n
		}
	})
	t.Logf("each lasted %v; %v tried; %d sessions; the cable flapped %d times", lasts, all, sessions, flapped)
	for _, r := range netmon.Remedies {
		if all[r] == 0 {
			t.Errorf("%s was never tried: this test shows nothing of it", r)
		}
	}
	if sessions == 0 || flapped == 0 {
		t.Error("there was no session, or no flapping: this test shows nothing")
	}
}
