package session

import (
	"slices"
	"testing"
	"time"

	"infobus/logbook"
)

func TestSession(t *testing.T) {
	const min = time.Minute
	type at struct {
		when time.Duration
		in   Input
	}
	run, stop, lost := Input{Source: "generator"}, Input{Source: "battery"}, Input{Source: "unknown"}
	north := Input{Source: "generator", Plan: &Plan{Site: "north", Left: 100 * min}}
	tests := []struct {
		name   string
		inputs []at
		events []string
		active bool
		site   string
		until  time.Duration
	}{
		{"a generator begins one", []at{{1 * min, stop}, {2 * min, run}}, []string{"started"}, true, "", 152 * min},
		{"an unknown line begins none", []at{{1 * min, lost}}, nil, false, "", 0},
		{"the plan names the site and the end", []at{{2 * min, north}}, []string{"started"}, true, "north", 102 * min},
		{"the plan may be known later", []at{{2 * min, run}, {5 * min, north}}, []string{"started"}, true, "north", 105 * min},
		{"the plan of the next session does not take over", []at{{2 * min, north}, {3 * min, Input{Source: "generator", Plan: &Plan{Site: "south", Left: 500 * min}}}},
			[]string{"started"}, true, "north", 102 * min},
		{"refuelling is not an end", []at{{1 * min, run}, {10 * min, stop}, {29 * min, run}, {31 * min, run}}, []string{"started"}, true, "", 151 * min},
		{"no generator for 20 minutes is", []at{{1 * min, run}, {10 * min, stop}, {30 * min, stop}}, []string{"started", "generators-stopped"}, false, "", 0},
		{"a lost line ends none", []at{{1 * min, run}, {10 * min, lost}, {60 * min, lost}}, []string{"started"}, true, "", 151 * min},
		{"the planned end is one, and the generator that still runs begins no other",
			[]at{{2 * min, north}, {102 * min, run}, {103 * min, run}, {104 * min, lost}, {105 * min, run}}, []string{"started", "planned"}, false, "", 0},
		{"the next start begins another", []at{{2 * min, north}, {102 * min, run}, {103 * min, stop}, {104 * min, run}}, []string{"started", "planned", "started"}, true, "", 254 * min},
		{"a volunteer ends it", []at{{2 * min, run}, {3 * min, Input{Source: "generator", End: true}}, {4 * min, run}}, []string{"started", "volunteer"}, false, "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var (
				s    State
				told []string
			)
			for _, in := range test.inputs {
				var events []logbook.Event
				s, events = Step(DefaultOptions(), s, in.in, in.when)
				for _, e := range events {
					if e.Name == logbook.SessionStarted {
						told = append(told, "started")
					} else {
						told = append(told, e.Attributes["reason"].(string))
					}
				}
				if wake := s.Wake(DefaultOptions()); wake != 0 && wake <= in.when {
					t.Errorf("asked to be called at %s, and it is %s", wake, in.when)
				}
			}
			if !slices.Equal(told, test.events) || s.Active != test.active || s.Site != test.site || s.Until != test.until {
				t.Errorf("got %q, %+v\nwant %q, active %v, site %q, until %s", told, s, test.events, test.active, test.site, test.until)
			}
		})
	}
}
