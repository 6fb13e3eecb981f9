package lab_test

import (
	"encoding/json"
	"os"
	"path/filepath"
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
	o := lab.Options{Kernel: kernel(t), Init: build(t, "infobus/images/lab/init"), Files: fonts(t)}
	config := filepath.Join(t.TempDir(), "infobus.yaml")
	if err := os.WriteFile(config, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Files["/infobus.yaml"] = config
	o.Files["/infobusd"] = build(t, "infobus/cmd/infobusd")
	o.Files["/infobus"] = build(t, "infobus/cmd/infobus")
	o.Files["/away"] = build(t, "infobus/images/lab/away")
	o.Programs = []lab.Program{
		{
			Name: "infobusd",
			Command: []string{"/infobusd", "--config", "/infobus.yaml", "--sim=battery,panel,gateway",
				"--state-dir", "/var/infobus", "--listen", "127.0.0.1:8080"},
			Env: []string{"INFOBUS_FONTS=/fonts"},
		},
		{Name: "state", Command: []string{"/infobus", "--address", "http://127.0.0.1:8080", "status", "--json"}, Again: true},
		{Name: "event", Command: []string{"/infobus", "--address", "http://127.0.0.1:8080", "events", "--follow", "--json"}, Again: true},
		{Name: "away", Command: []string{"/away", "/sys/bus/amba/drivers/pl061_gpio", lab.Chip, "20s"}},
	}
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
			return program == "state" && json.Unmarshal([]byte(said), &v) == nil && v.Power.Source == source &&
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
