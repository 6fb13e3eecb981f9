// Package day replays a whole day of the van through van.Step, from a script,
// in simulated time: the same script gives the same events every time.
//
// In: a script (see Parse), in the words of "infobus sim". Out: the events, and
// how they differ from those that the script expects. It uses no clock, no
// network and no disk.
package day

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"infobus/timetable"
	"infobus/van"
	"infobus/yamlfile"
)

// Day is a script, checked.
type Day struct {
	Start  time.Time
	End    time.Time
	Charge float64       // of the battery at the start, %
	Turn   time.Duration // how long a page of the screen stands; 0 as the options say
	Steps  []Step
	Expect []string // one line an event, as Line gives it; nil expects nothing in particular

	Watch   func(van.State)               // sees the state after each step; nil for nobody
	Effects func(time.Time, []van.Effect) // sees what is to be done after each step; nil for nobody

	started func(*player)
}

// Step is one command at a moment.
type Step struct {
	At    time.Time
	Words []string
}

// file is a script as it is written.
type file struct {
	Date    string        `yaml:"date"`    // 2026-11-23
	Start   string        `yaml:"start"`   // 07:00
	End     string        `yaml:"end"`     // 19:00
	Battery float64       `yaml:"battery"` // percent
	Turn    time.Duration `yaml:"turn"`    // 30m
	Steps   []string      `yaml:"steps"`   // "08:55 generator on"
	Expect  []string      `yaml:"expect"`
}

// The commands of a script that "infobus sim" does not have: the box's own
// supply, cut and restored; and a volunteer's word, by its id, on where the
// session is held; the clock chip on the board, fitted (ok), without its battery
// (2000), stopped for a while or missing (absent); and the time by which a volunteer's
// phone sets the clock, as what it is off by, and whether the volunteer is sure.
const (
	Power = "power"
	Site  = "site"
	Chip  = "chip"
	Phone = "phone"
)

// Parse reads a script; name is the file's, for messages. Times are local times
// of the timetable's zone, HH:MM or HH:MM:SS, ascending: on the script's date, or on a
// day after it, counted from 1: "2/09:00".
// The error is yamlfile.Mistakes.
func Parse(name string, data []byte, t *timetable.Timetable) (*Day, error) {
	f := file{Battery: 80}
	src := yamlfile.Decode(name, data, &f)
	d := &Day{Charge: f.Battery, Turn: f.Turn, Expect: f.Expect}
	clock := func(field *string, outer any) time.Time {
		at, err := moment(f.Date, *field, t.Zone)
		if err != nil {
			src.Add(fmt.Sprintf("%q found; a time such as 08:55 was expected", *field), field, outer)
		}
		return at
	}
	if _, err := time.Parse(time.DateOnly, f.Date); err != nil {
		src.Add(fmt.Sprintf("date %q found; one such as 2026-11-23 was expected", f.Date), &f.Date)
		return nil, src.Err()
	}
	if f.Battery < 0 || f.Battery > 100 {
		src.Add(fmt.Sprintf("battery %g found; 0 to 100 was expected", f.Battery), &f.Battery)
	}
	if f.Turn < 0 {
		src.Add(fmt.Sprintf("turn %s found; a duration such as 30m was expected", f.Turn), &f.Turn)
	}
	d.Start, d.End = clock(&f.Start, &f), clock(&f.End, &f)
	last := d.Start
	for i := range f.Steps {
		when, command, _ := strings.Cut(f.Steps[i], " ")
		at := clock(&when, &f.Steps[i])
		if at.Before(last) || at.After(d.End) {
			src.Add(fmt.Sprintf("%s is before the step above it, or outside start and end", when), &f.Steps[i])
		}
		if words := strings.Fields(command); len(words) == 0 {
			src.Add("no command found behind the time", &f.Steps[i])
		} else if err := check(words); err != nil {
			src.Add(err.Error(), &f.Steps[i])
		}
		last = at
		d.Steps = append(d.Steps, Step{At: at, Words: strings.Fields(command)})
	}
	if err := src.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

// moment is a local time of the script.
func moment(date, when string, zone *time.Location) (time.Time, error) {
	n := 1
	if day, clock, later := strings.Cut(when, "/"); later {
		var err error
		if n, err = strconv.Atoi(day); err != nil || n < 1 || n > 99 {
			return time.Time{}, fmt.Errorf("day %q", day)
		}
		when = clock
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", date+" "+withSeconds(when), zone)
	return at.AddDate(0, 0, n-1), err
}

func withSeconds(clock string) string {
	if len(clock) == len("15:04") {
		return clock + ":00"
	}
	return clock
}

// Diff are the lines by which got differs from want, each with + (too much) or
// - (missing) before it; nil where they are equal.
func Diff(want, got []string) []string {
	var out []string
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			i, j = i+1, j+1
		case j == len(got) || i < len(want) && !slices.Contains(got[j:], want[i]):
			out = append(out, "- "+want[i])
			i++
		default:
			out = append(out, "+ "+got[j])
			j++
		}
	}
	return out
}

// attributes prints an event's attributes, sorted by name.
func attributes(a map[string]any) string {
	var b strings.Builder
	for _, key := range slices.SortedFunc(maps.Keys(a), cmp.Compare[string]) {
		fmt.Fprintf(&b, " %s=%v", key, a[key])
	}
	return b.String()
}
