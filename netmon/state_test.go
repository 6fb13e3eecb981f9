package netmon

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/reading"
)

var (
	wired    = Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1"}
	well     = Round{Gateway: Passed, Internet: Passed, DNS: Passed, HTTP: Passed, Latency: 80 * time.Millisecond}
	silent   = Round{Gateway: Failed, Internet: Failed, DNS: Failed, HTTP: Failed}
	offline  = Round{Gateway: Passed, Internet: Failed, DNS: Failed, HTTP: Failed}
	captive  = Round{Gateway: Passed, Internet: Failed, DNS: Passed, HTTP: Failed, Captive: true}
	nameless = Round{Gateway: Passed, Internet: Passed, DNS: Failed, HTTP: Failed}
	slow     = Round{Gateway: Passed, Internet: Passed, DNS: Passed, HTTP: Passed, Latency: 2 * time.Second}
)

// play is a van with a clock of its own.
type play struct {
	t *testing.T
	o Options
	s State
	// now starts late enough that a zero time is seen to be one.
	now time.Duration
	// shown are the verdicts in the order in which they showed.
	shown []Verdict
}

func start(t *testing.T) *play {
	return &play{t: t, o: DefaultOptions(), s: New(), now: time.Hour}
}

func (p *play) see(input any) *play {
	if r, ok := input.(Round); ok {
		input = r.Evidence()
	}
	p.s = Step(p.o, p.s, input, p.now)
	if n := len(p.shown); n == 0 || p.shown[n-1] != p.s.Verdict {
		p.shown = append(p.shown, p.s.Verdict)
	}
	return p
}

// wait lets time pass as the loop does: Step is called when Wake asks for it,
// and a round of probes finds probe at the cadence asked for, if it is not nil.
func (p *play) wait(d time.Duration, probe *Round) *play {
	end, last := p.now+d, p.now
	for {
		next := end
		if w := p.s.Wake(p.o); w != 0 {
			if w < p.now {
				p.t.Fatalf("Wake asks for %v, which is %v ago", w, p.now-w)
			}
			next = min(next, w)
		}
		round := time.Duration(-1)
		if every := p.s.ProbeEvery(p.o, p.s.conditions.Session, p.s.conditions.BatteryLow); every != 0 && probe != nil {
			round = max(last+every, p.now)
			next = min(next, round)
		}
		if next == end && round != end {
			p.now = end
			return p.see(nil)
		}
		p.now = next
		if next == round {
			last = p.now
			p.see(*probe)
		} else {
			p.see(nil)
		}
		if p.now >= end {
			return p
		}
	}
}

func (p *play) want(v Verdict) *play {
	p.t.Helper()
	if p.s.Verdict != v {
		p.t.Fatalf("verdict is %s (found %s), want %s", p.s.Verdict, p.s.found, v)
	}
	return p
}

func (p *play) wantShown(v ...Verdict) {
	p.t.Helper()
	if !slices.Equal(p.shown, v) {
		p.t.Fatalf("shown were %v, want %v", p.shown, v)
	}
}

func (p *play) ladder() string {
	var words []string
	for _, r := range p.s.Ladder {
		words = append(words, r.Finding.String())
	}
	return strings.Join(words, " ")
}

