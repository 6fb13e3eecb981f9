package status

import (
	"strings"

	"infobus/words"
)

// Says is what is known of a generator in a line: whether it runs, how fast, its hours
// and when it wants looking after.
func (g Generator) Says(s *words.Speaker) string {
	var parts []string
	add := func(key string, args ...any) { parts = append(parts, s.Say("generator."+key, args...)) }
	switch at := hour(g.Since); {
	case g.State == "running" && at != "":
		add("running-since", "At", at)
	case g.State == "running":
		add("running")
	case g.State == "stopped" && at != "":
		add("stopped-since", "At", at)
	case g.State == "stopped":
		add("stopped")
	default:
		add("unknown")
	}
	if g.Hz != nil && (g.Speed == "under" || g.Speed == "over") {
		add(g.Speed, "Hz", s.Number(*g.Hz, 1))
	}
	if g.RunHours != nil && g.LongestH != nil {
		add("hours", "Hours", s.Number(*g.RunHours, 0), "Longest", s.Number(*g.LongestH, 1))
	}
	switch in := g.ServiceInH; {
	case in == nil:
	case *in < 0:
		add("overdue", "Hours", s.Number(-*in, 0))
	default:
		add("service-in", "Hours", s.Number(*in, 0))
	}
	return strings.Join(parts, ", ")
}

// generatorLines are the generators, as rows of a list.
func generatorLines(v View, s *words.Speaker) (all []Line) {
	for i, g := range v.Power.Generators {
		l := Line{Name: s.Say("generator.name", "N", i+1), Mood: "good", Word: g.Says(s), Age: v.Since(g.Since, s)}
		switch {
		case g.State == "unknown":
			l.Mood = "unknown"
		case g.Speed == "under" || g.Speed == "over", g.ServiceInH != nil && *g.ServiceInH < 0:
			l.Mood = "warn"
		}
		all = append(all, l)
	}
	return all
}
