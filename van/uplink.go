package van

import (
	"time"

	"infobus/logbook"
	"infobus/netmon"
)

// remedies has what the uplink wants tried done, and writes down what came of
// it. The gateway's power is supply's, and any other a doer's.
func (s *State) remedies(was State, out *Output) {
	now, before := s.Uplink.Remedy, was.Uplink.Remedy
	if now.At != before.At && now.Remedy != netmon.GatewayPower {
		out.effect(Heal{now.Remedy})
	}
	// A remedy that ended in the step in which the next began is not lost: it
	// never does, for each waits for the result of the one before.
	if now.Result != "" && (now.Result != before.Result || now.At != before.At) {
		out.event(logbook.Event{Name: logbook.RemedyTried, Attributes: map[string]any{
			"remedy": string(now.Remedy), "result": string(now.Result), "seconds": (now.Ended - now.At).Truncate(time.Second).Seconds()}})
	}
}
