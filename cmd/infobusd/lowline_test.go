package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/logbook"
)

// From the monitor's registers to the announcement, which a volunteer takes back.
func TestAnEmptyBatteryIsAnnounced(t *testing.T) {
	waits(t)
	t.Parallel()
	p := start(t, t.TempDir(), nil, "--sim")
	p.becomes("power.battery.level", "good")
	p.becomes("power.shutdown.in_s", nil)
	p.infobus("sim", "clock", "untrusted")
	p.becomes("clock.trusted", false)
	p.infobus("sim", "battery", "3")
	p.becomes("power.shutdown.reason", "battery-critical")
	if left, ok := p.at("power.shutdown.in_s").(float64); !ok || left <= 0 || left > 120 || p.at("power.shutdown.at") != nil {
		t.Errorf("without a clock it begins in %v s, at %v", p.at("power.shutdown.in_s"), p.at("power.shutdown.at"))
	}
	if page := p.get("/"); !strings.Contains(page, "The box switches off in less than ") {
		t.Errorf("the page names no time: %s", page)
	}
	p.infobus("sim", "generator", "on")
	p.becomes("power.shutdown.pending", false)
	p.becomes("power.shutdown.in_s", nil)
}

// The word battery puts another one there: its charge is found whatever was counted
// before, by small steps too, of either chemistry and either way of counting.
func TestTheSimulatedBatteryIsWhatTheWordSays(t *testing.T) {
	waits(t)
	t.Parallel()
	for name, battery := range map[string]string{
		"agm":     "",
		"lifepo4": "battery: {monitor: ina226, shunt: 0.5mOhm, range: 100A, capacity: 100Ah, chemistry: lifepo4, charging: negative}\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "infobus.yaml")
			if err := os.WriteFile(file, []byte(battery), 0o600); err != nil {
				t.Fatal(err)
			}
			p := start(t, t.TempDir(), nil, "--sim", "--config", file)
			for _, percent := range []string{"25", "12", "8", "15", "80"} {
				p.infobus("sim", "battery", percent)
				var is float64
				fmt.Sscan(percent, &is)
				p.wait("a charge of "+percent+" %", func() bool {
					low, known := p.at("power.battery.percent_low").(float64)
					high, _ := p.at("power.battery.percent_high").(float64)
					amps, _ := p.at("power.battery.amps").(float64)
					return known && low <= is && is <= high && amps < 0
				})
			}
		})
	}
}

// A volunteer takes an announcement back: on a desk the next empty battery is
// announced all the same, well before the quarter of an hour of the van.
func TestASecondEmptyBatteryIsAnnounced(t *testing.T) {
	waits(t)
	t.Parallel()
	p := start(t, t.TempDir(), nil, "--sim")
	p.becomes("power.battery.level", "good")
	p.infobus("sim", "battery", "5")
	p.becomes("power.shutdown.reason", "battery-critical")
	p.action("cancel-shutdown")
	p.becomes("power.shutdown.pending", false)
	p.infobus("sim", "battery", "60")
	p.becomes("power.battery.level", "good")
	p.infobus("sim", "battery", "5")
	begun := time.Now()
	p.becomes("power.shutdown.reason", "battery-critical")
	t.Logf("announced again after %s; the aim is 15 s", time.Since(begun).Round(100*time.Millisecond))
	p.wait("the logbook to say so", func() bool {
		var states []any
		for _, e := range p.events() {
			if e.Name == logbook.PowerShutdown {
				states = append(states, e.Attributes["state"])
			}
		}
		return slices.Equal(states, []any{"pending", "cancelled", "pending"})
	})
}

// A van with a battery protector's alarm and no monitor: the level is low or not
// known, and an alarm that holds brings the box down in good order.
func TestABatteryLowLineAloneIsBelievedAsFarAsItGoes(t *testing.T) {
	waits(t)
	t.Parallel()
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
