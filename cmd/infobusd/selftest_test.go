package main

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"infobus/config"
	"infobus/hw"
	"infobus/hw/line"
	"infobus/hw/line/linetest"
	"infobus/logbook"
	"infobus/status"
)

// selftest makes a self-test over the daemon's own socket, and gives its lines by
// their names.
func (p *process) selftest(exit int, flags ...string) map[string]status.Check {
	p.t.Helper()
	out, code := infobus(p.t, append([]string{"--address", filepath.Join(p.state, "infobus.sock"), "--json", "selftest"}, flags...)...)
	var all []status.Check
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != exit {
		p.t.Fatalf("selftest: exit %d, %v: %s", code, err, out)
	}
	found := map[string]status.Check{}
	for i, c := range all {
		if c.Number != i+1 || len(c.Found)+len(c.Todo) > 200 {
			p.t.Errorf("line %d: %+v", i+1, c)
		}
		found[c.Name] = c
	}
	return found
}

// Whatever does not work is named, with what to do; the rest is as before.
func TestASelftestNamesEachPartThatDoesNotWork(t *testing.T) {
	waits(t)
	t.Parallel()
	p := start(t, t.TempDir(), nil, "--sim")
	p.becomes("uplink.verdict", "ok")
	p.device("relay", "ok")
	for name, c := range p.selftest(0) {
		want := status.WorksWell
		if name == "programs that wait" || name == "Cisco box's relay" {
			want = status.NotTried
		}
		if c.State != want {
			t.Errorf("all is well, and %s is %+v", name, c)
		}
	}
	const chip = "chip pinctrl-bcm2711"
	for _, test := range []struct {
		fault, mend string
		bad         []string
		not         []string // tried
	}{
		{"device gpio absent", "device gpio ok", []string{chip, "Cisco box's relay"}, []string{"generator 1, GPIO27", "button, GPIO23"}},
		{"device gpio stuck", "device gpio ok", []string{chip, "Cisco box's relay"}, []string{"generator 1, GPIO27", "button, GPIO23"}},
		{"device battery absent", "device battery ok", []string{"battery meter"}, nil},
		{"device battery stuck", "device battery ok", []string{"battery meter"}, nil},
		{"device panel absent", "device panel ok", []string{"screen"}, nil},
		{"device panel stuck", "device panel ok", []string{"screen"}, nil},
		{"cable out", "cable in", []string{"network port"}, []string{"Cisco box", "internet"}},
		{"gateway off", "gateway on", []string{"Cisco box"}, []string{"internet"}},
		{"cellular down", "cellular up", []string{"internet"}, nil},
		{"cellular captive", "cellular up", []string{"internet"}, nil},
		{"dns down", "dns up", []string{"internet"}, nil},
		{"clock untrusted", "clock trusted", []string{"clock"}, nil},
	} {
		t.Run(test.fault, func(t *testing.T) {
			p.t = t
			p.infobus(append([]string{"sim"}, strings.Fields(test.fault)...)...)
			if strings.HasPrefix(test.fault, "device gpio") {
				p.device("relay", "failed") // it notices within 10 s
			}
			want := map[string]string{"programs that wait": status.NotTried, "Cisco box's relay": status.NotTried}
			for _, name := range test.bad {
				want[name] = status.NotWell
			}
			for _, name := range test.not {
				want[name] = status.NotTried
			}
			found := p.selftest(1)
			for name, c := range found {
				w := want[name]
				if w == "" {
					w = status.WorksWell
				}
				if c.State != w || w == status.NotWell && c.Todo == "" {
					t.Errorf("%s is %+v, want %s", name, c, w)
				}
			}
			if len(found) != 14 {
				t.Errorf("%d lines", len(found))
			}
			p.infobus(append([]string{"sim"}, strings.Fields(test.mend)...)...)
			if words := strings.Fields(test.mend); words[0] == "device" {
				p.device(words[1], "ok")
				p.device("relay", "ok")
			}
			p.wait("its clock", func() bool { return p.at("clock.trusted") == true })
		})
	}
	p.t = t
	told := 0
	for _, e := range p.events() {
		if e.Name == logbook.SystemTested {
			told++
			if n := e.Attributes["failed"]; e.Attributes["checks"] != 14.0 || told == 1 && n != 0.0 || told > 1 && n == 0.0 {
				t.Errorf("self-test %d: %v", told, e.Attributes)
			}
		}
	}
	if told != 13 {
		t.Errorf("%d of 13 self-tests were written down", told)
	}
}

