package netmon

import "time"

// Doubt says when all is to be asked at once, because something was answered otherwise
// than before. In a full queue that happens by chance, again and again: each time that all
// was asked for it the next must wait twice as long, until there was none for a while, or
// the queue is full no more (Calm). The zero value has no doubt. Times are of any one clock.
type Doubt struct {
	open  bool
	came  time.Duration // the last one
	asked time.Duration // when all was asked last, for whatever reason
	gap   time.Duration
}

const (
	doubtGap, doubtGapMost = 3 * time.Second, 48 * time.Second
	doubtEnds              = time.Minute
)

// Raise notes a doubt.
func (d *Doubt) Raise(now time.Duration) {
	if d.gap == 0 || now-d.came >= doubtEnds {
		d.gap = doubtGap
	}
	d.open, d.came = true, now
}

// Calm has the next doubt wait no longer than the first.
func (d *Doubt) Calm() { d.gap = doubtGap }

// Due says whether all is to be asked now for a doubt, or in how long; 0 and false where
// there is none.
func (d *Doubt) Due(now time.Duration) (due bool, in time.Duration) {
	if !d.open {
		return false, 0
	}
	if in = d.asked + d.gap - now; in > 0 {
		return false, in
	}
	return true, 0
}

// Asked notes that all is asked: for a doubt, if one was due.
func (d *Doubt) Asked(now time.Duration) {
	if due, _ := d.Due(now); due {
		d.open, d.gap = false, min(2*d.gap, doubtGapMost)
	}
	d.asked = now
}
