package sim

import (
	"strings"
	"testing"
	"time"
)

func TestCommandsThatAreRefusedChangeNothing(t *testing.T) {
	for _, command := range []string{"", "generator", "generator 3 on", "generator x on", "generator maybe", "battery", "battery 101", "battery NaN", "cable", "cable half",
		"device", "device gpio", "device toaster ok", "device gpio broken", "cellular", "dns maybe", "clock now", "chip 1999", "sockets", "sockets on", "gas live", "dance"} {
		v := NewVan(2)
		if err := v.Do(strings.Fields(command)...); err == nil {
			t.Errorf("%q was taken", command)
		}
		if v.Running() || v.Charge != 80 || !v.Cable || v.Devices["gpio"] != "ok" || v.Cellular != "up" || !v.DNS || !v.Clock || !v.Breaker || v.Gas || v.Chip != "" {
			t.Errorf("%q changed %+v", command, v)
		}
	}
}

func TestCommandsDoWhatTheySay(t *testing.T) {
	v := NewVan(2)
	for _, command := range []string{"generator 2 on", "battery 12.5", "cable out", "gateway off", "cellular slow", "dns down", "clock untrusted", "device panel stuck", "sockets dead", "gas on", "chip stopped"} {
		if err := v.Do(strings.Fields(command)...); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
	if v.Generators[0] || !v.Generators[1] || v.Charge != 12.5 || v.Cable || v.Gateway || v.Cellular != "slow" || v.DNS || v.Clock || v.Devices["panel"] != "stuck" || v.Breaker || v.Live() || !v.Gas || v.Chip != "stopped" {
		t.Errorf("%+v", v)
	}
}

func TestAGeneratorChargesAndTheLoadDrains(t *testing.T) {
	v := NewVan(1)
	v.Advance(10 * time.Hour)
	if v.Charge < 67.9 || v.Charge > 68.1 {
		t.Errorf("after 10 h at 1.2 A of 100 Ah: %.2f %%, want 68", v.Charge)
	}
	low := v.Volts()
	v.Do("generator", "on")
	if v.Volts() <= low {
		t.Errorf("%.3f V while charging, %.3f V before", v.Volts(), low)
	}
	v.Advance(100 * time.Hour)
	if v.Charge != 100 || v.Amps() != 0 {
		t.Errorf("a full battery takes %.1f A at %.0f %%", v.Amps(), v.Charge)
	}
}
