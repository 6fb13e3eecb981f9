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
