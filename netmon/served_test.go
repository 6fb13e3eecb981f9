package netmon

import (
	"testing"
	"time"
)

// Whatever the box itself finds: while somebody says that pages open on phones nobody is
// sent to the Cisco box, and its power stays on.
func TestWhilePhonesAreServedTheGatewayIsLeftAsItIs(t *testing.T) {
	for _, c := range []struct {
		name  string
		link  Link
		round *Round
		want  Verdict
	}{
		{"it does not answer the box", wired, &silent, GatewaySilent},
		{"the box finds no internet", wired, &offline, NoInternet},
		{"the box finds no names", wired, &nameless, DNSFailing},
		{"the box has no address", Link{Present: true, Carrier: true}, nil, NoAddress},
	} {
		t.Run(c.name, func(t *testing.T) {
			trouble := func(said bool) *play {
				p := start(t).see(Conditions{Session: true})
				p.o.Relay = true
				p.wait(2*p.o.PowerGap, nil)
				p.see(wired).wait(15*time.Minute, &well).want(OK)
				p.see(c.link).wait(30*time.Second, c.round).want(c.want)
				for range 6 {
					if said {
						p.see(PhoneSaid{Opens: true})
					}
					p.wait(phoneCounts-time.Second, c.round).want(c.want)
					if said && (p.s.Advice() != PhonesWork || p.s.Phones() != PhonesServed) {
						t.Errorf("phones are %s, the advice is %s", p.s.Phones(), p.s.Advice())
					}
				}
				return p
			}
			if p := trouble(true); p.s.past[CyclePower.index()].tried || p.s.past[BounceLink.index()].tried {
				t.Error("it was tried though phones are served")
			}
			// Where nobody says so, all is tried: the test sees it.
			if p := trouble(false); !p.s.past[CyclePower.index()].tried && c.want != NoAddress {
				t.Error("its power was not tried though nobody says that phones are served")
			} else if p.s.Advice() == PhonesWork {
				t.Error("phones work, and nobody says so")
			}
		})
	}
}

func TestAVolunteersAnswerIsForgotten(t *testing.T) {
	asked := func() *play {
		p := start(t).see(Conditions{Session: true})
		p.see(wired).wait(time.Minute, &well).wait(30*time.Second, &silent).want(GatewaySilent)
		return p.see(PhoneSaid{Opens: true})
	}
	p := asked().wait(phoneCounts-time.Second, &silent)
	if p.s.Phones() != PhonesServed {
		t.Errorf("shortly before ten minutes: %s", p.s.Phones())
	}
	if p.wait(time.Second, &silent); p.s.Phones() != PhonesUnknown {
		t.Errorf("after ten minutes: %s", p.s.Phones())
	}
	if p := asked().wait(time.Minute, &well).want(OK).wait(30*time.Second, &silent).want(GatewaySilent); p.s.Phones() != PhonesUnknown {
		t.Errorf("in the next trouble: %s", p.s.Phones())
	}
	if p := asked().see(Conditions{Session: true, Cut: ByRemedy}); p.s.Phones() != PhonesUnknown {
		t.Errorf("without power: %s", p.s.Phones())
	}
	if p := asked().see(PhoneSaid{}); p.s.Phones() != PhonesNotServed || p.s.Advice() == PhonesWork {
		t.Errorf("once somebody says no: %s, %s", p.s.Phones(), p.s.Advice())
	}
}

func TestTheBoxAsksWhileItFindsTrouble(t *testing.T) {
	p := start(t).see(Conditions{Session: true})
	asks := func(want bool) {
		t.Helper()
		if p.s.Asks() != want {
			t.Errorf("with %s it asks: %v", p.s.Verdict, !want)
		}
	}
	asks(false)
	p.see(wired).wait(time.Minute, &well).want(OK)
	asks(false)
	p.wait(time.Minute, &slow).want(Slow)
	asks(false)
	p.wait(time.Minute, &offline).want(NoInternet)
	asks(true)
	p.see(Conditions{Session: true, Cut: Saving})
	asks(false)
}

// What the Cisco box has told its cloud since the trouble shows came over its internet:
// switching it off would cut that.
func TestAGatewayThatReachesItsCloudKeepsItsPower(t *testing.T) {
	for _, c := range []struct {
		name  string
		tells bool
	}{{"it tells its cloud something", true}, {"it told its cloud something before only", false}} {
		p := start(t).see(Conditions{Session: true})
		p.o.Relay = true
		p.wait(2*p.o.PowerGap, nil)
		p.see(wired).wait(15*time.Minute, &well).see(Cellular{Status: "active"}).wait(30*time.Second, &nameless).want(DNSFailing)
		for range 15 {
			if c.tells {
				p.see(Cellular{Status: "active", Age: 10 * time.Second})
			}
			p.wait(5*time.Minute, &nameless).want(DNSFailing)
			if got := p.s.Phones(); (got == PhonesByCloud) != c.tells {
				t.Errorf("%s: %s", c.name, got)
			}
		}
		if tried := p.s.past[CyclePower.index()].tried; tried == c.tells {
			t.Errorf("%s: its power was tried: %v", c.name, tried)
		}
	}
}
