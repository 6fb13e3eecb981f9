package status_test

import (
	"slices"
	"testing"
	"time"

	"infobus/action"
	"infobus/examples"
	"infobus/power"
	"infobus/reading"
	"infobus/status"
	"infobus/timetable/source"
	"infobus/van"
	"infobus/words"
)

// What was said of a service can be taken back, and nothing else.
func TestAServiceOffersToTakeBackWhatWasSaid(t *testing.T) {
	table, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		t.Fatal(err)
	}
	monday := time.Date(2026, 11, 23, 10, 0, 0, 0, table.Zone)
	o := van.DefaultOptions()
	s := van.New(o, van.Panel)
	for _, value := range []any{van.Started{}, van.TimetableSeen{Timetable: table}, van.ClockSeen{Trusted: true, Source: "timesyncd"},
		power.Line{Active: true, At: time.Second}, action.Asked{Name: action.TimetableCancel, Args: action.Args{Service: "water"}}} {
		s, _, _ = van.Step(o, s, van.Observation{At: reading.Stamp{Boot: "one", Mono: time.Second, Wall: monday}, Value: value})
	}
	p := status.ServicesOf(o, s, monday.Add(time.Minute), words.In("en"))
	if len(p.Services) < 3 {
		t.Fatalf("%+v", p)
	}
	for _, l := range p.Services {
		want := []string{"timetable-confirm", "timetable-cancel", "timetable-full", "timetable-hours"}
		if l.ID == "water" {
			want = []string{"timetable-confirm", "timetable-cancel", "timetable-full", "timetable-undo", "timetable-hours"}
		}
		if !slices.Equal(l.Actions, want) {
			t.Errorf("%s offers %q, want %q", l.ID, l.Actions, want)
		}
	}
	if v := status.Of(o, s, nil); !slices.Contains(v.Actions, "longer") || slices.Contains(v.Actions, "cancel-shutdown") || !slices.Contains(v.Actions, "serviced-1") {
		t.Errorf("the state says %q", v.Actions)
	}
}
