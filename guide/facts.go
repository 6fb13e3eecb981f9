package guide

import (
	"slices"
	"strings"
	"time"

	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/timetable"
)

// Facts are what references are filled in from, at one moment. Of what the zero Facts
// do not have nothing is said but "ask us".
type Facts struct {
	Timetable *timetable.Timetable // with corrections applied; nil until one is loaded
	Board     kiosk.Board
	Now       time.Time // the wall time; zero while it is not trusted
	Site      string    // id of where the van is; "" where that is not known or not said
	Quiet     bool      // no hour and no place

	secret places
	known  map[string][]timetable.Row // by service: what rows gave; nil: nothing is remembered
}

// ahead is how many days after today are looked at for a service's hours.
const ahead = 6

// body is a text in its language, filled in.
func (f Facts) body(t Text, lang string) Body {
	l := locales.Get(lang)
	b := Body{Lang: lang, Dir: "ltr"}
	if l.RTL {
		b.Dir = "rtl"
	}
	if f.secret.in(t) {
		b.Items = []Item{{Runs: ask(l)}}
		return b
	}
	for _, item := range t.Items {
		shown := Item{Bullet: item.Bullet}
		for _, r := range item.Runs {
			if r.ref == (Ref{}) {
				shown.Runs = append(shown.Runs, Run{Text: r.Text, Bold: r.Bold})
				continue
			}
			for _, filled := range f.fill(r.ref, l) {
				filled.Bold = r.Bold
				shown.Runs = append(shown.Runs, filled)
			}
		}
		b.Items = append(b.Items, shown)
	}
	return b
}

func ask(l *locales.Locale) []Run { return []Run{{Text: l.Word(locales.AskUs), Kind: Ask}} }

// isolate keeps what is filled in in one piece in a text of either direction.
func isolate(s string) string { return "\u2068" + s + "\u2069" }

// fill is what a reference stands for.
func (f Facts) fill(r Ref, l *locales.Locale) []Run {
	var runs []Run
	if r.Kind == "number" {
		runs = f.number(r, l)
	} else {
		runs = f.service(r, l)
	}
	if len(runs) == 0 {
		return ask(l)
	}
	return runs
}

// number is a telephone number or its name; none where it is not on the board, its check
// has expired, or two have the same picture.
func (f Facts) number(r Ref, l *locales.Locale) []Run {
	if r.ID == "emergency" {
		if r.Field == "name" {
			return []Run{{Text: l.Word(locales.Emergency), Kind: Named}}
		}
		return []Run{{Text: isolate("112"), Kind: Dial}}
	}
	if f.Timetable == nil || f.Now.IsZero() {
		return nil // whether its check still holds is not known
	}
	var of []kiosk.Number
	for _, n := range f.Board.At(f.Now.In(f.Timetable.Zone)).Numbers {
		if n.Picture == r.ID {
			of = append(of, n)
		}
	}
	switch {
	case len(of) != 1:
		return nil
	case r.Field == "":
		return []Run{{Text: isolate(of[0].Number), Kind: Dial}}
	}
	name, ok := of[0].Name[l.Tag]
	if !ok {
		name = of[0].Name["en"]
	}
	return []Run{{Text: isolate(name), Kind: Named}}
}

// service is what a reference to a service stands for.
func (f Facts) service(r Ref, l *locales.Locale) []Run {
	rows, ok := f.known[r.ID]
	if !ok {
		if rows = f.rows(r.ID); f.known != nil {
			f.known[r.ID] = rows
		}
	}
	if len(rows) == 0 {
		return nil
	}
	switch r.Field {
	case "hours":
		return f.hours(rows, l)
	case "name":
		return each(rows, Named, func(r timetable.Row) string { return l.ServiceName(r.Service) })
	case "place":
		return each(rows, AtPlace, func(r timetable.Row) string { return r.Service.Place.Name })
	}
	return each(rows, OnMap, func(r timetable.Row) string { return r.Service.Place.Map })
}

// each are what rows say, each once; nothing where one does not say it.
func each(rows []timetable.Row, kind Kind, say func(timetable.Row) string) []Run {
	var list []string
	for _, r := range rows {
		s := say(r)
		if s == "" {
			return nil
		}
		if s = isolate(s); !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return []Run{{Text: strings.Join(list, ", "), Kind: kind}}
}

// showOff is on only in a test, which shows by it that it would see what is told in
// person.
var showOff bool

// rows are those of a service's next day with any that are not over, from today on,
// that anybody may see.
// A service that is offered where the van is counts for today alone, and only at the
// van's site: its later days would say where the van will be.
func (f Facts) rows(id string) []timetable.Row {
	if f.Timetable == nil || f.Now.IsZero() || f.Quiet {
		return nil
	}
	s, ok := f.Timetable.Service(id)
	if !ok || s.Show != timetable.Screen && !showOff {
		return nil
	}
	days := timetable.Date(ahead)
	if len(s.Sites) > 0 {
		if !slices.Contains(s.Sites, f.Site) {
			return nil
		}
		days = 0
	}
	today := timetable.DateIn(f.Now, f.Timetable.Zone)
	for day := today; day <= today+days; day++ {
		at := f.Now
		if day > today { // by then its check may have expired
			at = day.Start(f.Timetable.Zone).Add(12 * time.Hour)
		}
		list := f.Timetable.RowsOn(day, at, id)
		if !showOff {
			list = timetable.OnScreen(list)
		}
		rows := slices.DeleteFunc(list, func(r timetable.Row) bool {
			return r.State != timetable.AskUs && r.State != timetable.Cancelled && !r.Closes.After(f.Now)
		})
		if len(rows) > 0 {
			return rows
		}
	}
	return nil
}

// hours are those of one day's rows, with the day; none where one of them may not be
// shown.
func (f Facts) hours(rows []timetable.Row, l *locales.Locale) []Run {
	if slices.ContainsFunc(rows, func(r timetable.Row) bool { return r.State == timetable.AskUs }) {
		return nil
	}
	ends := (rows[0].Day + 1).Start(f.Timetable.Zone)
	runs := []Run{{Text: l.Date(rows[0].Date) + ": ", Kind: Hours, Ends: ends}}
	for i, r := range rows {
		if i > 0 {
			runs = append(runs, Run{Text: ", ", Kind: Hours, Ends: ends})
		}
		text := isolate(r.OpensAt() + "–" + r.ClosesAt())
		if !r.WholeDay() {
			opens, local := l.LocalHour(r.Opens)
			closes, _ := l.LocalHour(r.Closes)
			if local {
				text += " (" + opens + " – " + closes + ")"
			}
		}
		runs = append(runs, Run{Text: text, Kind: Hours, Struck: r.State == timetable.Cancelled, Ends: ends})
		switch r.State {
		case timetable.Cancelled:
			runs = append(runs, Run{Text: " (" + l.Word(locales.Cancelled) + ")", Kind: Hours, Ends: ends})
		case timetable.Full:
			runs = append(runs, Run{Text: " (" + l.Word(locales.Full) + ")", Kind: Hours, Ends: ends})
		}
	}
	return runs
}
