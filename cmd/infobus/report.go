package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"infobus/durable"
	"infobus/logbook/export"
	"infobus/logbook/report"
)

// reportCommand makes the helpers' page of what vans have sent.
func reportCommand(o *options) *cobra.Command {
	var (
		out, zone string
		receipts  bool
		of        report.Options
	)
	c := &cobra.Command{
		Use:   "report IN... -o FILE.html",
		Short: "One page of what vans have sent: of files of a Collector, exports or dumps",
		Long: `Report makes one page, which loads nothing, of what vans have sent: of each van and
day how long generators ran, how the internet was, what failed, and when it was
heard last. IN is a file or a folder: files of a Collector's file exporter (OTLP as
JSON), of infobus export, or of infobus logbook dump, packed by gzip or not. What
cannot be read is named, and costs nothing else.

Exit status: 0 nothing to look at; 1 a van wants a look, no van was found, or something
could not be read.`,
		Example: `  infobus report /var/lib/otelcol/vans -o report.html
  infobus report van-1.jsonl export/ --days 60 --lang fr -o rapport.html`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			location, err := time.LoadLocation(zone)
			if err != nil {
				return usageError{fmt.Errorf("zone %q found; one such as Europe/Paris was expected", zone)}
			}
			if of.Days < 1 || of.Days > 400 {
				return usageError{fmt.Errorf("%d days found; 1 to 400 were expected", of.Days)}
			}
			of.Now, of.Zone = time.Now(), location
			r := report.NewReckoner(of)
			files, unread := report.Files(args)
			r.Cannot(unread...)
			told, failed := time.Now(), false
			for i, name := range files {
				if time.Since(told) > time.Second {
					told = time.Now()
					fmt.Fprintf(os.Stderr, "read %d of %d files\n", i, len(files))
				}
				unread := report.ReadFile(name, r.See)
				r.Cannot(unread...)
				if receipts && len(unread) == 0 {
					written, is, err := export.Receive(durable.System, name)
					if err != nil {
						fmt.Fprintln(os.Stderr, err)
						failed = true
					} else if is {
						fmt.Fprintf(os.Stderr, "%s goes back to the box\n", written)
					}
				}
			}
			made := r.Report()
			if err := writeReport(out, made, of, o); err != nil {
				return err
			}
			for _, u := range made.Unread {
				fmt.Fprintln(os.Stderr, u)
			}
			if o.json {
				if err := printJSON(made); err != nil {
					return err
				}
			}
			if failed || made.Attention(of) {
				return errAttention
			}
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the page, such as report.html")
	c.Flags().IntVar(&of.Days, "days", 31, "how many days, up to today")
	c.Flags().StringVar(&zone, "zone", "Europe/Paris", "whose days they are")
	c.Flags().DurationVar(&of.Silence, "silence", 26*time.Hour, "after how long without a word a van is said to be silent")
	c.Flags().BoolVar(&receipts, "receipts", false, "write a receipt beside each file of infobus export that was read whole")
	c.MarkFlagRequired("output")
	return c
}

// writeReport puts the page in place whole or not at all: whoever looks at it has the
// one before until then.
func writeReport(name string, made report.Report, of report.Options, o *options) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".report-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = report.Write(f, made, of, o.speaker())
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
