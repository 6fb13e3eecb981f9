package server

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"time"

	"infobus/action"
	"infobus/status"
	"infobus/words"
)

// resultsKept is how many results are held; the oldest gives way.
const resultsKept = 64

// result is what became of a form that a browser sent. The browser is redirected to
// a page that tells it, which can be loaded again without anything being done again.
type result struct {
	key   string
	row   action.Row   // zero for the login
	given action.Given // what the form held
	taken bool
	at    time.Time
	asks  bool       // whether the person is sure: nothing was done yet
	text  words.Text // what is told, or why it is asked; may be zero where it asks
}

// results are the last ones. They end with the process.
type results struct {
	mu   sync.Mutex // guards list
	list []result   // oldest first
}

// put keeps a result, and gives the address on which it is told.
func (l *results) put(path string, r result) string {
	r.key, r.at = rand.Text(), time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == resultsKept {
		l.list = slices.Delete(l.list, 0, 1)
	}
	l.list = append(l.list, r)
	return path + "?r=" + url.QueryEscape(r.key)
}

// twiceWithin is how long after an action was taken the same form, sent again, is a tap
// that came twice, or whose answer was lost.
const twiceWithin = time.Minute

// done is the result of the same form, where it was just taken: its token is one phone's.
func (l *results) done(row action.Row, given action.Given) (result, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range slices.Backward(l.list) {
		if r.taken && r.row.Route() == row.Route() && reflect.DeepEqual(r.given, given) && time.Since(r.at) < twiceWithin {
			return r, true
		}
	}
	return result{}, false
}

// of is the result that a page's address names.
func (l *results) of(r *http.Request) (result, bool) {
	key := r.URL.Query().Get("r")
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.list, func(r result) bool { return r.key == key })
	if i < 0 {
		return result{}, false
	}
	return l.list[i], true
}

// notice is what a page says of the form that led to it.
type notice struct {
	Text  string
	Taken bool
	Undo  *status.Form // takes it back; nil where nothing does
}

// notice is what the page that r asks for says of its form; nil for nothing.
func (s *Server) notice(r *http.Request) *notice {
	told, ok := s.told(r)
	if !ok || told.text.IsZero() {
		return nil
	}
	speaker := s.speaker(r)
	n := &notice{Text: speaker.Text(told.text), Taken: told.taken}
	if undo, known := s.o.Actions.Find(string(told.row.Undo)); known && told.taken && s.mayAct(r) {
		n.Undo = status.UndoForm(undo, told.given, speaker)
	}
	return n
}

// tell leads a browser from a form to the page that says what became of it.
func (s *Server) tell(w http.ResponseWriter, r *http.Request, path string, told result) {
	list := &s.results
	if !s.mayAct(r) {
		list = &s.refused // so that strangers push no volunteer's result out
	}
	at := list.put(path, told)
	if r.URL.Query().Has("lang") {
		at += "&lang=" + s.speaker(r).Language().Tag
	}
	http.Redirect(w, r, at, http.StatusSeeOther)
}

// told is the result that the address of a page names.
func (s *Server) told(r *http.Request) (result, bool) {
	if of, ok := s.refused.of(r); ok {
		return of, true
	}
	return s.results.of(r)
}

// getSure asks whether an action is really meant.
func (s *Server) getSure(w http.ResponseWriter, r *http.Request) {
	asked, ok := s.told(r)
	if !ok || !asked.asks || !s.mayAct(r) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.remember(w, r)
	speaker := s.speaker(r)
	s.write(w, r, shown(sureTemplate(), speaker, struct {
		said
		Form status.Form
		Back string
		Key  string
	}{s.said(speaker), status.SureForm(asked.row, asked.given, asked.text, speaker), home(asked.row), asked.key}))
}
