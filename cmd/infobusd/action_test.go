package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"infobus/action"
	"infobus/logbook"
	"infobus/power"
	"infobus/reading/clock"
	"infobus/van"
	"infobus/van/kept"
	"infobus/van/loop"
)

// What must outlive a power cut is not said to be done while the card takes
// nothing; what need not is.
func TestAnActionThatTheCardDoesNotTakeIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := van.DefaultOptions()
		a := &appliance{options: o, keeper: kept.NewKeeper(t.TempDir())} // its keeper never runs
		a.loop = loop.New(o, van.New(o, van.Panel), clock.NewSystem(), func([]logbook.Event) {}, func(e van.Effect) {
			if k, ok := e.(van.Keep); ok {
				a.keeper.Keep(k.Kept)
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { a.loop.Run(ctx); close(ended) }()
		a.observe(power.Line{Active: true, At: clock.Mono()})
		for _, c := range []struct {
			durable bool
			want    action.Refusal
			waits   time.Duration
		}{{false, action.Taken, 0}, {true, action.NotKept, keepWithin}} {
			begun := time.Now()
			got := a.act(t.Context(), action.Row{Name: action.Longer, Durable: c.durable}, action.Asked{Name: action.Longer})
			if took := time.Since(begun); got != c.want || took != c.waits {
				t.Errorf("durable %v: %q after %s, want %q after %s", c.durable, got, took, c.want, c.waits)
			}
		}
		cancel()
		<-ended
		if got := a.act(t.Context(), action.Row{Name: action.Longer}, action.Asked{Name: action.Longer}); got != action.NoAnswer {
			t.Errorf("once the daemon ends: %q", got)
		}
	})
}
