package server

import (
	_ "embed"
	"html/template"
	"net/http"

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

//go:embed web/form.html
var formHTML string

// formTemplate is an action's form, on every page.
var formTemplate = template.Must(template.New("form").Parse(formHTML))

var pageTemplate = template.Must(template.Must(formTemplate.Clone()).New("page").Parse(pageHTML))

// asset answers with a file that is part of the program.
func asset(kind string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "no-cache")
		w.Write(body)
	}
}

// getPage shows the volunteers' page. Its script fetches it again after each
// change and puts in what became different, so that every word is made here.
func (s *Server) getPage(w http.ResponseWriter, r *http.Request) {
	s.remember(w, r)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(s.latest.Load().pages[pageKey{s.speaker(r), s.mayAct(r)}]())
}

// pageKey is by whom a page is said, and whether it is for who may act.
type pageKey struct {
	speaker *words.Speaker
	mayAct  bool
}

// volunteers is the volunteers' page, with a word about what was asked for.
func (s *Server) volunteers(v status.View, speaker *words.Speaker, mayAct bool, notice string) []byte {
	data := struct {
		said
		status.Page
		Notice  string
		PIN     bool // there is one, and it was not given
		Actions []status.Form
		Sites   []status.Form
		Days    []status.Chart
	}{said: s.said(speaker), Page: status.PageOf(v, speaker), Notice: notice, PIN: s.o.PIN != "" && !mayAct}
	if mayAct && s.o.Act != nil {
		data.Actions = status.PageForms(s.o.Actions, v, speaker)
		data.Sites = status.SiteForms(s.o.Actions, v, speaker)
		if s.o.Days != nil {
			data.Days = status.Charts(s.o.Days(), speaker)
		}
	}
	return shown(pageTemplate, speaker, data)
}
