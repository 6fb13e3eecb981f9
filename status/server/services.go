package server

import (
	_ "embed"
	"net/http"

	"infobus/status"
	"infobus/words"
)

//go:embed web/services.html
var servicesHTML string

//go:embed web/sure.html
var sureHTML string

var sureTemplate = pageOf("sure", sureHTML)

var servicesTemplate = pageOf("services", servicesHTML)

// getServices shows the day's services to who may correct them.
func (s *Server) getServices(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.o.Services == nil || s.o.Act == nil:
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.no-timetable"))
	case !s.mayAct(r) && wantsPage(r):
		http.Redirect(w, r, "/", http.StatusSeeOther) // where the PIN is asked for
	case !s.mayAct(r):
		s.refuse(w, r, http.StatusUnauthorized, words.T("refusal.pin"))
	default:
		s.remember(w, r)
		s.write(w, r, s.services(r))
	}
}

// services is the page, with what became of the form that led to it.
func (s *Server) services(r *http.Request) []byte {
	type service struct {
		status.ServiceLine
		Actions []status.Form
	}
	speaker := s.speaker(r)
	page := s.o.Services(speaker)
	told, _ := s.told(r)
	var services []service
	for _, l := range page.Services {
		services = append(services, service{l, l.Forms(s.o.Actions, speaker, status.Sent{Row: told.row, Given: told.given, Refused: !told.taken})})
	}
	return shown(servicesTemplate(), speaker, struct {
		said
		status.ServicesPage
		Services []service
		Notice   *notice
	}{s.said(speaker), page, services, s.notice(r)})
}
