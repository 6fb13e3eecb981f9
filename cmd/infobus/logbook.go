package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"infobus/logbook/export"
)

func logbookCommand(o *options) *cobra.Command {
	report := func(what func(dir string) (export.Report, error)) func(*cobra.Command, []string) error {
		return func(_ *cobra.Command, args []string) error {
			r, err := what(args[0])
			if err != nil {
				return err
			}
			if o.json {
				err = printJSON(r)
			} else {
				printReport(r)
			}
			if err == nil && !r.Sound() {
				return errAttention
			}
			return err
		}
	}
	return group("logbook", "The durable record in a state directory, while no daemon uses it",
		&cobra.Command{Use: "dump DIR", Short: "Print every event, one JSON object a line", Args: cobra.ExactArgs(1),
			Example: "  infobus logbook dump /var/lib/infobus",
			RunE:    func(_ *cobra.Command, args []string) error { return export.Dump(os.Stdout, args[0]) }},
		&cobra.Command{Use: "verify DIR", Short: "Say whether the record is whole", Args: cobra.ExactArgs(1),
			RunE: report(export.Verify)},
		&cobra.Command{Use: "repair DIR", Short: "Save what can be read into a new file; the old one is kept aside", Args: cobra.ExactArgs(1),
			RunE: report(export.Repair)},
	)
}

func printReport(r export.Report) {
	fmt.Printf("log       %s\n", r.Log)
	fmt.Printf("events    %d, from %d to %d; the receiver has those up to %d\n", r.Events, r.First, r.Last, r.Acknowledged)
	fmt.Printf("lost      %d of them\n", r.Gaps)
	if r.Older > 0 {
		fmt.Printf("older     %d of earlier logs, which the receiver does not have\n", r.Older)
	}
	for _, trouble := range r.Integrity {
		fmt.Printf("damage    %s\n", trouble)
	}
	for _, name := range r.Aside {
		fmt.Printf("aside     %s: a damaged file, kept for what can be read of it\n", name)
	}
	if r.Sound() {
		fmt.Println("the logbook is whole")
	}
}
