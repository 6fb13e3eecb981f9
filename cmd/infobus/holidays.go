package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/nl"
	"github.com/spf13/cobra"

	"infobus/timetable"
)

// country is one whose public holidays are known: those of all of it.
type country struct {
	name, zone string
	holidays   []*cal.Holiday
}

var countries = map[string]country{
	"be": {"Belgium", "Europe/Brussels", be.Holidays},
	"ch": {"Switzerland", "Europe/Zurich", ch.Holidays},
	"de": {"Germany", "Europe/Berlin", de.Holidays},
	"es": {"Spain", "Europe/Madrid", es.Holidays},
	"fr": {"France", "Europe/Paris", fr.Holidays},
	"gb": {"the United Kingdom", "Europe/London", gb.Holidays},
	"ie": {"Ireland", "Europe/Dublin", ie.Holidays},
	"it": {"Italy", "Europe/Rome", it.Holidays},
	"nl": {"the Netherlands", "Europe/Amsterdam", nl.Holidays},
}

const noCountry = "none"

func countryNames() string { return strings.Join(slices.Sorted(maps.Keys(countries)), ", ") }

// publicDay is one public holiday.
type publicDay struct {
	date timetable.Date
	name string
}

// publicDays are the public holidays of a country from one day on to another.
func (c country) publicDays(from, until timetable.Date) (days []publicDay) {
	for year := from.Start(time.UTC).Year(); year <= until.Start(time.UTC).Year(); year++ {
		for _, h := range c.holidays {
			if h.Type == cal.ObservanceReligious || h.Type == cal.ObservanceOther {
				continue
			}
			actual, observed := h.Calc(year)
			for i, day := range []time.Time{actual, observed} {
				if date := timetable.DateIn(day, day.Location()); !day.IsZero() && date >= from && date <= until && (i == 0 || !observed.Equal(actual)) {
					days = append(days, publicDay{date, h.Name})
				}
			}
		}
	}
	slices.SortStableFunc(days, func(a, b publicDay) int { return int(a.date - b.date) })
	return days
}

// unthought is a public holiday on which services are shown open as on any day.
type unthought struct {
	Day      string   `json:"day"`
	Name     string   `json:"name"`
	Country  string   `json:"country"`
	Services []string `json:"services"`
	text     string
}

// unthoughtOf are those of a timetable, in so many days from one on. code is a
// country's, "" for that of the timetable's zone, or none.
func unthoughtOf(t *timetable.Timetable, code string, from timetable.Date, days int) ([]unthought, error) {
	list := []unthought{}
	c, ok := countries[code]
	switch {
	case code == "":
		for _, c = range countries {
			if ok = c.zone == t.Zone.String(); ok {
				break
			}
		}
	case code != noCountry && !ok:
		return nil, usageError{fmt.Errorf("--country %q: one of %s, or none, was expected", code, countryNames())}
	}
	if !ok {
		return list, nil
	}
	for _, d := range c.publicDays(from, from+timetable.Date(days)-1) {
		services := t.AsUsual(d.date)
		if len(services) == 0 {
			continue
		}
		verb := "services are"
		if len(services) == 1 {
			verb = "service is"
		}
		list = append(list, unthought{d.date.String(), d.name, c.name, services,
			fmt.Sprintf("%s (%s) is a public holiday in %s: %d %s shown open; list it under holidays, or say that they are open (times of the holiday, or of a change of that day)",
				d.date.Start(time.UTC).Format("Monday 2 January 2006"), d.name, c.name, len(services), verb)})
	}
	return list, nil
}

func countryFlag(c *cobra.Command, code *string) {
	c.Flags().StringVar(code, "country", "", "whose public holidays are asked about: "+countryNames()+", or none (default: that of the timetable's time zone)")
}

func (o *options) holidaysCommand() *cobra.Command {
	var code string
	var year int
	c := &cobra.Command{
		Use:   "holidays --country CODE",
		Short: "Print the public holidays of a country, to be pasted into a timetable",
		Long: `Print the public holidays of a country as YAML, to be pasted into a timetable: take out those on which you are
there as on any day. Those of a part of the country are not among them. Nothing is applied unasked: check and
preview only say which public holidays the timetable shows open as any other day.`,
		Example: `  infobus timetable holidays --country fr --year 2027`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			of, ok := countries[code]
			if !ok {
				return usageError{fmt.Errorf("--country %q: one of %s was expected", code, countryNames())}
			}
			if year < 2000 || year > 2100 {
				return usageError{fmt.Errorf("--year %d: 2000 to 2100 was expected", year)}
			}
			first := func(year int) timetable.Date {
				return timetable.DateIn(time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC), time.UTC)
			}
			days := of.publicDays(first(year), first(year+1)-1)
			if o.json {
				list := []map[string]any{}
				for _, d := range days {
					list = append(list, map[string]any{"name": d.name, "dates": []string{d.date.String()}})
				}
				return printJSON(list)
			}
			fmt.Println("holidays:")
			for _, d := range days {
				fmt.Printf("  - {name: %q, dates: [%s]} # %s\n", d.name, d.date, d.date.Weekday())
			}
			return nil
		},
	}
	c.Flags().StringVar(&code, "country", "", "the country: "+countryNames())
	c.Flags().IntVar(&year, "year", time.Now().Year(), "the year, 2000 to 2100")
	return c
}
