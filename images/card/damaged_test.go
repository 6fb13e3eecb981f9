//go:build soak

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"infobus/card"
)

// whole is a card of the very image with both slots filled, damaged, and what the box
// that was started from it says.
type whole struct {
	name    string // for -run
	about   string
	size    int64 // of the card; 0: 2 GiB
	damage  func(t *testing.T, file string)
	qemu    []string // more of its arguments
	drive   string   // more of the card's, such as readonly=on
	options string   // of the daemon; "": the lab's
	again   bool     // it restarts, to start the other slot

	advice string // a code that stands in it; "": none that begins with card-
	state  string // what stands in the API's state
}

func sector(n int64, change func(b []byte)) func(*testing.T, string) {
	return stretch(n*card.SectorSize, card.SectorSize, change)
}

func stretch(at, n int64, change func(b []byte)) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		t.Helper()
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b := make([]byte, n)
		if _, err := f.ReadAt(b, at); err != nil {
			t.Fatal(err)
		}
		change(b)
		if _, err := f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
}

func zeroed(b []byte) { clear(b) }

func flipped(b []byte) {
	for i := range b {
		b[i] ^= 0xff
	}
}

// settingsFile has the card's settings file say something.
func settingsFile(text string) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		t.Helper()
		primary, _ := layout()
		mcopy := exec.CommandContext(t.Context(), "mcopy", "-o", "-i", fmt.Sprintf("%s@@%d", file, int64(primary[0].start)*card.SectorSize), "-", "::infobus.txt")
		mcopy.Stdin = strings.NewReader(text)
		if out, err := mcopy.CombinedOutput(); err != nil {
			t.Fatalf("mcopy: %v: %s", err, out)
		}
	}
}

// filled has the data's file system be full.
func filled(t *testing.T, file string) {
	t.Helper()
	primary, _ := layout()
	big := t.TempDir() + "/big"
	if err := os.WriteFile(big, bytes.Repeat([]byte("full"), 16<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "debugfs", "-w", "-R", "write "+big+" big",
		fmt.Sprintf("%s?offset=%d", file, int64(primary[2].start)*card.SectorSize)).CombinedOutput()
	if err != nil { // it writes until there is no room
		t.Fatalf("debugfs: %v: %s", err, out)
	}
}

func wholes() []whole {
	primary, logical := layout()
	at := func(p part) int64 { return int64(p.start) }
	data, rootA := at(primary[2]), at(logical[1])
	return []whole{
		{name: "none", about: "nothing is damaged"},
		{name: "kernel", about: "the kernel of the good slot is zeroed", damage: stretch(at(logical[0])*card.SectorSize, 1<<20, zeroed), advice: "card-other-slot", state: `"why":"kernel"`},
		{name: "root", about: "a sector of the good slot's root is damaged", damage: sector(rootA+4096, flipped), again: true, advice: "card-other-slot", state: `"why":"root"`},
		{name: "state", about: "both copies of the slot state are damaged", damage: both(sector(card.Sectors[0], flipped), sector(card.Sectors[1], flipped)), advice: "card-other-slot", state: `"why":"no-state"`},
		{name: "data-zeroed", about: "the data is zeroed", damage: stretch(data*card.SectorSize, 32<<20, zeroed), advice: "card-data-lost", state: `"state":"made-anew"`},
		{name: "data-superblock", about: "the data's superblock is damaged", damage: sector(data+2, flipped), advice: "card-repaired", state: `"state":"repaired"`},
		{name: "data-entry", about: "the data's entry in the table is zeroed", damage: stretch(478, 16, zeroed), state: `"state":"mounted"`},
		{name: "data-full", about: "the data is full", size: 1112539136, damage: filled, state: `"name":"logbook","state":"failed"`},
		{name: "read-only", about: "the card takes no writes", drive: ",readonly=on", advice: "card-in-memory", state: `"why":"read-only"`},
		{name: "too-small", about: "the card is too small for data", size: (data + 2048) * card.SectorSize, advice: "card-in-memory", state: `"why":"card-too-small"`},
		{name: "settings-wrong", about: "a mistake in the settings", damage: settingsFile("version=1\nwiring=standard\npin=12\n"), advice: "box-says", state: `"code":"settings.key"`},
		{name: "settings-empty", about: "no settings file", damage: settingsFile(""), advice: "box-says", state: `"code":"settings.file"`},
		{name: "clock-1970", about: "the clock says 1970", qemu: []string{"-rtc", "base=1970-01-01T00:00:00"}, advice: "clock-not-set"},
		{name: "panel-absent", about: "the panel is absent", options: strings.Replace(options, "battery,panel,gateway", "battery,gateway", 1), advice: "screen-failed"},
	}
}

func both(list ...func(*testing.T, string)) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		for _, do := range list {
			do(t, file)
		}
	}
}

// Each damage is booted whole, from U-Boot on: the daemon is there, and says of the card
// what the failure table has. Package trial has the verdict of each in seconds.
func TestEachDamageOfAWholeCardIsSaid(t *testing.T) {
	dir := made(t)
	twice := copied(t, dir, 2<<30)
	secondSlot(t, twice)
	for _, w := range wholes() {
		t.Run(w.name, func(t *testing.T) {
			t.Log(w.about)
			image := filepath.Join(t.TempDir(), "card.img")
			if out, err := exec.CommandContext(t.Context(), "cp", "--sparse=always", twice, image).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if w.size != 0 {
				if err := os.Truncate(image, w.size); err != nil {
					t.Fatal(err)
				}
			}
			if w.damage != nil {
				w.damage(t, image)
			}
			s := setup{endpoint: "http://10.0.2.2:1", options: w.options, drive: w.drive, qemu: w.qemu}
			b := start(t, dir, image, s)
			if w.again {
				<-b.ended // it restarts, to start the other slot
				b = start(t, dir, image, s)
			}
			b.wait("systemctl is-active infobusd.service")
			const state = "infobus status --json | grep -F -q "
			if w.advice != "" {
				b.wait(state + `'"code":"` + w.advice + `"'`)
			}
			if w.state != "" {
				b.wait(state + "'" + w.state + "'")
			}
			if said := b.run(`infobus status --json | grep -c '"code":"card-' || true`); (said != "0") != strings.HasPrefix(w.advice, "card-") {
				t.Errorf("of the card it says something that was not expected, or nothing: %s", b.run("infobus status --json || true"))
			}
			t.Logf("it says:\n%s\nthe initramfs: %s", b.run("infobus status || true"), b.run("cat /run/infobus-card/report.json"))
		})
	}
}

// secondSlot fills slot b with what slot a has.
func secondSlot(t *testing.T, file string) {
	t.Helper()
	_, logical := layout()
	for i := range 2 {
		from, to := logical[i], logical[i+2]
		dd := exec.CommandContext(t.Context(), "dd", "if="+file, "of="+file, "bs=1M", "conv=notrunc,sparse", "status=none",
			fmt.Sprintf("skip=%d", from.start/mib), fmt.Sprintf("seek=%d", to.start/mib), fmt.Sprintf("count=%d", from.size/mib))
		if out, err := dd.CombinedOutput(); err != nil {
			t.Fatalf("dd: %v: %s", err, out)
		}
	}
}
