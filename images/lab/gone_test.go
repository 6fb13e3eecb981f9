package lab_test

import (
	"encoding/json"
	"strings"
	"testing"

	"infobus/images/lab"
	"infobus/logbook"
	"infobus/status"
)

// A real chip that goes away under the running daemon while a generator runs:
// what the generator does is unknown then, and it has not stopped. The chip comes
// back, and with it the generator, which has not started anew.
func TestARealChipThatGoesAway(t *testing.T) {
	const generator = 1
	o := daemon(t)
	o.Files["/away"] = build(t, "infobus/images/lab/away")
	o.Programs = append(o.Programs,
		lab.Program{Name: "state", Command: []string{"/infobus", "--address", "/var/infobus/infobus.sock", "status", "--json"}, Again: true},
		lab.Program{Name: "away", Command: []string{"/away", "/sys/bus/amba/drivers/pl061_gpio", lab.Chip, "20s"}})
	c := boot(t, o)
	c.drive(generator, true)
	// The two generators: the first runs throughout, the second never did.
	started := 0
	until := func(what string, there func(name, said string) bool) {
		t.Helper()
		for l := range c.m.Lines() {
			c.log = append(c.log, l)
			name, said, _ := strings.Cut(l, ": ")
			var e logbook.Event
			if name == "event" && json.Unmarshal([]byte(said), &e) == nil {
				switch e.Name {
				case logbook.GeneratorStarted:
					started++
				case logbook.GeneratorStopped, logbook.SessionEnded:
					t.Fatalf("before %s: %s", what, said)
				}
			}
			if there(name, said) {
				return
			}
		}
		t.Fatalf("the machine ended before %s", what)
	}
	event := func(name logbook.Name) func(string, string) bool {
		return func(program, said string) bool {
			var e logbook.Event
			return program == "event" && json.Unmarshal([]byte(said), &e) == nil && e.Name == name &&
				(e.Attributes["device"] == nil || e.Attributes["device"] == "gpio")
		}
	}
	state := func(source, generator string) func(string, string) bool {
		return func(program, said string) bool {
			var v status.View
			return program == "state" && json.Unmarshal([]byte(said), &v) == nil && v.Power.Source.String() == source &&
				v.Power.Generators[0].State == generator && v.Session.Active
		}
	}
	until("the generator started", event(logbook.GeneratorStarted))
	for range 2 {
		until("the chip went away", func(program, said string) bool { return program == "away" && said == "gone" })
		until("it was missed", event(logbook.DeviceFailed))
		until("the generator was unknown", state("unknown", "unknown"))
		until("the chip was found again", event(logbook.DeviceRecovered))
		until("the generator ran again", state("generator", "running"))
	}
	if started != 1 {
		t.Errorf("the generator started %d times", started)
	}
}
