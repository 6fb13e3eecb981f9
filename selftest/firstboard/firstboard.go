// Package firstboard is for the first evening with a real board: it tries what was only
// ever tried on models, leads a person through what only a person can see, and makes the
// report that a builder far away needs.
//
// In: a Board, by which the machine is reached, and answers. Out: a Report, in which no
// identifier stands: of the kernel's files only those are read that have none, and all
// that is written down goes through private.Redact.
package firstboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"periph.io/x/conn/v3/i2c"

	"infobus/hw/epaper"
	"infobus/hw/line"
	"infobus/private"
	"infobus/words"
)

// Answer is a person's.
type Answer string

// The answers.
const (
	Yes      Answer = "yes"
	No       Answer = "no"
	NotAsked Answer = "not asked"
)

// State is how a step came out.
type State string

// The states.
const (
	OK       State = "ok"
	Lacking  State = "lacking" // the board has none of it
	Failed   State = "failed"
	NotTried State = "not tried" // somebody has to be there
)

// Board is how the machine is reached.
type Board struct {
	Root   string        // where /proc, /sys and /dev are; "" is /
	Chip   line.Chip     // the GPIO chip
	Inputs []line.Config // the lines that are read
	Panel  func(epaper.Opts) (*epaper.Panel, error)
	Bus    func(path string) (i2c.BusCloser, error)

	Own  func()                  // called before the first step that needs a device for itself; nil: nothing holds one
	Ask  func(words.Text) Answer // a person; nil: nobody is there
	Say  func(words.Text)        // what is under way
	Rest time.Duration           // of the panel between two refreshes; 0: as its maker wants it
	Tick time.Duration           // for how long the clock chip is watched; 0: a minute
}

// Result is a step of the report.
type Result struct {
	Step  string         `json:"step"`
	State State          `json:"state"`
	Said  string         `json:"said"` // in plain words; "" for nothing
	Facts map[string]any `json:"facts"`
}

// Report is the whole.
type Report struct {
	Program string   `json:"program"` // its version
	Took    float64  `json:"took_s"`
	Ended   string   `json:"ended_before"` // the step before which it was interrupted; "" for none
	Results []Result `json:"results"`
}

// step is one of the table.
type step struct {
	name string
	try  func(context.Context, *Board, *Result)
}

// steps are those of the evening, in their order: first what needs nobody.
var steps = []step{
	{"board", board}, {"boot", boot}, {"memory card", memory}, {"device tree", deviceTree}, {"watchdog", watchdog}, {"network", network},
	{"SPI", spiNode}, {"I2C buses", buses}, {"battery monitor", monitor}, {"clock chip", clockChip}, {"temperature", temperature},
	{"lines and pulls", lines}, {"generator edge", edge}, {"cable pulled", cable}, {"panel, 28 17", panel(0x28, 0x17)}, {"panel, 3F 3F", panel(0x3F, 0x3F)},
	{"wake", wake}, {"latch", latch},
}

// Steps are the names of all.
func Steps() (names []string) {
	for _, s := range steps {
		names = append(names, s.name)
	}
	return names
}

// Run tries one step after the other. The error is ctx's; the report has what was done,
// and where it ended.
func Run(ctx context.Context, b *Board, program string) (Report, error) {
	start := time.Now()
	r := Report{Program: program}
	for i, s := range steps {
		if s.name == "SPI" && b.Own != nil {
			b.Own()
		}
		b.say(words.T("firstboard.step", "N", i+1, "Of", len(steps), "Step", s.name))
		one := Result{Step: s.name, State: OK, Facts: map[string]any{}}
		s.try(ctx, b, &one)
		if ctx.Err() != nil {
			r.Ended, r.Took = s.name, took(start)
			return r.redacted(), ctx.Err()
		}
		r.Results = append(r.Results, one)
	}
	r.Took = took(start)
	return r.redacted(), nil
}

func took(since time.Time) float64 {
	return time.Since(since).Round(100 * time.Millisecond).Seconds()
}

func (b *Board) say(t words.Text) {
	if b.Say != nil {
		b.Say(t)
	}
}

// ask asks whoever is there.
func (b *Board) ask(t words.Text) Answer {
	if b.Ask == nil {
		return NotAsked
	}
	return b.Ask(t)
}

