package timetable

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var paris = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return zone
}()

func local(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, paris)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

var everyDay = []time.Weekday{0, 1, 2, 3, 4, 5, 6}

func clock(t testing.TB, s string) Clock {
	t.Helper()
	c, err := ParseClock(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func one(t testing.TB, s Service, opens, closes string) *Timetable {
	s.Slots = []Slot{{Days: everyDay, Opens: clock(t, opens), Closes: clock(t, closes)}}
	return &Timetable{Zone: paris, MaxAge: 31 * 24 * time.Hour, Services: []Service{s}}
}

func TestParseClock(t *testing.T) {
	for in, want := range map[string]Clock{"00:00": 0, "09:30": 570, "24:00": 1440, "26:00": 1560, "48:00": 2880} {
		if c, err := ParseClock(in); err != nil || c != want || c.String() != in {
			t.Errorf("%s: %d (%s), %v; want %d", in, c, c, err, want)
		}
	}
	for _, in := range []string{"", "9:30", "25:60", "48:01", "99:00", "12h00", "１２:00", "-1:00", "12:00 "} {
		if c, err := ParseClock(in); err == nil {
			t.Errorf("%q was read as %s", in, c)
		}
	}
}

func TestHoursOfADayOfDaylightSaving(t *testing.T) {
	fresh := Service{ID: "x", Category: Food}
	for _, c := range []struct {
		what, day, opens, closes string
		wantOpens, wantLasts     string
	}{
		{"an ordinary day", "2026-11-23", "12:00", "14:00", "2026-11-23T12:00:00+01:00", "2h0m0s"},
		{"past midnight", "2026-11-23", "22:00", "26:00", "2026-11-23T22:00:00+01:00", "4h0m0s"},
		{"spring, over the skipped hour", "2026-03-29", "01:00", "04:00", "2026-03-29T01:00:00+01:00", "2h0m0s"},
		{"spring, opens in the skipped hour", "2026-03-29", "02:30", "04:00", "2026-03-29T03:00:00+02:00", "1h0m0s"},
		{"spring, closes in the skipped hour", "2026-03-29", "01:00", "02:30", "2026-03-29T01:00:00+01:00", "1h0m0s"},
		{"spring, past midnight", "2026-03-28", "22:00", "27:00", "2026-03-28T22:00:00+01:00", "4h0m0s"},
		{"autumn, over the doubled hour", "2026-10-25", "01:00", "04:00", "2026-10-25T01:00:00+02:00", "4h0m0s"},
		{"autumn, opens in the doubled hour", "2026-10-25", "02:30", "04:00", "2026-10-25T02:30:00+02:00", "2h30m0s"},
		{"autumn, noon", "2026-10-25", "12:00", "13:00", "2026-10-25T12:00:00+01:00", "1h0m0s"},
	} {
		rows := one(t, fresh, c.opens, c.closes).Rows(local(t, c.day+" 12:00"), "")
		if len(rows) != 1 {
			t.Fatalf("%s: %d rows", c.what, len(rows))
		}
		r := rows[0]
		if got := r.Opens.Format(time.RFC3339); got != c.wantOpens {
			t.Errorf("%s: opens %s, want %s", c.what, got, c.wantOpens)
		}
		if got := r.Closes.Sub(r.Opens).String(); got != c.wantLasts {
			t.Errorf("%s: lasts %s, want %s", c.what, got, c.wantLasts)
		}
		if got := r.Date.Format("2006-01-02 15:04"); got != c.day+" 00:00" {
			t.Errorf("%s: date %s", c.what, got)
		}
	}
}

func TestHoursThatTheClocksSkipAreAskUs(t *testing.T) {
	tt := one(t, Service{ID: "x", Checked: local(t, "2026-03-20 00:00")}, "02:10", "02:50")
	if r := tt.Rows(local(t, "2026-03-28 12:00"), "")[0]; r.State != Confirmed {
		t.Errorf("the day before: %s, %s", r.State, r.Why)
	}
	if r := tt.Rows(local(t, "2026-03-29 12:00"), "")[0]; r.State != AskUs {
		t.Errorf("the day itself: %s, %s to %s", r.State, r.Opens, r.Closes)
	}
}

// Where local clocks show a time once, On is that time; where they skip or
// double it, it is the first moment at which they show it or a later one.
func TestOnIsTheFirstMomentLocalClocksReachTheTime(t *testing.T) {
	zones := []*time.Location{paris, time.UTC}
	for _, name := range []string{"Africa/Cairo", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kabul"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		date := time.Date(2024, 1, rapid.IntRange(1, 1500).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		c := Clock(rapid.IntRange(0, 2880).Draw(t, "clock"))
		want := date.Add(time.Duration(c) * time.Minute)
		reached := func(at time.Time) bool { // the local wall, as if it were UTC
			_, offset := at.In(zone).Zone()
			return !at.Add(time.Duration(offset) * time.Second).Before(want)
		}
		got := c.On(date, zone)
		if !reached(got) {
			t.Fatalf("%s on %s in %s: %s is before it", c, date.Format(time.DateOnly), zone, got)
		}
		for back := time.Minute; back < 4*time.Hour; back += time.Minute {
			if reached(got.Add(-back)) {
				t.Fatalf("%s on %s in %s: %s, though %s before has reached it", c, date.Format(time.DateOnly), zone, got, back)
			}
		}
	})
}

func TestStateFollowsWhenItWasChecked(t *testing.T) {
	at := local(t, "2026-11-23 09:00")
	for _, c := range []struct {
		checked string
		by      string
		state   State
		why     string
	}{
		{"", "", AskUs, "never checked"},
		{"2026-11-23 00:00", "the depot", Confirmed, "checked today by the depot"},
		{"2026-11-22 00:00", "", Confirmed, "checked 1 day ago"},
		{"2026-11-20 00:00", "us", Confirmed, "checked 3 days ago by us"},
		{"2026-10-23 00:00", "", Confirmed, "checked 31 days ago"},
		{"2026-10-22 00:00", "", AskUs, "last checked 32 days ago, more than 31"},
		{"2026-10-09 00:00", "", AskUs, "last checked 45 days ago, more than 31"},
		{"2026-11-24 00:00", "", Confirmed, "checked today"},
		{"2026-11-25 00:00", "", AskUs, "checked on 2026-11-25, which is still to come"},
	} {
		s := Service{ID: "x", By: c.by}
		if c.checked != "" {
			s.Checked = local(t, c.checked)
		}
		r := one(t, s, "12:00", "14:00").Rows(at, "")[0]
		if r.State != c.state || r.Why.String() != c.why {
			t.Errorf("checked %q: %s, %q; want %s, %q", c.checked, r.State, r.Why, c.state, c.why)
		}
	}
}

func TestRowsAreOfTheSiteAndInOrder(t *testing.T) {
	noon := []Slot{{Days: everyDay, Opens: 720, Closes: 780}}
	tt := &Timetable{Zone: paris, Services: []Service{
		{ID: "late", Category: Food, Slots: []Slot{{Days: everyDay, Opens: 800, Closes: 900}, {Days: everyDay, Opens: 540, Closes: 600}}},
		{ID: "b", Category: Water, Slots: noon},
		{ID: "a", Category: Water, Slots: noon},
		{ID: "food", Category: Food, Slots: noon, Sites: []string{"north"}},
		{ID: "sunday", Category: Food, Slots: []Slot{{Days: []time.Weekday{time.Sunday}, Opens: 1, Closes: 2}}},
		{ID: "secret", Category: Legal, Slots: noon, Sites: []string{"south"}, Show: InPerson},
		{ID: "open", Category: Legal, Slots: noon, Sites: []string{"south"}, Show: Screen},
	}}
	for site, want := range map[string]string{
		"":      "late a b late",
		"north": "late food a b late",
		"south": "late a b open secret late",
	} {
		var got []string
		for _, r := range tt.Rows(local(t, "2026-11-23 23:59"), site) {
			got = append(got, r.Service.ID)
			if r.Site != site {
				t.Errorf("a row of site %q says %q", site, r.Site)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("site %q: %s, want %s", site, s, want)
		}
	}
	shown := OnScreen(tt.Rows(local(t, "2026-11-23 00:00"), "south"))
	if len(shown) != 1 || shown[0].Service.ID != "open" {
		t.Errorf("on the screen: %v", shown)
	}
}

func TestTodayLeavesOutWhatIsOverAndKeepsTheNight(t *testing.T) {
	s := Service{ID: "soup", Category: Food, Show: Screen, Checked: local(t, "2026-11-20 00:00")}
	tt := one(t, s, "20:00", "26:00")
	hours := func(at string) string {
		var list []string
		for _, r := range tt.Today(local(t, at), "") {
			list = append(list, r.Date.Format("02")+" "+r.Opens.Format("15:04")+"-"+r.Closes.Format("15:04"))
		}
		return strings.Join(list, ", ")
	}
	for at, want := range map[string]string{
		"2026-11-23 19:00": "23 20:00-02:00",
		"2026-11-24 01:59": "24 00:00-02:00, 24 20:00-02:00",
		"2026-11-24 02:00": "24 20:00-02:00",
	} {
		if got := hours(at); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	for at, want := range map[string]string{
		"2026-11-23 19:00": "2026-11-24 00:00",
		"2026-11-24 00:00": "2026-11-24 02:00",
		"2026-11-24 02:00": "2026-11-25 00:00",
	} {
		if got := tt.NextChange(local(t, at)); !got.Equal(local(t, want)) {
			t.Errorf("next change after %s: %s, want %s", at, got, want)
		}
	}
}

// Between two changes nothing that visitors see differs.
func TestNothingChangesBeforeNextChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tt := &Timetable{Zone: paris, MaxAge: 31 * 24 * time.Hour}
		start := time.Date(2026, 3, 20, 0, 0, 0, 0, paris).Add(time.Duration(rapid.IntRange(0, 60*24*20).Draw(t, "start")) * time.Minute)
		for range rapid.IntRange(1, 4).Draw(t, "services") {
			opens := Clock(rapid.IntRange(0, 1439).Draw(t, "opens"))
			tt.Services = append(tt.Services, Service{Show: Screen, Checked: start.AddDate(0, 0, -rapid.IntRange(28, 32).Draw(t, "age")),
				Slots: []Slot{{Days: everyDay, Opens: opens, Closes: opens + Clock(rapid.IntRange(1, 1440).Draw(t, "lasts"))}}})
		}
		say := func(at time.Time) string {
			var b strings.Builder
			for _, r := range tt.Today(at, "") {
				b.WriteString(r.Opens.String() + r.Closes.String() + string(r.State) + r.Why.String() + "\n")
			}
			return b.String()
		}
		next := tt.NextChange(start)
		if !next.After(start) {
			t.Fatalf("next change %s is not after %s", next, start)
		}
		want := say(start)
		for at := start; at.Before(next); at = at.Add(time.Minute) {
			if got := say(at); got != want {
				t.Fatalf("changed at %s, before %s:\n%s\n%s", at, next, want, got)
			}
		}
	})
}

