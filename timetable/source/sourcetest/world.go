// Package sourcetest makes up timetables: what is open when, the files that say
// so in each format, files that are broken in one place, and what is right of
// them. It judges what reads such files, and imports nothing of it.
package sourcetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Today is the day on which the timetables are looked at, a Monday.
var Today = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

// Horizon is how many days are looked at, from Today on.
const Horizon = 14

const checkedDays = 5 // before Today

// Format is one of those that a timetable may have.
type Format string

// The formats.
const (
	YAML Format = "t.yaml"
	CSV  Format = "t.csv"
	ICal Format = "t.ics"
)

// Hours are those of one opening, in minutes after midnight.
type Hours struct{ Opens, Closes int }

// Slot is an opening that comes back every week.
type Slot struct {
	Days []time.Weekday
	Hours
}

// Exception is what is otherwise on one day, by its number after Today.
type Exception struct {
	Hours *Hours // nil: cancelled
	How   int    // in which of its format's ways that is said
}

// Service is what people come for.
type Service struct {
	ID, Name, Arabic, Place, Category string
	Slots                             []Slot
	InPerson                          bool
	Except                            map[int]Exception
}

// World is what is true.
type World struct {
	Services []*Service
	Holidays map[int][]string // days on which services are closed, by their ids; none: all
}

// Opening is one opening of one service that everybody may be told of.
type Opening struct {
	Service string // its name
	Day     int    // after Today
	Hours
	Slot int // index of the slot; -1: of an exception
}

// Openings are all of them within the horizon.
func (w *World) Openings() (list []Opening) {
	for _, s := range w.Services {
		if s.InPerson {
			continue
		}
		for day := range Horizon {
			if x, ok := s.Except[day]; ok {
				if x.Hours != nil {
					list = append(list, Opening{s.Name, day, *x.Hours, -1})
				}
				continue
			}
			if ids, ok := w.Holidays[day]; ok && (len(ids) == 0 || slices.Contains(ids, s.ID)) {
				continue
			}
			for i, slot := range s.Slots {
				if slices.Contains(slot.Days, weekday(day)) {
					list = append(list, Opening{s.Name, day, slot.Hours, i})
				}
			}
		}
	}
	return list
}

func weekday(day int) time.Weekday { return Today.AddDate(0, 0, day).Weekday() }

// on says that a service is open on a day in its week.
func (s *Service) on(day int) bool {
	return slices.ContainsFunc(s.Slots, func(slot Slot) bool { return slices.Contains(slot.Days, weekday(day)) })
}

var names = []struct{ name, arabic, category string }{
	{"Hot meals", "وجبات ساخنة", "food"}, {"Tea and breakfast", "شاي وفطور", "food"}, {"Drinking water", "ماء للشرب", "water"}, {"Clothes", "ملابس", "clothes"},
	{"Showers", "حمامات", "showers"}, {"Clinic", "عيادة", "health"}, {"Legal advice", "استشارة قانونية", "legal"}, {"Phone charging", "شحن الهواتف", "charging"},
	{"Bike repair", "", "repair"}, {"Wi-Fi", "واي فاي", "wifi"}, {"SIM cards", "", "sim"}, {"Café d'été", "", "food"}, {"Laundry", "غسيل", "other"}, {"Library", "مكتبة", "other"},
}

var places = []string{"Rue du Moulin Gris", "Quai des Sternes", "Parking des Oyats", "Salle des Tilleuls", "Hangar Bleu", "Hôtel de Ville", "Place d'Armes", "Rue Émile Zola"}

