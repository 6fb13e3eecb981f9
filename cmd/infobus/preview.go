package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"infobus/config"
	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/timetable"
	"infobus/timetable/source"
)

// preview is what `infobus timetable preview` says, as --json has it.
type preview struct {
	timetable.Preview
	Refused  bool             `json:"refused"`
	Mistakes source.Mistakes  `json:"mistakes"`
	Warnings []source.Mistake `json:"warnings"`
	Holidays []unthought      `json:"holidays"`        // public ones that the new one shows as any other day
	Pages    []string         `json:"pages,omitempty"` // files
}

// spoken are the screen's options for the language sets of --languages, each with
// commas between, or of a configuration, or for the ten.
func spoken(languages []string, path string) (o kiosk.Options, err error) {
	sets := kiosk.Ten
	switch {
	case len(languages) > 0:
		sets = nil
		for _, text := range languages {
			sets = append(sets, strings.Split(text, ","))
		}
	case path != "":
		data, err := os.ReadFile(path)
		if err != nil {
			return o, err
		}
		c, err := config.Parse(path, data)
		if err != nil {
			return o, err
		}
		sets, o.NextPlace = nil, c.Kiosk.NextPlace
		for _, set := range c.Kiosk.Languages {
			sets = append(sets, kiosk.Set(set))
		}
	}
	return o, speak(&o, "--languages", sets...)
}

// drawPages draws the pages of a day, each language set, and gives the files.
func drawPages(folder string, o kiosk.Options, t *timetable.Timetable, at time.Time, site string) (files []string, err error) {
	if err := knownSite(t, site); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	list, err := draw.Previews(o, t, at, draw.PreviewSites(t, at, site))
	if err != nil {
		return nil, err
	}
	for i, p := range list {
		name := filepath.Join(folder, fmt.Sprintf("%02d-%s-%s-%d.png", i+1, cmp.Or(p.Site, "any"), strings.Join(p.Page.Languages, "-"), p.Page.Part))
		if err := os.WriteFile(name, p.PNG, 0o644); err != nil {
			return nil, err
		}
		files = append(files, name)
	}
	return files, nil
}

func (o *options) previewCommand() *cobra.Command {
	var against, at, pages, site, code, configured string
	var languages []string
	var days int
	var how readAs
	c := &cobra.Command{
		Use:   "preview NEW",
		Short: "Say what a new timetable changes before it is published",
		Long: `Say what a new timetable, a file or a folder, changes of what is shown: rows that are otherwise, services
that become public or cease to be, each day that is not as its week has it, what is set aside, and what runs
out. Of one with mistakes it says what is left of the older one.`,
		Example: `  infobus timetable preview new.csv --against timetable.csv
  infobus timetable preview calendar.ics --against old.ics --public "category food" --days 14 --json
  infobus timetable preview new.csv --pages pages --at 2026-11-23T09:40 --languages ar,en --languages fr`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if days < 1 || days > 60 {
				return usageError{fmt.Errorf("--days %d: 1 to 60 was expected", days)}
			}
			with, err := how.options()
			if err != nil {
				return err
			}
			screen, err := spoken(languages, configured)
			if err != nil {
				return err
			}
			var good *timetable.Timetable
			if against != "" {
				l := with.Load(against)
				if l.Err != nil && l.InUse == nil {
					return l.Err
				}
				good = l.InUse
			}
			files, err := source.Read(args[0])
			if err != nil {
				return err
			}
			parsed := with.Parse(files)
			now := parsed.Over(good)
			from, err := moment(at, now.Zone)
			if err != nil {
				return err
			}
			p := preview{Preview: timetable.Compare(good, now, from, days), Refused: parsed.Refused, Mistakes: source.Mistakes{}, Warnings: []source.Mistake{}}
			if parsed.Refused {
				p.Mistakes = parsed.Mistakes
				p.Exceptions = timetable.Compare(nil, parsed.Timetable, from, days).Exceptions
			}
			for _, w := range parsed.Warnings {
				if w.Day == 0 || w.Day >= timetable.DateIn(from, now.Zone) {
					p.Warnings = append(p.Warnings, w.Mistake)
				}
			}
			if pages != "" {
				if p.Pages, err = drawPages(pages, screen, now, from, site); err != nil {
					return err
				}
			}
			if p.Holidays, err = unthoughtOf(now, code, timetable.DateIn(from, now.Zone), days); err != nil {
				return err
			}
			if o.json {
				err = printJSON(p)
			} else {
				p.print(from, days)
			}
			if err == nil && p.Refused {
				err = errAttention
			}
			return err
		},
	}
	c.Flags().StringVar(&against, "against", "", "the timetable that is in use: a file or a folder; without it, none is")
	c.Flags().StringVar(&at, "at", "", "day, or day and time, to begin at (default now)")
	c.Flags().StringVar(&pages, "pages", "", "also draw the pages of that day as they will stand on the screen, into this folder")
	c.Flags().StringVar(&site, "site", "", "with --pages: the site (default: those that the plan has on the day)")
	c.Flags().StringArrayVar(&languages, "languages", nil, "with --pages: the languages of a page, one or two, as in ar,en; once for each set (default: the configuration's, else the ten)")
	c.Flags().StringVar(&configured, "config", "", "with --pages: the configuration that has the screen's languages")
	c.Flags().IntVar(&days, "days", 7, "how many days, 1 to 60")
	how.flags(c)
	countryFlag(c, &code)
	return c
}

