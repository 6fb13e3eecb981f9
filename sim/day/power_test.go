package day

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/advice"
	"infobus/logbook"
	"infobus/power"
	"infobus/timetable"
	"infobus/van"
)

// spell is a time for which something was found.
type spell struct {
	code     string
	from, to time.Time
}

func (s spell) String() string {
	return fmt.Sprintf("%s %s to %s", s.code, s.from.Format("2/15:04"), s.to.Format("2/15:04"))
}

// found plays a script, and gives what was found of each kind, and when.
func found(t *testing.T, d *Day, tt *timetable.Timetable, of func(van.Options, van.State) []string) []spell {
	t.Helper()
	o := van.DefaultOptions()
	o.Power.Generators = generators
	var (
		all  []spell
		open = map[string]int{}
		p    *player
	)
	d.Watch = func(s van.State) {
		now := p.now.In(tt.Zone)
		codes := of(o, s)
		for _, code := range codes {
			i, is := open[code]
			if !is {
				i = len(all)
				open[code], all = i, append(all, spell{code, now, now})
			}
			all[i].to = now
		}
		for code := range open {
			if !slices.Contains(codes, code) {
				delete(open, code)
			}
		}
	}
	d.started = func(begun *player) { p = begun }
	if err := d.Play(van.DefaultOptions(), tt, func(logbook.Event) {}); err != nil {
		t.Fatal(err)
	}
	return all
}

func powerCodes(o van.Options, s van.State) (codes []string) {
	for _, f := range s.PowerFindings(o) {
		codes = append(codes, string(f.Code))
	}
	return codes
}

func script(t *testing.T, name string, tt *timetable.Timetable) *Day {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(name, text, tt)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What is found of the power over whole days: each for as long as it is so.
func TestWhatIsFoundOfThePower(t *testing.T) {
	tt := table(t)
	for name, want := range map[string][]string{
		// It is seen to stall from its fourth start, until 20 minutes after the fourth last.
		"hunt": {"generator-stalls 23/10:02 to 23/10:46"},
		// Two that take turns are no stall.
		"two": nil,
		// A monitor that is away is unknown, and no finding of the power.
		"monitor": nil,
		"noclock": nil,
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range found(t, script(t, name, tt), tt, powerCodes) {
				// A generator that has stopped in a session is a true finding, and so is one
				// that is not seen yet in the first seconds.
				if s.code != string(power.WithoutPower) && !(s.code == string(power.Unseen) && s.to.Sub(s.from) < 15*time.Second) {
					got = append(got, s.String())
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
}

// A healthy week, over its midnights and its nights without power: nothing is found
// that is not so.
func TestAHealthyWeekFindsNothing(t *testing.T) {
	tt := table(t)
	var steps strings.Builder
	at := func(day int, what string) { fmt.Fprintf(&steps, "  - \"%d/%s\"\n", day, what) }
	for day := 1; day <= 7; day++ {
		at(day, "09:50 generator 1 on")
		at(day, "09:51 site moulin")
		at(day, "11:00 generator 1 off") // refuelling
		at(day, "11:06 generator 1 on")
		at(day, "12:29 generator 1 off")
		at(day, "14:20 generator 2 on")
		at(day, "14:21 site oyats")
		at(day, "16:59 generator 2 off")
		if day%2 == 0 {
			at(day, "22:00 power cut")
			at(day+1, "07:00 power on")
		}
	}
	d, err := Parse("week", []byte("date: 2026-11-23\nstart: \"09:00\"\nend: \"8/08:00\"\nbattery: 70\nturn: 6h\nsteps:\n"+steps.String()), tt)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range found(t, d, tt, func(o van.Options, s van.State) (codes []string) {
		for _, a := range advice.Of(o, s) {
			if a.About != advice.Timetable { // TestAHealthyWeekHasAtMostOneFinding judges it
				codes = append(codes, a.Code)
			}
		}
		return codes
	}) {
		minute := s.from.Hour()*60 + s.from.Minute()
		lasts := s.to.Sub(s.from)
		switch s.code {
		case "start-generator": // a hint: nothing is to be done
		case "session-without-power": // while it is refuelled, and once it is stopped at the end
			if minute != 11*60 && minute != 12*60+29 && minute != 16*60+59 || lasts > 7*time.Minute {
				t.Error(s)
			}
		case "confirm-site": // until the volunteer says where
			if minute != 9*60+50 && minute != 14*60+20 || lasts > time.Minute {
				t.Error(s)
			}
		case "generator-unseen", "uplink-unknown": // in the first seconds after a boot
			if lasts > 15*time.Second {
				t.Error(s)
			}
		case "session-over": // on the days without a plan, whose sessions last two hours and a half
			if on := s.from.Weekday(); on != time.Friday && on != time.Saturday || lasts > 10*time.Minute {
				t.Error(s)
			}
		default:
			t.Error(s)
		}
	}
}

// A breaker that trips, is put back and trips again in an hour, over a refuelling; and an
// alarm that beeps in bursts: each is told once, until it is over.
func TestDeadSocketsAndTheAlarmAreToldOnce(t *testing.T) {
	tt := table(t)
	d := script(t, "breaker", tt)
	if len(d.Expect) == 0 {
		t.Fatal("the script expects nothing")
	}
	var got []string
	err := d.Play(van.DefaultOptions(), tt, func(e logbook.Event) {
		if e.Name == logbook.PowerSockets || e.Name == logbook.PowerMonoxide {
			if _, err := logbook.Admit(e); err != nil {
				t.Error(err)
			}
			got = append(got, Line(e))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range Diff(d.Expect, got) {
		t.Error(l)
	}
}