// What switches, wears or waits is tried only when it is asked for.
func TestASelftestTriesRelayScreenAndButtonWhenAsked(t *testing.T) {
	waits(t)
	t.Parallel()
	p := start(t, t.TempDir(), nil, "--sim")
	p.becomes("uplink.verdict", "ok")
	p.device("relay", "ok")
	p.selftest(0)
	if told := p.switched(); len(told) != 0 {
		t.Fatalf("unasked, the relay was switched: %v", told)
	}

	// The press is the 3rd line's, and comes once the daemon waits for it.
	tested, pressed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(pressed)
		for {
			http.Post(p.base+"/sim/button/press", "", nil)
			select {
			case <-time.After(300 * time.Millisecond):
			case <-tested:
				return
			}
		}
	}()
	found := p.selftest(0, "--relay", "--button", "--screen")
	close(tested)
	<-pressed
	if c := found["button, GPIO23"]; c.State != status.WorksWell || c.Found != "was pressed" {
		t.Errorf("button: %+v", c)
	}
	if c := found["Cisco box's relay"]; c.State != status.WorksWell {
		t.Errorf("relay: %+v", c)
	}
	p.wait("both events", func() bool { return strings.Join(p.switched(), ", ") == "off selftest, on selftest" })

	// Never in a session, unless it must.
	p.infobus("sim", "generator", "on")
	p.becomes("session.active", true)
	if c := p.selftest(0, "--relay")["Cisco box's relay"]; c.State != status.NotTried || c.Found != "a session is on" {
		t.Errorf("in a session: %+v", c)
	}
	if c := p.selftest(0, "--relay", "--force")["Cisco box's relay"]; c.State != status.WorksWell {
		t.Errorf("in a session, with force: %+v", c)
	}

	// The table, as it is read out.
	out, code := infobus(t, "--address", filepath.Join(p.state, "infobus.sock"), "selftest")
	if code != 0 || !strings.Contains(out, " 2  generator 1, GPIO27      ok         runs") || !strings.Contains(out, "14 lines, 0 NOT OK.") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	// Over the network it takes the PIN, as whatever changes something does.
	if out, code := infobus(t, "--address", p.base, "selftest"); code != 1 || !strings.Contains(out, "PIN") {
		t.Errorf("over the network: exit %d: %s", code, out)
	}
}

// The screen is drawn afresh if its wear allows it.
func TestASelftestDrawsTheScreenAfresh(t *testing.T) {
	waits(t)
	t.Parallel()
	p := start(t, t.TempDir(), nil, "--sim", "--van-times")
	p.becomes("uplink.verdict", "ok")
	p.device("panel", "ok")
	const screen = "screen, drawn afresh"
	before := p.at("kiosk.refreshes")
	if c := p.selftest(0, "--screen")[screen]; c.State != status.WorksWell || p.at("kiosk.refreshes") == before {
		t.Errorf("a panel that has rested: %+v", c)
	}
	// Also where the same picture stands already, until the panel has to rest.
	for range 20 {
		before = p.at("kiosk.refreshes")
		c := p.selftest(0, "--screen")[screen]
		if drawn := p.at("kiosk.refreshes") != before; drawn != (c.State == status.WorksWell) {
			t.Fatalf("drawn: %v, and it is %+v", drawn, c)
		}
		if c.State == status.NotTried {
			if !strings.HasPrefix(c.Found, "it rests for ") {
				t.Errorf("a panel that rests: %+v", c)
			}
			return
		}
	}
	t.Error("the panel never had to rest")
}

// A check that never ends is left behind, and said to hang, each time.
func TestASelftestLeavesBehindWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &appliance{tests: tests{guards: map[string]*hw.Guard{}}}
		var calls atomic.Int32
		hang := make(chan struct{})
		c := check{name: "a part", limit: time.Second, run: func(context.Context) finding { calls.Add(1); <-hang; return well("at last") }}
		for range 3 {
			if f := a.bounded(t.Context(), c); f.state != status.NotWell || f.found != "does not answer" || f.todo == "" {
				t.Errorf("%+v", f)
			}
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("%d calls into a part that hangs", n)
		}
		close(hang)
		synctest.Wait()
		if f := a.bounded(t.Context(), c); f.state != status.WorksWell {
			t.Errorf("once it works again: %+v", f)
		}
	})
}

// Somebody who asks for the next page meanwhile holds the button for a moment; wires
// that touch hold it for good.
func TestASelftestTellsAPressFromAButtonThatIsStuck(t *testing.T) {
	for _, c := range []struct {
		name  string
		held  time.Duration // 0: never
		state string
		found string
	}{
		{"free", 0, status.WorksWell, "is not pressed; --button waits for a press"},
		{"a press", 200 * time.Millisecond, status.WorksWell, "is not pressed; --button waits for a press"},
		{"stuck", time.Hour, status.NotWell, "is pressed all the time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				chip := linetest.New([]string{"GPIO23"})
				wired := line.Config{Name: button, Line: "GPIO23", ActiveLow: true, PullUp: true}
				a := &appliance{tests: tests{lines: line.New(chip, wired), wired: []line.Config{wired}, guards: map[string]*hw.Guard{}}}
				a.config.Kiosk.Button = &config.Line{Line: "GPIO23"}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go a.tests.lines.Watch(ctx, func(line.Seen) {})
				synctest.Wait()
				if c.held > 0 {
					chip.Drive("GPIO23", false)
					time.AfterFunc(c.held, func() { chip.Release("GPIO23") })
				}
				var last finding
				for _, one := range a.lineChecks(status.Selftest{}) {
					if last = a.bounded(ctx, one); last.then != nil {
						last.then()
					}
				}
				if last.state != c.state || last.found != c.found {
					t.Errorf("%+v", last)
				}
				cancel()
				synctest.Wait()
			})
		})
	}
}
