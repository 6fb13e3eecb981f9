package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"infobus/examples"
	"infobus/logbook"
	"infobus/sim"
	"infobus/sim/day"
	"infobus/timetable/source"
	"infobus/van"
)

func simCommand(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "sim COMMAND",
		Short: "Play the van that infobusd --sim runs on",
		Long: "Play the simulated van of a daemon that runs with --sim:\n\n  " + strings.Join(sim.Commands, "\n  ") +
			"\n\nor replay a whole day in seconds, without a daemon:\n\n  day FILE",
		Example: `  infobus sim generator on
  infobus sim battery 5
  infobus sim cable out
  infobus sim cellular captive
  infobus sim device panel absent
  infobus sim day sim/day/testdata/monday.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			// Refused here, so that a wrong word is bad usage and not the daemon's word.
			if err := sim.NewVan(4).Do(args...); err != nil {
				return usageError{err}
			}
			d, err := o.reach()
			if err != nil {
				return err
			}
			words := make([]string, len(args))
			for i, a := range args {
				words[i] = url.PathEscape(a)
			}
			return d.post("/sim/"+strings.Join(words, "/"), nil)
		},
	}
	var table string
	play := &cobra.Command{
		Use:   "day FILE",
		Short: "Replay a day from a script, and compare its events with those it expects",
		Args:  cobra.ExactArgs(1),
		RunE:  func(_ *cobra.Command, args []string) error { return o.playDay(args[0], table) },
	}
	play.Flags().StringVar(&table, "timetable", "", "the timetable (default: the example)")
	c.AddCommand(play)
	return c
}

func (o *options) playDay(script, table string) error {
	name, data := "timetable.yaml", examples.Timetable
	if table != "" {
		b, err := os.ReadFile(table)
		if err != nil {
			return err
		}
		name, data = table, b
	}
	t, err := source.Parse(name, data)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(script)
	if err != nil {
		return err
	}
	d, err := day.Parse(script, text, t)
	if err != nil {
		return err
	}

	begun := time.Now()
	events, lines := []logbook.Event{}, []string{}
	err = d.Play(van.DefaultOptions(), t, func(e logbook.Event) {
		events, lines = append(events, e), append(lines, day.Line(e))
	})
	if err != nil {
		return err
	}
	if o.json {
		for _, e := range events {
			if err := printLine(e); err != nil {
				return err
			}
		}
	} else {
		fmt.Println(strings.Join(lines, "\n"))
	}
	fmt.Fprintf(os.Stderr, "%s of the van in %s: %d events\n", d.End.Sub(d.Start), time.Since(begun).Round(time.Millisecond), len(lines))
	if d.Expect == nil {
		return nil
	}
	if diff := day.Diff(d.Expect, lines); diff != nil {
		return errors.New("the events are not those that the script expects:\n" + strings.Join(diff, "\n"))
	}
	fmt.Fprintln(os.Stderr, "the events are those that the script expects")
	return nil
}
