package session

import (
	"slices"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/power"
	"infobus/tally"
)

func TestSession(t *testing.T) {
	const min = time.Minute
	type at struct {
		when time.Duration
		in   Input
	}
	run, stop, lost := Input{Source: power.SourceGenerator}, Input{Source: power.SourceBattery}, Input{Source: power.SourceUnknown}
	north := Input{Source: power.SourceGenerator, Plan: &Plan{Site: "north", Remaining: 100 * min}}
	day := Input{Source: power.SourceGenerator, Plan: &Plan{Site: "moulin", Remaining: 240 * min}}
	begin := func(in Input) Input { in.Begin = true; return in }
	longer := func(in Input) Input { in.Longer = 30 * min; return in }
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
		{"the plan of the next session does not take over", []at{{2 * min, north}, {3 * min, Input{Source: power.SourceGenerator, Plan: &Plan{Site: "south", Remaining: 500 * min}}}},
			[]string{"started"}, true, "north", 102 * min},
		{"refuelling is not an end", []at{{1 * min, run}, {10 * min, stop}, {29 * min, run}, {31 * min, run}}, []string{"started"}, true, "", 151 * min},
		{"no generator for 20 minutes is", []at{{1 * min, run}, {10 * min, stop}, {30 * min, stop}}, []string{"started", "generators-stopped"}, false, "", 0},
		{"a lost line ends none", []at{{1 * min, run}, {10 * min, lost}, {60 * min, lost}}, []string{"started"}, true, "", 151 * min},
		{"the planned end is one, and the generator that still runs begins no other",
			[]at{{2 * min, north}, {102 * min, run}, {103 * min, run}, {104 * min, lost}, {105 * min, run}}, []string{"started", "planned"}, false, "", 0},
		{"the next start begins another", []at{{2 * min, north}, {102 * min, run}, {103 * min, stop}, {104 * min, run}}, []string{"started", "planned", "started"}, true, "", 254 * min},
		{"a volunteer makes it longer, and a plan that ends earlier takes nothing of it back",
			[]at{{2 * min, run}, {3 * min, Input{Source: power.SourceGenerator, Longer: 30 * min}}, {4 * min, north}, {153 * min, run}}, []string{"started"}, true, "north", 182 * min},
		{"what a volunteer asked for twice before the plan was known is added to its end",
			[]at{{2 * min, run}, {3 * min, Input{Source: power.SourceGenerator, Longer: 30 * min}}, {4 * min, Input{Source: power.SourceGenerator, Longer: 30 * min}}, {5 * min, day}, {6 * min, day}},
			[]string{"started"}, true, "moulin", 305 * min},
		{"asked for as the plan comes", []at{{2 * min, run}, {3 * min, longer(day)}}, []string{"started"}, true, "moulin", 273 * min},
		{"asked for after it", []at{{2 * min, day}, {3 * min, longer(day)}, {4 * min, day}}, []string{"started"}, true, "moulin", 272 * min},
		{"one that a volunteer says to be on does not end because no generator is seen", []at{{1 * min, stop}, {2 * min, begin(stop)}, {60 * min, stop}}, []string{"started"}, true, "", 152 * min},
		{"nor where the lines are lost", []at{{1 * min, lost}, {2 * min, begin(lost)}, {60 * min, stop}}, []string{"started"}, true, "", 152 * min},
		{"once a generator was seen to run its stop counts again", []at{{2 * min, begin(stop)}, {10 * min, run}, {20 * min, stop}, {40 * min, stop}},
			[]string{"started", "generators-stopped"}, false, "", 0},
		{"one that ended as planned under a running generator is reopened where it was, for half an hour",
			[]at{{2 * min, north}, {3 * min, Input{Source: power.SourceGenerator, Site: "south"}}, {102 * min, run}, {104 * min, begin(run)}, {110 * min, day}},
			[]string{"started", "planned", "started"}, true, "south", 134 * min},
		{"one that a volunteer ended too early is reopened until the plan's end",
			[]at{{2 * min, day}, {3 * min, Input{Source: power.SourceGenerator, End: true}}, {4 * min, begin(day)}}, []string{"started", "volunteer", "started"}, true, "moulin", 244 * min},
		{"a volunteer ends it", []at{{2 * min, run}, {3 * min, Input{Source: power.SourceGenerator, End: true}}, {4 * min, run}}, []string{"started", "volunteer"}, false, "", 0},
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

// The plan names a site, and a volunteer makes it certain or says another: until
// then it is not told. No event says it.
func TestTheSiteIsToldOnceItIsCertain(t *testing.T) {
	const min = time.Minute
	north, south := &Plan{Site: "north", Remaining: 100 * min}, &Plan{Site: "south", Remaining: 100 * min}
	tests := []struct {
		name        string
		fixed       string
		inputs      []Input
		site, named string
	}{
		{"nothing is known", "", []Input{{}}, "", ""},
		{"the plan alone", "", []Input{{Plan: north}, {Plan: north}}, "north", ""},
		{"the plan, confirmed", "", []Input{{Plan: north}, {Plan: north, Site: "north"}, {Plan: north}}, "north", "north"},
		{"the plan, changed", "", []Input{{Plan: north}, {Plan: north, Site: "south"}, {Plan: north}}, "south", "south"},
		{"changed twice", "", []Input{{Plan: north}, {Site: "south"}, {Site: "north"}}, "north", "north"},
		{"a volunteer knows it before the plan does", "", []Input{{}, {Site: "south"}, {Plan: north}}, "south", "south"},
		{"the configuration, without a plan", "south", []Input{{}, {}}, "south", "south"},
		{"the configuration and a plan that agrees", "north", []Input{{Plan: north}}, "north", "north"},
		{"the configuration and a plan that does not", "south", []Input{{Plan: north}}, "north", ""},
		{"the configuration, and later a plan that does not agree", "south", []Input{{}, {Plan: north}}, "north", ""},
		{"a volunteer says the same as the configuration, and the plan comes later", "south", []Input{{}, {Site: "south"}, {Plan: north}}, "south", "south"},
		{"the plan of the next session changes nothing", "", []Input{{Plan: north}, {Site: "north"}, {Plan: south}}, "north", "north"},
		{"a new session is to be confirmed anew", "", []Input{{Plan: north}, {Site: "north"}, {End: true}, {Source: power.SourceBattery}, {Plan: north}}, "north", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := DefaultOptions()
			o.Site = test.fixed
			var s State
			for i, in := range test.inputs {
				if in.Source == power.SourceUnknown {
					in.Source = power.SourceGenerator
				}
				var events []logbook.Event
				s, events = Step(o, s, in, time.Duration(i+1)*min)
				for _, e := range events {
					for key, v := range e.Attributes {
						if v == "north" || v == "south" {
							t.Errorf("%s says %s: %v", e.Name, key, v)
						}
					}
				}
			}
			if s.Site != test.site || s.Named() != test.named {
				t.Errorf("site %q, told %q; want %q, %q", s.Site, s.Named(), test.site, test.named)
			}
			if again := Resume(s.Site, s.Confirmed, s.Since, s.Until); s.Active && again.Named() != test.named {
				t.Errorf("after a restart %q is told", again.Named())
			}
		})
	}
}

