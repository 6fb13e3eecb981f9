package status

import (
	"slices"
	"time"

	"infobus/action"
	"infobus/timetable"
	"infobus/van"
	"infobus/words"
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
	ID, Day string
	Name    string
	Place   string
	Map     string
	Hours   []Hours // as the timetable has them, also those that the screen does not show
	State   string  // confirmed, ask us, cancelled, full
	Word    string  // State in plain words
	Why     string
	Actions []string // what a volunteer may say of it, as in the actions' routes
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

// More are the hours to be corrected, and an empty line. A field for a time has
// no 24:00: the midnight that ends the day is 00:00 there, and is read so again.
func (l ServiceLine) More() []Hours {
	list := slices.Clone(l.Hours)
	for i := range list {
		if list[i].Closes == "24:00" {
			list[i].Closes = "00:00"
		}
	}
	return append(list, Hours{})
}

// Hours are an opening, as HH:MM.
type Hours struct {
	Opens  string `json:"opens"`
	Closes string `json:"closes"`
}

// ServicesOf are the day's for volunteers: those that the screen may show, of the
// session's site, or of all sites where it is not known.
func ServicesOf(o van.Options, s van.State, now time.Time, speaker *words.Speaker) ServicesPage {
	switch {
	case s.Quiet: // whoever takes the phone out of a hand reads no place either
		return ServicesPage{None: speaker.Say("services.quiet")}
	case s.Timetable == nil:
		return ServicesPage{None: speaker.Say("services.no-timetable")}
	case !s.Clock.Trusted:
		return ServicesPage{None: speaker.Say("services.no-clock")}
	}
	t := s.Timetable
	now = now.In(t.Zone)
	p := ServicesPage{Date: fullDate(now, speaker)}
	sites := []string{s.Session.Named()}
	if site, ok := t.Site(s.Session.Named()); ok {
		p.Site = site.Name
	} else {
		for _, site := range t.Sites {
			sites = append(sites, site.ID)
		}
	}
	s.Now.Wall = now               // by which the actions are judged, too
	seen := map[[2]string]string{} // service and day: of which site
	index := map[[2]string]int{}
	add := func(site string, r timetable.Row) {
		key := [2]string{r.Service.ID, r.Day.String()}
		if of, ok := seen[key]; ok && of != site {
			return
		}
		hours := Hours{Opens: r.OpensAt(), Closes: r.ClosesAt()}
		if i, ok := index[key]; ok {
			p.Services[i].Hours = append(p.Services[i].Hours, hours)
			return
		}
		seen[key], index[key] = site, len(p.Services)
		p.Services = append(p.Services, ServiceLine{ID: r.Service.ID, Day: r.Day.String(), Name: serviceName(r.Service, speaker),
			Place: r.Service.Place.Name, Map: r.Service.Place.Map, Hours: []Hours{hours}, State: string(r.State), Why: speaker.Text(r.Why.Text()),
			Word:    speaker.Say("services.state." + words.Code(string(r.State))),
			Actions: offered(o, s, action.Args{Service: r.Service.ID, Day: r.Day}, action.All.At(action.ForEachService))})
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
		p.None = speaker.Say("services.none")
	}
	return p
}

// serviceName is the service's name in the speaker's language, else in English.
func serviceName(service timetable.Service, s *words.Speaker) string {
	if name, ok := service.Name[s.Language().Tag]; ok {
		return name
	}
	return service.Name["en"]
}
