package source

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"infobus/timetable"
	"infobus/timetable/source/sourcetest"
)

// The changes of a preview are exactly the differences of the rows by another
// comparison, and its openings those of the worlds that the files are of: for 200
// random pairs.
func TestAPreviewListsExactlyTheDifferencesOfTheRows(t *testing.T) {
	listed := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 21))
		format := []sourcetest.Format{sourcetest.YAML, sourcetest.CSV, sourcetest.ICal}[seed%3]
		before := sourcetest.Make(r)
		after := before.Edit(r, format)
		older, err := parseOne(before.Write(format))
		if err != nil {
			t.Fatal(err)
		}
		newer, err := parseOne(after.Write(format))
		if err != nil {
			t.Fatal(err)
		}
		y, m, d := sourcetest.Today.Date()
		from := time.Date(y, m, d, 8, 0, 0, 0, newer.Zone)
		p := timetable.Compare(older, newer, from, sourcetest.Horizon)
		listed += len(p.Changes)

		// As rows: what is gone, and what is new.
		rows := func(tt *timetable.Timetable) map[string]int {
			all := map[string]int{}
			for day := range sourcetest.Horizon {
				for _, r := range tt.Rows(time.Date(y, m, d+day, 12, 0, 0, 0, tt.Zone), "") {
					all[fmt.Sprint(r.Day, r.Service.Name["en"], r.OpensAt(), r.ClosesAt(), r.State, r.Service.Place.Name, r.Service.Show == timetable.Screen)]++
				}
			}
			return all
		}
		was, is := rows(older), rows(newer)
		for key := range was {
			n := min(was[key], is[key])
			was[key], is[key] = was[key]-n, is[key]-n
		}
		none := func(_ string, n int) bool { return n == 0 }
		maps.DeleteFunc(was, none)
		maps.DeleteFunc(is, none)
		gone, added := map[string]int{}, map[string]int{}
		for _, c := range p.Changes {
			say := func(s *timetable.RowState) string {
				return fmt.Sprint(c.Day, c.Service, s.Opens, s.Closes, s.State, s.Place, s.Screen)
			}
			if c.Was != nil {
				gone[say(c.Was)]++
			}
			if c.Is != nil {
				added[say(c.Is)]++
			}
		}
		if !maps.Equal(gone, was) || !maps.Equal(added, is) {
			t.Fatalf("%d %s: gone %v, added %v\nwant %v, %v", seed, format, gone, added, was, is)
		}

		// As the worlds have it: the openings that are new, and those that are closed.
		opened := map[string]bool{}
		for _, o := range sourcetest.Closed(after, before) {
			opened[fmt.Sprint(o.Service, o.Day, o.Hours)] = true
		}
		closed := map[string]bool{}
		for _, o := range sourcetest.Closed(before, after) {
			closed[fmt.Sprint(o.Service, o.Day, o.Hours)] = true
		}
		for _, c := range p.Changes {
			date, err := timetable.ParseDate(c.Day)
			if err != nil {
				t.Fatal(err)
			}
			open := func(s *timetable.RowState) string {
				if s == nil || s.State != timetable.Confirmed || !s.Screen {
					return ""
				}
				from, _ := timetable.ParseClock(s.Opens)
				to, _ := timetable.ParseClock(s.Closes)
				return fmt.Sprint(c.Service, int(date-timetable.DateOf(y, m, d)), sourcetest.Hours{Opens: int(from), Closes: int(to)})
			}
			delete(opened, open(c.Is))
			delete(closed, open(c.Was))
		}
		if len(opened) > 0 || len(closed) > 0 {
			t.Fatalf("%d %s: opened and not listed %v, closed and not listed %v", seed, format, opened, closed)
		}

		// What becomes public, and ceases to be.
		var hidden []string
		for _, s := range before.Services {
			there := slices.ContainsFunc(after.Services, func(o *sourcetest.Service) bool { return o.Name == s.Name && !o.InPerson })
			n := 1
			if format == sourcetest.ICal {
				n = len(s.Slots) // an event a slot
			}
			if !s.InPerson && !there {
				hidden = append(hidden, slices.Repeat([]string{s.Name}, n)...)
			}
		}
		slices.Sort(hidden)
		if !slices.Equal(hidden, p.Hidden) {
			t.Fatalf("%d %s: ceases to be public %v, want %v", seed, format, p.Hidden, hidden)
		}
	}
	if listed < 500 {
		t.Errorf("only %d changes were listed", listed)
	}
	t.Logf("%d changes", listed)
}