func TestTheFirstCauseGivesTheVerdictAndHidesTheRest(t *testing.T) {
	with := func(change func(*Link)) Link { l := wired; change(&l); return l }
	for _, c := range []struct {
		name   string
		link   any
		probe  any
		want   Verdict
		ladder string
	}{
		{"nothing is known", nil, nil, Starting,
			"unknown unknown unknown not-tried not-tried not-tried not-tried not-tried not-tried"},
		{"the port is well and no round is complete", wired, nil, Starting,
			"passed passed passed not-tried not-tried not-tried not-tried not-tried not-tried"},
		{"no such port", Link{}, silent, PortMissing,
			"failed not-tried not-tried not-tried not-tried not-tried not-tried not-tried not-tried"},
		{"the cable is out, though it still has its address", with(func(l *Link) { l.Carrier = false }), silent, CableUnplugged,
			"passed failed not-tried not-tried not-tried not-tried not-tried not-tried not-tried"},
		{"no lease", with(func(l *Link) { l.Address, l.Gateway = "", "" }), silent, NoAddress,
			"passed passed failed not-tried not-tried not-tried not-tried not-tried not-tried"},
		{"an address that the box gave itself", with(func(l *Link) { l.Address = "169.254.7.7/16" }), silent, NoAddress,
			"passed passed failed not-tried not-tried not-tried not-tried not-tried not-tried"},
		{"an address and no route", with(func(l *Link) { l.Gateway = "" }), silent, NoAddress,
			"passed passed failed not-tried not-tried not-tried not-tried not-tried not-tried"},
		{"the gateway is dead", wired, silent, GatewaySilent,
			"passed passed passed failed not-tried not-tried not-tried not-tried not-tried"},
		{"the cellular link is down", wired, offline, NoInternet,
			"passed passed passed passed failed not-tried not-tried not-tried not-tried"},
		{"a sign-in page answers for everything", wired, captive, CaptivePortal,
			"passed passed passed passed unknown failed not-tried not-tried not-tried"},
		{"names do not resolve", wired, nameless, DNSFailing,
			"passed passed passed passed passed unknown failed not-tried not-tried"},
		{"pages come late", wired, slow, Slow,
			"passed passed passed passed passed passed passed passed failed"},
		{"pages do not come within their bound", wired, Round{Gateway: Passed, Internet: Passed, DNS: Passed, HTTP: Failed}, Slow,
			"passed passed passed passed passed unknown passed unknown failed"},
		{"all is well", wired, well, OK,
			"passed passed passed passed passed passed passed passed passed"},
		{"the gateway hides its page and forwards all the same", wired, Round{Gateway: Failed, Internet: Passed, DNS: Passed, HTTP: Passed}, OK,
			"passed passed passed passed passed passed passed passed passed"},
		{"every address target is blocked and a page comes all the same", wired, Round{Gateway: Passed, Internet: Failed, DNS: Passed, HTTP: Passed}, OK,
			"passed passed passed passed passed passed passed passed passed"},
		{"the port cannot be asked and the probes are well", LinkLost{}, well, OK,
			"unknown unknown unknown passed passed passed passed passed passed"},
		{"nothing was asked for", wired, Round{}, Unknown,
			"passed passed passed not-tried not-tried not-tried not-tried not-tried not-tried"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t).see(c.link).see(c.probe)
			if p.s.found != c.want {
				t.Errorf("found %s, want %s", p.s.found, c.want)
			}
			if got := p.ladder(); got != c.ladder {
				t.Errorf("ladder\n got %s\nwant %s", got, c.ladder)
			}
			again, _ := c.probe.(Round)
			p.wait(20*time.Second, &again)
			if c.probe != nil {
				p.want(c.want)
			}
		})
	}
}

func TestAPulledCableShowsInTheSameStepAndClearsAfterItHasHeld(t *testing.T) {
	p := start(t).see(wired).see(well).want(OK)
	out := wired
	out.Carrier = false

	p.now += 5 * time.Second
	p.see(out).want(CableUnplugged)
	if p.s.Since != p.now {
		t.Errorf("since %v, want %v", p.s.Since, p.now)
	}
	if every := p.s.ProbeEvery(p.o, true, false); every != 0 {
		t.Errorf("probes every %v over a cable that is out", every)
	}
	p.wait(time.Minute, &silent).want(CableUnplugged)

	p.see(wired).see(well)
	p.wait(p.o.ClearAfter-time.Second, &well).want(CableUnplugged)
	p.wait(time.Second, &well).want(OK)
	p.wantShown(Starting, OK, CableUnplugged, OK)
}

func TestACableThatIsBackBeforeTheLeaseIsNotCalledOutNorRefused(t *testing.T) {
	out, bare := wired, wired
	out.Carrier = false
	bare.Address, bare.Gateway = "", ""
	p := start(t).see(out).want(CableUnplugged)
	p.see(bare).wait(8*time.Second, nil).want(Starting)
	p.see(wired).see(well).want(OK)
	p.wantShown(CableUnplugged, Starting, OK)
}

