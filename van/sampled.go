package van

import (
	"math"

	"infobus/logbook"
	"infobus/power"
	"infobus/samples"
)

// Sampled is what was measured for a quarter of an hour, or until something cut it
// short.
type Sampled struct{ samples.Point }

// Values are what is measured again and again; what the state does not know is left
// unknown.
func (s State) Values() samples.Values {
	v := samples.Unknown()
	if p, ok := s.Power.Percent.Get(); ok {
		v[samples.Percent] = p
	}
	if b, ok := s.Power.Battery.Get(); ok {
		v[samples.Volts], v[samples.Amps] = b.Volts, b.Amps
	}
	if source := s.Power.Source(); source != power.SourceUnknown {
		v[samples.Generator] = share(source == power.SourceGenerator)
	}
	if s.internetJudged() {
		v[samples.Internet] = share(s.Uplink.Verdict.Usable())
	}
	if c, ok := s.Temperature.Get(); ok {
		v[samples.Celsius] = c
	}
	return v
}

func share(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// sampledAs are the attributes, with how many units are one of theirs, and what they
// are rounded to.
var sampledAs = [...]struct {
	key       string
	of, round float64
}{
	samples.Percent:   {"percent", 1, 1},
	samples.Volts:     {"volts", 1, 0.01},
	samples.Amps:      {"amps", 1, 0.1},
	samples.Generator: {"generator_percent", 100, 1},
	samples.Internet:  {"internet_percent", 100, 1},
	samples.Celsius:   {"celsius", 1, 0.5},
	samples.Board:     {"board_celsius", 1, 1},
	samples.Memory:    {"memory_mb", 1, 1},
}

// sampled records what was measured, at the time at which it ended.
func (s *State) sampled(v Sampled, out *Output) {
	attributes := map[string]any{}
	for i, as := range sampledAs {
		if v.Known(samples.Series(i)) {
			// Rounded by a division, so that it is written with few digits.
			attributes[as.key] = math.Round(v.Point.Values[i]*as.of/as.round) / (1 / as.round)
		}
	}
	if len(attributes) == 0 {
		return
	}
	attributes["minutes"] = math.Round((v.To - v.From).Minutes())
	out.event(logbook.Event{Mono: v.To, Name: logbook.VanSampled, Attributes: attributes})
}

// SampledOf are the values that such an event tells; false for another event.
func SampledOf(e logbook.Event) (samples.Values, bool) {
	v := samples.Unknown()
	if e.Name != logbook.VanSampled {
		return v, false
	}
	for i, as := range sampledAs {
		if n, ok := e.Attributes[as.key].(float64); ok {
			v[i] = n / as.of
		}
	}
	return v, true
}
