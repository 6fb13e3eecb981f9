// Package line watches GPIO input lines: which is active, since when, and
// whether that is still so.
//
// A line that pulses with the mains is counted by a Meter, which tells how fast. A
// Switch drives an output.
//
// In: the lines' names, and a Chip: the kernel's (Find), or a model of one
// (linetest). Out: Seen values, one for each true change, with the kernel's own
// time stamp, and one for each line every 10 s, which says that what was said
// before still holds. It debounces nothing itself (the kernel does), and draws no
// conclusion from a level.
package line

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"infobus/hw"
)

const (
	// RereadEvery is how often the levels are read again without cause. It
	// finds an edge that got lost without a trace, and a chip that went away
	// under a kernel that does not say so (before 6.6).
	RereadEvery = 10 * time.Second

	// edgeWithin is how long a level that contradicts the edges seen so far waits
	// for an edge to explain it. An edge takes microseconds from the kernel to
	// here, some milliseconds on a board that is busy.
	edgeWithin = 100 * time.Millisecond

	// answerWithin bounds each request to the chip. A chip in the processor
	// answers in microseconds, one behind a bus in milliseconds.
	answerWithin = 2 * time.Second
)

// Config is one line and how it is wired.
type Config struct {
	Name      string // ours, e.g. "generator-1"
	Line      string // the chip's, e.g. "GPIO27"; or the offset as a number
	ActiveLow bool   // active means a low level
	// PullUp and PullDown ask for the chip's own resistor, which a chip that has
	// none ignores; neither leaves it as it is.
	PullUp, PullDown bool
	// Debounce is how long a level must hold to count; 0: every edge counts.
	Debounce time.Duration
}

// Seen is the state of a line.
type Seen struct {
	Name   string
	Active bool
	// At is when (CLOCK_MONOTONIC): the kernel's time stamp of the edge, or the
	// time at which the level was read. With Debounce the kernel stamps the end
	// of the time for which the level had to hold.
	At time.Duration
	// Edge: the line changed at At. Otherwise the level was read: it is the
	// first Seen of the line, or says that the line is still as it was seen
	// last, or, if Active differs, that an edge got lost.
	Edge bool
}

// Chip is a GPIO chip.
type Chip interface {
	// Inputs requests the lines as inputs that report both edges. From then on
	// until Close it calls edge for each of them, in the kernel's order and
	// never two at a time, and gone once if it notices that the chip is. Both
	// may be called before Inputs returns.
	Inputs(lines []Config, edge func(Edge), gone func(error)) (Inputs, error)
	// Pulses requests a line whose rises are to be counted, with room in the kernel
	// for at least 1024 of them. Debounce is not heeded.
	Pulses(l Config) (Pulses, error)
	// Output requests a line as an output, from the first moment active or not.
	// Bias and Debounce are not heeded.
	Output(l Config, active bool) (Output, error)
}

// Inputs are requested lines.
type Inputs interface {
	// Levels reads which lines are active, in the order of the request, as the
	// debouncer sees them. What it reads is at least as new as at.
	Levels(active []bool) (at time.Duration, err error)
	// Close gives the lines back. It waits for a running call of edge.
	Close() error
}

// Edge is a change of a line, as the kernel reports it.
type Edge struct {
	Line   int // index in the request
	Active bool
	At     time.Duration // CLOCK_MONOTONIC
	// Seq counts the edges of the whole request, LineSeq those of this line,
	// from 1. The kernel counts those too that it had to drop.
	Seq, LineSeq uint32
}

// Watcher watches some lines of one chip. It keeps account of a chip that hangs,
// so one chip has one Watcher for the life of the process; Watch is called on it
// again after each failure.
type Watcher struct {
	chip  Chip
	lines []Config
	guard hw.Guard

	mu   sync.Mutex // guards the rest
	held Inputs     // nil while none are
	last error      // why not
}

// New makes a Watcher. It touches nothing yet.
func New(chip Chip, lines ...Config) *Watcher {
	return &Watcher{chip: chip, lines: lines}
}

