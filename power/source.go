package power

import (
	"fmt"
	"slices"
	"time"
)

// Source is what feeds the van. The zero Source is unknown.
type Source uint8

const (
	SourceUnknown Source = iota
	SourceGenerator
	SourceBattery
)

var sources = []string{SourceUnknown: "unknown", SourceGenerator: "generator", SourceBattery: "battery"}

func (s Source) String() string {
	if int(s) < len(sources) {
		return sources[s]
	}
	return fmt.Sprintf("Source(%d)", s)
}

// MarshalText gives the source's word in the API: generator, battery or unknown.
func (s Source) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word that MarshalText gives.
func (s *Source) UnmarshalText(b []byte) error {
	i := slices.Index(sources, string(b))
	if i < 0 {
		return fmt.Errorf("source %q is none of generator, battery, unknown", b)
	}
	*s = Source(i)
	return nil
}

// Source is generator where at least one is known to run, battery where all are
// known to stand still and the battery's current does not contradict it, else unknown.
func (s State) Source() Source {
	all := len(s.Generators) > 0
	for _, g := range s.Generators {
		running, ok := g.Running.Get()
		if ok && running {
			return SourceGenerator
		}
		all = all && ok
	}
	if all && !s.Contradicted {
		return SourceBattery
	}
	return SourceUnknown
}

// StoppedAt is when the last generator stopped (monotonic); 0 unless all are
// known to stand still and one was seen to stop.
func (s State) StoppedAt() (at time.Duration) {
	if s.Source() == SourceBattery {
		for _, g := range s.Generators {
			at = max(at, g.Since)
		}
	}
	return at
}

// GeneratorID is a generator's index in the configuration, from 0.
type GeneratorID int

// String is the generator's name in lines, the API and metrics: generator-1.
func (id GeneratorID) String() string { return fmt.Sprintf("generator-%d", id.Number()) }

// Number is the generator's number in events and for people, from 1.
func (id GeneratorID) Number() int { return int(id) + 1 }

// GeneratorNumbered is the generator of that number, from 1.
func GeneratorNumbered(n int) GeneratorID { return GeneratorID(n - 1) }

// has says whether the van has that generator.
func (s State) has(id GeneratorID) bool { return id >= 0 && int(id) < len(s.Generators) }
