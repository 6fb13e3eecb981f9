// Package kiosk decides what the public screen shows: which page, in which
// languages, with which rows, and when the panel may be refreshed.
//
// In: the day's rows, the site, the time. Out: a Page, which kiosk/text turns
// into ink and kiosk/panel puts on the glass. It is pure.
//
// The glass must not lie: a page stays for days when the power goes, so every
// word of it must be true for ever. Full date, absolute hours, "drawn 14:05";
// no "now", no countdown, no internet or power icon.
package kiosk

import (
	"time"

	"infobus/timetable"
)

// Page is everything that is drawn, and nothing else: two equal pages give the
// same pixels.
type Page struct {
	Name      string    // today
	Languages []string  // BCP 47, in the order shown; en first
	Site      string    // the site's name as on street signs; "" where none is known
	Date      time.Time // the day the rows are for
	Drawn     time.Time // minute at which the page was composed
	Rows      []timetable.Row
}

// Identity is equal for two pages that differ in nothing but when they were
// drawn: those are not worth a refresh of the panel.
func (p Page) Identity() string { return "" }
