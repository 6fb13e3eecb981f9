package taken

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"infobus/config"
	"infobus/durable"
	"infobus/durable/durabletest"
)

// box is a card and a state directory; each look is a start.
type box struct {
	t         *testing.T
	card, dir string
}

func newBox(t *testing.T) box { return box{t, t.TempDir(), t.TempDir()} }

func (b box) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.card, name), []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b box) pin() string {
	p, err := os.ReadFile(filepath.Join(b.dir, "pin"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(p))
}

// starts demands what holds, as endpoint, token, name and PIN, and what is said.
func (b box) starts(what, endpoint, token, name, pin, said string) {
	b.t.Helper()
	s := Read(durable.System, filepath.Join(b.card, "infobus.txt"), b.dir, config.Default())
	c := s.Config
	if c.Sync.Endpoint != endpoint || c.Sync.Token != token || c.Name != name || b.pin() != pin {
		b.t.Errorf("%s: endpoint %q, token %q, name %q, PIN %q", what, c.Sync.Endpoint, c.Sync.Token, c.Name, b.pin())
	}
	if s.Kept != nil {
		b.t.Errorf("%s: %v", what, s.Kept)
	}
	if said == "" && s.Mistakes != nil || said != "" && (s.Mistakes == nil || !strings.Contains(s.Mistakes.Error(), said)) {
		b.t.Errorf("%s: said %v, want %q", what, s.Mistakes, said)
	}
}

const (
	one = "https://one.example.org"
	two = "https://two.example.org"
)

func TestAMistakeLeavesTheLastGoodSettingsInUse(t *testing.T) {
	b := newBox(t)
	b.starts("no file", "", "", "", "", "")
	b.write("infobus.txt", "name=Van\nendpoint="+one+"\ntoken=abc\npin=482915\n")
	b.starts("a first file", one, "abc", "Van", "482915", "")
	b.write("infobus.txt", "name=Other\nendpoint="+one+"\ntoken=abc\npin=48\n")
	b.starts("a mistake: nothing of the file is taken", one, "abc", "Van", "482915", "line 4, pin: 6 digits")
	b.starts("a mistake again", one, "abc", "Van", "482915", "line 4, pin: 6 digits")
	b.write("infobus.txt", "name=Other\nendpoint="+one+"\ntoken=abc\npin=591824\n")
	b.starts("made good", one, "abc", "Other", "591824", "")
	if err := os.Remove(filepath.Join(b.card, "infobus.txt")); err != nil {
		t.Fatal(err)
	}
	b.starts("a file that has gone", one, "abc", "Other", "591824", "")
	b.write("infobus.txt", "")
	b.starts("an empty file", one, "abc", "Other", "591824", "the file is empty")
	b.write("infobus.txt.txt", "name=Third\n")
	b.starts("two files", one, "abc", "Other", "591824", "more than one")
	os.Remove(filepath.Join(b.card, "infobus.txt"))
	b.starts("one of another name", one, "abc", "Third", "591824", "")
	os.Remove(filepath.Join(b.card, "infobus.txt.txt"))
	if err := unix.Mkfifo(filepath.Join(b.card, "infobus.txt"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.starts("a pipe", one, "abc", "Third", "591824", "cannot be read")
}

// What was replaced by other means comes back only by a change of its line.
func TestOnlyAChangeOfTheLineCounts(t *testing.T) {
	b := newBox(t)
	b.write("infobus.txt", "pin=482915\nname=Van\n")
	b.starts("a first file", "", "", "Van", "482915", "")
	if err := os.WriteFile(filepath.Join(b.dir, "pin"), []byte("1111 2222 3334\n"), 0o600); err != nil { // infobus pin
		t.Fatal(err)
	}
	b.starts("replaced on the box", "", "", "Van", "1111 2222 3334", "")
	b.write("infobus.txt", "# tidied up\r\nname=Other\r\npin = 4829 15\r\n")
	b.starts("another line has changed", "", "", "Other", "1111 2222 3334", "")
	b.write("infobus.txt", "name=Other\n#pin=482915\n")
	b.starts("the line was deleted", "", "", "Other", "1111 2222 3334", "")
	b.write("infobus.txt", "name=Other\npin=482915\n")
	b.starts("it was written again, on purpose", "", "", "Other", "482915", "")
}

// A token is for the endpoint that stood beside it.
func TestAnotherEndpointGetsNoTokenOfTheFirst(t *testing.T) {
	b := newBox(t)
	b.write("infobus.txt", "endpoint="+one+"\ntoken=abc\n")
	b.starts("first", one, "abc", "", "", "")
	b.write("infobus.txt", "endpoint="+one+"\n")
	b.starts("the token deleted once it was taken", one, "abc", "", "", "")
	b.write("infobus.txt", "endpoint="+two+"\n")
	b.starts("another endpoint", two, "", "", "", "")
	b.write("infobus.txt", "endpoint=none\n")
	b.starts("none", "", "", "", "", "")
}

// A card that takes nothing says so, and what stands in the file holds all the same.
func TestACardThatTakesNothingSaysSo(t *testing.T) {
	card, disk := t.TempDir(), durabletest.New(1)
	path := filepath.Join(card, "infobus.txt")
	if err := os.WriteFile(path, []byte("name=Van\npin=482915\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	disk.SetQuota(1)
	s := Read(disk, path, "/state", config.Default())
	if s.Config.Name != "Van" || s.Kept == nil || !strings.Contains(s.Mistakes.Error(), "pin: the box cannot keep it") {
		t.Errorf("%q, %v, %v", s.Config.Name, s.Mistakes, s.Kept)
	}
}

// Whenever the power goes while a change is taken over, the box has the old settings or
// the new ones, and at the next start the new ones.
func TestAPowerCutLeavesTheOldSettingsOrTheNew(t *testing.T) {
	card := t.TempDir()
	path := filepath.Join(card, "infobus.txt")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before, after := "name=Old\npin=482915\nendpoint="+one+"\n", "name=New\npin=591824\nendpoint="+two+"\n"
	absent := filepath.Join(t.TempDir(), "infobus.txt")
	cuts := 0
	for seed := range uint64(20) {
		for n := 1; ; n++ {
			disk := durabletest.New(seed)
			write(before)
			if s := Read(disk, path, "/state", config.Default()); s.Mistakes != nil {
				t.Fatal(s.Mistakes)
			}
			write(after)
			disk.CutAfter(n)
			Read(disk, path, "/state", config.Default())
			if !disk.Dead() {
				break
			}
			cuts++
			disk.Crash()
			c := Read(disk, absent, "/state", config.Default()).Config
			if got := c.Name + " " + c.Sync.Endpoint; got != "Old "+one && got != "New "+two {
				t.Fatalf("cut after %d: %s", n, got)
			}
			if pin := string(disk.Files()["/state/pin"]); pin != "482915\n" && pin != "591824\n" {
				t.Fatalf("cut after %d: the PIN is %q", n, pin)
			}
			s := Read(disk, path, "/state", config.Default())
			if s.Mistakes != nil || s.Config.Name != "New" || string(disk.Files()["/state/pin"]) != "591824\n" {
				t.Fatalf("the start after a cut after %d: %q, %v, PIN %q", n, s.Config.Name, s.Mistakes, disk.Files()["/state/pin"])
			}
		}
	}
	if cuts < 100 {
		t.Errorf("only %d cuts", cuts)
	}
}
