package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"infobus/hw"
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

	wake  chan struct{} // there is something to write
	hurry chan struct{} // somebody waits for it: no delay now

	mu      sync.Mutex // guards the rest
	store   *Store     // nil until it could be opened
	begun   time.Time  // of the write that is under way; zero: none is
	waiting []logbook.Event
	lost    int
	busy    bool            // a batch is being written
	idle    []chan struct{} // closed when nothing waits any more
}

const (
	// maxWaiting bounds what waits in memory, some 2 MB.
	maxWaiting = 4096
	// stuckAfter is when a write that does not end is said to be stuck. A card
	// that tidies up inside may take a second or two.
	stuckAfter = 10 * time.Second
	// lastWait is how long after its beginning a write may hold up the end.
	lastWait = 5 * time.Second
)

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
	return &Recorder{open: o.Open, durable: o.Durable, health: o.Health, retry: o.Retry, mostWait: time.Minute,
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
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

// errNotOpen: the card does not give the store yet.
var errNotOpen = errors.New("the logbook is not open")

// After is the store's, once it is open.
func (r *Recorder) After(seq uint64, limit int) ([]logbook.Event, error) {
	if s := r.Store(); s != nil {
		return s.After(seq, limit)
	}
	return nil, errNotOpen
}

// Acknowledge is the store's, once it is open.
func (r *Recorder) Acknowledge(seq uint64) error {
	if s := r.Store(); s != nil {
		return s.Acknowledge(seq)
	}
	return errNotOpen
}

// Status is the store's; the zero Status before it is open.
func (r *Recorder) Status() Status {
	if s := r.Store(); s != nil {
		return s.Status()
	}
	return Status{}
}

// Flush waits until nothing waits to be written, or for ctx. Where writing fails
// and the next try would be made later, it is made now.
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
	case r.hurry <- struct{}{}:
	default:
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run writes until ctx is done, then once more, and closes the store. A write
// that is stuck in a dead card is left behind when it is 5 s old, and Run's
// error wraps hw.ErrTimeout; nothing can be recorded after that.
func (r *Recorder) Run(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.run(ctx)
		r.attempt()
		if s := r.Store(); s != nil {
			s.Close()
		}
	}()
	select {
	case <-ended:
		return ctx.Err()
	case <-ctx.Done():
	}
	r.mu.Lock()
	begun := r.begun
	r.mu.Unlock()
	if begun.IsZero() {
		begun = time.Now() // the last write is about to begin
	}
	select {
	case <-ended:
		return ctx.Err()
	case <-time.After(time.Until(begun.Add(lastWait))):
		return fmt.Errorf("write the last of the logbook: %w", hw.ErrTimeout)
	}
}

// run writes until ctx is done.
func (r *Recorder) run(ctx context.Context) {
	wait, failing := r.retry, true // unknown counts as failing: the first success is said
	for {
		stuck, err := r.attempt()
		if err != nil {
			r.health(err)
			failing = true
			// No new event makes a full card less full: only time does.
			select {
			case <-time.After(wait):
			case <-r.hurry:
			case <-ctx.Done():
				return
			}
			wait = min(2*wait, r.mostWait)
			continue
		}
		if failing || stuck {
			r.health(nil)
			failing, wait = false, r.retry
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
			return
		}
	}
}

// attempt is write, under watch: one that does not end is said while it lasts.
func (r *Recorder) attempt() (stuck bool, err error) {
	r.setBegun(time.Now())
	defer r.setBegun(time.Time{})
	said := make(chan struct{})
	watch := time.AfterFunc(stuckAfter, func() {
		defer close(said)
		r.health(fmt.Errorf("write the logbook: %w", hw.ErrTimeout))
	})
	err = r.write()
	if !watch.Stop() {
		<-said // before whatever is said next
		stuck = true
	}
	return stuck, err
}

func (r *Recorder) setBegun(t time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun = t
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
