package kiosk

import (
	"maps"
	"slices"
	"time"

	"infobus/reading"
)

// Cause is why a page is to be drawn.
type Cause string

const (
	Changed      Cause = "changed"       // it differs from what stands on the glass
	Button       Cause = "button"        // a person asks for it
	SessionStart Cause = "session-start" // the page on the glass may be days old
	SessionEnd   Cause = "closing"       // the session ends: the page stays
	Shutdown     Cause = "shutdown"      // the box powers off: the page stays
	Day          Cause = "day"           // it stands there, and the panel needs a full refresh a day
)

// Waveform is how a refresh drives the panel's pixels; "" is no refresh.
type Waveform string

const (
	Full    Waveform = "full"    // every pixel, through black and white: slow, no ghosts
	Fast    Waveform = "fast"    // the whole page, with a short waveform
	Partial Waveform = "partial" // only the pixels that change, without a flash
)

// Limits that the panel's maker gives.
const (
	between = 180 * time.Second // from the end of a refresh to the begin of the next
	notFull = 8                 // most refreshes that are not full between two that are
	daily   = 24 * time.Hour    // most time between two full ones
)

// longest is how long a refresh whose end was not seen may have taken.
const longest = 30 * time.Second

// exceptions are the causes that need not wait for the 180 s: how often in any hour,
// and how long apart. Beyond that they wait like the other causes.
var exceptions = map[Cause]struct {
	hourly int
	apart  time.Duration
}{
	SessionStart: {hourly: 4},
	SessionEnd:   {hourly: 4},
	Shutdown:     {hourly: 4},
	Button:       {hourly: 20, apart: time.Minute}, // time enough to read the page
}

// Below these temperatures the particles are too slow for the shorter waveforms. 5 °C
// is the limit in public drivers; partial refreshes leave more ghosts and get a margin.
const (
	fastFrom    = 5.0 // °C
	partialFrom = 10.0
)

// Wear is how the panel was used, and the rules that spare it. The zero Wear is that of
// a new panel. It is kept over power cuts; its times are monotonic, of the boot in
// which it was kept.
type Wear struct {
	Last      time.Duration `json:"last_ns"`      // end of the last refresh, or its begin while Open; 0: none in this boot
	Open      bool          `json:"open"`         // that one's end was not seen
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

// Plan is the waveform for a refresh for this cause that begins at the monotonic time
// now; "" where it may not begin yet, and next is when to ask again. temperature is the
// panel's, in °C; unless it is fresh, the refresh is full.
func (w Wear) Plan(now time.Duration, why Cause, temperature reading.Reading[float64]) (wave Waveform, next time.Duration) {
	if w.Last > now {
		w = w.Rebooted() // kept in another boot
	}
	if next = min(w.rested(), w.excepted(now, why)); next > now {
		return "", next
	}
	return w.waveform(now, why, temperature), now
}

// PlanBare is Plan for the page that stands while it is quiet. It waits neither for the
// 180 s nor for the button's share, as a button's it is counted. Another page that it
// can take away comes by the other rules only, and so they bound it too.
func (w Wear) PlanBare(now time.Duration, temperature reading.Reading[float64]) Waveform {
	if w.Last > now {
		w = w.Rebooted()
	}
	return w.waveform(now, Button, temperature)
}

// waveform is that of a refresh that may begin now.
func (w Wear) waveform(now time.Duration, why Cause, temperature reading.Reading[float64]) Waveform {
	celsius, known := temperature.Get()
	switch {
	case w.LastFull == 0, now-w.LastFull >= daily-time.Hour, w.SinceFull >= notFull, !known:
		return Full
	case why == SessionStart, why == SessionEnd, why == Shutdown, why == Day: // stands for long: without ghosts
		return Full
	case why == Changed && celsius >= partialFrom:
		return Partial
	case celsius >= fastFrom:
		return Fast
	}
	return Full
}

// rested is the time from which on a refresh is no exception.
func (w Wear) rested() time.Duration {
	if w.Last == 0 && !w.Open && w.Fulls+w.Fasts+w.Partials == 0 {
		return 0 // a new panel
	}
	last := max(w.Last, w.LastFull) // 0: in an earlier boot; counts as when this one began
	if w.Open {
		last += longest
	}
	return last + between
}

// excepted is the time from which on the cause may be an exception.
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

// Due is when a full refresh is due though no page changes; 0: never.
func (w Wear) Due() time.Duration {
	if w.LastFull == 0 {
		return 0
	}
	return w.LastFull + daily - 30*time.Minute
}

// Begun is the wear once a refresh has begun at the monotonic time now. It is kept
// before anything is sent to the panel, so that a refresh that a power cut interrupts
// is counted.
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

// Refreshed is the wear after a refresh that ended at the monotonic time now, with the
// waveform that was used.
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

// Rebooted is the wear as a later boot takes it up, which does not know how long ago
// anything was. All of it counts as done when this boot began, and the next refresh is
// full.
func (w Wear) Rebooted() Wear {
	w.Last, w.LastFull = 0, 0
	w.Recent = slices.Clone(w.Recent)
	for i := range w.Recent {
		w.Recent[i].At = 0
	}
	return w
}
