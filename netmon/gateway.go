package netmon

import "time"

// Cut is why the gateway is without power, by its relay.
type Cut string

const (
	Powered    Cut = ""            // it has power, as far as the box can tell
	Saving     Cut = "battery-low" // the battery is low, and no session is on
	ByRemedy   Cut = "remedy"      // off and on again
	BySelftest Cut = "selftest"    // a volunteer tries the relay
)

// GatewayPower is the gateway's power, where a relay can cut it. The relay's
// contact is normally closed: while nobody knows, the gateway has power.
type GatewayPower struct {
	Fitted bool // the relay is
	// Cut is why the gateway is without power, as the relay's driver says.
	Cut   Cut
	Since time.Duration // monotonic: since it is so; 0 where it always was
	At    time.Duration // monotonic: when it will be cut to save the battery; 0: it will not

	wanted    Cut           // as the relay was last asked
	why       string        // and why: PowerChange.Reason
	saveSince time.Duration // since when the battery should be saved; 0 if it should not
	testUntil time.Duration // the end of a test
	backAt    time.Duration // when it had its power again last; 0 for never
	remedy    bool          // PowerInput.Remedy of the last step
}

// PowerInput is what the gateway's power is decided by.
type PowerInput struct {
	// Seen is what happened: RelaySwitched or TestRelay. Any other value only says
	// that time has passed.
	Seen     any
	Save     bool   // the battery should be saved, at the gateway's expense
	Relief   string // why it need not be: PowerChange.Reason; of use while Save is false
	Remedy   bool   // State.CutByRemedy
	Session  bool   // one is on
	Stopping bool   // the process ends: nothing is cut any more
}

type (
	// RelaySwitched is the outcome of a SwitchRelay, and the first word of the relay's
	// driver: whether the gateway has power.
	RelaySwitched struct{ On bool }

	// TestRelay is a volunteer's wish to try the relay: the gateway is without power
	// for two seconds; in a session only with Force.
	TestRelay struct{ Force bool }
)

// SwitchRelay asks the relay's driver to have the gateway's power on or off. It
// answers with RelaySwitched.
type SwitchRelay struct{ On bool }

// PowerChange is what the driver did to the gateway's power.
type PowerChange struct {
	On bool
	// Reason is a Cut where the power went, and where it came back what ended that:
	// PowerInput.Relief, the Cut itself, or "driver" (it began anew).
	Reason string
	Off    time.Duration // for how long it was off, where it is On
}

// testTakes is how long a test leaves the gateway without power.
const testTakes = 2 * time.Second

// Testable is the code of why the relay cannot be tested just now: not-fitted,
// switched-off or session; "" if it can.
func (p GatewayPower) Testable(session, force bool) string {
	switch {
	case !p.Fitted:
		return "not-fitted"
	case p.Cut != Powered || p.wanted != Powered:
		return "switched-off"
	case session && !force:
		return "session"
	}
	return ""
}

// Step decides at the monotonic time now whether the gateway has power, and asks
// the relay where that changes. To save the battery the power is cut only after that
// was called for during Options.SaveAfter, at the earliest Options.SaveAgain after it
// came back; it is given back at once. For a remedy it is cut as long as the uplink
// says, for a test testTakes.
func (p GatewayPower) Step(o Options, in PowerInput, now time.Duration) (GatewayPower, []SwitchRelay, *PowerChange) {
	var (
		orders  []SwitchRelay
		changed *PowerChange
	)
	remedyBegins := in.Remedy && !p.remedy
	p.Fitted, p.remedy = o.Relay, in.Remedy
	if seen, ok := in.Seen.(RelaySwitched); ok {
		orders, changed = p.switched(seen, now)
	}
	if !p.Fitted {
		return p, orders, changed
	}
	p.plan(o, in, now)
	if wanted, why := p.decide(in, remedyBegins, now); wanted != p.wanted {
		p.wanted, p.why = wanted, why
		if wanted == Powered {
			p.backAt = max(now, 1)
		} else {
			p.At = 0
		}
		orders = append(orders, SwitchRelay{On: wanted == Powered})
	}
	return p, orders, changed
}

// plan works out when the power will be cut to save the battery.
func (p *GatewayPower) plan(o Options, in PowerInput, now time.Duration) {
	switch {
	case !in.Save:
		p.saveSince = 0
	case p.saveSince == 0:
		p.saveSince = max(now, 1)
	}
	p.At = 0
	if p.saveSince == 0 || p.wanted != Powered || in.Stopping {
		return
	}
	p.At = p.saveSince + o.SaveAfter
	if p.backAt != 0 {
		p.At = max(p.At, p.backAt+o.SaveAgain)
	}
}

// decide is whether the gateway should have power, and why.
func (p *GatewayPower) decide(in PowerInput, remedyBegins bool, now time.Duration) (Cut, string) {
	switch p.wanted {
	case Saving:
		if !in.Save {
			return Powered, in.Relief
		}
	case ByRemedy:
		if !in.Remedy {
			return Powered, p.why
		}
	case BySelftest:
		if now >= p.testUntil {
			return Powered, p.why
		}
	case Powered:
		test, asked := in.Seen.(TestRelay)
		switch {
		case in.Stopping:
		case remedyBegins:
			return ByRemedy, string(ByRemedy)
		case asked && p.Testable(in.Session, test.Force) == "":
			p.testUntil = now + testTakes
			return BySelftest, string(BySelftest)
		case p.At != 0 && now >= p.At:
			return Saving, string(Saving)
		}
	}
	return p.wanted, p.why
}

// switched takes the word of the relay's driver. One that has just begun has the
// gateway on, whatever was wanted: then that is decided anew.
func (p *GatewayPower) switched(seen RelaySwitched, now time.Duration) ([]SwitchRelay, *PowerChange) {
	is := p.wanted
	if seen.On && p.wanted != Powered {
		p.wanted, p.why, p.backAt, is = Powered, "driver", max(now, 1), Powered
	} else if !seen.On && p.wanted == Powered {
		return []SwitchRelay{{On: true}}, nil // it was asked back meanwhile
	}
	if is == p.Cut {
		return nil, nil
	}
	c := &PowerChange{On: is == Powered, Reason: p.why}
	if c.On {
		c.Off = now - p.Since
	}
	p.Cut, p.Since = is, now
	return nil, c
}

// Wake is the monotonic time, after now, at which Step must be called again though
// nothing was observed; 0 where it need not.
func (p GatewayPower) Wake(now time.Duration) time.Duration {
	switch {
	case p.wanted == BySelftest:
		return max(p.testUntil, now+1)
	case p.wanted == Powered && p.At != 0:
		return max(p.At, now+1)
	}
	return 0
}
