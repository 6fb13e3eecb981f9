package guide

import (
	"fmt"
	"slices"
	"time"

	"infobus/kiosk"
	"infobus/timetable"
)

// Check holds the guide against a timetable, as it is at a moment, and a board; nil:
// that one is not there to be asked. A mistake is what has to be mended before the guide
// is published; a warning is a reference in whose place "ask us" stands now.
func (g Guide) Check(t *timetable.Timetable, b *kiosk.Board, now time.Time) (wrong, warnings Mistakes) {
	secret := placesOf(t)
	for _, tag := range g.Languages() {
		f := g.files[tag]
		for _, text := range f.Texts {
			if g.text(g.Source, text.ID) == nil {
				continue // not shown
			}
			if secret.in(text) {
				wrong = append(wrong, Mistake{File: f.Name, Line: text.line, Column: 1, What: text.ID + ": the name of a place found at which the van holds sessions, or that is told in person; no text names one, and \"ask us\" stands in place of the whole text"})
			}
			var source []string
			if tag != g.Source {
				source = Refs(g.text(g.Source, text.ID).Items)
			}
			for _, item := range text.Items {
				for _, r := range item.Runs {
					if r.ref == (Ref{}) || slices.Contains(source, r.ref.String()) {
						continue
					}
					at := Mistake{File: f.Name, Line: r.line, Column: r.column}
					at.What = judge(r.ref, t, b)
					if at.What != "" {
						at.What = text.ID + ": " + r.ref.String() + ": " + at.What
						wrong = append(wrong, at)
						continue
					}
					if at.What = asked(r.ref, t, b, now); at.What != "" {
						at.What = text.ID + ": " + r.ref.String() + ": " + at.What
						warnings = append(warnings, at)
					}
				}
			}
		}
	}
	return wrong, warnings
}

// judge says why a reference stands for nothing, whatever the day; "" where it does not.
func judge(r Ref, t *timetable.Timetable, b *kiosk.Board) string {
	switch {
	case r.ID == "emergency":
	case r.Kind == "service" && t != nil:
		switch s, ok := t.Service(r.ID); {
		case !ok:
			return "the timetable has no such service; \"ask us\" would stand in its place"
		case s.Show != timetable.Screen:
			return "the service is told in person; \"ask us\" would stand in its place"
		}
	case r.Kind == "number" && b != nil:
		switch n := pictured(*b, r.ID); {
		case n == 0:
			return "the board has no number with that picture; \"ask us\" would stand in its place"
		case n > 1:
			return fmt.Sprintf("the board has %d numbers with that picture, so that none of them is meant; \"ask us\" would stand in its place", n)
		}
	}
	return ""
}

// asked says why "ask us" stands in place of a reference now; "" where it does not.
func asked(r Ref, t *timetable.Timetable, b *kiosk.Board, now time.Time) string {
	switch {
	case r.ID == "emergency":
	case r.Kind == "service" && t != nil:
		s, _ := t.Service(r.ID)
		f := Facts{Timetable: t, Now: now}
		if len(s.Sites) > 0 {
			return "the service is offered where the van is: it is filled in only on a day on which the van is there, for other days say where the van will be"
		}
		rows := f.rows(r.ID)
		switch {
		case len(rows) == 0:
			return fmt.Sprintf("nothing of the service is listed for this day and the %d after it; \"ask us\" stands in its place", ahead)
		case r.Field == "hours" && slices.ContainsFunc(rows, func(r timetable.Row) bool { return r.State == timetable.AskUs }):
			return "its hours are not sure: nobody checked them lately, or a newer timetable says otherwise; \"ask us\" stands in their place"
		}
	case r.Kind == "number" && b != nil && t != nil:
		if pictured(b.At(now.In(t.Zone)), r.ID) == 0 {
			return "nobody checked the number lately; \"ask us\" stands in its place"
		}
	}
	return ""
}

func pictured(b kiosk.Board, picture string) (n int) {
	for _, number := range b.Numbers {
		if number.Picture == picture {
			n++
		}
	}
	return n
}
