package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/action"
	"infobus/examples"
	"infobus/kiosk"
	boards "infobus/kiosk/board"
	"infobus/kiosk/draw"
	"infobus/kiosk/locales"
	"infobus/power"
	"infobus/reading"
	"infobus/timetable"
	"infobus/van"
	"infobus/words"
)

// facts are what is so, in a form of the test's own. Moments of it are what
// clocks in the van's zone show, written as UTC.
type facts struct {
	services []fact
	said     map[string]said   // by a volunteer, by service and day
	sites    map[string]string // name by id
	plan     []planned
	board    kiosk.Board
	next     bool   // the team lets the next place be named
	where    string // the session's site
	begun    time.Time
	langs    kiosk.Set
}

type fact struct {
	id, site string // site "" is all of them
	category timetable.Category
	names    map[string]string
	place    timetable.Place
	secret   bool
	checked  time.Time
	openings []opening
	changes  map[string][]opening // of one day; none is cancelled
}

type opening struct {
	days          string // of "0123456" those on which it opens, Sunday first
	opens, closes int    // minutes, past midnight above 1440
	secret        bool
}

type said struct {
	kind  timetable.CorrectionKind
	hours opening
}

type planned struct {
	site, days string
	from       int
}

func on(days string, d time.Time) bool { return strings.Contains(days, strconv.Itoa(int(d.Weekday()))) }

// wallOf is what clocks show in the van's zone.
func wallOf(at time.Time, zone *time.Location) time.Time {
	at = at.In(zone)
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
}

func dayOf(wall time.Time) time.Time { return wall.Truncate(24 * time.Hour) }

// skips says that clocks go from 02:00 to 03:00 on a day: the last Sunday of
// March, in all of the European Union; twice, that they show that hour twice.
func skips(d time.Time) bool { return d.Month() == time.March && d.Weekday() == 0 && d.Day() > 24 }
func twice(d time.Time) bool { return d.Month() == time.October && d.Weekday() == 0 && d.Day() > 24 }

// wallClock is what clocks show so many minutes after the midnight with which a day
// begins.
func wallClock(day time.Time, minutes int) time.Time {
	at := day.Add(time.Duration(minutes) * time.Minute)
	if skips(at) && at.Hour() == 2 {
		at = at.Truncate(time.Hour).Add(time.Hour)
	}
	return at
}

// may is what may be said of a service on a day.
type may struct {
	cancelled, ask bool
	opens, shuts   string
	closes         time.Time
}

// readings are what may be said of a service on a day by a naive reading: its
// own hours, or from midnight those of the evening before.
func (f facts) readings(s fact, day time.Time) []may {
	var list []may
	for back := range 2 {
		d := day.AddDate(0, 0, -back)
		var open []opening
		for _, o := range s.openings {
			if on(o.days, d) {
				open = append(open, o)
			}
		}
		cancelled, sure := false, false
		if hours, changed := s.changes[d.Format(time.DateOnly)]; changed && len(hours) > 0 {
			open = hours
		} else if changed {
			cancelled = true
		}
		switch w := f.said[s.id+d.Format(time.DateOnly)]; w.kind {
		case timetable.SaidRight:
			sure = true
		case timetable.SaidCancelled:
			cancelled = true
		case timetable.SaidHours:
			open, sure, cancelled = []opening{w.hours}, true, false
		}
		age := int(day.Sub(s.checked) / (24 * time.Hour))
		for _, o := range open {
			if o.secret {
				continue
			}
			opens, closes := wallClock(d, o.opens), wallClock(d, o.closes)
			m := may{cancelled: cancelled, opens: opens.Format("15:04"), shuts: closes.Format("15:04"), closes: closes}
			if o.closes == 24*60 {
				m.shuts = "24:00" // the midnight that ends the day
			}
			m.ask = !cancelled && (!sure && (age > 31 || age < -1) || !closes.After(opens))
			if back == 1 {
				m.opens = "00:00"
			}
			if back == 0 || !m.ask && closes.After(day) {
				list = append(list, m)
			}
		}
	}
	return list
}

// nextPlace is the site of the plan's next session within a week.
func (f facts) nextPlace(wall time.Time) string {
	var first time.Time
	name := ""
	for d := range 8 {
		for _, p := range f.plan {
			if at := wallClock(dayOf(wall).AddDate(0, 0, d), p.from); on(p.days, at) && at.After(wall) && (name == "" || at.Before(first)) {
				first, name = at, f.sites[p.site]
			}
		}
	}
	return name
}

// moments are words that speak of the moment at which they are read.
var moments = map[string][]string{
	"en": {"now", "today", "tomorrow", "yesterday", "tonight", "soon", "yet", "still", "already", "currently", "left"},
	"fr": {"maintenant", "aujourd’hui", "demain", "hier", "bientôt", "actuellement", "encore", "toujours", "déjà"},
	"ar": {"اليوم", "الآن", "غدا", "غدًا", "أمس", "قريبا", "بعد", "حاليا", "الليلة"},
	"fa": {"امروز", "اکنون", "الان", "فردا", "دیروز", "هنوز", "امشب"},
	"ps": {"نن", "اوس", "سبا", "پرون", "لا"},
	"ur": {"آج", "اب", "کل", "ابھی", "فی الحال"},
	"am": {"ዛሬ", "አሁን", "ነገ", "ትናንት", "ገና"},
	"ti": {"ሎሚ", "ሕጂ", "ጽባሕ", "ትማሊ", "ገና"},
	"om": {"har'a", "har’a", "amma", "ammaatti", "bor", "kaleessa"},
	"vi": {"hôm nay", "bây giờ", "ngày mai", "hôm qua", "hiện tại", "chưa", "sắp"},
}

