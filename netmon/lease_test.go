package netmon

import (
	"testing"
	"time"
)

// What a lease says may be wrong in any way: the verdict is one that helps, and nobody's
// power is cut for it.
func TestALeaseThatIsWrong(t *testing.T) {
	alone := wired
	alone.Gateway = ""
	outside := wired
	outside.Gateway = "198.51.100.1"
	itself := wired
	itself.DNS = "192.0.2.10"
	none := wired
	none.DNS = ""
	for _, c := range []struct {
		name  string
		link  Link
		round *Round
		want  Verdict
		says  Advice
		cut   bool // the gateway's power is tried in the end
	}{
		{"without a router", alone, nil, NoAddress, RouteLost, false},
		{"with a router outside its net that answers", outside, &well, OK, "ok", false},
		{"with a router outside its net that does not", outside, &silent, GatewaySilent, "gateway-silent", true},
		{"with name servers that are the box itself", itself, &nameless, DNSFailing, "dns-failing", false},
		{"with name servers that are the box itself, where one answers", itself, &well, OK, "ok", false},
		{"without name servers, and the gateway is none", none, &nameless, DNSFailing, "dns-failing", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t).see(Conditions{Session: true, ClockTrusted: true})
			p.o.Relay = true
			p.wait(2*p.o.PowerGap, nil)
			p.see(c.link).wait(time.Minute, c.round).want(c.want)
			if got := p.s.Advice(); got != c.says {
				t.Errorf("the advice is %s, want %s", got, c.says)
			}
			p.wait(2*time.Hour, c.round).want(c.want)
			if tried := p.s.past[CyclePower.index()].tried; tried != c.cut {
				t.Errorf("the gateway's power was tried: %v", tried)
			}
		})
	}
}

// A renewal names other name servers, which answer nothing: what those before said does not
// hide it.
func TestARenewalThatNamesOtherServers(t *testing.T) {
	p := start(t).see(Conditions{Session: true, ClockTrusted: true})
	p.see(wired).wait(time.Minute, &well).want(OK)
	other := wired
	other.DNS = "192.0.2.10"
	p.see(other)
	for range 10 {
		e := Evidence{Answers: []Answer{{Cell: Cell{Question: Page, Server: Gateway}, Came: Right, After: time.Millisecond}}}
		for n := uint8(1); n <= 2; n++ {
			e.Answers = append(e.Answers,
				Answer{Cell: Cell{Question: Connect, Server: Public, Nth: n, Port: 443}, Came: Right, After: 30 * time.Millisecond},
				Answer{Cell: Cell{Question: Random, Server: Leased, Nth: 1, Name: n, Port: 53}, Came: Refusal, After: time.Millisecond},
				Answer{Cell: Cell{Question: Lookup, Server: Leased, Nth: 1, Name: n, Port: 53}, Came: Refusal, After: time.Millisecond})
		}
		p.see(e).wait(2*time.Second, nil)
	}
	p.want(DNSFailing)
}

// Networkd renews a lease of 10 s every 5 s: nothing changes by that, and what is known
// stays known. One that is not renewed is gone, and comes again.
func TestALeaseOfTenSeconds(t *testing.T) {
	p := start(t).see(Conditions{Session: true})
	p.see(wired).wait(time.Minute, &well).want(OK)
	for range 100 {
		p.see(wired).see(well).wait(5*time.Second, nil).want(OK)
	}
	lost := wired
	lost.Address, lost.Gateway = "", ""
	for range 10 { // as if each second renewal failed
		p.see(lost).wait(3*time.Second, nil).see(wired).see(well).wait(17*time.Second, &well).want(OK)
	}
	p.see(lost).wait(time.Minute, nil).want(NoAddress)
	if n := p.s.past[RenewLease.index()]; !n.tried {
		t.Error("the lease was not asked for anew")
	}
}

// A stranger's lease is said to be one where the internet does not work over it; nothing
// of the Cisco box's is switched off for it.
func TestALeaseFromAStranger(t *testing.T) {
	other := Link{Present: true, Carrier: true, Address: "198.51.100.20/24", Gateway: "198.51.100.1"}
	p := start(t).see(Conditions{Session: true})
	p.o.Relay = true
	p.wait(2*p.o.PowerGap, nil).see(wired).wait(20*time.Minute, &well).want(OK)
	p.see(other).wait(time.Minute, &offline).want(NoInternet)
	if a := p.s.Advice(); a != Stranger {
		t.Errorf("the advice is %s", a)
	}
	if p.wait(2*time.Hour, &offline); p.s.past[CyclePower.index()].tried {
		t.Error("the gateway's power was tried, and the stranger is not on it")
	}
	// Where all is well over it, it is the box's new home.
	if p.wait(20*time.Minute, &well).want(OK).wait(time.Minute, &offline).want(NoInternet); p.s.Advice() != "no-internet" {
		t.Errorf("the advice is %s", p.s.Advice())
	}
}

// A volunteer switches the Cisco box off and on: it starts, and nothing else is said until
// it has had its time.
func TestAVolunteersRestartIsRecognised(t *testing.T) {
	lit := Link{Present: true, Carrier: true}
	restarted := func() *play {
		p := start(t).see(Conditions{Session: true})
		p.see(wired).wait(time.Minute, &well).want(OK)
		p.see(dark).want(CableUnplugged)
		return p.wait(8*time.Second, nil).see(lit)
	}
	p := restarted().wait(20*time.Second, nil).want(Starting)
	if p.s.Advice() != Restarted {
		t.Errorf("the advice is %s", p.s.Advice())
	}
	p.see(wired).wait(20*time.Second, &silent).wait(80*time.Second, &offline).want(Starting)
	p.wait(20*time.Second, &well).want(OK)
	p.wantShown(Starting, OK, CableUnplugged, Starting, OK)
	if p.s.Remedy.Remedy != "" {
		t.Errorf("%s was tried", p.s.Remedy.Remedy)
	}
	// One that does not come back is a fault.
	restarted().wait(p.o.RestartTakes+30*time.Second, nil).want(NoAddress)
	// Where it answers at once only the cable was out.
	restarted().see(wired).wait(30*time.Second, &well).want(OK)
}

// The radio is out for 10 s in 30: one verdict, until there was no outage for 70 s.
func TestAnInternetThatComesAndGoesIsOneVerdict(t *testing.T) {
	p := start(t).see(Conditions{Session: true})
	p.see(wired).wait(time.Minute, &well).want(OK)
	turns := func(n int) {
		for range n {
			p.wait(10*time.Second, &offline).wait(20*time.Second, &well)
		}
	}
	turns(2)
	p.want(ComesAndGoes)
	n := len(p.shown)
	turns(10)
	if p.want(ComesAndGoes); len(p.shown) != n {
		t.Errorf("then showed %v", p.shown[n:])
	}
	p.wait(2*time.Minute, &well).want(OK)
	// A long one is an outage of its own.
	turns(3)
	p.want(ComesAndGoes).wait(time.Minute, &offline).want(NoInternet)
}

// A certificate that has run out: the clock's fault where nobody vouches for the clock, and
// nobody's where somebody does.
func TestACertificateThatHasRunOut(t *testing.T) {
	old := well
	old.Expired = true
	for trusted, want := range map[bool]Advice{true: "ok", false: ClockWrong} {
		p := start(t).see(Conditions{Session: true, ClockTrusted: trusted}).see(wired).wait(time.Minute, &old).want(OK)
		if got := p.s.Advice(); got != want {
			t.Errorf("with a trusted clock (%v) the advice is %s", trusted, got)
		}
	}
}
