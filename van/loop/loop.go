// Package loop is the one goroutine that owns the van's state. It takes observations
// from any goroutine, and a Tick when State.Wake is due; for each it calls van.Step,
// publishes the state to watchers, and hands the events to the logbook and the effects
// to their doers.
//
// A watcher sees the latest state, never a queue of old ones, and cannot block
// the loop; neither can a doer.
package loop

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"infobus/action"
	"infobus/logbook"
	"infobus/reading/clock"
	"infobus/van"
)

// Loop runs van.Step. New makes it.
type Loop struct {
	options van.Options
	clock   clock.Clock
	record  func([]logbook.Event)
	do      func(van.Effect)

	in    chan any
	done  chan struct{} // closed when Run has returned
	state atomic.Pointer[van.State]

	mu       sync.Mutex // guards watchers
	watchers map[chan struct{}]bool
}

// ErrStopped says that the loop does not run any more.
var ErrStopped = errors.New("the loop has stopped")

// New makes a loop that starts from the state first. record and do must not
// block: they are called from the loop's own goroutine.
func New(o van.Options, first van.State, c clock.Clock, record func([]logbook.Event), do func(van.Effect)) *Loop {
	l := &Loop{options: o, clock: c, record: record, do: do,
		in: make(chan any, 256), done: make(chan struct{}), watchers: map[chan struct{}]bool{}}
	l.state.Store(&first)
	return l
}

// Observe hands in a van.Observation's value. It blocks while 256 others wait, and
// returns at once when the loop has stopped.
func (l *Loop) Observe(value any) {
	select {
	case l.in <- value:
	case <-l.done:
	}
}

// ping asks the loop for a sign of life.
type ping chan struct{}

// Ping returns nil once the loop has taken everything that was observed before;
// otherwise ErrStopped, or ctx's error.
func (l *Loop) Ping(ctx context.Context) error {
	answer := make(ping)
	select {
	case l.in <- answer:
	case <-l.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-answer:
		return nil
	case <-l.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// request is an action, and where its answer goes.
type request struct {
	asked  action.Asked
	answer chan action.Refusal // holds one
}

// Ask has the step take or refuse an action, and returns its answer. By then State has
// what came of it, and its events and effects were handed on. With ctx's error it is not
// known whether the action was taken; with ErrStopped it was not.
func (l *Loop) Ask(ctx context.Context, asked action.Asked) (action.Refusal, error) {
	r := request{asked, make(chan action.Refusal, 1)}
	select {
	case l.in <- r:
	case <-l.done:
		return "", ErrStopped
	case <-ctx.Done():
		return "", ctx.Err()
	}
	select {
	case refusal := <-r.answer:
		return refusal, nil
	case <-l.done:
		select {
		case refusal := <-r.answer: // among the last that were taken
			return refusal, nil
		default:
			return "", ErrStopped
		}
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// State is the latest state.
func (l *Loop) State() van.State { return *l.state.Load() }

// Watch gives a channel that holds a token whenever the state has changed since
// the last token was taken; read State then. stop ends it.
func (l *Loop) Watch() (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	c <- struct{}{}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchers[c] = true
	return c, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watchers, c)
	}
}

// Run takes observations until ctx is done, then those that still wait, and returns
// ctx's error. Between them it sleeps until State.Wake.
func (l *Loop) Run(ctx context.Context) error {
	defer close(l.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		l.sleep(timer)
		select {
		case v := <-l.in:
			l.take(v)
		case <-timer.C:
			l.take(van.Tick{})
		case <-ctx.Done():
			for {
				select {
				case v := <-l.in:
					l.take(v)
				default:
					return ctx.Err()
				}
			}
		}
	}
}

// sleep sets the timer to when the state wants to be called again.
func (l *Loop) sleep(timer *time.Timer) {
	wake := l.State().Wake(l.options)
	if wake == 0 {
		timer.Stop()
		return
	}
	// Never sooner than in a millisecond: a room that is always due must not take the
	// whole processor.
	timer.Reset(max(wake-clock.Mono(), time.Millisecond))
}

// take makes one step.
func (l *Loop) take(value any) {
	if p, ok := value.(ping); ok {
		close(p)
		return
	}
	r, asked := value.(request)
	if asked {
		value = r.asked
	}
	state, events, effects := van.Step(l.options, l.State(), van.Observation{At: l.clock.Now(), Value: value})
	l.state.Store(&state)
	if len(events) > 0 {
		l.record(events)
	}
	var answer van.Answer
	for _, e := range effects {
		if a, ok := e.(van.Answer); ok {
			answer = a
			continue
		}
		l.do(e)
	}
	if asked {
		r.answer <- answer.Refusal
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.watchers {
		select {
		case c <- struct{}{}:
		default: // it has not yet read the last change, and will see this one
		}
	}
}
