package van

import (
	"time"

	"infobus/logbook"
	"infobus/netmon"
)

// remedies has what the uplink wants tried done, and writes down what came of
// it. The gateway's power is GatewayPower's, and any other a doer's.
func (s *State) remedies(was State, out *Output) {
	now, before := s.Uplink.Remedy, was.Uplink.Remedy
	if now.At != before.At && now.Remedy != netmon.CyclePower {
		out.effect(Heal{now.Remedy})
	}
	// One that ended in the step in which the next began is not lost: no next one
	// begins at the moment at which one ends.
	if now.Result != "" && (now.Result != before.Result || now.At != before.At) {
		out.event(logbook.Event{Name: logbook.RemedyTried, Attributes: map[string]any{
			"remedy": string(now.Remedy), "result": string(now.Result), "seconds": (now.Ended - now.At).Truncate(time.Second).Seconds()}})
	}
}

// Forecast says whether the data is enough for the session. Without one it only
// says what is used up.
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

// ProbeEvery is how often it is asked how far the internet is there.
func (s State) ProbeEvery(o Options) time.Duration {
	c := s.Conditions()
	return s.Uplink.ProbeEvery(o.Uplink, c.Session, c.BatteryLow)
}

// MayTransfer says whether what can wait may be fetched and sent: the internet is
// there, and the battery is not being held on to.
func (s State) MayTransfer() bool { return s.Uplink.Verdict.Usable() && !s.Power.Holding }

// MayTry says whether what is urgent may be sent though it is not known whether the
// internet is there: nothing is left of the data budget to ask with, and a part of
// it is kept for that.
func (s State) MayTry() bool {
	p, fresh := s.Uplink.Probe.Get()
	return fresh && p.Spent && s.Uplink.Verdict == netmon.Unknown && !s.Power.Holding
}

// Moment is what the account of the data budget follows.
func (s State) Moment() netmon.Moment {
	m := netmon.Moment{Session: s.Session.Active, Since: s.Session.Since, Unsure: s.Interrupted(), Kept: s.Uplink.Spent}
	if wall, trusted := s.WallAt(s.Now.Mono); trusted {
		m.Month = wall.UTC().Format("2006-01")
	}
	return m
}
