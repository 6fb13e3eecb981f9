package day_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/advice"
	"infobus/examples"
	"infobus/logbook"
	"infobus/sim/day"
	"infobus/timetable/source"
	"infobus/van"
)

// A week in which all goes as planned has at most one finding: where the van is, until
// somebody says it.
func TestAHealthyWeekHasAtMostOneFinding(t *testing.T) {
	table, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]time.Duration{}
	sessions, states := 0, 0
	for d := range 7 {
		date := time.Date(2026, 11, 22+d, 0, 0, 0, 0, table.Zone) // from Sunday
		var steps []string
		for _, p := range table.Plan {
			if !slices.Contains(p.Days, date.Weekday()) {
				continue
			}
			at := func(minutes int, what string) {
				steps = append(steps, fmt.Sprintf("  - \"%02d:%02d %s\"", minutes/60, minutes%60, what))
			}
			at(int(p.From)-20, "generator 1 on")
			at(int(p.From)-19, "site "+p.Site)
			at(int(p.To)+1, "generator 1 off")
		}
		slices.Sort(steps)
		script := "date: " + date.Format(time.DateOnly) + "\nstart: \"07:00\"\nend: \"22:00\"\nbattery: 80\nsteps:\n" + strings.Join(steps, "\n") + "\n"
		if len(steps) == 0 {
			script = strings.Replace(script, "steps:\n\n", "steps: []\n", 1)
		}
		play, err := day.Parse("week.yaml", []byte(script), table)
		if err != nil {
			t.Fatal(err, script)
		}
		o := van.DefaultOptions()
		o.Power.Generators = 2
		var (
			last  time.Duration
			codes []string
		)
		play.Watch = func(s van.State) {
			states++
			for _, code := range codes {
				found[code] += s.Now.Mono - last
			}
			last, codes = s.Now.Mono, nil
			for _, r := range advice.Judge(o, s).Rows {
				if r.Severity != advice.Info {
					codes = append(codes, r.Code)
					found[r.Code] += 0
				}
			}
		}
		if err := play.Play(o, table, func(e logbook.Event) {
			if e.Name == logbook.SessionStarted {
				sessions++
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d sessions, %d states; found, and for how long: %v", sessions, states, found)
	if sessions == 0 || len(found) > 1 || len(found) == 1 && found["confirm-site"] == 0 {
		t.Errorf("%d sessions; found %v", sessions, slices.Sorted(maps.Keys(found)))
	}
}
