package source

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/timetable"
	"infobus/timetable/source/sourcetest"
)

// What judges the reading of timetables imports nothing of it.
func TestTheJudgeKnowsNothingOfWhatItJudges(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "infobus/timetable/source/sourcetest").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(path, "infobus/") && path != "infobus/timetable/source/sourcetest" || strings.Contains(path, "rrule") || strings.Contains(path, "ical") {
			t.Errorf("it imports %s", path)
		}
	}
}

// confirmed are the openings that a timetable shows with their hours.
func confirmed(tt *timetable.Timetable) (open []sourcetest.Opening, shown []string) {
	y, m, d := sourcetest.Today.Date()
	for day := range sourcetest.Horizon {
		at := time.Date(y, m, d+day, 8, 0, 0, 0, tt.Zone)
		for _, r := range timetable.OnScreen(tt.Rows(at, "")) {
			shown = append(shown, r.Service.Name["en"])
			if r.State == timetable.Confirmed {
				hours := sourcetest.Hours{Opens: r.Opens.Hour()*60 + r.Opens.Minute(), Closes: r.Closes.Hour()*60 + r.Closes.Minute()}
				open = append(open, sourcetest.Opening{Service: r.Service.Name["en"], Day: day, Hours: hours})
			}
		}
	}
	return open, shown
}

// The files that are broken below are right before that.
func TestMadeUpFilesAreRead(t *testing.T) {
	for seed := range uint64(60) {
		for _, f := range []sourcetest.Format{sourcetest.YAML, sourcetest.CSV, sourcetest.ICal} {
			r := rand.New(rand.NewPCG(seed, 7))
			w := sourcetest.Make(r)
			w = w.Edit(r, f)
			file := w.Write(f)
			p := reading.Parse([]File{{string(f), []byte(file.Text())}})
			if p.Refused {
				t.Fatalf("%d %s: %v\n%s", seed, f, p.Mistakes, file.Text())
			}
			got, _ := confirmed(p.Over(nil))
			if want := w.Openings(); !same(got, want) {
				t.Fatalf("%d %s:\n%v\nwant\n%v\n%s", seed, f, got, want, file.Text())
			}
		}
	}
}

