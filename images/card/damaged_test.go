//go:build soak

package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"infobus/card"
	"infobus/images/card/cardtest"
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
	advice string // a code that stands in it; "": none that begins with card-
	glass  string // stands on the glass in English; "": nothing
	state  string // what stands in the API's state
	also   func(b *box)
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
	at := bytes.Index(b, []byte("# Infobus: the settings"))
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

func wholes() []whole {
	primary, logical := layout()
	at := func(p part) int64 { return int64(p.start) }
	begin := func(p part) func(*testing.T, string) { return stretch(at(p)*card.SectorSize, 32<<20, zeroed) }
	data, rootA, bootA := at(primary[2]), at(logical[1]), at(logical[0])
	const (
		otherSlot = "A part of the memory card is damaged. The box runs from its second copy: bring a new card."
		written   = 1112539136 // the card's size as it is written
	)
	return []whole{
		{name: "none", about: "nothing is damaged", lived: true},

		{name: "fat", about: "the FAT is zeroed", damage: begin(primary[0]), dead: noScript},
		{name: "fat-mount", about: "the FAT's first sector is damaged so that the kernel does not mount it, and U-Boot reads it all the same",
			damage: sector(at(primary[0]), func(b []byte) { b[17] = 1 }), state: `"code":"settings.file"`, advice: "box-says", glass: "infobus.txt: the file cannot be read. Put the card into a computer and look at it there."},
		{name: "fat-sector", about: "one sector of the settings file is damaged", damage: settingsSector, state: `"code":"settings.file"`, advice: "box-says", glass: "infobus.txt: this is no text."},
		{name: "settings-absent", about: "there is no settings file", lived: true, damage: noSettings, advice: "box-says", state: `"name":"Van 1"`, glass: "infobus.txt: it is not on the card; what it last said holds."},
		{name: "settings-empty", about: "the settings file is empty", damage: settingsFile(""), advice: "box-says", state: `"code":"settings.file"`, glass: "infobus.txt: the file is empty."},
		{name: "settings-wrong", about: "mistakes in the settings, ten of them", damage: settingsFile("version=1\nwiring=standard\npin=12\n"), advice: "box-says", state: `"code":"settings.key"`,
			glass: "infobus.txt, line 3, pin: 6 digits or letters at least", also: tenMistakes},

		{name: "table", about: "the partition table is zeroed", damage: sector(0, zeroed), dead: noScript},
		{name: "slots", about: "the slots' records are zeroed", damage: sector(at(primary[1]), zeroed), dead: noSlot},
		{name: "kernel", about: "the kernel of the good slot is zeroed", damage: begin(logical[0]), advice: "card-other-slot", state: `"why":"kernel"`, glass: otherSlot},
		{name: "kernel-sector", about: "one sector of the good slot's kernel is damaged", damage: kernelSector(bootA), advice: "card-other-slot", state: `"why":"kernel"`, glass: otherSlot},
		{name: "kernels", about: "both kernels are zeroed", damage: both(begin(logical[0]), begin(logical[2])), dead: noSlot},
		{name: "root", about: "the good slot's root is zeroed", damage: begin(logical[1]), again: true, advice: "card-other-slot", state: `"why":"root"`, glass: otherSlot},
		{name: "root-sector", about: "one sector of the good slot's root is damaged", damage: sector(rootA+4096, flipped), again: true, advice: "card-other-slot", state: `"why":"root"`, glass: otherSlot},
		{name: "roots", about: "both roots are damaged", damage: both(sector(rootA+4096, flipped), sector(at(logical[3])+4096, flipped)), again: true, dead: fixedPage},
		{name: "other-slot", about: "the other slot's kernel and root are zeroed", damage: both(begin(logical[2]), begin(logical[3]))},
		{name: "state-one", about: "one copy of the slot state is damaged", damage: sector(card.Sectors[0], flipped), state: `"state":"one-damaged"`},
		{name: "state", about: "both copies of the slot state are damaged", damage: both(sector(card.Sectors[0], flipped), sector(card.Sectors[1], flipped)), advice: "card-other-slot", state: `"why":"no-state"`,
			glass: "A part of the memory card is damaged. The box still starts: bring a new card."},

		{name: "data", about: "the data is zeroed", lived: true, damage: begin(primary[2]), advice: "card-data-lost", state: `"state":"made-anew"`, glass: "The memory card was damaged, and what was kept on it is lost"},
		{name: "data-superblock", about: "the data's superblock is damaged", lived: true, damage: sector(data+2, flipped), advice: "card-repaired", state: `"state":"repaired"`},
		{name: "data-entry", about: "the data's entry in the table is zeroed", lived: true, damage: stretch(478, 16, zeroed), state: `"state":"mounted"`},
		{name: "data-late", about: "the card comes late", lived: true, late: "infobus-init: no fixed page", advice: "card-late", state: `"state":"mounted"`,
			glass: "The memory card was found late. It may be loose: switch the box off, and push the card in."},
		{name: "data-full", about: "the data is full", size: written, damage: filled, advice: "device-failed", state: `"name":"logbook","state":"failed","reason":"full"`},
		{name: "logbook", about: "the logbook is damaged", lived: true, damage: contents("logbook.db", 1), advice: "logbook-damaged", state: `"name":"Van 1"`},
		{name: "kept", about: "what outlives a power cut is damaged", lived: true, damage: contents("kept.slots", 0), advice: "device-failed", state: `"name":"kept","state":"failed"`},
		{name: "read-only", about: "the card takes no writes", lived: true, drive: ",readonly=on", advice: "card-in-memory", state: `"why":"read-only"`, glass: "The memory card is broken."},
		{name: "read-only-root", about: "the card takes no writes, and its root is damaged", damage: sector(rootA+4096, flipped), drive: ",readonly=on", dead: fixedPage},
		{name: "too-small", about: "the card is too small for data", size: (data + 2048) * card.SectorSize, advice: "card-in-memory", state: `"why":"card-too-small"`, glass: "The memory card is too small."},
		{name: "cut-short", about: "the card is smaller than the data on it", lived: true, size: written, advice: "card-in-memory", state: `"why":"card-too-small"`, glass: "The memory card is too small."},

		{name: "clock-1970", about: "the clock says 1970", qemu: []string{"-rtc", "base=1970-01-01T00:00:00"}, advice: "clock-not-set"},
		{name: "panel-absent", about: "the panel is absent", options: strings.Replace(options, "battery,panel,gateway", "battery,gateway", 1), advice: "screen-failed"},
	}
}

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
// would have copied them.
func tenMistakes(b *box) {
	for _, m := range []struct{ file, data, says string }{
		{"infobus.txt", "name=Van\npni=geheim7351", "line 2: there is no such key. Is pin meant?"},
		{"infobus.txt", "pin geheim7351", "line 1, pin: there is no = in it."},
		{"infobus.txt", "pin=geheim7351\npin=geheim7351", "line 2, pin: it stands on line 1 already."},
		{"infobus.txt", "endpoint=https://example.org\ntoken=«geheim7351", "line 2, token: a quotation mark stands at one end only."},
		{"infobus.txt", "endpoint=geheim7351", "line 1, endpoint: an address was expected"},
		{"infobus.txt", "version=9\nsecret=geheim7351", "line 1, version: this file is for a newer box (version 9)."},
		{"infobus.txt", "pin=735١٩٢", "line 1, pin: digits of two scripts"},
		{"infobus.txt.txt", "wiring=wake", "line 1, wiring: the box's start reads it otherwise."},
		{"infobus.txt", `{\rtf1 geheim7351`, "infobus.txt: a word processor has written it."},
		{"infobus.txt", "battery=geheim7351", "line 1, battery: agm, gel, flooded, lifepo4 or none was expected."},
	} {
		b.run("systemctl stop infobusd.service; cd /run/infobus-card && rm -f infobus*.txt && echo " + base64.StdEncoding.EncodeToString([]byte(m.data)) + " | base64 -d >" + m.file +
			" && chown infobus " + m.file + " && chmod 400 " + m.file + " && systemctl start infobusd.service")
		b.glass(m.says)
		if all := b.run("infobus status --json || true; infobus status || true; journalctl -b -u infobusd --no-pager"); strings.Contains(all, "geheim") {
			b.t.Errorf("%s: what stands in the file is said:\n%s", m.says, all)
		}
	}
}

