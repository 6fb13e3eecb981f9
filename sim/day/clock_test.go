package day

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"infobus/kiosk"
	"infobus/logbook"
	"infobus/van"
	"infobus/wall"
)

// threeDays is a van without internet: three mornings on which the generator's supply
// starts the box, and holds a session; at %s stands what is so of the clock.
const threeDays = `
date: 2026-11-23
start: "07:00"
end: "3/20:00"
turn: 1h
steps:
  - "07:00 cellular down"
  - "07:00 clock untrusted"
%s`

// A case of the clock, over three days of boots without internet.
type clockCase struct {
	name  string
	first []string    // of the start
	daily []string    // each day, between 09:50 and 12:30
	days  map[int]int // the day that a page of today shows → the one on which it may; see byDay
	by    wall.Source // by whose word the last day's clock is trusted
}

// The page of the day is on the glass where it may be, and only there: it bears the
// true date, but where a phone that is wrong said another and the volunteer was sure.
func TestThePageOfTheDayWithoutInternet(t *testing.T) {
	all := map[int]int{1: 1, 2: 2, 3: 3}
	for _, c := range []clockCase{
		{"a clock chip", []string{"chip ok"}, nil, all, wall.RTC},
		{"a clock chip that has stopped", []string{"chip stopped"}, nil, nil, wall.Nobody},
		{"a clock chip in 2000", []string{"chip 2000"}, nil, nil, wall.Nobody},
		{"a stopped chip, and a phone", []string{"chip stopped"}, []string{"10:00 phone 0s", "10:01 phone 0s sure"}, all, wall.Volunteer},
		{"a phone that is right", nil, []string{"10:00 phone 20s"}, all, wall.Volunteer},
		{"a phone that is two days ahead, which is asked about", []string{"chip 2000"}, []string{"10:00 phone 48h"}, nil, wall.Nobody},
		{"a phone that is wrong first, and one that is right afterwards", nil,
			[]string{"10:00 phone 24h sure", "11:00 phone 0s", "11:05 phone 0s sure"}, map[int]int{1: 1, 2: 2, 3: 3}, wall.Volunteer},
		{"a chip, and a phone that is wrong", []string{"chip ok"}, []string{"10:00 phone 24h sure"}, all, wall.RTC},
		{"neither", nil, nil, nil, wall.Nobody},
	} {
		t.Run(c.name, func(t *testing.T) {
			var steps []string
			for _, s := range c.first {
				steps = append(steps, "07:00 "+s)
			}
			for day := 1; day <= 3; day++ {
				at := func(s string) { steps = append(steps, fmt.Sprintf("%d/%s", day, s)) }
				at("09:30 power cut")
				at("09:50 generator 1 on")
				at("09:55 site quai")
				for _, s := range c.daily {
					at(s)
				}
				at("12:30 generator 1 off")
				at("13:30 power cut")
			}
			var list strings.Builder
			for _, s := range steps {
				fmt.Fprintf(&list, "  - %q\n", s)
			}
			tt := table(t)
			d, err := Parse("day", fmt.Appendf(nil, threeDays, list.String()), tt)
			if err != nil {
				t.Fatal(err)
			}
			var state van.State
			d.Watch = func(s van.State) { state = s }
			shown := map[int]bool{} // days whose page stood on the glass
			d.Effects = func(at time.Time, effects []van.Effect) {
				for _, e := range effects {
					draw, ok := e.(kiosk.Draw)
					if !ok || draw.Page.Name != kiosk.Today && draw.Page.Name != kiosk.Closing {
						continue
					}
					on := at.In(tt.Zone)
					date := draw.Page.Date.In(tt.Zone)
					wrong := strings.Contains(c.name, "wrong first") && on.Hour() < 12 && (on.Hour() < 11 || on.Minute() < 6)
					switch {
					case draw.Page.Name == kiosk.Closing && draw.Page.Date.IsZero():
					case date.YearDay() == on.YearDay() && date.Year() == on.Year():
						shown[on.YearDay()-d.Start.YearDay()+1] = true
					case !wrong:
						t.Errorf("at %s the page says %s", on.Format("2 Jan 15:04"), date.Format("2 Jan 2006"))
					}
				}
			}
			if err := d.Play(van.DefaultOptions(), tt, func(logbook.Event) {}); err != nil {
				t.Fatal(err)
			}
			for day := 1; day <= 3; day++ {
				if want := c.days[day] == day; shown[day] != want {
					t.Errorf("day %d: its page was shown: %t, want %t", day, shown[day], want)
				}
			}
			if state.Clock.Source != c.by {
				t.Errorf("trusted by %q (chip: %q), want %q", state.Clock.Source, state.Clock.Doubt, c.by)
			}
		})
	}
}
