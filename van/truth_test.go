package van_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/power"
	"infobus/timetable"
	"infobus/van"
)

// glass is what a reader finds on a page, as texts: it is all that the reader
// knows. A page is nothing but its fields and the words of its languages.
type glass struct {
	head []string
	rows [][]string // of each row its name, and its hours or what stands in their place
}

// read gives a page's texts in its first language, as kiosk/draw puts them
// there.
func read(p kiosk.Page) glass {
	l := locales.Get(p.Languages[0])
	var g glass
	if !p.Date.IsZero() {
		g.head = append(g.head, l.Date(p.Date))
	}
	if !p.Drawn.IsZero() {
		g.head = append(g.head, l.DrawnAt(p.Drawn))
	}
	if p.Site != "" {
		g.head = append(g.head, p.Site)
	}
	switch p.Name {
	case kiosk.Closing:
		g.head = append(g.head, l.WasHereUntil(p.Until))
		if p.Next != "" {
			g.head = append(g.head, l.Word(locales.NextPlace), p.Next)
		}
	case kiosk.ClockNotSet:
		g.head = append(g.head, l.Word(locales.ClockNotSet))
	case kiosk.SettingUp:
		g.head = append(g.head, l.Word(locales.SettingUp))
	case kiosk.Help:
		g.head = append(g.head, l.Word(locales.Help))
	case kiosk.SIM:
		g.head = append(g.head, l.Word(locales.SIM))
	case kiosk.Today:
		if len(p.Rows) == 0 {
			g.head = append(g.head, l.Word(locales.Nothing))
		}
	}
	for _, r := range p.Rows {
		texts := []string{l.ServiceName(r.Service)}
		switch r.State {
		case timetable.AskUs:
			texts = append(texts, l.Word(locales.AskUs))
		case timetable.Cancelled:
			texts = append(texts, l.Word(locales.Cancelled))
			fallthrough
		default:
			texts = append(texts, r.Opens.Format("15:04"), r.Closes.Format("15:04"))
		}
		g.rows = append(g.rows, texts)
	}
	return g
}

// facts are what is so, in a form of the test's own: of each service its hours
// by weekday, and what was said of it.
type facts struct {
	services map[string]fact // by name
	said     map[string]word // by name and date
	zone     *time.Location
	begun    time.Time // of the session, or zero
	where    string    // its site
}

type fact struct {
	days    string // of "0123456" those on which it opens, Sunday first
	opens   int    // minutes
	closes  int    // minutes, past midnight above 1440
	checked time.Time
	secret  bool
	site    string
}

// word is what a volunteer said.
type word struct {
	kind          timetable.CorrectionKind
	opens, closes int
}

func clockOf(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60%24, minutes%60) }

var (
	times    = regexp.MustCompile(`\d\d:\d\d`)
	relative = regexp.MustCompile(`(?i)\b(now|today|tomorrow|yesterday|tonight|soon|in \d+ (min|h)|(min|h)\w* left|current\w*)\b`)
)

// lies are the words on the glass that are false for who reads them at a
// moment. who draws is not asked: only the glass and the facts are.
func (f facts) lies(g glass, drawn, at time.Time) []string {
	var lies []string
	lie := func(format string, a ...any) { lies = append(lies, fmt.Sprintf(format, a...)) }
	plain := strings.NewReplacer("\u2068", "", "\u2069", "")
	en := locales.Get("en")

	// Which day is it about? One that says none is read as about the day it is
	// read on.
	day, dated := at.In(f.zone), false
	for back := -1; back <= 4; back++ {
		d := at.In(f.zone).AddDate(0, 0, -back)
		for _, text := range g.head {
			if plain.Replace(text) == plain.Replace(en.Date(d)) {
				day, dated = d, true
			}
		}
	}
	all := slices.Clone(g.head)
	for _, r := range g.rows {
		all = append(all, r...)
	}
	for _, text := range all {
		if m := relative.FindString(text); m != "" {
			lie("%q speaks of the moment: %q", text, m)
		}
	}
	if len(times.FindAllString(strings.Join(all, " "), -1)) > 0 && !dated {
		lie("there are times and no date: %q", all)
	}
	for _, text := range g.head {
		text = plain.Replace(text)
		m := times.FindString(text)
		switch {
		case m == "":
		case text == "drawn "+m:
			if m != drawn.In(f.zone).Format("15:04") || day.Format(time.DateOnly) != drawn.In(f.zone).Format(time.DateOnly) {
				lie("%q on %s: it was %s", text, day.Format(time.DateOnly), drawn)
			}
		case text == "The van was here until "+m:
			until, err := time.ParseInLocation("2006-01-02 15:04", day.Format("2006-01-02 ")+m, f.zone)
			if err != nil || until.After(drawn) || until.Before(f.begun.Truncate(time.Minute)) {
				lie("%q: the session was from %s to %s", text, f.begun, drawn)
			}
		default:
			lie("%q: nobody knows what that time is", text)
		}
	}
	if dated && !slices.ContainsFunc(g.head, func(s string) bool { return strings.HasPrefix(s, "drawn ") }) {
		lie("it does not say when it was drawn: %q", g.head)
	}
	if slices.Contains(g.head, en.Word(locales.Nothing)) {
		for name, s := range f.services {
			if s.secret || s.site != "" && s.site != f.where {
				continue
			}
			r := f.reading(name, s, day, 0)
			if r == nil {
				continue
			}
			shut, err := time.ParseInLocation("2006-01-02 15:04", day.Format("2006-01-02 ")+r[len(r)-1], f.zone)
			// One that closes past midnight is not over on its day.
			if err != nil || len(r) > 2 || shut.After(drawn) || r[0] >= r[1] {
				lie("nothing more is listed, and %s is: %q", name, r)
			}
		}
	}
	for _, r := range g.rows {
		name := r[0]
		s, known := f.services[name]
		if !known || s.secret {
			lie("%q is nothing to be shown", name)
			continue
		}
		if !slices.ContainsFunc(f.readings(name, s, day), func(want []string) bool { return slices.Equal(want, r[1:]) }) {
			lie("%s on %s: %q; so is %q", name, day.Format(time.DateOnly), r[1:], f.readings(name, s, day))
		}
	}
	return lies
}

