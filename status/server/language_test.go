package server

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"infobus/action"
	"infobus/examples"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/sim/day"
	"infobus/status"
	"infobus/status/statustest"
	"infobus/timetable"
	"infobus/timetable/source"
	vanpkg "infobus/van"
	"infobus/words"
	"infobus/words/wordstest"
)

// get is the server's answer to who asks over the network, or over the socket.
func (s *Server) get(trusted bool, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	r.Host = "infobus.local"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, caller{trusted: trusted})))
	return w
}

func TestAPageIsInTheLanguageThatWasAskedFor(t *testing.T) {
	o := options()
	o.Services = func(s *words.Speaker) status.ServicesPage { return status.ServicesPage{None: s.Say("services.none")} }
	s := New(o)
	v := session()
	v.Uplink.Verdict = "cable-unplugged"
	s.Publish(v)
	const chosen = languageCookie + "=fr"
	for _, c := range []struct {
		name    string
		path    string
		headers []string
		want    string
	}{
		{"nothing", "/", nil, "en"},
		{"the browser's", "/", []string{"Accept-Language", "fr-FR,fr;q=0.9,en;q=0.8"}, "fr"},
		{"one that nobody speaks", "/", []string{"Accept-Language", "xh"}, "en"},
		{"chosen before", "/", []string{"Accept-Language", "en", "Cookie", chosen}, "fr"},
		{"chosen now", "/?lang=en", []string{"Accept-Language", "fr", "Cookie", chosen}, "en"},
		{"a cookie of nonsense", "/", []string{"Accept-Language", "fr", "Cookie", languageCookie + "=;;q"}, "fr"},
		{"the services", "/services", []string{"Accept-Language", "fr"}, "fr"},
		{"the services, chosen now", "/services?lang=fr", nil, "fr"},
	} {
		w := s.get(true, c.path, c.headers...)
		page := w.Body.String()
		says, not := "Câble débranché", "Cable out"
		if strings.HasPrefix(c.path, "/services") {
			says, not = "Les horaires n’ont rien pour aujourd’hui.", "The timetable has nothing for today."
		}
		if c.want == "en" {
			says, not = not, says
		}
		if !strings.Contains(page, `<html lang="`+c.want+`" dir="ltr">`) || !strings.Contains(page, says) || strings.Contains(page, not) ||
			w.Header().Get("Content-Language") != c.want || strings.Count(page, `aria-current="true">`) != 1 {
			t.Errorf("%s: it does not speak %s alone: %v\n%s", c.name, c.want, w.Header(), page)
		}
	}
}

// Only who chooses on a page is given the cookie, which says nothing of anybody.
func TestAChoiceOfALanguageIsKept(t *testing.T) {
	s := New(options())
	const html = "text/html,application/xhtml+xml"
	cookies := s.get(false, "/?lang=fr-BE", "Accept", html).Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%v", cookies)
	}
	if c := cookies[0]; c.Name != languageCookie || c.Value != "fr" || c.SameSite != http.SameSiteLaxMode || c.MaxAge < 3600 || c.Path != "/" {
		t.Errorf("%+v", c)
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"no choice":               s.get(false, "/", "Accept", html, "Accept-Language", "fr"),
		"what the script fetches": s.get(false, "/?lang=fr", "Accept", "*/*"),
		"the API":                 s.get(false, "/api/v1/state?lang=fr", "Accept", html),
	} {
		if c := w.Result().Cookies(); len(c) != 0 {
			t.Errorf("%s: %v", name, c)
		}
	}
}

func TestARefusalIsInTheLanguageThatWasAskedFor(t *testing.T) {
	s := New(options())
	for _, c := range []struct {
		path, lang, want string
		code             int
	}{
		{"/api/v1/events", "", "this needs the PIN", 401},
		{"/api/v1/events?lang=fr", "en", "il faut le code PIN", 401},
		{"/nothing", "fr", "il n’y a rien ici", 404},
		{"/logout", "fr", "ceci se demande avec POST", 405},
	} {
		w := s.get(false, c.path, "Accept-Language", c.lang)
		var said struct{ Error string }
		if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || said.Error != c.want || w.Code != c.code {
			t.Errorf("%s in %q: %d %s", c.path, c.lang, w.Code, w.Body)
		}
	}
}

