//go:build soak

package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"infobus/config/settings"
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

// Nobody can log in to a van's card: a file on the FAT asks for the first evening's tests,
// and a USB stick takes the report. A configuration on the FAT is the van's.
func TestAFileOnTheCardAsksForTheFirstEvening(t *testing.T) {
	dir := made(t)
	image := copied(t, dir, 2<<30)
	inFAT(t, image, "", "mcopy", "-o", "-", "::"+strings.ToUpper(settings.FirstEvening)+".txt")
	van := strings.ReplaceAll(configuration, "RECEIVER", "http://10.0.2.2:1")
	inFAT(t, image, van, "mcopy", "-o", "-", "::infobus.yaml")
	stick := filepath.Join(t.TempDir(), "stick")
	for _, args := range [][]string{{"truncate", "-s", "64M", stick}, {"mkfs.vfat", "-n", "STICK", stick}} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	b := start(t, dir, image, setup{endpoint: "http://10.0.2.2:1", options: "OPTIONS=--sim=battery,panel,gateway",
		qemu: slices.Concat(ownTime, []string{"-device", "qemu-xhci", "-drive", "if=none,id=stick,format=raw,file=" + stick, "-device", "usb-storage,drive=stick"})})
	b.wait("systemctl is-active multi-user.target")
	if own := b.run("cat /etc/infobus/infobus.yaml"); strings.TrimSpace(own) != strings.TrimSpace(van) {
		t.Errorf("the van's configuration is\n%s", own)
	}
	b.wait("! systemctl is-active infobus-first-evening.service && systemctl show -p ExecMainExitTimestampMonotonic infobus-first-evening.service | grep -q -v '=0$'")
	t.Log(b.run("journalctl -b -u infobus-first-evening.service --no-pager"))
	b.wait("systemctl is-active infobusd.service")
	if all, _ := b.console(); strings.Contains(all, "ordering cycle") {
		t.Error("units wait for each other")
	}
	b.run("sync")
	var r firstboard.Report
	for _, name := range []string{"infobus-first-board.txt", "infobus-first-board.json"} {
		out, err := exec.CommandContext(t.Context(), "mcopy", "-i", stick, "::"+name, "-").Output()
		if err != nil || len(out) == 0 {
			t.Fatalf("on the stick is no %s: %v", name, err)
		}
		if filepath.Ext(name) == ".json" {
			if err := json.Unmarshal(out, &r); err != nil {
				t.Error(err)
			}
		}
	}
	if !slices.Contains(r.Lacks(), "watchdog") {
		t.Errorf("it names %q", r.Lacks())
	}
}