func TestALeaseThatIsLostIsNotOKWhileItMayStillBeRenewed(t *testing.T) {
	p := start(t).see(wired).see(well).want(OK)
	p.see(Link{Present: true, Carrier: true}).want(Starting)
	p.wait(p.o.AddressAfter, nil).want(NoAddress)
	p.wantShown(Starting, OK, Starting, NoAddress)
}

func TestALeaseThatNeverComesShowsAfterItsOwnPatience(t *testing.T) {
	p := start(t).see(Link{Present: true, Carrier: true})
	p.wait(p.o.AddressAfter-time.Millisecond, nil).want(Starting)
	p.wait(time.Millisecond, nil).want(NoAddress)
}

func TestAFaultThatPassesBeforeItsPatienceNeverShows(t *testing.T) {
	p := start(t).see(wired).see(well)
	for range 20 {
		p.see(offline)
		p.wait(p.o.ShowAfter-time.Millisecond, nil)
		p.see(well)
		p.wait(time.Second, &well)
	}
	p.wantShown(Starting, OK)
}

func TestAGatewayThatTheKernelAsksForInVainIsSilent(t *testing.T) {
	gone := wired
	gone.Neighbour = NeighbourFailed
	p := start(t).see(wired).see(well).want(OK)
	p.now += 5 * time.Second
	p.see(gone).wait(p.o.GatewayAfter, nil).want(GatewaySilent)
	if got := p.ladder(); got != "passed passed passed failed not-tried not-tried not-tried not-tried not-tried" {
		t.Errorf("the ladder is %s", got)
	}
	// What got through since is worth more than what the kernel last heard.
	p.see(well).wait(p.o.ClearAfter, &well).want(OK)
	p.wantShown(Starting, OK, GatewaySilent, OK)

	// Also where no round was ever complete.
	start(t).see(gone).wait(DefaultOptions().GatewayAfter, nil).want(GatewaySilent)
}

func TestAGatewayThatHidesItsPageIsThereIfTheKernelSaysSo(t *testing.T) {
	there := wired
	there.Neighbour = NeighbourReachable
	p := start(t).see(there)
	p.wait(time.Minute, &silent).want(NoInternet)

	// One that had a page and has none any more hangs.
	p = start(t).see(there).see(well).want(OK).see(silent)
	p.wait(time.Minute, &silent).want(GatewaySilent)
}

// The kernel tells of the carrier once a second at most, and counts all the time.
func TestACableThatWasOutBetweenTwoLooksWasOut(t *testing.T) {
	p := start(t).see(wired).see(well).want(OK)
	again := wired
	for range 3 {
		p.now += time.Second
		again.Losses++
		p.see(again).want(CableUnplugged)
	}
	if !p.s.Flapping || p.s.Losses(p.o, p.now) != 3 {
		t.Errorf("flapping %v, %d losses", p.s.Flapping, p.s.Losses(p.o, p.now))
	}
	p.wait(p.o.FlapClear-time.Second, &well).want(CableUnplugged).wait(2*time.Second, &well).want(OK)

	// What was counted before the first look is history.
	if p = start(t).see(again).see(well).want(OK); p.s.Losses(p.o, p.now) != 0 {
		t.Errorf("%d losses", p.s.Losses(p.o, p.now))
	}
}

func TestAnotherSpeedOrNeighbourIsNoOtherWay(t *testing.T) {
	p := start(t).see(wired).see(well).want(OK)
	other := wired
	other.Speed, other.Duplex, other.Neighbour = 100, "full", NeighbourReachable
	p.see(other).want(OK)
	if _, fresh := p.s.Probe.Get(); !fresh {
		t.Error("what was asked over the same way is forgotten")
	}
	other.Gateway = "192.0.2.7"
	p.see(other).want(Starting)
}

func TestACableThatIsHalfBrokenIsNamedWhereItIsSlow(t *testing.T) {
	for _, l := range []Link{{Speed: 100, Duplex: "half"}, {Speed: 10, Duplex: "full"}} {
		bad := wired
		bad.Speed, bad.Duplex = l.Speed, l.Duplex
		p := start(t).see(bad).wait(time.Minute, &slow).want(Slow)
		if got := p.s.Advice(); got != CableHalf {
			t.Errorf("%+v: %s", l, got)
		}
		if p.see(well).wait(time.Minute, &well).want(OK); p.s.Advice() != Advice(OK) {
			t.Errorf("%+v: nothing is slow, and the advice is %s", l, p.s.Advice())
		}
	}
}

