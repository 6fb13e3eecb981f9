package pairing

import "time"

// Door is where a PIN is given.
type Door int

const (
	Common Door = iota // where strangers come too
	Own                // the volunteers' own, behind a passphrase
)

const (
	// Digits is how long a PIN must be. A shorter one pairs one phone, and must then be
	// replaced.
	Digits = 6
	// Unlimited is from which length on every PIN is looked at, however many were wrong:
	// it cannot be guessed, so that guessing keeps nobody out.
	Unlimited = 12

	atOnce      = 20 // PINs of Digits that are looked at, after which there is one each
	every       = 10 * time.Minute
	shortAtOnce = 3 // of a shorter PIN

	// OpenFor is for how long the switch in the van lets openTries PINs be looked at,
	// however many were wrong.
	OpenFor   = 2 * time.Minute
	openTries = 100
)

// Guesses counts the PINs that were looked at at one door, for everybody together:
// behind an access point all phones may share one address, and addresses are not
// looked at. What is left grows by one in every, up to atOnce. The zero value has all.
type Guesses struct {
	spent int
	since time.Duration // monotonic: when the spent ones began to come back
}

// wait is how long no PIN is looked at.
func (g *Guesses) wait(now time.Duration, length int) time.Duration {
	if back := int((now - g.since) / every); back > 0 {
		g.spent = max(0, g.spent-back)
		g.since += time.Duration(back) * every
	}
	most := atOnce
	if length < Digits {
		most = shortAtOnce
	}
	if g.spent < most {
		return 0
	}
	return time.Duration(g.spent-most+1)*every - (now - g.since)
}

func (g *Guesses) take(now time.Duration) {
	if g.spent == 0 {
		g.since = now
	}
	g.spent++
}

// forget begins anew: the right PIN was given.
func (g *Guesses) forget() { g.spent = 0 }

// Open is a press of the switch inside the van: for a while PINs are looked at though
// others guess.
func (b *Book) Open(now Moment) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open, b.tries = now.Mono+OpenFor, openTries
}
