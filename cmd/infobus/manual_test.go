package main

import (
	"flag"
	"os"
	"testing"

	"infobus/cmd/manual"
	"infobus/words"
)

var update = flag.Bool("update", false, "write the manual page anew")

func TestTheManualPageIsCurrent(t *testing.T) {
	t.Setenv("INFOBUS_ADDRESS", "")
	t.Setenv("LC_ALL", "C")
	const file = "../../images/deb/man/infobus.1"
	want := manual.Page(command(words.Shipped()), 1)
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%s is not what the commands' help says: go test ./cmd/infobus -run ManualPage -update (%v)", file, err)
	}
}
