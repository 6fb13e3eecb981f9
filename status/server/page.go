package server

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"sync"
	"time"

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

// formTemplate is an action's form, and what became of one, on every page.
var formTemplate = template.Must(template.New("form").Parse(formHTML))

var pageTemplate = template.Must(template.Must(template.Must(formTemplate.Clone()).New("parts").Parse(partsHTML)).New("page").Parse(pageHTML))

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

// pageKey is by whom a page is said, and whether it is for who may act.
type pageKey struct {
	speaker *words.Speaker
	mayAct  bool
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
		PIN     bool          // there is one, and it was not given
		First   []status.Form // what does the first thing to do
		Actions []status.Form
		Sites   []status.Form
		Days    []status.Chart
	}{said: s.said(speaker), Page: status.PageOf(v, speaker), PIN: s.o.PIN != "" && !key.mayAct}
	if key.mayAct && s.o.Act != nil {
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
		if err := pageTemplate.ExecuteTemplate(&b, "part-"+id, data); err != nil {
			b.Reset()
			b.WriteString("<p>" + template.HTMLEscapeString(speaker.Say("page.broken")))
		}
		page.parts[id] = template.HTML(bytes.TrimSpace(b.Bytes()))
	}
	return page
}

// getPage shows the volunteers' page, with what became of the form that led to it.
func (s *Server) getPage(w http.ResponseWriter, r *http.Request) {
	s.remember(w, r)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	key := pageKey{s.speaker(r), s.mayAct(r)}
	latest := s.latest.Load()
	page := s.rendered(latest, key)
	w.Write(shown(pageTemplate, key.speaker, struct {
		said
		Assets string
		MayAct bool
		Clock  string
		Part   map[string]template.HTML
		Notice *notice
	}{s.said(key.speaker), assets, key.mayAct, page.clock, page.parts, s.notice(r)}))
}
