package timetable

import (
	"testing"
	"time"
)

func TestTheMidnightThatEndsADayIsNotTheOneThatBeginsIt(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	tt := &Timetable{Zone: zone, MaxAge: 366 * 24 * time.Hour}
	slot := func(opens, closes Clock) {
		tt.Services = append(tt.Services, Service{ID: string(rune('a' + len(tt.Services))), Name: map[string]string{"en": "A"}, Show: Screen,
			Checked: time.Date(2026, 3, 28, 0, 0, 0, 0, zone), Slots: []Slot{{Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, Opens: opens, Closes: closes}}})
	}
	slot(0, 24*60)
	slot(0, 8*60)
	slot(18*60, 24*60)
	slot(20*60, 32*60)
	for _, day := range []string{"2026-03-29", "2026-03-30", "2026-10-25"} { // of 23, 24 and 25 hours
		at, err := time.ParseInLocation(time.DateOnly, day, zone)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, r := range tt.Rows(at.Add(12*time.Hour), "") {
			got += r.OpensAt() + "-" + r.ClosesAt()
			if r.WholeDay() {
				got += " whole"
			}
			got += " "
		}
		if want := "00:00-24:00 whole 00:00-08:00 18:00-24:00 20:00-08:00 "; got != want {
			t.Errorf("%s: %s\nwant %s", day, got, want)
		}
		got = ""
		for _, r := range tt.Today(at.Add(30*time.Minute), "") {
			got += r.OpensAt() + "-" + r.ClosesAt() + " "
		}
		if want := "00:00-08:00 00:00-24:00 00:00-08:00 18:00-24:00 20:00-08:00 "; got != want {
			t.Errorf("%s, after midnight: %s\nwant %s", day, got, want)
		}
	}
}
