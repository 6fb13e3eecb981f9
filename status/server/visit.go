package server

import (
	"bytes"
	"embed"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"infobus/guide"
	"infobus/kiosk/draw"
	"infobus/status"
	"infobus/words"
)

//go:embed web/today.css
var todayCSS []byte

//go:embed web/visit.html
var visitHTML string

//go:embed web/take.js
var takeJS string

//go:embed web/pictures/*.svg
var pictures embed.FS

var visitTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("visit").Funcs(template.FuncMap{"picture": picture, "items": items}).Parse(visitHTML))
})

// items are the paragraphs and lists of a text.
func items(title bool, b *guide.Body) template.HTML {
	var out strings.Builder
	list := false
	for _, item := range b.Items {
		if item.Bullet != list {
			out.WriteString(map[bool]string{true: "<ul>", false: "</ul>"}[item.Bullet])
			list = item.Bullet
		}
		tag := "p"
		switch {
		case item.Bullet:
			tag = "li"
		case title:
			tag = "h2"
		}
		out.WriteString("<" + tag + ">")
		for _, r := range item.Runs {
			out.WriteString(run(r))
		}
		out.WriteString("</" + tag + ">")
	}
	if list {
		out.WriteString("</ul>")
	}
	return template.HTML(out.String())
}

// run is a piece of text; hours say of which day they are.
func run(r guide.Run) string {
	text := template.HTMLEscapeString(r.Text)
	if r.Struck {
		text = "<s>" + text + "</s>"
	}
	if r.Bold {
		text = "<b>" + text + "</b>"
	}
	switch r.Kind {
	case guide.Hours:
		until := ""
		if !r.Ends.IsZero() {
			until = fmt.Sprintf(` data-until="%d"`, status.Date8(r.Ends.Add(-time.Nanosecond)))
		}
		return `<span class="hours"` + until + `>` + text + `</span>`
	case guide.Ask:
		return `<span class="state">` + text + `</span>`
	case guide.Dial:
		return `<bdi dir="ltr">` + text + `</bdi>`
	}
	return text
}

// picture is the place of a pictogram in a page that has it in its sprite.
func picture(name string) template.HTML {
	turn := ""
	if name == "tomorrow" { // its arrow points where one reads on
		turn = ` class="turn"`
	}
	return template.HTML(`<svg` + turn + `><use xlink:href="#i-` + template.HTMLEscapeString(name) + `"/></svg>`)
}

// inked gives a pictogram the colours of a page.
var inked = strings.NewReplacer(` fill="white" stroke="black"`, ` class="wf" stroke="currentColor"`, `fill="white"`, `class="wf"`, `stroke="white"`, `class="ws"`,
	`stroke="black"`, `stroke="currentColor"`, "\n", "", "  ", "")

// symbols are the pictograms that pages have, by name, each made once.
var symbols sync.Map // of string: string

// symbol is a pictogram for a sprite; "" where there is none.
func symbol(name string) string {
	if s, ok := symbols.Load(name); ok {
		return s.(string)
	}
	text := draw.Pictogram(name)
	if own, err := pictures.ReadFile(path.Join("web/pictures", name+".svg")); err == nil {
		text = string(own)
	}
	s := ""
	if _, inside, ok := strings.Cut(text, `viewBox="0 0 48 48">`); ok {
		inside, _, _ = strings.Cut(inside, "</svg>")
		s = `<symbol id="i-` + name + `" viewBox="0 0 48 48">` + inked.Replace(inside) + `</symbol>`
	}
	symbols.Store(name, s)
	return s
}

