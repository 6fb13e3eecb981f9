package status

import (
	"slices"
	"time"

	"infobus/action"
	"infobus/van"
	"infobus/words"
)

// Form is an action as a page offers it.
type Form struct {
	Path   string
	Button string
	About  string // the button with what it is about, for who hears the page; "" where the button says it
	Ask    string // asked back; "" for nothing
	Hidden []Field
	// Of a form that is filled in: what stands above it, how it is filled in, and
	// its lines. Title is "" in others.
	Title, Fill string
	Lines       [][]Field
	Open        bool // it was sent, and refused
	// Of one choice among several: Pressed is "true" or "false", Faint one that
	// hardly anybody wants.
	Pressed string
	Faint   bool
}

// Field is an input of a form; Label and Type are "" where it is hidden.
type Field struct{ Name, Value, Label, Type string }

// says is what a form does, in a few words.
func (f Form) says() string {
	if f.Title != "" {
		return f.Title
	}
	return f.Button
}

// offered are the routes of the actions that may be taken now, but for their
// arguments.
func offered(o van.Options, s van.State, known action.Args, rows action.Table) (routes []string) {
	for _, r := range rows {
		for _, r := range numbered(r, len(s.Power.Generators)) {
			args := known
			args.Generator = r.Generator
			if s.May(o, action.Asked{Name: r.Name, Args: args}).May() {
				routes = append(routes, r.Route())
			}
		}
	}
	return routes
}

// numbered is a row, or one for each generator where its route has a number.
func numbered(r action.Row, generators int) (rows action.Table) {
	if !r.Numbered {
		return action.Table{r}
	}
	for n := range generators {
		rows = append(rows, r.Of(n+1))
	}
	return rows
}

// PageForms are those of the volunteers' page, the most urgent first.
func PageForms(rows action.Table, v View, say *words.Speaker) (forms []Form) {
	seen := action.Given{}
	if end := v.Session.Until; end != nil {
		seen[action.Until.Name] = []string{end.Format(time.RFC3339)}
	}
	for _, r := range rows {
		if r.Form != action.OnPage && (r.Form != action.BetweenSessions || v.Session.Active) {
			continue
		}
		for _, r := range numbered(r, len(v.Power.Generators)) {
			if slices.Contains(v.Actions, r.Route()) {
				forms = append(forms, formOf(r, seen, "", say))
			}
		}
	}
	return forms
}

// doing are the actions that do what is first to be done, by the acts of advice.
var doing = map[string]action.Name{"say-session-on": action.SessionOn, "reopen-session": action.SessionOn, "service-generator": action.Serviced, "end-quiet": action.QuietOff,
	"set-clock": action.SetClock, "ask-phone": action.PhoneOpens}

// FirstForms are those of the volunteers' page that do the first thing to do, or do
// without it: take back what it is about, or go on with a low battery. The latter, and
// what is said only once it is done, do not stand out.
func FirstForms(rows action.Table, v View, say *words.Speaker) (forms []Form) {
	wanted := []action.Name{action.CancelShutdown, doing[v.First.Act]}
	if v.First.Act == "ask-phone" {
		wanted = append(wanted, action.PhoneFails)
	}
	if v.Uplink.Supply.Reason == "battery-low" {
		wanted = append(wanted, action.CarryOn)
	}
	for _, r := range rows {
		for _, r := range numbered(r, len(v.Power.Generators)) {
			if slices.Contains(wanted, r.Name) && slices.Contains(v.Actions, r.Route()) {
				f := formOf(r, nil, "", say)
				f.Faint = slices.Contains([]action.Name{action.CancelShutdown, action.CarryOn, action.Serviced}, r.Name)
				forms = append(forms, f)
			}
		}
	}
	return forms
}