// readings are what may be said of a service on a day, read naively: its own
// hours, or from midnight those of the evening before.
func (f facts) readings(name string, s fact, day time.Time) [][]string {
	var list [][]string
	for back := range 2 {
		if r := f.reading(name, s, day, back); r != nil {
			list = append(list, r)
		}
	}
	return list
}

// reading is what may be said on a day of the opening that began so many days
// before; nil where there is none.
func (f facts) reading(name string, s fact, day time.Time, back int) []string {
	d := day.AddDate(0, 0, -back)
	opens, closes := s.opens, s.closes
	said := f.said[name+d.Format(time.DateOnly)]
	if said.kind == timetable.SaidHours {
		opens, closes = said.opens, said.closes
	} else if !strings.Contains(s.days, fmt.Sprint(int(d.Weekday()))) {
		return nil
	}
	hours := []string{clockOf(opens), clockOf(closes)}
	if back == 1 {
		if closes <= 1440 {
			return nil
		}
		hours[0] = "00:00"
	}
	midnight := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	switch age := int(midnight.Sub(s.checked) / (24 * time.Hour)); {
	case said.kind == timetable.SaidCancelled:
		return append([]string{"Cancelled"}, hours...)
	case said.kind != "" || age <= 31:
		return hours
	}
	return []string{"Ask us"}
}

