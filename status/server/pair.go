package server

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rsc.io/qr"

	"infobus/action"
	"infobus/pairing"
	"infobus/words"
)

// cookieName is the cookie by which a paired phone is known.
const cookieName = "infobus"

// setCookie has a phone carry a cookie; with "" it forgets the one that it has.
func setCookie(w http.ResponseWriter, value string) {
	age := int(pairing.Lasts * 24 * time.Hour / time.Second)
	if value == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// keepSoon has the phones outlive a power cut; nobody waits for it.
func (s *Server) keepSoon() {
	select {
	case s.keep <- struct{}{}:
	default:
	}
}

// keepAgain is how long after a card did not take the phones it is tried again: a phone
// that was taken off the list must not be on it again after a power cut.
const keepAgain = time.Minute

// keepPhones does so whenever they have changed, until ctx is done.
func (s *Server) keepPhones(ctx context.Context) {
	var again <-chan time.Time
	for {
		select {
		case <-s.keep:
		case <-again:
		case <-ctx.Done():
			return
		}
		again = nil
		if !s.kept(ctx) {
			again = time.After(keepAgain)
		}
	}
}

// kept says whether the phones as they are now outlive a power cut.
func (s *Server) kept(ctx context.Context) bool {
	if s.o.Keep(ctx) != nil {
		return false
	}
	s.phones.Durable()
	return true
}

// hangUp ends the connections of the phones that are not paired any more: their streams.
func (s *Server) hangUp(r *http.Request) {
	s.woken.Lock()
	defer s.woken.Unlock()
	for _, g := range s.gates {
		g.hangUp(s.phones.Has, callerOf(r).place)
	}
}

// door is where a PIN is given.
func (s *Server) door() pairing.Door {
	if s.oneDoor.Load() {
		return pairing.Common
	}
	return pairing.Own
}

// login pairs a phone by the PIN or by an invitation's code, as a form's field or as
// JSON, and leads a browser back to the volunteers' page.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	given, err := asked(r, "pin")
	switch {
	case errors.Is(err, errType):
		s.refuse(w, r, http.StatusUnsupportedMediaType, words.T("refusal.login-type"))
		return
	case errors.Is(err, errJSON):
		s.refuse(w, r, http.StatusBadRequest, words.T("refusal.login-body"))
		return
	case err != nil:
		s.refuse(w, r, http.StatusBadRequest, words.T("refusal.form"))
		return
	}
	now := s.o.Moment()
	cookie, err := s.phones.PairByCode(given, now)
	if errors.Is(err, pairing.ErrWrong) {
		cookie, err = s.phones.Pair(s.door(), given, s.o.PIN(), now)
	}
	if err != nil {
		s.refusePairing(w, r, err)
		return
	}
	settled := s.settle(r) // else it lasts until the box is switched off
	setCookie(w, cookie)
	switch {
	case wantsPage(r) && !settled:
		s.tell(w, r, "/", result{text: action.NotKept.Text()})
		return
	case wantsPage(r):
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// Errors of asked.
var (
	errType = errors.New("neither a form nor JSON")
	errJSON = errors.New("no JSON object")
)

// asked is the one field of a form or of a JSON object.
func asked(r *http.Request, field string) (string, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		var body map[string]any
		if json.NewDecoder(r.Body).Decode(&body) != nil {
			return "", errJSON
		}
		value, _ := body[field].(string)
		return value, nil
	case "application/x-www-form-urlencoded":
		err := r.ParseForm()
		return r.PostForm.Get(field), err
	}
	return "", errType
}

func (s *Server) refusePairing(w http.ResponseWriter, r *http.Request, err error) {
	var wait pairing.WaitError
	switch {
	case errors.As(err, &wait):
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.For/time.Second)+1))
		s.refuseForm(w, r, http.StatusTooManyRequests, words.T("refusal.pin-wait", "N", int((wait.For+time.Minute-1)/time.Minute)))
	case errors.Is(err, pairing.ErrNone):
		s.refuseForm(w, r, http.StatusForbidden, words.T("refusal.no-pin"))
	case errors.Is(err, pairing.ErrSpent):
		s.refuseForm(w, r, http.StatusForbidden, words.T("refusal.pin-spent", "N", pairing.Digits))
	case errors.Is(err, pairing.ErrFull):
		s.refuseForm(w, r, http.StatusConflict, words.T("refusal.phones-full", "N", pairing.Most))
	default:
		s.refuseForm(w, r, http.StatusUnauthorized, words.T("refusal.pin-wrong"))
	}
}

// getPair is the page that an invitation's link leads to. It pairs nothing: what a
// phone's camera or a messenger looks up by itself must not use the code up.
func (s *Server) getPair(w http.ResponseWriter, r *http.Request) {
	s.remember(w, r)
	code := r.URL.Query().Get("code")
	if len(code) > 2*pairing.CodeLength {
		code = ""
	}
	s.write(w, r, s.openPage(r, code))
}

// logout ends the pairing of the phone that asks.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	settled := true
	if id := phoneOf(r); id != "" {
		s.phones.Leave(id)
		settled = s.settle(r)
	}
	setCookie(w, "")
	if !settled {
		s.refuseForm(w, r, http.StatusServiceUnavailable, action.NotKept.Text())
		return
	}
	s.back(w, r, "/", map[string]string{"done": "logout"})
}

