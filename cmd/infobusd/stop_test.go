package main

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"infobus/hw/epaper/epapertest"
	"infobus/logbook"
	"infobus/power"
	"infobus/reading/clock"
	"infobus/systemd"
	"infobus/van"
	"infobus/van/loop"
)

// notifySocket is a service manager's end of the notify socket: every message
// it gets is sent to the channel.
func notifySocket(t *testing.T) (path string, messages <-chan string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	out := make(chan string, 1000)
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			out <- string(b[:n])
		}
	}()
	return path, out
}

// expect waits for a message that begins so.
func expect(t *testing.T, messages <-chan string, beginning string) {
	t.Helper()
	for guard := time.After(hangGuard); ; {
		select {
		case m := <-messages:
			if slices.ContainsFunc(strings.Split(m, "\n"), func(l string) bool { return strings.HasPrefix(l, beginning) }) {
				return
			}
		case <-guard:
			t.Fatalf("no %s came", beginning)
		}
	}
}

func TestSIGTERMEndsInGoodOrder(t *testing.T) {
	t.Parallel()
	socket, messages := notifySocket(t)
	p := start(t, t.TempDir(), []string{"NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=400000"}, "--sim")
	expect(t, messages, "READY=1")
	expect(t, messages, "WATCHDOG=1")

	// While the screen is about to be drawn: the panel must not be left powered.
	p.device("panel", "ok")
	p.infobus("sim", "generator", "on")
	p.becomes("kiosk.drawing", true)

	begun := time.Now()
	p.cmd.Process.Signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
	t.Logf("ended %s after SIGTERM with a page on its way to the panel; the aim is 2 s", time.Since(begun).Round(time.Millisecond))
	expect(t, messages, "STOPPING=1")
	if said := p.output.String(); !strings.Contains(said, "panel: powered off and asleep") {
		t.Errorf("the panel's model does not say that it sleeps: %q", said)
	}

	p = start(t, p.state, nil, "--sim")
	if e := p.has(logbook.SystemStopping); e.Attributes["reason"] != "signal" {
		t.Errorf("%+v", e)
	}
}

// A refresh that has begun is finished, because the glass would be left with
// neither page: it is what takes longest at the end.
func TestTheEndInTheMiddleOfARefresh(t *testing.T) {
	waits(t)
	const refresh = 0x12
	a, p := inside(t, flags{stateDir: t.TempDir()})
	end := p.run(a)
	changed, done := a.loop.Watch()
	defer done()
	for !a.loop.State().Clock.Trusted || a.loop.State().Power.Source() != power.SourceBattery {
		<-changed
	}
	if err := a.parts.world.Do("generator", "on"); err != nil {
		t.Fatal(err)
	}
	panel := a.parts.world.Panel
	for guard := time.Now().Add(hangGuard); !slices.ContainsFunc(panel.Log(), func(c epapertest.Command) bool { return c.Code == refresh }); {
		if time.Now().After(guard) {
			t.Fatal("the refresh never began")
		}
		time.Sleep(time.Millisecond)
	}
	begun := time.Now()
	end()
	t.Logf("ended %s after the stop, in the middle of a refresh of 4.2 s; the aim is 2 s", time.Since(begun).Round(time.Millisecond))
	if panel.Powered() || !panel.Asleep() || panel.Refreshes() != 1 || len(panel.Violations()) > 0 {
		t.Errorf("powered %v, asleep %v, refreshes %d, violations %q", panel.Powered(), panel.Asleep(), panel.Refreshes(), panel.Violations())
	}
}

// The watchdog is fed only while the loop lives: one that is stuck in a doer
// gets the daemon restarted.
func TestAStuckLoopStopsFeedingTheWatchdog(t *testing.T) {
	socket, messages := notifySocket(t)
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "100000")

	stuck, release := make(chan struct{}), make(chan struct{})
	l := loop.New(van.DefaultOptions(), van.New(van.DefaultOptions()), clock.NewSystem(), func([]logbook.Event) {
		close(stuck)
		<-release
	}, func(van.Effect) {})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{}, 2)
	go func() { l.Run(ctx); ended <- struct{}{} }()
	go func() { systemd.Feed(ctx, l.Ping); ended <- struct{}{} }()

	expect(t, messages, "WATCHDOG=1")
	l.Observe(van.Started{})
	<-stuck
	for quiet := false; !quiet; {
		// What was on its way when the loop got stuck may still come.
		select {
		case <-messages:
		case <-time.After(300 * time.Millisecond):
			quiet = true
		}
	}
	close(release)
	expect(t, messages, "WATCHDOG=1")
	cancel()
	<-ended
	<-ended
}