// Where the address is configured it is set at once, before anything shows; and
// nobody is asked for a lease.
func TestAConfiguredAddressIsSet(t *testing.T) {
	p := start(t)
	p.o.Static = true
	bare := Link{Present: true, Carrier: true}
	p.see(bare).wait(time.Second, nil).want(Starting)
	if p.s.Remedy.Remedy != SetAddress {
		t.Fatalf("%q was tried", p.s.Remedy.Remedy)
	}
	p.see(Tried{Remedy: SetAddress}).see(wired).see(well).want(OK)
	if p.s.Remedy.Result != Helped {
		t.Errorf("the result is %q", p.s.Remedy.Result)
	}
	p.wantShown(Starting, OK)

	// It is taken away: set again, but not at every turn.
	p.now += time.Minute
	p.see(bare).wait(90*time.Second, nil).want(NoAddress)
	at := p.s.Remedy.At
	if p.s.Remedy.Remedy != SetAddress || p.s.Remedy.Result != NoChange {
		t.Errorf("%+v", p.s.Remedy)
	}
	p.wait(30*time.Minute, nil)
	if p.s.Remedy.Remedy != SetAddress || p.s.Remedy.At == at {
		t.Errorf("it was given up: %+v", p.s.Remedy)
	}

	// An ordinary van never does it.
	p = start(t).see(bare)
	p.wait(time.Hour, nil)
	if past := p.s.past[SetAddress.index()]; past.tried {
		t.Error("an address that is not configured was set")
	}
}

// While the gateway starts, nothing worse than that is found: that is no help of an
// address that was only just asked for.
func TestAnAddressHelpsNobodyBeforeItIsSet(t *testing.T) {
	p := start(t)
	p.o.Static = true
	p.see(wired).wait(time.Minute, &well).want(OK)
	dark, bare := wired, wired
	dark.Carrier, bare.Gateway = false, ""
	p.see(dark).wait(time.Minute, nil).see(wired).wait(time.Minute, &nameless).want(DNSFailing)
	p.see(bare).wait(time.Second, nil).want(DNSFailing) // the gateway may have been switched off and on
	if p.s.Remedy.Remedy != SetAddress {
		t.Fatalf("%q was tried", p.s.Remedy.Remedy)
	}
	if p.see(nil); p.s.Remedy.Result != "" {
		t.Fatalf("%+v", p.s.Remedy)
	}
	p.see(Tried{Remedy: SetAddress}).see(wired).wait(time.Minute, &well).want(OK)
	if p.s.Remedy.Result != Helped {
		t.Errorf("%+v", p.s.Remedy)
	}
}

// A route that somebody took away is put back once, and then reported.
func TestARouteThatSomebodyTakesAwayAgainIsNotFoughtOver(t *testing.T) {
	p := start(t).see(wired).see(well)
	routeless := wired
	routeless.Gateway = ""
	tried := func() (n int) { // in a quarter of an hour
		at := p.s.Remedy.At
		for range 60 {
			if p.wait(15*time.Second, nil); p.s.Remedy.At != at {
				at = p.s.Remedy.At
				n++
				p.see(Tried{Remedy: p.s.Remedy.Remedy})
				if p.s.Remedy.Remedy != RenewLease {
					t.Errorf("%s was tried", p.s.Remedy.Remedy)
				}
			}
			if n > 0 && p.s.Remedy.Result == "" {
				p.see(wired).wait(10*time.Second, &well).want(OK) // it helps
				return n
			}
		}
		return n
	}
	if n := tried(); n != 0 {
		t.Fatalf("%d tries while all is well", n)
	}
	p.see(routeless)
	if n := tried(); n != 1 {
		t.Fatalf("%d tries to put it back", n)
	}
	p.see(routeless)
	if n := tried(); n != 0 {
		t.Errorf("fought over: %d tries", n)
	}
	p.want(NoAddress)
	if got := p.s.Advice(); got != RouteLost {
		t.Errorf("the advice is %s", got)
	}
	// After ten minutes of peace it is another story.
	p.see(wired).wait(p.o.Forget+time.Minute, &well).want(OK).see(routeless)
	if n := tried(); n != 1 {
		t.Errorf("%d tries after a long peace", n)
	}
}