// settle has what was changed outlive a power cut before it is answered. Where the card
// does not take it, it says so, and it is tried again.
func (s *Server) settle(r *http.Request) bool {
	yield(r)
	if s.kept(r.Context()) {
		return true
	}
	s.keepSoon()
	return false
}

// back answers what was done.
func (s *Server) back(w http.ResponseWriter, r *http.Request, page string, body any) {
	if wantsPage(r) {
		http.Redirect(w, r, page, http.StatusSeeOther)
		return
	}
	answer(w, http.StatusOK, encode(body))
}

//go:embed web/phones.html
var phonesHTML string

var phonesTemplate = pageOf("phones", phonesHTML)

// getPhones lists the phones that are paired, for those who are.
func (s *Server) getPhones(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.mayAct(r):
		s.remember(w, r)
		s.showPhones(w, r, "")
	case wantsPage(r):
		http.Redirect(w, r, "/", http.StatusSeeOther)
	default:
		s.refuse(w, r, http.StatusUnauthorized, words.T("refusal.pin"))
	}
}

// listed is a phone as the API lists it.
type listed struct {
	Number int    `json:"number"`
	Key    string `json:"key"`
	Paired string `json:"paired"` // date; "" where the clock was not trusted
	Used   string `json:"used"`
	Left   int    `json:"days_left"`
	Own    bool   `json:"own"`
}

func (s *Server) listed(r *http.Request) []listed {
	all := []listed{}
	for _, p := range s.phones.Phones(phoneOf(r), s.o.Moment()) {
		all = append(all, listed{p.Number, p.Key, date(p.Paired), date(p.Used), p.Left, p.Own})
	}
	return all
}

// date is a Unix day in words; "" for none.
func date(day int) string {
	if day == 0 {
		return ""
	}
	return time.Unix(int64(day)*24*60*60, 0).UTC().Format(time.DateOnly)
}

// showPhones answers with the list, and with an invitation where one was asked for.
func (s *Server) showPhones(w http.ResponseWriter, r *http.Request, code string) {
	all := s.listed(r)
	link := ""
	if code != "" {
		link = "http://" + r.Host + "/pair?code=" + url.QueryEscape(code)
	}
	if !wantsPage(r) {
		body := map[string]any{"phones": all}
		if code != "" {
			body["code"], body["minutes"] = code, int(pairing.CodeLasts/time.Minute)
		}
		answer(w, http.StatusOK, encode(body))
		return
	}
	speaker := s.speaker(r)
	s.write(w, r, shown(phonesTemplate(), speaker, struct {
		said
		Phones  []listed
		Code    string
		QR      string // path of an SVG, a module a unit
		Size    int
		Link    string
		Minutes int
		Most    int
	}{s.said(speaker), all, spaced(code), modules(link), size(link), link, int(pairing.CodeLasts / time.Minute), pairing.Most}))
}

// spaced is a code in two halves, as it is read out.
func spaced(code string) string {
	if len(code) != pairing.CodeLength {
		return code
	}
	return code[:pairing.CodeLength/2] + " " + code[pairing.CodeLength/2:]
}

// modules are those of a QR code that are dark; "" of a link that fits into none.
func modules(link string) string {
	code, err := qr.Encode(link, qr.M)
	if link == "" || err != nil {
		return ""
	}
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				path.WriteString("M" + strconv.Itoa(x+4) + " " + strconv.Itoa(y+4) + "h1v1h-1z")
			}
		}
	}
	return path.String()
}

// size is a QR code's, with its margins.
func size(link string) int {
	code, err := qr.Encode(link, qr.M)
	if err != nil {
		return 0
	}
	return code.Size + 8
}

// invite shows a code, by which one more phone is paired.
func (s *Server) invite(w http.ResponseWriter, r *http.Request) {
	if !s.mayAct(r) {
		s.refuse(w, r, http.StatusUnauthorized, words.T("refusal.pin"))
		return
	}
	// It is answered with the page itself: behind a redirect the code would stand in an address.
	s.showPhones(w, r, s.phones.Invite(phoneOf(r), s.o.Moment()))
}

// revoke ends the pairing of a phone, or of "all".
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	if !s.mayAct(r) {
		s.refuse(w, r, http.StatusUnauthorized, words.T("refusal.pin"))
		return
	}
	key, err := asked(r, "phone")
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, words.T("refusal.form"))
		return
	}
	if key == "all" {
		s.phones.RevokeAll()
	} else if !s.phones.Revoke(key) { // also: another volunteer did it
		s.refuseForm(w, r, http.StatusConflict, words.T("refusal.no-phone"))
		return
	}
	s.hangUp(r)
	settled := s.settle(r)
	page := "/phones"
	if own := phoneOf(r); own != "" && !s.phones.Has(own) {
		setCookie(w, "")
		page = "/"
	}
	if !settled {
		s.refuseForm(w, r, http.StatusServiceUnavailable, action.NotKept.Text())
		return
	}
	s.back(w, r, page, map[string]string{"done": "revoke"})
}