// A van with any timetable, corrections, clock, session and site, which draws
// what it draws: the power is cut, and between a second and three days later no
// word on the glass is false.
func TestNoWordOnTheGlassIsFalseWhenThePowerIsCut(t *testing.T) {
	zone := table(t).Zone
	drawn := map[kiosk.Name]int{}
	rapid.Check(t, func(t *rapid.T) {
		tt := &timetable.Timetable{Zone: zone, MaxAge: 31 * 24 * time.Hour, Digest: "random",
			Sites: []timetable.Site{{ID: "north", Name: "Rue du Nord"}, {ID: "south", Name: "Quai du Sud"}}}
		f := facts{services: map[string]fact{}, said: map[string]word{}, zone: zone}
		for i := range rapid.IntRange(0, 9).Draw(t, "services") {
			s := fact{opens: rapid.IntRange(0, 95).Draw(t, "opens") * 15, secret: rapid.IntRange(0, 3).Draw(t, "secret") == 0,
				checked: time.Date(2026, 11, 23-rapid.IntRange(0, 40).Draw(t, "age"), 0, 0, 0, 0, time.UTC),
				site:    rapid.SampledFrom([]string{"", "", "north", "south"}).Draw(t, "site")}
			s.closes = s.opens + rapid.IntRange(1, 40).Draw(t, "quarters")*15
			name := fmt.Sprintf("Service %c", 'A'+i)
			service := timetable.Service{ID: fmt.Sprint("s", i), Category: timetable.Food, Name: map[string]string{"en": name},
				Checked: time.Date(s.checked.Year(), s.checked.Month(), s.checked.Day(), 0, 0, 0, 0, zone)}
			if !s.secret {
				service.Show = timetable.Screen
			}
			if s.site != "" {
				service.Sites = []string{s.site}
			}
			slot := timetable.Slot{Opens: timetable.Clock(s.opens), Closes: timetable.Clock(s.closes)}
			for d := range 7 {
				if rapid.Bool().Draw(t, "open") {
					s.days += fmt.Sprint(d)
					slot.Days = append(slot.Days, time.Weekday(d))
				}
			}
			service.Slots = []timetable.Slot{slot}
			f.services[name] = s
			tt.Services = append(tt.Services, service)
		}
		b := newBox("one", van.Kept{})
		b.options.Kiosk.Sets = []kiosk.Set{{"en"}, {"en", "ar"}}
		b.options.Kiosk.Capacity = map[string]int{"en": rapid.IntRange(1, 5).Draw(t, "capacity")}
		b.options.Session.Site = rapid.SampledFrom([]string{"north", "south", "", "gone"}).Draw(t, "where")

		at := time.Second
		b.see(at, van.TimetableSeen{Timetable: tt})
		if rapid.IntRange(0, 3).Draw(t, "clock") > 0 {
			b.see(at, van.ClockSeen{Trusted: true, Source: "rtc"})
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at += time.Duration(rapid.IntRange(1, 90*60).Draw(t, "seconds")) * time.Second
			wall := monday.Add(at).In(zone)
			running := rapid.IntRange(0, 4).Draw(t, "running") > 0
			on := power.Line{Active: running, At: at}
			value := rapid.SampledFrom([]any{on, on, on, van.Tick{}, van.Button{}, van.ShowPage{Name: kiosk.Help}, van.ShowPage{Name: kiosk.SIM}, van.EndSession{Asked: true},
				van.Refresh{}, van.ClockSeen{Trusted: running, Source: "sim"}, van.Correct{}, van.Correct{}}).Draw(t, "value")
			if c, ok := value.(van.Correct); ok {
				if len(tt.Services) == 0 {
					continue
				}
				s := rapid.SampledFrom(tt.Services).Draw(t, "service")
				c.Correction = timetable.Correction{Service: s.ID, Date: wall.Format(time.DateOnly),
					Kind: rapid.SampledFrom([]timetable.CorrectionKind{timetable.SaidRight, timetable.SaidCancelled, timetable.SaidHours}).Draw(t, "kind")}
				c.Undo = rapid.IntRange(0, 4).Draw(t, "undo") == 0
				w := word{kind: c.Kind}
				if c.Kind == timetable.SaidHours {
					w.opens = rapid.IntRange(0, 95).Draw(t, "opens") * 15
					w.closes = w.opens + rapid.IntRange(1, 30).Draw(t, "quarters")*15
					c.Hours = []timetable.Hours{{Opens: timetable.Clock(w.opens), Closes: timetable.Clock(w.closes)}}
				}
				taken := b.state.Corrigible(c, wall) == nil
				key := s.Name["en"] + c.Date
				if taken && c.Undo {
					delete(f.said, key)
				} else if taken {
					f.said[key] = w
				}
				value = c
			}
			was := b.state.Session
			b.see(at, value)
			if b.state.Session.Active && !was.Active {
				f.begun = monday.Add(at)
			}
			d, due := effect[van.Draw](b)
			if !due {
				continue
			}
			drawn[d.Page.Name]++
			composed := monday.Add(at)
			f.where = b.state.Session.Site
			for range 4 {
				later := composed.Add(time.Duration(rapid.Int64Range(1, 3*24*3600).Draw(t, "later")) * time.Second)
				if lies := f.lies(read(d.Page), composed, later); len(lies) > 0 {
					t.Fatalf("drawn %s, read %s:\n%s\n%q", composed, later, strings.Join(lies, "\n"), read(d.Page))
				}
			}
			at += 4 * time.Second
			if rapid.IntRange(0, 9).Draw(t, "fails") == 0 {
				b.see(at, van.Drawn{Page: d.Page, Cause: d.Cause, Err: true})
			} else {
				b.see(at, van.Drawn{Page: d.Page, Cause: d.Cause, Waveform: d.Waveform, Took: 4 * time.Second})
			}
		}
	})
	for _, name := range kiosk.Names {
		if drawn[name] == 0 {
			t.Errorf("%s was never drawn: %v", name, drawn)
		}
	}
}

