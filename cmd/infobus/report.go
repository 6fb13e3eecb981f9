package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"infobus/durable"
	"infobus/logbook/export"
	"infobus/logbook/report"
	"infobus/words"
)

// reportCommand makes the helpers' page of what vans have sent.
func reportCommand(o *options) *cobra.Command {
	var (
		out, zone, keep string
		of              report.Options

		tell, toldFile string
	)
	c := &cobra.Command{
		Use:   "report IN... -o FILE.html",
		Short: "One page of what vans have sent: of files of a Collector, exports or dumps",
		Long: `Report makes one page, which loads nothing, of what vans have sent: of each van and
day how long generators ran, how the internet was, what failed, and when it was
heard last. IN is a file or a folder: files of a Collector's file exporter (OTLP as
JSON), of infobus export, or of infobus logbook dump, packed by gzip or not. What
cannot be read is named, and costs nothing else.

With --tell it has a command tell somebody when something begins that wants a look, and
when it is over: the command is given the text, as mail is. Beside that it is told the
first time, and after a week without news, how all is. What was told is kept in the file of
--told; where the command fails, it is told the next time.

Exit status: 0 nothing to look at; 1 a van wants a look, no van was found, or something
could not be read. With --tell: 0 all was told; 1 it was not.`,
		Example: `  infobus report /var/lib/otelcol/vans -o report.html
  infobus report /var/lib/otelcol/vans -o report.html --told told.json --tell 'mail -s Vans team@example.org'
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
			if (toldFile == "") != (tell == "") {
				return usageError{errors.New("--told and --tell go together")}
			}
			of.Now, of.Zone = time.Now(), location
			r := report.NewReckoner(of)
			told, failed := time.Now(), false
			r.Cannot(report.Each(args, func(name string, done, of int) {
				if time.Since(told) > time.Second {
					told = time.Now()
					fmt.Fprintf(os.Stderr, "read %d of %d files\n", done, of)
				}
				unread := report.ReadFile(name, r.See)
				r.Cannot(unread...)
				if keep != "" && len(unread) == 0 {
					written, is, err := export.Receive(durable.System, name, keep)
					if err != nil {
						fmt.Fprintln(os.Stderr, err)
						failed = true
					} else if is {
						fmt.Fprintf(os.Stderr, "%s goes back to the box\n", written)
					}
				}
			})...)
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
			if tell != "" {
				if err := tellNews(toldFile, tell, made, of, o.speaker()); err != nil {
					return err
				}
			} else if made.Attention(of) {
				return errAttention
			}
			if failed {
				return errAttention
			}
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the page, such as report.html")
	c.Flags().IntVar(&of.Days, "days", 31, "how many days, up to today")
	c.Flags().StringVar(&zone, "zone", "Europe/Paris", "whose days they are")
	c.Flags().DurationVar(&of.Silence, "silence", 26*time.Hour, "after how long without a word a van is said to be silent")
	c.Flags().StringVar(&keep, "keep", "", "a folder to copy each file of infobus export to that came whole; its receipt is written beside it then")
	c.Flags().StringVar(&tell, "tell", "", "a command that tells somebody what it is given, such as: mail -s Vans team@example.org")
	c.Flags().StringVar(&toldFile, "told", "", "with --tell: the file for what was told")
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

// tellWait bounds the command that tells somebody: one that hangs would end all reports.
const tellWait = 5 * time.Minute

// tellNews has the command tell what is new since the last time, which the file says.
func tellNews(file, command string, made report.Report, of report.Options, s *words.Speaker) error {
	var before report.Told
	b, err := durable.Read(durable.System, file, 4<<20)
	if err == nil {
		before, err = report.ParseTold(b)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(os.Stderr, "%s: what was told is not known, and all is told again: %v\n", file, err)
	}
	text, next := before.News(made.Troubles(of, s), of.Now, s)
	if text == "" {
		return nil
	}
	if b, err = next.Bytes(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), tellWait)
	defer cancel()
	c := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	c.Stdin, c.Stdout, c.Stderr, c.WaitDelay = strings.NewReader(text), os.Stderr, os.Stderr, time.Second
	if err := c.Run(); err != nil {
		return fmt.Errorf("what is new was not told, and is told the next time: %w", errors.Join(err, ctx.Err()))
	}
	if err := durable.Replace(durable.System, file, b); err != nil {
		return fmt.Errorf("it is told again the next time, since what was told could not be kept: %w", err)
	}
	return nil
}
