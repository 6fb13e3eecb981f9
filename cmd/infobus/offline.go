package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"infobus/config"
	"infobus/kiosk/draw"
	"infobus/timetable"
	"infobus/timetable/source"
	"infobus/timetable/source/workbook"
	"infobus/yamlfile"
)

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short}
	c.AddCommand(commands...)
	return c
}

func configCommand(o *options) *cobra.Command {
	return group("config", "Check the configuration file", &cobra.Command{
		Use:     "check FILE",
		Short:   "Say every mistake in a configuration file, as file:line:column: what",
		Example: "  infobus config check /etc/infobus/infobus.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return o.checkFiles(args, func(name string, data []byte) (string, error) {
				c, err := config.Parse(name, data)
				return fmt.Sprintf("generators: %d, battery: %s, panel: %s", len(c.Generators), c.Battery.Monitor, c.Panel.Type), err
			})
		},
	})
}

// checkFiles parses each file and prints its mistakes, or that it is well.
func (o *options) checkFiles(names []string, parse func(name string, data []byte) (summary string, err error)) error {
	all := yamlfile.Mistakes{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		summary, err := parse(name, data)
		var mistakes yamlfile.Mistakes
		switch {
		case errors.As(err, &mistakes):
			all = append(all, mistakes...)
		case err != nil:
			return err
		case !o.json:
			fmt.Printf("%s: well (%s)\n", name, summary)
		}
	}
	return o.mistakes(all)
}

// mistakes prints what is wrong; the error says whether anything is.
func (o *options) mistakes(all yamlfile.Mistakes) error {
	if o.json {
		if err := printJSON(all); err != nil {
			return err
		}
	} else if len(all) > 0 {
		fmt.Println(all.Error())
	}
	if len(all) > 0 {
		return errAttention
	}
	return nil
}

