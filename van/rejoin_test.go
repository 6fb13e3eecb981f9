package van_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"infobus/action"
	"infobus/kiosk"
	"infobus/logbook"
	"infobus/power"
	"infobus/timetable"
	"infobus/van"
)

// cutBox is a box that loses its power, and what became of its sessions.
type cutBox struct {
	*box
	t     *testing.T
	table *timetable.Timetable
	fixed string // the configuration's site
	kept  van.Kept
	told  []string // begun, or why it ended and after how many minutes
}

func (c *cutBox) do(at time.Duration, values ...any) {
	for _, v := range values {
		c.see(at, v)
		for _, e := range c.events {
			switch e.Name {
			case logbook.SessionStarted:
				c.told = append(c.told, "started")
				if e.Mono <= 0 || e.Mono > at {
					c.t.Errorf("begun at %v, told at %v", e.Mono, at)
				}
			case logbook.SessionEnded:
				c.told = append(c.told, fmt.Sprint(e.Attributes["reason"], " ", e.Attributes["minutes"]))
			default:
				continue
			}
			if admitted, err := logbook.Admit(e); err != nil || len(admitted.Attributes) != len(e.Attributes) {
				c.t.Errorf("%v: %v", e, err)
			}
		}
		if k, ok := effect[van.Keep](c.box); ok {
			c.kept = k.Kept
		}
	}
}

// starts starts the daemon, in this boot or another, with what was kept as its file has it.
func (c *cutBox) starts(boot string, off, at time.Duration, trusted bool) {
	b, err := json.Marshal(c.kept)
	if err != nil {
		c.t.Fatal(err)
	}
	var back van.Kept
	if err := json.Unmarshal(b, &back); err != nil {
		c.t.Fatal(err)
	}
	c.box = &box{options: van.DefaultOptions(), boot: boot, off: off}
	c.options.Session.Site = c.fixed
	c.options.KeepEvery = time.Minute // so that what is told of a session that is over is near its end
	c.state = van.New(c.options, van.Panel)
	c.do(at, van.Started{Kept: back, Restored: true}, van.TimetableSeen{Timetable: c.table})
	if trusted {
		c.do(at, van.ClockSeen{Trusted: true, Source: "rtc"})
	}
}

// pass has a generator run or stand still.
func (c *cutBox) pass(from, to time.Duration, running bool) {
	amps := map[bool]float64{true: 8, false: -2}[running]
	for at := from; at <= to; at += 10 * time.Second {
		c.do(at, power.Line{Active: running, At: at}, power.Sample{Volts: 12.7, Amps: amps})
	}
}

// clock is a moment of this boot as the wall clock has it, to the second.
func (c *cutBox) clock(at time.Duration) string {
	return monday.Add(c.off + at).Round(time.Second).Format(time.TimeOnly)
}

