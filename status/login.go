package status

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
)

const (
	cookieName   = "infobus"
	sessionTime  = 12 * time.Hour
	sessionsKept = 64 // the oldest gives way

	// Wrong PINs are counted for the whole box: behind the access points all
	// phones share one address, and addresses are not looked at. Ten at once and
	// then one a minute is a week for the 10 000 PINs of four digits.
	wrongAtOnce = 10
	wrongEvery  = time.Minute
)

// logins are the sessions that the PIN opened; they end with the process.
type logins struct {
	pin string
	now func() time.Time

	mu       sync.Mutex                      // guards those below
	sessions map[[sha256.Size]byte]time.Time // token's hash to its end
	wrong    int                             // wrong PINs not yet forgotten
	forgot   time.Time                       // when one was last forgotten
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
	if passed := int(now.Sub(l.forgot) / wrongEvery); passed > 0 {
		l.wrong = max(0, l.wrong-passed)
		l.forgot = now
	}
	if l.wrong >= wrongAtOnce {
		return "", wrongEvery - now.Sub(l.forgot)
	}
	if subtle.ConstantTimeCompare(given[:], right[:]) != 1 {
		l.wrong++
		return "", 0
	}
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

// login takes the PIN as a form's field or as JSON, and answers a form with the
// volunteers' page.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if s.o.PIN == "" {
		refuse(w, http.StatusForbidden, "no PIN is set on this box")
		return
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var body struct {
		PIN string `json:"pin"`
	}
	switch kind {
	case "application/json":
		if json.NewDecoder(r.Body).Decode(&body) != nil {
			refuse(w, http.StatusBadRequest, `the body is not {"pin": "…"}`)
			return
		}
	case "application/x-www-form-urlencoded":
		if r.ParseForm() != nil {
			refuse(w, http.StatusBadRequest, "the form cannot be read")
			return
		}
		body.PIN = r.PostForm.Get("pin")
	default:
		refuse(w, http.StatusUnsupportedMediaType, "the PIN is sent as a form or as JSON")
		return
	}
	token, wait := s.logins.try(body.PIN)
	switch {
	case wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		refuse(w, http.StatusTooManyRequests, "too many wrong PINs: wait a minute")
		return
	case token == "":
		refuse(w, http.StatusUnauthorized, "wrong PIN")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: token, Path: "/", MaxAge: int(sessionTime / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode})
	if kind == "application/json" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
