package line

import "time"

// SetClock gives Meters another clock than the machine's, until the function it
// gives is called.
func SetClock(now func() time.Duration) (restore func()) {
	was := mono
	mono = now
	return func() { mono = was }
}
