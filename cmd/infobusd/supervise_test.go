package main

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"infobus/netmon/meraki"
)

func TestWhatOnlyAPersonCanPutRightIsTriedOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		count := func(err error) (runs int) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour+time.Minute)
			defer cancel()
			p := &part{name: "dashboard", delay: vanDelays, observe: func(any) {}, run: func(context.Context, func()) error {
				runs++
				return err
			}}
			p.Serve(ctx)
			return runs
		}
		if n := count(rarely{fmt.Errorf("ask: %w", meraki.ErrKey)}); n != 4 {
			t.Errorf("a refused key is tried %d times in 3 h, want 4", n)
		}
		if n := count(meraki.ErrAnswer); n < 100 {
			t.Errorf("a failure that may pass is tried %d times in 3 h", n)
		}
	})
}
