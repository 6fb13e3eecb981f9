package early

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// dataFiles are what stands on the file systems below, and how long it is.
var dataFiles = map[string]int{"kept.slots": 8 << 10, "phones.slots": 700, "pin": 13, "logbook.db": 300 << 10}

// dataSystem makes a file system as the card's, with files, that was not unmounted.
func dataSystem(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"mke2fs", "debugfs", "e2fsck"} {
		if _, err := exec.LookPath(tool); err != nil {
			if testing.Short() {
				t.Skip("without " + tool + " no file system is repaired")
			}
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	image := filepath.Join(dir, "data")
	f, err := os.Create(image)
	if err == nil {
		err = f.Truncate(12 << 20)
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mke2fs", "-q", "-F", "-t", "ext4", "-J", "size=1", "-L", "data", "-m", "1", image).CombinedOutput(); err != nil {
		t.Fatalf("mke2fs: %v: %s", err, out)
	}
	var commands strings.Builder
	for name, n := range dataFiles {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, contentOf(name, n), 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&commands, "write %s %s\n", file, name)
	}
	commands.WriteString("set_super_value state 0\n")
	debugData(t, image, commands.String())
	return image
}

func contentOf(name string, n int) []byte { return bytes.Repeat([]byte(name), n/len(name)+1)[:n] }

// debugData has debugfs do some commands.
func debugData(t *testing.T, image, commands string) string {
	t.Helper()
	c := exec.Command("debugfs", "-w", "-f", "-", image)
	c.Stdin = strings.NewReader(commands)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("debugfs: %v: %s", err, out)
	}
	return string(out)
}

// lostOf says whether a file is not there under its name as it was, or lost+found has
// something.
func lostOf(t *testing.T, image string) bool {
	t.Helper()
	dir := t.TempDir()
	var commands strings.Builder
	for name := range dataFiles {
		fmt.Fprintf(&commands, "dump %s %s\n", name, filepath.Join(dir, name))
	}
	commands.WriteString("ls -p /lost+found\n")
	said := debugData(t, image, commands.String())
	for name, n := range dataFiles {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(b, contentOf(name, n)) {
			return true
		}
	}
	return strings.Contains(said, "/#")
}

// damageData inverts or clears a sector of the image.
func damageData(t *testing.T, image string, at int64, clear bool) {
	t.Helper()
	f, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 512)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		if b[i] = ^b[i]; clear {
			b[i] = 0
		}
	}
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// blockOf is the first block that debugfs says.
func blockOf(t *testing.T, image, question string) int64 {
	t.Helper()
	for _, word := range strings.Fields(debugData(t, image, question+"\n")) {
		if n, err := strconv.ParseInt(strings.TrimRight(word, ","), 10, 64); err == nil && n > 11 { // no version, no inode
			return n
		}
	}
	t.Fatalf("%s: no block", question)
	return 0
}

// A repair that took nothing away says so, and one that did.
func TestARepairThatTookSomethingAwayIsKnown(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(image string)
		lost   bool
	}{
		{"nothing", func(string) {}, false},
		{"a wrong count of links, and a bitmap", func(i string) {
			debugData(t, i, "set_bg 0 checksum 0\nset_inode_field kept.slots links_count 7\n")
		}, false},
		{"the superblock", func(i string) { damageData(t, i, 1024, false) }, false},
		{"a file's inode is cleared", func(i string) { debugData(t, i, "clri pin\n") }, true},
		{"a file is of no kind", func(i string) { debugData(t, i, "set_inode_field phones.slots mode 0\n") }, true},
		{"the folder", func(i string) { damageData(t, i, 1024*blockOf(t, i, "blocks /"), true) }, true},
	} {
		image := dataSystem(t)
		c.damage(image)
		card := &Card{say: t.Logf}
		fit, _, dropped, err := card.repair(image)
		if lost := lostOf(t, image); err != nil || !fit || lost != c.lost || dropped != c.lost {
			t.Errorf("%s: fit %t, lost %t, said to be lost %t, %v; want %t", c.name, fit, lost, dropped, err, c.lost)
		}
	}
}

// Whatever sector is damaged of what a file system says of itself and of its files, nothing
// is lost in silence: it cannot be repaired, or what the repair says is known for a loss.
func TestNoRepairLosesAnythingInSilence(t *testing.T) {
	image := dataSystem(t)
	before, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	var sectors []int64
	for _, part := range []struct{ block, sectors int64 }{{1, 4}, {blockOf(t, image, "imap <2>"), 8}, {blockOf(t, image, "blocks /"), 2}} { // superblock and groups, inodes, folder
		for i := range part.sectors {
			sectors = append(sectors, 1024*part.block+512*i)
		}
	}
	losses, whole := 0, 0
	for i, at := range sectors {
		if err := os.WriteFile(image, before, 0o600); err != nil {
			t.Fatal(err)
		}
		damageData(t, image, at, i%2 == 1)
		card := &Card{say: func(string, ...any) {}}
		fit, _, dropped, err := card.repair(image)
		if err != nil {
			t.Fatal(err)
		}
		switch lost := fit && lostOf(t, image); {
		case lost && !dropped:
			t.Errorf("the sector at %d is damaged: something is lost in silence", at)
		case lost:
			losses++
		case fit && !dropped:
			whole++
		}
	}
	if losses < 3 || whole < 3 {
		t.Errorf("of %d repairs %d lost something and %d did not", len(sectors), losses, whole)
	}
}
