package export

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"infobus/durable"
	"infobus/durable/durabletest"
	"infobus/logbook"
)

func some(log string, from, to uint64) (events []logbook.Event) {
	for n := from; n <= to; n++ {
		e := event(int(n))
		e.Log, e.Seq = log, n
		events = append(events, e)
	}
	return events
}

// A stick goes to the helpers and comes back: its receipt says that they have what was on it.
func TestAStickGoesToTheHelpersAndComesBack(t *testing.T) {
	dir := t.TempDir()
	name, err := ToStick(durable.System, dir, "Van 2", 700, some("9f2c4be01d77a3c5", 701, 720))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if b, err := os.ReadFile(path); err != nil || strings.Count(string(b), `{"van":"Van 2","log":"9f2c4be01d77a3c5"`) != 20 {
		t.Errorf("whose they are is not said: %.200s, %v", b, err)
	}
	if list, err := Receipts(dir); len(list) != 0 || err != nil {
		t.Errorf("without a receipt: %v, %v", list, err)
	}
	kept := t.TempDir()
	if _, ok, err := Receive(durable.System, path, filepath.Join(kept, "nowhere")); !ok || err == nil {
		t.Errorf("one that cannot be kept: %v, %v", ok, err)
	}
	if list, err := Receipts(dir); len(list) != 0 || err != nil {
		t.Errorf("one that is not kept has a receipt: %v, %v", list, err)
	}
	if _, ok, err := Receive(durable.System, path, kept); !ok || err != nil {
		t.Fatal(ok, err)
	}
	was, err := os.ReadFile(path)
	if is, _ := os.ReadFile(filepath.Join(kept, name)); err != nil || !bytes.Equal(is, was) {
		t.Errorf("%d bytes are kept of %d, %v", len(is), len(was), err)
	}
	if _, ok, err := Receive(durable.System, filepath.Join(kept, name), kept); ok || err != nil {
		t.Errorf("what is kept gets a receipt: %v", err)
	}
	list, err := Receipts(dir)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	for _, c := range []struct {
		log        string
		have, want uint64
	}{
		{"9f2c4be01d77a3c5", 700, 720},
		{"9f2c4be01d77a3c5", 710, 720}, // some were sent meanwhile
		{"9f2c4be01d77a3c5", 750, 750},
		{"9f2c4be01d77a3c5", 600, 600}, // what is between nobody has
		{"another", 700, 700},
	} {
		if got := Upto(list, c.log, c.have); got != c.want {
			t.Errorf("%+v: up to %d", c, got)
		}
	}
	if err := Clear(dir, "9f2c4be01d77a3c5", 720); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); len(left) != 0 || err != nil {
		t.Errorf("left on the stick: %v, %v", left, err)
	}
}

// What is not whole gets no receipt, and what is none is not taken for one.
func TestWhatIsNotWholeGetsNoReceipt(t *testing.T) {
	dir := t.TempDir()
	name, err := ToStick(durable.System, dir, "Van 2", 0, some("9f2c4be01d77a3c5", 1, 20))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, b := range map[string][]byte{
		"cut at a line":  whole[:strings.LastIndex(strings.TrimSpace(string(whole)), "\n")+1],
		"a flipped bit":  append([]byte{whole[0], whole[1] ^ 1}, whole[2:]...),
		"nothing in it":  nil,
		"something more": append(append([]byte{}, whole...), '\n'),
	} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := Receive(durable.System, path, t.TempDir()); !ok || err == nil {
			t.Errorf("%s: %v, %v", what, ok, err)
		}
	}
	for what, text := range map[string]string{
		"no JSON":          "received",
		"another range":    `{"log":"9f2c4be01d77a3c5","first":1,"seq":9000,"sum":1}`,
		"of an other's":    `{"log":"another","first":1,"seq":20}`,
		"longer than ours": strings.Repeat(" ", 2<<10),
	} {
		if err := os.WriteFile(path+receiptSuffix, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if list, err := Receipts(dir); len(list) != 0 || err == nil {
			t.Errorf("%s: %v, %v", what, list, err)
		}
	}
	if _, ok, _ := Receive(durable.System, filepath.Join(dir, "vans.json"), t.TempDir()); ok {
		t.Error("a Collector's file gets a receipt")
	}
}

// A stick that fills up, is pulled or takes nothing is said to, and leaves no file that
// looks whole.
func TestAStickThatFails(t *testing.T) {
	for what, c := range map[string]struct {
		err  error
		want error
	}{
		"it fills up":                 {syscall.ENOSPC, ErrStickFull},
		"it is pulled":                {syscall.EIO, ErrStickGone},
		"it is gone":                  {syscall.ENODEV, ErrStickGone},
		"it is mounted to be read":    {syscall.EROFS, ErrReadOnly},
		"another error is not hidden": {syscall.EPERM, syscall.EPERM},
	} {
		tried := 0
		for n := 1; n < 20; n++ {
			d := durabletest.New(uint64(n))
			d.FailAfter(n, c.err)
			name, err := ToStick(d, "/stick", "Van 2", 0, some("9f2c4be01d77a3c5", 1, 20))
			if err == nil {
				break // all of it came before the error
			}
			tried++
			if !errors.Is(err, c.want) || name != "" {
				t.Errorf("%s, operation %d: %q, %v", what, n, name, err)
			}
		}
		if tried < 4 {
			t.Errorf("%s: only %d operations failed", what, tried)
		}
	}
	// A cut at any operation: the file that has the name is whole.
	for n := 1; n < 20; n++ {
		d := durabletest.New(uint64(n))
		d.CutAfter(n)
		ToStick(d, "/stick", "Van 2", 0, some("9f2c4be01d77a3c5", 1, 20))
		d.Crash()
		for name, b := range d.Files() {
			if r, ok := named(filepath.Base(name)); ok && r.Sum != sum(b) {
				t.Errorf("cut at operation %d: %s has %d bytes, and is not whole", n, name, len(b))
			}
		}
	}
}