func same(a, b []sourcetest.Opening) bool {
	var x, y []string
	for _, o := range a {
		x = append(x, fmt.Sprint(o.Service, o.Day, o.Hours))
	}
	for _, o := range b {
		y = append(y, fmt.Sprint(o.Service, o.Day, o.Hours))
	}
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// A new version that is broken in one place, after a good one: what it closes
// shows no hours, what it hides is not shown, and what the break left alone
// stays; without a good one, too, what it closes shows no hours. 10,000 of them with INFOBUS_SOAK, else 300.
func TestAVersionBrokenInOnePlaceClosesWhatItClosesAndLeavesTheRest(t *testing.T) {
	runs := 300
	if os.Getenv("INFOBUS_SOAK") != "" {
		runs = 10000
	}
	type tally struct{ runs, refused, whole int }
	by := map[string]*tally{}
	count := func(what string) *tally {
		if by[what] == nil {
			by[what] = &tally{}
		}
		return by[what]
	}
	done := 0
	for seed := uint64(0); done < runs; seed++ {
		r := rand.New(rand.NewPCG(seed, 13))
		format := []sourcetest.Format{sourcetest.YAML, sourcetest.CSV, sourcetest.ICal}[seed%3]
		before := sourcetest.Make(r)
		after := before.Edit(r, format)
		broken, ok := after.Write(format).Break(r)
		if !ok {
			continue
		}
		done++
		good, err := parseOne(before.Write(format))
		if err != nil {
			t.Fatal(err)
		}
		p := reading.Parse([]File{{string(format), []byte(broken.Text)}})
		open, shown := confirmed(p.Over(good))
		alone, _ := confirmed(p.Over(nil))
		fail := func(what string, of any) {
			t.Errorf("run %d, %s, %s: %s: %v\n%v\nbroken: %q", seed, format, broken.How, what, of, p.Mistakes, broken.Touched[0].Text)
			if testing.Verbose() {
				t.Logf("%s", broken.Text)
			}
		}
		for _, c := range sourcetest.Closed(before, after) {
			if slices.ContainsFunc(open, func(o sourcetest.Opening) bool { return o.Service == c.Service && o.Day == c.Day && o.Hours == c.Hours }) {
				fail("closed, and shown with its hours", c)
			}
			if slices.ContainsFunc(alone, func(o sourcetest.Opening) bool { return o.Service == c.Service && o.Day == c.Day && o.Hours == c.Hours }) {
				fail("closed, and shown with its hours where there is no good one", c)
			}
		}
		for _, name := range broken.Hidden(before, after) {
			if slices.Contains(shown, name) {
				fail("told in person, and shown", name)
			}
		}
		missing := slices.IndexFunc(broken.Untouched(before, after), func(u sourcetest.Opening) bool {
			return !slices.ContainsFunc(open, func(o sourcetest.Opening) bool { return o.Service == u.Service && o.Day == u.Day && o.Hours == u.Hours })
		})
		if missing >= 0 && testing.Verbose() {
			t.Logf("run %d, %s, %s: the rest is not shown: %v\n%v\nbroken: %q\nunread: %+v", seed, format, broken.How, broken.Untouched(before, after)[missing], p.Mistakes, broken.Touched[0].Text, p.Unread)
		}
		for _, c := range []*tally{count("all"), count(string(format)), count(string(format) + ", " + broken.How)} {
			c.runs++
			if p.Refused {
				c.refused++
			}
			if missing < 0 {
				c.whole++
			}
		}
	}
	var list []string
	for what, c := range by {
		list = append(list, fmt.Sprintf("%s: %d runs, %d refused, the rest shown in %d (%.1f %%)", what, c.runs, c.refused, c.whole, 100*float64(c.whole)/float64(c.runs)))
	}
	slices.Sort(list)
	t.Log(strings.Join(list, "\n"))
	if c := by["all"]; float64(c.whole) < 0.95*float64(c.runs) {
		t.Errorf("the rest was shown in %d of %d runs", c.whole, c.runs)
	}
	if c := by["all"]; c.refused < c.runs/2 {
		t.Errorf("only %d of %d were refused: the breaks are none", c.refused, c.runs)
	}
}

// Were the last good one left as it is, as it once was, the judge would find what
// a refused version closes.
func TestTheJudgeFindsWhatIsLeftOpen(t *testing.T) {
	found, refused := 0, 0
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 13))
		format := []sourcetest.Format{sourcetest.YAML, sourcetest.CSV, sourcetest.ICal}[seed%3]
		before := sourcetest.Make(r)
		after := before.Edit(r, format)
		broken, ok := after.Write(format).Break(r)
		if !ok || !reading.Parse([]File{{string(format), []byte(broken.Text)}}).Refused {
			continue
		}
		good, err := parseOne(before.Write(format))
		if err != nil {
			t.Fatal(err)
		}
		refused++
		open, _ := confirmed(good)
		if slices.ContainsFunc(sourcetest.Closed(before, after), func(c sourcetest.Opening) bool {
			return slices.ContainsFunc(open, func(o sourcetest.Opening) bool { return o.Service == c.Service && o.Day == c.Day && o.Hours == c.Hours })
		}) {
			found++
		}
	}
	if found < refused/2 {
		t.Errorf("of %d refused versions %d close something", refused, found)
	}
}

func parseOne(f sourcetest.File) (*timetable.Timetable, error) {
	p := reading.Parse([]File{{string(f.Format), []byte(f.Text())}})
	if p.Refused {
		return nil, p.Mistakes
	}
	return p.Over(nil), nil
}