// The page keeps its language when its script puts in what became different, and
// the next one has the language that was chosen.
func TestTheLanguageIsSwitchedInARealBrowser(t *testing.T) {
	v := start(t, openOptions())
	v.Publish(session())
	ctx := volunteer(t, v, chromedp.Flag("accept-lang", "fr-FR,fr"))
	do(t, ctx, chromedp.Navigate(v.base+"/"))
	says(t, ctx, "Groupe en marche")
	state := session()
	state = statustest.Say(state, "power", "glance.power.battery")
	v.Publish(state)
	says(t, ctx, "Sur batterie")

	press(t, ctx, "nav a[hreflang='en']")
	says(t, ctx, "On battery")
	v.Publish(session())
	says(t, ctx, "Generator running")
	do(t, ctx, chromedp.Navigate(v.base+"/"))
	says(t, ctx, "Generator running")
	if french := js[bool](t, ctx, "document.documentElement.lang !== 'en' || document.body.innerText.includes('Groupe')"); french {
		t.Error("the choice is forgotten, or the page speaks two languages")
	}
}

// example is the timetable that the scripts of sim/day are played with.
func example(t *testing.T) *timetable.Timetable {
	t.Helper()
	table, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// The page's script gets every word from the page.
func TestTheScriptHasNoSentenceOfItsOwn(t *testing.T) {
	comments, literals := regexp.MustCompile(`(?m)(^|\s)//.*$`), regexp.MustCompile("'[^'\n]*'|`[^`]*`")
	script := comments.ReplaceAllString(string(appJS), "")
	all := literals.FindAllString(script, -1)
	if len(all) < 10 {
		t.Fatalf("%d texts: the script is read wrongly", len(all))
	}
	if strays := wordstest.Strays(strings.Join(all, "\n")); strays != nil {
		t.Errorf("%q are not from words", strays)
	}
}

// recorded are the states of two replayed days, after each step that had an event
// and before it.
func recorded(t *testing.T, o vanpkg.Options) (all []vanpkg.State) {
	t.Helper()
	for _, name := range []string{"monday.yaml", "troubles.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "sim", "day", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		d, err := day.Parse(name, text, example(t))
		if err != nil {
			t.Fatal(err)
		}
		var before, state vanpkg.State
		d.Watch = func(s vanpkg.State) { before, state = state, s }
		if err := d.Play(o, example(t), func(logbook.Event) { all = append(all, before, state) }); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// troubled are Views of what the recorded days do not have.
func troubled() (all []status.View) {
	add := func(alter func(*status.View)) {
		v := session()
		v.Uplink.Advice, v.Uplink.Cellular.SIMs = "", []status.SIM{
			{Slot: 1, Order: ptr(1), Active: true, Bundle: ptr(int64(20e9)), Used: ptr(int64(12.44e9)), AgeS: ptr(190.0), Renews: clock(1, 0)},
			{Slot: 2, Order: ptr(2), Bundle: ptr(int64(500e6))}}
		v.Uplink.Cellular.Failover, v.Uplink.Cellular.FailoverS = ptr(true), ptr(300.0)
		alter(&v)
		all = append(all, v)
	}
	for _, verdict := range netmon.Verdicts {
		add(func(v *status.View) { v.Uplink.Verdict = string(verdict) })
	}
	for _, reason := range []string{"absent", "timeout", "identity", "denied", "full", "error", ""} {
		add(func(v *status.View) {
			for _, name := range []string{"gpio", "battery", "panel", "interface", "logbook", "gateway", "timetable", "kept", "target", "relay"} {
				v.Devices = append(v.Devices, status.Device{Name: name, State: "failed", Reason: reason})
			}
		})
	}
	for _, left := range []float64{0, 30, 60, 300} {
		add(func(v *status.View) { v.Power.Shutdown = status.Shutdown{Pending: true, InS: ptr(left)} })
	}
	for _, age := range []float64{5, 600, 7200, 200_000} {
		add(func(v *status.View) {
			v.Uplink.Verdict, v.Uplink.Cellular.AgeS, v.Uplink.Cellular.Status, v.Uplink.Cellular.Roaming = "no-internet", ptr(age), "not connected", "roaming"
			v.Uplink.Cellular.Failover = ptr(false)
		})
	}
	add(func(v *status.View) {
		v.Uplink.Supply = status.Supply{State: "off", Since: clock(12, 5), Reason: "battery-low"}
	})
	add(func(v *status.View) { v.Uplink.Supply = status.Supply{State: "on", OffAt: clock(12, 30)} })
	add(func(v *status.View) { v.Kiosk.Drawing, v.Power.Battery.TimeToEmptyS = true, ptr(9000.0) })
	return append(all, status.View{})
}

// names are what the team's timetable and the operator call things.
func names(table *timetable.Timetable) []string {
	all := map[string]bool{"Example Mobile": true}
	for _, s := range table.Sites {
		all[s.Name] = true
	}
	for _, s := range table.Services {
		all[s.Place.Name] = true
		if s.By != "" {
			all[s.By] = true
		}
		for _, name := range s.Name {
			all[name] = true
		}
	}
	return slices.Collect(maps.Keys(all))
}

// texts are the strings of JSON, but for those that are no sentence of ours: an
// error of the operating system, in English for the helpers.
func texts(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, e := range v {
			all = append(all, texts(e)...)
		}
	case map[string]any:
		for key, e := range v {
			if key != "why" && key != "trouble" {
				all = append(all, texts(e)...)
			}
		}
	}
	return all
}

// reader looks at everything in the made-up language.
type reader struct {
	t    *testing.T
	s    *Server
	data []string        // that is no sentence of ours
	seen map[string]bool // lines
}

func (r reader) read(what, text string) {
	for line := range strings.Lines(text) {
		if r.seen[line] {
			continue
		}
		r.seen[line] = true
		for _, stray := range wordstest.Strays(line, r.data...) {
			r.t.Errorf("%s: %q is not from words", what, stray)
		}
	}
}

// look reads an answer: a page or JSON.
func (r reader) look(what string, w *httptest.ResponseRecorder) {
	r.t.Helper()
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		r.read(what, wordstest.Page(w.Body.String()))
		return
	}
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		r.t.Fatalf("%s: %v: %s", what, err, w.Body)
	}
	r.read(what, strings.Join(texts(v), "\n"))
}

