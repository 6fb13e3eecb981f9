package status

import (
	"slices"
	"strings"
	"time"

	"infobus/action"
	"infobus/advice"
	"infobus/timetable"
	"infobus/van"
	"infobus/words"
)

// Version is what a source of the timetable has brought.
type Version struct {
	Source  string
	Shelf   timetable.Shelf
	Remarks []Remark // of its newest files, as far as this process has read them
}

// Remark is a mistake in a file, or what may be meant otherwise there. It says what
// the file says: it is for volunteers alone.
type Remark struct {
	File         string
	Line, Column int
	What         string
	Warning      bool
}

// File is a file that a volunteer uploads.
type File struct {
	Name string
	Data []byte
}

// TimetablePage is what a volunteer looks at before a timetable is published, and
// where one is uploaded. What is told in person is not on it.
type TimetablePage struct {
	None     string // why nothing is judged; "" where it is
	Due      []DueLine
	Confirm  *Form // of all of Due; nil where there are none
	Versions []VersionPart
	Remarks  []Remark // of what was just uploaded and not taken
}

// DueLine is a service whose hours want a check.
type DueLine struct {
	Name, Place string
	Until       string // what becomes of its hours
	Hours       []string
	Confirm     Form
}

// VersionPart is a source of which something waits, can be taken back, or is wrong.
type VersionPart struct {
	Key, Source      string // its name in addresses, and in words
	Digest           string // of what waits; "" where nothing does
	Changes          []string
	Public, Hidden   []string
	Exceptions       []string
	Expiring         []string
	Remarks          []Remark
	More             int // remarks left out
	Pages            []int
	Publish, Decline *Form
	TakeBack         *Form
}

// What a page shows at most of each.
const (
	previewDays = 7
	maxLines    = 200
	maxRemarks  = 50
)

// TimetableOf is the page: pages is how many pictures there are of what waits of a
// source, which of them are asked for by number.
func TimetableOf(o van.Options, s van.State, versions []Version, pages func(Version) int, now time.Time, say *words.Speaker) TimetablePage {
	var p TimetablePage
	if !s.Clock.Trusted {
		p.None = say.Say("services.no-clock")
	}
	mayAct := func(name action.Name, args action.Args) bool {
		return s.May(o, action.Asked{Name: name, Args: args}) == action.Taken
	}
	form := func(name action.Name, args action.Args) *Form {
		row, found := action.All.Find(string(name))
		if !found || !mayAct(name, args) {
			return nil
		}
		f := formOf(row, action.Given{"source": {args.Source}, "digest": {args.Digest}, "service": {args.Service}}, "", say)
		return &f
	}
	if s.Timetable != nil && s.Clock.Trusted {
		p.due(s, form, now, say)
	}
	for _, v := range versions {
		part := VersionPart{Key: v.Source, Source: sourceName(v.Source, say), TakeBack: form(action.TakeBackTimetable, action.Args{Source: v.Source, Digest: v.Shelf.Published})}
		for _, r := range v.Remarks {
			if len(part.Remarks) == maxRemarks {
				part.More = len(v.Remarks) - maxRemarks
				break
			}
			part.Remarks = append(part.Remarks, r)
		}
		if t := v.Shelf.Waiting; t != nil {
			part.Digest = t.Digest
			part.Publish = form(action.PublishTimetable, action.Args{Source: v.Source, Digest: t.Digest})
			if v.Source == van.Phone {
				part.Decline = form(action.TakeBackTimetable, action.Args{Source: v.Source, Digest: t.Digest})
			}
			if s.Clock.Trusted {
				part.compare(v.Shelf.Live, t, now, say)
			}
			for n := range pages(v) {
				part.Pages = append(part.Pages, n)
			}
		}
		if t := part; t.Digest != "" || t.TakeBack != nil || len(t.Remarks) > 0 {
			p.Versions = append(p.Versions, part)
		}
	}
	return p
}

func sourceName(name string, say *words.Speaker) string {
	if t, ok := advice.SourceName(name).(words.Text); ok {
		return say.Text(t)
	}
	return name
}

