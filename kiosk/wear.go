package kiosk

import "time"

// Options are what the team configures.
type Options struct {
	Languages []string // BCP 47, in the order shown; the first leads
	// Retry is how long after a refresh that failed the next is tried.
	Retry time.Duration
}

// DefaultOptions are the van's.
func DefaultOptions() Options {
	return Options{Languages: []string{"en", "ar"}, Retry: time.Minute}
}

// Cause is why the panel is refreshed.
type Cause string

const (
	Changed      Cause = "timetable" // the rows are others than on the glass
	NewDay       Cause = "day"
	SessionStart Cause = "session"
	Button       Cause = "button"
	Shutdown     Cause = "shutdown"
)

// Between is the panel maker's rule: so long between two refreshes.
const Between = 180 * time.Second

// exempt are the causes that need not wait for Between: people stand there.
var exempt = map[Cause]bool{SessionStart: true, Button: true, Shutdown: true}

// Wear is what the panel has been through. It is small and kept over power
// cuts; the zero value is a new panel.
type Wear struct {
	Refreshes uint64 `json:"refreshes"` // full refreshes, for ever

	last time.Duration // monotonic time of this boot's last one; 0: none
}

// Refreshed is the wear after a full refresh at the monotonic time now.
func (w Wear) Refreshed(now time.Duration) Wear {
	return Wear{Refreshes: w.Refreshes + 1, last: now}
}

// Allow says whether the panel may be refreshed at the monotonic time now, and
// if not, from when.
func (w Wear) Allow(now time.Duration, why Cause) (ok bool, next time.Duration) {
	if w.last == 0 || exempt[why] || now >= w.last+Between {
		return true, 0
	}
	return false, w.last + Between
}
