package main

import (
	"os"
	"path/filepath"
	"testing"

	"infobus/logbook"
)

// The simulated mains swings on a line that pulses, beside one that is held.
func TestASimulatedGeneratorWhoseLinePulses(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "infobus.yaml")
	text := "generators:\n  - {line: GPIO22}\n  - {line: GPIO27, wiring: pulses}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, t.TempDir(), nil, "--sim", "--config", config)
	p.becomes("power.source", "battery")
	for range 2 { // it begins anew after a stop
		p.infobus("sim", "generator", "2", "on")
		p.becomes("power.source", "generator")
		p.wait("50 Hz", func() bool { hz, _ := p.at("power.generators.1.hz").(float64); return hz > 49 && hz < 51 })
		if other := p.at("power.generators.0.state"); other != "stopped" {
			t.Errorf("the other generator is %v", other)
		}
		p.infobus("sim", "generator", "2", "off")
		p.becomes("power.source", "battery")
	}
	for _, name := range []logbook.Name{logbook.GeneratorStarted, logbook.GeneratorStopped} {
		if e := p.has(name); e.Attributes["generator"] != 2.0 {
			t.Errorf("%s: %v", name, e.Attributes)
		}
	}
}
