package hw

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Guard bounds calls into a device that may never return: a hung ioctl cannot
// be interrupted, only left behind. At most one call is left behind at a time,
// and nothing else is asked of the device until it came back, so that retries
// pile up no goroutines. One Guard serves one device for as long as the process
// lives. The zero Guard is ready.
type Guard struct {
	mu   sync.Mutex
	busy chan struct{} // closed when the call under way has returned; nil: none
	late []func()      // to be done by that call's goroutine
}

// Call runs f and gives what it gives, but waits for it no longer than limit:
// then the error is ErrTimeout, or ctx's if that ended first. What a call that
// was left behind gives after all goes to drop, which may be nil.
func Call[T any](ctx context.Context, g *Guard, limit time.Duration, f func() (T, error), drop func(T)) (T, error) {
	type outcome struct {
		v   T
		err error
	}
	var zero T
	timer := time.NewTimer(limit)
	defer timer.Stop()

	if err := g.enter(ctx, timer.C); err != nil {
		return zero, err
	}
	result := make(chan outcome) // unbuffered: either it is taken, or dropped
	left := make(chan struct{})
	go func() {
		v, err := f()
		select {
		case result <- outcome{v, err}: // the taker leaves, so that its next call finds the guard free
		case <-left:
			if err == nil && drop != nil {
				drop(v)
			}
			g.leave()
		}
	}()
	select {
	case r := <-result:
		g.leave()
		return r.v, r.err
	case <-timer.C:
		close(left)
		return zero, fmt.Errorf("%w: still waiting after %v", ErrTimeout, limit)
	case <-ctx.Done():
		close(left)
		return zero, ctx.Err()
	}
}

// Finally runs f, which frees what a device holds, as soon as no call is under
// way: at once, or later by the goroutine of the call that was left behind.
// It waits for f no longer than limit.
func (g *Guard) Finally(limit time.Duration, f func()) {
	g.mu.Lock()
	if g.busy != nil {
		g.late = append(g.late, f)
		g.mu.Unlock()
		return
	}
	g.busy = make(chan struct{})
	g.mu.Unlock()
	done := make(chan struct{})
	go func() {
		f()
		g.leave()
		close(done)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// enter waits until no call is under way, and begins one that leave ends.
func (g *Guard) enter(ctx context.Context, limit <-chan time.Time) error {
	for {
		g.mu.Lock()
		busy := g.busy
		if busy == nil {
			g.busy = make(chan struct{})
			g.mu.Unlock()
			return nil
		}
		g.mu.Unlock()
		select {
		case <-busy:
		case <-limit:
			return fmt.Errorf("%w: an earlier request has still not come back", ErrTimeout)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (g *Guard) leave() {
	for {
		g.mu.Lock()
		if len(g.late) == 0 {
			close(g.busy)
			g.busy = nil
			g.mu.Unlock()
			return
		}
		f := g.late[0]
		g.late = g.late[1:]
		g.mu.Unlock()
		f()
	}
}
