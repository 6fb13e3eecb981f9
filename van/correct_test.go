package van_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"infobus/action"
	"infobus/kiosk"
	"infobus/logbook"
	"infobus/timetable"
	"infobus/van"
)

func said(service string, name action.Name, hours ...timetable.Hours) action.Asked {
	return action.Asked{Name: name, Args: action.Args{Service: service, Day: timetable.DateOf(2026, 11, 23), Hours: hours}}
}

// row is the first of a service on the day's pages.
func (o *open) row(service string) timetable.Row {
	for _, p := range o.options.Kiosk.Pages(kiosk.Today, kiosk.Content{Timetable: o.state.Timetable, Site: o.state.Session.Named(), Now: o.state.Now.Wall}) {
		for _, r := range p.Rows {
			if r.Service.ID == service {
				return r
			}
		}
	}
	return timetable.Row{}
}

func TestACorrectionIsShownKeptAndOutlivesAPowerCutAndANewFile(t *testing.T) {
	o := opened(t)
	o.pass(200 * time.Second)
	o.told()
	if r := o.row("water"); r.State != timetable.Confirmed {
		t.Fatalf("water is %s", r.State)
	}
	o.see(o.at, said("water", action.TimetableCancel))
	k, kept := effect[van.Keep](o.box)
	if !kept || len(k.Kept.Corrections) != 1 {
		t.Fatalf("kept %+v", k)
	}
	if len(o.events) != 1 || o.events[0].Name != logbook.TimetableCorrected {
		t.Fatalf("%v", o.events)
	}
	if a := o.events[0].Attributes; len(a) != 2 || a["correction"] != "cancelled" || a["active"] != 1 {
		t.Errorf("the event says %v", a)
	}
	o.draw()
	if len(o.drawn) != 1 || !slices.ContainsFunc(o.drawn[0].Page.Rows, func(r timetable.Row) bool {
		return r.Service.ID == "water" && r.State == timetable.Cancelled
	}) {
		t.Errorf("drawn: %+v", o.drawn)
	}

	// A file of the same content and one of another leave it.
	same, other := table(t), table(t)
	other.Digest = "another"
	for _, tt := range []*timetable.Timetable{same, other} {
		o.do(van.TimetableSeen{Timetable: tt})
		if r := o.row("water"); r.State != timetable.Cancelled {
			t.Errorf("with the timetable %s water is %s", tt.Digest, r.State)
		}
	}

	// The power is cut: what was kept goes through its file's form.
	b, err := json.Marshal(k.Kept)
	if err != nil {
		t.Fatal(err)
	}
	var back van.Kept
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	after := &open{box: newBox("two", back), at: 2 * time.Second}
	after.do(van.TimetableSeen{Timetable: table(t)})
	after.do(van.ClockSeen{Trusted: true, Source: "rtc"})
	if r := after.row("water"); r.State != timetable.Cancelled {
		t.Errorf("after a power cut water is %s", r.State)
	}

	after.do(said("water", action.TimetableUndo))
	if r := after.row("water"); r.State != timetable.Confirmed || len(after.state.Corrections) != 0 {
		t.Errorf("taken back, water is %s with %v", r.State, after.state.Corrections)
	}
}

func TestACorrectionEndsByItself(t *testing.T) {
	o := opened(t)
	o.do(said("water", action.TimetableCancel), said("hot-meals", action.TimetableHours, timetable.Hours{Opens: 22 * 60, Closes: 26 * 60}))
	if n := len(o.state.Corrections); n != 2 {
		t.Fatalf("%d corrections", n)
	}
	at := func(clock string) time.Duration {
		when, err := time.ParseInLocation("2006-01-02 15:04", clock, o.state.Timetable.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return when.Sub(monday)
	}
	for _, c := range []struct {
		clock string
		want  int
	}{{"2026-11-23 23:59", 2}, {"2026-11-24 00:01", 1}, {"2026-11-24 01:59", 1}, {"2026-11-24 02:01", 0}} {
		o.see(at(c.clock), van.Tick{})
		if n := len(o.state.Corrections); n != c.want {
			t.Errorf("at %s there are %d, want %d", c.clock, n, c.want)
		}
		if k, kept := effect[van.Keep](o.box); kept && len(k.Kept.Corrections) != c.want || !kept && c.clock[8:] == "24 00:01" {
			t.Errorf("at %s kept: %+v", c.clock, k.Kept.Corrections)
		}
	}
}

func TestWhatCannotBeCorrected(t *testing.T) {
	o := opened(t)
	private := ""
	for _, s := range o.state.Timetable.Services {
		if s.Show == timetable.InPerson {
			private = s.ID
		}
	}
	tomorrow := said("water", action.TimetableConfirm)
	tomorrow.Day++
	for what, c := range map[string]struct {
		word action.Asked
		want action.Refusal
	}{
		"a service that there is not":            {said("nowhere", action.TimetableConfirm), action.NoService},
		"one that is told in person only":        {said(private, action.TimetableConfirm), action.NoService},
		"that one, taken back":                   {said(private, action.TimetableUndo), action.NoService},
		"taking back where nothing was said":     {said("water", action.TimetableUndo), action.NothingSaid},
		"tomorrow":                               {tomorrow, action.DayToCome},
		"hours that end before they begin":       {said("water", action.TimetableHours, timetable.Hours{Opens: 600, Closes: 500}), action.HoursWrong},
		"a kind that there is not":               {said("water", "gone"), action.UnknownAction},
		"hours beside a cancellation":            {said("water", action.TimetableCancel, timetable.Hours{Opens: 600, Closes: 700}), action.HoursWrong},
		"a service that has no hours on the day": {said("breakfast", action.TimetableConfirm), action.NothingThatDay},
	} {
		if got := o.state.May(o.options, c.word); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
		o.see(o.at, c.word)
		if len(o.events) != 0 || len(o.state.Corrections) != 0 {
			t.Errorf("%s: %v, %v", what, o.events, o.state.Corrections)
		}
	}
	o.do(van.ClockSeen{Trusted: false})
	if got := o.state.May(o.options, said("water", action.TimetableConfirm)); got != action.NoClock {
		t.Errorf("without a clock: %q", got)
	}
	if private == "" {
		t.Error("the example has no service that is told in person only")
	}
}
