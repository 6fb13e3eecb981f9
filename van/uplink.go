package van

import (
	"time"

	"infobus/logbook"
	"infobus/netmon"
)

// remedies gives the effect of a remedy that begins, and the event of one that ends.
// netmon.CyclePower has no effect here: State.gateway switches the relay.
func (s *State) remedies(was State, out *Output) {
	now, before := s.Uplink.Remedy, was.Uplink.Remedy
	if now.At != before.At && now.Remedy != netmon.CyclePower {
		out.effect(Heal{now.Remedy})
	}
	// No remedy begins in the step in which one ends: no result is overwritten.
	if now.Result != "" && (now.Result != before.Result || now.At != before.At) {
		out.event(logbook.Event{Name: logbook.RemedyTried, Attributes: map[string]any{
			"remedy": string(now.Remedy), "result": string(now.Result), "seconds": (now.Ended - now.At).Truncate(time.Second).Seconds()}})
	}
}

// Forecast says whether the SIM cards' data lasts for the session. Outside a session
// it only says when the data is used up.
func (s State) Forecast(o Options) netmon.Forecast {
	wall, trusted := s.WallAt(s.Now.Mono)
	if !trusted {
		wall = time.Time{}
	}
	var end time.Time
	if s.Session.Until != 0 {
		end = s.Now.WallAt(s.Session.Until)
	}
	f := s.Uplink.Forecast(o.Uplink, wall, end)
	if !s.Session.Active && f.Enough != netmon.EnoughNot {
		f = netmon.Forecast{Enough: netmon.EnoughUnknown}
	}
	return f
}

// ProbeEvery is the time between two rounds of probes; 0: none.
func (s State) ProbeEvery(o Options) time.Duration {
	c := s.Conditions()
	return s.Uplink.ProbeEvery(o.Uplink, c.Session, c.BatteryLow)
}

// ProbePace is how often to ask, and whether all each time.
func (s State) ProbePace(o Options) netmon.Pace {
	c := s.Conditions()
	return s.Uplink.Pace(o.Uplink, c.Session, c.BatteryLow)
}

// PhonePace is what to do next by the port in the public network.
func (s State) PhonePace(o Options) netmon.PhonePace { return s.Uplink.PhonePace(o.Uplink) }

// MayTransfer says whether what can wait may be fetched and sent now: the internet
// works, and the box is not holding back on a low battery.
func (s State) MayTransfer() bool { return s.Uplink.Verdict.Usable() && !s.Power.Holding }

// MayTry says whether urgent events may be sent though the verdict is unknown: the data
// budget leaves nothing for probes, and its reserve is for urgent events.
func (s State) MayTry() bool {
	p, fresh := s.Uplink.Probe.Get()
	return fresh && p.Spent && s.Uplink.Verdict == netmon.Unknown && !s.Power.Holding
}

// Moment is what netmon's account of the data budget needs to know.
func (s State) Moment() netmon.Moment {
	m := netmon.Moment{Session: s.Session.Active, Since: s.Session.Since, Unsure: s.Interrupted(), Kept: s.Uplink.Spent}
	if wall, trusted := s.WallAt(s.Now.Mono); trusted {
		m.Month = wall.UTC().Format("2006-01")
	}
	return m
}
