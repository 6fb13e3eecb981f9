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
		g.start, g.stop = do("start"), do("stop")
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