// A session outlives a power cut with its site, its end and what it came to, also
// where the clock is trusted only later. One that is over, or may be another, ends
// with a summary of its own; none is told of twice.
func TestASessionOutlivesAPowerCut(t *testing.T) {
	const min, s = time.Minute, time.Second
	// The plan of the example has this one at moulin until 11:30.
	confirmed := func(c *cutBox) {
		c.starts("one", 0, s, true)
		c.pass(2*s, 2*min, true)
		c.do(3*min, action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "quai"}}, action.Asked{Name: action.Longer})
		c.pass(3*min, 10*min+2*s, true)
	}
	tests := []struct {
		name string
		play func(*cutBox)
		told []string
		site string // "" where none is on
		till string
		days int
	}{
		{"and goes on", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 15*min, s, true)
			c.pass(2*s, 5*min, true)
		}, []string{"started"}, "quai", "", 1},
		{"before any generator is seen", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 15*min, s, true)
		}, []string{"started"}, "quai", "", 1},
		{"and a clock that is trusted later", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 15*min, s, false)
			c.pass(2*s, 5*min, true)
			c.do(5*min+s, van.ClockSeen{Trusted: true, Source: "timesyncd"})
			c.pass(5*min+2*s, 6*min, true)
		}, []string{"started"}, "quai", "", 1},
		{"and what a volunteer says before the clock is trusted", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 15*min, s, false)
			c.pass(2*s, min, true)
			c.do(min, action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "oyats"}}, action.Asked{Name: action.Longer})
			c.do(5*min, van.ClockSeen{Trusted: true, Source: "timesyncd"})
		}, []string{"started"}, "oyats", "30m", 1},
		{"twice, the first time without a trusted clock", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 15*min, s, false)
			c.pass(2*s, 5*min, true)
			c.starts("three", 25*min, s, true)
			c.pass(2*s, min, true)
		}, []string{"started"}, "quai", "", 1},
		{"and a restart of the daemon before the clock is trusted", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 15*min, s, false)
			c.pass(2*s, 5*min, true)
			c.starts("two", 15*min, 6*min, false)
			c.pass(6*min+s, 7*min, true)
			c.do(8*min, van.ClockSeen{Trusted: true, Source: "timesyncd"})
		}, []string{"started"}, "quai", "", 1},
		{"and a restart of the daemon before it, cut before the clock is trusted", func(c *cutBox) {
			confirmed(c)
			c.starts("one", 0, 11*min, false)
			c.pass(11*min+s, 13*min, true)
			c.starts("two", 15*min, s, true)
			c.pass(2*s, min, true)
		}, []string{"started"}, "quai", "", 1},
		{"and a restart of the daemon after it", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 15*min, s, true)
			c.pass(2*s, 5*min, true)
			c.starts("two", 15*min, 6*min, true)
			c.pass(6*min+s, 7*min, true)
		}, []string{"started"}, "quai", "", 1},
		{"to its end", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 15*min, s, true)
			c.pass(2*s, 5*min, true)
			c.do(5*min, action.Asked{Name: action.EndSession})
		}, []string{"started", "volunteer 20"}, "", "", 1},
		{"while refuelling", func(c *cutBox) {
			confirmed(c)
			c.pass(10*min+10*s, 15*min, false)
			c.starts("two", 22*min, s, true)
			c.pass(2*s, 3*min, false)
			c.pass(3*min+s, 4*min, true)
		}, []string{"started"}, "quai", "", 1},
		{"while refuelling, which lasts too long", func(c *cutBox) {
			confirmed(c)
			c.pass(10*min+10*s, 15*min, false)
			c.starts("two", 22*min, s, true)
			c.pass(2*s, 21*min, false)
		}, []string{"started", "generators-stopped 42"}, "", "", 1},
		{"but not one without a generator for long", func(c *cutBox) {
			confirmed(c)
			c.options.KeepEvery = time.Hour
			c.pass(10*min+10*s, 15*min, false)
			c.starts("two", 40*min, s, true)
			c.pass(2*s, min, true)
		}, []string{"started", "generators-stopped 12", "started"}, "moulin", "other", 2},
		{"but not its end", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 9*time.Hour, s, true)
			c.pass(2*s, min, false)
		}, []string{"started", "planned 10"}, "", "", 1},
		{"but not its end, which is known only later", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 9*time.Hour, s, false)
			c.pass(2*s, 5*min, true)
			c.do(6*min, van.ClockSeen{Trusted: true, Source: "timesyncd"})
		}, []string{"started", "planned 10", "started"}, "-", "other", 2},
		{"but not its end, after a second one without a trusted clock", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 15*min, s, false)
			c.pass(2*s, 5*min+s, true)
			c.starts("three", 9*time.Hour, s, true)
		}, []string{"started", "planned 14"}, "", "", 1},
		{"unless the clock is never trusted", func(c *cutBox) {
			confirmed(c)
			c.starts("two", 15*min, s, false)
			c.pass(2*s, 5*min, true)
			c.do(5*min+s, action.Asked{Name: action.EndSession})
			c.do(6*min, van.ClockSeen{Trusted: true, Source: "timesyncd"})
		}, []string{"started", "generators-stopped 10", "started", "volunteer 5"}, "", "", 2},
		{"unless the clock went back", func(c *cutBox) {
			confirmed(c)
			c.starts("two", -time.Hour, s, true)
			c.pass(2*s, min, false)
		}, []string{"started", "generators-stopped 10"}, "", "", 1},
		{"unless it was kept without a trusted clock", func(c *cutBox) {
			c.starts("one", 0, s, false)
			c.pass(2*s, 10*min+2*s, true)
			c.starts("two", 15*min, s, true)
			c.pass(2*s, min, true)
		}, []string{"started", "generators-stopped 10", "started"}, "moulin", "other", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := &cutBox{t: t, table: table(t)}
			confirmed(c)
			since, till := c.clock(c.state.Session.Since), c.clock(c.state.Session.Until)
			c.told, c.kept = nil, van.Kept{}
			test.play(c)
			on := c.state.Session
			if !slices.Equal(c.told, test.told) {
				t.Errorf("told %q, want %q", c.told, test.told)
			}
			if on.Active != (test.site != "") || on.Active && test.site != "-" && on.Site != test.site {
				t.Fatalf("the session is %+v at %v", on, c.state.Now.Mono)
			}
			if c.state.Interrupted() || on.Active && test.till != "other" {
				longer, _ := time.ParseDuration("0" + test.till)
				if got := [3]string{on.Named(), c.clock(on.Since), c.clock(on.Until - longer)}; c.state.Interrupted() || got != [3]string{test.site, since, till} {
					t.Errorf("it is %q, left %v; want %q since %s until %s", got, c.state.Interrupted(), test.site, since, till)
				}
				if on.Tally.In < 10 || on.Since >= c.state.Now.Mono {
					t.Errorf("it came to %+v", on)
				}
			}
			days := 0
			for _, d := range c.state.Days.All() {
				days += d.Sessions
			}
			if days != test.days {
				t.Errorf("the days have %d sessions, want %d", days, test.days)
			}
		})
	}
}