// glass waits until the box's own page stands on the glass, and has tesseract read what is
// said on its picture.
func (b *box) glass(says string) {
	b.t.Helper()
	b.wait(`infobus status --json | grep -F -q '"page":"box"'`)
	said := b.readGlass()
	if !strings.Contains(letters(said), letters(says)) {
		b.t.Errorf("on the glass stands %q, and %q was expected", said, says)
	}
	b.t.Logf("on the glass: %s", said)
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

// readGlass is what tesseract reads on the glass's picture, three times as large.
func (b *box) readGlass() string {
	b.t.Helper()
	var picture image.Image
	address := b.forward()
	for picture == nil { // it is reached over the machine's network, which comes later than the page
		answer, err := http.Get("http://" + address + "/kiosk.png")
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
			s := setup{endpoint: "http://10.0.2.2:1", options: w.options, drive: w.drive, qemu: w.qemu, late: w.late}
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
			if w.advice != "" {
				b.wait(state + `'"code":"` + w.advice + `"'`)
			}
			if w.state != "" {
				b.wait(state + "'" + w.state + "'")
			}
			if w.glass != "" {
				b.glass(w.glass)
			}
			all := b.run("infobus status --json || true")
			if strings.Contains(all, `"code":"card-`) != strings.HasPrefix(w.advice, "card-") || strings.Contains(all, `"page":"box"`) != (w.glass != "") {
				t.Errorf("of the card it says something that was not expected, or nothing: %s", all)
			}
			if w.also != nil {
				w.also(b)
			}
			t.Logf("it says:\n%s\nthe initramfs: %s", b.run("infobus status || true"), b.run("cat /run/infobus-card/report.json"))
		})
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
	b := start(t, dir, image, setup{endpoint: "http://10.0.2.2:1"})
	b.wait("systemctl is-active infobusd.service")
	if err := b.Drive(generator, true); err != nil {
		t.Fatal(err)
	}
	b.wait("infobus events --json | grep -F session.started")
	b.wait("test -s /var/lib/infobus/kept.slots")
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
