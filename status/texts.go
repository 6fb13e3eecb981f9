package status

import (
	"cmp"
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"infobus/guide"
	"infobus/kiosk/locales"
	"infobus/timetable"
)

// facts are what the guide's references are filled in from; site is "" where nothing may
// tell of the van.
func (v Visit) facts(site string) guide.Facts {
	f := guide.Facts{Timetable: v.Timetable, Site: site, Quiet: v.Quiet}
	if v.Board != nil {
		f.Board = *v.Board
	}
	if v.Trusted {
		f.Now = v.now()
	}
	return f
}

// textsWeigh is how many bytes of the guide's texts a page has, in the language that
// takes most, beside the titles of all sections, each cut to titleLength letters.
const (
	textsWeigh  = 14_000
	titleLength = 40
)

// texts are the guide's in a language. Which page each is on is the same in every
// language: a section begins on a page of its own.
func (v Visit) texts(l *locales.Locale, site string) (texts []VisitText) {
	if v.Guide == nil || v.Guide.Empty() {
		return nil
	}
	facts := v.facts(site)
	weights := map[string]int{} // by id
	for _, tag := range locales.Tags() {
		for _, t := range textsOf(v.Guide.In(tag, facts)) {
			weights[t.ID] = max(weights[t.ID], weigh(t))
		}
	}
	chunk, weight := -1, 0
	for _, p := range textsOf(v.Guide.In(l.Tag, facts)) {
		t := VisitText{Section: p.ID, Title: !strings.Contains(p.ID, "."), State: p.State, Source: p.Beside}
		if p.State != guide.Missing {
			t.Own = &p.Body
		}
		if p.Beside != nil {
			t.Name = locales.Get(p.Beside.Lang).Name
		}
		if t.Title || weight+weights[p.ID] > textsWeigh {
			chunk, weight = chunk+1, 0
		}
		if t.Title {
			t.short = short(bodies(p))
		}
		weight += weights[p.ID]
		t.chunk = chunk
		texts = append(texts, t)
	}
	return texts
}

// textsOf are the titles and paragraphs of sections, one after the other.
func textsOf(sections []guide.Section) (list []guide.Paragraph) {
	for _, s := range sections {
		list = append(append(list, s.Title), s.Paragraphs...)
	}
	return list
}

// bodies are what is shown of a paragraph: its own text, then its source.
func bodies(p guide.Paragraph) (list []guide.Body) {
	if len(p.Body.Items) > 0 {
		list = append(list, p.Body)
	}
	if p.Beside != nil {
		list = append(list, *p.Beside)
	}
	return list
}

// weigh is how many bytes a paragraph takes on a page.
func weigh(p guide.Paragraph) int {
	n := 200 // what marks it
	for _, b := range bodies(p) {
		n += 60
		for _, item := range b.Items {
			n += 20
			for _, r := range item.Runs {
				n += 60 + len(html.EscapeString(r.Text))
			}
		}
	}
	return n
}

// short is a title as plain text, cut where it is long.
func short(bodies []guide.Body) string {
	var b strings.Builder
	for _, body := range bodies[:min(1, len(bodies))] {
		for _, item := range body.Items {
			for _, r := range item.Runs {
				b.WriteString(r.Text)
			}
		}
	}
	if letters := []rune(b.String()); len(letters) > titleLength {
		return string(letters[:titleLength-1]) + "…"
	}
	return b.String()
}

// read are the pages of the guide's texts. Without any there is one that says so.
func (p VisitPage) read(texts []VisitText) (pages []VisitPage) {
	if len(texts) == 0 {
		return []VisitPage{p}
	}
	var parts []VisitPart
	for _, t := range texts {
		if t.chunk == len(pages) {
			page := p
			page.Part = len(pages) + 1
			pages, parts = append(pages, page), append(parts, VisitPart{Number: len(pages) + 1, Label: cmp.Or(t.short, strconv.Itoa(len(pages)+1))})
		}
		last := &pages[len(pages)-1]
		last.Texts = append(last.Texts, t)
	}
	for i := range pages {
		pages[i].Parts = slices.Clone(parts)
		pages[i].Parts[i].Current = true
	}
	return pages
}

