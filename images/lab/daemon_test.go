package lab_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"infobus/images/lab"
	"infobus/logbook"
)

const configuration = `
gpio: 9030000.pl061
generators:
  - line: "1"
    active: high
    bias: none
    debounce: 50ms
  - line: "2"
    active: high
    bias: none
    debounce: 100ms
`

// fonts are the folder of the screen's fonts.
func fonts(t *testing.T) map[string]string {
	t.Helper()
	dir := os.Getenv("INFOBUS_FONTS")
	if dir == "" {
		dir = "/usr/share/fonts/truetype/noto"
	}
	files := map[string]string{}
	for _, name := range []string{"NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSansArabic-Regular.ttf", "NotoSansArabic-Bold.ttf"} {
		files["/fonts/"+name] = filepath.Join(dir, name)
	}
	return files
}

// daemon is the machine with the daemon in it, as it is shipped, and a program that
// follows its events.
func daemon(t *testing.T) lab.Options {
	t.Helper()
	o := lab.Options{Kernel: kernel(t), Init: build(t, "infobus/images/lab/init"), Files: fonts(t)}
	config := filepath.Join(t.TempDir(), "infobus.yaml")
	if err := os.WriteFile(config, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Files["/infobus.yaml"] = config
	o.Files["/infobusd"] = build(t, "infobus/cmd/infobusd")
	o.Files["/infobus"] = build(t, "infobus/cmd/infobus")
	o.Programs = []lab.Program{
		{
			Name: "infobusd",
			Command: []string{"/infobusd", "--config", "/infobus.yaml", "--sim=battery,panel,gateway",
				"--state-dir", "/var/infobus", "--listen", "127.0.0.1:8080"},
			Env: []string{"INFOBUS_FONTS=/fonts"},
		},
		{
			Name:    "event",
			Command: []string{"/infobus", "--address", "/var/infobus/infobus.sock", "events", "--follow", "--json"},
			Again:   true, // until the daemon is up, and where it loses patience with one that is halted
		},
	}
	return o
}

// The whole daemon, as it is shipped, on a kernel as the Pi has it: each time a
// generator starts or stops is an event, once, in order, whatever the contacts
// do meanwhile. The second generator is driven after each change of the first:
// its event says that all of the first's are out.
func TestDaemonOnRealChip(t *testing.T) {
	const first, second, edges = 1, 2, 200
	o := daemon(t)
	c := boot(t, o)

	var seq uint64
	var boot string
	next := func() logbook.Event {
		t.Helper()
		for {
			said := c.next("event")
			var e logbook.Event
			if err := json.Unmarshal([]byte(said), &e); err != nil || e.Name == "" {
				if seq == 0 {
					continue // the daemon is not up yet
				}
				t.Fatalf("the stream of events broke off: %q", said)
			}
			if boot == "" {
				boot, seq = e.Boot, e.Seq-1
			}
			if e.Seq != seq+1 || e.Boot != boot {
				t.Fatalf("event %+v after number %d of boot %s", e, seq, boot)
			}
			seq = e.Seq
			return e
		}
	}
	for next().Name != logbook.SystemStarted {
	}

	marker, last := false, map[any]time.Duration{}
	// seen is what the first generator did up to now: true for each start.
	seen := func() (changes []bool) {
		t.Helper()
		marker = !marker
		c.drive(second, marker)
		for {
			e := next()
			if e.Name != logbook.GeneratorStarted && e.Name != logbook.GeneratorStopped {
				continue
			}
			generator := e.Attributes["generator"]
			if e.Mono <= last[generator] {
				t.Fatalf("event %+v, after one at %v", e, last[generator])
			}
			last[generator] = e.Mono
			started := e.Name == logbook.GeneratorStarted
			switch generator {
			case 1.0:
				changes = append(changes, started)
			case 2.0:
				if started != marker {
					t.Fatalf("event %+v, want started %v", e, marker)
				}
				return changes
			default:
				t.Fatalf("event %+v is of no generator", e)
			}
		}
	}
	// Not before this are the lines known to be watched.
	if got := seen(); len(got) != 0 {
		t.Fatalf("to begin with the generator did %v, want nothing", got)
	}

	c.rounds(first, edges, seen)
}