// SiteForms are those of the volunteers' page that are about a site, of the planned
// one first.
func SiteForms(rows action.Table, v View, say *words.Speaker) (forms []Form) {
	sites := slices.Clone(v.Session.Sites)
	slices.SortStableFunc(sites, func(a, b Site) int {
		switch v.Session.Planned {
		case a.ID:
			return -1
		case b.ID:
			return 1
		}
		return 0
	})
	for _, site := range sites {
		for _, r := range rows.At(action.ForEachSite) {
			if !slices.Contains(v.Actions, r.Route()) {
				continue
			}
			f := formOf(r, action.Given{action.Site.Name: {site.ID}}, site.Name, say)
			here := site.ID == v.Session.Site
			if f.Pressed = "false"; here {
				f.Pressed = "true"
			}
			f.Faint = !here && site.ID != v.Session.Planned
			forms = append(forms, f)
		}
	}
	return forms
}

// Sent is a form that a browser sent, and what was filled in.
type Sent struct {
	Row     action.Row
	Given   action.Given
	Refused bool
}

// of says whether it is the row's form for the service on the day.
func (s Sent) of(r action.Row, l ServiceLine) bool {
	is := func(name, value string) bool { return slices.Equal(s.Given[name], []string{value}) }
	return s.Row.Name == r.Name && is(action.Service.Name, l.ID) && is(action.Day.Name, l.Day)
}

// Forms are what a volunteer may say of the service. What was sent and refused is
// still filled in.
func (l ServiceLine) Forms(rows action.Table, say *words.Speaker, sent Sent) (forms []Form) {
	known := action.Given{action.Service.Name: {l.ID}, action.Day.Name: {l.Day}}
	for _, h := range l.More() {
		known["opens"], known["closes"] = append(known["opens"], h.Opens), append(known["closes"], h.Closes)
	}
	for _, r := range rows.At(action.ForEachService) {
		if slices.Contains(l.Actions, r.Route()) {
			with, again := known, sent.Refused && sent.of(r, l)
			if again {
				with = sent.Given
			}
			f := formOf(r, with, "", say)
			f.About, f.Open = say.Say("services.of", "What", f.says(), "Name", l.Name), again
			forms = append(forms, f)
		}
	}
	return forms
}

// UndoForm takes back what was given to another action.
func UndoForm(undo action.Row, given action.Given, say *words.Speaker) *Form {
	f := formOf(undo, given, "", say)
	return &f
}

// SureForm sends again what was given to an action that asks back, or that was refused
// until the person is sure, for that reason. What was filled in still is.
func SureForm(r action.Row, given action.Given, why words.Text, say *words.Speaker) Form {
	f := formOf(r, given, "", say)
	if f.Title != "" {
		f.Ask, f.Title, f.Fill = f.Title, "", say.Text(why)
	}
	f.Lines = slices.DeleteFunc(f.Lines, func(line []Field) bool {
		asked := line[0].Name == action.Sure.Name
		if asked {
			f.Button = line[0].Label
		}
		return asked
	})
	f.Hidden = append(f.Hidden, Field{Name: action.Sure.Name, Value: "yes"})
	return f
}

// formOf is a row's form: what the page knows is hidden, or fills in what a person
// may change.
func formOf(r action.Row, known action.Given, site string, say *words.Speaker) Form {
	f := Form{Path: r.Path(), Button: say.Text(r.Label(site)), Ask: say.Text(r.Question())}
	for _, a := range r.Args {
		if len(a.Inputs) == 0 {
			if value := known[a.Name]; len(value) > 0 {
				f.Hidden = append(f.Hidden, Field{Name: a.Name, Value: value[0]})
			}
			continue
		}
		if f.Title == "" {
			f.Title, f.Button, f.Fill = f.Button, say.Text(r.Send()), say.Text(r.Fill())
		}
		for i := range max(1, len(known[a.Inputs[0].Name])) {
			var line []Field
			for _, in := range a.Inputs {
				if in.Type == "hidden" {
					f.Hidden = append(f.Hidden, Field{Name: in.Name})
					continue
				}
				field := Field{Name: in.Name, Label: say.Text(in.Label()), Type: in.Type}
				if in.Type == "checkbox" {
					field.Value = "yes"
				}
				if i < len(known[in.Name]) {
					field.Value = known[in.Name][i]
				}
				line = append(line, field)
			}
			f.Lines = append(f.Lines, line)
		}
	}
	return f
}
