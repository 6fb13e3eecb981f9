package main

import (
	"flag"
	"os"
	"regexp"
	"testing"

	"github.com/spf13/cobra"

	"infobus/cmd/manual"
	"infobus/examples"
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

// Whoever tries an example on the timetable that the package ships finds its site there.
func TestTheExamplesSitesAreTheShippedTimetables(t *testing.T) {
	named := regexp.MustCompile(`--site (\S+)`)
	var found int
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, m := range named.FindAllStringSubmatch(c.Example, -1) {
			found++
			if !regexp.MustCompile(`\{id: ` + m[1] + `,`).Match(examples.Timetable) {
				t.Errorf("%s: there is no site %s", c.CommandPath(), m[1])
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(command(words.Shipped()))
	if found == 0 {
		t.Error("no example has a site")
	}
}
