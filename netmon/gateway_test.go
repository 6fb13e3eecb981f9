package netmon

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// box drives a GatewayPower; its relay obeys at once, unless it is deaf.
type box struct {
	o    Options
	p    GatewayPower
	in   PowerInput
	now  time.Duration
	off  bool // the contact is open
	deaf bool
	told []PowerChange
}

func withRelay() *box {
	b := &box{o: DefaultOptions(), now: time.Second}
	b.o.Relay, b.in.Relief = true, "charged"
	b.see(RelaySwitched{On: true})
	return b
}

func (b *box) see(v any) {
	b.in.Seen = v
	p, orders, changed := b.p.Step(b.o, b.in, b.now)
	b.p = p
	if changed != nil {
		b.told = append(b.told, *changed)
	}
	for _, order := range orders {
		if b.deaf {
			continue
		}
		b.off = !order.On
		b.see(RelaySwitched{On: order.On})
	}
}

// pass lets time pass: it is called at the begin, at the end and when it wants to be.
func (b *box) pass(d time.Duration) {
	b.see(nil)
	for end := b.now + d; b.now < end; b.see(nil) {
		wake := b.p.Wake(b.now)
		if b.now = end; wake != 0 {
			b.now = min(wake, end)
		}
	}
}

func TestTheGatewaysPowerIsCutForThreeReasonsAndGivenBackWhenTheyEnd(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(*box)
		off  bool
		told []PowerChange
	}{
		"nothing":                      {do: func(b *box) { b.pass(time.Hour) }},
		"saving is called for briefly": {do: func(b *box) { b.in.Save = true; b.pass(59 * time.Second); b.in.Save = false; b.pass(time.Hour) }},
		"saving is called for":         {do: func(b *box) { b.in.Save = true; b.pass(time.Hour) }, off: true, told: []PowerChange{{Reason: "battery-low"}}},
		"and is no longer": {do: func(b *box) { b.in.Save = true; b.pass(time.Hour); b.in.Save = false; b.see(nil) },
			told: []PowerChange{{Reason: "battery-low"}, {On: true, Reason: "charged", Off: 59 * time.Minute}}},
		"and is soon again": {do: func(b *box) {
			b.in.Save = true
			b.pass(time.Hour)
			b.in.Save = false
			b.see(nil)
			b.in.Save = true
			b.pass(14 * time.Minute)
		}, told: []PowerChange{{Reason: "battery-low"}, {On: true, Reason: "charged", Off: 59 * time.Minute}}},
		"saving is called for as the process ends": {do: func(b *box) { b.in.Save = true; b.see(nil); b.in.Stopping = true; b.pass(time.Hour) }},
		"a remedy begins":                          {do: func(b *box) { b.in.Remedy = true; b.pass(9 * time.Second) }, off: true, told: []PowerChange{{Reason: "remedy"}}},
		"a remedy ends": {do: func(b *box) { b.in.Remedy = true; b.pass(10 * time.Second); b.in.Remedy = false; b.see(nil) },
			told: []PowerChange{{Reason: "remedy"}, {On: true, Reason: "remedy", Off: 10 * time.Second}}},
		"a remedy under way is not begun twice": {do: func(b *box) {
			b.in.Remedy = true
			b.see(nil)
			b.off = false
			b.see(RelaySwitched{On: true}) // the driver began anew
			b.pass(time.Minute)
		}, told: []PowerChange{{Reason: "remedy"}, {On: true, Reason: "driver"}}},
		"a test":              {do: func(b *box) { b.see(TestRelay{}); b.now += 1999 * time.Millisecond; b.see(nil) }, off: true, told: []PowerChange{{Reason: "selftest"}}},
		"a test ends":         {do: func(b *box) { b.see(TestRelay{}); b.pass(time.Minute) }, told: []PowerChange{{Reason: "selftest"}, {On: true, Reason: "selftest", Off: 2 * time.Second}}},
		"a test in a session": {do: func(b *box) { b.in.Session = true; b.see(TestRelay{}) }},
		"a test by force":     {do: func(b *box) { b.in.Session = true; b.see(TestRelay{Force: true}) }, off: true, told: []PowerChange{{Reason: "selftest"}}},
		"no relay is fitted": {do: func(b *box) {
			b.o.Relay, b.in.Save, b.in.Remedy = false, true, true
			b.see(TestRelay{Force: true})
			b.pass(time.Hour)
		}},
		"a driver that is silent": {do: func(b *box) { b.deaf = true; b.in.Save = true; b.pass(time.Hour) }},
		"a driver that says off after it was asked back": {do: func(b *box) {
			b.deaf = true
			b.see(TestRelay{})
			b.pass(2 * time.Second)
			b.deaf, b.off = false, true
			b.see(RelaySwitched{On: false})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := withRelay()
			c.do(b)
			if b.off != c.off || !slices.Equal(b.told, c.told) {
				t.Errorf("off %v, told %+v; want %v, %+v", b.off, b.told, c.off, c.told)
			}
			if cut := b.p.Cut != Powered; cut != c.off {
				t.Errorf("cut is %q, and the contact open is %v", b.p.Cut, c.off)
			}
		})
	}
}

