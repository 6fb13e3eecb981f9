// Package source reads the team's timetable from its file: one YAML document
// that a volunteer edits by hand, examples/timetable.yaml being a whole one.
//
// In: a file's bytes, or a path to watch. Out: a *timetable.Timetable that is
// right in every part, or every mistake with its line and column. It never
// gives half a timetable, and never keeps an old one: the last good one is its
// caller's to keep.
package source

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"infobus/timetable"
	"infobus/yamlfile"
)

// Mistake is one thing that is wrong in a file; it prints as
// file:line:column: what.
type Mistake = yamlfile.Mistake

// Mistakes are all that is wrong in a file, in the order of its lines.
type Mistakes = yamlfile.Mistakes

// Check says what is wrong with a text in a language (BCP 47) that is going to
// be shown, such as a letter that no font has, or more than its place on the
// screen can hold; nil where it can be shown. field is what it is: site (its
// name), name (of a service), place, map or by.
type Check func(field, lang, text string) error

// What a file may hold at most. A session's page shows a handful of rows; these
// only keep a broken file from taking the daemon's memory.
const (
	maxServices = 500
	maxSites    = 50
	maxPlan     = 100
	maxTimes    = 20
	maxText     = 60 // letters of a name that has to fit on a row
)

type file struct {
	Timezone zone      `yaml:"timezone"`
	MaxAge   age       `yaml:"max-age"`
	Sites    []site    `yaml:"sites"`
	Plan     []planned `yaml:"plan"`
	Services []service `yaml:"services"`
}

type site struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
}

type planned struct {
	Site string    `yaml:"site"`
	Days []weekday `yaml:"days"`
	From clock     `yaml:"from"`
	To   clock     `yaml:"to"`
}

type service struct {
	ID       string            `yaml:"id"`
	Category category          `yaml:"category"`
	Name     map[string]string `yaml:"name"`
	Place    place             `yaml:"place"`
	Sites    []string          `yaml:"sites"`
	Show     show              `yaml:"show"`
	Checked  date              `yaml:"checked"`
	By       string            `yaml:"by"`
	Times    []times           `yaml:"times"`
}

type place struct {
	Name string `yaml:"name"`
	Map  string `yaml:"map"`
}

type times struct {
	Days   []weekday `yaml:"days"`
	Opens  clock     `yaml:"opens"`
	Closes clock     `yaml:"closes"`
}

// Parse reads a timetable in YAML. name is the file's, for the mistakes. The
// error is Mistakes: all of them, not only the first.
func Parse(name string, data []byte, checks ...Check) (*timetable.Timetable, error) {
	f := file{Timezone: zone{paris}, MaxAge: age(31 * 24 * time.Hour)}
	r := reader{src: yamlfile.Decode(name, data, &f), checks: checks}
	sum := sha256.Sum256(data)
	t := &timetable.Timetable{
		Zone:   f.Timezone.Location,
		MaxAge: time.Duration(f.MaxAge),
		Digest: hex.EncodeToString(sum[:])[:12],
	}
	for _, list := range []struct {
		what      string
		n, most   int
		fieldInto any
	}{
		{"sites", len(f.Sites), maxSites, &f.Sites},
		{"plan", len(f.Plan), maxPlan, &f.Plan},
		{"services", len(f.Services), maxServices, &f.Services},
	} {
		if list.n > list.most {
			r.src.Add(fmt.Sprintf("%s: %d found, at most %d were expected", list.what, list.n, list.most), list.fieldInto)
			return nil, r.src.Err()
		}
	}
	if !r.src.Is(&f.Services) {
		r.src.Add("services: missing; a list was expected, which may be []")
	}
	t.Sites = r.sites(f.Sites)
	t.Plan = r.plan(f.Plan, t)
	t.Services = r.services(f.Services, t)
	if err := r.src.Err(); err != nil {
		return nil, err
	}
	return t, nil
}

type reader struct {
	src    *yamlfile.Source
	checks []Check
}

