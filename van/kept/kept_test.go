package kept

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"infobus/days"
	"infobus/durable"
	"infobus/durable/durabletest"
	"infobus/kiosk"
	"infobus/tally"
	"infobus/timetable"
	"infobus/van"
)

var some = van.Kept{Boot: "b", Generators: []van.KeptGenerator{{Starts: 3, Seconds: 7200, Running: true}},
	Session: &van.KeptSession{Site: "north", Since: 1, Until: 2}, Wear: kiosk.Wear{Fulls: 9}, Glass: "page"}

// save saves once, as a process of its own.
func save(t *testing.T, disk durable.Disk, dir string, k van.Kept) error {
	t.Helper()
	f, _, _, err := Open(disk, dir)
	if err != nil {
		t.Error(err)
	}
	return f.Save(k)
}

func TestWhatIsSavedComesBack(t *testing.T) {
	dir := t.TempDir()
	if _, k, ok, err := Open(durable.System, dir); ok || err != nil || !reflect.DeepEqual(k, van.Kept{}) {
		t.Errorf("an empty directory: %+v, %v, %v", k, ok, err)
	}
	if err := save(t, durable.System, dir, some); err != nil {
		t.Fatal(err)
	}
	if _, k, ok, err := Open(durable.System, dir); !ok || err != nil || !reflect.DeepEqual(k, some) {
		t.Errorf("got %+v, %v, %v", k, ok, err)
	}
}

