package source

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/timetable"
	"infobus/timetable/source/sourcetest"
)

// Changed, moved, cancelled and stray instances are as an oracle has them that
// knows nothing of ours: 4,000 calendars with INFOBUS_SOAK, else 400.
func TestInstancesAreThoseOfTheOracle(t *testing.T) {
	calendars := 400
	if os.Getenv("INFOBUS_SOAK") != "" {
		calendars = 4000
	}
	states := map[string]int{}
	for seed := range uint64(calendars) {
		files, want := sourcetest.Calendars(rand.New(rand.NewPCG(seed, 5)))
		p := reading.Parse([]File{{"a.ics", []byte(files[0])}, {"b.ics", []byte(files[1])}})
		if p.Refused {
			t.Fatalf("%d: %v\n%s\n%s", seed, p.Mistakes, files[0], files[1])
		}
		tt := p.Over(nil)
		var got []string
		y, m, d := sourcetest.Today.Date()
		for day := range sourcetest.InstanceDays {
			for _, r := range tt.Rows(time.Date(y, m, d+day, 8, 0, 0, 0, tt.Zone), "") {
				state := map[timetable.State]string{timetable.Confirmed: "open", timetable.Cancelled: "cancelled", timetable.AskUs: "ask us"}[r.State]
				got = append(got, sourcetest.Instance{Day: day, Title: r.Service.Name["en"], Place: r.Service.Place.Name, State: state, Screen: r.Service.Show == timetable.Screen,
					Hours: sourcetest.Hours{Opens: r.Opens.Hour()*60 + r.Opens.Minute(), Closes: r.Closes.Hour()*60 + r.Closes.Minute()}}.String())
				states[fmt.Sprintf("%s, screen=%v", state, r.Service.Show == timetable.Screen)]++
			}
		}
		var right []string
		for _, i := range want {
			right = append(right, i.String())
		}
		slices.Sort(got)
		slices.Sort(right)
		if !slices.Equal(got, right) {
			t.Fatalf("%d:\n%s\nwant\n%s\n%s\n%s", seed, strings.Join(got, "\n"), strings.Join(right, "\n"), files[0], files[1])
		}
	}
	for _, state := range []string{"open", "cancelled", "ask us"} {
		for _, screen := range []bool{true, false} {
			if states[fmt.Sprintf("%s, screen=%v", state, screen)] == 0 {
				t.Errorf("none was %s, screen=%v: %v", state, screen, states)
			}
		}
	}
	t.Logf("%d calendars: %v", calendars, states)
}
