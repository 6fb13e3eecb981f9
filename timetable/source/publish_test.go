package source

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"infobus/timetable"
	"infobus/timetable/source/sourcetest"
)

// shown are the openings that visitors see with their hours, as the worlds say them.
func shown(tt *timetable.Timetable) map[string]bool {
	all := map[string]bool{}
	if tt == nil {
		return all
	}
	y, m, d := sourcetest.Today.Date()
	for day := range sourcetest.Horizon {
		for _, r := range timetable.OnScreen(tt.Rows(time.Date(y, m, d+day, 12, 0, 0, 0, tt.Zone), "")) {
			if r.State == timetable.Confirmed {
				all[fmt.Sprintf("%s %d %s-%s", r.Service.Name["en"], day, r.OpensAt(), r.ClosesAt())] = true
			}
		}
	}
	return all
}

func open(w *sourcetest.World) map[string]bool {
	all := map[string]bool{}
	for _, o := range w.Openings() {
		all[fmt.Sprintf("%s %d %s-%s", o.Service, o.Day, timetable.Clock(o.Opens), timetable.Clock(o.Closes))] = true
	}
	return all
}

// While a version waits, what is shown is what the worlds of both versions have
// open: no hour that is not published, and none that the new one closes or hides.
// For 300 random pairs in three formats, newer ones that close and that open.
func TestWhileAVersionWaitsOnlyWhatBothHaveOpenIsShown(t *testing.T) {
	waited, atOnce := 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 22))
		format := []sourcetest.Format{sourcetest.YAML, sourcetest.CSV, sourcetest.ICal}[seed%3]
		before := sourcetest.Make(r)
		after := before.Edit(r, format)
		switch seed / 3 % 3 {
		case 1:
			before, after = after, before
		case 2: // both at once
			before, after = after, before.Edit(r, format)
		}
		older, err := parseOne(before.Write(format))
		if err != nil {
			t.Fatal(err)
		}
		newer, err := parseOne(after.Write(format))
		if err != nil {
			t.Fatal(err)
		}
		shelf := timetable.Shelf{Live: older}.Next(timetable.Version{Timetable: newer}, true)
		was, is, got := open(before), open(after), shown(shelf.InUse())
		for o := range got {
			if !was[o] || !is[o] {
				t.Fatalf("%d %s: %s is shown; open before %v, after %v", seed, format, o, was[o], is[o])
			}
		}
		for o := range was {
			if is[o] && !got[o] {
				t.Fatalf("%d %s: %s is open in both, and not shown", seed, format, o)
			}
		}
		if shelf.Waiting == nil {
			atOnce++
			if opens := sourcetest.Closed(after, before); len(opens) > 0 {
				t.Fatalf("%d %s: shown unasked: %v", seed, format, opens)
			}
			continue
		}
		waited++
		if _, err := shelf.Publish(older.Digest); err == nil {
			t.Fatal("another version than the one that waits was published")
		}
		published, err := shelf.Publish(newer.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(published.InUse()); !equal(got, is) {
			t.Fatalf("%d %s: published %v, want %v", seed, format, got, is)
		}
		back, err := published.TakeBack()
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(back.InUse()); !equal(got, was) {
			t.Fatalf("%d %s: taken back %v, want %v", seed, format, got, was)
		}
	}
	if waited < 150 || atOnce < 50 {
		t.Errorf("%d waited, %d were shown at once", waited, atOnce)
	}
	t.Logf("%d waited, %d only closed and were shown at once", waited, atOnce)
}

func equal(a, b map[string]bool) bool {
	keys := func(m map[string]bool) (list []string) {
		for k := range m {
			list = append(list, k)
		}
		slices.Sort(list)
		return list
	}
	return slices.Equal(keys(a), keys(b))
}
