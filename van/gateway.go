package van

import (
	"time"

	"infobus/logbook"
	"infobus/netmon"
)

// RelayTestable is the code of why a volunteer cannot test the relay just now:
// not-fitted, switched-off or session; "" if it can be tested.
func (s State) RelayTestable(force bool) string {
	return s.GatewayPower.Testable(s.Session.Active, force)
}

// gateway has netmon decide whether the gateway has power. What the relay did is an
// event.
func (s *State) gateway(o Options, input any, out *Output) {
	power, orders, changed := s.GatewayPower.Step(o.Uplink, netmon.PowerInput{
		Seen:     input,
		Save:     s.Power.SaveGateway(s.Session.Active),
		Relief:   s.Power.Relief(s.Session.Active),
		Remedy:   s.Uplink.CutByRemedy,
		Session:  s.Session.Active,
		Stopping: s.Stopping,
	}, s.Now.Mono)
	s.GatewayPower = power
	if changed != nil {
		attributes := map[string]any{"power": "off", "reason": changed.Reason}
		if changed.On {
			attributes["power"], attributes["seconds"] = "on", changed.Off.Truncate(time.Second).Seconds()
		}
		out.event(logbook.Event{Name: logbook.GatewaySwitched, Attributes: attributes})
	}
	for _, order := range orders {
		out.effect(order)
	}
}