// Watch requests the lines and gives observe each Seen until ctx ends or the
// chip fails: hw.ErrAbsent if it or a line is not there, or not any more,
// hw.ErrTimeout if it hangs. The first values are the levels of all lines.
// Edges of a line come in order and alternate. observe must not block long:
// meanwhile edges wait in the kernel, which keeps 16 a line.
func (w *Watcher) Watch(ctx context.Context, observe func(Seen)) (err error) {
	defer func() { w.hold(nil, err) }()
	var (
		edges = make(chan Edge, 64)
		gone  = make(chan error, 1)
		done  = make(chan struct{})
	)
	// Inputs.Close waits for the edge that is being delivered, so that one must
	// be let go first.
	in, err := hw.Call(ctx, &w.guard, answerWithin, func() (Inputs, error) {
		return w.chip.Inputs(w.lines,
			func(e Edge) {
				select {
				case edges <- e:
				case <-done:
				}
			},
			func(err error) {
				select {
				case gone <- err:
				default:
				}
			})
	}, func(in Inputs) { in.Close() })
	if err != nil {
		close(done)
		return fmt.Errorf("request lines: %w", err)
	}
	defer w.guard.Finally(answerWithin, func() { in.Close() })
	defer close(done)
	w.hold(in, nil)

	t := &track{lines: make([]state, len(w.lines)), configs: w.lines, observe: observe}
	reread := func() error {
		type levels struct {
			active []bool
			at     time.Duration
		}
		l, err := hw.Call(ctx, &w.guard, answerWithin, func() (levels, error) {
			active := make([]bool, len(w.lines))
			at, err := in.Levels(active)
			return levels{active, at}, err
		}, nil)
		if err != nil {
			return fmt.Errorf("read levels: %w", err)
		}
		t.levels(l.active, l.at)
		return nil
	}
	if err := reread(); err != nil {
		return err
	}
	timer := time.NewTimer(RereadEvery)
	defer timer.Stop()
	for {
		due := false
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-gone:
			return fmt.Errorf("watch lines: %w", err)
		case e := <-edges:
			due = t.edge(e)
		case <-timer.C:
			due = true
		}
		for waiting := true; waiting; {
			select {
			case e := <-edges:
				due = t.edge(e) || due
			default:
				waiting = false
			}
		}
		if !due {
			continue
		}
		if err := reread(); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			// A chip that is gone says why better than the failed reading.
			select {
			case why := <-gone:
				err = errors.Join(fmt.Errorf("watch lines: %w", why), err)
			default:
			}
			return err
		}
		timer.Reset(t.next())
	}
}

// hold notes which lines are held, or why none are.
func (w *Watcher) hold(in Inputs, why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held, w.last = in, why
}

// Levels reads which lines are active now, in their order, while Watch holds them;
// else the error is why it does not.
func (w *Watcher) Levels(ctx context.Context) ([]bool, error) {
	w.mu.Lock()
	in, why := w.held, w.last
	w.mu.Unlock()
	if in == nil {
		if why == nil {
			why = fmt.Errorf("the lines are not held: %w", hw.ErrAbsent)
		}
		return nil, why
	}
	return hw.Call(ctx, &w.guard, answerWithin, func() ([]bool, error) {
		active := make([]bool, len(w.lines))
		_, err := in.Levels(active)
		return active, err
	}, nil)
}

// track turns edges and levels into what is seen. The two come by different
// ways and overtake each other, so they are joined by these rules:
//
//   - The edges of a line are its history; each that changes the state is one
//     Seen. One that does not (a level read told of it first, or the line
//     bounced back before the kernel looked at it) changes nothing and is
//     dropped.
//   - A level that agrees with the state confirms it. If an even number of
//     edges is still on its way, they follow, with their own, earlier times,
//     and end at the same state.
//   - A level that contradicts the state is no news by itself: the edge that
//     explains it may be on its way, and has the better time. It becomes a
//     doubt, and the level is read again after edgeWithin. Any edge of that line
//     ends the doubt, for then the edges account for the line again. Where
//     none came and the level contradicts again, the edge is lost and the level
//     is believed, from when it was first read. Should the edge come yet, the
//     first rule drops it.
//   - The first levels include every edge with an earlier time stamp, since the
//     kernel updates the level before it takes the time. Those edges are from
//     before our time and dropped.
//   - A gap in the numbers says that the kernel dropped its oldest edges for
//     lack of room. All levels are read at once, because the edges lost may be
//     of a line that has none left in the buffer.
type track struct {
	lines   []state
	configs []Config
	observe func(Seen)
	seq     uint32
	started bool
	start   time.Duration // of the first levels
}

type state struct {
	active  bool
	lineSeq uint32
	doubted bool
	since   time.Duration // when the level was first read that contradicts
}

// edge takes an edge and says whether one before it got lost.
func (t *track) edge(e Edge) (gap bool) {
	if e.Line < 0 || e.Line >= len(t.lines) {
		return true
	}
	s := &t.lines[e.Line]
	gap = skips(&t.seq, e.Seq)
	gap = skips(&s.lineSeq, e.LineSeq) || gap
	if e.At < t.start {
		return gap
	}
	s.doubted = false
	if e.Active != s.active {
		s.active = e.Active
		t.observe(Seen{Name: t.configs[e.Line].Name, Active: e.Active, At: e.At, Edge: true})
	}
	return gap
}

// skips moves last on to seq and says whether that left a number out. Two
// lines' edges may come with their numbers exchanged, which looks like a gap
// and costs one reading; seq wraps around.
func skips(last *uint32, seq uint32) bool {
	step := int32(seq - *last)
	if step > 0 {
		*last = seq
	}
	return step > 1
}

// levels takes the levels of all lines.
func (t *track) levels(active []bool, at time.Duration) {
	if !t.started {
		t.started, t.start = true, at
		for i := range t.lines {
			t.lines[i].active = active[i]
		}
	}
	for i := range t.lines {
		s := &t.lines[i]
		seen := Seen{Name: t.configs[i].Name, Active: active[i], At: at}
		switch {
		case active[i] == s.active:
			s.doubted = false
		case !s.doubted:
			s.doubted, s.since = true, at
			continue
		default:
			s.doubted, s.active, seen.At = false, active[i], s.since
		}
		t.observe(seen)
	}
}

// next is how long until the levels must be read again.
func (t *track) next() time.Duration {
	for _, s := range t.lines {
		if s.doubted {
			return edgeWithin
		}
	}
	return RereadEvery
}
