package van_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"infobus/action"
	"infobus/logbook"
	"infobus/power"
	"infobus/van"
)

// Two sessions at two sites, a power cut between: the day has them both, what is
// kept of the days names no site, and they cost the card no write of their own.
func TestADayIsCountedOverAPowerCutAndNamesNoSite(t *testing.T) {
	writes := func(days bool) (saves int, last van.Kept) {
		b := newBox("one", van.Kept{})
		b.options.KeepEvery = time.Minute // so that the cut loses little
		b.see(time.Second, van.TimetableSeen{Timetable: table(t)}, van.ClockSeen{Trusted: true, Source: "rtc"})
		at := 2 * time.Second
		run := func(site string, hours time.Duration) {
			for end := at + hours; at < end; at += 10 * time.Second {
				b.see(at, power.Line{Active: true, At: at}, power.Sample{Volts: 12.7, Amps: 8})
				for _, e := range b.effects {
					if k, is := e.(van.Keep); is {
						saves, last = saves+1, k.Kept
					}
				}
				if b.state.Session.Named() == "" {
					b.see(at, action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: site}})
				}
				if !days {
					b.state.Days = van.State{}.Days
				}
			}
		}
		run("moulin", time.Hour)
		b = newBox("two", last)
		b.options.KeepEvery = time.Minute
		b.see(time.Second, van.TimetableSeen{Timetable: table(t)}, van.ClockSeen{Trusted: true, Source: "rtc"})
		at = 2 * time.Second
		run("quai", time.Hour)
		if !days {
			return saves, last
		}
		all := b.state.Days.All()
		if len(all) != 1 || all[0].Date != "2026-11-23" || all[0].Sessions != 2 || all[0].Starts != 2 || all[0].Run < 118*time.Minute || all[0].Run > 2*time.Hour || all[0].In < 150 {
			t.Errorf("the day is %+v", all)
		}
		kept, err := json.Marshal([]any{last.Days, last.Today})
		if err != nil || len(kept) < 20 {
			t.Fatal(err, string(kept))
		}
		for _, site := range b.state.Timetable.Sites {
			for _, word := range []string{site.ID, site.Name} {
				if strings.Contains(string(kept), word) {
					t.Errorf("what is kept of the days names %s: %s", word, kept)
				}
			}
		}
		return saves, last
	}
	with, _ := writes(true)
	if without, _ := writes(false); with > without {
		t.Errorf("%d writes, %d without the days", with, without)
	}
}

// What the box itself used in a session stands in its summary.
func TestASessionSaysWhatTheBoxItselfUsed(t *testing.T) {
	b := newBox("one", van.Kept{})
	b.see(2*time.Second, van.Used{Bytes: 1000}, power.Line{Active: true, At: 2 * time.Second})
	b.see(3*time.Second, van.Used{Bytes: 41_000})
	b.see(4*time.Second, action.Asked{Name: action.EndSession})
	for _, e := range b.events {
		if e.Name == logbook.SessionEnded && e.Attributes["own_bytes"] != int64(40_000) {
			t.Errorf("the summary says %v", e.Attributes)
		}
	}
	if !b.has(logbook.SessionEnded) {
		t.Error("the session did not end")
	}
}
