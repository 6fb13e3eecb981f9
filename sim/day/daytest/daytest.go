// Package daytest reads a day's script with the example timetable, for the tests of
// other rooms that play one.
package daytest

import (
	"os"
	"testing"

	"infobus/examples"
	"infobus/sim/day"
	"infobus/timetable"
	"infobus/timetable/source"
)

// Read is the script in a file, and the timetable that it is played with.
func Read(t testing.TB, path string) (*day.Day, *timetable.Timetable) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	table, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		t.Fatal(err)
	}
	d, err := day.Parse(path, text, table)
	if err != nil {
		t.Fatal(err)
	}
	return d, table
}
