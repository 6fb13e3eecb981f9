package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infobus/durable"
	"infobus/durable/durabletest"
	"infobus/timetable"
)

// numbered is a timetable of some sectors that has a number in its services' names.
func numbered(n int) []File {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range 30 {
		fmt.Fprintf(&b, "  - {id: s%d, category: food, name: {en: Number %d}, place: {name: Quai}, show: screen, times: [{days: [daily], opens: \"9:00\", closes: \"10:00\"}]}\n", i, n)
	}
	return []File{{"a.yaml", []byte(b.String())}}
}

// numberOf is the number in a timetable; 0 for none, -1 where it is a part of one
// and of another.
func numberOf(t *timetable.Timetable) (n int) {
	if t == nil {
		return 0
	}
	fmt.Sscanf(t.Services[0].Name["en"], "Number %d", &n)
	for _, s := range t.Services {
		if s.Name["en"] != fmt.Sprint("Number ", n) {
			return -1
		}
	}
	return n
}

// feedOn is a stick's feed on a disk, as a process begins with it.
func feedOn(disk durable.Disk) (*Feed, error) {
	f := &Feed{Origin: Origin{From: "/media/*/infobus"}, disk: disk, dir: "/state"}
	return f, f.restore()
}

// keeper keeps a number in a timetable of some sectors.
var keeper = durabletest.Writer{Open: func(disk durable.Disk) (int, func(int) error, error) {
	f, said := feedOn(disk)
	n := numberOf(f.shelf.Live)
	if n != 0 && f.stamp.ETag != fmt.Sprint(n) {
		n = -1
	}
	return n, func(n int) error {
		f.shelf = f.shelf.Next(Options{}.Parse(numbered(n)).Version, false)
		return f.tryKeep(Stamp{ETag: fmt.Sprint(n)}, nil)
	}, said
}}

func TestTheLastGoodTimetableOutlivesPowerCutsAndErrors(t *testing.T) {
	seeds := durabletest.Seeds(3, 200)
	o, err := durabletest.Crashes(keeper, seeds, func(d *durabletest.Disk) { d.Brittle() })
	if err != nil {
		t.Error(err)
	}
	d, err := durabletest.Damages(keeper, max(1, 70/seeds))
	if err != nil {
		t.Error(err)
	}
	o.Damages = d.Damages
	t.Log(o)
}

// Without syncs, or without checksums, the test above must find a loss.
func TestTheTestOfTheLastGoodTimetableFindsALoss(t *testing.T) {
	if _, err := durabletest.Crashes(keeper, 1, (*durabletest.Disk).IgnoreSyncs); err == nil {
		t.Error("without syncs nothing was lost")
	}
	defer durable.IgnoreChecksums()()
	if _, err := durabletest.Damages(keeper, 1); err == nil {
		t.Error("without checksums no damage did any harm")
	}
}