// wait lets time pass, and says every ten seconds how much is left.
func (b *Board) wait(ctx context.Context, d time.Duration, why words.Text) {
	for d > 0 && ctx.Err() == nil {
		b.say(words.T("firstboard.wait", "Seconds", int(d.Round(time.Second).Seconds()), "Why", why))
		next := min(d, 10*time.Second)
		select {
		case <-time.After(next):
		case <-ctx.Done():
		}
		d -= next
	}
}

// failed notes what went wrong.
func (r *Result) failed(state State, format string, args ...any) {
	r.State = state
	if said := fmt.Sprintf(format, args...); r.Said == "" {
		r.Said = said
	} else {
		r.Said += "; " + said
	}
}

func (b *Board) path(p string) string { return filepath.Join(b.Root+"/", p) }

// read is a small file of the kernel's, without the zeros and blanks at its end; "" where
// it is not there.
func (b *Board) read(p string) string {
	f, err := os.Open(b.path(p))
	if err != nil {
		return ""
	}
	defer f.Close()
	buffer := make([]byte, 8192)
	n, _ := f.Read(buffer)
	return strings.TrimRight(string(buffer[:n]), "\x00\n \t")
}

func (b *Board) has(p string) bool {
	_, err := os.Stat(b.path(p))
	return err == nil
}

// names are those in a folder that begin so.
func (b *Board) names(folder, prefix string) (all []string) {
	entries, err := os.ReadDir(b.path(folder))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			all = append(all, e.Name())
		}
	}
	return all
}

// link is where a link leads, its last part.
func (b *Board) link(p string) string {
	to, err := os.Readlink(b.path(p))
	if err != nil {
		return ""
	}
	return filepath.Base(to)
}

// redacted is r without what may identify anybody or anything.
func (r Report) redacted() Report {
	for i := range r.Results {
		r.Results[i].Said = private.Redact(r.Results[i].Said)
		r.Results[i].Facts = redact(r.Results[i].Facts).(map[string]any)
	}
	return r
}

func redact(v any) any {
	switch v := v.(type) {
	case string:
		return private.Redact(v)
	case []string:
		list := make([]string, len(v))
		for i := range v {
			list[i] = private.Redact(v[i])
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for key, value := range v {
			m[private.Redact(key)] = redact(value)
		}
		return m
	}
	return v
}

// Text is the report to be read.
func (r Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Infobus %s: the first evening with a board. %.0f s.\n", r.Program, r.Took)
	for _, one := range r.Results {
		fmt.Fprintf(&b, "\n%-20s %s", one.Step, strings.ToUpper(string(one.State)))
		if one.Said != "" {
			fmt.Fprintf(&b, ": %s", one.Said)
		}
		b.WriteString("\n")
		for _, key := range slices.Sorted(maps.Keys(one.Facts)) {
			fmt.Fprintf(&b, "  %-18s %v\n", key, one.Facts[key])
		}
	}
	if lacks := r.Lacks(); len(lacks) > 0 {
		fmt.Fprintf(&b, "\nThis board lacks: %s.\n", strings.Join(lacks, ", "))
	}
	if r.Ended != "" {
		fmt.Fprintf(&b, "\nIt was interrupted: %s and all after it were not tried.\n", r.Ended)
	}
	return b.String()
}

// Lacks names the steps of which the board has nothing.
func (r Report) Lacks() (names []string) {
	for _, one := range r.Results {
		if one.State == Lacking {
			names = append(names, one.Step)
		}
	}
	return names
}

// The report's files.
const (
	FileJSON = "infobus-first-board.json"
	FileText = "infobus-first-board.txt"
)

// Begin shows that a folder takes the report, before the twenty minutes are spent: until
// Write, a report stands there that says that it is none.
func Begin(dir string) error {
	return write(filepath.Join(dir, FileText), []byte("Infobus: the first evening with a board has begun, and did not come to its end.\n"))
}

// Write writes the report into a folder, such as a stick's, and sees that it is on it.
func (r Report) Write(dir string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	// The second says that there is a report: a full stick has none.
	if err := write(filepath.Join(dir, FileText), []byte(r.Text())); err != nil {
		return err
	}
	return write(filepath.Join(dir, FileJSON), append(b, '\n'))
}

func write(path string, b []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(path) // half a one would be taken for the whole
	}
	return err
}
