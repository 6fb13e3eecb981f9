package clock

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"infobus/reading"
)

func TestItIsSaidOnceHowFarTheClockWasSet(t *testing.T) {
	for _, c := range []struct {
		name  string
		after time.Duration // until a time server keeps it
		set   time.Duration // by so much, at that moment
		known bool
	}{
		{"kept already", 0, 0, false},
		{"set forward", 10 * time.Second, 3 * time.Hour, true},
		{"set back", 10 * time.Minute, -90 * time.Second, true},
		{"it was right", 3 * time.Second, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				kept := func() bool { return time.Since(begun) >= c.after }
				now := func() (time.Time, time.Duration) {
					wall := time.Now().Round(0)
					if kept() {
						wall = wall.Add(c.set)
					}
					return wall, time.Since(begun)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				var said []reading.Reading[time.Duration]
				if err := watch(ctx, kept, now, func(set reading.Reading[time.Duration]) { said = append(said, set) }); err == nil {
					t.Error("it ended by itself")
				}
				if len(said) != 1 {
					t.Fatalf("said %d times", len(said))
				}
				if set, known := said[0].Get(); known != c.known || set != c.set {
					t.Errorf("set by %v, known %v", set, known)
				}
			})
		})
	}
}
