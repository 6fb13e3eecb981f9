package probe_test

import (
	"context"
	"testing"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/netmon/link/linktest"
	"infobus/netmon/probe"
	"infobus/reading/clock"
	"infobus/sim/gateway"
)

func start(t *testing.T) (*gateway.Gateway, probe.Targets) {
	g, err := gateway.Start(gateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	e := g.Endpoints()
	return g, probe.Targets{Gateway: e.Page, Internet: e.Internet, DNS: []string{e.DNS}, Name: e.Name, Checks: []string{e.Check}}
}

// van is what the daemon is to the uplink: one goroutine that owns the state,
// fed by the real sources.
type van struct {
	in      chan any
	changed chan netmon.State // each new verdict; roomy
}

func drive(t *testing.T, o netmon.Options, targets probe.Targets, port *linktest.Port) *van {
	v := &van{in: make(chan any), changed: make(chan netmon.State, 1000)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{}, 3)
	t.Cleanup(func() {
		cancel()
		for range cap(ended) {
			<-ended
		}
	})
	observe := func(x any) {
		select {
		case v.in <- x:
		case <-ctx.Done():
		}
	}
	every, kick := make(chan netmon.Pace, 1), make(chan struct{}, 1)
	every <- netmon.Pace{Every: o.ProbeBusy}
	go func() {
		defer func() { ended <- struct{}{} }()
		s := netmon.New()
		for {
			var wake <-chan time.Time
			if w := s.Wake(o); w != 0 {
				wake = time.After(w - clock.Mono())
			}
			was := s
			select {
			case <-ctx.Done():
				return
			case x := <-v.in:
				s = netmon.Step(o, s, x, clock.Mono())
			case <-wake:
				s = netmon.Step(o, s, nil, clock.Mono())
			}
			if s.Verdict != was.Verdict {
				v.changed <- s
			}
			if e := s.Pace(o, false, false); e != was.Pace(o, false, false) {
				<-every
				every <- e
				select {
				case kick <- struct{}{}:
				default:
				}
			}
		}
	}()
	go func() {
		defer func() { ended <- struct{}{} }()
		port.Watch(ctx, "uplink0", func(l netmon.Link) { observe(l) })
	}()
	go func() {
		defer func() { ended <- struct{}{} }()
		probe.Run(ctx, probe.Options{Client: client.New(client.Options{})}, func() (netmon.Pace, probe.Targets) {
			e := <-every
			every <- e
			return e, targets
		}, kick, func(e netmon.Evidence) { observe(e) })
	}()
	return v
}

// await waits for the verdict. On the way only those that pass may show.
func (v *van) await(t *testing.T, want netmon.Verdict, pass ...netmon.Verdict) {
	t.Helper()
	begun := time.Now()
	for {
		select {
		case s := <-v.changed:
			if s.Verdict == want {
				t.Logf("%-15s after %v: %s", want, time.Since(begun).Round(time.Millisecond), s.Advice())
				return
			}
			allowed := false
			for _, p := range pass {
				allowed = allowed || p == s.Verdict
			}
			if !allowed {
				t.Fatalf("%s showed on the way to %s: found %s", s.Verdict, want, s.Found())
			}
		case <-time.After(2 * time.Minute):
			t.Fatalf("%s never showed", want)
		}
	}
}

func TestEachFaultOfTheSimulatedGatewayGivesItsVerdictAndClears(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: waits for a simulated gateway's faults to show and to clear")
	}
	g, targets := start(t)
	port := linktest.New()
	o := netmon.SimOptions()
	o.ShowAfter = time.Second // a page that does not come is waited for, 0.7 s
	o.AddressAfter, o.SlowAfter, o.ClearAfter = time.Second/2, time.Second/2, time.Second/2
	o.ProbeBusy, o.ProbeIdle, o.Confirm = time.Second/2, time.Second/2, time.Second/4
	o.SlowAbove = 1900 * time.Millisecond // a busy machine is not slow; the gateway then waits 2 s
	v := drive(t, o, targets, port)
	v.await(t, netmon.OK)
	for _, c := range []struct {
		verdict netmon.Verdict
		fault   func(*gateway.Switches)
	}{
		{netmon.GatewaySilent, func(s *gateway.Switches) { s.On = false }},
		{netmon.NoInternet, func(s *gateway.Switches) { s.Cellular = gateway.Down }},
		{netmon.CaptivePortal, func(s *gateway.Switches) { s.Cellular = gateway.Captive }},
		{netmon.DNSFailing, func(s *gateway.Switches) { s.DNS = false }},
		{netmon.Slow, func(s *gateway.Switches) { s.Cellular = gateway.Slow }},
	} {
		if err := g.Set(c.fault); err != nil {
			t.Fatal(err)
		}
		v.await(t, c.verdict)
		if err := g.Set(func(s *gateway.Switches) { *s = gateway.Switches{On: true, Cellular: gateway.Up, DNS: true} }); err != nil {
			t.Fatal(err)
		}
		v.await(t, netmon.OK)
	}
	port.Set(func(l *netmon.Link) { l.Carrier = false })
	v.await(t, netmon.CableUnplugged)
	port.Set(func(l *netmon.Link) { *l = linktest.Plugged })
	v.await(t, netmon.OK, netmon.Starting)
	port.Set(func(l *netmon.Link) { l.Address, l.Gateway = "", "" })
	v.await(t, netmon.NoAddress, netmon.Starting)
	port.Set(func(l *netmon.Link) { *l = netmon.Link{} })
	v.await(t, netmon.PortMissing)
	port.Set(func(l *netmon.Link) { *l = linktest.Plugged })
	v.await(t, netmon.OK, netmon.Starting)
}

