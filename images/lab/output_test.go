package lab_test

import (
	"testing"

	"infobus/images/lab"
)

// An output of a real chip, by a real kernel: it is as it was asked to be, both ways
// of wiring, and inactive once it was given back.
func TestAnOutputOfARealChip(t *testing.T) {
	o := lab.Options{Kernel: kernel(t), Init: build(t, "infobus/images/lab/init")}
	o.Files = map[string]string{"/output": build(t, "infobus/images/lab/output")}
	o.Programs = []lab.Program{{Name: "output", Command: []string{"/output", lab.Chip, "5"}}}
	c := boot(t, o)
	for _, want := range []string{
		"high active false", "high active true", "high active false", "high active true", "high left 0",
		"low active false", "low active true", "low active false", "low active true", "low left 1",
		"held active true",
	} {
		if got := c.next("output"); got != want {
			t.Fatalf("it says %q, want %q", got, want)
		}
	}
}
