package van

import (
	"time"

	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
)

// Supply is the gateway's power, where a relay can cut it. One place decides:
// decide. The contact is normally closed: while nobody knows, it has power.
type Supply struct {
	Fitted bool
	// Cut is why the gateway is without power, as the relay's driver says.
	Cut   netmon.Cut
	Since time.Duration // monotonic: since it is so; 0 where it always was
	At    time.Duration // monotonic: when it will be cut to save the battery; 0: it will not

	wanted  netmon.Cut    // as the relay was last asked
	why     string        // and why: the event's word
	dueFrom time.Duration // since when the battery should be saved; 0 if it should not
	until   time.Duration // the end of a click
	backAt  time.Duration // when it had its power again last; 0 for never
}

// clickTakes is how long a volunteer's click leaves the gateway without power.
const clickTakes = 2 * time.Second

// Clickable is the code of why the relay cannot be tried just now: not-fitted,
// switched-off or session; "" if it can.
func (s State) Clickable(force bool) string {
	switch {
	case !s.Supply.Fitted:
		return "not-fitted"
	case s.Supply.Cut != netmon.Powered || s.Supply.wanted != netmon.Powered:
		return "switched-off"
	case s.Session.Active && !force:
		return "session"
	}
	return ""
}

// supply decides whether the gateway has power, and asks the relay where that
// changes. To save the battery it is cut only after that has held for
// Options.ShedAfter, at the earliest Options.ShedAgain after it had its power back,
// and never for a reading that is missing; it is given back at once. For a remedy it
// is cut as long as the uplink says, for a click clickTakes.
func (s *State) supply(o Options, was State, input any, now time.Duration, out *Output) {
	p := &s.Supply
	p.Fitted = o.Uplink.Relay
	if seen, ok := input.(Switched); ok {
		s.switched(seen, now, out)
	}
	if !p.Fitted {
		return
	}
	shed := s.Power.Shed(s.Session.Active)
	switch {
	case !shed:
		p.dueFrom = 0
	case p.dueFrom == 0:
		p.dueFrom = max(now, 1)
	}
	p.At = 0
	if p.dueFrom != 0 && p.wanted == netmon.Powered && !s.Stopping {
		p.At = p.dueFrom + o.ShedAfter
		if p.backAt != 0 {
			p.At = max(p.At, p.backAt+o.ShedAgain)
		}
	}
	click, clicked := input.(ClickRelay)

	wanted, why := p.wanted, p.why
	switch p.wanted {
	case netmon.Saving:
		if !shed {
			wanted, why = netmon.Powered, s.relief()
		}
	case netmon.ByRemedy:
		if !s.Uplink.PoweredOff {
			wanted = netmon.Powered
		}
	case netmon.BySelftest:
		if now >= p.until {
			wanted = netmon.Powered
		}
	case netmon.Powered:
		switch {
		case s.Stopping:
		case s.Uplink.PoweredOff && !was.Uplink.PoweredOff:
			wanted, why = netmon.ByRemedy, string(netmon.ByRemedy)
		case clicked && s.Clickable(click.Force) == "":
			wanted, why, p.until = netmon.BySelftest, string(netmon.BySelftest), now+clickTakes
		case p.At != 0 && now >= p.At:
			wanted, why = netmon.Saving, string(netmon.Saving)
		}
	}
	if wanted != p.wanted {
		p.wanted, p.why = wanted, why
		if wanted == netmon.Powered {
			p.backAt = max(now, 1)
		} else {
			p.At = 0
		}
		out.effect(Relay{On: wanted == netmon.Powered})
	}
}

// relief is why the battery need not be saved any more, as the event's word.
func (s State) relief() string {
	switch source := s.Power.Source(); {
	case s.Session.Active:
		return "session"
	case source == power.SourceGenerator:
		return "generator"
	case source == power.SourceUnknown || s.Power.Level == power.Unknown:
		return "not-known"
	case s.Power.Level == power.Good || s.Power.Level == power.Full:
		return "charged"
	}
	return "volunteer"
}

// switched takes the word of the relay's driver. One that has just begun has the
// gateway on, whatever was wanted: then that is decided anew.
func (s *State) switched(seen Switched, now time.Duration, out *Output) {
	p := &s.Supply
	is := p.wanted
	if seen.On && p.wanted != netmon.Powered {
		p.wanted, p.why, p.backAt, is = netmon.Powered, "driver", max(now, 1), netmon.Powered
	} else if !seen.On && p.wanted == netmon.Powered {
		out.effect(Relay{On: true}) // it was asked back meanwhile
		return
	}
	if is == p.Cut {
		return
	}
	attributes := map[string]any{"power": "off", "reason": p.why}
	if is == netmon.Powered {
		attributes["power"], attributes["seconds"] = "on", (now - p.Since).Truncate(time.Second).Seconds()
	}
	p.Cut, p.Since = is, now
	out.event(logbook.Event{Name: logbook.GatewaySwitched, Attributes: attributes})
}

// wake is when supply must be called again; 0 where it need not.
func (p Supply) wake(now time.Duration) time.Duration {
	switch {
	case p.wanted == netmon.BySelftest:
		return max(p.until, now+1)
	case p.wanted == netmon.Powered && p.At != 0:
		return max(p.At, now+1)
	}
	return 0
}