// Make makes up a timetable of 6 to 14 services without exceptions but a few.
func Make(r *rand.Rand) *World {
	w := &World{Holidays: map[int][]string{}}
	for _, i := range r.Perm(len(names))[:6+r.IntN(9)] {
		s := &Service{ID: fmt.Sprintf("s-%c", 'a'+i), Name: names[i].name, Arabic: names[i].arabic, Category: names[i].category, Place: places[r.IntN(len(places))], Except: map[int]Exception{}}
		s.Slots = []Slot{{someDays(r), Hours{9*60 + 15*r.IntN(8), 12*60 + 15*r.IntN(8)}}}
		if r.IntN(3) == 0 {
			s.Slots = append(s.Slots, Slot{someDays(r), Hours{15*60 + 15*r.IntN(8), 18*60 + 15*r.IntN(8)}})
		}
		if r.IntN(10) == 0 {
			s.InPerson = true
		}
		w.Services = append(w.Services, s)
	}
	for range r.IntN(3) {
		w.except(r)
	}
	return w
}

func someDays(r *rand.Rand) (days []time.Weekday) {
	for _, d := range r.Perm(7)[:2+r.IntN(5)] {
		days = append(days, time.Weekday(d))
	}
	slices.Sort(days)
	return days
}

// except puts an exception on some day of some service that has none.
func (w *World) except(r *rand.Rand) {
	s := w.Services[r.IntN(len(w.Services))]
	day := r.IntN(Horizon)
	if _, twice := s.Except[day]; twice || !s.on(day) {
		return
	}
	if _, holiday := w.Holidays[day]; holiday {
		return
	}
	x := Exception{How: r.IntN(3)}
	if r.IntN(3) == 0 {
		x.Hours = &Hours{13*60 + 7, 14*60 + 11}
	}
	s.Except[day] = x
}

// Edit is a later version of a timetable, which closes or hides something.
func (w *World) Edit(r *rand.Rand, f Format) *World {
	e := &World{Holidays: map[int][]string{}}
	for _, s := range w.Services {
		c := *s
		c.Slots, c.Except = slices.Clone(s.Slots), map[int]Exception{}
		for d, x := range s.Except {
			c.Except[d] = x
		}
		e.Services = append(e.Services, &c)
	}
	for d, ids := range w.Holidays {
		e.Holidays[d] = ids
	}
	for range 1 + r.IntN(3) {
		s := e.Services[r.IntN(len(e.Services))]
		switch r.IntN(8) {
		case 0, 1, 2, 3:
			e.except(r)
		case 4:
			s.Slots[r.IntN(len(s.Slots))].Opens += 15 // of less than three hours
		case 5:
			s.InPerson = true
		case 6:
			if len(e.Services) > 4 {
				e.Services = slices.DeleteFunc(e.Services, func(o *Service) bool { return o == s })
			}
		case 7:
			day := r.IntN(Horizon)
			if f != YAML || slices.ContainsFunc(e.Services, func(o *Service) bool { _, ok := o.Except[day]; return ok }) {
				e.except(r)
				continue
			}
			if ids := []string{}; r.IntN(2) == 0 {
				e.Holidays[day] = ids
			} else {
				e.Holidays[day] = []string{s.ID}
			}
		}
	}
	// Of single days: a service of which a change closes a day that its new week does
	// not have would be a mistake.
	for _, s := range e.Services {
		for d := range s.Except {
			if !s.on(d) {
				delete(s.Except, d)
			}
		}
	}
	return e
}

// File is a file that says what is true.
type File struct {
	Format
	Lines []Line
}

// Line is one line of a file, and which service it is of.
type Line struct {
	Text    string
	Service string // its name; "": of none alone
	Slot    int    // of an ordinary row, the index of its slot; -1: of all of the service
}

// Text is the file's text.
func (f File) Text() string {
	var b strings.Builder
	for _, l := range f.Lines {
		b.WriteString(l.Text)
	}
	return b.String()
}

func (f *File) add(service string, slot int, format string, args ...any) {
	f.Lines = append(f.Lines, Line{fmt.Sprintf(format, args...), service, slot})
}

// Write says what is true in a format.
func (w *World) Write(format Format) File {
	f := File{Format: format}
	switch format {
	case YAML:
		w.yaml(&f)
	case CSV:
		w.csv(&f)
	case ICal:
		w.ical(&f)
	}
	return f
}