// due fills in the services whose hours want a check.
func (p *TimetablePage) due(s van.State, form func(action.Name, action.Args) *Form, now time.Time, say *words.Speaker) {
	t := s.Timetable
	for _, d := range s.Outlook.Due {
		service, ok := t.Service(d.Service)
		one := form(action.ConfirmHours, action.Args{Digest: t.Digest, Service: d.Service})
		if !ok || one == nil {
			continue
		}
		l := DueLine{Name: serviceName(*service, say), Place: service.Place.Name, Until: say.Say("timetable.due.now"), Confirm: *one}
		if d.Day != 0 {
			l.Until = say.Say("timetable.due.from", "Day", dayText(d.Day))
		}
		today := timetable.DateIn(now, t.Zone)
		for day := today; day < today+previewDays; day++ {
			var hours []string
			for _, r := range t.RowsOn(day, now, d.Service) {
				if r.Service.Show == timetable.Screen && r.State != timetable.Cancelled {
					hours = append(hours, r.OpensAt()+"–"+r.ClosesAt())
				}
			}
			if hours != nil {
				l.Hours = append(l.Hours, say.Text(dayText(day))+": "+strings.Join(hours, ", "))
			}
		}
		p.Due = append(p.Due, l)
	}
	if len(p.Due) > 1 {
		if p.Confirm = form(action.ConfirmHours, action.Args{Digest: t.Digest}); p.Confirm != nil {
			p.Confirm.Button = say.Say("timetable.confirm-all", "N", len(p.Due))
		}
	}
}

// dayText is such as "Tuesday 1 December".
func dayText(d timetable.Date) words.Text {
	day := d.Start(time.UTC)
	return words.T("timetable.day", "Weekday", advice.Weekday(d), "Date", dayOfYear(day))
}

// compare fills in what a version changes.
func (part *VersionPart) compare(live, t *timetable.Timetable, now time.Time, say *words.Speaker) {
	c := timetable.Compare(live, t, now, previewDays)
	part.Public, part.Hidden = c.Public, c.Hidden
	day := func(text string) words.Text {
		d, _ := timetable.ParseDate(text)
		return dayText(d)
	}
	row := func(r *timetable.RowState) string {
		if r == nil || !r.Screen {
			return say.Say("timetable.nothing")
		}
		text := r.Opens + "–" + r.Closes + " " + say.Say("services.state."+words.Code(string(r.State)))
		if r.Place != "" {
			text += " · " + r.Place
		}
		return text
	}
	rows := func(list []timetable.RowState) string {
		var texts []string
		for i := range list {
			if list[i].Screen {
				texts = append(texts, row(&list[i]))
			}
		}
		if texts == nil {
			return row(nil)
		}
		return strings.Join(texts, "; ")
	}
	onScreen := func(r *timetable.RowState) bool { return r != nil && r.Screen }
	for _, x := range c.Changes {
		if onScreen(x.Was) || onScreen(x.Is) {
			part.Changes = append(part.Changes, say.Say("timetable.change", "Day", day(x.Day), "Service", x.Service, "Is", row(x.Is), "Was", row(x.Was)))
		}
	}
	shown := func(r timetable.RowState) bool { return r.Screen }
	for _, x := range c.Exceptions {
		if slices.ContainsFunc(x.Is, shown) || slices.ContainsFunc(x.Usual, shown) {
			part.Exceptions = append(part.Exceptions, say.Say("timetable.exception", "Day", day(x.Day), "Service", x.Service, "Is", rows(x.Is), "Usual", rows(x.Usual)))
		}
	}
	for _, x := range c.Expiring {
		part.Expiring = append(part.Expiring, say.Say("timetable.expires", "Day", day(x.Day), "Service", x.Service))
	}
	for _, list := range []*[]string{&part.Changes, &part.Exceptions, &part.Expiring, &part.Public, &part.Hidden} {
		if more := len(*list) - maxLines; more > 0 {
			*list = append((*list)[:maxLines:maxLines], say.Say("timetable.more", "N", more))
		}
	}
}