func TestWhenThePowerWillBeCutIsKnownBefore(t *testing.T) {
	b := withRelay()
	b.in.Save = true
	b.see(nil)
	if want := b.now + b.o.SaveAfter; b.p.At != want || b.p.Wake(b.now) != want {
		t.Errorf("at %s: cut at %s, wakes at %s; want %s", b.now, b.p.At, b.p.Wake(b.now), want)
	}
	if b.pass(time.Minute); b.p.At != 0 || !b.off {
		t.Errorf("cut, and it is still to be cut at %s", b.p.At)
	}
}

func TestWhyTheRelayCannotBeTested(t *testing.T) {
	for _, c := range []struct {
		name, want string
		so         func(b *box)
	}{
		{"it can", "", func(*box) {}},
		{"none is fitted", "not-fitted", func(b *box) { b.p.Fitted = false }},
		{"the gateway is without power", "switched-off", func(b *box) { b.see(TestRelay{}) }},
		{"it is about to be", "switched-off", func(b *box) { b.deaf = true; b.see(TestRelay{}) }},
		{"a session is on", "session", func(b *box) { b.in.Session = true }},
	} {
		b := withRelay()
		c.so(b)
		if got := b.p.Testable(b.in.Session, false); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Whatever comes, in any order: an order to cut the power has a reason at that
// moment, the power is asked back in the step in which its reason has ended, and a
// step is never due in the past.
func TestPropertyTheGatewaysPower(t *testing.T) {
	cuts := map[Cut]int{}
	rapid.Check(t, func(t *rapid.T) {
		b := &box{o: DefaultOptions(), now: time.Second}
		b.o.Relay, b.in.Relief = true, "charged"
		var (
			reason             Cut // for which it was asked off; Powered while it was not
			saveSince, backAt  time.Duration
			remedied           bool
			testUntil          time.Duration
			pending, contactOn = []bool{}, true
		)
		step := func(v any) {
			b.in.Seen = v
			if !b.in.Save {
				saveSince = 0
			} else if saveSince == 0 {
				saveSince = b.now
			}
			if seen, ok := v.(RelaySwitched); ok && seen.On && reason != Powered {
				reason, backAt = Powered, b.now // the driver began anew, or has not obeyed yet
			}
			p, orders, _ := b.p.Step(b.o, b.in, b.now)
			b.p = p
			for _, order := range orders {
				pending = append(pending, order.On)
				if order.On {
					if reason != Powered {
						backAt = b.now
					}
					reason = Powered
					continue
				}
				test, asked := v.(TestRelay)
				switch {
				case b.in.Stopping:
					t.Fatal("cut as the process ends")
				case b.in.Remedy && !remedied:
					reason = ByRemedy
				case asked && (test.Force || !b.in.Session) && b.p.wanted == BySelftest:
					reason, testUntil = BySelftest, b.now+2*time.Second
				case b.in.Save && b.now-saveSince >= b.o.SaveAfter && (backAt == 0 || b.now-backAt >= b.o.SaveAgain):
					reason = Saving
				default:
					t.Fatalf("%s: cut without a reason: %+v", b.now, b.in)
				}
				cuts[reason]++
			}
			remedied = b.in.Remedy
			switch {
			case reason == Saving && !b.in.Save, reason == ByRemedy && !b.in.Remedy, reason == BySelftest && b.now >= testUntil:
				t.Fatalf("%s: still off for %s", b.now, reason)
			}
			if wake := b.p.Wake(b.now); wake != 0 && wake <= b.now {
				t.Fatalf("at %s it is due at %s", b.now, wake)
			}
		}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			next := b.now + rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, 20 * time.Second, 2 * time.Minute, 20 * time.Minute}).Draw(t, "pause")
			if wake := b.p.Wake(b.now); wake != 0 {
				next = min(next, wake)
			}
			b.now = next
			if len(pending) > 0 && rapid.IntRange(0, 3).Draw(t, "answers") > 0 {
				contactOn, pending = pending[0], pending[1:]
				step(RelaySwitched{On: contactOn})
				continue
			}
			switch rapid.IntRange(0, 7).Draw(t, "what") {
			case 0, 1:
				b.in.Save = !b.in.Save
			case 2:
				b.in.Remedy = !b.in.Remedy
			case 3:
				b.in.Session = !b.in.Session
			case 4:
				b.in.Stopping = rapid.IntRange(0, 5).Draw(t, "stopping") == 0
			case 5:
				step(TestRelay{Force: rapid.Bool().Draw(t, "force")})
				continue
			case 6:
				contactOn, pending = true, nil // the driver begins anew
				step(RelaySwitched{On: true})
				continue
			}
			step(nil)
		}
	})
	for _, cut := range []Cut{Saving, ByRemedy, BySelftest} {
		if cuts[cut] == 0 {
			t.Errorf("never cut for %q: this test shows nothing", cut)
		}
	}
}
