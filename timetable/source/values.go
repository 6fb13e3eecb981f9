package source

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a card image may come without zone files

	"infobus/timetable"
)

// paris is the zone of a file that names none: where the van is.
var paris = func() *time.Location {
	l, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err) // embedded above
	}
	return l
}()

type zone struct{ *time.Location }

func (z *zone) UnmarshalText(b []byte) error {
	l, err := time.LoadLocation(string(b))
	// "" and Local would mean whatever the machine is set to.
	if err != nil || string(b) == "" || string(b) == "Local" {
		return errors.New("the name of a time zone was expected, such as Europe/Paris")
	}
	z.Location = l
	return nil
}

// age is how long a check holds, in whole days.
type age time.Duration

func (a *age) UnmarshalText(b []byte) error {
	number, ok := strings.CutSuffix(string(b), "d")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || n > 366 {
		return errors.New("a number of days from 1d to 366d was expected")
	}
	*a = age(time.Duration(n) * 24 * time.Hour)
	return nil
}

type clock struct {
	timetable.Clock
	ok bool
}

// UnmarshalText reads HH:MM, and what a sheet may have.
func (c *clock) UnmarshalText(b []byte) (err error) {
	c.Clock, err = timetable.ParseClock(string(b))
	if sheet, err2 := sheetClock(string(b)); err != nil && err2 == nil {
		c.Clock, err = sheet, nil
	}
	c.ok = err == nil
	return err
}

// weekday is one entry of days: a day of the week, or all of them.
type weekday struct {
	days  []time.Weekday
	whole bool // from midnight to midnight
}

func (w *weekday) UnmarshalText(b []byte) error {
	switch string(b) {
	case "daily":
		w.days = allDays
		return nil
	case "24/7":
		w.days, w.whole = allDays, true
		return nil
	}
	i := slices.Index([]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, string(b))
	if i < 0 {
		return errors.New("expected daily, or one of: mon, tue, wed, thu, fri, sat, sun")
	}
	w.days = []time.Weekday{time.Weekday(i)}
	return nil
}

type category timetable.Category

func categoryNames() string {
	var names []string
	for _, c := range timetable.Categories {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

func (c *category) UnmarshalText(b []byte) error {
	if !slices.Contains(timetable.Categories, timetable.Category(b)) {
		return errors.New("expected one of: " + categoryNames())
	}
	*c = category(b)
	return nil
}

type show timetable.Show

func (s *show) UnmarshalText(b []byte) error {
	switch string(b) {
	case "screen":
		*s = show(timetable.Screen)
	case "in-person":
		*s = show(timetable.InPerson)
	default:
		return errors.New("expected screen or in-person")
	}
	return nil
}

// date is a calendar day.
type date struct {
	timetable.Date
	text string
}

func (d *date) UnmarshalText(b []byte) (err error) {
	d.text = string(b)
	d.Date, err = timetable.ParseDate(d.text)
	return err
}

// meant are the days that a date may be meant for; none: any.
func (d date) meant() []timetable.Date {
	if d.Date != 0 {
		return []timetable.Date{d.Date}
	}
	return meant(d.text, timetable.ParseDate)
}

// meant are the days that a text may have been before one letter of it was
// broken; none: it may have been any.
func meant(text string, parse func(string) (timetable.Date, error)) []timetable.Date {
	var list []timetable.Date
	try := func(s string) {
		if d, err := parse(s); err == nil && !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	if len(text) > 12 {
		return nil
	}
	for i := range len(text) + 1 {
		for _, c := range []string{"", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "-", "/"} {
			if try(text[:i] + c + text[i:]); i < len(text) {
				try(text[:i] + c + text[i+1:])
			}
		}
	}
	return list
}

// in is the first moment of the day in a zone; zero where there is no date.
func (d date) in(zone *time.Location) time.Time { return start(d.Date, zone) }

func start(d timetable.Date, zone *time.Location) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return d.Start(zone)
}
