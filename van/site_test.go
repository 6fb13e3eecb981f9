package van_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/action"
	"infobus/kiosk"
	"infobus/power"
	"infobus/timetable"
	"infobus/van"
)

// rows are the ids of what the day's pages show.
func (o *open) rows() (ids []string) {
	for _, p := range o.drawn {
		for _, r := range p.Page.Rows {
			ids = append(ids, r.Service.ID)
		}
	}
	return ids
}

// Until a volunteer says where the van is, the glass names no site, and shows
// nothing that is so at one site alone: the plan may be another day's.
func TestTheSiteIsNotOnTheGlassBeforeAVolunteerSaysIt(t *testing.T) {
	o := opened(t)
	o.options.Kiosk.Capacity = map[string]int{"en+ar": 40}
	o.pass(20 * time.Minute)
	if o.state.Session.Site != "moulin" || len(o.drawn) == 0 {
		t.Fatalf("session %+v, drawn %d pages", o.state.Session, len(o.drawn))
	}
	for _, d := range o.drawn {
		if d.Page.Site != "" {
			t.Errorf("%s names %q", d.Page.Name, d.Page.Site)
		}
	}
	if ids := o.rows(); !slices.Contains(ids, "water") || slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, "charging-") }) {
		t.Errorf("it shows %q", ids)
	}

	// One tap.
	o.told()
	o.see(o.at, action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "moulin"}})
	k, kept := effect[van.Keep](o.box)
	if !kept || !k.Kept.Session.Confirmed {
		t.Errorf("kept %+v", k.Kept.Session)
	}
	if len(o.events) != 0 {
		t.Errorf("events %v", o.events)
	}
	o.draw()
	o.pass(10 * time.Minute)
	if len(o.drawn) == 0 || o.drawn[len(o.drawn)-1].Page.Site != "Rue du Moulin Gris" || !slices.Contains(o.rows(), "charging-moulin") {
		t.Errorf("confirmed: %q, %q", o.told(), o.rows())
	}

	// The daemon is started again, what was kept goes through its file's form.
	b, err := json.Marshal(k.Kept)
	if err != nil {
		t.Fatal(err)
	}
	var back van.Kept
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	again := newBox("one", back)
	again.see(o.at, van.TimetableSeen{Timetable: table(t)})
	if again.state.Session.Named() != "moulin" {
		t.Errorf("started again: %+v", again.state.Session)
	}

	// And one tap to change it.
	o.told()
	o.do(action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "quai"}})
	o.pass(10 * time.Minute)
	if len(o.drawn) == 0 || o.drawn[len(o.drawn)-1].Page.Site != "Quai des Sternes" || slices.Contains(o.rows(), "charging-moulin") {
		t.Errorf("changed: %q, %q", o.told(), o.rows())
	}

	// The page that stays names it, and not where nobody said it.
	o.do(action.Asked{Name: action.EndSession})
	o.pass(5 * time.Minute)
	if last := o.drawn[len(o.drawn)-1].Page; last.Name != kiosk.Closing || last.Site != "Quai des Sternes" {
		t.Errorf("at the end %s names %q", last.Name, last.Site)
	}
	o = opened(t)
	o.pass(10 * time.Minute)
	o.do(action.Asked{Name: action.EndSession})
	o.pass(5 * time.Minute)
	if last := o.drawn[len(o.drawn)-1].Page; last.Name != kiosk.Closing || last.Site != "" {
		t.Errorf("unconfirmed, at the end %s names %q", last.Name, last.Site)
	}
}

// A day on which nothing is listed for every site is not said to be empty while
// it is not certain which site this is.
func TestADayIsNotSaidToBeEmptyBeforeTheSiteIsCertain(t *testing.T) {
	tt := table(t)
	tt.Services = slices.DeleteFunc(tt.Services, func(s timetable.Service) bool { return len(s.Sites) == 0 })
	o := opened(t)
	o.do(van.TimetableSeen{Timetable: &timetable.Timetable{Zone: tt.Zone, MaxAge: tt.MaxAge, Digest: "sites alone", Sites: tt.Sites, Plan: tt.Plan, Services: tt.Services}})
	o.told()
	o.pass(10 * time.Minute)
	o.tells(t, "unconfirmed", "setting-up 1 changed; ")
	o.do(action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "moulin"}})
	o.pass(10 * time.Minute)
	o.tells(t, "confirmed", "today 1 changed; ")
}

func TestWhereTheVanIsCannotBeSaid(t *testing.T) {
	o := opened(t)
	if got := o.state.May(o.options, action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "gone"}}); got != action.NoSite {
		t.Error(got)
	}
	o.do(action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "gone"}}, action.Asked{Name: action.ConfirmSite})
	if o.state.Session.Named() != "" {
		t.Errorf("%+v", o.state.Session)
	}
	b := newBox("one", van.Kept{})
	b.see(2*time.Second, van.TimetableSeen{Timetable: table(t)})
	if got := b.state.May(b.options, action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "quai"}}); got != action.NoSession {
		t.Error(got)
	}
	b.see(3*time.Second, action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "quai"}}, power.Line{Active: true, At: 3 * time.Second})
	if b.state.Session.Named() != "" {
		t.Errorf("%+v", b.state.Session)
	}
}