func (p preview) print(from time.Time, days int) {
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Printf("%s:\n  %s\n", title, strings.Join(lines, "\n  "))
		}
	}
	say := func(s *timetable.RowState) string {
		if s == nil {
			return "nothing"
		}
		text := fmt.Sprintf("%s-%s %s", s.Opens, s.Closes, s.State)
		if s.Place != "" {
			text += " at " + s.Place
		}
		if !s.Screen {
			text += ", in person"
		}
		return text
	}
	all := func(list []timetable.RowState) string {
		if len(list) == 0 {
			return "nothing"
		}
		var texts []string
		for i := range list {
			texts = append(texts, say(&list[i]))
		}
		return strings.Join(texts, "; ")
	}
	var changes, exceptions, expiring, holidays, aside []string
	for _, c := range p.Changes {
		changes = append(changes, fmt.Sprintf("%s %s: %s, was %s", c.Day, c.Service, say(c.Is), say(c.Was)))
	}
	for _, e := range p.Exceptions {
		exceptions = append(exceptions, fmt.Sprintf("%s %s: %s; usually %s", e.Day, e.Service, all(e.Is), all(e.Usual)))
	}
	for _, e := range p.Expiring {
		expiring = append(expiring, fmt.Sprintf("%s %s, checked on %s", e.Day, e.Service, e.Checked))
	}
	for _, m := range p.Mistakes {
		aside = append(aside, m.Error())
	}
	for _, w := range p.Warnings {
		aside = append(aside, fmt.Sprintf("%s:%d:%d: warning: %s", w.File, w.Line, w.Column, w.What))
	}
	if p.Refused {
		fmt.Printf("It would be refused, for %d mistakes; of the one in use this would be left.\n", len(p.Mistakes))
	}
	section(fmt.Sprintf("Changes in %d days from %s on", days, from.Format(time.DateOnly)), changes)
	section("Becomes public", p.Public)
	section("Is public no more", p.Hidden)
	section("Days that are not as their week", exceptions)
	section("Runs out, unless somebody checks it", expiring)
	for _, u := range p.Holidays {
		holidays = append(holidays, u.text)
	}
	section("Public holidays that are shown as any other day", holidays)
	section("Mistakes and what is set aside", aside)
	section("Pages", p.Pages)
	if len(changes)+len(p.Public)+len(p.Hidden)+len(holidays)+len(aside) == 0 {
		fmt.Println("Nothing changes.")
	}
}