// momentIn is such a word in a text; "" where there is none.
func momentIn(lang, text string) string {
	text = strings.ReplaceAll(text, "لهذا اليوم", "") // "for this day", beside its date
	words := " " + strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return strings.ContainsRune(" .,;:!?،؛۔።፣፤፦()", r)
	}), " ") + " "
	for _, m := range moments[lang] {
		if strings.Contains(words, " "+m+" ") {
			return m
		}
	}
	return ""
}

var plain = strings.NewReplacer("\u2068", "", "\u2069", "").Replace

// reader reads what stands on the glass in the order in which it was painted.
type reader struct {
	facts
	texts []draw.Text // what is left to be read, without isolates
	day   time.Time   // that the page is for
	dated bool
	site  string    // its name on the page
	drawn time.Time // when the page was composed
	found []string
}

// noted is what the box says of itself in the tests below, and how the glass has it.
var (
	noted   = van.Noted{Notes: []words.Text{words.T("settings.file", "What", words.T("settings.mistake.empty"))}}
	noteOne = map[string]string{"en": "The box says: infobus.txt: the file is empty. Copy example.txt over it, and fill it in.",
		"fr": "Le boîtier dit\u00a0: infobus.txt\u00a0: le fichier est vide. Recopiez example.txt dessus et remplissez-le."}
)

// note reads what the box says of itself: the whole of it, in both languages, or it
// is left for a lie.
func (r *reader) note() {
	whole := map[string]string{}
	for _, t := range r.texts {
		whole[t.Lang] = strings.TrimSpace(whole[t.Lang] + " " + t.Text)
	}
	if maps.Equal(whole, noteOne) {
		r.texts = nil
	}
}

// lies are what is false on the glass for who reads it at a moment. Whatever is
// not of a form that can be judged is a lie.
func (f facts) lies(texts []draw.Text, drawn, at time.Time) []string {
	r := reader{facts: f, texts: slices.Clone(texts), drawn: drawn, day: dayOf(at)}
	hours := false
	for i, t := range r.texts {
		r.texts[i].Text = plain(t.Text)
		if t.Kind != draw.Words {
			continue
		}
		hours = hours || anyHour.MatchString(t.Text)
		if m := momentIn(t.Lang, r.texts[i].Text); m != "" {
			r.lie("%q speaks of the moment: %q", t.Text, m)
		}
	}
	r.header()
	if hours && !r.dated {
		r.lie("there are hours and no date")
	}
	r.body()
	r.note()
	for _, t := range r.texts {
		r.lie("%q (%s) is nothing that may stand there", t.Text, t.Lang)
	}
	return r.found
}

var (
	anyHour = regexp.MustCompile(`\d:\d\d`)
	hour24  = regexp.MustCompile(`^\d\d:\d\d$`)
	partOf  = regexp.MustCompile(`^([1-9]\d?)/([1-9]\d?)$`)
	digits  = regexp.MustCompile(`^\d[\d ]*$`)
)

func (r *reader) lie(format string, a ...any) { r.found = append(r.found, fmt.Sprintf(format, a...)) }

// take takes the next text if it is of a kind and one of these; of any where
// none is given.
func (r *reader) take(kind draw.Kind, of ...string) (string, bool) {
	if len(r.texts) == 0 || r.texts[0].Kind != kind || len(of) > 0 && !slices.Contains(of, r.texts[0].Text) {
		return "", false
	}
	s := r.texts[0].Text
	r.texts = r.texts[1:]
	return s, true
}

// needs says that something goes with what was read.
func (r *reader) needs(there bool, what string) {
	if !there {
		r.lie("%s is missing before %v", what, r.texts)
	}
}

// number takes Latin words of a form.
func (r *reader) number(form *regexp.Regexp) (string, bool) {
	if len(r.texts) == 0 || r.texts[0].Lang != "en" || !form.MatchString(r.texts[0].Text) {
		return "", false
	}
	return r.take(draw.Words)
}

// say takes a text that stands there in some of the page's languages, each once,
// on one line or several. It is false where it stands there in none.
func (r *reader) say(text func(*locales.Locale) string) bool {
	left := slices.Clone(r.langs)
	for len(r.texts) > 0 {
		i := slices.IndexFunc(left, func(lang string) bool {
			joined := ""
			for n, t := range r.texts[:min(len(r.texts), 6)] {
				if t.Kind != draw.Words || t.Lang != lang {
					return false
				}
				joined = strings.TrimSpace(joined + " " + t.Text)
				if joined == plain(text(locales.Get(lang))) {
					r.texts = r.texts[n+1:]
					return true
				}
			}
			return false
		})
		if i < 0 {
			break
		}
		left = slices.Delete(left, i, i+1)
	}
	return len(left) < len(r.langs)
}

func (r *reader) word(w locales.Word) bool {
	return r.say(func(l *locales.Locale) string { return l.Word(w) })
}

// header reads dates, site, when the page was drawn and which part it is.
func (r *reader) header() {
	stamped := false
	wall := wallOf(r.drawn, paris)
read:
	for len(r.texts) > 0 && r.texts[0].Kind == draw.Words {
		t, date := r.texts[0], time.Time{}
		l := locales.Get(t.Lang)
		for back := -2; back <= 5; back++ {
			if d := dayOf(wall).AddDate(0, 0, -back); t.Text == plain(l.Date(d)) {
				date = d
			}
		}
		stamp := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(l.Word(locales.Drawn)), `\{time\}`, `(\d\d:\d\d)`) + "$").FindStringSubmatch(t.Text)
		p := partOf.FindStringSubmatch(t.Text)
		known := slices.Contains(slices.Collect(maps.Values(r.sites)), t.Text)
		switch {
		case !date.IsZero():
			if r.dated && !date.Equal(r.day) {
				r.lie("%q beside %s", t.Text, r.day)
			}
			r.day, r.dated = date, true
		case stamp != nil:
			if stamped = true; stamp[1] != wall.Format("15:04") {
				r.lie("%q, and it was %s", t.Text, wall)
			}
		case known:
			if r.site = t.Text; r.where != "" && r.sites[r.where] != t.Text {
				r.lie("%q, and the van is at %q", t.Text, r.where)
			}
		case p != nil:
			k, _ := strconv.Atoi(p[1])
			if n, _ := strconv.Atoi(p[2]); k > n {
				r.lie("part %s", t.Text)
			}
		default:
			break read
		}
		r.texts = r.texts[1:]
	}
	if r.dated != stamped {
		r.lie("date %v, when it was drawn %v: one goes with the other", r.dated, stamped)
	}
	if r.dated && !r.day.Equal(dayOf(wall)) {
		r.lie("for %s, drawn %s", r.day, wall)
	}
}

