package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infobus/logbook"
	"infobus/status"
)

// Every simulated device absent or stuck in turn: the daemon says which and
// why, the rest works, and the device comes back without a restart.
func TestEachDeviceFailsAloneAndComesBack(t *testing.T) {
	waits(t)
	t.Parallel()
	p := start(t, t.TempDir(), nil, "--sim")
	// The panel is asked only when a page is due: here the first one of a session.
	for state, reason := range map[string]string{"absent": "absent", "stuck": "timeout"} {
		t.Run("panel "+state, func(t *testing.T) {
			t.Parallel()
			q := start(t, t.TempDir(), nil, "--sim")
			q.infobus("sim", "device", "panel", state)
			q.infobus("sim", "generator", "on")
			if got := q.device("panel", "failed"); got != reason {
				t.Errorf("the reason is %q, want %q", got, reason)
			}
			for _, other := range []string{"gpio", "battery", "interface", "logbook"} {
				q.device(other, "ok")
			}
			q.becomes("power.source", "generator")
			q.infobus("sim", "device", "panel", "ok")
			q.device("panel", "ok")
			if q.has(logbook.DeviceFailed).Attributes["device"] != "panel" || q.has(logbook.DeviceRecovered).Attributes["device"] != "panel" {
				t.Error("its failure and its recovery were not both written down")
			}
		})
	}
	p.infobus("sim", "generator", "on")
	for device, unknown := range map[string]string{"gpio": "power.source", "battery": "power.battery.level"} {
		for state, reason := range map[string]string{"absent": "absent", "stuck": "timeout"} {
			t.Run(device+" "+state, func(t *testing.T) {
				p.t = t
				p.infobus("sim", "device", device, state)
				if got := p.device(device, "failed"); got != reason {
					t.Errorf("the reason is %q, want %q", got, reason)
				}
				if unknown != "" {
					p.becomes(unknown, "unknown")
				}
				// The rest works.
				for _, other := range []string{"gpio", "battery", "interface", "logbook"} {
					if other != device {
						p.device(other, "ok")
					}
				}
				p.becomes("uplink.verdict", "ok")
				if device != "gpio" {
					p.becomes("power.source", "generator")
				}

				p.infobus("sim", "device", device, "ok")
				p.device(device, "ok")
				if unknown != "" {
					p.wait(unknown+" to be known again", func() bool { return p.at(unknown) != "unknown" })
				}
			})
		}
	}
	p.t = t
	p.wait("4 failures and 4 recoveries to be written down", func() bool {
		var failed, recovered int
		for _, e := range p.events() {
			switch e.Name {
			case logbook.DeviceFailed:
				failed++
			case logbook.DeviceRecovered:
				recovered++
			}
		}
		return failed >= 4 && recovered >= 4
	})
}

