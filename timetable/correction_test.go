package timetable

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// said is a timetable with a service that was checked too long ago, open at
// noon and over midnight, and one for Mondays only.
func said(t testing.TB) *Timetable {
	return &Timetable{Zone: paris, MaxAge: 31 * 24 * time.Hour, Services: []Service{
		{ID: "soup", Category: Food, Show: Screen, Name: map[string]string{"en": "Soup"}, Slots: []Slot{
			{Days: everyDay, Opens: clock(t, "12:00"), Closes: clock(t, "14:00")},
			{Days: everyDay, Opens: clock(t, "22:00"), Closes: clock(t, "26:00")}}},
		{ID: "tea", Category: Food, Show: Screen, Name: map[string]string{"en": "Tea"}, Checked: local(t, "2026-11-20 00:00"), Slots: []Slot{
			{Days: []time.Weekday{time.Monday}, Opens: clock(t, "15:00"), Closes: clock(t, "16:00")}}},
		{ID: "day", Category: Other, Show: Screen, Name: map[string]string{"en": "Day"}, Slots: []Slot{
			{Dates: []Date{DateOf(2026, 11, 23)}, Closes: clock(t, "24:00"), NoHours: true}}},
	}}
}

func shown(rows []Row) string {
	var list []string
	for _, r := range rows {
		list = append(list, r.Service.ID+" "+r.Opens.Format("15:04")+"-"+r.Closes.Format("15:04")+" "+string(r.State))
	}
	return strings.Join(list, ", ")
}

func TestACorrectionLiesOverItsDayOnly(t *testing.T) {
	const monday = "2026-11-23"
	hours := []Hours{{Opens: clock(t, "13:00"), Closes: clock(t, "13:30")}, {Opens: clock(t, "23:00"), Closes: clock(t, "25:00")}}
	for _, c := range []struct {
		what string
		list []Correction
		want string
		why  string
	}{
		{"none", nil, "soup 12:00-14:00 ask us, soup 22:00-02:00 ask us", "never checked"},
		{"still right", []Correction{{Service: "soup", Date: monday, Kind: SaidRight}},
			"soup 12:00-14:00 confirmed, soup 22:00-02:00 confirmed", "said to be right today by a volunteer"},
		{"full", []Correction{{Service: "soup", Date: monday, Kind: SaidFull}},
			"soup 12:00-14:00 full, soup 22:00-02:00 full", "said to be full today by a volunteer"},
		{"cancelled", []Correction{{Service: "soup", Date: monday, Kind: SaidCancelled}},
			"soup 12:00-14:00 cancelled, soup 22:00-02:00 cancelled", "said to be cancelled today by a volunteer"},
		{"other hours", []Correction{{Service: "soup", Date: monday, Kind: SaidHours, Hours: hours}},
			"soup 13:00-13:30 confirmed, soup 23:00-01:00 confirmed", "hours of today, said by a volunteer"},
		{"the last word wins", []Correction{{Service: "soup", Date: monday, Kind: SaidCancelled}, {Service: "soup", Date: monday, Kind: SaidRight}},
			"soup 12:00-14:00 confirmed, soup 22:00-02:00 confirmed", "said to be right today by a volunteer"},
		{"of another day", []Correction{{Service: "soup", Date: "2026-11-24", Kind: SaidRight}},
			"soup 12:00-14:00 ask us, soup 22:00-02:00 ask us", "never checked"},
	} {
		base := said(t)
		base.Services = base.Services[:1]
		tt := base.Corrected(c.list)
		rows := tt.Rows(local(t, monday+" 09:00"), "")
		if got := shown(rows); got != c.want || rows[0].Why.String() != c.why {
			t.Errorf("%s: %s (%s)\nwant %s (%s)", c.what, got, rows[0].Why, c.want, c.why)
		}
		if got := shown(tt.Corrected(nil).Rows(local(t, monday+" 09:00"), "")); got != "soup 12:00-14:00 ask us, soup 22:00-02:00 ask us" {
			t.Errorf("%s, and taken off again: %s", c.what, got)
		}
		if got := shown(base.Rows(local(t, monday+" 09:00"), "")); got != "soup 12:00-14:00 ask us, soup 22:00-02:00 ask us" {
			t.Errorf("%s changed the timetable under it: %s", c.what, got)
		}
	}
}

