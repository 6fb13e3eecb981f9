package netmon

import (
	"testing"
	"time"
)

// guest is a van in a session whose own way is well, with a port in the public network.
type guest struct {
	t *testing.T
	o Options
	s State
	// now is its monotonic time, and last when it was asked as a phone.
	now, last time.Duration
	own       Round
	dead      bool // the sites that are asked refuse the box itself, others do not
	names     Came
	check     Came
	proof     Came
	port      PhonePort
}

func newGuest(t *testing.T) *guest {
	g := &guest{t: t, o: DefaultOptions(), s: New(), now: time.Hour, names: Right, check: Right, proof: Right,
		own:  Round{Gateway: Passed, Internet: Passed, DNS: Passed, HTTP: Passed, Latency: 80 * time.Millisecond},
		port: PhonePort{Present: true, Carrier: true, Address: "192.0.2.77/24", Gateway: "192.0.2.1", DNS: "192.0.2.1"}}
	g.step(Conditions{Session: true, SessionSince: g.now, ClockTrusted: true})
	g.step(Link{Present: true, Carrier: true, Address: "198.51.100.7/24", Gateway: "198.51.100.1"})
	g.step(g.port)
	g.pass(time.Minute)
	if g.s.Verdict != OK || g.s.AsPhone.Found != PhoneWorks {
		t.Fatalf("to begin with it is %s, and %s as a phone", g.s.Verdict, g.s.AsPhone.Found)
	}
	return g
}

func (g *guest) step(input any) {
	g.t.Helper()
	g.s = Step(g.o, g.s, input, g.now)
	if w := g.s.Wake(g.o); w != 0 && w <= g.now {
		g.t.Fatalf("at %v it wants to be called at %v", g.now, w)
	}
}

// pass lets time pass, in which the box asks by its own way and as a phone.
func (g *guest) pass(d time.Duration) {
	g.t.Helper()
	for end := g.now + d; g.now < end; {
		g.now += 2 * time.Second
		e := g.own.Evidence()
		proof := Cell{Question: Proof, Server: Site, Name: 1, Port: 443}
		switch {
		case g.dead:
			check, chain := Cell{Question: Check, Server: Site, Name: 2, Port: 443, Way: ByName}, Cell{Question: Chain, Server: Public, Nth: 1, Port: 443}
			e.Answers = append(e.Answers, Answer{Cell: proof, Came: Refusal, After: time.Millisecond}, Answer{Cell: check, Came: Refusal, After: time.Millisecond},
				Answer{Cell: chain, Came: Right, After: time.Millisecond})
		case g.own.HTTP == Passed:
			e.Answers = append(e.Answers, Answer{Cell: proof, Came: Right, After: 90 * time.Millisecond})
		}
		g.step(e)
		pace := g.s.PhonePace(g.o)
		if pace.Every == 0 || g.now-g.last < pace.Every {
			g.step(nil)
			continue
		}
		g.last = g.now
		asked := PhoneAsked{Bytes: 1000}
		for _, a := range []struct {
			q      Question
			server Server
			port   uint16
			came   Came
		}{{Lookup, Leased, 53, g.names}, {Random, Leased, 53, g.names}, {Check, Site, 80, g.check}, {Proof, Site, 443, g.proof}} {
			if a.server == Site && g.names != Right {
				continue
			}
			after := 50 * time.Millisecond
			if a.came == Nothing {
				after = 9 * time.Second
			}
			asked.Answers = append(asked.Answers, Answer{Cell: Cell{Question: a.q, Server: a.server, Nth: 1, Name: 1, Port: a.port, Way: wayOf(a.server)}, Came: a.came, After: after, Ago: after})
		}
		g.step(asked)
	}
}

func wayOf(s Server) Way {
	if s == Site {
		return ByName
	}
	return ByNumber
}

// want lets a minute pass, in which that must come to be found and the verdict must not
// change, and tells how long it took.
func (g *guest) want(found PhoneFinding, verdict Verdict) {
	g.t.Helper()
	begun := g.now
	for g.s.AsPhone.Found != found {
		if g.now-begun > time.Minute {
			g.t.Fatalf("after a minute it finds %s as a phone, want %s", g.s.AsPhone.Found, found)
		}
		g.pass(2 * time.Second)
		if g.s.Verdict != verdict {
			g.t.Fatalf("the verdict is %s", g.s.Verdict)
		}
	}
	g.pass(time.Minute)
	if g.s.AsPhone.Found != found || g.s.Verdict != verdict {
		g.t.Fatalf("a minute later it finds %s as a phone, want %s; the verdict is %s", g.s.AsPhone.Found, found, g.s.Verdict)
	}
}

