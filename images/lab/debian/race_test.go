package debian

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// A generator that comes back at whatever moment, from the announcement to the
// hook's last look, leaves the machine running or restarting, and never off.
func TestAGeneratorThatReturnsDuringTheShutdown(t *testing.T) {
	tries := 4
	if os.Getenv("INFOBUS_SOAK") != "" {
		tries = 100
	}
	m := fresh(t)
	m.run("infobus sim battery 2")
	m.wait(`infobus events --json | grep -F '"state":"pending"'`)
	m.run("systemd-run --quiet sh -c 'infobus events --follow --json | grep --line-buffered -F cancelled | " +
		"while read -r line; do echo lab: called off >/dev/kmsg; done'")
	m.save("announced")
	begun := time.Now()
	if how := m.ended(); how != "guest-shutdown" {
		t.Fatalf("with no generator the machine ended by %q", how)
	}
	takes := time.Since(begun)

	ended := map[string]int{}
	for returns := 0; returns < tries; {
		m.load("announced")
		after := time.Duration(rand.Int64N(int64(takes)))
		if returns%2 == 1 {
			after = (takes + after) / 2 // more of them late
		}
		<-time.After(after)
		m.monitor("stop")
		<-time.After(200 * time.Millisecond) // until what the console said is read
		if m.printed("infobus: no generator runs") {
			ended["too late"]++ // to a box that is off
			continue
		}
		returns++
		m.drive(true)
		m.monitor("cont")
		how := m.outcome()
		ended[how]++
		t.Logf("back %v after the announcement: %s", after, how)
		if how != "runs on" && how != "guest-reset" {
			t.Errorf("back %v after the announcement, of %v until the power is off: %s", after, takes, how)
		}
	}
	t.Logf("of %d returns within %v: %v", tries, takes, ended)
}

// outcome is "runs on" once a shutdown was called off, or how the machine ended.
func (m *machine) outcome() string {
	m.t.Helper()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for giveUp := time.After(hangGuard); ; {
		select {
		case how := <-m.off:
			return how
		case <-look.C:
			if m.printed("lab: called off") {
				return "runs on"
			}
		case <-giveUp:
			m.t.Fatalf("the machine neither ends nor runs on in %v", hangGuard)
		}
	}
}