func TestACorrectedNightGoesOnPastMidnight(t *testing.T) {
	base := said(t)
	base.Services = base.Services[:1]
	for _, c := range []struct {
		kind CorrectionKind
		want string
	}{
		{SaidRight, "soup 00:00-02:00 confirmed, soup 12:00-14:00 ask us, soup 22:00-02:00 ask us"},
		{SaidFull, "soup 00:00-02:00 full, soup 12:00-14:00 ask us, soup 22:00-02:00 ask us"},
		{SaidCancelled, "soup 00:00-02:00 cancelled, soup 12:00-14:00 ask us, soup 22:00-02:00 ask us"},
	} {
		tt := base.Corrected([]Correction{{Service: "soup", Date: "2026-11-23", Kind: c.kind}})
		rows := tt.Today(local(t, "2026-11-24 01:00"), "")
		if got := shown(rows); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.kind, got, c.want)
		}
		if rows[0].Day.String() != "2026-11-23" || rows[1].Day.String() != "2026-11-24" {
			t.Errorf("%s: a correction would name %s and %s", c.kind, rows[0].Day, rows[1].Day)
		}
	}
	cut := base.Corrected([]Correction{{Service: "soup", Date: "2026-11-23", Kind: SaidHours, Hours: []Hours{{Opens: clock(t, "20:00"), Closes: clock(t, "21:17")}}}})
	if next := cut.NextChange(local(t, "2026-11-23 20:30")); !next.Equal(local(t, "2026-11-23 21:17")) {
		t.Errorf("the next change is at %s", next)
	}
}

func TestACorrectionEndsByItself(t *testing.T) {
	tt := said(t)
	short := []Hours{{Opens: clock(t, "12:00"), Closes: clock(t, "13:00")}}
	long := []Hours{{Opens: clock(t, "12:00"), Closes: clock(t, "27:00")}}
	for _, c := range []struct {
		what string
		of   Correction
		now  string
		over bool
	}{
		{"its day", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidRight}, "2026-11-23 23:59", false},
		{"the night after it", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidRight}, "2026-11-24 01:59", false},
		{"when the night is over", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidRight}, "2026-11-24 02:00", true},
		{"a night cut short stays cut short", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidHours, Hours: short}, "2026-11-24 01:59", false},
		{"a night made longer", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidHours, Hours: long}, "2026-11-24 02:59", false},
		{"and over", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidHours, Hours: long}, "2026-11-24 03:00", true},
		{"no night", Correction{Service: "tea", Date: "2026-11-23", Kind: SaidRight}, "2026-11-24 00:00", true},
		{"a service that is gone", Correction{Service: "gone", Date: "2026-11-23", Kind: SaidRight}, "2026-11-23 12:00", true},
		{"no date", Correction{Service: "soup", Date: "today", Kind: SaidRight}, "2026-11-23 12:00", true},
		{"a clock set back", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidRight}, "2026-11-01 12:00", false},
	} {
		if got := tt.Over(c.of, local(t, c.now)); got != c.over {
			t.Errorf("%s: over %v, want %v", c.what, got, c.over)
		}
	}
}

