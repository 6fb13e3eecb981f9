package server

import (
	"bytes"
	"net/http"
	"time"

	"infobus/words"
)

// heartbeat is how often a stream without news says that it is alive.
const heartbeat = 30 * time.Second

// getStream sends the state as server-sent events: the latest at once, then the
// latest after each change. Who cannot take a state within writeTimeout is
// dropped, and loses nothing by it: the next connection begins with the whole.
// Strangers have none: it would hold a place for each of them.
func (s *Server) getStream(w http.ResponseWriter, r *http.Request) {
	send, leave := s.openStream(w, r, "30")
	if send == nil {
		return
	}
	defer leave()
	if !send([]byte("retry: 2000\n\n")) {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		latest, changed := s.published()
		if !send([]byte("data: "), encode(s.shownTo(r, latest)), []byte("\n\n")) {
			return
		}
		for waiting := true; waiting; {
			select {
			case <-changed:
				waiting = false
			case <-beat.C:
				if !send([]byte(": alive\n\n")) {
					return
				}
			case <-r.Context().Done():
				return
			}
		}
	}
}

// openStream takes a place for server-sent events, and gives what sends them, false once
// nobody takes them, and what gives the place back. It answers, and gives nil, where
// there is no place; retry is after how many seconds there may be one.
func (s *Server) openStream(w http.ResponseWriter, r *http.Request, retry string) (send func(parts ...[]byte) bool, leave func()) {
	phone := phoneOf(r)
	if !s.enter(phone) {
		w.Header().Set("Retry-After", retry)
		s.refuse(w, r, http.StatusServiceUnavailable, words.T("refusal.streams"))
		return nil, nil
	}
	yield(r)
	to := http.NewResponseController(w)
	to.SetReadDeadline(time.Time{}) // nothing more is read; a deadline would end the stream
	w.Header().Set("Content-Type", "text/event-stream")
	send = func(parts ...[]byte) bool {
		to.SetWriteDeadline(time.Now().Add(writeTimeout))
		_, err := w.Write(bytes.Join(parts, nil))
		return err == nil && to.Flush() == nil
	}
	return send, func() { s.leave(phone) }
}

// enter takes one of the streams' places; ok is false where there is none left for that
// phone.
func (s *Server) enter(phone string) (ok bool) {
	s.woken.Lock()
	defer s.woken.Unlock()
	all := 0
	for _, n := range s.streams {
		all += n
	}
	if all >= streams || s.streams[phone] >= streamsEach && phone != "" {
		return false
	}
	s.streams[phone]++
	return true
}

func (s *Server) leave(phone string) {
	s.woken.Lock()
	defer s.woken.Unlock()
	if s.streams[phone]--; s.streams[phone] == 0 {
		delete(s.streams, phone)
	}
}
