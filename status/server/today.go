package server

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"

	"infobus/status"
	"infobus/words"
)

// alike are languages, by ISO 639-3, whose speakers read another one that has
// no code in common with them in CLDR: Dari is Farsi, and Pashto and Oromo have
// codes for their parts.
var alike = map[string]string{"prs": "fa", "pbt": "ps", "pbu": "ps", "pst": "ps", "gax": "om", "hae": "om"}

// spoken finds the language that a visitor reads among those there are.
type spoken struct {
	languages []status.Language // with those alike, as the matcher has them
	matcher   language.Matcher
}

func newSpoken(list []status.Language) spoken {
	s := spoken{languages: slices.Clone(list)}
	var tags []language.Tag
	for _, l := range list {
		tags = append(tags, language.Make(l.Tag))
	}
	for tag, as := range alike {
		if i := slices.IndexFunc(list, func(l status.Language) bool { return l.Tag == as }); i >= 0 {
			s.languages = append(s.languages, list[i])
			tags = append(tags, language.Make(tag))
		}
	}
	s.matcher = language.NewMatcher(tags)
	return s
}

// asked is the language of a request: by its parameter lang, or by what the
// browser says; ok is false where there are none.
func (s spoken) asked(r *http.Request) (l status.Language, ok bool) {
	if len(s.languages) == 0 {
		return l, false
	}
	wanted, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if tag, err := language.Parse(r.URL.Query().Get("lang")); err == nil && tag != language.Und {
		wanted = []language.Tag{tag}
	}
	_, i, _ := s.matcher.Match(wanted...)
	return s.languages[i], true
}

// made is an answer that is made once a change and given to many.
type made struct {
	mu   sync.Mutex // guards those below
	of   *snapshot
	at   int64 // the minute, or second, that it is of
	body []byte
	tag  string // ETag
}

// get is the answer as it was made of the state and the time, or else made anew by one
// of those who ask.
func (m *made) get(of *snapshot, at int64, make func() ([]byte, error)) (body []byte, tag string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.body == nil || m.of != of || m.at != at {
		body, err := make()
		if err != nil {
			return nil, "", err
		}
		m.of, m.at, m.body, m.tag = of, at, body, etag(body)
	}
	return m.body, m.tag, nil
}

// etag is the same for the same bytes.
func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// same answers 304 to who has those bytes already.
func same(w http.ResponseWriter, r *http.Request, tag string) bool {
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") != tag {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// glassPicture is that of the screen, as it was given last.
type glassPicture struct {
	mu  sync.Mutex // guards those below
	png []byte
	tag string
}

// of is the picture's ETag; the same bytes at the same place are not looked at again.
func (p *glassPicture) of(png []byte) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.png) != len(png) || len(png) > 0 && &p.png[0] != &png[0] {
		p.png, p.tag = png, etag(png)
	}
	return p.tag
}

func (s *Server) getKiosk(w http.ResponseWriter, r *http.Request) {
	if s.o.Kiosk != nil {
		if png, ok := s.o.Kiosk(); ok {
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Cache-Control", "no-cache") // asked again, it costs a line
			if !same(w, r, s.picture.of(png)) {
				w.Write(png)
			}
			return
		}
	}
	s.refuse(w, r, http.StatusNotFound, words.T("refusal.not-drawn"))
}

// getGuide gives the guide that the team put on the box: /guide.pdf, or that in
// one language, such as /guide/ar.pdf.
func (s *Server) getGuide(w http.ResponseWriter, r *http.Request) {
	tag, pdf := strings.CutSuffix(r.PathValue("file"), ".pdf")
	known := tag == "" || pdf && slices.ContainsFunc(s.o.Languages, func(l status.Language) bool { return l.Tag == tag })
	if s.o.Guide == nil || !known {
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.no-guide"))
		return
	}
	path, ok := s.o.Guide(tag)
	if !ok {
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.no-guide"))
		return
	}
	f, err := os.Open(path)
	if err != nil {
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.no-guide"))
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.no-guide"))
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Cache-Control", "no-cache") // it is renewed monthly; asked again, it costs a line
	s.fetch(w, r, fmt.Sprintf(`"%x-%x"`, info.Size(), info.ModTime().UnixNano()), f)
}
