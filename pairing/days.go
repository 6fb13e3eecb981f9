package pairing

import "time"

// settles is how long a day that the clock shows must stand before it is counted, and
// the time between two days that are counted after each other: a clock that is wrong
// for a minute ends no pairing, and one that is wrong for an evening ends none either.
const settles = 10 * time.Minute

// Days counts days. A wall clock can be set to anything by whoever answers for the time
// on the network, so it only says that a day is over; how many are is counted. A clock
// that stands still counts a day for each 24 h that the box runs.
type Days struct {
	Count int `json:"count"`
	Day   int `json:"day"` // that is believed, as Moment.Day; 0: none yet

	other   int           // the day that the clock shows instead; 0: none
	since   time.Duration // when other was first shown, or a day was counted last
	counted time.Duration // when a day was counted last
}

// tick takes the time.
func (d *Days) tick(now Moment) {
	if now.Mono-d.counted >= 24*time.Hour {
		d.Count, d.counted = d.Count+1, now.Mono
	}
	switch {
	case now.Day == 0 || now.Day == d.Day:
		d.other = 0
		return
	case d.Day == 0:
		d.Day = now.Day
		return
	case d.other == 0 || (d.other < d.Day) != (now.Day < d.Day):
		d.other, d.since = now.Day, now.Mono
		return
	}
	d.other = now.Day
	if now.Mono-d.since < settles {
		return
	}
	if now.Day < d.Day {
		d.Day, d.other = now.Day, 0
		return
	}
	d.Day, d.since = d.Day+1, now.Mono
	d.Count, d.counted = d.Count+1, now.Mono
	if d.Day == now.Day {
		d.other = 0
	}
}
