package server

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
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

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

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
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	page := s.latest.Load().page
	if s.mayAct(r) {
		page = s.latest.Load().withActs
	}
	w.Write(page())
}

// volunteers is the volunteers' page, with a word about what was asked for.
func (s *Server) volunteers(v status.View, mayAct bool, notice string) []byte {
	v = v.In(words.In())
	data := struct {
		Notice  string
		Tiles   []tile
		Screen  screen
		Signal  signal
		Cards   []card
		Says    string // of the data
		Tried   []line
		Devices []line
		Waiting uint64
		Sent    string
		PIN     bool // there is one, and it was not given
		Actions []action
		Places  []place
		Days    []chart
		Sure    bool // it is certain at which of them the van is
	}{
		Notice:  notice,
		Tiles:   []tile{powerTile(v), internetTile(v), timeTile(v), todoTile(v)},
		Screen:  screenOf(v),
		Signal:  signalOf(v.Uplink),
		Tried:   triedLines(v),
		Devices: deviceLines(v),
		Waiting: v.Sync.Waiting,
		Sent:    hour(v.Sync.LastUpload),
		PIN:     s.o.PIN != "" && !mayAct,
	}
	data.Cards, data.Says = simCards(v)
	if mayAct && s.o.Act != nil {
		data.Actions = actions(v)
		if s.o.Days != nil {
			data.Days = charts(s.o.Days())
		}
		data.Places, data.Sure = places(v), v.Session.Site != ""
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, data); err != nil {
		return []byte("<!doctype html><title>Infobus</title><p>The page cannot be shown.")
	}
	return b.Bytes()
}

// hour is a time as it stands in the View, in its own zone: HH:MM; "" for none.
func hour(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format("15:04")
}
