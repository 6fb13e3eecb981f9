package timetable

import "time"

// What is drawn and said of a row's hours: both are wall clocks, HH:MM. The
// midnight that ends the row's day is 24:00, so that a day from midnight to
// midnight cannot be read as no time at all.

// OpensAt is the clock at which the row opens: "00:00" to "23:59".
func (r Row) OpensAt() string { return r.Opens.Format("15:04") }

// ClosesAt is the clock at which it closes: "00:01" to "24:00"; past midnight,
// that of the next day.
func (r Row) ClosesAt() string {
	if r.Closes.Equal(r.midnight()) {
		return "24:00"
	}
	return r.Closes.Format("15:04")
}

// WholeDay says that the row is open from one midnight to the next.
func (r Row) WholeDay() bool { return r.Opens.Equal(r.Date) && r.Closes.Equal(r.midnight()) }

// midnight ends the row's day.
func (r Row) midnight() (end time.Time) {
	zone := r.Closes.Location()
	return (DateIn(r.Date, zone) + 1).Start(zone)
}
