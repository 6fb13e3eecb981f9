package logbook_test

import (
	"os/exec"
	"testing"

	"infobus/logbook"
	"infobus/sim/day/daytest"
	"infobus/van"
)

// The rooms give events that the schema takes whole: on a day in which nearly
// everything happens, nothing is removed.
func TestTheEventsOfADayAreAdmittedWhole(t *testing.T) {
	d, table := daytest.Read(t, "../sim/day/testdata/monday.yaml")
	names := map[logbook.Name]int{}
	if err := d.Play(van.DefaultOptions(), table, func(e logbook.Event) {
		names[e.Name]++
		if admitted, err := logbook.Admit(e); err != nil || len(admitted.Attributes) != len(e.Attributes) {
			t.Errorf("%s %v: %v", e.Name, e.Attributes, err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if len(names) < 8 {
		t.Errorf("only %d kinds of event happened: %v", len(names), names)
	}
}

// The one way to switch the filters off in a program is to build it so.
func TestOnlyTheLinkerSwitchesTheFiltersOff(t *testing.T) {
	for flags, want := range map[string]string{
		"":                              "‹4 bytes withheld› ‹ip› <nil>\n",
		"-X infobus/private.filter=off": "Jean 10.1.2.3 Jean\n",
	} {
		out, err := exec.Command("go", "run", "-ldflags", flags, "./testdata/withhold").CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("-ldflags %q: %q, %v; want %q", flags, out, err, want)
		}
	}
}