func TestWhatPhonesLackIsFoundWhileTheBoxItselfIsWell(t *testing.T) {
	for _, c := range []struct {
		what   string
		breaks func(*guest)
		want   PhoneFinding
	}{
		{"no lease", func(g *guest) { g.port.Address, g.port.Gateway = "", ""; g.step(g.port) }, PhoneNoAddress},
		{"an address that it gave itself", func(g *guest) { g.port.Address, g.port.Gateway = "169.254.7.7/16", ""; g.step(g.port) }, PhoneNoAddress},
		{"a lease without a router", func(g *guest) { g.port.Gateway = ""; g.step(g.port) }, PhoneNoAddress},
		{"names that nobody answers", func(g *guest) { g.names = Nothing }, PhoneNoNames},
		{"names that are refused", func(g *guest) { g.names = Refusal }, PhoneNoNames},
		{"names that there are none of", func(g *guest) { g.names = NoName }, PhoneNoNames},
		{"port 443 dropped", func(g *guest) { g.proof = Nothing }, PhoneNoPage},
		{"port 443 refused", func(g *guest) { g.proof = Refusal }, PhoneNoPage},
		{"everything dropped but names", func(g *guest) { g.check, g.proof = Nothing, Nothing }, PhoneNoPage},
		{"a sign-in page", func(g *guest) { g.check = Foreign }, PhoneSignIn},
		{"a sign-in page that takes TLS too", func(g *guest) { g.check, g.proof = Foreign, Foreign }, PhoneSignIn},
		{"a sign-in page, where the page had come by an address that was known before", func(g *guest) {
			before := Answer{Cell: Cell{Question: Check, Server: Site, Nth: 1, Name: 1, Port: 80, Way: Before}, Came: Right, After: time.Millisecond}
			g.step(PhoneAsked{Answers: []Answer{before}})
			g.check = Foreign
		}, PhoneSignIn},
		{"port 80 dropped alone: pages are loaded from 443", func(g *guest) { g.check = Nothing }, PhoneWorks},
	} {
		t.Run(c.what, func(t *testing.T) {
			g := newGuest(t)
			c.breaks(g)
			g.want(c.want, OK)
			if found, cut := g.s.PhonesCut(); cut != (c.want != PhoneWorks) || cut && found != c.want {
				t.Errorf("it is told as %s, %v", found, cut)
			}
			g.names, g.check, g.proof = Right, Right, Right
			g.port.Address, g.port.Gateway = "192.0.2.78/24", "192.0.2.1"
			g.step(g.port)
			g.want(PhoneWorks, OK)
			if _, cut := g.s.PhonesCut(); cut {
				t.Error("it is told of what is over")
			}
		})
	}
}

// A site that answers neither the box nor a phone says nothing of phones.
func TestASiteThatIsDeadForAllIsNoFaultOfThePublicNetwork(t *testing.T) {
	g := newGuest(t)
	g.own.HTTP, g.dead, g.check, g.proof = NotTried, true, Refusal, Refusal
	g.pass(5 * time.Minute)
	if g.s.AsPhone.Found.bad() || g.s.Verdict != OK {
		t.Errorf("it finds %s as a phone, and %s by itself", g.s.AsPhone.Found, g.s.Verdict)
	}
}

func TestOfAnOutageForAllTheVerdictIsToldAlone(t *testing.T) {
	g := newGuest(t)
	g.own = Round{Gateway: Passed, Internet: Failed, DNS: Failed}
	g.names, g.check, g.proof = Nothing, Nothing, Nothing
	for range 60 {
		g.pass(2 * time.Second)
		if _, cut := g.s.PhonesCut(); cut {
			t.Fatalf("it is told of phones, at %s", g.s.Verdict)
		}
		if g.s.Verdict.bad() && g.s.Phones() != PhonesUnknown {
			t.Fatalf("phones are %s", g.s.Phones())
		}
	}
	if g.s.Verdict != NoInternet || g.s.AsPhone.Found != PhoneNoNames {
		t.Errorf("it finds %s, and %s as a phone", g.s.Verdict, g.s.AsPhone.Found)
	}
}

