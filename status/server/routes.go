package server

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"infobus/action"
	"infobus/logbook"
	"infobus/status"
	"infobus/words"
)

// eventsAtMost is how many events one answer holds.
const eventsAtMost = 500

// routes are those of the doors.
func (s *Server) routes() http.Handler {
	both, visitors := http.NewServeMux(), http.NewServeMux()
	for _, mux := range []*http.ServeMux{both, visitors} {
		mux.HandleFunc("GET /icon.svg", asset("image/svg+xml", iconSVG))
		for _, section := range status.Sections {
			mux.HandleFunc("GET /"+string(section), s.getVisit(section))
		}
		mux.HandleFunc("GET /take/{file}", s.getTake)
		mux.HandleFunc("GET /today.css", asset("text/css; charset=utf-8", todayCSS))
		mux.HandleFunc("GET /guide.pdf", s.getGuide)
		mux.HandleFunc("GET /guide/{file}", s.getGuide)
		mux.HandleFunc("GET /kiosk.png", s.getKiosk)
		mux.HandleFunc("GET /healthz", s.getHealth)
	}
	visitors.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/today", http.StatusSeeOther) })

	mux := both
	mux.HandleFunc("GET /{$}", s.getPage)
	mux.HandleFunc("GET /live", s.only(s.knows, s.getLive))
	mux.HandleFunc("GET /sure", s.getSure)
	mux.HandleFunc("GET /app.css", asset("text/css; charset=utf-8", appCSS))
	mux.HandleFunc("GET /app.js", asset("text/javascript; charset=utf-8", appJS))
	mux.HandleFunc("GET /services", s.getServices)
	mux.HandleFunc("GET "+uploadPath, s.getTimetable)
	mux.HandleFunc("POST "+uploadPath, s.postTimetable)
	mux.HandleFunc("GET "+uploadPath+"/{source}/{digest}/{number}", s.getTimetablePicture)
	mux.HandleFunc("GET "+textsPath, s.getTexts)
	mux.HandleFunc("POST "+textsPath, s.postTexts)
	mux.HandleFunc("POST "+textsPath+"/publish", s.publishTexts)
	mux.HandleFunc("POST "+textsPath+"/back", s.takeBackTexts)
	mux.HandleFunc("GET /api/v1/state", s.getState)
	mux.HandleFunc("GET /api/v1/stream", s.only(s.knows, s.getStream))
	mux.HandleFunc("GET /api/v1/events", s.only(s.knows, s.getEvents))
	mux.HandleFunc("GET /api/v1/days", s.only(s.knows, s.getDays))
	mux.HandleFunc("GET /api/v1/samples", s.only(s.knows, s.getSamples))
	metrics := promhttp.HandlerFor(s.metrics(), promhttp.HandlerOpts{MaxRequestsInFlight: 2})
	mux.HandleFunc("GET /metrics", s.only(s.knows, metrics.ServeHTTP))
	mux.HandleFunc("POST /api/v1/actions/{name}", s.postAction)
	mux.HandleFunc("POST /api/v1/selftest", s.postSelftest)
	mux.HandleFunc("POST /api/v1/received", s.only(trusted, s.postReceived))
	mux.HandleFunc("GET /pair", s.getPair)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.logout)
	mux.HandleFunc("GET /phones", s.getPhones)
	mux.HandleFunc("POST /phones/invite", s.invite)
	mux.HandleFunc("POST /phones/revoke", s.revoke)
	if s.o.Sim != nil {
		mux.HandleFunc("POST /sim/", s.only(s.knows, s.o.Sim.ServeHTTP))
	}
	visible, all := s.jsonErrors(visitors), s.asMeant(s.jsonErrors(both))
	return s.identified(s.guarded(s.placed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if callerOf(r).visitors {
			visible.ServeHTTP(w, r)
			return
		}
		all.ServeHTTP(w, r)
	}))))
}