func clock(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }

func date(day int) time.Time { return Today.AddDate(0, 0, day) }

func sorted[T any](m map[int]T) (days []int) {
	for d := range m {
		days = append(days, d)
	}
	slices.Sort(days)
	return days
}

func (w *World) yaml(f *File) {
	f.add("", -1, "timezone: Europe/Paris\n")
	f.add("", -1, "max-age: 31d\n")
	f.add("", -1, "services:\n")
	short := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	for _, s := range w.Services {
		f.add(s.Name, -1, "  - id: %s\n", s.ID)
		f.add(s.Name, -1, "    category: %s\n", s.Category)
		if s.Arabic != "" {
			f.add(s.Name, -1, "    name: {en: %s, ar: %s}\n", s.Name, s.Arabic)
		} else {
			f.add(s.Name, -1, "    name: {en: %s}\n", s.Name)
		}
		f.add(s.Name, -1, "    place: {name: %s, map: %c}\n", s.Place, 'A'+len(s.Place)%26)
		f.add(s.Name, -1, "    show: %s\n", map[bool]string{true: "in-person", false: "screen"}[s.InPerson])
		f.add(s.Name, -1, "    checked: %s\n", date(-checkedDays).Format(time.DateOnly))
		f.add(s.Name, -1, "    by: Cuisine des Sternes\n")
		f.add(s.Name, -1, "    times:\n")
		for _, slot := range s.Slots {
			var days []string
			for _, d := range slot.Days {
				days = append(days, short[d])
			}
			f.add(s.Name, -1, "      - {days: [%s], opens: %q, closes: %q}\n", strings.Join(days, ", "), clock(slot.Opens), clock(slot.Closes))
		}
		if len(s.Except) > 0 {
			f.add(s.Name, -1, "    changes:\n")
		}
		for _, d := range sorted(s.Except) {
			day := date(d).Format(time.DateOnly)
			switch x := s.Except[d]; {
			case x.Hours == nil && x.How == 0:
				f.add(s.Name, -1, "      - date: %s\n", day)
				f.add(s.Name, -1, "        cancelled: true\n")
			case x.Hours == nil:
				f.add(s.Name, -1, "      - {date: %s, cancelled: true, reason: the kitchen moves}\n", day)
			default:
				f.add(s.Name, -1, "      - {date: %s, times: [{opens: %q, closes: %q}]}\n", day, clock(x.Hours.Opens), clock(x.Hours.Closes))
			}
		}
	}
	if len(w.Holidays) > 0 {
		f.add("", -1, "holidays:\n")
	}
	for _, d := range sorted(w.Holidays) {
		ids := ""
		if len(w.Holidays[d]) > 0 {
			ids = ", services: [" + strings.Join(w.Holidays[d], ", ") + "]"
		}
		f.add("", -1, "  - {name: Holiday, dates: [%s]%s}\n", date(d).Format(time.DateOnly), ids)
	}
}

func (w *World) csv(f *File) {
	f.add("", -1, "Service;Nom (ar);Catégorie;Lieu;Jours;Date;Ouvre;Ferme;Vérifié le;Affichage;Statut;Remarque\r\n")
	short := []string{"dim", "lun", "mar", "mer", "jeu", "ven", "sam"}
	var last []Line // exceptions stand at the end, as people add them
	for _, s := range w.Services {
		show := map[bool]string{true: "en personne", false: "écran"}[s.InPerson]
		head := fmt.Sprintf("%s;%s;%s;%s;", s.Name, s.Arabic, s.Category, s.Place)
		for i, slot := range s.Slots {
			var days []string
			for _, d := range slot.Days {
				days = append(days, short[d])
			}
			f.add(s.Name, i, "%s%s;;%dh%02d;%dh%02d;%s;%s;;\r\n", head, strings.Join(days, ", "), slot.Opens/60, slot.Opens%60, slot.Closes/60, slot.Closes%60,
				date(-checkedDays).Format("02/01/2006"), show)
		}
		for _, d := range sorted(s.Except) {
			day := date(d).Format("02/01/2006")
			if x := s.Except[d]; x.Hours == nil {
				last = append(last, Line{fmt.Sprintf("%s;%s;;;;%s;annulé;\r\n", head, day, show), s.Name, -1})
			} else {
				last = append(last, Line{fmt.Sprintf("%s;%s;%s;%s;;%s;à la place;\r\n", head, day, clock(x.Hours.Opens), clock(x.Hours.Closes), show), s.Name, -1})
			}
		}
	}
	f.Lines = append(f.Lines, last...)
}

