package main

import (
	"os"
	"path/filepath"
	"testing"

	"infobus/logbook"
)

// From the monitor's registers to the announcement, which a volunteer takes back.
func TestAnEmptyBatteryIsAnnounced(t *testing.T) {
	p := start(t, t.TempDir(), nil, "--sim")
	p.becomes("power.battery.level", "good")
	p.infobus("sim", "battery", "3")
	p.becomes("power.shutdown.reason", "battery-critical")
	p.infobus("sim", "generator", "on")
	p.becomes("power.shutdown.pending", false)
}

// A van with a battery protector's alarm and no monitor: the level is low or not
// known, and an alarm that holds brings the box down in good order.
func TestABatteryLowLineAloneIsBelievedAsFarAsItGoes(t *testing.T) {
	config := filepath.Join(t.TempDir(), "infobus.yaml")
	if err := os.WriteFile(config, []byte("battery:\n  monitor: none\n  low-line:\n    line: GPIO13\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, t.TempDir(), nil, "--sim", "--config", config)
	p.becomes("power.source", "battery")
	p.becomes("power.battery.level", "unknown")
	p.infobus("sim", "battery", "10")
	p.becomes("power.battery.level", "low")
	p.becomes("power.shutdown.reason", "battery-low")
	p.infobus("sim", "battery", "60")
	p.becomes("power.shutdown.pending", false)
	p.becomes("power.battery.level", "unknown")
	if e := p.has(logbook.PowerShutdown); e.Attributes["reason"] != "battery-low" {
		t.Errorf("the first event of a shutdown says %v", e.Attributes)
	}
}
