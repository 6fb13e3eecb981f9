package status

import (
	"slices"
	"time"

	"infobus/kiosk/locales"
	"infobus/timetable"
	"infobus/van"
)

// ServicesPage is what a volunteer looks through: the day's services, each to be
// said right, cancelled or of other hours. Those that are shown in person only
// are not on it.
type ServicesPage struct {
	Date     string // in words; "" where no day can be told
	Site     string
	None     string // why there are no services; "" where there are
	Services []ServiceLine
}

// ServiceLine is one service on one day.
type ServiceLine struct {
	ID, Day   string
	Name      string
	Place     string
	Map       string
	Hours     []Hours // as the timetable has them, also those that the screen does not show
	State     string  // confirmed, ask us, cancelled
	Why       string
	Corrected bool // a volunteer said something of it
}

// Mood is the line's colour and icon.
func (l ServiceLine) Mood() string {
	switch l.State {
	case "confirmed":
		return "good"
	case "cancelled":
		return "bad"
	}
	return "warn"
}

// Word is the state in plain words.
func (l ServiceLine) Word() string {
	switch l.State {
	case "confirmed":
		return "Hours on the screen"
	case "cancelled":
		return "Cancelled"
	}
	return "Screen says: ask us"
}

// More are the hours to be corrected, and an empty line.
func (l ServiceLine) More() []Hours { return append(l.Hours[:len(l.Hours):len(l.Hours)], Hours{}) }

// Hours are an opening, as HH:MM.
type Hours struct {
	Opens  string `json:"opens"`
	Closes string `json:"closes"`
}

// ServicesOf are the day's for volunteers: those that the screen may show, of the
// session's site, or of all sites where it is not known.
func ServicesOf(s van.State, now time.Time) ServicesPage {
	switch {
	case s.Timetable == nil:
		return ServicesPage{None: "No timetable is loaded."}
	case !s.Clock.Trusted:
		return ServicesPage{None: "The box does not know the time yet: it cannot tell which day is today."}
	}
	t := s.Timetable
	now = now.In(t.Zone)
	p := ServicesPage{Date: locales.Get("en").Date(now)}
	sites := []string{s.Session.Named()}
	if site, ok := t.Site(s.Session.Named()); ok {
		p.Site = site.Name
	} else {
		for _, site := range t.Sites {
			sites = append(sites, site.ID)
		}
	}
	said := t.Corrections()
	seen := map[[2]string]string{} // service and day: of which site
	index := map[[2]string]int{}
	add := func(site string, r timetable.Row) {
		key := [2]string{r.Service.ID, r.Day.String()}
		if of, ok := seen[key]; ok && of != site {
			return
		}
		hours := Hours{Opens: r.Opens.Format("15:04"), Closes: r.Closes.Format("15:04")}
		if i, ok := index[key]; ok {
			p.Services[i].Hours = append(p.Services[i].Hours, hours)
			return
		}
		seen[key], index[key] = site, len(p.Services)
		p.Services = append(p.Services, ServiceLine{ID: r.Service.ID, Day: r.Day.String(), Name: r.Service.Name["en"],
			Place: r.Service.Place.Name, Map: r.Service.Place.Map, Hours: []Hours{hours}, State: string(r.State), Why: r.Why,
			Corrected: slices.ContainsFunc(said, func(c timetable.Correction) bool { return c.Service == key[0] && c.Date == key[1] })})
	}
	for _, site := range sites {
		for _, r := range timetable.OnScreen(t.Rows(now.AddDate(0, 0, -1), site)) {
			if r.Closes.After(now) { // from the evening before
				add(site, r)
			}
		}
		for _, r := range timetable.OnScreen(t.Rows(now, site)) {
			add(site, r)
		}
	}
	if len(p.Services) == 0 {
		p.None = "The timetable has nothing for today."
	}
	return p
}