func TestOneTargetThatIsGoneDecidesNothing(t *testing.T) {
	g, targets := start(t)
	gone, _ := start(t)
	gone.Set(func(s *gateway.Switches) { s.On = false })
	e := gone.Endpoints()
	targets.Internet = append([]string{e.Internet[0]}, targets.Internet...)
	targets.DNS = append([]string{e.DNS}, targets.DNS...)
	targets.Checks = append([]string{e.Check}, targets.Checks...)
	look := func() netmon.State {
		s := netmon.Step(netmon.DefaultOptions(), netmon.New(), linktest.Plugged, time.Minute)
		return netmon.Step(netmon.DefaultOptions(), s, probe.Round(t.Context(), probe.Options{Client: client.New(client.Options{}), Timeout: 3 * time.Second}, targets), time.Minute)
	}
	s := look()
	if p, _ := s.Probe.Get(); p.Gateway != netmon.Passed || p.Internet != netmon.Passed || p.DNS != netmon.Passed || p.HTTP != netmon.Passed || p.Captive || p.Latency <= 0 {
		t.Errorf("%+v", p)
	}
	g.Set(func(s *gateway.Switches) { s.Cellular = gateway.Captive })
	targets.Checks = targets.Checks[1:]
	s = look()
	if p, _ := s.Probe.Get(); p.HTTP != netmon.Failed || !p.Captive || p.Latency != 0 {
		t.Errorf("captive: %+v", p)
	}
}

func TestARoundIsCountedAndCheap(t *testing.T) {
	_, targets := start(t)
	c := client.New(client.Options{})
	for range 10 {
		probe.Round(t.Context(), probe.Options{Client: c}, targets)
	}
	u := c.Usage()[client.Probe]
	if u.Sent == 0 || u.Received == 0 {
		t.Errorf("nothing was counted: %+v", u)
	}
	// 1200 rounds a session of 2 h 30; the gateway's own page is not metered.
	t.Logf("%d bytes a round, the gateway's page included", (u.Sent+u.Received)/10)
	if u.Sent+u.Received > 10*1500 {
		t.Errorf("%+v for ten rounds", u)
	}
}

// Without a budget to ask with nothing is known of what lies beyond the gateway;
// the gateway itself is on the cable.
func TestWithoutABudgetNothingBeyondTheGatewayIsJudged(t *testing.T) {
	g, targets := start(t)
	c := client.New(client.Options{Budget: netmon.Budget{Session: 1000}})
	c.WithLedger(func(l *netmon.Ledger) { l.Add("upload", 1000) })
	o := netmon.DefaultOptions()
	look := func() netmon.State {
		s := netmon.Step(o, netmon.New(), linktest.Plugged, time.Second)
		return netmon.Step(o, s, probe.Round(t.Context(), probe.Options{Client: c}, targets), 2*time.Second)
	}
	s := look()
	if p, _ := s.Probe.Get(); p.Gateway != netmon.Passed || !p.Spent || p.Internet != netmon.NotTried || p.DNS != netmon.NotTried || p.HTTP != netmon.NotTried {
		t.Errorf("%+v", p)
	}
	if s.Verdict != netmon.Unknown {
		t.Errorf("%s, want unknown", s.Verdict)
	}
	g.Set(func(s *gateway.Switches) { s.On = false })
	if p, _ := look().Probe.Get(); p.Gateway != netmon.Failed {
		t.Errorf("a gateway whose page is gone: %s", p.Gateway)
	}
	c.WithLedger(func(l *netmon.Ledger) { l.NewSession() })
	g.Set(func(s *gateway.Switches) { s.On = true })
	if p, _ := look().Probe.Get(); p.HTTP != netmon.Passed || p.Spent {
		t.Errorf("with a budget again: %+v", p)
	}
}

func TestARungWithoutATargetIsNotTried(t *testing.T) {
	if e := probe.Round(t.Context(), probe.Options{Client: client.New(client.Options{})}, probe.Targets{}); len(e.Answers) != 0 {
		t.Errorf("%+v", e)
	}
}