// asMeant refuses what changes something and does not come from the phone's own page.
func (s *Server) asMeant(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !meant(r) {
			s.refuseForm(w, r, http.StatusForbidden, words.T("refusal.token"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// jsonErrors answers what the mux would answer with a line of text.
func (s *Server) jsonErrors(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		for _, other := range []string{http.MethodGet, http.MethodPost} {
			asked := r.Clone(r.Context())
			asked.Method = other
			if _, pattern := mux.Handler(asked); pattern != "" {
				w.Header().Set("Allow", strings.Replace(other, "GET", "GET, HEAD", 1))
				s.refuse(w, r, http.StatusMethodNotAllowed, words.T("refusal.method", "Method", other))
				return
			}
		}
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.nothing"))
	})
}

// refuse answers with an error, in the language asked for.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, code int, why words.Text) {
	refuse(w, code, s.speaker(r).Text(why))
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, code int, why string) {
	answer(w, code, encode(map[string]string{"error": why}))
}

// answer answers with JSON.
func answer(w http.ResponseWriter, code int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(slices.Concat(body, []byte{'\n'}))
}

func (s *Server) getState(w http.ResponseWriter, r *http.Request) {
	latest := s.latest.Load()
	if s.knows(r) {
		answer(w, http.StatusOK, encode(s.shownTo(r, latest)))
		return
	}
	body, _, _ := latest.open[s.speaker(r)].get(latest, time.Now().Unix(), func() ([]byte, error) { return encode(s.shownTo(r, latest)), nil })
	answer(w, http.StatusOK, body)
}

// shownTo is the state as the caller may see it, in its language.
func (s *Server) shownTo(r *http.Request, latest *snapshot) status.View {
	v := latest.now()
	if !s.knows(r) {
		v = v.Summary()
	}
	return v.In(s.speaker(r))
}

func (s *Server) getEvents(w http.ResponseWriter, r *http.Request) {
	if s.o.Events == nil {
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.no-logbook"))
		return
	}
	q := r.URL.Query()
	var after uint64
	limit := eventsAtMost
	earlier := q.Has("earlier") && s.o.Earlier != nil
	if text := cmp.Or(q.Get("after"), q.Get("earlier")); text != "" {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			s.refuse(w, r, http.StatusBadRequest, words.T("refusal.after"))
			return
		}
		after = n
	}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			s.refuse(w, r, http.StatusBadRequest, words.T("refusal.limit"))
			return
		}
		limit = min(n, eventsAtMost)
	}
	if earlier {
		events, last, err := s.o.Earlier(after, limit)
		if err != nil {
			s.refuse(w, r, http.StatusServiceUnavailable, words.T("refusal.logbook"))
			return
		}
		answer(w, http.StatusOK, encode(struct {
			Events []logbook.Event `json:"events"`
			Last   uint64          `json:"last"`
		}{status.List(events), last}))
		return
	}
	var volatile []logbook.Event
	if s.o.Volatile != nil {
		volatile = s.o.Volatile()
	}
	events, err := s.o.Events(after, limit)
	if len(volatile) > 0 && err != nil {
		err = nil // a dead card gives nothing else
	}
	if err != nil {
		s.refuse(w, r, http.StatusServiceUnavailable, words.T("refusal.logbook"))
		return
	}
	answer(w, http.StatusOK, encode(struct {
		Events   []logbook.Event `json:"events"`
		Volatile []logbook.Event `json:"volatile,omitempty"`
	}{status.List(events), volatile}))
}

// postReceived takes a receipt that came back on a stick.
func (s *Server) postReceived(w http.ResponseWriter, r *http.Request) {
	var receipt struct {
		Log   string `json:"log"`
		First uint64 `json:"first"`
		Seq   uint64 `json:"seq"`
	}
	if json.NewDecoder(r.Body).Decode(&receipt) != nil || receipt.Log == "" {
		s.refuse(w, r, http.StatusBadRequest, words.T("refusal.receipt"))
		return
	}
	if s.o.Received == nil || s.o.Received(receipt.Log, receipt.First, receipt.Seq) != nil {
		s.refuse(w, r, http.StatusConflict, words.T("refusal.receipt"))
		return
	}
	answer(w, http.StatusOK, encode(receipt))
}

func (s *Server) getDays(w http.ResponseWriter, r *http.Request) {
	if s.o.Days == nil {
		s.refuse(w, r, http.StatusNotFound, words.T("refusal.no-days"))
		return
	}
	answer(w, http.StatusOK, encode(struct {
		Days []status.Day `json:"days"`
	}{status.List(s.o.Days())}))
}

func (s *Server) getSamples(w http.ResponseWriter, r *http.Request) {
	series := r.URL.Query().Get("series")
	if s.o.Samples != nil {
		if samples, ok := s.o.Samples(series); ok {
			answer(w, http.StatusOK, encode(struct {
				Series  string          `json:"series"`
				Samples []status.Sample `json:"samples"`
			}{series, status.List(samples)}))
			return
		}
	}
	s.refuse(w, r, http.StatusNotFound, words.T("refusal.no-series"))
}

// health is the loop's last sign of life: however many ask, it is asked once a second.
type health struct {
	mu  sync.Mutex // guards those below
	at  time.Time
	err error
}

func (s *Server) getHealth(w http.ResponseWriter, r *http.Request) {
	yield(r)
	if s.alive() != nil {
		s.refuse(w, r, http.StatusServiceUnavailable, words.T("refusal.loop"))
		return
	}
	answer(w, http.StatusOK, encode(map[string]string{"status": "ok"}))
}