func (w *World) ical(f *File) {
	f.add("", -1, "BEGIN:VCALENDAR\r\n")
	f.add("", -1, "VERSION:2.0\r\n")
	f.add("", -1, "PRODID:-//x//EN\r\n")
	short := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	begin := Today.AddDate(0, 0, -28)
	for _, s := range w.Services {
		for i, slot := range s.Slots {
			uid := fmt.Sprintf("%s-%d@example.org", s.ID, i)
			first := begin
			for !slices.Contains(slot.Days, first.Weekday()) {
				first = first.AddDate(0, 0, 1)
			}
			var days []string
			for _, d := range slot.Days {
				days = append(days, short[d])
			}
			at := func(day time.Time, minutes int) string {
				return day.Add(time.Duration(minutes) * time.Minute).Format("20060102T150405")
			}
			add := func(text string) { f.add(s.Name, -1, "%s\r\n", text) }
			event := func(title string, day time.Time, h Hours, more ...string) {
				add("BEGIN:VEVENT")
				add("UID:" + uid)
				add("DTSTAMP:20200101T000000Z")
				add("LAST-MODIFIED:" + date(-checkedDays).Format("20060102") + "T080000Z")
				add("SUMMARY:" + title)
				if s.Arabic != "" {
					add("X-INFOBUS-NAME;LANGUAGE=ar:" + s.Arabic)
				}
				add("DESCRIPTION:bring a bag\\, ask at the gate")
				add("CATEGORIES:" + strings.ToUpper(s.Category))
				add("LOCATION:" + s.Place)
				add("CLASS:" + map[bool]string{true: "PRIVATE", false: "PUBLIC"}[s.InPerson])
				add("DTSTART;TZID=Europe/Paris:" + at(day, h.Opens))
				add("DTEND;TZID=Europe/Paris:" + at(day, h.Closes))
				for _, m := range more {
					add(m)
				}
				add("END:VEVENT")
			}
			more := []string{"RRULE:FREQ=WEEKLY;BYDAY=" + strings.Join(days, ",")}
			for _, d := range sorted(s.Except) {
				if x := s.Except[d]; x.Hours == nil && x.How == 2 && slices.Contains(slot.Days, weekday(d)) {
					more = append(more, "EXDATE;TZID=Europe/Paris:"+at(date(d), slot.Opens))
				}
			}
			event(s.Name, first, slot.Hours, more...)
			moved := false
			for _, d := range sorted(s.Except) {
				x := s.Except[d]
				if !slices.Contains(slot.Days, weekday(d)) {
					continue
				}
				of := "RECURRENCE-ID;TZID=Europe/Paris:" + at(date(d), slot.Opens)
				other := slices.IndexFunc(s.Slots, func(o Slot) bool { return slices.Contains(o.Days, weekday(d)) })
				switch {
				case x.Hours != nil && other == i && !moved: // the first slot of the day moves, the others are off
					event(s.Name, date(d), *x.Hours, of)
				case x.Hours == nil && x.How == 2:
				case x.How == 1:
					event("Canceled: "+s.Name, date(d), slot.Hours, of, "STATUS:CONFIRMED")
				default:
					event(s.Name, date(d), slot.Hours, of, "STATUS:CANCELLED")
				}
			}
		}
	}
	f.add("", -1, "END:VCALENDAR\r\n")
}