func (r *reader) body() {
	if len(r.texts) == 0 {
		r.lie("nothing stands below the header")
		return
	}
	first := r.texts[0]
	switch {
	case first.Kind == draw.Code:
		for r.code() {
		}
	case first.Kind == draw.Words && digits.MatchString(first.Text):
		for r.telephone() {
		}
	case first.Text == "clock-unset":
		r.take(draw.Picture)
		r.needs(r.word(locales.ClockNotSet), "that the time is not known")
	case first.Text == "van":
		r.take(draw.Picture)
		if !r.word(locales.SettingUp) {
			r.closing()
		}
	case first.Text == "video":
		r.bundles()
	case first.Text == "call":
		r.grid()
	default:
		r.rows()
	}
}

// rows reads the rows of a page of today.
func (r *reader) rows() {
	for n := 0; ; n++ {
		before := r.texts
		_, ask := r.take(draw.Picture, "ask")
		if ask && n == 0 && r.word(locales.Nothing) {
			r.nothing()
			return
		}
		m := may{ask: ask}
		var ok bool
		if ask {
			r.needs(r.word(locales.AskUs), "what to ask")
		} else if m.opens, ok = r.number(hour24); !ok {
			return
		} else {
			m.shuts, ok = r.number(hour24)
			r.needs(ok, "a closing hour")
			r.localHours(m)
		}
		picture, ok := r.take(draw.Picture)
		end := slices.IndexFunc(r.texts, func(t draw.Text) bool {
			return t.Kind == draw.Picture || t.Lang == "en" && hour24.MatchString(t.Text)
		})
		if end < 0 {
			end = len(r.texts)
		}
		if !ok || !slices.ContainsFunc(r.services, func(s fact) bool { return r.tells(s, picture, r.texts[:end], m) }) {
			r.lie("a row of %s that is so of no service: %+v", r.day.Format(time.DateOnly), before[:len(before)-len(r.texts)+end])
		}
		r.texts = r.texts[end:]
	}
}

// tells says whether a row is what may be said of a service.
func (r *reader) tells(s fact, picture string, texts []draw.Text, m may) bool {
	if s.secret || picture != string(s.category) || s.site != "" && r.sites[s.site] != r.site {
		return false
	}
	rest := reader{facts: r.facts, texts: texts}
	if !rest.say(func(l *locales.Locale) string { return cmp.Or(s.names[l.Tag], l.Category(s.category)) }) {
		return false
	}
	if m.cancelled = rest.word(locales.Cancelled); !m.cancelled {
		rest.take(draw.Words, s.place.Map)
		if _, ok := rest.take(draw.Words, s.place.Name); !ok {
			return false
		}
	}
	return len(rest.texts) == 0 && slices.ContainsFunc(r.readings(s, r.day), func(so may) bool {
		return so.ask == m.ask && so.cancelled == m.cancelled && (m.ask || so.opens == m.opens && so.shuts == m.shuts)
	})
}

// localHours reads opening and closing hour as they are counted from dawn, the
// closing one's part of the day only where there is room.
func (r *reader) localHours(m may) {
	for i, clock := range []string{m.opens, m.shuts} {
		if len(r.texts) == 0 || !slices.Contains([]string{"am", "ti", "om"}, r.texts[0].Lang) {
			return
		}
		at, _ := time.Parse("15:04", clock)
		parts := map[string]string{}
		for _, t := range locales.Get(r.texts[0].Lang).Texts() {
			if key, ok := strings.CutPrefix(t.Key, "local."); ok {
				parts[key] = strings.TrimSpace(strings.ReplaceAll(t.Text, "{time}", ""))
			}
		}
		h := (at.Hour() + 24 - 6) % 12
		if h == 0 {
			h = 12
		}
		_, told := r.take(draw.Words, parts[[]string{"night", "morning", "day", "evening"}[at.Hour()/6]])
		if _, ok := r.take(draw.Words, fmt.Sprintf("%d:%02d", h, at.Minute())); !ok || !told && i == 0 {
			r.lie("beside %s another local hour: %+v", clock, r.texts[0])
			return
		}
	}
}

// nothing judges that nothing more is listed for the day.
func (r *reader) nothing() {
	wall := wallOf(r.drawn, paris)
	if !r.dated || twice(wall) && wall.Hour() == 2 { // which of the two hours it is the glass does not say
		return
	}
	for _, s := range r.services {
		if s.secret || s.site != "" && r.sites[s.site] != r.site {
			continue
		}
		for _, m := range r.readings(s, r.day) {
			// A struck or doubtful row of the day stays.
			if m.closes.After(wall) || (m.ask || m.cancelled) && m.opens != "00:00" {
				r.lie("nothing more is listed, and %s is: %+v", s.id, m)
			}
		}
	}
}

