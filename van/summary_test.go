package van_test

import (
	"fmt"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/power"
	"infobus/timetable"
	"infobus/van"
)

// summaries are the days' summaries of a van that is parked from 09:05 on, by their time:
// first the hours that it is on, then those after a power cut.
func summaries(t *testing.T, kept van.Kept, boot string, off, on time.Duration, trusted bool) (list []logbook.Event, last van.Kept) {
	t.Helper()
	return summariesBy(t, table(t), kept, boot, off, on, trusted)
}

func summariesBy(t *testing.T, hours *timetable.Timetable, kept van.Kept, boot string, off, on time.Duration, trusted bool) (list []logbook.Event, last van.Kept) {
	t.Helper()
	b := newBox(boot, kept)
	b.off = off
	b.see(2*time.Second, van.TimetableSeen{Timetable: hours}, van.ClockSeen{Trusted: trusted, Source: "rtc"}, van.Advised{Code: "none", Level: "good"})
	for at := 10 * time.Second; at < on; at += 10 * time.Minute {
		wake := b.state.Wake(b.options)
		for wake != 0 && wake < at { // as the loop does
			b.see(wake, power.Line{Active: false, At: wake}, van.Tick{}) // the line was looked at just before
			list = append(list, b.events...)
			if next := b.state.Wake(b.options); next <= wake {
				break
			} else {
				wake = next
			}
		}
		b.see(at, power.Line{Active: false, At: at}, power.Sample{Volts: 12.9, Amps: -0.4})
		list = append(list, b.events...)
	}
	var out []logbook.Event
	for _, e := range list {
		if e.Name == logbook.VanSummary {
			out = append(out, e)
		}
		if e.Name == logbook.AdviceChanged {
			t.Errorf("that all is well from the beginning was told: %v", e.Attributes)
		}
	}
	return out, b.state.Kept(b.options)
}

// A van that is parked tells once a local day that it is there, also over a power cut.
func TestAParkedVanTellsOnceADayThatItIsThere(t *testing.T) {
	three, kept := summaries(t, van.Kept{}, "one", 0, 49*time.Hour, true)
	said := ""
	for _, e := range three {
		said += e.At.In(table(t).Zone).Format("Mon 15:04:05 ")
		if _, err := logbook.Admit(e); err != nil {
			t.Error(err)
		}
	}
	if said != "Mon 10:05:01 Tue 00:05:00 Wed 00:05:00 " {
		t.Errorf("told at %s", said)
	}
	if a := three[1].Attributes; a["state"] != "parked" || a["advice"] != "none" || a["level"] != "good" {
		t.Errorf("told is %v", a)
	}
	if again, _ := summaries(t, kept, "two", 50*time.Hour, 10*time.Hour, true); len(again) != 0 {
		t.Errorf("after a restart on the same day: %v", again)
	}
	if next, _ := summaries(t, kept, "two", 74*time.Hour, 2*time.Hour, true); len(next) != 1 {
		t.Errorf("after a restart on another day: %v", next)
	}
	if none, _ := summaries(t, van.Kept{}, "one", 0, 49*time.Hour, false); len(none) != 0 {
		t.Errorf("without a trusted clock: %v", none)
	}
}

