package debian

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/logbook"
)

// An empty battery: it is announced, the last page is drawn, the log-in manager
// powers the machine off, and at the next boot all of it is in the logbook.
func TestAnEmptyBatteryPowersTheMachineOff(t *testing.T) {
	m := fresh(t)
	m.drive(true)
	m.event(logbook.KioskRefreshed) // a session's page
	m.drive(false)
	m.event(logbook.GeneratorStopped)
	before := len(m.events())
	m.run("infobus sim battery 2")
	m.event(logbook.PowerShutdown)
	if how := m.ended(); how != "guest-shutdown" {
		t.Fatalf("the machine ended by %q, want it to power itself off", how)
	}
	m.saw("infobus: no generator runs: poweroff")

	m.again()
	var after []logbook.Name
	for _, e := range m.events()[before:] {
		after = append(after, e.Name)
	}
	t.Logf("at the next boot the logbook has %v", after)
	for i, want := range []logbook.Name{logbook.PowerShutdown, logbook.KioskRefreshed, logbook.SystemStopping, logbook.SystemStarted} {
		at := slices.Index(after, want)
		if at < 0 {
			t.Fatalf("there is no %s, or it comes too early: number %d of what is wanted", want, i)
		}
		after = after[at+1:]
	}
}

// events are those in the logbook.
func (m *machine) events() (all []logbook.Event) {
	m.t.Helper()
	for l := range strings.Lines(m.wait("infobus events --json")) {
		var e logbook.Event
		if err := json.Unmarshal([]byte(l), &e); err != nil {
			m.t.Fatalf("%q: %v", l, err)
		}
		all = append(all, e)
	}
	return all
}

// event waits until there is an event of that name.
func (m *machine) event(name logbook.Name) {
	m.t.Helper()
	m.wait("infobus events --json | grep -F '\"" + string(name) + "\"'")
}

// ended waits until the machine has powered itself off or restarted, and says by
// which of QEMU's reasons. It stands still then.
func (m *machine) ended() string {
	m.t.Helper()
	select {
	case how := <-m.off:
		return how
	case <-time.After(hangGuard):
		m.t.Fatalf("the machine runs on after %v", hangGuard)
		return ""
	}
}

// saw wants a line with these words on the console.
func (m *machine) saw(words string) {
	m.t.Helper()
	if !m.printed(words) {
		m.t.Errorf("the console has not %q", words)
	}
}

func (m *machine) printed(words string) (found bool) {
	m.lock(func() {
		found = slices.ContainsFunc(m.console, func(l string) bool { return strings.Contains(l, words) })
	})
	return found
}

// again boots the machine that stands still.
func (m *machine) again() {
	m.t.Helper()
	m.reset()
	m.monitor("cont")
	m.wait("systemctl is-active infobusd")
}