func (r *reader) closing() {
	until, ok := r.number(hour24)
	r.needs(ok && r.say(func(l *locales.Locale) string { return strings.ReplaceAll(l.Word(locales.Closing), "{time}", until) }), "until when the van was here")
	at, _ := time.Parse(time.DateTime, r.day.Format(time.DateOnly)+" "+until+":00")
	wall := wallOf(r.drawn, paris)
	if (at.After(wall) || at.Before(r.begun.Truncate(time.Minute))) && !(twice(wall) && (wall.Hour() == 2 || at.Hour() == 2 || r.begun.Hour() == 2)) {
		r.lie("until %s: the session was from %s to %s", until, r.begun, wall)
	}
	if !r.word(locales.NextPlace) {
		return
	}
	if place, ok := r.take(draw.Words); !ok || !r.next || place != r.nextPlace(wall) {
		r.lie("next place %q, allowed %v: it is %q", place, r.next, r.nextPlace(wall))
	}
}

// fresh says that something of the board was checked lately enough.
func (r *reader) fresh(checked time.Time) bool {
	return r.board.MaxAge == 0 || r.day.Sub(checked) <= r.board.MaxAge
}

func (r *reader) code() bool {
	address, ok := r.take(draw.Code)
	if !ok {
		return false
	}
	picture, _ := r.take(draw.Picture)
	of := map[string]string{"phone": r.board.Phone, "guide": r.board.Guide, "map": r.board.Map}
	u, err := url.Parse(address)
	if err != nil || address == "" || of[picture] != address || !r.word(locales.Word(picture)) {
		r.lie("%s leads to %s", picture, address)
		return false
	}
	r.take(draw.Words, u.Host)
	return true
}

func (r *reader) telephone() bool {
	number := ""
	for {
		s, ok := r.number(digits)
		if !ok {
			break
		}
		number = strings.TrimSpace(number + " " + s)
	}
	picture, ok := r.take(draw.Picture)
	if !ok {
		r.needs(number == "", "whose number it is")
		return false
	}
	if number == "112" && picture == "emergency" && r.word(locales.Emergency) {
		return true
	}
	for _, n := range r.board.Numbers {
		if n.Number == number && n.Picture == picture && r.fresh(n.Checked) &&
			r.say(func(l *locales.Locale) string { return cmp.Or(n.Name[l.Tag], n.Name["en"]) }) {
			return true
		}
	}
	r.lie("number %q", number)
	return false
}

func (r *reader) bundles() {
	r.take(draw.Picture)
	r.needs(r.word(locales.Video), "what the first pictogram is")
	_, ok := r.take(draw.Picture, "call")
	r.needs(ok && r.word(locales.Call), "what the second pictogram is")
	w := r.board.Worth
	for {
		s, ok := r.number(digits)
		if !ok {
			return
		}
		_, ok = r.take(draw.Words, "MB")
		r.needs(ok, "a unit")
		megabytes, _ := strconv.Atoi(s)
		if _, ask := r.take(draw.Picture, "ask"); ask {
			r.needs(r.word(locales.AskUs), "what to ask")
			continue
		}
		for picture, minutes := range map[string]int{"video": w.Video, "call": w.Call} {
			i := slices.IndexFunc(r.texts, func(t draw.Text) bool { return t.Kind == draw.Picture && t.Text == picture })
			n := minutes * megabytes / w.Megabytes
			if n >= 100 {
				n = n / 10 * 10
			}
			if i < 0 || i > 3 || i+2 >= len(r.texts) || r.texts[i+1].Text != strconv.Itoa(n) || r.texts[i+2].Text != "min" || !r.fresh(w.Checked) {
				r.lie("%d MB are %d minutes of %s, checked %s", megabytes, n, picture, w.Checked)
				return
			}
		}
		r.texts = r.texts[6:]
	}
}

func (r *reader) grid() {
	r.take(draw.Picture)
	r.needs(r.word(locales.CanCall), "what the grid is")
	var columns []kiosk.Operator
	for len(r.texts) > 0 {
		i := slices.IndexFunc(r.board.Operators, func(o kiosk.Operator) bool { return o.Name == r.texts[0].Text && r.texts[0].Lang == "en" })
		if i < 0 {
			break
		}
		columns = append(columns, r.board.Operators[i])
		r.take(draw.Words)
	}
	for len(r.texts) > 0 {
		i := slices.IndexFunc(r.board.Countries, func(code string) bool {
			return r.say(func(l *locales.Locale) string { return l.Country(code) })
		})
		if i < 0 {
			return
		}
		for _, o := range columns {
			picture, _ := r.take(draw.Picture)
			can, known := o.Calls[r.board.Countries[i]]
			want := map[bool]string{true: "tick", false: "cross"}[can]
			if !known || !r.fresh(o.Checked) {
				want = "question"
			}
			if picture != want {
				r.lie("%s calls %s: %q, want %q", o.Name, r.board.Countries[i], picture, want)
			}
		}
	}
}

var paris = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return zone
}()

// telling is a van that is stepped by hand, with the facts of what it knows.
type telling struct {
	facts
	options van.Options
	state   van.State
	table   *timetable.Timetable
	start   time.Time
	boot    string
	booted  time.Duration // since start
	kept    van.Kept
	draws   []kiosk.Draw
}

// see steps with a value at a time since the start.
func (b *telling) see(at time.Duration, value any) {
	was := b.state.Session.Active
	state, _, effects := van.Step(b.options, b.state, van.Observation{
		At: reading.Stamp{Boot: b.boot, Mono: at - b.booted, Wall: b.start.Add(at)}, Value: value})
	b.state, b.draws = state, nil
	for _, e := range effects {
		switch e := e.(type) {
		case kiosk.Draw:
			b.draws = append(b.draws, e)
		case van.Keep:
			b.kept = e.Kept
		}
	}
	if b.state.Session.Active && !was {
		b.begun = wallOf(b.start.Add(at), paris)
	}
	b.where = b.state.Session.Named()
}

// starts begins another boot a second before a time since the start.
func (b *telling) starts(at time.Duration) {
	b.boot, b.booted = fmt.Sprint(at), at-time.Second
	b.state = van.New(b.options, van.Panel)
	b.see(at, van.Started{Kept: b.kept, Restored: true})
	b.see(at, van.TimetableSeen{Timetable: b.table})
}

