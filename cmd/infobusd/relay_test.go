package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infobus/logbook"
)

// switched are the events of the gateway's power, as "off battery-low".
func (p *process) switched() (told []string) {
	for _, e := range p.events() {
		if e.Name == logbook.GatewaySwitched {
			told = append(told, e.Attributes["power"].(string)+" "+e.Attributes["reason"].(string))
		}
	}
	return told
}

// The whole way: a low battery without a session cuts the Cisco box's power, and a
// generator, or a volunteer, brings it back. Nothing of it looks like a fault.
func TestALowBatterySwitchesTheCiscoBoxOffUntilAGeneratorStarts(t *testing.T) {
	waits(t)
	t.Parallel()
	p := start(t, t.TempDir(), nil, "--sim")
	p.device("relay", "ok")
	p.becomes("uplink.verdict", "ok")
	p.becomes("uplink.supply.state", "on")

	// In a session it stays on, however low the battery is.
	p.infobus("sim", "generator", "on")
	p.becomes("session.active", true)
	p.infobus("sim", "battery", "20")
	p.becomes("power.battery.level", "low")
	p.infobus("sim", "generator", "off")
	p.becomes("power.source", "battery")
	if p.at("uplink.supply.state") != "on" || p.at("uplink.supply.off_at") != nil {
		t.Errorf("in a session: %s", p.get("/api/v1/state"))
	}

	p.action("end-session")
	p.becomes("uplink.supply.state", "off")
	p.becomes("uplink.verdict", "cable-unplugged") // its socket is dead
	if advice, _ := p.at("uplink.advice").(string); !strings.Contains(advice, "save the battery") || strings.Contains(advice, "cable") {
		t.Errorf("the advice is %q", advice)
	}
	for words, path := range map[string]string{"Switched off": "/", "the Cisco box off to save the battery": "/", "pour économiser la batterie": "/?lang=fr"} {
		if !strings.Contains(p.get(path), words) {
			t.Errorf("the page %s does not say %q", path, words)
		}
	}
	if out, code := infobus(t, "--address", p.base, "status"); code != 1 || !strings.Contains(out, "switched off: ") {
		t.Errorf("status: exit %d: %s", code, out)
	}

	p.infobus("sim", "generator", "on")
	p.becomes("uplink.supply.state", "on")
	p.becomes("uplink.verdict", "ok")

	// Again, and a volunteer wants everything.
	p.infobus("sim", "generator", "off")
	p.becomes("power.source", "battery")
	p.action("end-session")
	p.becomes("uplink.supply.state", "off")
	p.action("carry-on")
	p.becomes("uplink.supply.state", "on")

	p.wait("the events", func() bool { return len(p.switched()) == 4 })
	if told := strings.Join(p.switched(), ", "); told != "off battery-low, on session, off battery-low, on volunteer" {
		t.Errorf("the events are %s", told)
	}
	for _, e := range p.events() {
		if e.Name == logbook.RemedyTried {
			t.Errorf("a remedy was tried: %v", e.Attributes)
		}
	}
}

// A chip that goes away while the gateway is off leaves it so; once it is back, the
// gateway is on.
func TestARelayThatGoesAwayIsSaidAndLeavesNothingOff(t *testing.T) {
	waits(t)
	t.Parallel()
	p := start(t, t.TempDir(), nil, "--sim")
	p.device("relay", "ok")
	p.infobus("sim", "battery", "20")
	p.becomes("uplink.supply.state", "off")
	ons := func() (n int) {
		for _, told := range p.switched() {
			if strings.HasPrefix(told, "on ") {
				n++
			}
		}
		return n
	}
	for _, fault := range []string{"absent", "stuck"} {
		before := ons()
		p.infobus("sim", "device", "gpio", fault)
		if got, want := p.device("relay", "failed"), map[string]string{"absent": "absent", "stuck": "timeout"}[fault]; got != want {
			t.Errorf("%s: the reason is %q", fault, got)
		}
		p.infobus("sim", "device", "gpio", "ok")
		p.device("relay", "ok")
		// It may be off again by the time that somebody looks.
		p.wait("the gateway to be on again", func() bool { return ons() > before })
		p.becomes("uplink.supply.state", "off") // the battery is still low
	}
}

// A box whose relay is not there does all else.
func TestARelayThatIsNotThereIsSaid(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "infobus.yaml")
	if err := os.WriteFile(config, []byte("gpio: no-such-chip\nuplink:\n  relay:\n    line: GPIO16\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, t.TempDir(), nil, "--sim=battery,panel,gateway", "--config", config)
	if got := p.device("relay", "failed"); got != "absent" {
		t.Errorf("the reason is %q", got)
	}
	p.becomes("uplink.verdict", "ok")
}
