package server

import (
	"context"
	"io"
	"net/http"
	"time"
)

// readers is how many pieces of files are read from the card at a time: a card that
// hangs holds that many threads of the process, whoever fetches.
const readers = 4

// fetch gives a file to who takes it, however slowly (places.go): a piece of it is in
// memory at a time, and no more are read than are taken. It is named by tag, an ETag, so
// that a phone that went out of reach can ask for the rest. The header has its
// Content-Type; the caller closes the file.
func (s *Server) fetch(w http.ResponseWriter, r *http.Request, tag string, file io.ReadSeeker) {
	if p := callerOf(r).place; p != nil {
		p.fetches()
	}
	yield(r)
	w.Header().Set("ETag", tag)
	http.ServeContent(w, r, "", time.Time{}, turns{file, s.reading, r.Context()})
}

// turns reads a file piece by piece, each in its turn.
type turns struct {
	io.ReadSeeker
	reading chan struct{}
	asked   context.Context
}

func (t turns) Read(b []byte) (int, error) {
	select {
	case t.reading <- struct{}{}:
		defer func() { <-t.reading }()
	case <-t.asked.Done():
		return 0, context.Cause(t.asked)
	}
	return t.ReadSeeker.Read(b)
}
