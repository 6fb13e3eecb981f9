package server

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"sync"
	"time"

	"infobus/words"
)

const (
	cookieName   = "infobus"
	sessionTime  = 12 * time.Hour
	sessionsKept = 64 // the oldest gives way

	// Wrong PINs are counted for the whole box: behind the access points all
	// phones share one address, and addresses are not looked at. After the first
	// few, no PIN is looked at for a while that doubles with each wrong one: at
	// its longest that is a month for the 10 000 PINs of four digits.
	wrongAtOnce = 5
	wrongEvery  = time.Minute
	wrongMost   = 5 * time.Minute
	wrongForgot = time.Hour // without a wrong PIN
)

// logins are the sessions that the PIN opened; they end with the process.
type logins struct {
	pin string
	now func() time.Time

	mu       sync.Mutex                      // guards those below
	sessions map[[sha256.Size]byte]time.Time // token's hash to its end
	wrong    int                             // wrong PINs since the last right one
	last     time.Time                       // when the last of them was given
	shut     time.Time                       // until when no PIN is looked at
}

// has says whether the request carries a session.
func (l *logins) has(r *http.Request) bool {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	end, ok := l.sessions[sha256.Sum256([]byte(c.Value))]
	return ok && l.now().Before(end)
}

// try gives a session's token for the PIN, "" for another, and how long to
// wait where there were too many.
func (l *logins) try(pin string) (token string, wait time.Duration) {
	given, right := sha256.Sum256([]byte(pin)), sha256.Sum256([]byte(l.pin))
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if now.Before(l.shut) {
		return "", l.shut.Sub(now)
	}
	if now.Sub(l.last) >= wrongForgot {
		l.wrong = 0
	}
	if subtle.ConstantTimeCompare(given[:], right[:]) != 1 {
		l.wrong, l.last = l.wrong+1, now
		if over := l.wrong - wrongAtOnce; over >= 0 {
			l.shut = now.Add(min(wrongEvery<<min(over, 8), wrongMost))
		}
		return "", 0
	}
	l.wrong = 0
	if l.sessions == nil {
		l.sessions = map[[sha256.Size]byte]time.Time{}
	}
	if len(l.sessions) >= sessionsKept {
		var oldest [sha256.Size]byte
		first := time.Time{}
		for id, end := range l.sessions {
			if first.IsZero() || end.Before(first) {
				oldest, first = id, end
			}
		}
		delete(l.sessions, oldest)
	}
	token = rand.Text()
	l.sessions[sha256.Sum256([]byte(token))] = now.Add(sessionTime)
	return token, 0
}

// login takes the PIN as a form's field or as JSON, and leads a browser back to
// the volunteers' page.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if s.o.PIN == "" {
		s.refuse(w, r, http.StatusForbidden, words.T("refusal.no-pin"))
		return
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var body struct {
		PIN string `json:"pin"`
	}
	switch kind {
	case "application/json":
		if json.NewDecoder(r.Body).Decode(&body) != nil {
			s.refuse(w, r, http.StatusBadRequest, words.T("refusal.login-body"))
			return
		}
	case "application/x-www-form-urlencoded":
		if r.ParseForm() != nil {
			s.refuse(w, r, http.StatusBadRequest, words.T("refusal.form"))
			return
		}
		body.PIN = r.PostForm.Get("pin")
	default:
		s.refuse(w, r, http.StatusUnsupportedMediaType, words.T("refusal.login-type"))
		return
	}
	token, wait := s.logins.try(body.PIN)
	switch {
	case wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		s.refuseForm(w, r, http.StatusTooManyRequests, words.T("refusal.pin-wait", "N", int((wait+time.Minute-1)/time.Minute)))
		return
	case token == "":
		s.refuseForm(w, r, http.StatusUnauthorized, words.T("refusal.pin-wrong"))
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: token, Path: "/", MaxAge: int(sessionTime / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode})
	if wantsPage(r) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
