package van_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"infobus/action"
	"infobus/logbook"
	"infobus/timetable"
	"infobus/van"
)

// warnings are the events of hours that run out, since the last call.
func warnings(b *box) (list []string) {
	for _, e := range b.events {
		if e.Name == logbook.TimetableExpiring {
			list = append(list, fmt.Sprintf("%v of %v in %v", e.Attributes["hours"], e.Attributes["of"], e.Attributes["days"]))
		}
	}
	return list
}

// checkedOn is a timetable of three services that open every day, checked so many
// days before 23 November: their hours are shown for 31 days.
func checkedOn(zone *time.Location, digest string, ages ...int) *timetable.Timetable {
	tt := &timetable.Timetable{Zone: zone, MaxAge: 31 * 24 * time.Hour, Digest: digest}
	for i, age := range ages {
		tt.Services = append(tt.Services, timetable.Service{ID: fmt.Sprint("s", i), Name: map[string]string{"en": "S"}, Show: timetable.Screen,
			Checked: time.Date(2026, 11, 23-age, 12, 0, 0, 0, zone), Slots: []timetable.Slot{{Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, Opens: 600, Closes: 1200}}})
	}
	return tt
}

// Hours that run out are said once seven, three and one day ahead, whatever comes
// between: other observations, a restart, a power cut, a clock that is not set.
func TestWhatRunsOutIsSaidOnceForEachStep(t *testing.T) {
	zone := table(t).Zone
	tt := checkedOn(zone, "a", 23, 23, 0) // two of three run out on 2 December
	day := func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
	b := newBox("one", van.Kept{})
	var said []string
	see := func(n int, values ...any) {
		b.see(day(n)+time.Second, values...)
		if list := warnings(b); list != nil {
			said = append(said, fmt.Sprintf("day %d: %v", n, list))
		}
	}
	restart := func(n int, boot string) {
		kept, err := json.Marshal(b.state.Kept(b.options))
		if err != nil {
			t.Fatal(err)
		}
		var k van.Kept
		if err := json.Unmarshal(kept, &k); err != nil {
			t.Fatal(err)
		}
		old := b
		b = newBox(boot, k)
		b.off = old.off
		see(n, van.TimetableSeen{Timetable: tt}, van.ClockSeen{Trusted: true, Source: "rtc"})
	}
	see(0, van.TimetableSeen{Timetable: tt}) // without a clock nothing is judged
	see(0, van.ClockSeen{Trusted: true, Source: "rtc"})
	for n := 1; n <= 10; n++ {
		see(n, van.Tick{})
		see(n, van.Tick{})
		if n == 2 || n == 6 {
			restart(n, fmt.Sprint("boot", n))
		}
	}
	if got, want := fmt.Sprint(said), "[day 2: [2 of 3 in 7] day 6: [2 of 3 in 3] day 8: [2 of 3 in 1]]"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if len(b.state.Warned) != 0 {
		t.Errorf("a day that is past is kept: %v", b.state.Warned)
	}
}

// One tap confirms the hours that run out, over a restart; a later version with
// other hours is not confirmed by it.
func TestAVolunteerConfirmsTheHoursThatRunOut(t *testing.T) {
	zone := table(t).Zone
	b := newBox("one", van.Kept{})
	b.see(time.Second, van.TimetableSeen{Timetable: checkedOn(zone, "a", 30, 40, 0)}, van.ClockSeen{Trusted: true, Source: "rtc"})
	if got := fmt.Sprint(b.state.Outlook.Due, warnings(b)); got != "[{s0 2026-11-25} {s1 }] [1 of 3 in 2]" {
		t.Fatal(got)
	}
	b.see(2*time.Second, action.Asked{Name: action.ConfirmHours, Args: action.Args{Digest: "a"}})
	if answered(t, b) != action.Taken || len(b.state.Outlook.Due) != 0 {
		t.Fatalf("%v is still due", b.state.Outlook.Due)
	}
	if !slices.ContainsFunc(b.events, func(e logbook.Event) bool { return e.Attributes["correction"] == "checked" }) {
		t.Error("there is no event")
	}
	keep, ok := effect[van.Keep](b)
	if !ok {
		t.Fatal("it is not kept")
	}
	b = newBox("two", keep.Kept)
	b.see(time.Second, van.TimetableSeen{Timetable: checkedOn(zone, "a", 30, 40, 0)}, van.ClockSeen{Trusted: true, Source: "rtc"})
	if len(b.state.Outlook.Due) != 0 {
		t.Errorf("after a restart %v is due", b.state.Outlook.Due)
	}
	other := checkedOn(zone, "b", 30, 40, 0)
	other.Services[1].Slots[0].Closes++
	b.see(2*time.Second, van.TimetableSeen{Timetable: other})
	if got := fmt.Sprint(b.state.Outlook.Due); got != "[{s1 }]" {
		t.Errorf("with other hours: %s", got)
	}
	b.see(40*24*time.Hour, van.Tick{})
	if b.state.Looked != nil {
		t.Errorf("a check that holds no more is kept: %v", b.state.Looked)
	}
}

// What waits is an event once, what a volunteer did one each time; what neither
// waits nor can be taken back is forgotten.
func TestWhatWaitsAndWhatIsPublishedAreEvents(t *testing.T) {
	b := newBox("one", van.Kept{})
	waits := van.Source{Name: "stick", Waiting: "a", Changes: 3, Public: 1}
	published := van.Source{Name: "stick", Published: "a"}
	var got []string
	for i, seen := range []van.SourceSeen{
		{Source: van.Source{Name: "phone"}}, {Source: waits}, {Source: waits}, {Source: published, Done: van.Published},
		{Source: van.Source{Name: "stick", Waiting: "b", Published: "a"}}, {Source: van.Source{Name: "stick"}, Done: van.TakenBack},
	} {
		b.see(time.Duration(i+1)*time.Second, seen)
		for _, e := range b.events {
			got = append(got, fmt.Sprint(e.Name, e.Attributes))
		}
	}
	want := []string{"timetable.waitingmap[changes:3 hidden:0 public:1]", "timetable.publishedmap[state:published]",
		"timetable.waitingmap[changes:0 hidden:0 public:0]", "timetable.publishedmap[state:taken-back]"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if len(b.state.Sources) > 0 {
		t.Errorf("%v", b.state.Sources)
	}
}

func TestWhatWaitsIsNoEventAgainAfterARestart(t *testing.T) {
	waits := van.SourceSeen{Source: van.Source{Name: "stick", Waiting: "a"}}
	b := newBox("one", van.Kept{})
	b.see(time.Second, waits)
	keep, ok := effect[van.Keep](b)
	if !ok || len(b.events) != 1 {
		t.Fatalf("kept: %v; %v", ok, b.events)
	}
	b = newBox("two", keep.Kept)
	b.see(time.Second, waits)
	if len(b.events) != 0 {
		t.Errorf("after a restart: %v", b.events)
	}
	b.see(2*time.Second, van.SourceSeen{Source: van.Source{Name: "stick", Waiting: "b"}})
	if len(b.events) != 1 {
		t.Errorf("another version: %v", b.events)
	}
	b.see(3*time.Second, van.SourceSeen{Source: van.Source{Name: "stick"}})
	if len(b.state.Waits) != 0 {
		t.Errorf("nothing waits: %v", b.state.Waits)
	}
}
