package status

import (
	"sync"
	"time"

	"infobus/power"
	"infobus/van"
)

// Series holds the battery's last hours in memory: one point a minute.
type Series struct {
	mu   sync.Mutex // guards list
	list []point
}

type point struct {
	at    time.Duration // monotonic
	value power.Sample
}

// seriesLength is how many minutes are kept.
const seriesLength = 6 * 60

// Add takes a sample; those that follow it within a minute are not kept.
func (s *Series) Add(v power.Sample, at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.list); n > 0 && at-s.list[n-1].at < time.Minute {
		return
	}
	if len(s.list) == seriesLength {
		s.list = append(s.list[:0], s.list[1:]...)
	}
	s.list = append(s.list, point{at, v})
}

// Samples are those of battery.volts or battery.amps, oldest first; none while
// nobody can tell when they were taken, false where there is no such series.
func (s *Series) Samples(state van.State, name string) ([]Sample, bool) {
	value := map[string]func(power.Sample) float64{
		"battery.volts": func(v power.Sample) float64 { return v.Volts },
		"battery.amps":  func(v power.Sample) float64 { return v.Amps },
	}[name]
	if value == nil {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Sample{}
	for _, p := range s.list {
		if wall, ok := state.WallAt(p.at); ok {
			list = append(list, Sample{At: wall.UTC(), Value: ptr(value(p.value))})
		}
	}
	return list, true
}