func TestCheckSaysWhatIsWrongWithACorrection(t *testing.T) {
	tt := said(t)
	h := func(opens, closes string) Hours { return Hours{clock(t, opens), clock(t, closes)} }
	for _, c := range []struct {
		what, now, want string
		of              Correction
	}{
		{"right", "2026-11-23 09:00", "", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidRight}},
		{"right, of the evening before", "2026-11-24 01:00", "", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidCancelled}},
		{"hours on a day without", "2026-11-24 09:00", "", Correction{Service: "tea", Date: "2026-11-24", Kind: SaidHours, Hours: []Hours{h("10:00", "11:00")}}},
		{"an unknown service", "2026-11-23 09:00", `service "x" is not in the timetable`, Correction{Service: "x", Date: "2026-11-23", Kind: SaidRight}},
		{"no date", "2026-11-23 09:00", `date "monday": a date was expected`, Correction{Service: "soup", Date: "monday", Kind: SaidRight}},
		{"yesterday", "2026-11-24 02:00", "2026-11-23 is over", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidRight}},
		{"tomorrow", "2026-11-23 02:00", "2026-11-24 is still to come", Correction{Service: "soup", Date: "2026-11-24", Kind: SaidRight}},
		{"nothing to cancel", "2026-11-24 09:00", "Tea has no hours on 2026-11-24", Correction{Service: "tea", Date: "2026-11-24", Kind: SaidCancelled}},
		{"no hours to be full", "2026-11-23 09:00", "say which they are", Correction{Service: "day", Date: "2026-11-23", Kind: SaidFull}},
		{"full, that is closed", "2026-11-24 09:00", "Tea has no hours on 2026-11-24", Correction{Service: "tea", Date: "2026-11-24", Kind: SaidFull}},
		{"no hours to be right", "2026-11-23 09:00", "say which they are", Correction{Service: "day", Date: "2026-11-23", Kind: SaidRight}},
		{"an unknown kind", "2026-11-23 09:00", `kind "closed": confirmed, cancelled, hours or full was expected`, Correction{Service: "soup", Date: "2026-11-23", Kind: "closed"}},
		{"hours that do not belong", "2026-11-23 09:00", "they go with", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidRight, Hours: []Hours{h("10:00", "11:00")}}},
		{"no hours", "2026-11-23 09:00", "no hours were given", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidHours}},
		{"hours backwards", "2026-11-23 09:00", "closes at 09:00: a time after 10:00 was expected; if it is past midnight, 33:00",
			Correction{Service: "soup", Date: "2026-11-23", Kind: SaidHours, Hours: []Hours{h("10:00", "09:00")}}},
		{"hours of tomorrow", "2026-11-23 09:00", "opens at 25:00: a time before 24:00", Correction{Service: "soup", Date: "2026-11-23", Kind: SaidHours, Hours: []Hours{h("25:00", "26:00")}}},
		{"hours that overlap", "2026-11-23 09:00", "10:30 to 12:00 overlaps with 10:00 to 11:00",
			Correction{Service: "soup", Date: "2026-11-23", Kind: SaidHours, Hours: []Hours{h("10:00", "11:00"), h("10:30", "12:00")}}},
	} {
		err := tt.Check(c.of, local(t, c.now))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

func TestTheLastWordOnAServiceAndDayWins(t *testing.T) {
	one, two := Correction{Service: "a", Date: "2026-11-23", Kind: SaidRight}, Correction{Service: "a", Date: "2026-11-24", Kind: SaidRight}
	list := Correct(Correct(nil, one), two)
	last := Correct(list, Correction{Service: "a", Date: "2026-11-23", Kind: SaidCancelled})
	if len(list) != 2 || list[0].Kind != SaidRight || len(last) != 2 || last[1].Kind != SaidCancelled {
		t.Errorf("%v\n%v", list, last)
	}
	if got := (&Timetable{}).Corrected(last).Corrections(); len(got) != 2 || got[0].Kind != SaidCancelled {
		t.Errorf("%v", got)
	}
}

func TestCorrectionAsJSON(t *testing.T) {
	const text = `{"service":"soup","date":"2026-11-23","kind":"hours","hours":[{"opens":"22:00","closes":"26:00"}]}`
	var c Correction
	if err := json.Unmarshal([]byte(text), &c); err != nil || c.Hours[0].Closes != 26*60 {
		t.Errorf("%+v, %v", c, err)
	}
	if b, err := json.Marshal(c); err != nil || string(b) != text {
		t.Errorf("%s, %v", b, err)
	}
	if err := json.Unmarshal([]byte(`{"hours":[{"opens":"9h"}]}`), &c); err == nil {
		t.Error("9h was read")
	}
}

// What is full goes with its hours; what is cancelled stays for the day.
func TestWhatIsFullIsShownUntilItCloses(t *testing.T) {
	base := said(t)
	base.Services = base.Services[:1]
	for _, c := range []struct {
		kind CorrectionKind
		at   string
		want string
	}{
		{SaidFull, "2026-11-23 13:59", "soup 12:00-14:00 full, soup 22:00-02:00 full"},
		{SaidFull, "2026-11-23 14:00", "soup 22:00-02:00 full"},
		{SaidCancelled, "2026-11-23 14:00", "soup 12:00-14:00 cancelled, soup 22:00-02:00 cancelled"},
		{SaidFull, "2026-11-24 01:00", "soup 00:00-02:00 full, soup 12:00-14:00 ask us, soup 22:00-02:00 ask us"},
		{SaidFull, "2026-11-24 02:00", "soup 12:00-14:00 ask us, soup 22:00-02:00 ask us"},
	} {
		tt := base.Corrected([]Correction{{Service: "soup", Date: "2026-11-23", Kind: c.kind}})
		if got := shown(tt.Today(local(t, c.at), "")); got != c.want {
			t.Errorf("%s at %s: %s\nwant %s", c.kind, c.at, got, c.want)
		}
	}
}
