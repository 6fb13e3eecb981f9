package status_test

import (
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"infobus/action"
	"infobus/status"
	"infobus/status/statustest"
	"infobus/words"
)

func paths(forms []status.Form) (all []string) {
	for _, f := range forms {
		all = append(all, f.Path[len("/api/v1/actions/"):])
	}
	return all
}

func TestAPageOffersWhatMayBeTakenInTheOrderOfTheRows(t *testing.T) {
	v := statustest.Session()
	v.Power.Generators = make([]status.Generator, 2)
	all := slices.DeleteFunc(slices.Clone(action.All), func(r action.Row) bool { return r.Name == action.Serviced })
	rows := append(action.Table{{Name: action.Serviced, Numbered: true, Form: action.OnPage}, {Name: "silent"}}, all...)
	v.Actions = []string{"end-session", "power-off", "cancel-shutdown", "serviced-2", "silent", "confirm-site", "timetable-cancel"}
	for _, c := range []struct {
		what    string
		session bool
		want    []string
	}{
		{"in a session", true, []string{"serviced-2", "cancel-shutdown", "end-session"}},
		{"between two, the box can be switched off and a generator looked after", false, []string{"serviced-2", "cancel-shutdown", "power-off", "end-session"}},
	} {
		v.Session.Active = c.session
		if got := paths(status.PageForms(rows, v, words.In("en"))); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// A tap that comes twice makes a session longer once: its form says which end was seen.
func TestTheFormThatMakesASessionLongerSaysTheEndThatWasSeen(t *testing.T) {
	v := statustest.Session()
	v.Actions = []string{"longer", "end-session"}
	forms := status.PageForms(action.All, v, words.In("en"))
	want := []status.Field{{Name: "until", Value: v.Session.Until.Format(time.RFC3339)}}
	if len(forms) != 2 || !slices.Equal(forms[0].Hidden, want) || forms[1].Hidden != nil {
		t.Errorf("%+v", forms)
	}
	v.Session.Until = nil // no clock, or it is quiet
	if forms := status.PageForms(action.All, v, words.In("en")); forms[0].Hidden != nil {
		t.Errorf("where no end is known: %+v", forms)
	}
}

func TestEachSiteHasItsFormThePlannedOneFirst(t *testing.T) {
	v := statustest.Session()
	v.Session.Sites = []status.Site{{ID: "quai", Name: "Quai"}, {ID: "moulin", Name: "Rue du Moulin Gris"}, {ID: "oyats", Name: "Oyats"}}
	v.Session.Site, v.Session.Planned = "quai", "moulin"
	forms := status.SiteForms(action.All, v, words.In("en"))
	if len(forms) != 3 {
		t.Fatalf("%+v", forms)
	}
	first := status.Form{Path: "/api/v1/actions/confirm-site", Button: "Rue du Moulin Gris",
		Hidden: []status.Field{{Name: "site", Value: "moulin"}}, Pressed: "false"}
	if got := forms[0]; got.Path != first.Path || got.Button != first.Button || !slices.Equal(got.Hidden, first.Hidden) || got.Pressed != "false" || got.Faint {
		t.Errorf("%+v, want %+v", got, first)
	}
	if here, other := forms[1], forms[2]; here.Button != "Quai" || here.Pressed != "true" || here.Faint || other.Button != "Oyats" || !other.Faint {
		t.Errorf("%+v, %+v", here, other)
	}
	v.Actions = nil
	if forms := status.SiteForms(action.All, v, words.In("en")); forms != nil {
		t.Errorf("where no site can be said: %+v", forms)
	}
}

func TestAServiceHasTheFormsOfWhatMayBeSaidOfIt(t *testing.T) {
	book, err := words.With(fstest.MapFS{"en.yaml": {Data: []byte("language.name: English\naction.praise.label: \"Praise\"\naction.praise.done: \"Praised.\"\n")}})
	if err != nil {
		t.Fatal(err)
	}
	rows := append(slices.Clone(action.All), action.Row{Name: "praise", Args: []action.Arg{action.Service}, Form: action.ForEachService})
	l := status.ServiceLine{ID: "water", Day: "2026-11-23", Name: "Drinking water", Hours: []status.Hours{{Opens: "08:00", Closes: "12:00"}},
		Actions: []string{"timetable-hours", "timetable-confirm", "praise"}}
	forms := l.Forms(rows, book.In("en"), status.Sent{})
	if got := paths(forms); !slices.Equal(got, []string{"timetable-confirm", "timetable-hours", "praise"}) {
		t.Fatalf("%q", got)
	}
	day := []status.Field{{Name: "service", Value: "water"}, {Name: "day", Value: "2026-11-23"}}
	if right := forms[0]; right.Button != "Right today" || right.About != "Right today: Drinking water" || !slices.Equal(right.Hidden, day) || right.Lines != nil {
		t.Errorf("%+v", right)
	}
	hours := forms[1]
	if hours.Title != "Other hours" || hours.Button != "Set these hours" || hours.Fill == "" || hours.About != "Other hours: Drinking water" || len(hours.Lines) != 2 ||
		!slices.Equal(hours.Lines[0], []status.Field{{Name: "opens", Value: "08:00", Label: "Opens", Type: "time"}, {Name: "closes", Value: "12:00", Label: "Closes", Type: "time"}}) ||
		hours.Lines[1][0].Value != "" {
		t.Errorf("%+v", hours)
	}
	if praise := forms[2]; praise.Button != "Praise" || !slices.Equal(praise.Hidden, day[:1]) {
		t.Errorf("%+v", praise)
	}
}
