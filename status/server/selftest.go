package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"infobus/status"
	"infobus/words"
)

// postSelftest makes a self-test and sends each of its lines as it begins and as it
// ends, a JSON object a line.
func (s *Server) postSelftest(w http.ResponseWriter, r *http.Request) {
	if !s.mayAct(r) {
		s.refuse(w, r, http.StatusUnauthorized, words.T("refusal.pin"))
		return
	}
	if s.o.Selftest == nil {
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.no-selftest"))
		return
	}
	var asked status.Selftest
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil && !errors.Is(err, io.EOF) {
		s.refuse(w, r, http.StatusBadRequest, words.T("refusal.selftest-body"))
		return
	}
	yield(r)
	to := http.NewResponseController(w)
	to.SetReadDeadline(time.Time{}) // nothing more is read; a deadline would end the test
	say, begun := s.speaker(r), false
	err := s.o.Selftest(r.Context(), asked, func(c status.Check) {
		if !begun {
			begun = true
			w.Header().Set("Content-Type", "application/x-ndjson")
		}
		to.SetWriteDeadline(time.Now().Add(writeTimeout))
		w.Write(append(encode(c.In(say)), '\n'))
		to.Flush()
	})
	if errors.Is(err, status.ErrSelftestBusy) {
		s.refuse(w, r, http.StatusConflict, words.T("selftest.busy"))
	}
}
