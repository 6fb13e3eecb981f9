package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"infobus/hw"
	"infobus/private"
	"infobus/van"
)

// rarely is why a part failed that only a person can put right: it is tried
// again once an hour.
type rarely struct{ error }

func (r rarely) Unwrap() error { return r.error }

const rare = time.Hour

// part is a piece of the van that lives its own life: a device to watch or to
// drive. When it fails it is said so and started again, later each time; no
// other part notices.
type part struct {
	name    string // for the supervisor's own words
	device  string // van.GPIO and so on; "" if it is none
	run     func(ctx context.Context, alive func()) error
	observe func(any)
	delay   delays

	well atomic.Int32 // unheard, fine or broken
}

const (
	unheard = iota
	fine
	broken
)

// delays bound how long a failed source waits before it is tried again.
type delays struct{ first, most time.Duration }

var (
	vanDelays = delays{first: time.Second, most: time.Minute}
	simDelays = delays{first: 200 * time.Millisecond, most: 2 * time.Second}
)

// String is the source's name in the supervisor's words.
func (s *part) String() string { return s.name }

// alive is called by run whenever the device proves to work.
func (s *part) alive() {
	if s.well.Swap(fine) != fine && s.device != "" {
		s.observe(van.DeviceSeen{Name: s.device, OK: true})
	}
}

// Serve runs the source until ctx is done.
func (s *part) Serve(ctx context.Context) error {
	delay := s.delay.first
	for {
		begun := time.Now()
		err := s.run(ctx, s.alive)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			err = errors.New("ended without a reason")
		}
		s.failed(err)
		if time.Since(begun) > s.delay.most {
			delay = s.delay.first
		}
		if errors.As(err, new(rarely)) {
			select {
			case <-time.After(rare):
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		// A little apart, so that two that failed together are not tried together.
		select {
		case <-time.After(delay + rand.N(delay/4+1)):
		case <-ctx.Done():
			return ctx.Err()
		}
		delay = min(2*delay, s.delay.most)
	}
}

func (s *part) failed(err error) {
	s.well.Store(broken)
	if s.device != "" {
		s.observe(van.DeviceSeen{Name: s.device, Reason: hw.Reason(err), Why: private.Redact(err.Error())})
	}
}
