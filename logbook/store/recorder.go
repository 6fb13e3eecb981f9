package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"infobus/hw"
	"infobus/logbook"
)

// Recorder hands events to a Store from a goroutine of its own, so that nobody
// waits for the disk. What cannot be written yet is kept in memory, up to a
// bound; what is lost there becomes an event once writing works again. What of it
// is urgent can be sent from there, under a log of its own. Make it with
// NewRecorder.
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
	waiting []queued
	lost    int
	failing bool            // the card took nothing when it was tried last
	log     string          // of what is sent from memory
	seq     uint64          // of the last of it
	busy    bool            // a batch is being written
	idle    []chan struct{} // closed when nothing waits any more

	reading hw.Guard // a card that hangs must not hold up what is sent from memory
}

// queued is an event that is not durable yet.
type queued struct {
	logbook.Event
	seq  uint64 // in the log of what is sent from memory; 0: it has none
	sent bool   // the receiver has it
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
		log: draw(8), wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
}

// Record takes events. It does not block.
func (r *Recorder) Record(events []logbook.Event) {
	r.mu.Lock()
	for _, e := range events {
		if len(r.waiting) == maxWaiting {
			r.lost++
			if !logbook.Urgent(e) {
				continue
			}
			i := max(slices.IndexFunc(r.waiting, func(q queued) bool { return !logbook.Urgent(q.Event) }), 0)
			r.waiting = slices.Delete(r.waiting, i, i+1)
		}
		r.waiting = append(r.waiting, queued{Event: e})
	}
	r.mu.Unlock()
	r.again()
}

// again has what waits written, unless it is about to be.
func (r *Recorder) again() {
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
	s := r.Store()
	if s == nil {
		return nil, errNotOpen
	}
	return onCard(r, func() ([]logbook.Event, error) { return s.After(seq, limit) })
}

// Earlier is the store's, once it is open.
func (r *Recorder) Earlier(after uint64, limit int) (events []logbook.Event, last uint64, err error) {
	s := r.Store()
	if s == nil {
		return nil, 0, errNotOpen
	}
	type page struct {
		events []logbook.Event
		last   uint64
	}
	p, err := onCard(r, func() (p page, err error) {
		p.events, p.last, err = s.Earlier(after, limit)
		return p, err
	})
	return p.events, p.last, err
}

// Volatile are the urgent events in memory, while the card takes nothing.
func (r *Recorder) Volatile() []logbook.Event {
	return r.inMemory(func(queued) bool { return true })
}

// inMemory gives the urgent events that are not durable, if the card takes nothing.
func (r *Recorder) inMemory(which func(queued) bool) (events []logbook.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.failing {
		return nil
	}
	for i := range r.waiting {
		q := &r.waiting[i]
		if !logbook.Urgent(q.Event) || !which(*q) {
			continue
		}
		if q.seq == 0 {
			r.seq++
			q.seq = r.seq
		}
		e, _ := logbook.Admit(q.Event)
		e.Log, e.Seq, e.Volatile = r.log, q.seq, true
		events = append(events, e)
	}
	return events
}

// onCard does f, and gives up on it where the card hangs.
func onCard[T any](r *Recorder, f func() (T, error)) (T, error) {
	return hw.Call(context.Background(), &r.reading, stuckAfter, f, nil)
}

// Next is the store's, once it is open; before, nothing waits. While the card takes
// nothing, urgent events come from memory.
func (r *Recorder) Next(urgent bool, limit int) (Batch, error) {
	if urgent {
		events := r.inMemory(func(q queued) bool { return !q.sent })
		if len(events) > 0 {
			return Batch{Events: events[:min(limit, len(events))], urgent: true, memory: true, log: r.log}, nil
		}
	}
	s := r.Store()
	if s == nil {
		return Batch{}, nil
	}
	return onCard(r, func() (Batch, error) { return s.Next(urgent, limit) })
}

// Received is the store's, or is remembered until the events are durable.
func (r *Recorder) Received(b Batch, refused int) error {
	if b.memory {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i := range r.waiting {
			for _, e := range b.Events {
				if r.waiting[i].seq == e.Seq {
					r.waiting[i].sent = true
				}
			}
		}
		return nil
	}
	s := r.Store()
	if s == nil {
		return errNotOpen
	}
	_, err := onCard(r, func() (struct{}, error) { return struct{}{}, s.Received(b, refused) })
	if refused > 0 {
		r.again() // which is told of
	}
	return err
}

// Acknowledge is the store's, once it is open.
func (r *Recorder) Acknowledge(seq uint64) error {
	if s := r.Store(); s != nil {
		return s.Acknowledge(seq)
	}
	return errNotOpen
}

// AcknowledgeEarlier is the store's, once it is open.
func (r *Recorder) AcknowledgeEarlier(log string, first, seq uint64) (int, error) {
	if s := r.Store(); s != nil {
		return s.AcknowledgeEarlier(log, first, seq)
	}
	return 0, errNotOpen
}

// Reduce is the store's, once it is open.
func (r *Recorder) Reduce(now time.Time) error {
	s := r.Store()
	if s == nil {
		return nil
	}
	_, err := onCard(r, func() (struct{}, error) { return struct{}{}, s.Reduce(now) })
	return err
}

// Status is the store's, and what waits in memory besides; before it is open, that
// alone.
func (r *Recorder) Status() Status {
	var status Status
	if s := r.Store(); s != nil {
		status = s.Status()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.waiting {
		if !q.sent && !logbook.Rides(q.Event) {
			status.Waiting++
		}
	}
	return status
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
		r.setFailing(err != nil)
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
		r.setFailing(true)
	})
	err = r.write()
	if !watch.Stop() {
		<-said // before whatever is said next
		stuck = true
	}
	return stuck, err
}

// setFailing says whether the card takes nothing. Then whoever sends is told, since
// urgent events can be had from memory.
func (r *Recorder) setFailing(failing bool) {
	r.mu.Lock()
	was := r.failing
	r.failing = failing
	r.mu.Unlock()
	if failing || was {
		r.durable(r.Status())
	}
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
			if err := s.Settle(); err != nil {
				return err
			}
			_, err := s.Append(nil) // what the store has to tell
			return err
		}
		all := make([]logbook.Event, len(batch), len(batch)+1)
		for i, q := range batch {
			if all[i] = q.Event; q.sent {
				all[i].Also = fmt.Sprintf("%s/%d", r.log, q.seq)
			}
		}
		if lost > 0 && len(batch) > 0 {
			latest := batch[len(batch)-1]
			all = append(all, logbook.Event{Boot: latest.Boot, Mono: latest.Mono, At: latest.At, Name: logbook.LogbookDropped,
				Attributes: map[string]any{"events": lost, "reason": "full"}})
		}
		if _, err := s.Append(all); errors.Is(err, ErrUnmarked) {
			r.mu.Lock()
			r.busy = false
			r.mu.Unlock()
			return err // they are there, and are shown once that is noted
		} else if err != nil {
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
