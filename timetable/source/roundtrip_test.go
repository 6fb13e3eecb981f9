package source

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"infobus/timetable"
	"infobus/timetable/source/sourcetest"
)

// glassRows are the rows of some weeks that visitors may see, at every site and at two
// moments of each day.
func glassRows(tt *timetable.Timetable) string {
	if tt == nil {
		return "nothing"
	}
	var b strings.Builder
	rows := 0
	for day := range 12 {
		at := time.Date(2026, 11, 25+day, 11, 0, 0, 0, tt.Zone)
		for _, site := range append([]timetable.Site{{}}, tt.Sites...) {
			for _, r := range timetable.OnScreen(tt.Rows(at, site.ID)) {
				rows++
				fmt.Fprintln(&b, site.ID, r.Day, r.Service.ID, r.Service.Name, r.Service.Place, r.Service.Category, r.Service.By, r.Service.Checked.Unix(),
					r.Opens.Unix(), r.Closes.Unix(), r.State, r.Why)
			}
		}
		fmt.Fprintln(&b, tt.NextChange(at).Unix() > 0)
	}
	if rows == 0 {
		return "nothing"
	}
	return b.String()
}

// differ are the first lines that differ; "" where none do.
func differ(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "got\n" + a[i] + "\nwant\n" + b[i]
		}
	}
	if len(a) != len(b) {
		return fmt.Sprintf("%d lines, want %d", len(a), len(b))
	}
	return ""
}

// bolder is a row of got that want does not have, or not with its hours; "" where
// there is none.
func bolder(got, want string) string {
	rows := map[string]bool{}
	for _, line := range strings.Split(want, "\n") {
		rows[line] = true
		row, _, _ := strings.Cut(line, " ask us ")
		row, _, _ = strings.Cut(row, " confirmed ")
		rows[row] = true
	}
	for _, line := range strings.Split(got, "\n") {
		if row, _, ask := strings.Cut(line, " ask us "); line != "nothing" && !rows[line] && !(ask && rows[row]) {
			return line
		}
	}
	return ""
}

// again is a shelf that was kept, and read back.
func again(t *testing.T, s timetable.Shelf) timetable.Shelf {
	t.Helper()
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := timetable.DecodeShelf(b)
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return read
}

// Whatever the versions that came, and whether they were refused or wait: what is
// read back shows the same rows, also once the next version came.
func TestWhatIsKeptShowsTheSameRows(t *testing.T) {
	runs := 45
	if os.Getenv("INFOBUS_SOAK") != "" {
		runs = 5000
	}
	states := map[string]int{}
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 29))
		format := []sourcetest.Format{sourcetest.YAML, sourcetest.CSV, sourcetest.ICal}[seed%3]
		afterTap := r.IntN(2) == 0
		world := sourcetest.Make(r)
		var s, kept timetable.Shelf
		for version := range 4 {
			text := world.Write(format).Text()
			if broken, ok := world.Write(format).Break(r); ok && version > 0 && r.IntN(2) == 0 {
				text = broken.Text
			}
			v := reading.Parse([]File{{string(format), []byte(text)}}).Version
			s, kept = s.Next(v, afterTap), kept.Next(v, afterTap)
			if s.Waiting != nil && r.IntN(2) == 0 {
				s, _ = s.Publish(s.Waiting.Digest)
				kept, _ = kept.Publish(kept.Waiting.Digest)
			}
			want := glassRows(s.InUse())
			if got := glassRows(kept.InUse()); got != want {
				states["more careful after the next version"]++
				if d := bolder(got, want); d != "" {
					t.Fatalf("seed %d, version %d, %s: once the version came: %s\n%s", seed, version, format, d, text)
				}
			}
			kept = again(t, s)
			if d := differ(glassRows(kept.InUse()), want); d != "" {
				t.Fatalf("seed %d, version %d, %s: %s\n%s", seed, version, format, d, text)
			}
			if v.Refused {
				states["refused"]++
			}
			if s.Waiting != nil {
				states["waiting"]++
			}
			states["all"]++
			world = world.Edit(r, format)
		}
	}
	// What a version hid is not on the card, so that the next one cannot show it again.
	if states["more careful after the next version"] > states["all"]/20 {
		t.Errorf("what was kept shows less too often: %v", states)
	}
	if states["refused"] < states["all"]/5 || states["waiting"] < states["all"]/10 {
		t.Errorf("too few were refused, or wait: %v", states)
	}
	t.Log(states)
}

// The zones, rules, changed instances and sheets of the other tests are kept, too.
func TestEveryInputOfTheTestsIsKept(t *testing.T) {
	all := timetable.Public{{Kind: timetable.PublicAll}}
	count := 0
	for _, dir := range []string{"testdata/cases", "testdata/exports", "testdata/broken", "../../examples"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !isTimetable(e.Name()) || e.Name() == "board.yaml" || e.Name() == "infobus.yaml" {
				continue
			}
			files, err := Read(dir + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			v := Options{Public: all}.Parse(files).Version
			s := timetable.Shelf{}.Next(v, false)
			if d := differ(glassRows(again(t, s).InUse()), glassRows(s.InUse())); d != "" {
				t.Errorf("%s: %s", e.Name(), d)
			}
			count++
		}
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		o := []func(*rand.Rand) *oracle{yamlOracle, csvOracle, calendarOracle}[seed%3](r)
		v := reading.Parse([]File{{o.name, []byte(o.text)}}).Version
		s := timetable.Shelf{}.Next(v, false)
		if d := differ(glassRows(again(t, s).InUse()), glassRows(s.InUse())); d != "" {
			t.Errorf("oracle %d: %s\n%s", seed, d, o.text)
		}
	}
	if count < 50 {
		t.Errorf("only %d files", count)
	}
}
