package lab

import (
	"os"
	"testing"
)

// Given is what the environment's variable names: a part of the lab that `./build.sh
// command` makes, and `./build.sh test` makes and names. Where it names nothing the test
// is skipped, which ./build.sh test takes for a failure.
func Given(t testing.TB, variable, command string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: boots a machine")
	}
	given := os.Getenv(variable)
	if given == "" {
		t.Skipf("%s names nothing: ./build.sh %s makes it, ./build.sh test sets it", variable, command)
	}
	return given
}