func (r reader) sites(list []site) []timetable.Site {
	var sites []timetable.Site
	first := map[string]int{}
	for i := range list {
		s := &list[i]
		r.id(&s.ID, first, s)
		r.text("name", "site", "en", s.Name, true, &s.Name, s)
		sites = append(sites, timetable.Site{ID: s.ID, Name: s.Name})
	}
	return sites
}

func (r reader) plan(list []planned, t *timetable.Timetable) []timetable.Planned {
	var plan []timetable.Planned
	for i := range list {
		p := &list[i]
		if !r.src.Is(&p.Site) {
			r.src.Add("site: missing", p)
		} else {
			r.knownSite(t, p.Site, &p.Site)
		}
		days := r.days(&p.Days, p)
		r.hours("from", &p.From, "to", &p.To, p)
		plan = append(plan, timetable.Planned{Site: p.Site, Days: days, From: p.From.Clock, To: p.To.Clock})
	}
	return plan
}

func (r reader) services(list []service, t *timetable.Timetable) []timetable.Service {
	var services []timetable.Service
	first := map[string]int{}
	for i := range list {
		s := &list[i]
		r.id(&s.ID, first, s)
		if !r.src.Is(&s.Category) {
			r.src.Add("category: missing; expected one of: "+categoryNames(), s)
		}
		if _, ok := s.Name["en"]; !ok {
			r.src.Add("name: no English name (en) found; every service needs one", &s.Name, s)
		}
		for lang, name := range s.Name {
			at := yamlfile.Entry{Map: &s.Name, Key: lang}
			if !language.MatchString(lang) {
				r.src.Add(fmt.Sprintf("name: %q found, a language tag was expected, such as en, ar or ti", lang), at)
				continue
			}
			r.text("name", "name", lang, name, true, at)
		}
		r.text("place, name", "place", "en", s.Place.Name, true, &s.Place.Name, &s.Place, s)
		r.text("place, map", "map", "en", s.Place.Map, false, &s.Place.Map)
		if utf8.RuneCountInString(s.Place.Map) > 3 {
			r.src.Add(fmt.Sprintf("map: %q found, at most 3 letters were expected, as on the map", s.Place.Map), &s.Place.Map)
		}
		r.text("by", "by", "en", s.By, false, &s.By)
		for j := range s.Sites {
			r.knownSite(t, s.Sites[j], &s.Sites[j])
		}
		services = append(services, timetable.Service{
			ID: s.ID, Category: timetable.Category(s.Category), Name: s.Name,
			Place: timetable.Place(s.Place), Sites: s.Sites, Show: timetable.Show(s.Show),
			Checked: s.Checked.in(t.Zone), By: s.By, Slots: r.slots(s),
		})
	}
	return services
}

func (r reader) slots(s *service) []timetable.Slot {
	if len(s.Times) == 0 {
		r.src.Add("times: missing; at least one entry with days, opens and closes was expected", &s.Times, s)
	}
	if len(s.Times) > maxTimes {
		r.src.Add(fmt.Sprintf("times: %d found, at most %d were expected", len(s.Times), maxTimes), &s.Times)
		return nil
	}
	var slots []timetable.Slot
	for i := range s.Times {
		e := &s.Times[i]
		slot := timetable.Slot{Days: r.days(&e.Days, e), Opens: e.Opens.Clock, Closes: e.Closes.Clock}
		r.hours("opens", &e.Opens, "closes", &e.Closes, e)
		for j, other := range slots {
			if overlap(slot, other) {
				r.src.Add(fmt.Sprintf("times: %s to %s overlaps with %s to %s on line %d",
					slot.Opens, slot.Closes, other.Opens, other.Closes, r.src.Line(&s.Times[j])), e)
			}
		}
		slots = append(slots, slot)
	}
	return slots
}

// overlap says whether two weekly slots are ever open at one time.
func overlap(a, b timetable.Slot) bool {
	const week = 7 * 24 * 60
	for _, x := range a.Days {
		for _, y := range b.Days {
			ax, by := int(x)*24*60+int(a.Opens), int(y)*24*60+int(b.Opens)
			for _, shift := range []int{-week, 0, week} {
				if ax < by+shift+int(b.Closes-b.Opens) && by+shift < ax+int(a.Closes-a.Opens) {
					return true
				}
			}
		}
	}
	return false
}

