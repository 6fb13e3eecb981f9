package draw

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"infobus/kiosk"
	"infobus/timetable"
)

// Preview is a page of a day as it would stand on the glass.
type Preview struct {
	Site string // id; "" where it does not matter
	Page kiosk.Page
	Alt  string // what the page says, for who does not see it: its name, set and part
	PNG  []byte
}

// MostPreviews is how many pages Previews draws.
const MostPreviews = 60

// Previews are the pages of a timetable on a day, for each of these sites, or for
// none where there are none: at most MostPreviews.
func Previews(o kiosk.Options, t *timetable.Timetable, at time.Time, sites []string) (list []Preview, err error) {
	if len(sites) == 0 {
		sites = []string{""}
	}
	for _, site := range sites {
		for _, p := range o.Pages(kiosk.Today, kiosk.Content{Timetable: t, Site: site, Now: at}) {
			if len(list) == MostPreviews {
				return list, nil
			}
			frame, err := Draw(p)
			if err != nil {
				return list, fmt.Errorf("draw the page of %s: %w", p.Languages, err)
			}
			var b bytes.Buffer
			if err := frame.PNG(&b); err != nil {
				return list, err
			}
			list = append(list, Preview{Site: site, Page: p, Alt: fmt.Sprintf("%s %s %d/%d", p.Site, p.Languages, p.Part, p.Parts), PNG: b.Bytes()})
		}
	}
	return list, nil
}

// PreviewSites are the sites of which a day is drawn: the one that is named or,
// without one, those that the plan has on the day; else all there are.
func PreviewSites(t *timetable.Timetable, at time.Time, named string) (sites []string) {
	if _, ok := t.Site(named); ok {
		return []string{named}
	}
	day := timetable.DateIn(at, t.Zone).Weekday()
	for _, p := range t.Plan {
		if slices.Contains(p.Days, day) && !slices.Contains(sites, p.Site) {
			sites = append(sites, p.Site)
		}
	}
	if sites == nil {
		for _, s := range t.Sites {
			sites = append(sites, s.ID)
		}
	}
	return sites
}