func TestPlanned(t *testing.T) {
	work := []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday}
	tt := &Timetable{Zone: paris, Plan: []Planned{
		{Site: "north", Days: work, From: clock(t, "10:00"), To: clock(t, "12:30")},
		{Site: "south", Days: work, From: clock(t, "14:00"), To: clock(t, "16:30")},
		{Site: "night", Days: []time.Weekday{time.Thursday}, From: clock(t, "23:00"), To: clock(t, "25:30")},
	}}
	for at, want := range map[string]string{
		"2026-11-23 08:29": "",
		"2026-11-23 08:30": "north 10:00-12:30",
		"2026-11-23 12:29": "north 10:00-12:30",
		"2026-11-23 12:30": "south 14:00-16:30",
		"2026-11-23 16:30": "",
		"2026-11-26 21:30": "night 23:00-01:30",
		"2026-11-27 01:29": "night 23:00-01:30",
		"2026-11-27 10:00": "", // a Friday
	} {
		got := ""
		if o, ok := tt.Planned(local(t, at)); ok {
			got = o.Site + " " + o.From.Format("15:04") + "-" + o.To.Format("15:04")
		}
		if got != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
}

func TestCategoriesAreListedOnce(t *testing.T) {
	seen := slices.Clone(Categories)
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 13 {
		t.Errorf("%v", Categories)
	}
}

func TestSite(t *testing.T) {
	tt := &Timetable{Sites: []Site{{ID: "a", Name: "Quai A"}}}
	if s, ok := tt.Site("a"); !ok || s.Name != "Quai A" {
		t.Errorf("%v, %v", s, ok)
	}
	if _, ok := tt.Site("b"); ok {
		t.Error("a site that is not there was found")
	}
}
