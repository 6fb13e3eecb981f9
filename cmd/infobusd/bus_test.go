package main

import (
	"testing"

	"infobus/config"
	"infobus/hw/bus"
)

// What the configuration takes for a bus can be opened, and the other way round.
func TestTheConfigurationNamesBusesAsTheyAreOpened(t *testing.T) {
	for _, name := range []string{config.Default().Battery.Bus, "/dev/i2c-1", "/dev/i2c-11", "/soc/i2c@7e804000", "/infobus-i2c",
		"", "1", "i2c-1", "/dev/null", "/dev/i2c-", "/", "/soc/../etc", "Header"} {
		_, err := config.Parse("f", []byte("battery:\n  capacity: 100Ah\n  bus: '"+name+"'\n"))
		if got, want := err == nil, bus.Valid(name); got != want {
			t.Errorf("%q: the configuration takes it: %v (%v); it can be opened: %v", name, got, err, want)
		}
	}
}
