package server

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"

	"infobus/status"
	"infobus/words"
)

//go:embed web/today.css
var todayCSS []byte

//go:embed web/today.html
var todayHTML string

var todayTemplate = template.Must(template.New("today").Parse(todayHTML))

// todayBytes bounds the visitors' page: it is read on phones with little
// battery, and weighs less than 15 kB with its style and its icon.
var todayBytes = 15_000 - len(todayCSS) - len(iconSVG) - 100

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

// getToday shows the visitors' page. It says nothing that the screen does not.
func (s *Server) getToday(w http.ResponseWriter, r *http.Request) {
	l, ok := s.spoken.asked(r)
	if s.o.Today == nil || !ok {
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.no-timetable"))
		return
	}
	// The state is older than what is made of it, never newer.
	body, tag, err := s.todays[l.Tag].get(s.latest.Load(), time.Now().Unix()/60, func() ([]byte, error) { return s.todayIn(l) })
	if err != nil {
		s.refuse(w, r, http.StatusInternalServerError, words.T("refusal.page"))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", l.Tag)
	h.Set("Vary", "Accept-Language")
	if !same(w, r, tag) {
		w.Write(body)
	}
}

// todayIn is the visitors' page in one language.
func (s *Server) todayIn(l status.Language) ([]byte, error) {
	page := s.o.Today(l.Tag)
	page.Language = l
	if s.o.Guide != nil {
		if _, ok := s.o.Guide(l.Tag); ok {
			page.GuideURL = "/guide/" + l.Tag + ".pdf"
		} else if _, ok := s.o.Guide(""); ok {
			page.GuideURL = "/guide.pdf"
		}
	}
	return s.today(page)
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

// today is the page with as many of its rows as it may weigh. How many are left
// out stands behind them.
func (s *Server) today(page status.TodayPage) ([]byte, error) {
	all := page.Rows
	for n := len(all); ; n = n * 9 / 10 {
		page.Rows = all[:n]
		var b bytes.Buffer
		if err := todayTemplate.Execute(&b, struct {
			status.TodayPage
			Languages []status.Language
			Out       int
		}{page, s.o.Languages, len(all) - n}); err != nil {
			return nil, err
		}
		if b.Len() < todayBytes || n == 0 {
			return b.Bytes(), nil
		}
	}
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
	s.fetch(w, r, fmt.Sprintf(`"%x-%x"`, info.Size(), info.ModTime().UnixNano()), f)
}
