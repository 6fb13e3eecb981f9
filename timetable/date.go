package timetable

import (
	"fmt"
	"time"
)

// Date is a calendar day of no zone, in days after 1 January 1970. The zero
// Date stands for none.
type Date int

// The days that a timetable may speak of: beyond them a year was mistyped.
const (
	firstYear = 2000
	lastYear  = 2199
)

// DateOf is the calendar day of these numbers, normalised as time.Date does it.
func DateOf(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// DateIn is the calendar day that clocks of zone show at this moment.
func DateIn(at time.Time, zone *time.Location) Date { return DateOf(at.In(zone).Date()) }

// ParseDate reads "2026-11-20", of the years 2000 to 2199.
func ParseDate(s string) (Date, error) {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil || at.Year() < firstYear || at.Year() > lastYear {
		return 0, fmt.Errorf("a date was expected, written like 2026-11-20")
	}
	return DateOf(at.Date()), nil
}

// String is the date as ParseDate reads it; "" for none.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return d.utc().Format(time.DateOnly)
}

// Weekday is the date's day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Start is the first moment of the day in a zone.
func (d Date) Start(zone *time.Location) time.Time { return Clock(0).On(d.utc(), zone) }

func (d Date) utc() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }
