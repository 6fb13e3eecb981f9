package guide

import (
	"slices"
	"strings"
	"unicode"

	"infobus/timetable"
)

// places are the names, as plainly writes them, of places that no text may name: where
// the van holds sessions, and where something is that is told in person.
type places []string

// placesOf are those of a timetable. A place at which something is for everybody to see,
// whatever the van's site is, may be named.
func placesOf(t *timetable.Timetable) (list places) {
	if t == nil {
		return nil
	}
	public := map[string]bool{}
	add := func(name string, secret bool) {
		switch name = plainly(name); {
		case len(name) < 4: // a letter of the map, or no word
		case secret && !slices.Contains(list, name):
			list = append(list, name)
		case !secret:
			public[name] = true
		}
	}
	for _, s := range t.Sites {
		add(s.Name, true)
	}
	for _, s := range t.Services {
		of := func(name string, inPerson bool) {
			if inPerson || len(s.Sites) == 0 {
				add(name, inPerson)
			}
		}
		inPerson := s.Show != timetable.Screen
		if inPerson || len(s.Slots) == 0 {
			of(s.Place.Name, inPerson)
		}
		for _, slot := range s.Slots {
			place := slot.Place
			if place == (timetable.Place{}) {
				place = s.Place
			}
			of(place.Name, inPerson || slot.InPerson)
		}
	}
	return slices.DeleteFunc(list, func(name string) bool { return public[name] })
}

// in says that a text has one of the names in it.
func (p places) in(t Text) bool {
	return slices.ContainsFunc(p, func(name string) bool { return strings.Contains(t.plain, name) })
}

// plainly are a text's words without case and accents, a blank around each.
func plainly(s string) string {
	words := strings.FieldsFunc(timetable.Plainly(s), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsNumber(c) })
	if len(words) == 0 {
		return ""
	}
	return " " + strings.Join(words, " ") + " "
}

// typed are a text's own words, without what it refers to.
func typed(items []Item) string {
	var b strings.Builder
	for _, item := range items {
		for _, r := range item.Runs {
			b.WriteString(r.Text)
			if r.ref != (Ref{}) {
				b.WriteString(" . ")
			}
		}
		b.WriteString(" . ")
	}
	return plainly(b.String())
}
