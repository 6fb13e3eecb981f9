package temperature

import (
	"context"
	"log/slog"
	"time"
)

// every is how often the panel's temperature is read: seldom, since it changes
// slowly, and often enough that one reading may fail.
const every = 4 * time.Minute

// Watch reads again and again until ctx is done, and tells each reading, in °C, or
// why there is none.
func Watch(ctx context.Context, read func(context.Context) (float64, error), observe func(celsius float64, err error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for failed := false; ; {
		celsius, err := read(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		observe(celsius, err)
		if err != nil && !failed {
			slog.Warn("the panel's temperature is not known; its refreshes are full ones", "why", err)
		}
		failed = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