// everywhere are the paths that answer with words.
var everywhere = []string{"/", "/services", "/phones", "/pair", "/api/v1/state"}

// all looks at every path, as everybody and as a volunteer.
func (r reader) all() {
	for _, path := range everywhere {
		for _, trusted := range []bool{false, true} {
			r.look(path, r.s.get(trusted, path, "Accept-Language", wordstest.Tag))
		}
	}
}

// Everything is rendered in a made-up language: a row of three words outside of its
// brackets was made elsewhere.
func TestEverySentenceComesFromWords(t *testing.T) {
	table := example(t)
	van := vanpkg.DefaultOptions()
	var services status.ServicesPage
	o := options()
	o.Words = wordstest.Book()
	o.Services = func(*words.Speaker) status.ServicesPage { return services }
	o.Days = func() []status.Day {
		return []status.Day{{Date: "2026-11-23", RunHours: 5.25, Starts: 3, InWh: ptr(300.0), OutWh: ptr(20.0), Sessions: 2, KnownMin: 300, InternetMin: 280, Devices: ptr(212)}}
	}
	s := New(o)
	r := reader{t: t, s: s, data: append(names(table), strings.Join(action.All.Names(), ", ")), seen: map[string]bool{}}
	for _, state := range recorded(t, van) {
		services = status.ServicesOf(van, state, state.Now.Wall, o.Words.In(wordstest.Tag))
		s.Publish(status.Of(van, state, nil))
		r.all()
	}
	for _, v := range troubled() {
		s.Publish(v)
		r.all()
	}
	refusals(r)
	all := strings.Join(slices.Collect(maps.Keys(r.seen)), "\n")
	for _, want := range []string{"⟦Generator running⟧", "⟦Cable out⟧", "⟦Hours on the screen⟧", "⟦Start a generator now: the battery is nearly empty.⟧", "⟦this needs the PIN⟧",
		"⟦The last 30 days⟧", "⟦Screen says: ask us⟧", "23⟦ Nov⟧", "⟦wrong PIN⟧", "⟦It is noted: ⟧", "⟦Half an hour longer⟧", "⟦End the session for everybody?⟧", "⟦Set these hours⟧",
		"⟦ found, expected: ⟧", "⟦No session is on"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s was never seen: this test sees too little", want)
		}
	}
	t.Logf("%d different lines looked at", len(r.seen))

	// What did not come from words is found, wherever it comes from.
	planted := session()
	planted.First = status.First{Code: "x", Level: "bad", Text: "Start a generator now."}
	planted.Uplink.Advice = "The internet works well."
	s.Publish(planted)
	services = status.ServicesPage{None: "Nothing is open today."}
	for path, want := range map[string]string{"/": "Start a generator now", "/services": "Nothing is open today", "/api/v1/state": "The internet works well"} {
		text := wordstest.Page(s.get(true, path, "Accept-Language", wordstest.Tag).Body.String())
		if !slices.Contains(wordstest.Strays(text, r.data...), want) {
			t.Errorf("%s: %q was planted and is not found", path, want)
		}
	}
}

