package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"infobus/status"
)

// postSelftest makes a self-test and sends each of its lines as it begins and as it
// ends, a JSON object a line.
func (s *Server) postSelftest(w http.ResponseWriter, r *http.Request) {
	if !s.mayAct(r) {
		refuse(w, http.StatusUnauthorized, "this needs the PIN")
		return
	}
	if s.o.Selftest == nil {
		refuse(w, http.StatusNotFound, "there is no self-test")
		return
	}
	var asked status.Selftest
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil && !errors.Is(err, io.EOF) {
		refuse(w, http.StatusBadRequest, `the body is not {"screen": false, "relay": false, "force": false, "button": false}`)
		return
	}
	to := http.NewResponseController(w)
	to.SetReadDeadline(time.Time{}) // nothing more is read; a deadline would end the test
	say, begun := speaker(r), false
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
		refuse(w, http.StatusConflict, say.Say("selftest.busy"))
	}
}
