package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"infobus/action"
	"infobus/status"
	"infobus/words"
)

// errUsage says how an action is asked for.
func errUsage(say *words.Speaker, row action.Row) error {
	return usageError{errors.New(say.Say("action.usage", "Usage", row.Usage()))}
}

func actionCommand(o *options, rows action.Table) *cobra.Command {
	return &cobra.Command{
		Use:   "action [NAME] [ARGUMENT…]",
		Short: "What the box can be asked to do; with a NAME: ask for it",
		Long: `Without a name it lists the actions, with their arguments; those in brackets may
be left out, and are given as NAME=VALUE.`,
		Example: `  infobus action
  infobus action longer
  infobus action timetable-hours water 14:00-16:30 20:00-22:00`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				row, ok := rows.Find(args[0])
				if !ok {
					return usageError{errors.New(o.speaker().Text(rows.Unknown()))}
				}
				return o.ask(row, args[1:])
			}
			say := o.speaker()
			type line struct {
				Name  string `json:"name"`
				Usage string `json:"usage"`
				Help  string `json:"help"`
			}
			var lines []line
			for _, r := range rows {
				lines = append(lines, line{r.Route(), r.Usage(), say.Text(r.Help())})
			}
			if o.json {
				return printJSON(status.List(lines))
			}
			for _, l := range lines {
				fmt.Printf("%s\n    %s\n", l.Usage, l.Help)
			}
			return nil
		},
	}
}

// ask asks the daemon for an action with its arguments, and says what was done.
func (o *options) ask(row action.Row, args []string) error {
	say := o.speaker()
	given, ok := row.FromWords(args)
	if !ok {
		return errUsage(say, row)
	}
	if _, mistake := row.Read(given); mistake != nil {
		return usageError{errors.New(say.Text(mistake.Text()))}
	}
	d, err := o.reach()
	if err != nil {
		return err
	}
	if err := d.post(row.Path(), given); err != nil {
		return err
	}
	if o.json {
		return printJSON(map[string]string{"done": row.Route()})
	}
	site := ""
	if list := given[action.Site.Name]; len(list) > 0 {
		site = list[0]
	}
	fmt.Println(say.Text(row.Done(site)))
	return nil
}

// the is the row of an action that has a command of its own.
func the(name action.Name) action.Row {
	row, _ := action.All.Find(string(name))
	return row
}