// One that somebody leads elsewhere is put back once too, by taking the link away
// and giving it back, and the gateway's power is left alone.
func TestARouteThatSomebodyLeadsElsewhereIsNotFoughtOver(t *testing.T) {
	for _, c := range []struct {
		found   Round
		verdict Verdict
	}{{silent, GatewaySilent}, {offline, NoInternet}} {
		p := start(t)
		p.o.Relay = true
		p.see(wired).see(well).wait(time.Hour, &well)
		elsewhere := wired
		elsewhere.Gateway = "192.168.128.99"
		var tried []Remedy
		for range 3 { // three times, a minute after it was put back
			p.see(elsewhere)
			at := p.s.Remedy.At
			for range 60 {
				if p.wait(15*time.Second, &c.found); p.s.Remedy.At != at {
					tried = append(tried, p.s.Remedy.Remedy)
					p.see(Tried{Remedy: p.s.Remedy.Remedy})
					break
				}
			}
			p.want(c.verdict)
			if got := p.s.Advice(); got != RouteLost {
				t.Errorf("the advice is %s", got)
			}
			p.see(wired).wait(time.Minute, &well).want(OK)
		}
		if want := []Remedy{BounceLink}; !slices.Equal(tried, want) {
			t.Errorf("%s: %v were tried, want %v", c.verdict, tried, want)
		}
		// Another gateway that works is nobody's fault.
		p.see(elsewhere).wait(time.Minute, &well).want(OK)
		p.see(offline).wait(3*time.Minute, &offline).want(NoInternet)
		if got := p.s.Advice(); got == RouteLost {
			t.Errorf("of a gateway that worked: %s", got)
		}
	}
}

func TestARoundThatSawHalfOfAFaultNeverShows(t *testing.T) {
	p := start(t).see(wired).see(well)
	p.see(offline).wait(p.o.ShowAfter+time.Second, nil).want(OK)
	p.see(silent).want(GatewaySilent)
	p.wantShown(Starting, OK, GatewaySilent)
}

func TestFaultsThatAlternateShowAllTheSame(t *testing.T) {
	p := start(t).see(wired).see(well)
	for range 3 {
		p.see(nameless).wait(time.Second, nil)
		p.see(offline).wait(time.Second, nil)
	}
	if p.s.Verdict == OK {
		t.Error("still ok after 6 s in which no round was well")
	}
}

func TestOneGoodRoundDoesNotClearAFault(t *testing.T) {
	p := start(t).see(wired).see(well).see(offline)
	p.wait(p.o.ShowAfter, &offline).want(NoInternet)
	p.see(well).wait(2*time.Second, nil)
	p.see(offline).wait(10*time.Second, &offline)
	p.wantShown(Starting, OK, NoInternet)
}

func TestAStaleProbeIsUnknownAndNeverOK(t *testing.T) {
	for _, c := range []struct {
		name       string
		conditions Conditions
		limit      func(Options) time.Duration
	}{
		{"idle", Conditions{}, func(o Options) time.Duration { return 2*o.ProbeIdle + o.Margin }},
		{"in a session", Conditions{Session: true}, func(o Options) time.Duration { return 2*o.ProbeBusy + o.Margin }},
		{"on a low battery nothing is asked", Conditions{BatteryLow: true}, func(o Options) time.Duration { return 2*o.ProbeIdle + o.Margin }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t).see(c.conditions).see(wired).see(well).see(well).want(OK)
			p.wait(c.limit(p.o)-1, nil).want(OK)
			p.wait(1, nil).want(Unknown)
			if got := p.ladder(); got != "passed passed passed unknown unknown unknown unknown unknown unknown" {
				t.Errorf("ladder %s", got)
			}
			p.see(well).want(OK)
		})
	}
}

func TestASessionThatBeginsDoesNotMakeTheLastIdleProbeStale(t *testing.T) {
	p := start(t).see(wired).see(well).wait(4*time.Minute, nil).want(OK)
	p.see(Conditions{Session: true}).want(OK)
	p.wait(30*time.Second, &well)
	p.wantShown(Starting, OK)
}

