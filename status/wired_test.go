package status_test

import (
	"slices"
	"testing"
	"time"

	"infobus/power"
	"infobus/status"
	"infobus/van"
)

// What the power's lines say is in the state, and so is what is found of them.
func TestTheStateSaysWhatThePowersLinesSay(t *testing.T) {
	o := van.DefaultOptions()
	o.Power.Sockets, o.Power.Monoxide = true, true
	s := van.New(o)
	for at := 10 * time.Second; at < time.Minute; at += 10 * time.Second {
		for _, in := range []any{power.Line{Active: true, At: at}, power.SocketLine{At: at}, power.MonoxideLine{Active: true, At: at}, power.Sample{Volts: 13.5, Amps: 5}} {
			s.Power, _ = power.Step(o.Power, s.Power, in, at)
		}
		s.Now.Mono = at
	}
	p := status.Of(o, s, nil).Power
	var codes []string
	for _, f := range p.Findings {
		codes = append(codes, f.Code)
	}
	if p.Sockets != "off" || p.Monoxide != "alarm" || p.ChargedBy != "generator" || !slices.Equal(codes, []string{"carbon-monoxide", "sockets-dead"}) {
		t.Errorf("%+v", p)
	}
}
