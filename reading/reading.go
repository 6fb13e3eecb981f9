// Package reading holds what every room measures with: a Reading, which is a
// value with the moment it was taken and how far it may be believed, and a
// Stamp, which says when something happened in a way that survives an
// untrusted clock.
//
// It imports nothing of the project and nothing that does I/O.
package reading

import (
	"fmt"
	"time"
)

// Quality says how far a reading may be believed. The zero value is Unknown.
type Quality uint8

const (
	// Unknown: there is no value. Nothing may be concluded from it.
	Unknown Quality = iota
	// Stale: there was a value, and it is too old to act on.
	Stale
	// Fresh: the value may be acted on.
	Fresh
)

var qualities = [...]string{Unknown: "unknown", Stale: "stale", Fresh: "fresh"}

func (q Quality) String() string {
	if int(q) < len(qualities) {
		return qualities[q]
	}
	return fmt.Sprintf("Quality(%d)", q)
}

// MarshalText gives the quality's word in the API: fresh, stale or unknown.
func (q Quality) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText reads the word that MarshalText gives.
func (q *Quality) UnmarshalText(b []byte) error {
	for i, word := range qualities {
		if word == string(b) {
			*q = Quality(i)
			return nil
		}
	}
	return fmt.Errorf("quality %q is none of fresh, stale, unknown", b)
}

// Reading is a value, when it was taken (monotonic, since boot), and its
// quality. The zero Reading is unknown.
type Reading[T any] struct {
	Value   T
	At      time.Duration
	Quality Quality
}

// Of is a fresh reading of v, taken at the monotonic time at.
func Of[T any](v T, at time.Duration) Reading[T] {
	return Reading[T]{Value: v, At: at, Quality: Fresh}
}

// Aged is the reading as it must be judged at the monotonic time now: a fresh
// one older than limit is stale. An unknown reading stays unknown.
func (r Reading[T]) Aged(now, limit time.Duration) Reading[T] {
	if r.Quality == Fresh && now-r.At > limit {
		r.Quality = Stale
	}
	return r
}

// Get is the value and whether it may be acted on, which only a fresh one may.
func (r Reading[T]) Get() (T, bool) { return r.Value, r.Quality == Fresh }

// Stamp says when something happened. Boot and Mono are always good; Wall is
// what the wall clock said, which is worth something only once the clock is
// trusted: from a later trusted stamp of the same boot the wall time of an
// earlier one is worked out (see WallAt).
type Stamp struct {
	Boot string        // the kernel's boot id
	Seq  uint64        // order of the daemon's observations, from 1 at its start
	Mono time.Duration // CLOCK_MONOTONIC: since boot
	Wall time.Time     // wall clock
}

// WallAt is the wall time of the monotonic moment mono of the same boot,
// reckoned from this stamp.
func (s Stamp) WallAt(mono time.Duration) time.Time { return s.Wall.Add(mono - s.Mono) }
