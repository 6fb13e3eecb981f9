//go:build soak

package collectortest

import (
	"os/exec"
	"testing"
)

// The receiver of an earlier version takes the same: it is built and run.
func TestAnEarlierVersionOfTheCollector(t *testing.T) {
	out, err := exec.Command("go", "test", "-modfile=go.earlier.mod", "-count=1", "-run", "TestTheCollector|TestEvery", ".").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