// refusals looks at what is answered to what cannot be done.
func refusals(r reader) {
	const form, asJSON, html = "application/x-www-form-urlencoded", "application/json", "text/html"
	none := New(Options{Words: wordstest.Book(), PIN: func() string { return "471" }}) // nothing is behind its routes
	unset := New(Options{Words: wordstest.Book()})
	broken := options()
	broken.Words = wordstest.Book()
	broken.Events = func(uint64, int) ([]logbook.Event, error) { return nil, errors.New("disk I/O error") }
	broken.Alive = func(context.Context) error { return errors.New("stuck") }
	broken.Selftest = func(context.Context, status.Selftest, func(status.Check)) error { return status.ErrSelftestBusy }
	ill := New(broken)
	type asked struct {
		s                      *Server
		method, path, body, as string
		trusted                bool
		code                   int
		key, value             string // of a header
	}
	ask := func(c asked) {
		r.t.Helper()
		q := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		q.Host = "infobus.local"
		q.Header.Set("Accept-Language", wordstest.Tag)
		q.Header.Set("Content-Type", c.as)
		if c.key == "Host" {
			q.Host = c.value
		} else if c.key != "" {
			q.Header.Set(c.key, c.value)
		}
		w := httptest.NewRecorder()
		c.s.handler.ServeHTTP(w, q.WithContext(context.WithValue(q.Context(), callerKey{}, caller{trusted: c.trusted})))
		if at := w.Header().Get("Location"); w.Code == c.code && c.code == 303 {
			w = c.s.get(c.trusted, at, "Accept-Language", wordstest.Tag)
			c.code = 200
		}
		if w.Code != c.code || !strings.Contains(w.Body.String(), "⟦") {
			r.t.Errorf("%s %s: %d %s; want %d", c.method, c.path, w.Code, w.Body, c.code)
			return
		}
		r.look(c.method+" "+c.path, w)
	}
	for _, c := range []asked{
		{s: none, method: "GET", path: "/nothing", code: 404},
		{s: none, method: "PUT", path: "/login", code: 405},
		{s: none, method: "GET", path: "/api/v1/events", code: 401},
		{s: none, method: "GET", path: "/api/v1/events", trusted: true, code: 404},
		{s: none, method: "GET", path: "/api/v1/days", trusted: true, code: 404},
		{s: none, method: "GET", path: "/api/v1/samples", trusted: true, code: 404},
		{s: none, method: "GET", path: "/services", trusted: true, code: 404},
		{s: none, method: "GET", path: "/today", code: 404},
		{s: none, method: "GET", path: "/guide.pdf", code: 404},
		{s: none, method: "GET", path: "/kiosk.png", code: 404},
		{s: none, method: "POST", path: "/api/v1/selftest", code: 401},
		{s: none, method: "POST", path: "/api/v1/selftest", trusted: true, code: 404},
		{s: none, method: "POST", path: "/login", body: "4711", as: "text/plain", code: 415},
		{s: none, method: "POST", path: "/login", body: "{", as: asJSON, code: 400},
		{s: none, method: "POST", path: "/login", body: "pin=%zz", as: form, code: 400},
		{s: none, method: "POST", path: "/login", body: "pin=0", as: form, code: 401},
		{s: none, method: "POST", path: "/login", body: "pin=0", as: form, code: 303, key: "Accept", value: html},
		{s: none, method: "POST", path: "/login", body: "pin=0", as: form, code: 401},
		{s: none, method: "POST", path: "/login", body: "pin=0", as: form, code: 429},
		{s: none, method: "POST", path: "/login", body: "pin=0", as: form, code: 403, key: "Sec-Fetch-Site", value: "cross-site"},
		{s: none, method: "GET", path: "/", code: 403, key: "Host", value: "evil.example"},
		{s: unset, method: "POST", path: "/login", body: "pin=0", as: form, code: 403},
		{s: ill, method: "GET", path: "/api/v1/events", trusted: true, code: 503},
		{s: ill, method: "GET", path: "/api/v1/events?after=x", trusted: true, code: 400},
		{s: ill, method: "GET", path: "/api/v1/events?limit=0", trusted: true, code: 400},
		{s: ill, method: "GET", path: "/healthz", code: 503},
		{s: ill, method: "POST", path: "/api/v1/selftest", body: "[", trusted: true, code: 400},
		{s: ill, method: "POST", path: "/api/v1/selftest", trusted: true, code: 409},
		{s: none, method: "POST", path: "/api/v1/actions/sync", code: 401},
		{s: none, method: "POST", path: "/api/v1/actions/sync", code: 303, key: "Accept", value: html},
		{s: ill, method: "POST", path: "/api/v1/actions/confirm-site", body: "site=BMX", as: form, trusted: true, code: 303, key: "Accept", value: html},
		{s: ill, method: "POST", path: "/api/v1/actions/end-session", trusted: true, code: 303, key: "Accept", value: html},
		{s: ill, method: "POST", path: "/api/v1/actions/power-off", body: "sure=yes", as: form, trusted: true, code: 303, key: "Accept", value: html},
		{s: ill, method: "POST", path: "/api/v1/actions/gone", trusted: true, code: 404},
		{s: ill, method: "POST", path: "/api/v1/actions/confirm-site", body: "{", as: asJSON, trusted: true, code: 400},
		{s: ill, method: "POST", path: "/api/v1/actions/confirm-site", body: "site=%zz", as: form, trusted: true, code: 400},
		{s: ill, method: "POST", path: "/api/v1/actions/confirm-site", trusted: true, code: 400},
		{s: ill, method: "POST", path: "/api/v1/actions/timetable-hours", body: "service=a&opens=never&closes=12:00", as: form, trusted: true, code: 400},
		{s: ill, method: "POST", path: "/api/v1/actions/timetable-hours", body: "service=a&opens=12:00", as: form, trusted: true, code: 400},
		{s: ill, method: "POST", path: "/api/v1/actions/refresh-screen", trusted: true, code: 409},
	} {
		ask(c)
	}
	// Whatever the step may say.
	for _, refusal := range action.Refusals {
		o := options()
		o.Words, o.Act = wordstest.Book(), func(context.Context, action.Row, action.Asked) action.Refusal { return refusal }
		code, known := actionStatus[refusal]
		if !known {
			code = 409
		}
		ask(asked{s: New(o), method: "POST", path: "/api/v1/actions/sync", trusted: true, code: code})
	}
}