func digitsOf(t *rapid.T, label string) string {
	days := ""
	for d := range 7 {
		if rapid.Bool().Draw(t, label) {
			days += strconv.Itoa(d)
		}
	}
	return days
}

func daysOf(days string) (list []time.Weekday) {
	for _, d := range days {
		list = append(list, time.Weekday(d-'0'))
	}
	return list
}

func openingOf(t *rapid.T) opening {
	o := opening{opens: rapid.IntRange(0, 95).Draw(t, "opens") * 15}
	o.closes = o.opens + rapid.IntRange(1, 40).Draw(t, "quarters")*15
	return o
}

// moments at which a made-up van begins: both nights of daylight saving are among
// the days that follow.
var begins = []string{"2026-11-23 09:00", "2026-10-24 17:00", "2026-10-25 00:10", "2027-03-27 17:00", "2027-03-28 00:10"}

// madeUp is a van with any timetable, board, plan and languages, and its facts.
func madeUp(t *rapid.T, board kiosk.Board) *telling {
	start, err := time.ParseInLocation("2006-01-02 15:04", rapid.SampledFrom(begins).Draw(t, "start"), paris)
	if err != nil {
		t.Fatal(err)
	}
	b := &telling{start: start, options: van.DefaultOptions()}
	today := dayOf(wallOf(start, paris))
	b.facts = facts{said: map[string]said{}, sites: map[string]string{"north": "Rue du Nord", "south": "Quai du Sud"}, next: rapid.Bool().Draw(t, "next")}
	b.table = &timetable.Timetable{Zone: paris, MaxAge: 31 * 24 * time.Hour, Digest: "random",
		Sites: []timetable.Site{{ID: "north", Name: "Rue du Nord"}, {ID: "south", Name: "Quai du Sud"}}}
	for i := range rapid.IntRange(0, 8).Draw(t, "services") {
		letter := string(rune('A' + i))
		s := fact{id: "s" + letter, category: rapid.SampledFrom(timetable.Categories).Draw(t, "category"),
			site: rapid.SampledFrom([]string{"", "", "north", "south"}).Draw(t, "site"), secret: rapid.IntRange(0, 3).Draw(t, "secret") == 0,
			checked: today.AddDate(0, 0, 3-rapid.IntRange(0, 42).Draw(t, "age")), names: map[string]string{"en": "Service " + letter},
			place: timetable.Place{Name: "Rue " + letter}, changes: map[string][]opening{}}
		for _, l := range locales.Tags()[1:] {
			if rapid.IntRange(0, 2).Draw(t, "named") > 0 {
				s.names[l] = locales.Get(l).Category(s.category) + " " + letter
			}
		}
		if s.secret {
			s.names["en"], s.place.Name = "Secret "+letter, "Impasse "+letter
		}
		if rapid.Bool().Draw(t, "lettered") {
			s.place.Map = letter
		}
		service := timetable.Service{ID: s.id, Category: s.category, Name: s.names, Place: s.place,
			Checked: time.Date(s.checked.Year(), s.checked.Month(), s.checked.Day(), 0, 0, 0, 0, paris)}
		if !s.secret {
			service.Show = timetable.Screen
		}
		if s.site != "" {
			service.Sites = []string{s.site}
		}
		for n := range rapid.IntRange(1, 2).Draw(t, "slots") {
			o := openingOf(t)
			o.days, o.secret = digitsOf(t, "open"), n > 0 && rapid.Bool().Draw(t, "secret")
			s.openings = append(s.openings, o)
			service.Slots = append(service.Slots, timetable.Slot{Days: daysOf(o.days), Opens: timetable.Clock(o.opens), Closes: timetable.Clock(o.closes), InPerson: o.secret})
		}
		if rapid.IntRange(0, 3).Draw(t, "changed") == 0 {
			day := today.AddDate(0, 0, rapid.IntRange(0, 2).Draw(t, "day"))
			change := timetable.Change{Date: timetable.DateOf(day.Date())}
			s.changes[day.Format(time.DateOnly)] = nil
			if rapid.Bool().Draw(t, "hours") {
				o := openingOf(t)
				s.changes[day.Format(time.DateOnly)] = []opening{o}
				change.Hours = []timetable.Hours{{Opens: timetable.Clock(o.opens), Closes: timetable.Clock(o.closes)}}
			}
			service.Changes = []timetable.Change{change}
		}
		b.services = append(b.services, s)
		b.table.Services = append(b.table.Services, service)
	}
	for range rapid.IntRange(0, 3).Draw(t, "sessions") {
		p := planned{site: rapid.SampledFrom([]string{"north", "south"}).Draw(t, "site"), days: digitsOf(t, "held"), from: rapid.IntRange(12, 40).Draw(t, "from") * 30}
		b.plan = append(b.plan, p)
		b.table.Plan = append(b.table.Plan, timetable.Planned{Site: p.site, Days: daysOf(p.days), From: timetable.Clock(p.from), To: timetable.Clock(p.from + 150)})
	}
	b.board = board
	b.board.MaxAge = time.Duration(rapid.SampledFrom([]int{0, 10, 92, 366}).Draw(t, "board's age")) * 24 * time.Hour
	first := rapid.IntRange(0, len(kiosk.Ten)-1).Draw(t, "first")
	b.options.Kiosk.Sets = append(append([]kiosk.Set{}, kiosk.Ten[first:]...), kiosk.Ten[:first]...)
	b.options.Kiosk.Capacity = map[string]int{}
	for _, set := range kiosk.Ten {
		b.options.Kiosk.Capacity[set.String()] = draw.Capacity(set)
	}
	b.options.Kiosk.Board, b.options.Kiosk.NextPlace = b.board, b.next
	b.options.Session.Site = rapid.SampledFrom([]string{"north", "south", "", "gone"}).Draw(t, "where")
	return b
}

