package clock

import (
	"context"
	"time"

	"infobus/reading"
)

// Watch asks the kernel whether its clock is kept by a time server until it is:
// what is gained lasts for the boot. Then it says so once, and how far the wall
// clock was set since Watch began; that is unknown where it was kept already.
func Watch(ctx context.Context, observe func(set reading.Reading[time.Duration])) error {
	return watch(ctx, Synchronised, func() (time.Time, time.Duration) { return time.Now().Round(0), Mono() }, observe)
}

func watch(ctx context.Context, synchronised func() bool, now func() (wall time.Time, mono time.Duration), observe func(reading.Reading[time.Duration])) error {
	wall, mono := now()
	var set reading.Reading[time.Duration]
	for delay := time.Second; !synchronised(); delay = min(2*delay, 30*time.Second) {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return ctx.Err()
		}
		w, m := now()
		set = reading.Of(w.Sub(wall)-(m-mono), m)
	}
	observe(set)
	<-ctx.Done()
	return ctx.Err()
}