// Where clocks are put forward at midnight, a day begins at one o'clock, and is told of once.
func TestADayWithoutAMidnightIsToldOfOnce(t *testing.T) {
	azores, err := time.LoadLocation("Atlantic/Azores")
	if err != nil {
		t.Fatal(err)
	}
	hours := *table(t)
	hours.Zone = azores
	off := time.Date(2027, 3, 27, 12, 0, 0, 0, time.UTC).Sub(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	list, _ := summariesBy(t, &hours, van.Kept{}, "one", off, 62*time.Hour, true)
	said := ""
	for _, e := range list[1:] {
		said += e.At.In(azores).Format("Mon 02 15:04 ")
	}
	if said != "Sun 28 01:05 Mon 29 00:05 Tue 30 00:05 " {
		t.Errorf("told at %s", said)
	}
}

// What is to be done first is told when it changes, and that it is over.
func TestWhatIsToBeDoneFirstIsToldWhenItChanges(t *testing.T) {
	b := newBox("one", van.Kept{})
	said := ""
	for i, a := range []van.Advised{{Code: "battery-low", Level: "warn"}, {Code: "battery-low", Level: "warn"}, {Code: "battery-low", Level: "bad"}, {Code: "none", Level: "good"}} {
		b.see(time.Duration(i+2)*time.Second, a)
		for _, e := range b.events {
			said += fmt.Sprint(e.Attributes["code"], " ", e.Attributes["level"], "; ")
		}
	}
	if said != "battery-low warn; battery-low bad; none good; " {
		t.Error(said)
	}
}

// complaints are what a step told of the journal's warnings.
func (b *box) complaints(t *testing.T) (said string) {
	t.Helper()
	for _, e := range b.events {
		if admitted, err := logbook.Admit(e); err != nil || len(admitted.Attributes) != len(e.Attributes) {
			t.Error(err)
		}
		if a := e.Attributes; e.Name == logbook.SystemWarnings {
			said += fmt.Sprint(a["unit"], " ", a["priority"], " ", a["count"], "; ")
		}
	}
	return said
}

// A kind of warning is told the first time, and then how often it came with the day's summary.
func TestWarningsOfTheJournalAreToldOnceAndThenInSum(t *testing.T) {
	b := newBox("one", van.Kept{})
	seen := func(at time.Duration, kinds ...van.Complaint) string {
		b.see(at, van.JournalSeen{Kinds: kinds})
		return b.complaints(t)
	}
	kernel, daemon := van.Complaint{Unit: "kernel", Priority: 4, Count: 3}, van.Complaint{Unit: "infobusd.service", Priority: 3, Count: 1}
	for _, c := range []struct {
		at    time.Duration
		kinds []van.Complaint
		want  string
	}{
		{time.Minute, nil, ""},
		{2 * time.Minute, []van.Complaint{kernel, daemon}, "infobusd.service err 1; kernel warning 3; "},
		{3 * time.Minute, []van.Complaint{{Unit: "user@.service", Priority: 4, Count: 1}}, ""}, // within the hour
		{time.Hour, []van.Complaint{kernel}, ""},
		{2 * time.Hour, []van.Complaint{daemon, {Unit: "kernel", Priority: 9, Count: 1}, {Unit: "kernel", Priority: 4, Count: -1}}, "user@.service warning 1; "},
		{3 * time.Hour, []van.Complaint{kernel, daemon}, ""},
	} {
		if got := seen(c.at, c.kinds...); got != c.want {
			t.Errorf("at %v: %q, want %q", c.at, got, c.want)
		}
	}
	b.see(4*time.Hour, van.ClockSeen{Trusted: true, Source: "rtc"}, van.Tick{})
	if got := b.complaints(t); got != "infobusd.service err 2; kernel warning 6; " {
		t.Errorf("with the summary: %q", got)
	}
	if got := seen(6*time.Hour, kernel); got != "kernel warning 3; " {
		t.Errorf("the day after: %q", got)
	}
	seen(7*time.Hour, kernel)
	b.see(8*time.Hour, van.Stop{Reason: "signal"})
	if got := b.complaints(t); got != "kernel warning 3; " {
		t.Errorf("at the end: %q", got)
	}
}

// Whatever fills the journal, a day has at most so many events of it.
func TestAFloodOfWarningsIsBounded(t *testing.T) {
	b := newBox("one", van.Kept{})
	events, sum := 0, 0
	count := func() {
		for _, e := range b.events {
			if e.Name == logbook.SystemWarnings {
				events++
				sum += e.Attributes["count"].(int)
			}
		}
	}
	for hour := range 20 {
		var kinds []van.Complaint
		for i := range 100 {
			kinds = append(kinds, van.Complaint{Unit: "kernel", MessageID: fmt.Sprintf("%032x", hour*100+i), Priority: i % 5, Count: 1})
		}
		b.see(time.Duration(hour+1)*time.Hour, van.JournalSeen{Kinds: kinds})
		count()
	}
	b.see(22*time.Hour, van.Stop{Reason: "signal"})
	count()
	if sum != 2000 || events > 60 {
		t.Errorf("%d warnings in %d events", sum, events)
	}
}
