package main

import (
	"os"
	"testing"

	"infobus/cmd/manual"
)

func TestTheManualPageIsCurrent(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "")
	const file = "../../images/deb/man/infobusd.8"
	want := manual.Page(command(), 8)
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%s is not what the help says: go test ./cmd/infobusd -run ManualPage -update (%v)", file, err)
	}
}