// correction stands for a volunteer's word that is still to be drawn.
type correction struct{}

// correct is a volunteer's word on any service, and what comes of it.
func (b *telling) correct(t *rapid.T, wall time.Time) action.Asked {
	s := rapid.SampledFrom(b.services).Draw(t, "service")
	undo := rapid.IntRange(0, 4).Draw(t, "undo") == 0
	w := said{kind: rapid.SampledFrom([]timetable.CorrectionKind{timetable.SaidRight, timetable.SaidCancelled, timetable.SaidHours}).Draw(t, "kind")}
	c := action.Asked{Args: action.Args{Service: s.id, Day: timetable.DateIn(wall, paris)},
		Name: map[timetable.CorrectionKind]action.Name{timetable.SaidRight: action.TimetableConfirm, timetable.SaidCancelled: action.TimetableCancel,
			timetable.SaidHours: action.TimetableHours}[w.kind]}
	if w.kind == timetable.SaidHours {
		w.hours = openingOf(t)
		c.Hours = []timetable.Hours{{Opens: timetable.Clock(w.hours.opens), Closes: timetable.Clock(w.hours.closes)}}
	}
	if undo {
		c.Name = action.TimetableUndo
	}
	now := b.state
	now.Now.Wall = wall
	if now.May(b.options, c) == action.Taken {
		if b.said[s.id+c.Day.String()] = w; undo {
			delete(b.said, s.id+c.Day.String())
		}
	}
	return c
}