// Take is what a phone keeps: the day and the week, numbers, SIM table and texts on one
// page, as they hold until the end of its last day. Nothing in it tells of the van. ok is
// false while it is quiet, and where no day can be told.
func (v Visit) Take(tag string) (page VisitPage, ok bool) {
	l := locales.Get(tag)
	if v.Quiet || v.unknown(l) != "" {
		return VisitPage{}, false
	}
	last := v.lastDay()
	p := v.page("", l)
	p.Ways, p.Drawn = nil, ""
	p.Date = l.Date(v.now())
	for d := v.day(); d <= v.day()+daysAhead; d++ {
		p.Rows = append(p.Rows, v.headed(l, d)...)
	}
	noted := map[[3]string]bool{} // a check is said once in the file
	for i := range p.Rows {
		r := &p.Rows[i]
		if said := [3]string{r.Name, r.Place, r.Note}; noted[said] {
			r.Note = ""
		} else {
			noted[said] = true
		}
	}
	p.Numbers, p.SIM, p.Texts = v.numbers(l, last), v.sim(l, last), v.texts(l, "")
	p.Take = v.take(l)
	p.Take.Ask, p.Take.From, p.Take.Until = l.Word(locales.AskUs), Date8(v.now()), Date8(last)
	p.Take.Week, p.Take.Numbers, p.Take.SIM = l.Word(locales.Week), l.Word(locales.Help), l.Word(locales.SIM)
	return p, true
}

// Daily is the visit as files have it: of the day, not of a minute of it.
func (v Visit) Daily() Visit {
	if v.Timetable != nil {
		v.Minute = v.day().Start(v.Timetable.Zone).Unix() / 60
	}
	v.Site = ""
	return v
}

// Name is what a file of the day is called on a phone, without its ending.
func (v Visit) Name(tag string) string { return "infobus-" + tag + "-" + v.now().Format(time.DateOnly) }

// lastDay is the last on which a file of today holds.
func (v Visit) lastDay() time.Time { return (v.day() + daysAhead).Start(v.Timetable.Zone) }

// Date8 is a day as a number, 20261130.
func Date8(t time.Time) int { return t.Year()*10_000 + int(t.Month())*100 + t.Day() }

// take is what the page of files says; nil where no day can be told.
func (v Visit) take(l *locales.Locale) *VisitTake {
	if v.unknown(l) != "" {
		return nil
	}
	return &VisitTake{Valid: l.ValidUntil(v.lastDay()), Text: v.message(l),
		File:    VisitLink{"/take/" + l.Tag + ".html", v.Name(l.Tag) + ".html", l.Word(locales.Take)},
		Message: VisitLink{"/take/" + l.Tag + ".txt", v.Name(l.Tag) + ".txt", l.Word(locales.Message)}}
}

// What a message has: letters of Unicode, and telephone numbers beside 112.
const (
	messageLength  = 1000
	messageNumbers = 3
)

// Message is what fits into a message; "" where there is no file to be kept.
func (v Visit) Message(tag string) string {
	if v.Quiet || v.Timetable == nil || !v.Trusted {
		return ""
	}
	return v.message(locales.Get(tag))
}

// message has the date, numbers, and rows of the next days in their order, as many as
// fit; how many are left out stands at its end.
func (v Visit) message(l *locales.Locale) string {
	v = v.Daily()
	var lines []string
	numbers := v.numbers(l, v.lastDay())
	for _, n := range numbers[:min(len(numbers), 1+messageNumbers)] {
		lines = append(lines, n.Number+" "+n.Name)
	}
	days := make([][]string, daysAhead+1)
	all := 0
	for d := range days {
		rows := v.headed(l, v.day()+timetable.Date(d))
		days[d] = append(days[d], rows[0].Day)
		for _, r := range rows {
			if r.Name != "" {
				days[d] = append(days[d], r.line(l))
				all++
			}
		}
	}
	compose := func(some []string, shown int, last int) string {
		head := []string{l.Date(v.now()), l.ValidUntil((v.day() + timetable.Date(last)).Start(v.Timetable.Zone))}
		tail := []string{}
		if shown < all {
			tail = append(tail, "+ "+strconv.Itoa(all-shown)+" "+l.Word(locales.More))
		}
		return plain(strings.Join(slices.Concat(head, lines, some, tail), "\n"))
	}
	best, shown := compose(nil, 0, 0), 0
	var some []string
	for d, day := range days {
		for i := 1; i < len(day); i++ {
			add := day[i : i+1]
			if i == 1 {
				add = day[:2]
			}
			longer := append(slices.Clone(some), add...)
			text := compose(longer, shown+1, d)
			if len([]rune(text)) > messageLength {
				return best
			}
			some, shown, best = longer, shown+1, text
		}
	}
	return best
}

// line is a row in a message.
func (r VisitRow) line(l *locales.Locale) string {
	said := []string{r.Name}
	for _, s := range []string{r.hours(l), r.State, strings.TrimSpace(r.Map + " " + r.Place)} {
		if s != "" {
			said = append(said, s)
		}
	}
	return "• " + strings.Join(said, ", ")
}

// hours are those of a row, in words: a range is read backwards where the writing is.
func (r VisitRow) hours(l *locales.Locale) string {
	if r.Opens == "" || r.Struck {
		return ""
	}
	return l.Word(locales.Opens) + " " + r.Opens + " " + l.Word(locales.Closes) + " " + r.Closes
}

// plain is a text without the marks that keep its parts in order, which old phones show.
func plain(s string) string { return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(s) }
