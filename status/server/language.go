package server

import (
	"bytes"
	"html/template"
	"net/http"
	"time"

	"infobus/words"
)

// languageCookie holds the language that somebody chose on a page, and nothing
// else.
const (
	languageCookie = "infobus-language"
	languageKept   = 365 * 24 * time.Hour
)

// speaker speaks the language that was asked for: by the parameter lang, else as
// it was chosen on a page, else as the browser says; English where none is known.
func (s *Server) speaker(r *http.Request) *words.Speaker {
	chosen := ""
	if c, err := r.Cookie(languageCookie); err == nil {
		chosen = c.Value
	}
	return s.o.Words.In(r.URL.Query().Get("lang"), chosen, r.Header.Get("Accept-Language"))
}

// remember keeps the language that a page was asked for in; what a script
// fetches is no choice.
func (s *Server) remember(w http.ResponseWriter, r *http.Request) {
	speaker := s.speaker(r)
	w.Header().Set("Content-Language", speaker.Language().Tag)
	w.Header().Set("Vary", "Accept-Language, Cookie")
	if wantsPage(r) && r.URL.Query().Get("lang") != "" {
		http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: speaker.Language().Tag, Path: "/", MaxAge: int(languageKept / time.Second),
			HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
}

// said is what every volunteers' page has: who says its words, and the
// languages to choose from.
type said struct {
	*words.Speaker
	Languages []words.Language
}

func (s *Server) said(speaker *words.Speaker) said {
	return said{speaker, s.o.Words.Languages()}
}

// shown is a page of a template.
func shown(t *template.Template, speaker *words.Speaker, data any) []byte {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return []byte("<!doctype html><title>Infobus</title><p>" + template.HTMLEscapeString(speaker.Say("page.broken")))
	}
	return b.Bytes()
}
