// Package supervise runs a part of the daemon again and again: when it fails it is
// said so, and it is started again later, each time a little later. No other part
// notices.
package supervise

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// SlowRetry is why a part failed that only a person can put right: it is tried again
// once an hour.
type SlowRetry struct{ error }

// OnceAnHour says that only a person can put err right.
func OnceAnHour(err error) error { return SlowRetry{err} }

func (s SlowRetry) Unwrap() error { return s.error }

const slowRetry = time.Hour

// Delays bound how long a part that failed waits before it is tried again: First,
// then twice as long each time, until Most.
type Delays struct{ First, Most time.Duration }

// Part is a piece of the daemon that lives its own life: a device to watch or to
// drive, a server.
type Part struct {
	Name string // for the supervisor's own words
	// Run lives until ctx is done or it fails. It calls alive whenever the part
	// proves to work.
	Run func(ctx context.Context, alive func()) error
	// Heard is told nil once the part proves to work, and each time why it failed;
	// nil where nobody listens.
	Heard  func(error)
	Delays Delays

	works atomic.Bool
}

// String is the part's name.
func (p *Part) String() string { return p.Name }

func (p *Part) heard(err error) {
	if p.Heard != nil {
		p.Heard(err)
	}
}

func (p *Part) alive() {
	if !p.works.Swap(true) {
		p.heard(nil)
	}
}

// Serve runs the part until ctx is done.
func (p *Part) Serve(ctx context.Context) error {
	delay := p.Delays.First
	for {
		begun := time.Now()
		err := p.Run(ctx, p.alive)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			err = errors.New("ended without a reason")
		}
		p.works.Store(false)
		p.heard(err)
		if time.Since(begun) > p.Delays.Most {
			delay = p.Delays.First
		}
		wait := delay + rand.N(delay/4+1) // a little apart, so that two that failed together are not tried together
		if errors.As(err, new(SlowRetry)) {
			wait = slowRetry
		} else {
			delay = min(2*delay, p.Delays.Most)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
