package power

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The whole way down, without a page: announced, last page, left, off.
func TestTheWayDownHasItsOrder(t *testing.T) {
	o := options()
	state, _ := observe(t, o, "1-10 still+empty")
	if !state.Shutdown.Pending || state.Shutdown.Begun {
		t.Fatalf("announced: %+v", state.Shutdown)
	}
	if _, off := state.Leave(true); off {
		t.Error("off during the countdown: the page of another moment is no last page")
	}
	state, _ = observe(t, o, "1-30 still+empty")
	if !state.Shutdown.Begun || state.Shutdown.HandedOver {
		t.Fatalf("last page: %+v", state.Shutdown)
	}
	state, off := state.Leave(false)
	if off || state.Shutdown.HandedOver {
		t.Error("off before the last page is done")
	}
	if state, off = state.Leave(true); !off || !state.Shutdown.HandedOver {
		t.Error("the last page is done, and the box stays")
	}
	if _, off := state.Leave(true); off {
		t.Error("told to power off twice")
	}
	now := 40 * time.Second
	for range 3 {
		now += 5 * time.Second
		state, _ = Step(o, state, words["runs"](now), now)
	}
	if !state.Shutdown.HandedOver {
		t.Error("the log-in manager is told already: a generator comes too late, and finds the box restarting")
	}
	if state, _ = Step(o, state, Refused{}, now); state.Shutdown != (Shutdown{}) {
		t.Errorf("refused: %+v", state.Shutdown)
	}
}

// A generator that returns at any moment before the box has left takes it back.
func TestAGeneratorThatReturnsFindsTheBoxOn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		o := options()
		state, now, back := New(o), time.Second, time.Second+time.Duration(r.Int64N(int64(60*time.Second)))
		left := time.Duration(0)
		for ; now < 90*time.Second; now += time.Second {
			word := "still"
			if now >= back {
				word = "runs"
			}
			state, _ = Step(o, state, words[word](now), now)
			state, _ = Step(o, state, critical, now)
			// The panel takes 5 s for its last page.
			off := false
			if state, off = state.Leave(state.Shutdown.Begun && now >= state.Shutdown.At+5*time.Second); off {
				left = now
			}
		}
		if left != 0 && left > back+o.StartAfter {
			t.Errorf("a generator came back at %s, and the box left at %s", back, left)
		}
		if left == 0 && (state.Shutdown.Pending || back < 20*time.Second && state.Shutdown.Begun) {
			t.Errorf("a generator came back at %s: %+v", back, state.Shutdown)
		}
	}
}
