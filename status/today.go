package status

import (
	"cmp"
	"slices"
	"time"

	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/timetable"
	"infobus/van"
)

// todayAtMost is how many rows the visitors' page is made of.
const todayAtMost = 1000

// TodayOf is the visitors' page: the rows of the screen, all of them, in one
// language. Without a clock or a timetable it says so, and shows no day.
func TodayOf(s van.State, tag string, now time.Time) TodayPage {
	l := locales.Get(tag)
	p := TodayPage{Opens: l.Word(locales.Opens), Closes: l.Word(locales.Closes), More: l.Word(locales.More),
		Choose: l.Word(locales.Language), Guide: l.Word(locales.Guide)}
	if s.Timetable == nil {
		p.Empty = l.Word(locales.SettingUp)
		return p
	}
	if site, ok := s.Timetable.Site(s.Session.Named()); ok {
		p.Site = site.Name
	}
	if !s.Clock.Trusted {
		p.Empty = l.Word(locales.ClockNotSet)
		return p
	}
	set := kiosk.Set{l.Tag}
	o := kiosk.Options{Sets: []kiosk.Set{set}, Capacity: map[string]int{set.String(): todayAtMost}}
	pages := o.Pages(kiosk.Today, kiosk.Content{Timetable: s.Timetable, Site: s.Session.Named(), Now: now})
	if len(pages) == 0 {
		p.Empty = l.Word(locales.AskUs)
		return p
	}
	page := pages[0]
	// Of a volunteer's word it is not said who checked the timetable before.
	said := func(r timetable.Row) bool {
		return slices.ContainsFunc(s.Corrections, func(c timetable.Correction) bool { return c.Service == r.Service.ID && c.Date == r.Day.String() })
	}
	p.Title, p.Drawn, p.Empty = l.Date(page.Date), l.DrawnAt(page.Drawn), l.Word(locales.Nothing)
	for _, r := range page.Rows {
		row := TodayRow{Name: l.ServiceName(r.Service), Place: r.Service.Place.Name, Map: r.Service.Place.Map}
		switch r.State {
		case timetable.AskUs:
			row.State = l.Word(locales.AskUs)
		case timetable.Cancelled:
			row.State, row.Struck = l.Word(locales.Cancelled), true
		case timetable.Full:
			row.State = l.Word(locales.Full)
		}
		if r.State != timetable.AskUs {
			row.Opens, row.Closes = r.OpensAt(), r.ClosesAt()
			if !r.WholeDay() { // both would be the same hour of the night
				row.OpensLocal, _ = l.LocalHour(r.Opens)
				row.ClosesLocal, _ = l.LocalHour(r.Closes)
			}
		}
		if c := r.Service.Checked; r.State != timetable.Cancelled && r.State != timetable.Full && !said(r) && r.Service.By != "" && !c.IsZero() && !c.After(now) {
			row.Note = l.CheckedBy(c.In(s.Timetable.Zone), r.Service.By)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// BareOf is what stands in the place of the visitors' page while it is quiet: the
// emergency numbers of the screen, in one language; no place, no day and no hour.
func BareOf(o van.Options, s van.State, tag string, now time.Time) TodayPage {
	l := locales.Get(tag)
	p := TodayPage{Choose: l.Word(locales.Language), Numbers: []TodayNumber{{"112", l.Word(locales.Emergency)}}}
	if s.Timetable == nil || !s.Clock.Trusted {
		return p // which of the others hold is not known
	}
	for _, n := range o.Kiosk.Board.At(now.In(s.Timetable.Zone)).Numbers {
		p.Numbers = append(p.Numbers, TodayNumber{n.Number, cmp.Or(n.Name[l.Tag], n.Name["en"])})
	}
	return p
}

// Languages are those of the visitors' page.
func Languages() []Language {
	var all []Language
	for _, tag := range locales.Tags() {
		l := locales.Get(tag)
		dir := "ltr"
		if l.RTL {
			dir = "rtl"
		}
		all = append(all, Language{Tag: l.Tag, Name: l.Name, Dir: dir})
	}
	return all
}
