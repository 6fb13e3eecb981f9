package kiosk

import "time"

// Cause is why a refresh of the panel is wanted.
type Cause string

const (
	Changed      Cause = "changed"       // the page differs from the glass
	Button       Cause = "button"        // a person asks for it
	SessionStart Cause = "session-start" // people arrive: what stands there may be days old
	Shutdown     Cause = "shutdown"      // the power goes: what stands there stays
)

// between is the least time between two refreshes that the panel's maker
// allows.
const between = 180 * time.Second

// exempt are the causes that need not wait. They are rare by nature: a session
// begins at most every 20 minutes, and a shutdown ends the process.
func (c Cause) exempt() bool { return c == SessionStart || c == Shutdown }

// Wear is what the panel has been put through, and the rule that spares it. The
// zero Wear is a new panel. It is kept over power cuts.
type Wear struct {
	// LastFull is when the last full refresh ended: monotonic, of the boot it
	// was kept in; 0 for never in this boot.
	LastFull time.Duration `json:"last_full_ns"`
	Fulls    uint64        `json:"fulls"` // full refreshes in the panel's life
}

// Allow says whether a refresh for this cause may begin at the monotonic time
// now; if not, next is when it may.
func (w Wear) Allow(now time.Duration, why Cause) (ok bool, next time.Duration) {
	// A LastFull to come is of another boot, and says nothing.
	if why.exempt() || w.LastFull == 0 || w.LastFull > now || now-w.LastFull >= between {
		return true, now
	}
	return false, w.LastFull + between
}

// Refreshed is the wear after a full refresh that ended at now.
func (w Wear) Refreshed(now time.Duration) Wear {
	w.LastFull, w.Fulls = now, w.Fulls+1
	return w
}

// Rebooted is the wear as a later boot takes it up: monotonic time began anew.
func (w Wear) Rebooted() Wear {
	w.LastFull = 0
	return w
}
