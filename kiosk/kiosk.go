// Package kiosk decides what the public screen shows: which page, in which
// languages, with which rows, and when the panel may be refreshed.
//
// In: the day's rows, the site, the time. Out: a Page, which kiosk/draw turns
// into ink and the panel's driver puts on the glass. It is pure.
//
// The glass must not lie: a page stays for days when the power goes, so every
// word of it must be true for ever. Full date, absolute hours, "drawn 14:05";
// no "now", no countdown, no internet or power icon.
package kiosk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"infobus/timetable"
)

// Options are what the team configures.
type Options struct {
	// Languages of the page, BCP 47, in the order shown; en first.
	Languages []string
	// Retry is how long after a failed refresh the next one is tried.
	Retry time.Duration
}

// DefaultOptions: English and Arabic; a failed refresh is tried again after
// the time that the panel needs between two.
func DefaultOptions() Options {
	return Options{Languages: []string{"en", "ar"}, Retry: between}
}

// Rows is how many rows stand on one page of 480 lines with opening hours of
// 10 mm.
const Rows = 5

// Page is everything that is drawn, and nothing else: two equal pages give the
// same pixels.
type Page struct {
	Name      string          // today
	Languages []string        // BCP 47, in the order shown; en first
	Site      string          // the site's name as on street signs; "" where none is known
	Date      time.Time       // local midnight of the day the rows are for
	Drawn     time.Time       // minute at which the page was composed
	Rows      []timetable.Row // at most Rows, one fewer if More is not 0
	More      int             // rows that did not fit: the page says how many
}

// Compose makes the page "today" of a site at a wall time, which must be
// trusted. site is an id; one that the timetable does not know shows what is
// open for every site.
//
// Rows with hours come first, in their order; a service whose hours may not be
// shown has one row after them. What has closed by now is left out.
func Compose(t *timetable.Timetable, site string, now time.Time, langs []string) Page {
	now = now.In(t.Zone)
	y, m, d := now.Date()
	p := Page{
		Name:      "today",
		Languages: slices.Clone(langs),
		Date:      timetable.Clock(0).On(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), t.Zone),
		Drawn:     now.Truncate(time.Minute),
	}
	if s, ok := t.Site(site); ok {
		p.Site = s.Name
	}
	var unsure []timetable.Row
	for _, r := range t.Today(now, site) {
		switch {
		case r.State != timetable.AskUs:
			p.Rows = append(p.Rows, r)
		case !slices.ContainsFunc(unsure, func(u timetable.Row) bool { return u.Service.ID == r.Service.ID }):
			// Neither its hours nor their order may be guessed from the page.
			r.Opens, r.Closes = time.Time{}, time.Time{}
			unsure = append(unsure, r)
		}
	}
	slices.SortStableFunc(unsure, timetable.ByCategory)
	p.Rows = append(p.Rows, unsure...)
	if len(p.Rows) > Rows {
		p.More = len(p.Rows) - (Rows - 1)
		p.Rows = p.Rows[:Rows-1]
	}
	return p
}

// Identity is equal for two pages that differ in nothing that is drawn but
// when they were drawn: those are not worth a refresh of the panel. It is the
// first 16 hex digits of a SHA-256.
func (p Page) Identity() string {
	type row struct {
		Category    timetable.Category
		Name        map[string]string
		Place       timetable.Place
		State       timetable.State
		Opens, Shut string
	}
	drawn := struct {
		Name      string
		Languages []string
		Site      string
		Date      string
		More      int
		Rows      []row
	}{p.Name, p.Languages, p.Site, p.Date.Format(time.DateOnly), p.More, nil}
	for _, r := range p.Rows {
		s := row{Category: r.Service.Category, Name: r.Service.Name, Place: r.Service.Place, State: r.State}
		if r.State != timetable.AskUs {
			s.Opens, s.Shut = r.Opens.Format("15:04"), r.Closes.Format("15:04")
		}
		drawn.Rows = append(drawn.Rows, s)
	}
	b, err := json.Marshal(drawn)
	if err != nil {
		panic(err) // strings, numbers and maps of strings always marshal
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