func TestTheCadenceOfProbing(t *testing.T) {
	o := DefaultOptions()
	ok := start(t).see(wired).see(well)
	bad := start(t).see(wired).see(offline).wait(time.Minute, &offline).want(NoInternet)
	waiting := start(t).see(wired).see(well).see(offline)
	for _, c := range []struct {
		name         string
		s            State
		session, low bool
		want         time.Duration
	}{
		{"well and idle", ok.s, false, false, 5 * time.Minute},
		{"well in a session", ok.s, true, false, 8 * time.Second},
		{"bad", bad.s, false, false, 8 * time.Second},
		{"something waits to show", waiting.s, false, false, 2 * time.Second},
		{"at start", New(), false, false, 8 * time.Second},
		{"battery low", bad.s, true, true, 0},
		{"no way to probe", start(t).see(Link{Present: true}).s, true, false, 0},
	} {
		if got := c.s.ProbeEvery(o, c.session, c.low); got != c.want {
			t.Errorf("%s: every %v, want %v", c.name, got, c.want)
		}
	}
}

func TestInTheSimulationEachFaultShowsAndClearsWithin15Seconds(t *testing.T) {
	const timeout = 3 * time.Second // of a round in which something does not answer
	// The worst moment is just after a round has begun: that one sees nothing,
	// and takes its time as every other.
	turn := func(p *play, until func() bool, probe Round) {
		begun := p.now
		p.wait(timeout, nil)
		for !until() {
			p.wait(max(timeout, p.s.ProbeEvery(p.o, false, false)), nil).see(probe)
			if p.now-begun > 15*time.Second {
				t.Fatalf("%s still shows after %v of %s", p.s.Verdict, p.now-begun, p.s.found)
			}
		}
	}
	for _, probe := range []Round{silent, offline, captive, nameless, slow} {
		p := start(t)
		p.o = SimOptions()
		p.see(wired).see(well).want(OK)
		turn(p, func() bool { return p.s.Verdict != OK }, probe)
		turn(p, func() bool { return p.s.Verdict == OK }, well)
	}
}

func TestTheCloudsViewGrowsOld(t *testing.T) {
	p := start(t).see(Cellular{SignalBars: 3})
	p.wait(p.o.CellularMaxAge+time.Second, nil)
	if p.s.Cellular.Quality != reading.Stale {
		t.Errorf("quality %s, want stale", p.s.Cellular.Quality)
	}
}

func TestTheVerdictsAreThoseOfTheLadder(t *testing.T) {
	want := []Verdict{Starting}
	for _, r := range rows {
		want = append(want, r.verdict)
	}
	if want = append(want, OK, Unknown); !slices.Equal(Verdicts, want) {
		t.Errorf("%s, want %s", Verdicts, want)
	}
}

