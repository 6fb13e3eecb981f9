package main

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"infobus/systemd"
	"infobus/van"
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
					return systemd.ErrRefused
				}
				done = append(done, word+" "+unit)
				return nil
			}
		}
		g := newTarget()
		g.start, g.stop = do("start"), do("stop")
		var said []van.DeviceSeen
		p := &part{name: "target", device: van.Target, run: g.run, delay: vanDelays, observe: func(v any) {
			if d, ok := v.(van.DeviceSeen); ok {
				said = append(said, d)
			}
		}}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Serve(ctx) }()

		g.set(true)
		synctest.Wait()
		refuse.Store(true)
		g.set(false)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if n := len(said); n < 2 || said[0].OK != true || said[n-1].OK || said[n-1].Reason != "denied" {
			t.Errorf("said %+v", said)
		}
		refuse.Store(false)
		g.set(true)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if want := []string{"start infobus-generator.target", "start infobus-generator.target"}; !slices.Equal(done, want) {
			t.Errorf("done %q, want %q", done, want)
		}
		if !said[len(said)-1].OK {
			t.Errorf("said %+v at last", said[len(said)-1])
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
