package netmon

import (
	"testing"
	"time"
)

var dark = Link{Present: true} // what is left of the way to a gateway without power

// While the box itself has switched the gateway off, nothing is tried, nobody is sent
// to the cables, and a gateway that then boots for minutes is no fault.
func TestAGatewayThatTheBoxSwitchedOffIsNoFault(t *testing.T) {
	for cut, want := range map[Cut]Advice{Saving: "cut-battery-low", ByRemedy: "cut-remedy", BySelftest: "cut-selftest"} {
		p := start(t)
		p.o.Relay, p.o.KeepUp = true, true
		p.see(wired).wait(time.Minute, &well).want(OK)
		p.see(Conditions{Cut: cut}).see(dark).want(CableUnplugged)
		p.wait(2*time.Hour, &silent).want(CableUnplugged)
		if p.s.Remedy.Remedy != "" {
			t.Errorf("%s: %s was tried", cut, p.s.Remedy.Remedy)
		}
		if a := p.s.Advice(); a != want {
			t.Errorf("%s: the advice is %q", cut, a)
		}

		// It is back: dark for a while, then a carrier that comes and goes, no
		// lease, a page, and the mobile network last.
		p.shown = nil
		p.see(Conditions{}).wait(10*time.Second, nil)
		for range 4 {
			p.see(wired).wait(time.Second, nil).see(dark).wait(5*time.Second, nil)
		}
		p.see(Link{Present: true, Carrier: true}).wait(40*time.Second, nil)
		p.see(wired).wait(20*time.Second, &silent).wait(2*time.Minute, &offline).wait(20*time.Second, &nameless)
		p.want(Starting)
		if a := p.s.Advice(); a != Booting {
			t.Errorf("while it starts the advice is %q", a)
		}
		p.wait(time.Minute, &well).want(OK)
		p.wantShown(CableUnplugged, Starting, OK)
		if p.s.Remedy.Remedy != "" || p.s.Flapping || p.s.Booting {
			t.Errorf("%s: %+v, flapping %v, booting %v", cut, p.s.Remedy, p.s.Flapping, p.s.Booting)
		}
		// From then on a fault is one.
		p.see(dark).want(CableUnplugged)
	}
}

func TestAGatewayThatDoesNotComeBackIsAFaultAfterItsTime(t *testing.T) {
	p := start(t)
	p.see(wired).wait(time.Minute, &well).see(Conditions{Cut: Saving}).see(dark)
	p.see(Conditions{}).wait(10*time.Second, nil).see(wired)
	p.wait(p.o.SelfResetTakes-20*time.Second, &silent).want(Starting)
	p.wait(time.Minute, &silent).want(GatewaySilent)
	if p.s.Booting {
		t.Error("still booting")
	}
}

func TestAPortThatIsMissingIsMissingAlsoWhileTheGatewayStarts(t *testing.T) {
	p := start(t)
	p.see(wired).wait(time.Minute, &well).see(Conditions{Cut: Saving}).see(Conditions{}).see(Link{}).want(PortMissing)
}

// What was asked before the gateway lost its power says nothing of it afterwards.
func TestAnOldRoundDoesNotEndTheStart(t *testing.T) {
	p := start(t)
	p.see(wired).wait(time.Minute, &well).want(OK)
	p.see(Conditions{Cut: ByRemedy}).wait(2*time.Second, nil).see(Conditions{}).wait(20*time.Second, nil).want(Starting)
	p.wait(20*time.Second, &well).want(OK)
}