// sprite has those pictograms, each once.
func sprite(names []string) template.HTML {
	var b strings.Builder
	b.WriteString(`<svg class="sprite" aria-hidden="true">`)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		b.WriteString(symbol(name))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// picturesOf are those that a page shows.
func picturesOf(p status.VisitPage) []string {
	names := []string{"language"}
	for _, w := range p.Ways {
		names = append(names, w.Picture)
	}
	for _, r := range p.Rows {
		if r.Picture != "" {
			names = append(names, r.Picture)
		}
	}
	for _, n := range p.Numbers {
		names = append(names, n.Picture)
	}
	if p.Site != "" {
		names = append(names, "van")
	}
	if p.SIM != nil {
		names = append(names, "video", "call")
	}
	if p.Take != nil {
		names = append(names, "take")
	}
	return names
}

// visitPage is a page as its template has it.
type visitPage struct {
	status.VisitPage
	Languages []status.Language
	Sprite    template.HTML
	Open      bool // the choice of languages
	Style     template.CSS
	Script    template.JS
}

// More leads to the next page of the section; nil from its last.
func (p visitPage) More() *status.VisitLink {
	if p.Part >= len(p.Parts) {
		return nil
	}
	next := p.Parts[p.Part]
	return &status.VisitLink{Href: "/" + string(p.Section) + "?lang=" + p.Tag + "&page=" + strconv.Itoa(next.Number), Word: next.Label}
}

// Self is the page in another language.
func (p visitPage) Self(tag string) string {
	self := "/" + string(p.Section) + "?lang=" + tag
	if p.Section == "" {
		self = "/" + string(status.TodaySection) + "?lang=" + tag
	}
	if p.Part > 1 {
		self += "&page=" + strconv.Itoa(p.Part)
	}
	return self
}

// visits are the visitors' pages of one visit, each made once it is asked for.
type visits struct {
	mu    sync.Mutex // guards those below
	of    status.Visit
	pages map[visitKey]*visited
}

type visitKey struct {
	section status.Section
	tag     string
	open    bool
}

// visited are the pages of a section in one language.
type visited struct {
	once   sync.Once
	pages  []status.VisitPage
	mu     sync.Mutex // guards bodies
	bodies map[int]body
}

// body is a page, and its ETag.
type body struct {
	bytes []byte
	tag   string
}

// get are the pages of a section, of this visit.
func (c *visits) get(of status.Visit, key visitKey) *visited {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pages == nil || c.of != of {
		c.of, c.pages = of, map[visitKey]*visited{}
	}
	v := c.pages[key]
	if v == nil {
		v = &visited{bodies: map[int]body{}}
		c.pages[key] = v
	}
	return v
}

// page is the one of that number, or the last where there are fewer.
func (v *visited) page(number int, pages func() []status.VisitPage, make func(status.VisitPage) ([]byte, error)) (body, error) {
	v.once.Do(func() { v.pages = pages() })
	number = min(max(number, 1), len(v.pages))
	v.mu.Lock()
	defer v.mu.Unlock()
	if b, ok := v.bodies[number]; ok {
		return b, nil
	}
	text, err := make(v.pages[number-1])
	if err != nil {
		return body{}, err
	}
	b := body{text, etag(text)}
	v.bodies[number] = b
	return b, nil
}

// getVisit shows one of the visitors' pages. It says nothing that the screen may not.
func (s *Server) getVisit(section status.Section) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l, ok := s.spoken.asked(r)
		if s.o.Visit == nil || !ok {
			s.refuse(w, r, http.StatusNotFound, words.T("refusal.no-timetable"))
			return
		}
		v := s.o.Visit()
		number, _ := strconv.Atoi(r.URL.Query().Get("page"))
		open := r.URL.Query().Get("lang") == ""
		page, err := s.visits.get(v, visitKey{section, l.Tag, open}).page(number,
			func() []status.VisitPage { return v.Pages(section, l.Tag) },
			func(p status.VisitPage) ([]byte, error) { return s.visitPage(p, l, open) })
		if err != nil {
			s.refuse(w, r, http.StatusInternalServerError, words.T("refusal.page"))
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Language", l.Tag)
		h.Set("Vary", "Accept-Language")
		if !same(w, r, page.tag) {
			w.Write(page.bytes)
		}
	}
}

// visitPage is a page of the visitors' in one language.
func (s *Server) visitPage(p status.VisitPage, l status.Language, open bool) ([]byte, error) {
	p.Language = l
	if s.o.Guide != nil {
		if _, ok := s.o.Guide(l.Tag); ok {
			p.GuideURL = "/guide/" + l.Tag + ".pdf"
		} else if _, ok := s.o.Guide(""); ok {
			p.GuideURL = "/guide.pdf"
		}
	}
	var b bytes.Buffer
	if err := visitTemplate().ExecuteTemplate(&b, "page", visitPage{VisitPage: p, Languages: s.o.Languages, Sprite: sprite(picturesOf(p)), Open: open}); err != nil {
		return nil, fmt.Errorf("visitors' page: %w", err)
	}
	return b.Bytes(), nil
}

// takeStyle and takeScript are the file's own.
var takeStyle, takeScript = template.CSS(todayCSS), template.JS(takeJS)

// getTake gives what a phone keeps, in one language: /take/ar.html, or /take/ar.txt for a
// message. It is made once a day and change.
func (s *Server) getTake(w http.ResponseWriter, r *http.Request) {
	tag, kind, _ := strings.Cut(r.PathValue("file"), ".")
	i := slices.IndexFunc(s.o.Languages, func(l status.Language) bool { return l.Tag == tag })
	if s.o.Visit == nil || i < 0 || kind != "html" && kind != "txt" {
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.nothing"))
		return
	}
	v := s.o.Visit().Daily()
	file, err := s.takes.get(v, visitKey{section: status.Section(kind), tag: tag}).page(1,
		func() []status.VisitPage {
			p, _ := v.Take(tag)
			return []status.VisitPage{p}
		},
		func(p status.VisitPage) ([]byte, error) { return s.takeFile(p, kind, s.o.Languages[i]) })
	switch {
	case err != nil:
		s.refuse(w, r, http.StatusInternalServerError, words.T("refusal.page"))
		return
	case len(file.bytes) == 0:
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.nothing"))
		return
	}
	h := w.Header()
	h.Set("Content-Type", map[string]string{"html": "text/html", "txt": "text/plain"}[kind]+"; charset=utf-8")
	h.Set("Content-Language", tag)
	h.Set("Content-Disposition", `attachment; filename="`+v.Name(tag)+"."+kind+`"`)
	s.fetch(w, r, file.tag, bytes.NewReader(file.bytes))
}

// takeFile is the file; empty where there is nothing to be kept.
func (s *Server) takeFile(p status.VisitPage, kind string, l status.Language) ([]byte, error) {
	switch {
	case p.Take == nil:
		return nil, nil
	case kind == "txt":
		return []byte(p.Take.Text + "\n"), nil
	}
	p.Language = l
	var b bytes.Buffer
	names := append(picturesOf(p), "week", "call", "sim", "guide")
	if err := visitTemplate().ExecuteTemplate(&b, "take", visitPage{VisitPage: p, Sprite: sprite(names), Style: takeStyle, Script: takeScript}); err != nil {
		return nil, fmt.Errorf("file to take along: %w", err)
	}
	return b.Bytes(), nil
}
