//go:build soak

package main

import (
	"encoding/json"
	"slices"
	"testing"

	"infobus/selftest/firstboard"
)

// The first evening's self-test, on the booted image: its report names what the lab's board
// has not, and nothing of it is from this machine's network.
func TestTheFirstEveningsReportNamesWhatTheBoardLacks(t *testing.T) {
	dir := made(t)
	b := start(t, dir, copied(t, dir, 2<<30), setup{endpoint: "http://10.0.2.2:1", qemu: ownTime})
	b.wait("systemctl is-active multi-user.target")
	b.run("mkdir -p /tmp/stick && infobus selftest --first-board --yes --report /tmp/stick; test $? -eq 1")
	t.Logf("the report:\n%s", b.run("cat /tmp/stick/infobus-first-board.txt"))
	var r firstboard.Report
	if err := json.Unmarshal([]byte(b.run("cat /tmp/stick/infobus-first-board.json")), &r); err != nil {
		t.Fatal(err)
	}
	for _, lacks := range []string{"board", "memory card", "watchdog", "SPI", "I2C buses", "battery monitor", "temperature"} {
		if !slices.Contains(r.Lacks(), lacks) {
			t.Errorf("it does not name the %s among %q", lacks, r.Lacks())
		}
	}
	b.wait("systemctl is-active infobusd.service") // which it had stopped
}
