package timetable

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAPreviewSaysWhatADayIsBesideItsWeekAndWhatRunsOut(t *testing.T) {
	newer := after(t, func(tt *Timetable) {
		tt.Services[0].Changes = []Change{{Date: DateOf(2026, 12, 1)}}
		tt.Services[1].Slots = append(tt.Services[1].Slots, Slot{Dates: []Date{DateOf(2026, 12, 2)}, Opens: 1000, Closes: 1100})
		tt.Services[2].Checked = time.Date(2026, 11, 2, 0, 0, 0, 0, tt.Zone)
		tt.Services[2].Show = Screen
		tt.Holidays = []Holiday{{Name: "x", Dates: []Date{DateOf(2026, 12, 3)}, Services: []string{"cli"}, Hours: []Hours{{600, 660}}}}
	})
	p := Compare(nil, newer, time.Date(2026, 11, 30, 8, 0, 0, 0, newer.Zone), 7)
	var got []string
	for _, e := range p.Exceptions {
		say := func(list []RowState) (text string) {
			for _, r := range list {
				text += fmt.Sprintf(" %s-%s %s", r.Opens, r.Closes, r.State)
			}
			return text
		}
		got = append(got, fmt.Sprintf("%s %s:%s beside%s", e.Day, e.Service, say(e.Is), say(e.Usual)))
	}
	want := "2026-12-01 Hot meals: 12:00-14:00 cancelled beside 12:00-14:00 confirmed\n" +
		"2026-12-02 Water: 12:00-14:00 confirmed 16:40-18:20 confirmed beside 12:00-14:00 confirmed\n" +
		"2026-12-03 Clinic: 10:00-11:00 confirmed beside 12:00-14:00 confirmed"
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("%s\nwant\n%s", s, want)
	}
	if s := fmt.Sprint(p.Expiring); s != "[{2026-12-04 Clinic 2026-11-02}]" {
		t.Error(s)
	}
	if s := fmt.Sprint(p.Public, p.Hidden); s != "[Clinic Hot meals Water] []" {
		t.Error(s)
	}
	if n := len(p.Changes); n != 3*7+1 {
		t.Errorf("%d changes", n)
	}
	p = Compare(newer, newer, time.Date(2026, 11, 30, 8, 0, 0, 0, newer.Zone), 7)
	if len(p.Changes)+len(p.Public)+len(p.Hidden) != 0 || len(p.Exceptions) != 3 {
		t.Errorf("of itself: %+v", p)
	}
}