// What earlier versions of the program kept were the files as they came.
func TestTheFilesThatAnEarlierVersionKeptAreTakenOverAndRemoved(t *testing.T) {
	const address = "https://example.org/t.ics"
	planted := "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261128T080000Z\r\nDTSTART:20261129T120000\r\nDURATION:PT2H\r\nSUMMARY:Lunch\r\nORGANIZER;CN=Planted:mailto:planted@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	old, err := json.Marshal(raw{Source: address, ETag: "7", Files: []File{{"t.ics", []byte(planted)}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, source string
		write        func(dir string) error
		want         bool
	}{
		{"in two files", address, func(dir string) error {
			pair, _, err := durable.OpenPair(durable.System, filepath.Join(dir, rawName), func([]byte) error { return nil })
			return errors.Join(err, pair.Write(old), pair.Write(old))
		}, true},
		{"in one file", address, func(dir string) error { return os.WriteFile(filepath.Join(dir, oldRawName), old, 0o600) }, true},
		{"of another source", "/etc/t.ics", func(dir string) error { return os.WriteFile(filepath.Join(dir, oldRawName), old, 0o600) }, false},
		{"damaged", address, func(dir string) error { return os.WriteFile(filepath.Join(dir, oldRawName), old[:len(old)/2], 0o600) }, false},
		{"no timetable", address, func(dir string) error { return os.WriteFile(filepath.Join(dir, oldRawName), []byte("null"), 0o600) }, false},
	} {
		dir := t.TempDir()
		if err := c.write(dir); err != nil {
			t.Fatal(err)
		}
		origin := Origin{From: c.source, AfterTap: true, Options: Options{Public: timetable.Public{{Kind: timetable.PublicAll}}}}
		for range 2 { // and again after a restart
			f := Open(durable.System, dir, []Origin{origin}, true).All()[0]
			if got := f.now(nil).InUse != nil; got != c.want {
				t.Errorf("%s: in use: %v", c.what, got)
			}
			if c.want && f.stamp.ETag != "7" {
				t.Errorf("%s: %+v", c.what, f.stamp)
			}
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(e.Name(), keptName) || bytes.Contains(b, []byte("lanted")) || bytes.Contains(b, []byte("bGFudGVk")) {
				t.Errorf("%s: %s is there still: %.60q", c.what, e.Name(), b)
			}
		}
	}
}

// What was read by other rules than those of now is not shown, and not kept.
func TestWhatWasKeptByOtherRulesIsNone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.ics")
	write(t, path, events("", "$DTSTART:20261129T120000\nDURATION:PT2H\n"))
	state := t.TempDir()
	open := func(public timetable.Public) *Feed {
		return Open(durable.System, state, []Origin{{From: path, Options: Options{Public: public}}}, true).All()[0]
	}
	if l := open(timetable.Public{{Kind: timetable.PublicAll}}).Load(); l.Err != nil || len(l.InUse.Services) != 1 {
		t.Fatalf("%+v", l)
	}
	if l := open(timetable.Public{{Kind: timetable.PublicAll}}).now(nil); l.InUse == nil {
		t.Fatal("nothing is kept")
	}
	if l := open(nil).now(nil); l.InUse != nil {
		t.Errorf("by another rule: %+v", l.InUse)
	}
	entries, _ := os.ReadDir(state)
	for _, e := range entries {
		if b, _ := os.ReadFile(filepath.Join(state, e.Name())); bytes.Contains(b, []byte("food")) || bytes.Contains(b, []byte("services")) {
			t.Errorf("%s: %s", e.Name(), b)
		}
	}
	if len(entries) != 2 {
		t.Errorf("%v", entries)
	}
	if Open(durable.System, state, nil, true); true {
		if entries, _ := os.ReadDir(state); len(entries) != 0 {
			t.Errorf("of a source that is none any more there is left: %v", entries)
		}
	}
}

// A mapping that was changed while the box was off holds for what was kept, too.
func TestWhatWasKeptByAnotherMappingIsNone(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "mapping.yaml")
	open := func() *Feed {
		return Open(durable.System, state, []Origin{{From: "https://example.org/t.ics", Options: Options{Mapping: path}}}, true).All()[0]
	}
	calendar := []File{{"t.ics", []byte(events("", "$DTSTART:20261129T120000\nDURATION:PT2H\n"))}}
	write(t, path, "titles:\n  - {title: Tea, category: food, show: screen}\n")
	if l := open().take(calendar, Stamp{ETag: "1"}); l.InUse == nil || l.InUse.Services[0].Show != timetable.Screen {
		t.Fatalf("%+v", l)
	}
	if l := open().now(nil); l.InUse == nil {
		t.Fatal("nothing is kept")
	}
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if l := open().now(nil); l.InUse == nil {
		t.Error("a mapping that cannot be read takes what was kept with it")
	}
	write(t, path, "titles:\n  - {title: Tea, show: in-person}\n")
	if f := open(); f.now(nil).InUse != nil || f.stamp.ETag != "" {
		t.Errorf("by another mapping: %+v, and the address is asked for what is newer than %q", f.now(nil).InUse, f.stamp.ETag)
	}
}