// The site that the configuration names is no volunteer's word: where the plan
// names another, or a volunteer did, neither a power cut nor a restart puts it in
// that one's place.
func TestTheConfiguredSiteTakesNoOthersPlace(t *testing.T) {
	const min, s = time.Minute, time.Second
	for name, test := range map[string]struct {
		play func(*cutBox)
		site string
		sure bool
	}{
		"the plan's, over a power cut": {func(c *cutBox) {
			c.starts("one", 0, s, true)
			c.pass(2*s, 10*min, true)
			c.starts("two", 15*min, s, false)
			c.pass(2*s, 5*min, true)
			c.do(6*min, van.ClockSeen{Trusted: true, Source: "timesyncd"})
		}, "moulin", false},
		"the plan's, that comes after a restart": {func(c *cutBox) {
			c.starts("one", 0, s, false)
			c.pass(2*s, 5*min, true)
			c.starts("one", 0, 6*min, false)
			c.pass(6*min+s, 7*min, true)
			c.do(8*min, van.ClockSeen{Trusted: true, Source: "timesyncd"})
		}, "moulin", false},
		"a volunteer's, over a power cut": {func(c *cutBox) {
			c.starts("one", 0, s, true)
			c.pass(2*s, 2*min, true)
			c.do(3*min, action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "oyats"}})
			c.pass(3*min, 10*min, true)
			c.starts("two", 15*min, s, false)
			c.pass(2*s, 5*min, true)
			c.do(6*min, van.ClockSeen{Trusted: true, Source: "timesyncd"})
		}, "oyats", true},
		"a volunteer's, said before the plan and a restart": {func(c *cutBox) {
			c.starts("one", 0, s, false)
			c.pass(2*s, 2*min, true)
			c.do(3*min, action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "oyats"}})
			c.starts("one", 0, 6*min, false)
			c.pass(6*min+s, 7*min, true)
			c.do(8*min, van.ClockSeen{Trusted: true, Source: "timesyncd"})
		}, "oyats", true},
	} {
		c := &cutBox{t: t, table: table(t), fixed: "quai"}
		test.play(c)
		if on := c.state.Session; !on.Active || on.Site != test.site || on.Confirmed != test.sure {
			t.Errorf("%s: %q, confirmed %v; want %q, %v", name, on.Site, on.Confirmed, test.site, test.sure)
		}
	}
}

// A session that was kept by an earlier version, without when, ends with no time
// below zero.
func TestASessionThatWasKeptWithoutWhen(t *testing.T) {
	c := &cutBox{t: t, table: table(t)}
	c.kept = van.Kept{Boot: "one", Session: &van.KeptSession{Site: "quai", Since: time.Hour, Until: 3 * time.Hour}}
	c.starts("two", 0, time.Second, true)
	if want := []string{"generators-stopped 0"}; !slices.Equal(c.told, want) {
		t.Errorf("told %q, want %q", c.told, want)
	}
}

// The closing page of a session in which no generator was seen since the power came
// back says until when the van was there, not when the box was started.
func TestTheClosingPageAfterAPowerCut(t *testing.T) {
	const min, s = time.Minute, time.Second
	c := &cutBox{t: t, table: table(t)}
	c.starts("one", 0, s, true)
	c.pass(2*s, 2*min, true)
	c.do(3*min, action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: "quai"}})
	c.pass(3*min, 10*min, true)
	c.starts("two", 15*min, s, true)
	c.do(2*s, van.DeviceSeen{Name: van.Panel, OK: true})
	c.pass(3*s, 5*min, false)
	c.do(5*min, action.Asked{Name: action.EndSession})
	var last kiosk.Draw
	for at := 5*min + s; at < 20*min; at += 30 * s {
		d, ok := effect[kiosk.Draw](c.box)
		if ok && d.Page.Name == kiosk.Closing {
			if off := d.Page.Until.Sub(monday.Add(c.off + 5*min)).Abs(); off > min {
				t.Errorf("the van was there until %s, %s off", d.Page.Until, off)
			}
			return
		}
		if ok {
			last = d
		}
		c.do(at, kiosk.Drawn{Page: last.Page, Cause: last.Cause, Waveform: last.Waveform, Took: 4 * s})
	}
	t.Error("no closing page was drawn")
}
