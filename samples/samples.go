// Package samples holds what is measured again and again, in steps that grow with
// age: each look of the last ten minutes, at most one a second; a mean a minute for
// six hours; and a mean a quarter of an hour, which is given out to be recorded.
//
// In: Values, and when they were so (See). Out: Points. What is not known has no
// value, and counts for no mean. It is pure, and one goroutine's.
package samples

import (
	"math"
	"time"
)

// Series is one of the values that are measured.
type Series int

// The series.
const (
	Percent   Series = iota // of the battery, %
	Volts                   // of the battery
	Amps                    // above zero into the battery
	Generator               // 1 while one runs, 0 while none does
	Internet                // 1 while it works, 0 while it does not
	Celsius                 // at the panel
	Board                   // °C of the board's processor
	Memory                  // of the daemon, MB
	count
)

// Values are one of each series; NaN: not known.
type Values [count]float64

// Unknown are values of which none is known.
func Unknown() (v Values) {
	for i := range v {
		v[i] = math.NaN()
	}
	return v
}

// Known says whether the value of the series is known.
func (v Values) Known(s Series) bool { return !math.IsNaN(v[s]) }

// Point is what was so from a monotonic moment to another: means over the time for
// which each was known.
type Point struct {
	From, To time.Duration
	Values
}

const (
	looksFor    = 10 * time.Minute // for how long each look is held
	minutesFor  = 6 * 60           // how many minutes are
	quarter     = 15 * time.Minute
	mostWaiting = 96 // points that nobody has taken: a day
)

// Book holds the points. The zero Book is empty.
type Book struct {
	looks    []Point
	minutes  []Point
	quarters []Point // not taken yet
	minute   window
	quarter  window
}

// See takes the values that are so from the monotonic time now on.
func (b *Book) See(v Values, now time.Duration) {
	if n := len(b.looks); n == 0 || now-b.looks[n-1].To >= time.Second {
		old := 0
		for old < n && now-b.looks[old].To > looksFor {
			old++
		}
		b.looks = append(append(b.looks[:0], b.looks[old:]...), Point{now, now, v})
	}
	b.minute.see(v, now, time.Minute, func(p Point) { b.minutes = last(append(b.minutes, p), minutesFor) })
	b.quarter.see(v, now, quarter, b.wait)
}

// Close ends the quarter of an hour that is under way, if it has lasted for least.
func (b *Book) Close(now, least time.Duration) {
	if b.quarter.pass(now, quarter, b.wait); b.quarter.begun && now-b.quarter.from >= max(least, 1) {
		b.quarter.next(b.wait)
	}
}

func (b *Book) wait(p Point) { b.quarters = last(append(b.quarters, p), mostWaiting) }

// Waiting is how many quarters of an hour nobody has taken.
func (b *Book) Waiting() int { return len(b.quarters) }

// Take gives the quarters of an hour that were not given before.
func (b *Book) Take() []Point {
	taken := b.quarters
	b.quarters = nil
	return taken
}

// Points are those that are held, oldest first: minutes, then looks.
func (b *Book) Points() (list []Point) {
	begin := time.Duration(math.MaxInt64)
	if len(b.looks) > 0 {
		begin = b.looks[0].To
	}
	for _, p := range b.minutes {
		if p.To <= begin {
			list = append(list, p)
		}
	}
	return append(list, b.looks...)
}

// last is the list without those before its last most.
func last(list []Point, most int) []Point {
	if n := len(list) - most; n > 0 {
		return append(list[:0], list[n:]...)
	}
	return list
}

// window sums values up over a stretch of time.
type window struct {
	begun      bool
	from, at   time.Duration
	was        Values // since at
	sum, known Values // in units × s, and in s
}

// see takes the values from now on; done is given each window that has ended.
func (w *window) see(v Values, now, length time.Duration, done func(Point)) {
	if !w.begun {
		*w = window{begun: true, from: now, at: now}
	}
	w.pass(now, length, done)
	w.was = v
}

// pass has the values be so up to now.
func (w *window) pass(now, length time.Duration, done func(Point)) {
	for w.begun && now-w.from >= length {
		w.add(w.from + length)
		w.next(done)
	}
	if w.begun {
		w.add(now)
	}
}

// add counts the values up to now.
func (w *window) add(now time.Duration) {
	dt := (now - w.at).Seconds()
	w.at = now
	for i, v := range w.was {
		if !math.IsNaN(v) {
			w.sum[i] += v * dt
			w.known[i] += dt
		}
	}
}

// next gives the window out, and begins another one with the values as they are.
func (w *window) next(done func(Point)) {
	p := Point{From: w.from, To: w.at, Values: Unknown()}
	for i := range p.Values {
		if w.known[i] > 0 {
			p.Values[i] = w.sum[i] / w.known[i]
		}
	}
	*w = window{begun: true, from: w.at, at: w.at, was: w.was}
	done(p)
}