// The box's own way is out, and pages open by the public network: nobody is cut off.
func TestNothingIsTriedWhilePagesOpenAsAPhone(t *testing.T) {
	for _, served := range []bool{true, false} {
		g := newGuest(t)
		g.o.Relay = true
		g.s.startedAt = 1
		g.own = Round{Gateway: Passed, Internet: Failed, DNS: Failed}
		if !served {
			g.names, g.check, g.proof = Nothing, Nothing, Nothing
		}
		tried := false
		for range 1000 {
			g.pass(2 * time.Second)
			tried = tried || g.s.Remedy.Remedy == CyclePower
		}
		if tried == served {
			t.Errorf("served %v: the gateway's power was cut: %v", served, tried)
		}
		if served && (g.s.Phones() != PhonesByBox || g.s.Advice() != PhonesWork) {
			t.Errorf("phones are %s, the advice is %s", g.s.Phones(), g.s.Advice())
		}
	}
}

func TestAVolunteerKnowsBetterThanTheBoxAsAPhone(t *testing.T) {
	g := newGuest(t)
	g.names = Nothing
	g.want(PhoneNoNames, OK)
	if !g.s.Asks() {
		t.Fatal("nobody is asked")
	}
	g.step(PhoneSaid{Opens: true})
	if _, cut := g.s.PhonesCut(); cut {
		t.Error("it is told all the same")
	}
	g.pass(11 * time.Minute)
	if _, cut := g.s.PhonesCut(); !cut {
		t.Error("after ten minutes it is not told again")
	}
}

func TestALeaseIsTakenAnewAndItsTimeIsTold(t *testing.T) {
	g := newGuest(t)
	for !g.s.PhonePace(g.o).Anew {
		g.pass(2 * time.Second)
		if g.now > 2*time.Hour {
			t.Fatal("none is taken anew")
		}
	}
	g.step(PhoneLease{})
	if g.s.PhonePace(g.o).Anew {
		t.Error("it is taken twice")
	}
	leased := g.port
	g.now += 100 * time.Millisecond
	g.port.Address, g.port.Gateway = "", ""
	g.step(g.port)
	g.now += 1400 * time.Millisecond
	g.step(leased)
	if took, at := g.s.AsPhone.Took, g.s.AsPhone.Leased; took != 1500*time.Millisecond || at != g.now {
		t.Errorf("the lease of %v took %v", at, took)
	}
	if g.s.AsPhone.Found != PhoneWorks {
		t.Errorf("meanwhile it is %s", g.s.AsPhone.Found)
	}
}

func TestWithoutASessionNobodyAsksAsAPhone(t *testing.T) {
	for what, c := range map[string]Conditions{"no session": {ClockTrusted: true}, "a low battery": {Session: true, BatteryLow: true}} {
		g := newGuest(t)
		g.step(c)
		if p := g.s.PhonePace(g.o); p.Every != 0 {
			t.Errorf("%s: it asks every %v", what, p.Every)
		}
		if g.s.AsPhone.Found != PhoneUnknown {
			t.Errorf("%s: it is %s", what, g.s.AsPhone.Found)
		}
	}
}

// Of a port that is not set up nothing is said, asked or waited for.
func TestAPortThatIsNotSetUpCostsNothing(t *testing.T) {
	s := Step(DefaultOptions(), New(), Conditions{Session: true}, time.Second)
	if s.AsPhone.Fitted || s.AsPhone.Found != "" || s.PhonePace(DefaultOptions()).Every != 0 {
		t.Errorf("%+v", s.AsPhone)
	}
}

// A port by which the box's own way leads is not asked by: it would prove nothing.
func TestAPortThatLeadsOutIsNotAsked(t *testing.T) {
	g := newGuest(t)
	g.port.Leads = true
	g.step(g.port)
	g.pass(time.Minute)
	if g.s.AsPhone.Found != PhoneUnknown || g.s.PhonePace(g.o).Every != 0 {
		t.Errorf("it finds %s", g.s.AsPhone.Found)
	}
}
