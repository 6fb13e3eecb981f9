package status

import (
	"time"

	"infobus/logbook"
	"infobus/samples"
	"infobus/van"
)

// series are those of GET /api/v1/samples.
var series = map[string]samples.Series{
	"battery.percent":   samples.Percent,
	"battery.volts":     samples.Volts,
	"battery.amps":      samples.Amps,
	"generator":         samples.Generator,
	"internet":          samples.Internet,
	"temperature.panel": samples.Celsius,
	"temperature.board": samples.Board,
	"memory":            samples.Memory,
}

// IsSeries says whether there is a series of that name.
func IsSeries(name string) bool { _, ok := series[name]; return ok }

// SamplesOf are a series' points, oldest first: what the logbook has of the time before
// those that are held in memory, and these. While nobody can tell when something was
// measured, it is left out.
func SamplesOf(state van.State, recorded []logbook.Event, held []samples.Point, name string) []Sample {
	s, ok := series[name]
	if !ok {
		return nil
	}
	var list []Sample
	add := func(at time.Time, v samples.Values) {
		one := Sample{At: at.UTC()}
		if v.Known(s) {
			one.Value = ptr(v[s])
		}
		list = append(list, one)
	}
	var begin time.Time
	if len(held) > 0 {
		begin, _ = state.WallAt(held[0].To)
	}
	for _, e := range recorded {
		if v, ok := van.SampledOf(e); ok && !e.At.IsZero() && (begin.IsZero() || e.At.Before(begin)) {
			add(e.At, v)
		}
	}
	for _, p := range held {
		if at, ok := state.WallAt(p.To); ok {
			add(at, p.Values)
		}
	}
	return list
}
