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

// The whole daemon, as it is shipped, on a kernel as the Pi has it: each time a
// generator starts or stops is an event, once, in order, whatever the contacts
// do meanwhile.
func TestDaemonOnRealChip(t *testing.T) {
	const offset, edges = 1, 200
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
			Command: []string{"/infobus", "--address", "http://127.0.0.1:8080", "events", "--follow", "--json"},
			Again:   true, // until the daemon is up
		},
	}
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

	// The lines are watched once a change is seen; the first one is held.
	c.drive(offset, true)
	level, last := false, time.Duration(0)
	// changed is the next change of the generator.
	changed := func() bool {
		t.Helper()
		for {
			e := next()
			if e.Name != logbook.GeneratorStarted && e.Name != logbook.GeneratorStopped {
				continue
			}
			if runs := e.Name == logbook.GeneratorStarted; runs == level {
				t.Fatalf("%+v, and it was so before", e)
			}
			if e.Mono <= last {
				t.Fatalf("%+v, after one at %v", e, last)
			}
			level, last = !level, e.Mono
			return level
		}
	}
	changed()

	loose := false // the last round was too slow to judge: bounces may have counted
	for done, slow := 0, 0; done < edges; {
		to := !level
		quick := c.change(offset, to, done%4)
		want := 1
		for {
			changed()
			if level == to {
				break
			}
			if want++; !loose && quick {
				t.Fatalf("edge %d: %d events for one change", done, want)
			}
		}
		if quick && !loose {
			done++
		} else {
			slow++
		}
		loose = !quick
		if done == edges {
			t.Logf("%d edges, %d more too slow to judge", done, slow)
		}
	}
}