// alive is nil while the loop answers.
func (s *Server) alive() error {
	h := &s.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.o.Alive != nil && (h.at.IsZero() || time.Since(h.at) >= time.Second) {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		h.err = s.o.Alive(ctx)
		h.at = time.Now()
	}
	return h.err
}

func (s *Server) postAction(w http.ResponseWriter, r *http.Request) {
	row, known := s.o.Actions.Find(r.PathValue("name"))
	switch {
	case !s.mayAct(r):
		s.refuseAction(w, r, row, nil, action.NeedsPIN, action.NeedsPIN.Text())
		return
	case !known || s.o.Act == nil:
		s.refuseAction(w, r, row, nil, action.UnknownAction, s.o.Actions.Unknown())
		return
	case row.Who == action.SocketOnly && !callerOf(r).trusted:
		s.refuseAction(w, r, row, nil, action.NeedsSocket, action.NeedsSocket.Text())
		return
	}
	given, ok := given(r)
	if !ok {
		s.refuseAction(w, r, row, nil, action.BadBody, action.BadBody.Text())
		return
	}
	asked, err := row.Read(given)
	if err != nil {
		s.refuseAction(w, r, row, given, action.BadArgument, err.Text())
		return
	}
	if row.Asks && wantsPage(r) && !given.Sure() {
		s.tell(w, r, "/sure", result{row: row, given: given, asks: true})
		return
	}
	yield(r)
	switch refusal := s.o.Act(r.Context(), row, asked); {
	case refusal.UntilSure() && wantsPage(r) && asked.Typed: // a phone's own time would grow old meanwhile
		s.tell(w, r, "/sure", result{row: row, given: given, asks: true, text: refusal.Text()})
		return
	case refusal != action.Taken && refusal == row.Already && wantsPage(r):
		told, twice := s.results.done(row, given)
		if !twice {
			s.refuseAction(w, r, row, given, refusal, refusal.Text())
			return
		}
		s.tell(w, r, home(row), told)
		return
	case refusal != action.Taken:
		s.refuseAction(w, r, row, given, refusal, refusal.Text())
		return
	}
	if wantsPage(r) {
		s.tell(w, r, home(row), result{row: row, given: given, taken: true, text: row.Done(s.siteName(asked.Site))})
		return
	}
	answer(w, http.StatusOK, encode(map[string]string{"done": row.Route()}))
}

// given is what came with an action: a form or JSON, or nothing.
func given(r *http.Request) (given action.Given, ok bool) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, false
		}
		given, err = action.FromJSON(body)
		return given, err == nil
	case "application/x-www-form-urlencoded":
		err := r.ParseForm()
		return action.Given(r.PostForm), err == nil
	}
	return nil, true
}

// actionStatus is the answer's for those refusals that are not the step's: its are
// 409.
var actionStatus = map[action.Refusal]int{
	action.NeedsPIN: http.StatusUnauthorized, action.NeedsSocket: http.StatusForbidden, action.UnknownAction: http.StatusNotFound,
	action.BadBody: http.StatusBadRequest, action.BadArgument: http.StatusBadRequest, action.NoAnswer: http.StatusServiceUnavailable,
}

// refuseAction says why an action was not taken: on the page that its form stands on,
// with what was filled in, for who sent it from there.
func (s *Server) refuseAction(w http.ResponseWriter, r *http.Request, row action.Row, given action.Given, refusal action.Refusal, why words.Text) {
	if wantsPage(r) {
		s.tell(w, r, home(row), result{row: row, given: given, text: why})
		return
	}
	status, known := actionStatus[refusal]
	if !known {
		status = http.StatusConflict
	}
	answer(w, status, encode(map[string]string{"error": s.speaker(r).Text(why), "code": string(refusal)}))
}

// siteName is a site's as on street signs; the id of one that is not known.
func (s *Server) siteName(id string) string { return s.latest.Load().view.SiteName(id) }

// home is the page that an action's form stands on.
func home(row action.Row) string {
	switch row.Form {
	case action.ForEachService:
		return "/services"
	case action.OnTimetable:
		return uploadPath
	}
	return "/"
}

// wantsPage says whether a form was sent by a browser without our script.
func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// refuseForm is refuse, on the volunteers' page for who sent a form from it.
func (s *Server) refuseForm(w http.ResponseWriter, r *http.Request, code int, why words.Text) {
	if !wantsPage(r) {
		s.refuse(w, r, code, why)
		return
	}
	s.tell(w, r, "/", result{text: why})
}
