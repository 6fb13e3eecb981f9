package store

import (
	"context"
	"sync"
	"time"

	"infobus/logbook"
)

// Recorder hands events to a Store from a goroutine of its own, so that nobody
// waits for the disk. What cannot be written yet is kept in memory, up to a
// bound; what is lost there becomes an event once writing works again. Make it
// with NewRecorder.
type Recorder struct {
	open     func() (*Store, error)
	durable  func(Status)
	health   func(error)
	retry    time.Duration
	mostWait time.Duration

	wake chan struct{}

	mu      sync.Mutex // guards the rest
	store   *Store     // nil until it could be opened
	waiting []logbook.Event
	lost    int
	busy    bool            // a batch is being written
	idle    []chan struct{} // closed when nothing waits any more
}

// maxWaiting bounds what waits in memory, some 2 MB.
const maxWaiting = 4096

// RecorderOptions are those of NewRecorder.
type RecorderOptions struct {
	// Open opens the store; it is tried again until it works.
	Open func() (*Store, error)
	// Durable is called after each commit, and after opening.
	Durable func(Status)
	// Health is called with the error when writing fails, and with nil when it
	// works for the first time or again.
	Health func(error)
	// Retry is how long after a failure the next try is made, at first; it
	// doubles up to a minute.
	Retry time.Duration
}

// NewRecorder makes a recorder that writes nothing until Run.
func NewRecorder(o RecorderOptions) *Recorder {
	return &Recorder{open: o.Open, durable: o.Durable, health: o.Health, retry: o.Retry, mostWait: time.Minute, wake: make(chan struct{}, 1)}
}

// Record takes events. It does not block.
func (r *Recorder) Record(events []logbook.Event) {
	r.mu.Lock()
	room := max(maxWaiting-len(r.waiting), 0)
	taken := min(room, len(events))
	r.waiting = append(r.waiting, events[:taken]...)
	r.lost += len(events) - taken
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Store is the open store; nil while there is none.
func (r *Recorder) Store() *Store {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.store
}

// Flush waits until nothing waits to be written, or for ctx.
func (r *Recorder) Flush(ctx context.Context) error {
	r.mu.Lock()
	if len(r.waiting) == 0 && !r.busy {
		r.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	r.idle = append(r.idle, done)
	r.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run writes until ctx is done, then once more, and closes the store.
func (r *Recorder) Run(ctx context.Context) error {
	defer func() {
		r.write()
		if s := r.Store(); s != nil {
			s.Close()
		}
	}()
	wait, failing := r.retry, true // unknown counts as failing: the first success is said
	for {
		err := r.write()
		var again <-chan time.Time
		switch {
		case err != nil:
			r.health(err)
			failing = true
			again = time.After(wait)
			wait = min(2*wait, r.mostWait)
		case failing:
			r.health(nil)
			failing, wait = false, r.retry
		}
		if err != nil {
			// No new event makes a full card less full: only time does.
			select {
			case <-again:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// write makes durable what waits, opening the store first if need be.
func (r *Recorder) write() error {
	if r.Store() == nil {
		s, err := r.open()
		if s == nil {
			return err
		}
		if err != nil {
			r.health(err) // damaged, and begun anew
		}
		r.mu.Lock()
		r.store = s
		r.mu.Unlock()
		r.durable(s.Status())
	}
	for {
		r.mu.Lock()
		batch, lost := r.waiting, r.lost
		r.waiting, r.lost = nil, 0
		r.busy = len(batch) > 0 || lost > 0
		if !r.busy {
			for _, done := range r.idle {
				close(done)
			}
			r.idle = nil
		}
		s := r.store
		r.mu.Unlock()
		if len(batch) == 0 && lost == 0 {
			return nil
		}
		all := batch
		if lost > 0 && len(batch) > 0 {
			latest := batch[len(batch)-1]
			all = append(all[:len(all):len(all)], logbook.Event{Boot: latest.Boot, Mono: latest.Mono, At: latest.At, Name: logbook.LogbookDropped,
				Attributes: map[string]any{"events": lost, "reason": "full"}})
		}
		if _, err := s.Append(all); err != nil {
			r.mu.Lock()
			r.waiting = append(batch, r.waiting...)
			r.lost += lost
			if over := len(r.waiting) - maxWaiting; over > 0 {
				r.waiting, r.lost = r.waiting[:maxWaiting], r.lost+over
			}
			r.busy = false
			r.mu.Unlock()
			return err
		}
		r.durable(s.Status())
	}
}
