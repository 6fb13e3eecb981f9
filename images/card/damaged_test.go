//go:build soak

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"infobus/card"
	"infobus/images/card/cardtest"
	"infobus/status"
)

// What is said on the console where no daemon can be started.
const (
	noScript  = "U-Boot 20" // and nothing more
	noSlot    = "Infobus: no slot can be started"
	fixedPage = "infobus-init: verdict give-up"
)

// whole is a card of the very image with both slots filled, damaged, and what the box
// that was started from it says.
type whole struct {
	name    string // for -run
	about   string
	lived   bool  // the card has had an evening with a session
	size    int64 // of the card; 0: 2 GiB
	damage  func(t *testing.T, file string)
	qemu    []string // more of its arguments
	drive   string   // more of the card's, such as readonly=on
	options string   // of the daemon; "": the lab's
	late    string   // see setup
	again   bool     // it restarts, to start the other slot

	// dead is what is said on the console where no daemon can be started: what the printed
	// card has, or the initramfs's fixed page.
	dead   string
	advice []string // codes that stand in it, and no other that begins with card-
	glass  []string // what stands on the glass in English; without any, not the box's own page
	state  []string // what stands in the API's state
	events []string // what stands in the logbook
	also   func(b *box)
}

// ownTime has the machine's time go by what it has done, about as fast as the host's where
// that is idle: on a busy one nothing in it runs out of time, such as a unit's watchdog.
var ownTime = []string{"-icount", "shift=2"}

// night has it be two o'clock in the night, so many days from now: no session is planned
// then, whose page would take the box's own away as soon as it stands.
func night(days int) []string {
	return append([]string{"-rtc", "base=" + time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) + "T02:00:00"}, ownTime...)
}

// settingsFile has the card's settings file say something.
func settingsFile(text string) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		t.Helper()
		inFAT(t, file, text, "mcopy", "-o", "-", "::infobus.txt")
	}
}

// noSettings deletes the file.
func noSettings(t *testing.T, file string) {
	t.Helper()
	inFAT(t, file, "", "mdel", "::infobus.txt")
}

// inFAT does something with one of mtools.
func inFAT(t *testing.T, file, input, tool string, arguments ...string) {
	t.Helper()
	primary, _ := layout()
	run := exec.CommandContext(t.Context(), tool, append([]string{"-i", fmt.Sprintf("%s@@%d", file, int64(primary[0].start)*card.SectorSize)}, arguments...)...)
	run.Stdin = strings.NewReader(input)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", tool, err, out)
	}
}

// settingsSector damages the first sector of the settings file.
func settingsSector(t *testing.T, file string) {
	t.Helper()
	primary, _ := layout()
	b, err := cardtest.Read(file, int64(primary[0].start)*card.SectorSize, fatSize*card.SectorSize)
	if err != nil {
		t.Fatal(err)
	}
	at := max(bytes.Index(b, []byte("# Infobus: the settings")), bytes.Index(b, []byte("version=1\nwiring=standard\npin=")))
	if at < 0 || at%card.SectorSize != 0 {
		t.Fatalf("the settings file is at %d", at)
	}
	sector(int64(primary[0].start)+int64(at/card.SectorSize), flipped)(t, file)
}

// inData is what debugfs says to a command in the data's file system.
func inData(t *testing.T, file, command string) string {
	t.Helper()
	primary, _ := layout()
	out, err := exec.CommandContext(t.Context(), "debugfs", "-w", "-R", command, fmt.Sprintf("%s?offset=%d", file, int64(primary[2].start)*card.SectorSize)).CombinedOutput()
	if err != nil {
		t.Fatalf("debugfs: %v: %s", err, out)
	}
	return string(out)
}

