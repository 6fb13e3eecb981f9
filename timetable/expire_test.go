package timetable

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// due is what a day says of it, in short.
func due(tt *Timetable, at time.Time) string {
	list, runOut := tt.Due(at, 7)
	var text string
	for _, d := range list {
		text += fmt.Sprintf("%s %s;", d.Service, d.Day)
	}
	for _, e := range runOut {
		text += fmt.Sprintf(" %s %d of %d", e.Day, e.N, e.All)
	}
	return text
}

func TestWhatRunsOutIsKnownAWeekAhead(t *testing.T) {
	noon := func(zone *time.Location, month time.Month, day int) time.Time {
		return time.Date(2026, month, day, 12, 0, 0, 0, zone)
	}
	for _, c := range []struct {
		what   string
		change func(tt *Timetable)
		month  time.Month
		day    int
		want   string
	}{
		// Checked on 25 November, for 31 days: 26 December is the last day with hours.
		{"eight days ahead nothing is", nil, time.December, 19, ""},
		{"all of them a week ahead", nil, time.December, 20, "hot 2026-12-27;wat 2026-12-27;cli 2026-12-27; 2026-12-27 3 of 3"},
		{"on the last day", nil, time.December, 26, "hot 2026-12-27;wat 2026-12-27;cli 2026-12-27; 2026-12-27 3 of 3"},
		{"and on the day itself none is shown", nil, time.December, 27, "hot ;wat ;cli ;"},
		{"some were checked later", func(tt *Timetable) { tt.Services[0].Checked = noon(tt.Zone, time.December, 10) }, time.December, 24, "wat 2026-12-27;cli 2026-12-27; 2026-12-27 2 of 3"},
		{"on different days", func(tt *Timetable) { tt.Services[0].Checked = noon(tt.Zone, time.November, 24) }, time.December, 24, "hot 2026-12-26;wat 2026-12-27;cli 2026-12-27; 2026-12-26 1 of 3 2026-12-27 2 of 3"},
		{"one was never checked", func(tt *Timetable) { tt.Services[0].Checked = time.Time{} }, time.December, 1, "hot ;"},
		{"one is of another site", func(tt *Timetable) { tt.Services[0].Sites = []string{"x"} }, time.December, 24, "hot 2026-12-27;wat 2026-12-27;cli 2026-12-27; 2026-12-27 3 of 3"},
		{"one is told in person", func(tt *Timetable) { tt.Services[0].Show = InPerson }, time.December, 24, "wat 2026-12-27;cli 2026-12-27; 2026-12-27 2 of 2"},
		{"one opens no more by then", func(tt *Timetable) { tt.Services[0].Slots[0].Until = DateOf(2026, time.December, 26) }, time.December, 24, "wat 2026-12-27;cli 2026-12-27; 2026-12-27 2 of 2"},
		{"one opens once a week", func(tt *Timetable) { tt.Services[0].Slots[0].Days = []time.Weekday{time.Friday} }, time.December, 24, "hot 2026-12-27;wat 2026-12-27;cli 2026-12-27; 2026-12-27 3 of 3"},
		{"one opens next in three weeks", func(tt *Timetable) {
			tt.Services[0].Slots[0].Days, tt.Services[0].Slots[0].Dates = nil, []Date{DateOf(2027, time.January, 15)}
		}, time.December, 24, "wat 2026-12-27;cli 2026-12-27; 2026-12-27 2 of 2"},
		{"one is cancelled by then", func(tt *Timetable) {
			for d := DateOf(2026, time.December, 20); d < DateOf(2027, time.February, 1); d++ {
				tt.Services[0].Changes = append(tt.Services[0].Changes, Change{Date: d})
			}
		}, time.December, 24, "wat 2026-12-27;cli 2026-12-27; 2026-12-27 2 of 2"},
		{"summer time begins on the way", func(tt *Timetable) {
			for i := range tt.Services {
				tt.Services[i].Checked = noon(tt.Zone, time.February, 27)
			}
		}, time.March, 24, "hot 2026-03-31;wat 2026-03-31;cli 2026-03-31; 2026-03-31 3 of 3"},
	} {
		tt := lastGood(t)
		if c.change != nil {
			c.change(tt)
		}
		for _, hour := range []time.Duration{-12 * time.Hour, 0, 12*time.Hour - time.Second} {
			if got := due(tt, noon(tt.Zone, c.month, c.day).Add(hour)); got != c.want {
				t.Errorf("%s, %v: %q\nwant %q", c.what, hour, got, c.want)
			}
		}
	}
}