func exampleBoard(t *testing.T) kiosk.Board {
	t.Helper()
	b, err := boards.Parse("board.yaml", examples.Board, draw.CheckBoard)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A van with any timetable, corrections, clock, session, site and languages draws
// what it draws, the power is cut, and between a second and three days later
// nothing that stands on the glass is false. What is read is what was painted.
func TestNoWordOnTheGlassIsFalseWhenThePowerIsCut(t *testing.T) {
	runs, n := 100, 0
	if os.Getenv("INFOBUS_SOAK") != "" {
		runs = 5000
	}
	board := exampleBoard(t)
	site := func(id string) action.Asked {
		return action.Asked{Name: action.ConfirmSite, Args: action.Args{Site: id}}
	}
	drawn := map[string]int{}
	one := func(t *rapid.T) {
		n++
		b := madeUp(t, board)
		at := time.Second
		b.starts(at)
		if rapid.IntRange(0, 3).Draw(t, "clock") > 0 {
			b.see(at, van.ClockSeen{Trusted: true, Source: "rtc"})
		}
		for range rapid.IntRange(5, 40).Draw(t, "steps") {
			at += time.Duration(rapid.IntRange(1, 90*60).Draw(t, "seconds")) * time.Second
			running := rapid.IntRange(0, 4).Draw(t, "running") > 0
			line := power.Line{Active: running, At: at - b.booted}
			value := rapid.SampledFrom([]any{line, line, line, van.Tick{}, kiosk.Press{}, kiosk.Show{Name: kiosk.Help}, kiosk.Show{Name: kiosk.SIM},
				action.Asked{Name: action.EndSession}, kiosk.Redraw{}, van.ClockSeen{Trusted: running, Source: "sim"}, correction{}, correction{}, "cut",
				site("north"), site("south"), site("gone"), noted, van.Noted{}}).Draw(t, "value")
			switch value.(type) {
			case string:
				b.starts(at)
				continue
			case correction:
				if len(b.services) == 0 {
					continue
				}
				value = b.correct(t, b.start.Add(at))
			}
			b.see(at, value)
			for len(b.draws) > 0 {
				d := b.draws[0]
				composed := b.start.Add(at)
				b.langs = d.Page.Languages
				texts, err := draw.Texts(d.Page)
				if err != nil {
					t.Fatal(err)
				}
				for range 4 {
					later := composed.Add(time.Duration(rapid.Int64Range(1, 3*24*3600).Draw(t, "later")) * time.Second)
					if lies := b.lies(texts, composed, later); len(lies) > 0 {
						t.Fatalf("drawn %s, read %s:\n%s\n%q", composed.In(paris), later, strings.Join(lies, "\n"), texts)
					}
				}
				drawn["pages"]++
				drawn[string(d.Page.Name)]++
				drawn[d.Page.Languages.String()]++
				for _, r := range d.Page.Rows {
					drawn[string(r.State)]++
				}
				if d.Page.Next != "" {
					drawn["next"]++
				}
				if wall := wallOf(composed, paris); len(d.Page.Rows) > 0 && (skips(wall) || twice(wall)) {
					drawn[wall.Month().String()]++
				}
				at += 4 * time.Second
				outcome := kiosk.Drawn{Page: d.Page, Cause: d.Cause, Waveform: d.Waveform, Took: 4 * time.Second}
				if rapid.IntRange(0, 9).Draw(t, "fails") == 0 {
					outcome = kiosk.Drawn{Page: d.Page, Cause: d.Cause, Err: true}
				}
				b.see(at, outcome)
			}
		}
	}
	wanted := []string{"next", "March", "October", "confirmed", "ask us", "cancelled"}
	for _, name := range kiosk.Names {
		wanted = append(wanted, string(name))
	}
	for _, set := range kiosk.Ten {
		wanted = append(wanted, set.String())
	}
	lacks := func() string {
		i := slices.IndexFunc(wanted, func(name string) bool { return drawn[name] == 0 })
		if i < 0 {
			return ""
		}
		return wanted[i]
	}
	for !t.Failed() && (n < runs || lacks() != "" && n < 10*runs) {
		rapid.Check(t, one)
	}
	if name := lacks(); name != "" {
		t.Errorf("%s was never drawn", name)
	}
	t.Logf("%d vans, what was drawn: %v", n, drawn)
}

// The reader of the test above finds each of these lies out, and none in the
// pages that they are planted in.
func TestALieOnTheGlassIsFoundOut(t *testing.T) {
	composed := time.Date(2026, 11, 23, 10, 5, 0, 0, paris)
	checked := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	f := facts{said: map[string]said{}, sites: map[string]string{"north": "Rue du Nord", "south": "Quai du Sud"}, where: "north", board: exampleBoard(t),
		begun: wallOf(composed.Add(-time.Hour), paris), plan: []planned{{"south", "1", 15 * 60}}, next: true, services: []fact{
			{id: "tea", category: timetable.Food, names: map[string]string{"en": "Tea"}, place: timetable.Place{Name: "Rue A", Map: "A"}, checked: checked, openings: []opening{{"1", 11 * 60, 12*60 + 30, false}}},
			{id: "soup", category: timetable.Food, names: map[string]string{"en": "Soup"}, place: timetable.Place{Name: "Rue B"}, checked: checked, openings: []opening{{"1", 12 * 60, 14 * 60, false}}, changes: map[string][]opening{"2026-11-23": nil}},
			{id: "old", category: timetable.Legal, names: map[string]string{"en": "Advice"}, place: timetable.Place{Name: "Rue C"}, checked: checked.AddDate(0, -2, 0), openings: []opening{{"1", 12 * 60, 14 * 60, false}}},
			{id: "secret", category: timetable.Women, names: map[string]string{"en": "Quiet room"}, place: timetable.Place{Name: "Impasse D"}, checked: checked, secret: true, openings: []opening{{"1", 12 * 60, 14 * 60, false}}},
		}}
	table := &timetable.Timetable{Zone: paris, MaxAge: 31 * 24 * time.Hour, Sites: []timetable.Site{{ID: "north", Name: "Rue du Nord"}, {ID: "south", Name: "Quai du Sud"}}}
	for _, s := range f.services {
		service := timetable.Service{ID: s.id, Category: s.category, Name: s.names, Place: s.place, Checked: s.checked,
			Slots: []timetable.Slot{{Days: daysOf("1"), Opens: timetable.Clock(s.openings[0].opens), Closes: timetable.Clock(s.openings[0].closes)}}}
		if s.changes != nil {
			service.Changes = []timetable.Change{{Date: timetable.DateOf(2026, 11, 23)}}
		}
		if !s.secret {
			service.Show = timetable.Screen
		}
		table.Services = append(table.Services, service)
	}
	pages := func(name kiosk.Name, langs ...string) []kiosk.Page {
		f.langs = langs
		o := kiosk.Options{Sets: []kiosk.Set{langs}, Board: f.board}
		in := kiosk.Content{Timetable: table, Site: "north", Now: composed, Until: composed.Add(-10 * time.Minute)}
		if name == kiosk.Closing {
			in.Next = "Quai du Sud"
		}
		return o.Pages(name, in)
	}
	read := func(p kiosk.Page) []draw.Text {
		texts, err := draw.Texts(p)
		if err != nil {
			t.Fatal(err)
		}
		return texts
	}
	later := composed.Add(30 * time.Hour)
	for _, set := range kiosk.Ten {
		for _, name := range kiosk.Names {
			for _, p := range pages(name, set...) {
				if lies := f.lies(read(p), composed, later); len(lies) > 0 {
					t.Errorf("%s, %s, part %d: %q", name, set, p.Part, lies)
				}
			}
		}
	}

	// Planted in the page.
	row := func(edit func(*timetable.Row)) func(*kiosk.Page) {
		return func(p *kiosk.Page) {
			p.Rows = slices.Clone(p.Rows)
			edit(&p.Rows[0])
		}
	}
	for what, plant := range map[string]func(*kiosk.Page){
		"hours without a date":          func(p *kiosk.Page) { p.Date = time.Time{} },
		"the next day's date":           func(p *kiosk.Page) { p.Date = p.Date.AddDate(0, 0, 1) },
		"drawn at another time":         func(p *kiosk.Page) { p.Drawn = p.Drawn.Add(time.Minute) },
		"another site":                  func(p *kiosk.Page) { p.Site = "Quai du Sud" },
		"a site that nobody knows":      func(p *kiosk.Page) { p.Site = "Impasse D" },
		"nothing more, though there is": func(p *kiosk.Page) { p.Rows = nil },
		"another closing hour":          row(func(r *timetable.Row) { r.Closes = r.Closes.Add(time.Minute) }),
		"another opening hour":          row(func(r *timetable.Row) { r.Opens = r.Opens.Add(-time.Hour) }),
		"cancelled, though it is not":   row(func(r *timetable.Row) { r.State = timetable.Cancelled }),
		"another place":                 row(func(r *timetable.Row) { r.Service.Place.Name = "Rue B" }),
		"another letter on the map":     row(func(r *timetable.Row) { r.Service.Place.Map = "B" }),
		"another pictogram":             row(func(r *timetable.Row) { r.Service.Category = timetable.WiFi }),
		"a name in person":              row(func(r *timetable.Row) { r.Service.Name = map[string]string{"en": "Quiet room"} }),
		"a name that speaks of the day": row(func(r *timetable.Row) { r.Service.Name = map[string]string{"en": "Tea today"} }),
		"a place in person":             row(func(r *timetable.Row) { r.Service.Place.Name = "Impasse D" }),
		"hours of a service past its age": func(p *kiosk.Page) {
			p.Rows = slices.Clone(p.Rows)
			p.Rows[2].State, p.Rows[2].Opens, p.Rows[2].Closes = timetable.Confirmed, composed.Add(115*time.Minute), composed.Add(235*time.Minute)
		},
		"hours of a service not cancelled": func(p *kiosk.Page) { p.Rows = slices.Clone(p.Rows); p.Rows[1].State = timetable.Confirmed },
		"a service in person": func(p *kiosk.Page) {
			r := p.Rows[0]
			r.Service, r.Opens, r.Closes = table.Services[3], composed.Add(115*time.Minute), composed.Add(235*time.Minute)
			p.Rows = []timetable.Row{r}
		},
	} {
		p := pages(kiosk.Today, "en", "ar")[0]
		if plant(&p); len(f.lies(read(p), composed, later)) == 0 {
			t.Errorf("%s is not found out", what)
		}
	}
	for what, plant := range map[string]func(*kiosk.Page){
		"a van that is still here": func(p *kiosk.Page) { p.Until = p.Until.Add(2 * time.Hour) },
		"before it came":           func(p *kiosk.Page) { p.Until = p.Until.Add(-2 * time.Hour) },
		"another next place":       func(p *kiosk.Page) { p.Next = "Rue du Nord" },
		"a next place, forbidden":  func(*kiosk.Page) { f.next = false },
	} {
		p := pages(kiosk.Closing, "en", "ar")[0]
		plant(&p)
		if len(f.lies(read(p), composed, later)) == 0 {
			t.Errorf("%s is not found out", what)
		}
		f.next = true
	}
	for what, c := range map[string]struct {
		name kiosk.Name
		at   int
		edit func(*kiosk.Board)
	}{
		"another code": {kiosk.Help, -1, func(b *kiosk.Board) { b.Phone += "/" }},
		"an old number": {kiosk.Help, 0, func(b *kiosk.Board) {
			b.Numbers = []kiosk.Number{{Number: "17", Picture: "emergency", Name: map[string]string{"en": "Police"}}}
		}},
		"more minutes":       {kiosk.SIM, 0, func(b *kiosk.Board) { b.Worth.Call++ }},
		"an unknown country": {kiosk.SIM, 1, func(b *kiosk.Board) { b.Countries = []string{"FR"} }},
		"a call that nobody made": {kiosk.SIM, 1, func(b *kiosk.Board) {
			b.Operators = slices.Clone(b.Operators)
			b.Operators[0].Calls = map[string]bool{"SD": true}
		}},
	} {
		all := pages(c.name, "en", "ar")
		p := all[(c.at+len(all))%len(all)]
		if c.edit(&p.Board); len(f.lies(read(p), composed, later)) == 0 {
			t.Errorf("%s is not found out", what)
		}
	}

	// Painted beside what belongs there, wherever it is.
	for what, plant := range map[string]draw.Text{
		"the word now":             {Text: "Open now", Lang: "en"},
		"yet, in Urdu":             {Text: "ابھی", Lang: "ur"},
		"a countdown":              {Text: "opens in 20 min", Lang: "en"},
		"an hour of its own":       {Text: "11:45", Lang: "en"},
		"a local hour of its own":  {Text: "5:45", Lang: "am"},
		"a part of the day":        {Text: "ጠዋት", Lang: "am"},
		"a word that is elsewhere": {Text: "Cancelled", Lang: "en"},
		"a pictogram of the net":   {Kind: draw.Picture, Text: "internet"},
		"a pictogram of power":     {Kind: draw.Picture, Text: "power"},
		"a code":                   {Kind: draw.Code, Text: "https://example.org/"},
		"a name in person":         {Text: "Quiet room", Lang: "en"},
	} {
		for _, name := range kiosk.Names {
			for _, p := range pages(name, "am", "ur") {
				texts := read(p)
				for i := range len(texts) + 1 {
					if lies := f.lies(slices.Insert(slices.Clone(texts), i, plant), composed, later); len(lies) == 0 {
						t.Errorf("%s at %d of %s, part %d, is not found out", what, i, name, p.Part)
					}
				}
			}
		}
	}
	// Every hour that is painted, one minute later; every date left out.
	for _, set := range kiosk.Ten {
		for _, name := range []kiosk.Name{kiosk.Today, kiosk.Closing} {
			for _, p := range pages(name, set...) {
				texts := read(p)
				for i, s := range texts {
					if s.Kind != draw.Words || !anyHour.MatchString(s.Text) {
						continue
					}
					planted := slices.Clone(texts)
					at := anyHour.FindStringIndex(s.Text)[1] - 1
					planted[i].Text = s.Text[:at] + string('0'+(s.Text[at]-'0'+1)%10) + s.Text[at+1:]
					if len(f.lies(planted, composed, later)) == 0 {
						t.Errorf("%s, %s: %q in place of %q is not found out", name, set, planted[i].Text, s.Text)
					}
				}
				undated := slices.DeleteFunc(slices.Clone(texts), func(s draw.Text) bool { return strings.Contains(s.Text, "2026") })
				if len(undated) == len(texts) || len(f.lies(undated, composed, later)) == 0 {
					t.Errorf("%s, %s without a date is not found out", name, set)
				}
			}
		}
	}
}

// onPhones are words that no page of the glass has: a phone's page is asked for anew.
var onPhones = []locales.Word{locales.Today, locales.Tomorrow, locales.Week, locales.Take, locales.Message, locales.Valid, locales.Translation}

// In none of the languages does a word of ours on the glass speak of the moment at which
// it is read.
func TestNoLanguageSpeaksOfTheMoment(t *testing.T) {
	for _, tag := range locales.Tags() {
		if len(moments[tag]) == 0 {
			t.Errorf("%s has no words to be looked for", tag)
		}
		for _, text := range locales.Get(tag).Texts() {
			if slices.Contains(onPhones, locales.Word(strings.TrimPrefix(text.Key, "words."))) {
				continue
			}
			if m := momentIn(tag, text.Text); m != "" && !strings.HasPrefix(text.Key, "local.") {
				t.Errorf("%s, %s: %q speaks of the moment: %s", tag, text.Key, text.Text, m)
			}
		}
	}
}
