package server

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"

	"infobus/status"
)

//go:embed web/services.html
var servicesHTML string

var servicesTemplate = template.Must(template.New("services").Parse(servicesHTML))

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
		status.ServicesPage
		Notice string
	}{s.o.Services(), notice}); err != nil {
		return []byte("<!doctype html><title>Infobus</title><p>The page cannot be shown.")
	}
	return b.Bytes()
}
