package systemd

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"infobus/hw"
	"infobus/supervise"
)

// The target follows the generators; a refusal is said, tried again and, once a
// later word has come, forgotten.
func TestTheTargetFollowsTheGenerators(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var done []string
		var refuse atomic.Bool
		do := func(word string) func(context.Context, string) error {
			return func(_ context.Context, unit string) error {
				if refuse.Load() {
					return ErrRefused
				}
				done = append(done, word+" "+unit)
				return nil
			}
		}
		g := NewTarget("infobus-generator.target")
		g.start, g.stop, g.bus = do("start"), do("stop"), func(context.Context) {}
		var said []error
		p := &supervise.Part{Name: "target", Run: g.Run, Delays: supervise.Delays{First: time.Second, Most: time.Minute},
			Heard: func(err error) { said = append(said, err) }}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Serve(ctx) }()

		g.Set(true)
		synctest.Wait()
		refuse.Store(true)
		g.Set(false)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if n := len(said); n < 2 || said[0] != nil || hw.Reason(said[n-1]) != "denied" {
			t.Errorf("said %+v", said)
		}
		refuse.Store(false)
		g.Set(true)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if want := []string{"start infobus-generator.target", "start infobus-generator.target"}; !slices.Equal(done, want) {
			t.Errorf("done %q, want %q", done, want)
		}
		if said[len(said)-1] != nil {
			t.Errorf("said %+v at last", said[len(said)-1])
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// The daemon is started before the system bus: that it is missing is a fault only where
// the machine has been up for a while.
func TestTheBusIsWaitedForWhileTheMachineStarts(t *testing.T) {
	for _, c := range []struct {
		name           string
		comes, already time.Duration // of the machine's start; how long it has been up
		waits          time.Duration
	}{
		{"it is there", 0, 10 * time.Second, 0},
		{"it comes", 25 * time.Second, 7 * time.Second, 18 * time.Second},
		{"it does not come", time.Hour, 7 * time.Second, busWait - 7*time.Second},
		{"it was lost, in a machine that has been up for an hour", 2 * time.Hour, time.Hour, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				up := func() time.Duration { return c.already + time.Since(begun) }
				awaitBus(t.Context(), func() bool { return up() >= c.comes }, up)
				if waited := time.Since(begun); waited != c.waits {
					t.Errorf("it waited for %v, want %v", waited, c.waits)
				}
			})
		})
	}
}
