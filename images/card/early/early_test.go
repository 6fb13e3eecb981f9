package early

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"infobus/card"
	"infobus/hw/rtc"
	"infobus/hw/rtc/rtctest"
)

// busOf writes the kernel's folder of a bus with a chip on it.
func busOf(t *testing.T, name, kind string) string {
	t.Helper()
	folder := t.TempDir()
	node := filepath.Join(folder, "devices", name, "of_node")
	if err := os.MkdirAll(node, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(node, "compatible"), []byte(kind+"\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestTheClockChipsFlagIsReadBeforeTheKernelsDriver(t *testing.T) {
	var chip rtctest.Chip
	read := func(path string, address uint16) (bool, error) {
		if path != "/dev/i2c-11" {
			t.Errorf("bus %s", path)
		}
		return rtc.Stopped(&chip, address)
	}
	folder := busOf(t, "11-0068", "maxim,ds3231")
	if flag, err := stopFlag(folder, read); flag != card.StopSet || err != nil {
		t.Errorf("a new chip: %s, %v", flag, err)
	}
	if err := rtc.Clear(&chip, rtctest.Address); err != nil {
		t.Fatal(err)
	}
	if flag, err := stopFlag(folder, read); flag != card.StopClear || err != nil {
		t.Errorf("one that was set: %s, %v", flag, err)
	}
	chip.Gone = true
	if flag, err := stopFlag(folder, read); flag != card.StopUnknown || err == nil {
		t.Errorf("one that does not answer: %s, %v", flag, err)
	}
	never := func(string, uint16) (bool, error) { return false, errors.New("asked") }
	for name, folder := range map[string]string{"another chip": busOf(t, "1-0040", "ti,ina226"), "an adapter": busOf(t, "i2c-1", "brcm,bcm2835-i2c"), "no bus": t.TempDir()} {
		if flag, err := stopFlag(folder, never); flag != card.StopUnknown || err != nil {
			t.Errorf("%s: %s, %v", name, flag, err)
		}
	}
}

func TestAVansOwnConfigurationIsFoundBesideTheSettings(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{
		{[]string{"infobus.txt", "report.json"}, ""},
		{[]string{"infobus.txt", "infobus.yaml"}, "infobus.yaml"},
		{[]string{"INFOBUS.YAML.txt", "infobus-board.yaml"}, "INFOBUS.YAML.txt"},
	} {
		folder := t.TempDir()
		for _, name := range c.names {
			if err := os.WriteFile(filepath.Join(folder, name), nil, 0o400); err != nil {
				t.Fatal(err)
			}
		}
		got := configuration(folder)
		if got != "" && filepath.Base(got) != c.want || got == "" && c.want != "" {
			t.Errorf("of %q: %q, want %q", c.names, got, c.want)
			continue
		}
		if info, err := os.Stat(got); got != "" && (err != nil || info.Mode() != 0o440) {
			t.Errorf("%s: %v, %v", got, info, err)
		}
	}
}

func TestTheSettingsFilesAreCopied(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]int // sizes
		want  card.File
		there []string
	}{
		{"one, and the firmware's", map[string]int{"infobus.txt": 10, "config.txt": 5, "bootcode.bin": 9}, card.FileFound, []string{"infobus.txt"}},
		{"as Windows may name it", map[string]int{"INFOBUS.TXT.txt": 10}, card.FileFound, []string{"INFOBUS.TXT.txt"}},
		{"two", map[string]int{"infobus.txt": 1, "infobus.txt.txt": 2}, card.FileFound, []string{"infobus.txt", "infobus.txt.txt"}},
		{"what asks for the first evening, in capitals", map[string]int{"infobus.txt": 1, "INFOBUS-First-Evening.TXT": 0}, card.FileFound, []string{"infobus.txt", "infobus-first-evening.txt"}},
		{"what asks for the first evening, with blanks", map[string]int{"infobus.txt": 1, "Infobus first_evening (1).txt": 3}, card.FileFound, []string{"infobus.txt", "infobus-first-evening.txt"}},
		{"what asks for the first evening, twice", map[string]int{"infobus.txt": 1, "INFOBUS first evening.txt": 0, "infobus-first-evening.txt": 0}, card.FileFound, []string{"infobus.txt", "infobus-first-evening.txt"}},
		{"the screen's board, with an ending that nobody sees", map[string]int{"infobus.txt": 1, "Infobus-Board.yaml.txt": 7}, card.FileFound, []string{"infobus.txt", "infobus-board.yaml"}},
		{"what computers leave beside it", map[string]int{"infobus.txt": 1, "._infobus.txt": 4, "~$infobus.txt": 5, ".infobus.txt.swp": 6, "FSCK0000.REC": 7}, card.FileFound, []string{"infobus.txt"}},
		{"none", map[string]int{"config.txt": 5}, card.FileAbsent, nil},
		{"one that is too large: so much that the daemon can say so", map[string]int{"infobus.txt": 5 << 20}, card.FileFound, []string{"infobus.txt"}},
	} {
		from, to := t.TempDir(), t.TempDir()
		for name, n := range c.files {
			if err := os.WriteFile(filepath.Join(from, name), make([]byte, n), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := settings(from, to); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		entries, err := os.ReadDir(to)
		if err != nil || len(entries) != len(c.there) {
			t.Errorf("%s: %v, %v", c.name, entries, err)
		}
		for _, name := range c.there {
			info, err := os.Stat(filepath.Join(to, name))
			size, is := c.files[name]
			for other, n := range c.files {
				if copied(other) == name && !is {
					size = n
				}
			}
			if err != nil || info.Mode().Perm() != 0o400 || info.Size() != int64(min(size, 64<<10+1)) {
				t.Errorf("%s: %v, %v", c.name, info, err)
			}
		}
	}
	if got := settings(filepath.Join(t.TempDir(), "gone"), t.TempDir()); got != card.FileUnreadable {
		t.Errorf("a FAT that cannot be read: %s", got)
	}
}

func TestAUserOfTheRoot(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\ninfobus:x:990:991::/:/usr/sbin/nologin\n"
	if u, g := userOf(passwd, "infobus"); u != 990 || g != 991 {
		t.Errorf("%d, %d", u, g)
	}
	if u, g := userOf("infobus:x:many:1:::\n", "infobus"); u != 0 || g != 0 {
		t.Errorf("%d, %d", u, g)
	}
}

// The smallest files come over first, with their modes; a file that cannot be read costs
// no other.
func TestWhatCanBeReadIsBroughtOver(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "to")
	if err := os.MkdirAll(filepath.Join(from, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(from, "sub"), 0o750); err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int64{"sub/kept": 100, "pin": 20, "lost+found/x": 5, "logbook.db": brought} {
		f, err := os.Create(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(n); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	c, d := &Card{say: t.Logf}, card.Data{}
	if err := c.bring(&d, from, to); err != nil {
		t.Fatal(err)
	}
	if d.Salvaged != 2 {
		t.Errorf("%d files were brought over", d.Salvaged)
	}
	for name, there := range map[string]bool{"sub/kept": true, "pin": true, "logbook.db": false, "lost+found": false} {
		if _, err := os.Stat(filepath.Join(to, name)); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
}
