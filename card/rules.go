package card

import (
	"errors"
	"fmt"
)

// ErrRunning says that the slot that runs is not to be called bad or written.
var ErrRunning = errors.New("that slot runs")

// next is the state, one write later.
func (s State) next() State {
	s.Seq++
	return s
}

// Primary is the slot that the next boot starts with.
func (s State) Primary() Slot {
	if s.Try != None && s.Left > 0 {
		return s.Try
	}
	return s.Good
}

// Counted is the state as U-Boot leaves it when it starts, and the order in which it
// tries the slots. It says the same as the script.
func (s State) Counted() (after State, order [2]Slot) {
	first := s.Primary()
	if first == s.Try && s.Try != None {
		s = s.next()
		s.Left--
	}
	return s, [2]Slot{first, first.Other()}
}

// SetPrimary has the slot be started next: on trial, unless it is the good one.
func (s State) SetPrimary(slot Slot) State {
	n := s.next()
	n.Bad = s.Bad.With(slot, false)
	n.Try, n.Left = slot, Trials
	if slot == s.Good {
		n.Try, n.Left = None, 0
	}
	return n
}

// SetGood confirms the slot: it is started from now on.
func (s State) SetGood(slot Slot) State {
	n := s.next()
	n.Good, n.Try, n.Left, n.Bad = slot, None, 0, s.Bad.With(slot, false)
	return n
}

// SetBad has the slot be started no more, unless nothing else can be: it is about to be
// written, or did not prove good. running is the slot that asks.
func (s State) SetBad(slot, running Slot) (State, error) {
	n := s.next()
	n.Bad = s.Bad.With(slot, true)
	if s.Try == slot {
		n.Try, n.Left = None, 0
	}
	if s.Good == slot {
		if running == slot || s.Bad.Has(slot.Other()) {
			return s, fmt.Errorf("slot %s: %w", slot, ErrRunning)
		}
		n.Good = slot.Other()
	}
	return n, nil
}

// IsGood says whether the slot is known to be good. One on trial is not yet.
func (s State) IsGood(slot Slot) bool { return s.Good == slot && !s.Bad.Has(slot) }

// Why a slot runs.
type Why string

// The reasons.
const (
	WhyGood    Why = "good"    // it is the good one
	WhyTrial   Why = "trial"   // it is on trial
	WhyUsedUp  Why = "used-up" // it is the good one; the other one's trials are used up
	WhyKernel  Why = "kernel"  // the other one's kernel could not be started
	WhyRoot    Why = "root"    // the other one's root is damaged
	WhyNoState Why = "no-state"
)

// WhyRuns says why U-Boot started the slot; s is the state as U-Boot left it.
func (s State) WhyRuns(slot Slot, health Health) Why {
	switch {
	case health == NoneRight || health == NeitherRead:
		return WhyNoState
	case s.Try == slot && s.Good != slot:
		return WhyTrial
	case s.Good != slot:
		return WhyKernel
	case s.Bad.Has(slot.Other()) && s.Try == None:
		return WhyRoot
	case s.Try == slot.Other() && s.Left > 0:
		return WhyKernel // U-Boot would have started that one
	case s.Try == slot.Other():
		return WhyUsedUp
	}
	return WhyGood
}

// Verdict is what the initramfs does once it has looked at the root.
type Verdict string

// The verdicts.
const (
	Run     Verdict = "run"
	Switch  Verdict = "switch" // write Decision.State, restart
	GiveUp  Verdict = "give-up"
	RunMark Verdict = "run-mark" // write Decision.State, run
)

// Decision is a verdict with the state that is to be written first.
type Decision struct {
	Verdict Verdict
	State   State
}

// Decide says what the initramfs of a slot does. s is the state as U-Boot left it, whole
// whether its root is, filled whether there is something in the other slot, writable
// whether the state can be written.
//
// It never starts for ever anew: each Switch names a slot as bad that was not, and where
// U-Boot was told to start the other slot and started this one, the other's kernel is
// damaged and no way out.
func Decide(s State, slot Slot, whole, filled, writable bool) Decision {
	other := slot.Other()
	switch {
	case whole && s.Bad.Has(slot) && writable:
		n := s.next()
		n.Bad = s.Bad.With(slot, false)
		return Decision{RunMark, n}
	case whole:
		return Decision{Run, s}
	case !filled || !writable || s.Bad.Has(other):
		return Decision{GiveUp, s}
	case s.Try != slot && s.Primary() == other: // U-Boot came here because that one's kernel is damaged
		return Decision{GiveUp, s}
	}
	n := s.next()
	n.Bad = s.Bad.With(slot, true)
	n.Good, n.Try, n.Left = other, None, 0
	return Decision{Switch, n}
}
