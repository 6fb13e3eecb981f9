package line

import (
	"context"
	"errors"
	"fmt"
	"time"

	"infobus/hw"
	"infobus/reading/clock"
)

// Beat is how a generator's mains swings, on a line that gives a pulse for each
// half-wave.
type Beat struct {
	Name string
	// Hz is the frequency of the mains, by the kernel's time stamps; 0: it stands
	// still.
	Hz float64
	// At is when (CLOCK_MONOTONIC): of the last pulse that was counted, of the
	// first that failed to come, or of the look that found none as before.
	At time.Duration
	// Pulses is how many have been counted since the line was requested, Last when
	// the last of them came.
	Pulses uint64
	Last   time.Duration
}

// Pulse is one pulse as the kernel reports it.
type Pulse struct {
	At  time.Duration // CLOCK_MONOTONIC
	Seq uint32        // counts the line's pulses from 1, those too that the kernel had to drop
}

// Pulses is a requested line whose pulses are to be counted.
type Pulses interface {
	// Wait waits until there is a pulse to Take, or ctx ends.
	Wait(ctx context.Context) error
	// Take gives pulses that have come, as many as there is room for, and does not
	// wait for any.
	Take(pulses []Pulse) (n int, err error)
	// Alive is hw.ErrAbsent once the chip has gone.
	Alive() error
	Close() error
}

const (
	// eventBuffer is how many pulses the kernel keeps for a process that is not
	// scheduled: ten seconds of them.
	eventBuffer = 1024
	// missed is how many cycles without a pulse are a stall. Half a cycle is left
	// for finding it within three.
	missed = 2.5
	// nominal is the length of a cycle before any was measured: 50 Hz.
	nominal = 20 * time.Millisecond
	// Slower or faster than this is no generator's mains: a relay that chatters,
	// hum on a wire that hangs in the air.
	slowest, fastest = 35.0, 75.0
	// bounce is half the shortest half-wave: a pulse so soon after another is none.
	bounce = 3333 * time.Microsecond
	// few pulses make a first measurement; after that one is made each second.
	few = 20
	// uneven is by what part a half-wave may differ from the mean and still be one of
	// a generator's, and strays is of how many pulses one may.
	uneven, strays = 0.25, 10
	// changed is by how many Hz the frequency must differ to be news.
	changed = 0.1
)

// mono is the kernel's clock; a test has its own.
var mono = clock.Mono

// Meter counts the pulses of one line before the loop that knows of generators,
// which is told once a second at most. One line has one Meter for the life of the
// process; Watch is called on it again after each failure.
type Meter struct {
	chip  Chip
	line  Config
	guard hw.Guard
}

// NewMeter makes a Meter. It touches nothing yet.
func NewMeter(chip Chip, line Config) *Meter { return &Meter{chip: chip, line: line} }

// Watch requests the line and gives observe a Beat when pulses begin, when the
// frequency changes, within three cycles when they cease, and every 10 s in any
// case, until ctx ends or the chip fails: hw.ErrAbsent, hw.ErrTimeout. While
// there are pulses it looks for them some twenty times a second.
func (m *Meter) Watch(ctx context.Context, observe func(Beat)) error {
	p, err := hw.Call(ctx, &m.guard, answerWithin, func() (Pulses, error) { return m.chip.Pulses(m.line) }, func(p Pulses) { p.Close() })
	if err != nil {
		return fmt.Errorf("request line: %w", err)
	}
	defer m.guard.Finally(answerWithin, func() { p.Close() })
	r := rate{name: m.line.Name}
	observe(r.say(mono()))
	pulses := make([]Pulse, 256)
	timer := time.NewTimer(0)
	<-timer.C
	defer timer.Stop()
	for {
		if !r.busy {
			wait, cancel := context.WithTimeout(ctx, RereadEvery)
			err := p.Wait(wait)
			cancel()
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, context.DeadlineExceeded):
				if err := p.Alive(); err != nil {
					return fmt.Errorf("watch line: %w", err)
				}
				observe(r.say(mono()))
				continue
			case err != nil:
				return fmt.Errorf("watch line: %w", err)
			}
		}
		for n := len(pulses); n == len(pulses); {
			if n, err = p.Take(pulses); err != nil {
				return fmt.Errorf("read pulses: %w", err)
			}
			for _, pulse := range pulses[:n] {
				r.pulse(pulse)
			}
		}
		now := mono()
		if b, news := r.look(now); news {
			observe(b)
		}
		if !r.busy {
			continue
		}
		timer.Reset(max(r.due()-now, time.Millisecond))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// rate turns pulses into a frequency.
type rate struct {
	name string
	busy bool // pulses have been coming just now

	first, last time.Duration   // of those counted
	count       int             // after the first
	waves       []time.Duration // between them, the last 256
	seq         uint32
	total       uint64

	hz     float64 // as said; 0 while it stands still
	saidAt time.Duration
}

// pulse takes a pulse. One that follows the last within bounce is none.
func (r *rate) pulse(p Pulse) {
	lost := r.busy && p.Seq-r.seq != 1
	r.seq = p.Seq
	switch {
	case !r.busy || lost:
		r.busy = true
		r.begin(p.At)
	case p.At-r.last < bounce:
		return
	default:
		r.count++
		if len(r.waves) < 256 {
			r.waves = append(r.waves, p.At-r.last)
		}
	}
	r.last = p.At
	r.total++
}

func (r *rate) beat(hz float64, at time.Duration) Beat {
	return Beat{Name: r.name, Hz: hz, At: at, Pulses: r.total, Last: r.last}
}

// begin begins a measurement at a pulse.
func (r *rate) begin(at time.Duration) { r.first, r.count, r.waves = at, 0, r.waves[:0] }

// even says whether the half-waves are as alike as a machine that turns makes
// them. A contact that bounces may hit the right number of them in a second.
func (r *rate) even() bool {
	mean := float64(r.last-r.first) / float64(r.count)
	off := 0
	for _, w := range r.waves {
		if d := float64(w)/mean - 1; d > uneven || d < -uneven {
			off++
		}
	}
	return off*strays <= len(r.waves)
}

// cycle is the length of a cycle of the mains.
func (r *rate) cycle() time.Duration {
	if r.hz == 0 {
		return nominal
	}
	return time.Duration(float64(time.Second) / r.hz)
}

// due is when the next pulse must have come.
func (r *rate) due() time.Duration { return r.last + time.Duration(missed*float64(r.cycle())) }

// look judges what has come up to now, and says whether that is news.
func (r *rate) look(now time.Duration) (Beat, bool) {
	if now >= r.due() {
		cycle := r.cycle()
		r.busy, r.count = false, 0
		if r.hz == 0 {
			return Beat{}, false
		}
		r.hz, r.saidAt = 0, now
		return r.beat(0, r.last+cycle/2), true
	}
	span := r.last - r.first
	if r.count < few || r.hz != 0 && span < time.Second {
		return Beat{}, false
	}
	hz := float64(r.count) / span.Seconds() / 2
	even := r.even()
	r.begin(r.last)
	if hz < slowest || hz > fastest || !even {
		if r.hz == 0 {
			return Beat{}, false
		}
		hz = 0 // what swings now is something else
	}
	if d := hz - r.hz; d < changed && d > -changed && now-r.saidAt < RereadEvery {
		return Beat{}, false
	}
	r.hz, r.saidAt = hz, now
	return r.beat(hz, r.last), true
}

// say is what is so now, without news.
func (r *rate) say(now time.Duration) Beat {
	r.saidAt = now
	return r.beat(r.hz, now)
}