// contents damages what is in a file of the data, from its block number skip on.
func contents(name string, skip int) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		t.Helper()
		size := 0
		for line := range strings.Lines(inData(t, file, "stats -h")) {
			if rest, is := strings.CutPrefix(line, "Block size:"); is {
				size, _ = strconv.Atoi(strings.TrimSpace(rest))
			}
		}
		list := inData(t, file, "blocks "+name)
		_, list, _ = strings.Cut(list, "\n") // the first line is debugfs's own name
		blocks := strings.Fields(list)
		if size == 0 || len(blocks) <= skip {
			t.Fatalf("%s has the blocks %q of %d bytes", name, blocks, size)
		}
		primary, _ := layout()
		for _, block := range blocks[skip:] {
			n, err := strconv.ParseInt(block, 10, 64)
			if err != nil {
				t.Fatalf("%s has the blocks %q", name, blocks)
			}
			stretch(int64(primary[2].start)*card.SectorSize+n*int64(size), int64(size), flipped)(t, file)
		}
	}
}

// filled has the data's file system be full.
func filled(t *testing.T, file string) {
	t.Helper()
	big := t.TempDir() + "/big"
	if err := os.WriteFile(big, bytes.Repeat([]byte("full"), 16<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	inData(t, file, "write "+big+" big") // until there is no room
}

// wholes are the rows. Damages that do not touch each other share a boot: each has its own
// word in what is said.
func wholes() []whole {
	primary, logical := layout()
	at := func(p part) int64 { return int64(p.start) }
	begin := func(p part) func(*testing.T, string) { return stretch(at(p)*card.SectorSize, 32<<20, zeroed) }
	data, rootA, bootA := at(primary[2]), at(logical[1]), at(logical[0])
	states := both(sector(card.Sectors[0], flipped), sector(card.Sectors[1], flipped))
	const (
		otherSlot = "A part of the memory card is damaged. The box runs from its second copy: bring a new card."
		written   = 1112539136 // the card's size as it is written
	)
	return []whole{
		{name: "fat", about: "the FAT is zeroed", damage: begin(primary[0]), dead: noScript},
		{name: "table", about: "the partition table is zeroed", damage: sector(0, zeroed), dead: noScript},
		{name: "slots", about: "the slots' records are zeroed", damage: sector(at(primary[1]), zeroed), dead: noSlot},
		{name: "kernels", about: "both kernels are zeroed", damage: both(begin(logical[0]), begin(logical[2])), dead: noSlot},
		{name: "roots", about: "both roots are damaged", damage: both(sector(rootA+4096, flipped), sector(at(logical[3])+4096, flipped)), again: true, dead: fixedPage},
		{name: "read-only-root", about: "the card takes no writes, and its root is damaged", damage: sector(rootA+4096, flipped), drive: ",readonly=on", dead: fixedPage},

		{name: "kernel", about: "the kernel of the good slot is zeroed; a sector of the settings file, the data's superblock, the logbook and what outlives a power cut are damaged", lived: true,
			damage: both(begin(logical[0]), settingsSector, contents("logbook.db", 1), contents("kept.slots", 0), sector(data+2, flipped)),
			advice: []string{"card-other-slot", "card-repaired", "box-says", "logbook-damaged"},
			state:  []string{`"why":"kernel"`, `"state":"repaired"`, `"code":"settings.file"`}, events: []string{`"device":"kept"`},
			glass: []string{"infobus.txt: this is no text. Copy example.txt over it, and fill it in.", otherSlot}},
		{name: "kernel-sector", about: "one sector of the good slot's kernel is damaged; the card has another signature", damage: both(kernelSector(bootA), stretch(signatureAt, 4, flipped)), advice: []string{"card-other-slot"}, state: []string{`"why":"kernel"`}, glass: []string{otherSlot}},
		{name: "root", about: "the good slot's root is zeroed", damage: begin(logical[1]), again: true, advice: []string{"card-other-slot"}, state: []string{`"why":"root"`}, glass: []string{otherSlot}},
		{name: "root-sector", about: "one sector of the good slot's root is damaged; the data is zeroed", lived: true,
			damage: both(sector(rootA+4096, flipped), begin(primary[2])), again: true,
			advice: []string{"card-other-slot", "card-data-lost"}, state: []string{`"why":"root"`, `"state":"made-anew"`},
			glass: []string{"The memory card was damaged, and what was kept on it is lost: pair the phones again, and bring the timetable.", otherSlot}},
		{name: "late", about: "the card comes late; it has no settings file; the data's entry in the table is zeroed", lived: true, late: "infobus-init: no fixed page", damage: both(noSettings, stretch(dataEntry, 16, zeroed)),
			advice: []string{"card-late", "box-says"}, state: []string{`"data":{"state":"mounted"`, `"name":"Van 1"`},
			glass: []string{"infobus.txt: it is not on the card; what it last said holds.", "The memory card was found late. It may be loose: switch the box off, and push the card in."}},
		{name: "read-only", about: "the card takes no writes; the settings file is empty", lived: true, damage: settingsFile(""), drive: ",readonly=on", advice: []string{"card-in-memory", "box-says"},
			state: []string{`"reason":"read-only"`, `"name":"Van 1"`}, glass: []string{"infobus.txt: the file is empty.", "The memory card is broken. The box works, but forgets all when its power goes: put in a new card."}},
		{name: "too-small", about: "the card is too small for data", size: (data + 2048) * card.SectorSize, advice: []string{"card-in-memory"}, state: []string{`"reason":"card-too-small"`}, glass: []string{"The memory card is too small."}},
		{name: "cut-short", about: "the card is smaller than the data on it; both copies of the slot state are damaged", lived: true, size: written, damage: states, advice: []string{"card-in-memory", "card-other-slot"},
			state: []string{`"reason":"card-too-small"`, `"why":"no-state"`}, glass: []string{"The memory card is too small. The box works, but forgets all when its power goes: put in a larger card.", "A part of the memory card is damaged. The box still starts: bring a new card."}},
		{name: "full", about: "the data is full; the panel is absent; the clock says 1970, which models vouch for", size: written, damage: filled, qemu: []string{"-rtc", "base=1970-01-01T00:00:00"},
			options: strings.Replace(options, "battery,panel,gateway", "battery", 1), advice: []string{"screen-failed", "device-failed"}, state: []string{`"name":"logbook","state":"failed","reason":"full"`}},
		{name: "settings", about: "mistakes in the settings, ten of them; one copy of the slot state is damaged; the other slot's kernel and root are zeroed",
			damage: both(settingsFile("version=1\nwiring=standard\npin=12\n"), sector(card.Sectors[0], flipped), begin(logical[2]), begin(logical[3])), advice: []string{"box-says"},
			state: []string{`"code":"settings.key"`, `"state":"one-damaged"`}, glass: []string{"infobus.txt, line 3, pin: 6 digits or letters at least, and 64 at most."}, also: tenMistakes},
	}
}

// signatureAt is where the first sector has the disk's signature.
const signatureAt = 440

// kernelSector damages a sector in the midst of a slot's kernel.
func kernelSector(boot int64) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		t.Helper()
		blocks := strings.Fields(inBoot(t, file, "blocks vmlinuz.gz"))
		n, err := strconv.ParseInt(blocks[len(blocks)/2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		size := int64(0)
		for line := range strings.Lines(inBoot(t, file, "stats -h")) {
			if rest, is := strings.CutPrefix(line, "Block size:"); is {
				size, _ = strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			}
		}
		sector(boot+n*size/card.SectorSize, flipped)(t, file)
	}
}

// tenMistakes has the daemon start again with ten other settings files, as the initramfs
// would have copied them, and with a panel of which nothing is known: one that has just been
// drawn on takes nothing for three minutes.
func tenMistakes(b *box) {
	for _, m := range []struct{ file, data, says string }{
		{"infobus.txt", "name=Van\npni=geheim7351", "line 2: there is no such key. Is pin meant?"},
		{"infobus.txt", "pin geheim7351", "line 1, pin: there is no = in it."},
		{"infobus.txt", "pin=geheim7351\npin=geheim7351", "line 2, pin: it stands on line 1 already."},
		{"infobus.txt", "endpoint=https://example.org\ntoken=«geheim7351", "line 2, token: a quotation mark stands at one end only."},
		{"infobus.txt", "endpoint=geheim7351", "line 1, endpoint: an address was expected"},
		{"infobus.txt", "version=9\nsecret=geheim7351", "line 1, version: this file is for a newer box (version 9)."},
		{"infobus.txt", "pin=735١٩٢", "line 1, pin: digits of two scripts"},
		{"infobus.txt.txt", "wiring=wake", "line 1, wiring: the start reads it otherwise."},
		{"infobus.txt", `{\rtf1 geheim7351`, "infobus.txt: a word processor has written it."},
		{"infobus.txt", "battery=geheim7351", "line 1, battery: agm, gel, flooded, lifepo4 or none was expected."},
	} {
		b.run("systemctl stop infobusd.service; rm -f /var/lib/infobus/kept.slots /var/lib/infobus/glass.slots; cd /run/infobus-card && rm -f infobus*.txt && echo " + base64.StdEncoding.EncodeToString([]byte(m.data)) + " | base64 -d >" + m.file +
			" && chown infobus " + m.file + " && chmod 400 " + m.file + " && systemctl start infobusd.service")
		b.glass(m.says)
		if all := b.run("infobus status --json || true; infobus status || true; journalctl -b -u infobusd --no-pager"); strings.Contains(all, "geheim") {
			b.t.Errorf("%s: what stands in the file is said:\n%s", m.says, all)
		}
	}
}

// glass waits until the box's own page stands on the glass, and until tesseract reads there
// what is to be said: the page is drawn a while after it is decided on.
func (b *box) glass(says ...string) {
	b.t.Helper()
	b.wait(`infobus status --json | grep -F -q '"page":"box"'`)
	address := b.forward()
	for end := time.Now().Add(hangGuard); ; b.run("sleep 2") {
		said := b.readGlass(address)
		missing := slices.DeleteFunc(slices.Clone(says), func(one string) bool { return strings.Contains(letters(said), letters(one)) })
		if len(missing) == 0 {
			b.t.Logf("on the glass: %s", said)
			return
		}
		b.t.Logf("on the glass is not yet %q: %s", missing, said)
		if time.Now().After(end) {
			b.t.Errorf("on the glass stands %q, and %q was expected", said, missing)
			return
		}
	}
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// forward has an address on this side lead to the machine's pages.
func (b *box) forward() (address string) {
	b.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	address = l.Addr().String()
	l.Close()
	var said string
	err = b.Ask("human-monitor-command", map[string]any{"command-line": "hostfwd_add net tcp:" + address + "-:80"}, &said)
	if err != nil || said != "" {
		b.t.Fatalf("%s: %v %s", address, err, said)
	}
	return address
}

// patient gives up what the machine did not hear, because its network was not there yet.
var patient = http.Client{Timeout: time.Minute}

// readGlass is what tesseract reads on the glass's picture, three times as large.
func (b *box) readGlass(address string) string {
	b.t.Helper()
	var picture image.Image
	for picture == nil { // it is reached over the machine's network, which comes later than the page
		answer, err := patient.Get("http://" + address + "/kiosk.png")
		if err == nil {
			picture, err = png.Decode(answer.Body)
			answer.Body.Close()
		}
		if err != nil {
			b.run("sleep 1")
		}
	}
	const scale, border = 3, 40
	r := picture.Bounds()
	large := image.NewGray(image.Rect(0, 0, scale*r.Dx()+2*border, scale*r.Dy()+2*border))
	draw.Draw(large, large.Bounds(), image.White, image.Point{}, draw.Src)
	for y := range scale * r.Dy() {
		for x := range scale * r.Dx() {
			large.Set(x+border, y+border, picture.At(r.Min.X+x/scale, r.Min.Y+y/scale))
		}
	}
	var in bytes.Buffer
	if err := png.Encode(&in, large); err != nil {
		b.t.Fatal(err)
	}
	read := exec.CommandContext(b.t.Context(), "tesseract", "-", "-", "-l", "eng")
	read.Stdin = &in
	out, err := read.Output()
	if err != nil {
		b.t.Fatalf("tesseract: %v", err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// Each damage is booted whole, from U-Boot on: the daemon is there, and glass and page say
// of the card what the failure table has; where nothing can be started, nothing is.
// Package trial has the verdict of each in seconds.
func TestEachDamageOfAWholeCardIsSaid(t *testing.T) {
	dir := made(t)
	twice := copied(t, dir, 2<<30)
	secondSlot(t, twice)
	lived := ""
	for _, w := range wholes() {
		t.Run(w.name, func(t *testing.T) {
			t.Log(w.about)
			from := twice
			if w.lived {
				if lived == "" {
					lived = evening(t, dir, twice)
				}
				from = lived
			}
			image := filepath.Join(t.TempDir(), "card.img")
			if out, err := exec.CommandContext(t.Context(), "cp", "--sparse=always", from, image).CombinedOutput(); err != nil {
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
			s := setup{endpoint: "http://10.0.2.2:1", options: w.options, drive: w.drive, qemu: append(night(2), w.qemu...), late: w.late}
			b := start(t, dir, image, s)
			if w.again {
				<-b.ended // it restarts, to start the other slot
				b = start(t, dir, image, s)
			}
			if w.dead != "" {
				b.hears(w.dead)
				if w.dead == fixedPage { // it blinks the board's light for ever, of which this one has none
					b.hears("infobus-init: no fixed page")
				} else {
					<-b.ended // it restarts
				}
				if all, _ := b.console(); strings.Contains(all, "infobus-init: report") || w.dead == noScript && strings.Contains(all, "Infobus: ") {
					t.Error("something was started")
				}
				return
			}
			b.wait("systemctl is-active infobusd.service")
			const state = "infobus status --json | grep -F -q "
			for _, code := range w.advice {
				b.wait(state + `'"code":"` + code + `"'`)
			}
			for _, said := range w.state {
				b.wait(state + "'" + said + "'")
			}
			for _, said := range w.events {
				b.wait("infobus events --json | grep -F -q '" + said + "'")
			}
			if len(w.glass) > 0 {
				b.glass(w.glass...)
			}
			b.saysNoMore(w)
			if w.also != nil {
				w.also(b)
			}
			t.Logf("it says:\n%s\nthe initramfs: %s", b.run("infobus status || true"), b.run("cat /run/infobus-card/report.json"))
		})
	}
}

// saysNoMore looks that the card has no other code among what is to be done, and that the
// box's own page is on the glass where it should be.
func (b *box) saysNoMore(w whole) {
	b.t.Helper()
	var v status.View
	if err := json.Unmarshal([]byte(b.run("infobus status --json || true")), &v); err != nil {
		b.t.Fatal(err)
	}
	for _, a := range v.Advice {
		if strings.HasPrefix(a.Code, "card-") && !slices.Contains(w.advice, a.Code) {
			b.t.Errorf("of the card it says %s: %s", a.Code, a.Text)
		}
	}
	if (v.Kiosk.Page == "box") != (len(w.glass) > 0) {
		b.t.Errorf("on the glass stands the page %q", v.Kiosk.Page)
	}
}

// evening gives the card an evening: a PIN and a name, a session, and a power-off.
func evening(t *testing.T, dir, from string) string {
	t.Helper()
	image := filepath.Join(filepath.Dir(from), "lived.img")
	if out, err := exec.CommandContext(t.Context(), "cp", "--sparse=always", from, image).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	settingsFile("version=1\nwiring=standard\npin=482915073364\nname=Van 1\n")(t, image)
	b := start(t, dir, image, setup{endpoint: "http://10.0.2.2:1", qemu: night(1)})
	b.wait("systemctl is-active infobusd.service")
	if err := b.Drive(generator, true); err != nil {
		t.Fatal(err)
	}
	b.wait("infobus events --json | grep -F session.started")
	b.wait("test -s /var/lib/infobus/kept.slots")
	b.wait("infobus status --json | grep -F -q '\"name\":\"Van 1\"'")
	b.saysNoMore(whole{}) // nothing is damaged
	t.Logf("of a card that is whole it says:\n%s", b.run("infobus status || true"))
	b.run("systemctl stop infobusd.service && sync")
	b.shell.Try("systemctl poweroff", hangGuard) // which ends the shell
	<-b.ended
	return image
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
