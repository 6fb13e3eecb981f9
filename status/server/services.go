package server

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
)

//go:embed web/services.html
var servicesHTML string

var servicesTemplate = template.Must(template.New("services").Parse(servicesHTML))

// ServicesPage is what a volunteer looks through: the day's services, each to be
// said right, cancelled or of other hours. Those that are shown in person only
// are not on it.
type ServicesPage struct {
	Date     string // in words; "" where no day can be told
	Site     string
	None     string // why there are no services; "" where there are
	Services []ServiceLine
}

// ServiceLine is one service on one day.
type ServiceLine struct {
	ID, Day   string
	Name      string
	Place     string
	Map       string
	Hours     []Hours // as the timetable has them, also those that the screen does not show
	State     string  // confirmed, ask us, cancelled
	Why       string
	Corrected bool // a volunteer said something of it
}

// Mood is the line's colour and icon.
func (l ServiceLine) Mood() string {
	switch l.State {
	case "confirmed":
		return "good"
	case "cancelled":
		return "bad"
	}
	return "warn"
}

// Word is the state in plain words.
func (l ServiceLine) Word() string {
	switch l.State {
	case "confirmed":
		return "Hours on the screen"
	case "cancelled":
		return "Cancelled"
	}
	return "Screen says: ask us"
}

// More are the hours to be corrected, and an empty line.
func (l ServiceLine) More() []Hours { return append(l.Hours[:len(l.Hours):len(l.Hours)], Hours{}) }

// getServices shows the day's services to who may correct them.
func (s *Server) getServices(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.o.Services == nil || s.o.Act == nil:
		refuse(w, http.StatusNotFound, "there is no timetable")
	case !s.mayAct(r) && wantsPage(r):
		http.Redirect(w, r, "/", http.StatusSeeOther) // where the PIN is asked for
	case !s.mayAct(r):
		refuse(w, http.StatusUnauthorized, "this needs the PIN")
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(s.services(""))
	}
}

// services is the page, with a word about what was asked for.
func (s *Server) services(notice string) []byte {
	var b bytes.Buffer
	if err := servicesTemplate.Execute(&b, struct {
		ServicesPage
		Notice string
	}{s.o.Services(), notice}); err != nil {
		return []byte("<!doctype html><title>Infobus</title><p>The page cannot be shown.")
	}
	return b.Bytes()
}
