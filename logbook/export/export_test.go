package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"infobus/logbook"
	"infobus/logbook/store"
)

const count = 1500

// shelve makes a logbook of count events, acknowledged up to 700. It is closed
// again at the end of the test, unless the function is called before.
func shelve(t *testing.T) (dir, log string, shut func()) {
	t.Helper()
	dir = t.TempDir()
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for i := 0; i < count; i += 100 {
		batch := make([]logbook.Event, 100)
		for j := range batch {
			batch[j] = event(i + j)
		}
		if _, err := s.Append(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Acknowledge(700); err != nil {
		t.Fatal(err)
	}
	return dir, s.Status().Log, func() {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func event(i int) logbook.Event {
	return logbook.Event{Boot: "b-1", Mono: time.Duration(i), At: time.Date(2026, 11, 23, 9, 0, i, 0, time.UTC),
		Name: logbook.TimetableLoaded, Attributes: map[string]any{"services": float64(i)}}
}

func dump(t *testing.T, dir string) (events []logbook.Event) {
	t.Helper()
	var b bytes.Buffer
	if err := Dump(&b, dir); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		var e logbook.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		events = append(events, e)
	}
	return events
}

// right fails unless each event is the one that was written under its seq.
func right(t *testing.T, log string, events []logbook.Event) {
	t.Helper()
	for i, e := range events {
		want := event(int(e.Seq) - 1)
		if e.Log != log || e.Name != want.Name || e.Mono != want.Mono || !e.At.Equal(want.At) || e.Boot != want.Boot ||
			fmt.Sprint(e.Attributes) != fmt.Sprint(want.Attributes) || i > 0 && e.Seq <= events[i-1].Seq {
			t.Fatalf("%+v, want %+v", e, want)
		}
	}
}

func TestBesideTheDaemon(t *testing.T) {
	dir, log, shut := shelve(t)
	before, err := states([][2]string{{filepath.Join(dir, store.File)}, {filepath.Join(dir, store.MarkFile)}})
	if err != nil {
		t.Fatal(err)
	}
	events := dump(t, dir)
	if len(events) != count {
		t.Fatalf("%d events", len(events))
	}
	right(t, log, events)
	r, err := Verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintf("%+v", r) != fmt.Sprintf("%+v", Report{Log: log, Events: count, First: 1, Last: count, Acknowledged: 700}) || !r.Sound() {
		t.Fatalf("%+v", r)
	}
	if _, err := Repair(dir); !errors.Is(err, ErrInUse) {
		t.Fatalf("repaired under the daemon: %v", err)
	}
	if after, _ := states([][2]string{{filepath.Join(dir, store.File)}, {filepath.Join(dir, store.MarkFile)}}); !slices.Equal(after, before) {
		t.Fatal("looking changed the file")
	}
	shut()
	if r, err := Repair(dir); err != nil || !r.Sound() || r.Events != count || len(r.Aside) != 0 {
		t.Fatalf("a sound file: %+v, %v", r, err)
	}
}

func TestNoLogbook(t *testing.T) {
	dir := t.TempDir()
	_, verify := Verify(dir)
	_, repair := Repair(dir)
	for _, err := range []error{Dump(&bytes.Buffer{}, dir), verify, repair} {
		if !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Error("something was made")
	}
}

func TestVerifyFindsStrangers(t *testing.T) {
	dir, log, shut := shelve(t)
	shut()
	db, err := sqlite3.Open(filepath.Join(dir, store.File))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Exec(`DELETE FROM events WHERE seq IN (5, 6, 9);
		UPDATE events SET body = '{"log":"other","seq":20,"name":"generator.started","attributes":{"who":"mole"}}' WHERE seq = 20;
		UPDATE events SET body = 'mole' WHERE seq = 31`), db.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := Verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.First != 1 || r.Last != count || r.Gaps < 2 || r.Events < count-5 || len(r.Integrity) < 2 || r.Sound() ||
		r.Log != log || strings.Contains(fmt.Sprint(r), "mole") {
		t.Fatalf("%+v", r)
	}
	var b bytes.Buffer
	if err := Dump(&b, dir); err != nil || strings.Contains(b.String(), "mole") {
		t.Fatalf("what the schema does not name came out; %v", err)
	}
}

func TestRepair(t *testing.T) {
	for name, c := range map[string]struct {
		harm  func(file []byte) []byte
		least int // events that must be saved
	}{
		"the header":   {func(f []byte) []byte { return zero(f, 0, 100) }, count},
		"the schema":   {func(f []byte) []byte { return zero(f, 0, 4096) }, count},
		"a leaf":       {func(f []byte) []byte { return zero(f, 20*4096, 4096) }, count - 60},
		"half a leaf":  {func(f []byte) []byte { return zero(f, 20*4096+2000, 2096) }, count - 30},
		"the root":     {func(f []byte) []byte { return zero(f, 1*4096, 4096) }, count},
		"many leaves":  {func(f []byte) []byte { return zero(f, 10*4096, 10*4096) }, count - 600},
		"cut":          {func(f []byte) []byte { return f[:len(f)/2+777] }, count / 3},
		"cut to scrap": {func(f []byte) []byte { return f[:6*4096] }, 30},
	} {
		t.Run(name, func(t *testing.T) {
			dir, log, shut := shelve(t)
			shut()
			path := filepath.Join(dir, store.File)
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			harmed := c.harm(bytes.Clone(whole))
			if err := os.WriteFile(path, harmed, 0o600); err != nil {
				t.Fatal(err)
			}
			if r, err := Verify(dir); err != nil || len(r.Integrity) == 0 || r.Sound() {
				t.Fatalf("the damage was not seen: %+v, %v", r, err)
			}
			r, err := Repair(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !r.Sound() || r.Events < c.least || r.Log != log || len(r.Aside) != 1 || r.Acknowledged != 700 {
				t.Fatalf("after the repair: %+v", r)
			}
			if kept, err := os.ReadFile(path + ".damaged-1"); err != nil || !bytes.Equal(kept, harmed) {
				t.Fatalf("the old file was not kept: %v", err)
			}
			events := dump(t, dir)
			if len(events) != r.Events {
				t.Fatalf("%d events come out of %d", len(events), r.Events)
			}
			right(t, log, events)

			s, err := store.Open(dir, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			stored, err := s.Append([]logbook.Event{event(0)})
			if err != nil || stored[0].Log != log || stored[0].Seq <= count {
				t.Fatalf("goes on with %+v, %v", stored, err)
			}
			all, err := s.After(0, 10_000)
			missing, told := 0, 0
			for _, e := range all {
				if e.Name == logbook.LogbookDropped {
					told = int(e.Attributes["events"].(float64))
				}
			}
			for seq := uint64(701); seq <= count; seq++ {
				if !slices.ContainsFunc(events, func(e logbook.Event) bool { return e.Seq == seq }) {
					missing++
				}
			}
			if err != nil || told != missing {
				t.Fatalf("%d that the receiver does not have are missing, said are %d, %v", missing, told, err)
			}
		})
	}
}

func zero(file []byte, from, n int) []byte {
	clear(file[from:min(from+n, len(file))])
	return file
}

// What is only in the write-ahead log yet is saved too.
func TestRepairTakesTheLog(t *testing.T) {
	from, log, _ := shelve(t)
	dir := t.TempDir()
	to := filepath.Join(dir, store.File)
	if err := snapshot(filepath.Join(from, store.File), filepath.Join(from, store.MarkFile), dir); err != nil {
		t.Fatal(err)
	}
	wal, err := os.ReadFile(to + "-wal")
	if err != nil || len(wal) < 4096 {
		t.Fatalf("there is no log to speak of: %v", err)
	}
	// Its first half is not readable by a checksum any more; the file's header is gone.
	wal[40]++
	if err := os.WriteFile(to+"-wal", wal, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, zero(file, 0, min(100, len(file))), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Repair(dir)
	if err != nil || r.Events < count-60 || r.Log != log {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestNothingLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, store.File)
	scrap := bytes.Repeat([]byte("scrap"), 5000)
	if err := os.WriteFile(path, scrap, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Repair(dir); err == nil {
		t.Fatal("nothing was repaired into something")
	}
	if left, _ := os.ReadFile(path); !bytes.Equal(left, scrap) {
		t.Fatal("the scrap was touched")
	}
}

// What the store itself moved aside comes out with the rest.
func TestDumpTakesFilesMovedAside(t *testing.T) {
	dir, log, shut := shelve(t)
	shut()
	path := filepath.Join(dir, store.File)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, zero(file, 0, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(dir, store.Options{})
	if !errors.Is(err, store.ErrDamaged) {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Append([]logbook.Event{event(0)}); err != nil {
		t.Fatal(err)
	}
	events := dump(t, dir)
	if len(events) != count+1 || events[count].Seq != count+1 {
		t.Fatalf("%d events", len(events))
	}
	right(t, log, events[:count])
	if r, err := Verify(dir); err != nil || len(r.Aside) != 1 || r.Events != count+1 {
		t.Fatalf("%+v, %v", r, err)
	}
}