// What a session came to: what was not known for long is left out, and what an
// earlier process counted is not lost.
func TestTheSummaryOfASession(t *testing.T) {
	const min = time.Minute
	play := func(change func(minute int, in *Input)) map[string]any {
		var s State
		for minute := 1; ; minute++ {
			in := Input{Source: power.SourceGenerator, End: minute == 101,
				Moment: tally.Moment{Measured: true, In: float64(minute) * 2, Out: 7, Judged: true, Internet: minute%4 != 0, Devices: minute % 90}}
			change(minute, &in)
			var events []logbook.Event
			s, events = Step(DefaultOptions(), s, in, time.Duration(minute)*min)
			for _, e := range events {
				if e.Name == logbook.SessionEnded {
					if admitted, err := logbook.Admit(e); err != nil || len(admitted.Attributes) != len(e.Attributes) {
						t.Errorf("%v: %v", e, err)
					}
					return e.Attributes
				}
			}
			if minute == 50 { // the daemon is started again
				tally := s.Tally
				s = Resume("", false, s.Since, s.Until)
				s.Tally = tally
			}
		}
	}
	all := play(func(int, *Input) {})
	if all["in_wh"] != 198.0 || all["out_wh"] != 0.0 || all["internet_percent"] != 75.0 || all["devices"] != 89 || all["minutes"] != 100.0 {
		t.Errorf("all known: %v", all)
	}
	part := play(func(minute int, in *Input) {
		if minute > 20 && minute < 60 {
			in.Measured, in.Judged = false, false
		}
		in.Devices = -1
	})
	for _, key := range []string{"in_wh", "out_wh", "internet_percent", "devices"} {
		if v, is := part[key]; is {
			t.Errorf("%s is %v, and it was not known for long", key, v)
		}
	}
}