// The reader of the test above finds each of these out.
func TestALieOnTheGlassIsFoundOut(t *testing.T) {
	o := opened(t)
	f := facts{services: map[string]fact{}, said: map[string]word{}, zone: o.state.Timetable.Zone, begun: monday.Add(2 * time.Second)}
	p := o.drawn[0].Page
	composed := monday.Add(2 * time.Second)
	for _, r := range p.Rows {
		minutes := func(at time.Time) int { at = at.In(f.zone); return at.Hour()*60 + at.Minute() }
		f.services[r.Service.Name["en"]] = fact{days: "1", opens: minutes(r.Opens), closes: minutes(r.Closes),
			checked: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)}
	}
	later := composed.Add(30 * time.Hour) // a Tuesday, on which none of them opens
	if lies := f.lies(read(p), composed, later); len(lies) > 0 {
		t.Fatalf("the page itself: %q", lies)
	}
	closing := o.options.Kiosk.Pages(kiosk.Closing, kiosk.Input{Timetable: o.state.Timetable, Site: "moulin", Now: composed, Until: composed.In(f.zone)})[0]
	if lies := f.lies(read(closing), composed, later); len(lies) > 0 {
		t.Fatalf("the closing page itself: %q", lies)
	}
	for what, tell := range map[string]func(p kiosk.Page) glass{
		"the word now":          func(p kiosk.Page) glass { g := read(p); g.head = append(g.head, "Open now"); return g },
		"the word today":        func(p kiosk.Page) glass { g := read(p); g.rows[0][0] = "Today: water"; return g },
		"a countdown":           func(p kiosk.Page) glass { g := read(p); g.head = append(g.head, "opens in 20 min"); return g },
		"no date":               func(p kiosk.Page) glass { p.Date = time.Time{}; return read(p) },
		"the next day's date":   func(p kiosk.Page) glass { p.Date = p.Date.AddDate(0, 0, 1); return read(p) },
		"not when it was drawn": func(p kiosk.Page) glass { p.Drawn = time.Time{}; return read(p) },
		"drawn at another time": func(p kiosk.Page) glass { p.Drawn = p.Drawn.Add(time.Minute); return read(p) },
		"other hours": func(p kiosk.Page) glass {
			p.Rows = slices.Clone(p.Rows)
			p.Rows[0].Closes = p.Rows[0].Closes.Add(time.Minute)
			return read(p)
		},
		"cancelled, though it is not": func(p kiosk.Page) glass {
			p.Rows = slices.Clone(p.Rows)
			p.Rows[0].State = timetable.Cancelled
			return read(p)
		},
		"a service that nobody knows":   func(p kiosk.Page) glass { g := read(p); g.rows[0][0] = "Legal help in person"; return g },
		"nothing more, though there is": func(p kiosk.Page) glass { p.Rows = nil; return read(p) },
		"a van that is still here": func(kiosk.Page) glass {
			c := closing
			c.Until = c.Until.Add(2 * time.Hour)
			return read(c)
		},
	} {
		if lies := f.lies(tell(p), composed, later); len(lies) == 0 {
			t.Errorf("%s is not found out", what)
		}
	}
	// Hours without a date are true only for who reads them on the day.
	undated := p
	undated.Date, undated.Drawn = time.Time{}, time.Time{}
	if lies := f.lies(read(undated), composed, later); len(lies) < 2 {
		t.Errorf("hours without a date, a day later: %q", lies)
	}
}

// In none of the languages does a word of the screen speak of the moment at
// which it is read.
func TestNoLanguageSpeaksOfTheMoment(t *testing.T) {
	moment := map[string][]string{
		"en": {"now", "today", "tomorrow", "yesterday", "soon"},
		"fr": {"maintenant", "aujourd", "demain", "hier", "bientôt", "actuel"},
		"ar": {"اليوم", "الآن", "غدا", "غدًا", "أمس", "قريبا"},
		"fa": {"امروز", "اکنون", "الان", "فردا", "دیروز"},
		"ps": {"نن", "اوس", "سبا", "پرون"},
		"ur": {"آج", "اب", "کل"},
		"am": {"ዛሬ", "አሁን", "ነገ", "ትናንት"},
		"ti": {"ሎሚ", "ሕጂ", "ጽባሕ", "ትማሊ"},
		"om": {"har'a", "har’a", "amma", "bor", "kaleessa"},
		"vi": {"hôm nay", "bây giờ", "ngày mai", "hôm qua", "hiện tại"},
	}
	for _, tag := range locales.Tags() {
		if len(moment[tag]) == 0 {
			t.Errorf("%s has no words to be looked for", tag)
		}
		for _, text := range locales.Get(tag).Texts() {
			if strings.HasPrefix(text.Key, "local.") {
				continue // parts of the day, beside a time
			}
			text.Text = strings.ReplaceAll(text.Text, "لهذا اليوم", "") // "for this day", beside its date
			words := " " + strings.Join(strings.FieldsFunc(strings.ToLower(text.Text), func(r rune) bool {
				return strings.ContainsRune(" .,;:!?،؛۔።፣፤፦()", r)
			}), " ") + " "
			for _, m := range moment[tag] {
				if strings.Contains(words, " "+m+" ") {
					t.Errorf("%s, %s: %q speaks of the moment: %s", tag, text.Key, text.Text, m)
				}
			}
		}
	}
}