func TestTheStateIsJSONWithWordsForFindings(t *testing.T) {
	b, err := json.Marshal(start(t).see(wired).see(offline).s)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"verdict":"starting"`, `{"name":"internet","finding":"failed","at_ns":3600000000000}`, `"finding":"not-tried","at_ns":0`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s is not in %s", want, b)
		}
	}
	var f Finding
	for want := NotTried; want <= NotKnown; want++ {
		text, _ := want.MarshalText()
		if err := f.UnmarshalText(text); err != nil || f != want {
			t.Errorf("%s read back as %s, %v", want, f, err)
		}
	}
	if f.UnmarshalText([]byte("perhaps")) == nil {
		t.Error("perhaps is a finding")
	}
}

// Whatever is seen in whatever order, the verdict never says more than is
// known.
func TestPropertyTheVerdictNeverSaysMoreThanIsKnown(t *testing.T) {
	finding := rapid.SampledFrom([]Finding{NotTried, Passed, Failed})
	link := rapid.Custom(func(t *rapid.T) Link {
		l := wired
		l.Present = rapid.IntRange(0, 9).Draw(t, "present") > 0
		l.Carrier = l.Present && rapid.IntRange(0, 9).Draw(t, "carrier") > 1
		if rapid.IntRange(0, 9).Draw(t, "address") < 2 {
			l.Address, l.Gateway = "", ""
		}
		return l
	})
	probe := rapid.Custom(func(t *rapid.T) Round {
		return Round{Gateway: finding.Draw(t, "gateway"), Internet: finding.Draw(t, "internet"), DNS: finding.Draw(t, "dns"),
			HTTP: finding.Draw(t, "http"), Captive: rapid.Bool().Draw(t, "captive"),
			Latency: time.Duration(rapid.IntRange(0, 4000).Draw(t, "ms")) * time.Millisecond}
	})
	rapid.Check(t, func(t *rapid.T) {
		o, s, now := DefaultOptions(), New(), time.Hour
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			var in any
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				in = link.Draw(t, "link")
			case 1, 2:
				in = probe.Draw(t, "probe").Evidence()
			case 3:
				in = Conditions{Session: rapid.Bool().Draw(t, "session"), BatteryLow: rapid.Bool().Draw(t, "low")}
			case 4:
				in = LinkLost{}
			}
			now += time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "passed"))
			was, kept := s, slices.Clone(s.Ladder)
			s = Step(o, s, in, now)

			if !slices.Equal(was.Ladder, kept) {
				t.Fatal("a step changed the state before it")
			}
			failed := slices.IndexFunc(s.Ladder, func(r Rung) bool { return r.Finding == Failed })
			for i, r := range s.Ladder {
				if failed >= 0 && i > failed && r.Finding != NotTried {
					t.Fatalf("%s is %s behind %s, which failed", r.Name, r.Finding, s.Ladder[failed].Name)
				}
			}
			if l, known := s.Link.Get(); known && !l.Carrier && rank(s.Verdict) > rank(CableUnplugged) {
				t.Fatalf("%s without a carrier", s.Verdict)
			}
			if s.Verdict == OK && s.Probe.Quality != reading.Fresh {
				t.Fatalf("ok by a probe that is %s", s.Probe.Quality)
			}
			if s.Verdict != was.Verdict && s.Since != now || s.Verdict == was.Verdict && s.Since != was.Since {
				t.Fatalf("since %v at %v", s.Since, now)
			}
			if w := s.Wake(o); w != 0 && w <= now {
				t.Fatalf("wake at %v, which is not after %v", w, now)
			}
		}
	})
}

// The gateway's power is the strongest remedy; a week of days with faults at
// every moment never drives one outside its limits.
func TestPropertyNoRemedyIsTriedOutsideItsLimits(t *testing.T) {
	days := 1
	if os.Getenv("INFOBUS_SOAK") != "" {
		days = 7
	}
	rapid.Check(t, func(t *rapid.T) {
		var (
			o        = DefaultOptions()
			s        = New()
			now      = time.Duration(rapid.IntRange(1, 1000).Draw(t, "boot")) * time.Second
			begun    = now
			end      = now + time.Duration(days)*24*time.Hour
			last     = map[Remedy]time.Duration{}
			probe    = rapid.SampledFrom([]Round{well, well, silent, offline, offline, nameless, slow, captive})
			current  = well
			link     = wired
			cellular Cellular
			at       time.Duration // of the last round
			on       Conditions
			change   = now
			hour     []time.Duration
		)
		o.Relay = true
		o.Static = rapid.Bool().Draw(t, "static")
		step := func(in any) {
			was := s
			s = Step(o, s, in, now)
			if s.Remedy.At != was.Remedy.At {
				r := s.Remedy.Remedy
				before, tried := last[r]
				if tried && now-before < o.gap(r) {
					t.Fatalf("%s again after %v", r, now-before)
				}
				last[r] = now
				if was.Remedy.Remedy != "" && was.Remedy.Result == "" && was.Remedy.At != 0 && s.Remedy.At != now {
					t.Fatal("two at a time")
				}
				if r == CyclePower {
					if on.Session && now-on.SessionSince < o.PowerSession {
						t.Fatalf("the gateway was switched off %v into a session", now-on.SessionSince)
					}
					if now-begun < o.PowerGap {
						t.Fatalf("the gateway was switched off %v after the start", now-begun)
					}
					if cell, fresh := s.Cellular.Get(); fresh && cell.Status == "connecting" && s.Verdict != GatewaySilent {
						t.Fatal("the gateway was switched off while it answers and registers")
					}
					if on.BatteryLow || s.Verdict == OK || s.Verdict == Slow || s.Verdict == CaptivePortal {
						t.Fatalf("the gateway was switched off: %s, %+v", s.Verdict, on)
					}
				}
				hour = append(hour, now)
				for len(hour) > 0 && now-hour[0] >= time.Hour {
					hour = hour[1:]
				}
				if len(hour) > 60 {
					t.Fatalf("%d remedies in an hour", len(hour))
				}
			}
			if s.CutByRemedy && now-s.Remedy.At > o.PowerOff {
				t.Fatalf("the gateway is still off after %v", now-s.Remedy.At)
			}
			if s.Remedy.Result == "" && s.Remedy.Remedy != "" && now-s.Remedy.At > o.showsWithin(s.Remedy.Remedy) {
				t.Fatalf("%s has no result after %v", s.Remedy.Remedy, now-s.Remedy.At)
			}
		}
		step(link)
		for now < end {
			next := change
			if w := s.Wake(o); w != 0 {
				next = min(next, w)
			}
			if every := s.ProbeEvery(o, on.Session, on.BatteryLow); every != 0 {
				next = min(next, max(at+every, now+1))
			}
			now = next
			switch every := s.ProbeEvery(o, on.Session, on.BatteryLow); {
			case now >= change:
				change = now + time.Duration(rapid.IntRange(1, 7200).Draw(t, "for"))*time.Second
				switch rapid.IntRange(0, 7).Draw(t, "what") {
				case 7: // the cable comes and goes
					for range rapid.IntRange(1, 6).Draw(t, "flaps") {
						step(Link{Present: true})
						now += time.Duration(rapid.IntRange(1, 8).Draw(t, "out")) * time.Second
						step(link)
						now += time.Second
						step(nil)
					}
					change = max(change, now+time.Second)
				case 0:
					on = Conditions{Session: !on.Session, SessionSince: now}
					if !on.Session {
						on.SessionSince = 0
					}
				case 1:
					on.BatteryLow = !on.BatteryLow
				case 2:
					link = wired
					if rapid.Bool().Draw(t, "unaddressed") {
						link.Address, link.Gateway = "", ""
					}
				case 3:
					cellular.Status = rapid.SampledFrom([]string{"connecting", "active"}).Draw(t, "status")
					step(cellular)
				case 4:
					link.Neighbour = rapid.SampledFrom([]Neighbour{NeighbourUnknown, NeighbourReachable, NeighbourFailed}).Draw(t, "neighbour")
				default:
					link, current = wired, probe.Draw(t, "probe")
				}
				step(on)
				step(link)
			case every != 0 && now >= at+every:
				at = now
				step(current.Evidence())
			case s.Remedy.Remedy != "" && s.Remedy.Result == "" && rapid.IntRange(0, 9).Draw(t, "refused") == 0:
				step(Tried{Remedy: s.Remedy.Remedy, Result: Refused})
			default:
				step(nil)
			}
		}
	})
}

// Probing that has cost a day's bytes is rare until the next day's session, bad as
// it may be meanwhile.
func TestADaysProbesHaveALimit(t *testing.T) {
	o := DefaultOptions()
	s, now := New(), time.Hour
	see := func(in any) { s = Step(o, s, in, now) }
	every := func(want time.Duration) {
		t.Helper()
		if got := s.ProbeEvery(o, s.conditions.Session, false); got != want {
			t.Errorf("at %v every %v, want %v", now, got, want)
		}
	}
	see(Conditions{Session: true})
	see(Evidence{Bytes: o.ProbeBytes - 1})
	every(o.ProbeBusy)
	see(Evidence{Bytes: 1})
	every(o.ProbeIdle)
	see(Evidence{Bytes: 1})
	every(o.ProbeIdle)
	now += 19 * time.Hour
	see(Conditions{})
	see(Conditions{Session: true}) // another session of the same day
	every(o.ProbeIdle)
	see(Conditions{})
	now += time.Hour
	see(Conditions{Session: true})
	every(o.ProbeBusy)
	see(Evidence{Bytes: o.ProbeBytes})
	every(o.ProbeIdle)
	now += 24 * time.Hour
	see(Evidence{})
	every(o.ProbeBusy)
}