func TestWhatACutLeftOfANewFileIsNoHarm(t *testing.T) {
	dir := t.TempDir()
	if err := save(t, durable.System, dir, some); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, Name+".new"), []byte(`{"boot":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, k, ok, err := Open(durable.System, dir); !ok || err != nil || !reflect.DeepEqual(k, some) {
		t.Errorf("got %+v, %v, %v", k, ok, err)
	}
}

// A file that is not ours, or nobody's, is moved aside and said, whichever version's.
func TestADamagedFileIsMovedAsideAndSaidSo(t *testing.T) {
	for _, name := range []string{Name, oldName} {
		for _, damage := range []string{"", "{", "null", "[]", `{"generators":[{"starts":-1}]}`, strings.Repeat(" ", durable.MaxSlot+1)} {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, name), []byte(damage), 0o600); err != nil {
				t.Fatal(err)
			}
			f, _, ok, err := Open(durable.System, dir)
			if ok || err == nil || !strings.Contains(err.Error(), name+".bad") {
				t.Errorf("%.20q: %v, %v", damage, ok, err)
			}
			if b, err := os.ReadFile(filepath.Join(dir, name+".bad")); err != nil || string(b) != damage {
				t.Error(err)
			}
			if _, _, ok, err := Open(durable.System, dir); ok || err != nil {
				t.Errorf("the second time: %v, %v", ok, err)
			}
			if err := f.Save(some); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestWhatIsNoFileNeitherHangsNorStaysInTheWay(t *testing.T) {
	for _, name := range []string{Name, oldName} {
		for what, make := range map[string]func(path string) error{
			"a FIFO":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
			"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
			"a link":   func(path string) error { return os.Symlink("/dev/zero", path) },
		} {
			dir := t.TempDir()
			if err := make(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			f, _, ok, err := Open(durable.System, dir)
			if ok || !errors.Is(err, durable.ErrNotRegular) {
				t.Errorf("%s: %v, %v", what, ok, err)
			}
			if err := f.Save(some); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if _, k, ok, err := Open(durable.System, dir); !ok || err != nil || !reflect.DeepEqual(k, some) {
				t.Errorf("%s: %+v, %v, %v", what, k, ok, err)
			}
		}
	}
}

func TestADirectoryThatIsNotThere(t *testing.T) {
	if err := save(t, durable.System, filepath.Join(t.TempDir(), "gone"), some); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// writer keeps a number in what is as large as a van's ever is: a month of days.
var writer = durabletest.Writer{Open: func(disk durable.Disk) (int, func(int) error, error) {
	make := func(n int) van.Kept {
		k := van.Kept{Boot: fmt.Sprint(n), Generators: []van.KeptGenerator{{Starts: n, Seconds: int64(n)}}, Glass: fmt.Sprint(n)}
		for range days.Most {
			k.Days = append(k.Days, days.Day{Date: "2026-11-23", Run: time.Duration(n), Starts: n, Sessions: n, Tally: tally.Tally{In: float64(n), Out: float64(n),
				Measured: time.Duration(n), Judged: time.Duration(n), Internet: time.Duration(n), Devices: n}})
		}
		return k
	}
	f, k, restored, said := Open(disk, "/state")
	n := 0
	if restored {
		if n = k.Generators[0].Starts; !reflect.DeepEqual(k, make(n)) {
			n = -1
		}
	}
	return n, func(n int) error { return f.Save(make(n)) }, said
}}

func brittle(d *durabletest.Disk) { d.Brittle() }

func TestWhatIsKeptOutlivesPowerCutsAndErrors(t *testing.T) {
	seeds := durabletest.Seeds(2, 200)
	o, err := durabletest.Crashes(writer, seeds, brittle)
	if err != nil {
		t.Error(err)
	}
	d, err := durabletest.Damages(writer, max(1, 190/seeds))
	if err != nil {
		t.Error(err)
	}
	o.Damages = d.Damages
	t.Log(o)
}

// Without syncs, or without checksums, the test above must find a loss.
func TestTheTestOfWhatIsKeptFindsALoss(t *testing.T) {
	if _, err := durabletest.Crashes(writer, 1, (*durabletest.Disk).IgnoreSyncs); err == nil {
		t.Error("without syncs nothing was lost")
	}
	defer durable.IgnoreChecksums()()
	if _, err := durabletest.Crashes(writer, 30, brittle); err == nil {
		t.Error("without checksums nothing was lost")
	}
	if _, err := durabletest.Damages(writer, 19); err == nil {
		t.Error("without checksums no damage did any harm")
	}
}

// What an earlier version kept is taken over whole, whenever the power goes, and
// its file goes.
func TestWhatAnEarlierVersionKeptIsTakenOver(t *testing.T) {
	old, err := json.Marshal(some)
	if err != nil {
		t.Fatal(err)
	}
	next := some
	next.Boot = "next"
	for seed := range uint64(20) {
		for cut := 1; ; cut++ {
			disk := durabletest.New(seed)
			disk.Put("/state/"+oldName, old)
			f, k, restored, err := Open(disk, "/state")
			if !restored || err != nil || !reflect.DeepEqual(k, some) {
				t.Fatalf("%+v, %v, %v", k, restored, err)
			}
			disk.CutAfter(cut)
			saved := f.Save(next)
			done := saved == nil && !disk.Dead()
			disk.Crash()
			f, k, restored, err = Open(disk, "/state")
			if was := reflect.DeepEqual(k, some); !restored || err != nil || !(was && saved != nil || reflect.DeepEqual(k, next)) {
				t.Fatalf("seed %d, cut %d: %+v, %v, %v; saved: %v", seed, cut, k, restored, err, saved)
			}
			if err := f.Save(next); err != nil {
				t.Fatal(err)
			}
			disk.Crash()
			if _, there := disk.Files()["/state/"+oldName]; there {
				t.Fatalf("seed %d, cut %d: the old one is still there", seed, cut)
			}
			if done {
				break
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"boot":"b","generators":[{"starts":3,"seconds":7200,"running":true}],"session":{"site":"north","since_ns":1,"until_ns":2},"wear":{"fulls":9},"glass":"x"}`))
	f.Add([]byte(`{"generators":[{"seconds":1e30}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := Parse(b)
		if err != nil {
			return
		}
		for _, g := range k.Generators {
			if g.Starts < 0 || g.Seconds < 0 {
				t.Errorf("%+v was taken", g)
			}
		}
	})
}

// Of a session that is over, or of another's site, nothing is left in the file.
func TestOfASessionThatIsOverNothingIsLeft(t *testing.T) {
	at := func(site string) *van.KeptSession { return &van.KeptSession{Site: site} }
	for name, then := range map[string]van.Kept{
		"over":                    {},
		"another":                 {Session: at("quai")},
		"the one that was left":   {Session: at("quai"), Interrupted: nil},
		"what was cut, elsewhere": {Interrupted: at("quai")},
	} {
		d := durabletest.New(1)
		f, _, _, err := Open(d, "/")
		if err != nil {
			t.Fatal(err)
		}
		long := van.Kept{Session: at("quai"), Interrupted: at("moulin")}
		for i := range 200 {
			long.Corrections = append(long.Corrections, timetable.Correction{Service: fmt.Sprint("moulin-", i)})
		}
		for _, k := range []van.Kept{long, long, then} {
			if err := f.Save(k); err != nil {
				t.Fatal(err)
			}
		}
		if bytes.Contains(d.Raw(), []byte("moulin")) {
			t.Errorf("%s: the site is still there", name)
		}
	}
}

// A van that has worked for months knows its run hours after a restart.
func TestWhatMonthsCameToIsReadBack(t *testing.T) {
	var s days.State
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	day := func(mono time.Duration) string { return first.Add(mono).Format(time.DateOnly) }
	for at := time.Hour; at < 100*24*time.Hour; at += time.Hour {
		s = days.Step(s, days.Input{Run: at / 2}, day, at)
	}
	d := durabletest.New(1)
	f, _, _, err := Open(d, "/")
	if err != nil {
		t.Fatal(err)
	}
	want := van.Kept{Generators: []van.KeptGenerator{{Seconds: 7200}}, Days: s.Past, Today: s.Today}
	if err := f.Save(want); err != nil {
		t.Fatal(err)
	}
	if _, got, restored, err := Open(d, "/"); !reflect.DeepEqual(got, want) || !restored || err != nil {
		t.Errorf("%d days came back, of %d: %v, %v", len(got.Days), len(want.Days), restored, err)
	}
}
