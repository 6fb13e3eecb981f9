package probe_test

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/netmon/probe"
	"infobus/sim/gateway"
)

// A week of generator days with flaps, in simulated time over real sockets: a
// session of 2 h 30 a day, in which the cable is lost three times for seconds, and
// the mobile link once for 4 minutes. What is counted at the socket stays below a
// megabyte a day. The proof by TLS needs a server at port 443 and is not among
// it: it is counted with what netmon/lab measured one to cost.
func TestAWeekOfProbesWithFlapsStaysBelowAMegabyteADay(t *testing.T) {
	days := 1
	if os.Getenv("INFOBUS_SOAK") != "" {
		days = 7
	}
	// Every 4 min in a session, each hour otherwise, and twice a fault.
	const proofs = (38 + 22 + 8) * 3550
	g, targets := start(t)
	// The gateway's own goroutines stay outside the bubble: they wait for the
	// network, and simulated time would wait for them.
	mobile, done := make(chan gateway.Cellular), make(chan error)
	defer close(mobile)
	go func() {
		for m := range mobile {
			done <- g.Set(func(s *gateway.Switches) { s.Cellular = m })
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		var (
			o       = netmon.DefaultOptions()
			s       = netmon.New()
			c       = client.New(client.Options{})
			begun   = time.Now()
			mono    = func() time.Duration { return time.Second + time.Since(begun) }
			see     = func(in any) { s = netmon.Step(o, s, in, mono()) }
			up      = netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1"}
			rounds  int
			verdict = map[netmon.Verdict]int{}
		)
		see(up)
		// stretch probes for so long as the van's state wants it.
		stretch := func(session bool, d time.Duration) {
			on := netmon.Conditions{Session: session}
			if session {
				on.SessionSince = mono()
			}
			see(on)
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			err := probe.Run(ctx, probe.Options{Client: c}, func() (time.Duration, probe.Targets) {
				return s.ProbeEvery(o, session, false), targets
			}, nil, func(p netmon.Probe) { rounds++; see(p); verdict[s.Verdict]++ })
			if err == nil {
				t.Error("the probes ended")
			}
		}
		set := func(m gateway.Cellular) {
			mobile <- m
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		for day := range days {
			before := c.Usage()[client.Probe]
			for flap := range 3 {
				stretch(true, 40*time.Minute)
				see(netmon.Link{Present: true})
				time.Sleep(time.Duration(1+4*flap) * time.Second)
				see(up)
			}
			stretch(true, 10*time.Minute)
			set([]gateway.Cellular{gateway.Down, gateway.Captive}[day%2])
			stretch(true, 4*time.Minute)
			set(gateway.Up)
			stretch(true, 16*time.Minute)
			stretch(false, 24*time.Hour-150*time.Minute-15*time.Second)
			after := c.Usage()[client.Probe]
			used := after.Total() - before.Total()
			t.Logf("day %d: %d bytes of probes, and %d of proofs; %d rounds so far, verdicts %v", day+1, used, proofs, rounds, verdict)
			if used == 0 || verdict[netmon.OK] == 0 || verdict[netmon.NoInternet] == 0 || day > 0 && verdict[netmon.CaptivePortal] == 0 {
				t.Errorf("this was no such day: %v", verdict)
			}
			if used+proofs > 1_000_000 {
				t.Errorf("%d bytes, and %d of proofs", used, proofs)
			}
		}
	})
}
