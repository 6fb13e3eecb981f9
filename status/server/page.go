package server

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"sync"
	"time"

	"infobus/pairing"
	"infobus/status"
	"infobus/words"
)

//go:embed web/app.css
var appCSS []byte

//go:embed web/app.js
var appJS []byte

//go:embed web/icon.svg
var iconSVG []byte

//go:embed web/page.html
var pageHTML string

//go:embed web/parts.html
var partsHTML string

//go:embed web/form.html
var formHTML string

//go:embed web/shared.html
var sharedHTML string

// sharedTemplate is what volunteers' pages have in common: their head, the marks, an
// action's form, and what became of one. It and its kin are parsed when somebody asks for
// a page, not before the box is ready.
var sharedTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.Must(template.New("shared").Funcs(template.FuncMap{"inc": func(n int) int { return n + 1 }}).Parse(sharedHTML)).New("form").Parse(formHTML))
})

// pageOf is the template of a volunteers' page.
func pageOf(name, html string) func() *template.Template {
	return sync.OnceValue(func() *template.Template {
		return template.Must(template.Must(sharedTemplate().Clone()).New(name).Parse(html))
	})
}

var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(pageOf("parts", partsHTML)().New("page").Parse(pageHTML))
})

// parts are those of the volunteers' page that follow the van's state, by their ids.
// Each is a template of web/parts.html.
var parts = []string{"clock", "sentence", "deadline", "tiles", "act", "way", "screen", "battery", "sims", "logs", "parts", "days", "site", "ask"}

// asset answers with a file that is part of the program.
func asset(kind string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "no-cache")
		w.Write(body)
	}
}

// level is how much of the van somebody sees.
type level uint8

const (
	asStranger  level = iota // the words of the tiles, and the screen
	asReader                 // everything
	asVolunteer              // and the actions
)

func (s *Server) levelOf(r *http.Request) level {
	switch {
	case s.mayAct(r):
		return asVolunteer
	case s.knows(r):
		return asReader
	}
	return asStranger
}

// pageKey is by whom a page is said, and for whom.
type pageKey struct {
	speaker *words.Speaker
	who     level
}

// rendered is the volunteers' page of one state, in its parts.
type rendered struct {
	clock string // the van's; "" while it is not trusted
	parts map[string]template.HTML
}

// kept are the pages of one state that were made, each with its ages counted at
// most ageing ago.
type kept struct {
	mu    sync.Mutex
	pages map[pageKey]*rendered
	age   time.Duration // of all of them
}

// rendered is the page of that state for whom the key says.
func (s *Server) rendered(of *snapshot, key pageKey) *rendered {
	k := &of.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	if age := time.Since(of.at).Truncate(ageing); age != k.age || k.pages == nil {
		k.age, k.pages = age, map[pageKey]*rendered{}
	}
	if k.pages[key] == nil {
		k.pages[key] = s.render(of.view.Aged(k.age), key)
	}
	return k.pages[key]
}

func (s *Server) render(v status.View, key pageKey) *rendered {
	speaker := key.speaker
	data := struct {
		said
		status.Page
		PIN     bool          // the phone may be paired
		OneDoor bool          // visitors come where volunteers do
		First   []status.Form // what does the first thing to do
		Actions []status.Form
		Sites   []status.Form
		Days    []status.Chart
	}{said: s.said(speaker), Page: status.PageOf(v, speaker), PIN: key.who != asVolunteer, OneDoor: s.oneDoor.Load()}
	if key.who == asVolunteer && s.o.Act != nil {
		data.Actions = status.PageForms(s.o.Actions, v, speaker)
		data.First = status.FirstForms(s.o.Actions, v, speaker)
		data.Sites = status.SiteForms(s.o.Actions, v, speaker)
		if s.o.Days != nil {
			data.Days = status.Charts(s.o.Days(), speaker)
		}
	}
	page := &rendered{clock: data.Clock, parts: map[string]template.HTML{}}
	for _, id := range parts {
		var b bytes.Buffer
		if err := pageTemplate().ExecuteTemplate(&b, "part-"+id, data); err != nil {
			b.Reset()
			b.WriteString("<p>" + template.HTMLEscapeString(speaker.Say("page.broken")))
		}
		page.parts[id] = template.HTML(bytes.TrimSpace(b.Bytes()))
	}
	return page
}

// getPage shows the volunteers' page, with what became of the form that led to it; or
// that of who is not paired.
func (s *Server) getPage(w http.ResponseWriter, r *http.Request) {
	s.remember(w, r)
	key := pageKey{s.speaker(r), s.levelOf(r)}
	if key.who == asStranger {
		s.write(w, r, s.openPage(r, ""))
		return
	}
	page := s.rendered(s.latest.Load(), key)
	s.write(w, r, shown(pageTemplate(), key.speaker, struct {
		said
		Assets string
		MayAct bool
		Clock  string
		Part   map[string]template.HTML
		Notice *notice
	}{s.said(key.speaker), assets, key.who == asVolunteer, page.clock, page.parts, s.notice(r)}))
}

// tokenHere stands in a page's forms where pairing.Token comes: pages are made once for
// all phones.
const tokenHere = "~token~"

// tokened is a page whose forms have the token of the phone that asks.
func tokened(r *http.Request, page []byte) []byte {
	if id := phoneOf(r); id != "" {
		return bytes.ReplaceAll(page, []byte(tokenHere), []byte(pairing.Token(id)))
	}
	return page
}

// write answers with a page, its forms with the phone's token.
func (s *Server) write(w http.ResponseWriter, r *http.Request, page []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(tokened(r, page))
}

//go:embed web/open.html
var openHTML string

var openTemplate = pageOf("open", openHTML)

// openPage is the page of who is not paired: the tiles' words, the screen, and where a
// phone is paired. code fills its field in.
func (s *Server) openPage(r *http.Request, code string) []byte {
	type tile struct {
		status.Glance
		Title string
	}
	speaker, v := s.speaker(r), s.latest.Load().view
	var tiles []tile
	for _, t := range v.Summary().In(speaker).Tiles {
		tiles = append(tiles, tile{t, speaker.Word("open." + t.Tile)})
	}
	// A mistake in the settings may be why no phone can be paired; the glass says it too.
	var notes []string
	for _, n := range v.In(speaker).Notes {
		notes = append(notes, n.Text)
	}
	return shown(openTemplate(), speaker, struct {
		said
		Tiles  []tile
		Notes  []string
		Drawn  bool
		Notice *notice
		Code   string
	}{s.said(speaker), tiles, notes, v.Kiosk.Page != "", s.notice(r), code})
}
