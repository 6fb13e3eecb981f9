package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		want := status.CheckPassed
		if name == "programs that wait" || name == "Cisco box's relay" {
			want = status.CheckNotTried
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
			want := map[string]status.CheckState{"programs that wait": status.CheckNotTried, "Cisco box's relay": status.CheckNotTried}
			for _, name := range test.bad {
				want[name] = status.CheckFailed
			}
			for _, name := range test.not {
				want[name] = status.CheckNotTried
			}
			found := p.selftest(1)
			for name, c := range found {
				w := want[name]
				if w == "" {
					w = status.CheckPassed
				}
				if c.State != w || w == status.CheckFailed && c.Todo == "" {
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
	if c := found["button, GPIO23"]; c.State != status.CheckPassed || c.Found != "was pressed" {
		t.Errorf("button: %+v", c)
	}
	if c := found["Cisco box's relay"]; c.State != status.CheckPassed {
		t.Errorf("relay: %+v", c)
	}
	p.wait("both events", func() bool { return strings.Join(p.switched(), ", ") == "off selftest, on selftest" })

	// Never in a session, unless it must.
	p.infobus("sim", "generator", "on")
	p.becomes("session.active", true)
	if c := p.selftest(0, "--relay")["Cisco box's relay"]; c.State != status.CheckNotTried || c.Found != "a session is on" {
		t.Errorf("in a session: %+v", c)
	}
	if c := p.selftest(0, "--relay", "--force")["Cisco box's relay"]; c.State != status.CheckPassed {
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
	if c := p.selftest(0, "--screen")[screen]; c.State != status.CheckPassed || p.at("kiosk.refreshes") == before {
		t.Errorf("a panel that has rested: %+v", c)
	}
	// Also where the same picture stands already, until the panel has to rest.
	for range 20 {
		before = p.at("kiosk.refreshes")
		c := p.selftest(0, "--screen")[screen]
		if drawn := p.at("kiosk.refreshes") != before; drawn != (c.State == status.CheckPassed) {
			t.Fatalf("drawn: %v, and it is %+v", drawn, c)
		}
		if c.State == status.CheckNotTried {
			if !strings.HasPrefix(c.Found, "it rests for ") {
				t.Errorf("a panel that rests: %+v", c)
			}
			return
		}
	}
	t.Error("the panel never had to rest")
}