// What is said to run out on a day is shown on the day before and not on it, and
// what is not said to is shown a week on.
func TestPropertyHoursGoOnTheDayThatIsSaid(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tt := lastGood(t)
		at := time.Date(2026, 12, 26, rapid.IntRange(0, 23).Draw(rt, "hour"), 30, 0, 0, tt.Zone)
		for i := range tt.Services {
			tt.Services[i].Checked = at.AddDate(0, 0, -rapid.IntRange(0, 40).Draw(rt, "age"))
		}
		list, _ := tt.Due(at, 7)
		ends := map[string]Date{}
		for _, d := range list {
			ends[d.Service] = max(d.Day, DateIn(at, tt.Zone))
		}
		for day := range Date(8) {
			d := DateIn(at, tt.Zone) + day
			for _, r := range tt.Rows(Clock(720).On(d.utc(), tt.Zone), "") {
				end, ok := ends[r.Service.ID]
				if shown := r.State == Confirmed; shown != (!ok || d < end) {
					rt.Fatalf("%s %s: shown %v; said: %v %s", r.Service.ID, d, shown, ok, end)
				}
			}
		}
	})
}

func TestADayOfWhichNoHourIsSureIsDoubtful(t *testing.T) {
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, lastGood(t).Zone)
	never := func(tt *Timetable, from int) {
		for i := range tt.Services[from:] {
			tt.Services[from+i].Checked = time.Time{}
		}
	}
	for _, c := range []struct {
		what   string
		change func(tt *Timetable)
		want   bool
	}{
		{"all are sure", func(tt *Timetable) {}, false},
		{"one is sure", func(tt *Timetable) { never(tt, 1) }, false},
		{"none is", func(tt *Timetable) { never(tt, 0) }, true},
		{"one is sure, at another site", func(tt *Timetable) {
			never(tt, 1)
			tt.Sites = []Site{{ID: "x"}, {ID: "y"}}
			tt.Services[0].Sites = []string{"y"}
		}, true},
		{"none is, and one is cancelled", func(tt *Timetable) {
			never(tt, 0)
			tt.Services[0].Changes = []Change{{Date: DateOf(2026, 11, 30)}}
		}, true},
		{"all are cancelled", func(tt *Timetable) { tt.Holidays = []Holiday{{Dates: []Date{DateOf(2026, 11, 30)}}} }, false},
		{"there are none", func(tt *Timetable) { tt.Services = nil }, false},
		{"none is, told in person", func(tt *Timetable) {
			never(tt, 0)
			for i := range tt.Services {
				tt.Services[i].Show = InPerson
			}
		}, false},
	} {
		tt := lastGood(t)
		c.change(tt)
		if got := tt.Doubtful(at, "x"); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

func TestWhatAVolunteerLookedAtIsCheckedUntilItChanges(t *testing.T) {
	tt := lastGood(t)
	at := time.Date(2026, 12, 28, 9, 0, 0, 0, tt.Zone)
	today := DateIn(at, tt.Zone)
	list := tt.Look(nil, today, []string{"hot", "wat", "none"})
	looked := tt.LookedAt(list)
	if got := due(looked, at); got != "cli ;" {
		t.Error(got)
	}
	if got := due(tt, at); got != "hot ;wat ;cli ;" {
		t.Errorf("the timetable itself was changed: %s", got)
	}
	if got := due(looked, at.AddDate(0, 0, 31)); got != "hot 2027-01-29;wat 2027-01-29;cli ; 2027-01-29 2 of 3" {
		t.Error(got)
	}
	if n := len(tt.Fresh(list, at.AddDate(0, 0, 31))) - len(tt.Fresh(list, at.AddDate(0, 0, 32))); n != 1 {
		t.Error("it does not end with the age of a check")
	}

	// A later version: other hours are not checked, and a later check goes before.
	newer := after(t, func(tt *Timetable) {
		tt.Services[0].Slots[0].Opens++
		tt.Services[1].Checked = at
		tt.Services[1].By = "Us"
	})
	if got := due(newer.LookedAt(list), at); got != "hot ;cli ;" {
		t.Error(got)
	}
	again := newer.Look(list, today+1, []string{"cli", "wat"})
	if len(again) != 2 || len(again[0].Prints) != 1 || len(again[1].Prints) != 2 || len(list[0].Prints) != 2 {
		t.Errorf("%v after %v", again, list)
	}
	if more := newer.Look(again, today+1, []string{"hot", "cli"}); len(more) != 2 || len(more[1].Prints) != 3 {
		t.Errorf("%v", more)
	}

	// A doubt is none of age.
	doubted := Version{Timetable: after(t, func(tt *Timetable) { tt.Services[0].Slots[0].Opens++ }), Refused: true}.Over(tt).LookedAt(list)
	if rows := doubted.Rows(at, ""); rows[1].Service.ID != "hot" || rows[1].State != AskUs || rows[2].State != Confirmed {
		t.Errorf("%v", rows)
	}
}