func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func timetableCommand(o *options) *cobra.Command {
	var how readAs
	var code string
	check := &cobra.Command{
		Use:   "check FILE...",
		Short: "Say every mistake in timetable files, as file:line:column: what",
		Long: `Say every mistake in timetable files (YAML, CSV, .xlsx, iCalendar), as file:line:column: what.
Each file is taken alone; the files of a folder are taken together. What may be meant
otherwise is said after "warning:", and is no mistake; a public holiday of the next 60 days
that the timetable shows as any other day, after "note:".`,
		Example: `  infobus timetable check timetable.yaml
  infobus timetable check plan.xlsx
  infobus timetable check calendar.ics --public "category food"`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			with, err := how.options()
			if err != nil {
				return err
			}
			all := yamlfile.Mistakes{}
			for _, name := range args {
				l := with.Load(name)
				var mistakes yamlfile.Mistakes
				switch {
				case errors.As(l.Err, &mistakes):
					all = append(all, mistakes...)
				case l.Err != nil:
					return l.Err
				case !o.json:
					fmt.Printf("%s: well (%d services at %d sites)\n", name, len(l.Timetable.Services), len(l.Timetable.Sites))
				}
				o.warnings(l)
				if err := o.holidays(l.InUse, name, code); err != nil {
					return err
				}
			}
			return o.mistakes(all)
		},
	}
	countryFlag(check, &code)
	var at, site string
	var days int
	show := &cobra.Command{
		Use:   "show FILE...",
		Short: "Show the rows of a day: service, place, opens, closes, state, why",
		Long: `Show the rows of a day. Several files, or the files of a folder, make one timetable together.
Of a timetable with mistakes it shows what would be shown were there no earlier one.`,
		Example: `  infobus timetable show timetable.yaml --at 2026-11-23T10:00 --site quai
  infobus timetable show timetable.yaml --at 2026-11-23 --days 7 --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			with, err := how.options()
			if err != nil {
				return err
			}
			files, err := readAll(args)
			if err != nil {
				return err
			}
			p := with.Parse(files)
			t := p.Over(nil)
			when, err := moment(at, t.Zone)
			if err != nil {
				return err
			}
			if err := knownSite(t, site); err != nil {
				return err
			}
			if err := o.showRows(t, when, site, days); err != nil || !p.Refused {
				return err
			}
			return p.Mistakes
		},
	}
	show.Flags().StringVar(&at, "at", "", "day, or day and time: 2026-11-23T10:00 (default now)")
	show.Flags().StringVar(&site, "site", "", "site id; without it, the services of every site")
	show.Flags().IntVar(&days, "days", 1, "how many days, 1 to 400")
	for _, c := range []*cobra.Command{check, show} {
		how.flags(c)
	}
	return group("timetable", "Check a timetable, show its days, or what a new one changes", check, show, o.previewCommand(), o.holidaysCommand())
}

// warnings prints what may be meant otherwise, now.
func (o *options) warnings(l source.Loaded) {
	out := os.Stdout
	if o.json {
		out = os.Stderr
	}
	for _, w := range l.Warnings {
		if w.Day == 0 || l.InUse != nil && w.Day >= timetable.DateIn(time.Now(), l.InUse.Zone) {
			fmt.Fprintf(out, "%s:%d:%d: warning: %s\n", w.File, w.Line, w.Column, w.What)
		}
	}
}

// noted is for how many days check asks about public holidays.
const noted = 60

// holidays notes the public holidays that a timetable shows as any other day.
func (o *options) holidays(t *timetable.Timetable, name, code string) error {
	if t == nil {
		return nil
	}
	list, err := unthoughtOf(t, code, timetable.DateIn(time.Now(), t.Zone), noted)
	out := os.Stdout
	if o.json {
		out = os.Stderr
	}
	for _, u := range list {
		fmt.Fprintf(out, "%s: note: %s\n", name, u.text)
	}
	return err
}

// readAs is how timetables are read, as a source of the configuration says it.
type readAs struct {
	public         []string
	mapping, sites string
}

func (r *readAs) flags(c *cobra.Command) {
	r.publicFlag(c)
	c.Flags().StringVar(&r.mapping, "mapping", "", "a file that says what titles stand for, as mapping of a source in the configuration")
	c.Flags().StringVar(&r.sites, "sites", "", "a YAML with sites, plan and translations beside a sheet or a calendar, as sites of a source in the configuration")
}

func (r *readAs) publicFlag(c *cobra.Command) {
	c.Flags().StringArrayVar(&r.public, "public", nil, "which events of calendars are for the screen, as public in the configuration: all, class-public, x-infobus-show, category WORD, title WORD")
}

// options are those of source, with the rules for calendars.
func (r readAs) options() (source.Options, error) {
	with := source.Options{Checks: []source.Check{draw.Check}, Workbook: workbook.Reader(workbook.Program()), Mapping: r.mapping, Sites: r.sites}
	for _, text := range r.public {
		var more timetable.Public
		if err := more.UnmarshalText([]byte(text)); err != nil {
			return with, usageError{fmt.Errorf("--public %q: %w", text, err)}
		}
		with.Public = append(with.Public, more...)
	}
	return with, nil
}

// readAll reads files, and the files of folders.
func readAll(names []string) (files []source.File, err error) {
	for _, name := range names {
		more, err := source.Read(name)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}

// openTimetable reads a timetable that has no mistakes; at is read in its zone.
func openTimetable(at, name string, how readAs) (*timetable.Timetable, time.Time, error) {
	with, err := how.options()
	if err != nil {
		return nil, time.Time{}, err
	}
	l := with.Load(name)
	if l.Err != nil {
		return nil, time.Time{}, l.Err
	}
	when, err := moment(at, l.Timetable.Zone)
	return l.Timetable, when, err
}

// moment reads a day, or a day and a time, in a zone; "" is now.
func moment(at string, zone *time.Location) (time.Time, error) {
	if at == "" {
		return time.Now().In(zone), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if when, err := time.ParseInLocation(layout, at, zone); err == nil {
			return when.In(zone), nil
		}
	}
	return time.Time{}, usageError{fmt.Errorf("--at %q: a time such as 2026-11-23T10:00 was expected", at)}
}

func knownSite(t *timetable.Timetable, site string) error {
	if _, ok := t.Site(site); ok || site == "" {
		return nil
	}
	ids := make([]string, len(t.Sites))
	for i, s := range t.Sites {
		ids[i] = s.ID
	}
	return fmt.Errorf("site %q is not in the timetable; it has: %q", site, ids)
}

// shownRow is a row as the outside may rely on it.
type shownRow struct {
	Service  string `json:"service"`
	Category string `json:"category"`
	Place    string `json:"-"`
	Site     string `json:"site"`
	Date     string `json:"date"`
	Opens    string `json:"opens"`
	Closes   string `json:"closes"`
	State    string `json:"state"`
	Why      string `json:"why"`
}

func (o *options) showRows(t *timetable.Timetable, when time.Time, site string, days int) error {
	if days < 1 || days > 400 {
		return usageError{fmt.Errorf("--days %d: 1 to 400 was expected", days)}
	}
	rows := []shownRow{}
	y, m, d := when.Date()
	for n := range days {
		day := when
		if n > 0 {
			day = time.Date(y, m, d+n, 12, 0, 0, 0, t.Zone)
		}
		for _, r := range t.Rows(day, site) {
			rows = append(rows, shownRow{Service: r.Service.Name["en"], Category: string(r.Service.Category), Place: r.Service.Place.Name,
				Site: r.Site, Date: r.Date.Format(time.DateOnly), Opens: r.OpensAt(), Closes: r.ClosesAt(),
				State: string(r.State), Why: r.Why.String()})
		}
	}
	if o.json {
		return printJSON(rows)
	}
	for _, r := range rows {
		fmt.Printf("%s  %s-%s  %-10s %s, %s (%s)\n", r.Date, r.Opens, r.Closes, r.State, r.Service, r.Place, r.Why)
	}
	if len(rows) == 0 {
		fmt.Println("nothing")
	}
	return nil
}