// Nothing of the van is there at all: no chip, no bus, no panel, no interface.
// The daemon runs on the machine as it is, and says so.
func TestWithoutAnyDeviceTheDaemonRuns(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "infobus.yaml")
	text := `
gpio: no-such-chip
battery:
  bus: /dev/i2c-99
  capacity: 100Ah
panel:
  spi: /dev/spidev99.0
uplink:
  interface: nothere0
timetable: ` + filepath.Join(t.TempDir(), "none.yaml") + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, t.TempDir(), nil, "--config", config)
	socket := filepath.Join(p.state, "infobus.sock")
	for device, reason := range map[string]string{"gpio": "absent", "battery": "absent", "panel": "absent", "interface": "absent", "timetable": "absent"} {
		if got := p.device(device, "failed"); got != reason {
			t.Errorf("%s: the reason is %q, want %q", device, got, reason)
		}
	}
	if out, _ := infobus(t, "--address", socket, "status"); !strings.Contains(out, "there is no interface nothere0; there are: lo") {
		t.Errorf("which interfaces there are is not said: %s", out)
	}
	p.becomes("uplink.verdict", "port-missing")
	if out, code := infobus(t, "--address", socket, "diagnose"); code != 1 || !strings.Contains(out, "there is no interface nothere0; there are: lo") {
		t.Errorf("diagnose: exit %d, and does not say which interfaces there are: %s", code, out)
	}
	p.becomes("power.source", "unknown")
	p.becomes("power.battery.level", "unknown")
	if p.at("power.shutdown.pending") != false {
		t.Error("a shutdown is pending for want of readings")
	}
	p.device("logbook", "ok")
	if out, code := infobus(t, "--address", socket, "events"); code != 0 {
		t.Errorf("events: exit %d: %s", code, out)
	}
	// Over the network and without the PIN, no error text is shown.
	if why := p.get("/api/v1/state"); strings.Contains(strings.ReplaceAll(why, `"why":"unknown"`, ""), `"why"`) { // but for the card's, which nobody knows
		t.Errorf("a stranger is told %q", why)
	}
	found := p.selftest(1)
	for name, state := range map[string]status.CheckState{"chip no-such-chip": status.CheckFailed, "generator 1, GPIO27": status.CheckNotTried, "button": status.CheckNotFitted,
		"battery meter": status.CheckFailed, "screen": status.CheckFailed, "screen's temperature": status.CheckNotFitted, "Cisco box's relay": status.CheckNotFitted,
		"network port": status.CheckFailed, "Cisco box": status.CheckNotTried, "internet": status.CheckNotTried, "logs": status.CheckPassed} {
		if c := found[name]; c.State != state || state == status.CheckFailed && c.Todo == "" {
			t.Errorf("self-test: %s is %+v, want %s", name, c, state)
		}
	}
}

// A card that is full: nothing else stops, what happened waits in memory, and is
// written once there is room. Then everything else goes away as well, and comes
// back.
func TestACardThatIsFull(t *testing.T) {
	waits(t)
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root, for a small file system of its own: run as root to see a full card")
	}
	card := smallCard(t, 3<<20)
	p := start(t, card, nil, "--sim")
	p.device("logbook", "ok")
	filler := filepath.Join(card, "filler")
	fill(t, filler)
	for n := 0; p.at("devices.4.state") != "failed"; n++ {
		p.infobus("sim", "generator", map[bool]string{true: "on", false: "off"}[n%2 == 0])
		if n > 2000 {
			t.Fatal("the card was filled, and the logbook never said so")
		}
	}
	if got := p.device("logbook", "failed"); got != "full" {
		t.Errorf("the reason is %q", got)
	}
	found := p.selftest(1)
	for _, name := range []string{"logs", "memory card, free"} {
		if c := found[name]; c.State != status.CheckFailed || c.Todo == "" {
			t.Errorf("self-test: %s is %+v", name, c)
		}
	}
	p.becomes("uplink.verdict", "ok")
	p.infobus("sim", "generator", "on")
	p.becomes("power.source", "generator")
	durable := len(p.events())

	for _, device := range []string{"gpio", "battery", "panel"} {
		p.infobus("sim", "device", device, "absent")
	}
	p.infobus("sim", "cable", "out")
	p.device("gpio", "failed")
	p.device("battery", "failed")
	p.device("logbook", "failed")
	p.becomes("uplink.verdict", "cable-unplugged")
	p.becomes("power.source", "unknown")
	if p.at("power.shutdown.pending") != false {
		t.Error("a shutdown is pending for want of readings")
	}
	for _, device := range []string{"gpio", "battery", "panel"} {
		p.infobus("sim", "device", device, "ok")
	}
	p.infobus("sim", "cable", "in")

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for _, device := range []string{"gpio", "battery", "panel"} {
		p.device(device, "ok")
	}
	p.becomes("uplink.verdict", "ok")
	p.becomes("power.source", "generator")
	p.device("logbook", "ok")
	p.wait("what waited to be written", func() bool { return len(p.events()) > durable })
	for i, e := range p.events() {
		if e.Seq != uint64(i+1) {
			t.Fatalf("event %d stands in place %d", e.Seq, i+1)
		}
	}
}

func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size >= 1; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	fmt.Fprint(f, "x")
}
