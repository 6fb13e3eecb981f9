package day

import (
	"os"
	"testing"
	"time"

	"infobus/examples"
	"infobus/logbook"
	"infobus/timetable"
	"infobus/timetable/source"
	"infobus/van"
)

func table(t *testing.T) *timetable.Timetable {
	t.Helper()
	tt, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		t.Fatal(err)
	}
	return tt
}

// The Monday of testdata, ten times: the same events every time, and those
// that the script expects.
func TestAReplayedDayGivesTheSameEventsEveryTime(t *testing.T) {
	const script = "testdata/monday.yaml"
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	tt := table(t)
	d, err := Parse(script, text, tt)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Expect) < 30 {
		t.Fatalf("the script expects only %d events", len(d.Expect))
	}
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		var lines []string
		begun := time.Now()
		if err := d.Play(van.DefaultOptions(), tt, func(e logbook.Event) { lines = append(lines, Line(e)) }); err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			t.Logf("%s of the van in %s", d.End.Sub(d.Start), time.Since(begun).Round(time.Millisecond))
		}
		for _, l := range Diff(d.Expect, lines) {
			t.Error(l)
		}
		if t.Failed() {
			return
		}
	}
}
