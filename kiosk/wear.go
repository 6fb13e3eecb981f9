package kiosk

import (
	"maps"
	"slices"
	"time"

	"infobus/reading"
)

// Cause is why a refresh of the panel is wanted.
type Cause string

const (
	Changed      Cause = "changed"       // the page differs from the glass
	Button       Cause = "button"        // a person asks for it
	SessionStart Cause = "session-start" // people arrive: what stands there may be days old
	SessionEnd   Cause = "closing"       // the session ends: what stands there stays
	Shutdown     Cause = "shutdown"      // the power goes: what stands there stays
	Day          Cause = "day"           // nothing changed for a day, and the panel wants a full refresh
)

// Waveform is how a refresh drives the panel's pixels; "" is not at all.
type Waveform string

const (
	Full    Waveform = "full"    // every pixel, through black and white: slow, and leaves no ghosts
	Fast    Waveform = "fast"    // the whole page, with a short waveform
	Partial Waveform = "partial" // only where it changed, without a flash
)

// What the panel's maker asks for.
const (
	between = 180 * time.Second // from the end of a refresh to the begin of the next
	notFull = 8                 // refreshes that are not full, between two that are
	daily   = 24 * time.Hour    // with a full one in it
)

// longest is how long a refresh may have gone on of which it is not known when
// it ended.
const longest = 30 * time.Second

// exceptions are the causes that need not wait for the 180 s, how often in any
// hour they need not, and how long one of them waits for the one before. One
// that has had its share waits like any other cause. There are no others.
var exceptions = map[Cause]struct {
	hourly int
	apart  time.Duration
}{
	SessionStart: {hourly: 4},
	SessionEnd:   {hourly: 4},
	Shutdown:     {hourly: 4},
	Button:       {hourly: 20, apart: time.Minute}, // time enough to read the page
}

// Below these the particles are too slow for the shorter waveforms. 5 °C is what
// public drivers have; partial refreshes leave more ghosts and are given a margin.
const (
	fastFrom    = 5.0 // °C
	partialFrom = 10.0
)

// Wear is what the panel has been put through, and the rules that spare it. The
// zero Wear is a new panel. It is kept over power cuts. Its times are
// monotonic, of the boot it was kept in.
type Wear struct {
	Last      time.Duration `json:"last_ns"`      // end of the last refresh, or its begin while Open; 0: none in this boot
	Open      bool          `json:"open"`         // it was not seen to end
	LastFull  time.Duration `json:"last_full_ns"` // end of the last full one; 0: none in this boot
	SinceFull int           `json:"since_full"`   // refreshes since then that were not full

	Fulls    uint64 `json:"fulls"` // refreshes in the panel's life
	Fasts    uint64 `json:"fasts"`
	Partials uint64 `json:"partials"`

	Exceptions map[Cause]uint64 `json:"exceptions,omitempty"` // in the panel's life
	Recent     []Exception      `json:"recent,omitempty"`     // those of the last hour, oldest first
}

// Exception is a refresh that did not wait for the 180 s.
type Exception struct {
	Cause Cause         `json:"cause"`
	At    time.Duration `json:"at_ns"`
}

// Plan says how a refresh for this cause may be done if it begins at the
// monotonic time now; "" is not yet, and next is when to ask again. temperature
// is the panel's, in °C; where it is not known only full refreshes are done.
func (w Wear) Plan(now time.Duration, why Cause, temperature reading.Reading[float64]) (wave Waveform, next time.Duration) {
	if w.Last > now {
		w = w.Rebooted() // it is of another boot
	}
	if next = min(w.rested(), w.excepted(now, why)); next > now {
		return "", next
	}
	celsius, known := temperature.Get()
	switch {
	case w.LastFull == 0, now-w.LastFull >= daily-time.Hour, w.SinceFull >= notFull, !known:
		return Full, now
	case why == SessionStart, why == SessionEnd, why == Shutdown, why == Day: // seen for long: no ghosts
		return Full, now
	case why == Changed && celsius >= partialFrom:
		return Partial, now
	case celsius >= fastFrom:
		return Fast, now
	}
	return Full, now
}

// rested is from when on a refresh is no exception.
func (w Wear) rested() time.Duration {
	if w.Last == 0 && !w.Open && w.Fulls+w.Fasts+w.Partials == 0 {
		return 0 // a new panel
	}
	last := max(w.Last, w.LastFull) // 0: in an earlier boot, so before this one began
	if w.Open {
		last += longest
	}
	return last + between
}

// excepted is from when on the cause may make an exception.
func (w Wear) excepted(now time.Duration, why Cause) time.Duration {
	limit, ok := exceptions[why]
	if !ok {
		return w.rested()
	}
	var at []time.Duration
	for _, e := range w.Recent {
		if e.Cause == why && now-e.At < time.Hour {
			at = append(at, e.At)
		}
	}
	next := now
	if n := len(at); n > 0 {
		next = max(next, at[n-1]+limit.apart)
		if n >= limit.hourly {
			next = max(next, at[n-limit.hourly]+time.Hour)
		}
	}
	return next
}

// Due is when a full refresh is due though nothing changes; 0 is never.
func (w Wear) Due() time.Duration {
	if w.LastFull == 0 {
		return 0
	}
	return w.LastFull + daily - 30*time.Minute
}

// Begun is the wear from when a refresh begins. It is kept before anything is
// sent to the panel, so that a power cut during the refresh makes none unseen.
func (w Wear) Begun(now time.Duration, wave Waveform, why Cause) Wear {
	if w.Last > now {
		w = w.Rebooted()
	}
	w.Recent = slices.DeleteFunc(slices.Clone(w.Recent), func(e Exception) bool { return now-e.At >= time.Hour })
	if now < w.rested() {
		w.Recent = append(w.Recent, Exception{why, now})
		if w.Exceptions = maps.Clone(w.Exceptions); w.Exceptions == nil {
			w.Exceptions = map[Cause]uint64{}
		}
		w.Exceptions[why]++
	}
	if w.Last, w.Open = now, true; wave != Full {
		w.SinceFull++
	}
	return w
}

// Refreshed is the wear after a refresh that ended well at now, with the
// waveform that was used in the end.
func (w Wear) Refreshed(now time.Duration, wave Waveform) Wear {
	switch w.Last, w.Open = now, false; wave {
	case Full:
		w.Fulls, w.LastFull, w.SinceFull = w.Fulls+1, now, 0
	case Fast:
		w.Fasts++
	case Partial:
		w.Partials++
	}
	return w
}

// Rebooted is the wear as a later boot takes it up: monotonic time began anew,
// and how long ago anything happened is not known. Whatever was done counts as
// done when the boot began, and the next refresh is full.
func (w Wear) Rebooted() Wear {
	w.Last, w.LastFull = 0, 0
	w.Recent = slices.Clone(w.Recent)
	for i := range w.Recent {
		w.Recent[i].At = 0
	}
	return w
}