var (
	identifier = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	language   = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`)
)

func (r reader) id(id *string, first map[string]int, outer any) {
	switch line, twice := first[*id]; {
	case !r.src.Is(id):
		r.src.Add("id: missing", outer)
	case len(*id) > 40 || !identifier.MatchString(*id):
		r.src.Add(fmt.Sprintf("id: %q found, a to z, 0 to 9 and single hyphens were expected, at most 40", *id), id)
	case twice:
		r.src.Add(fmt.Sprintf("id: %q a second time; the first is on line %d", *id, line), id)
	default:
		first[*id] = r.src.Line(id)
	}
}

func (r reader) knownSite(t *timetable.Timetable, id string, at any) {
	if _, ok := t.Site(id); ok {
		return
	}
	var ids []string
	for _, s := range t.Sites {
		ids = append(ids, s.ID)
	}
	r.src.Add(fmt.Sprintf("site %q is not among the sites: %s", id, strings.Join(ids, ", ")), at)
}

// text checks what is going to be shown. field is as Check has it; at is where it stood, then the outer
// ones.
func (r reader) text(what, field, lang, text string, needed bool, at ...any) {
	if !r.src.Is(at[0]) && !needed {
		return
	}
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		r.src.Add(what+": no text found", at...)
		return
	case n > maxText:
		r.src.Add(fmt.Sprintf("%s: %d letters found, at most %d fit on the screen", what, n, maxText), at...)
		return
	}
	for _, c := range text {
		// Joiners are letters' business; everything else that cannot be seen
		// could turn a line round or break it.
		if c == utf8.RuneError || unicode.IsControl(c) || unicode.Is(unicode.Cf, c) && c != '\u200c' && c != '\u200d' {
			r.src.Add(fmt.Sprintf("%s: invisible character U+%04X found; it has to go", what, c), at...)
			return
		}
	}
	for _, check := range r.checks {
		if err := check(field, lang, text); err != nil {
			r.src.Add(fmt.Sprintf("%s: %v", what, err), at...)
		}
	}
}

func (r reader) days(list *[]weekday, outer any) []time.Weekday {
	if len(*list) == 0 {
		r.src.Add("days: missing; expected [daily], or some of: mon, tue, wed, thu, fri, sat, sun", list, outer)
	}
	var days []time.Weekday
	for i := range *list {
		d := &(*list)[i]
		for _, day := range d.days {
			if slices.Contains(days, day) {
				r.src.Add(fmt.Sprintf("days: %s a second time", strings.ToLower(day.String()[:3])), d)
				break
			}
			days = append(days, day)
		}
	}
	return days
}

func (r reader) hours(fromName string, from *clock, toName string, to *clock, outer any) {
	for _, c := range []struct {
		name string
		c    *clock
	}{{fromName, from}, {toName, to}} {
		if !r.src.Is(c.c) {
			r.src.Add(c.name+": missing; a time was expected, such as \"09:30\"", outer)
		}
	}
	if !from.ok || !to.ok {
		return
	}
	switch {
	case from.Clock >= 24*60:
		r.src.Add(fmt.Sprintf("%s: %s found, a time before 24:00 was expected: write it on the day after", fromName, from.Clock), from)
	case to.Clock <= from.Clock && to.Clock < 24*60:
		r.src.Add(fmt.Sprintf("%s: %s found, a time after %s was expected; if it is past midnight, write %s",
			toName, to.Clock, from.Clock, to.Clock+24*60), to)
	case to.Clock <= from.Clock:
		r.src.Add(fmt.Sprintf("%s: %s found, a time after %s was expected", toName, to.Clock, from.Clock), to)
	case to.Clock-from.Clock > 24*60:
		r.src.Add(fmt.Sprintf("%s: %s found, which is more than a day after %s", toName, to.Clock, from.Clock), to)
	}
}
