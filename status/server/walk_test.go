package server

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"infobus/action"
	"infobus/status"
	"infobus/words"
)

// step is an action's form on a page, and what is said once it was taken.
type step struct {
	page, path string
	fields     url.Values
	button     string // what a person sees
	asks, done string
}

// steps are the forms on the volunteers' pages, one of each action.
func steps(t testing.TB, v *van, table action.Table, pages ...string) (all []step) {
	t.Helper()
	for _, page := range pages {
		_, body := v.socket("GET", page, "")
		for _, f := range formsOf(t, body) {
			row, known := table.Find(strings.TrimPrefix(f.path, "/api/v1/actions/"))
			if !known || slices.ContainsFunc(all, func(s step) bool { return s.path == f.path }) {
				continue
			}
			f.page, f.asks, f.done = page, words.In().Text(row.Question()), words.In().Text(row.Done(v.siteName(f.fields.Get("site"))))
			all = append(all, f)
		}
	}
	return all
}

// formsOf are the forms of a page of HTML.
func formsOf(t testing.TB, body string) (all []step) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	attribute := func(n *html.Node, name string) string {
		for _, a := range n.Attr {
			if a.Key == name {
				return a.Val
			}
		}
		return ""
	}
	for n := range root.Descendants() {
		if n.Data != "form" || attribute(n, "method") != "post" {
			continue
		}
		f := step{path: attribute(n, "action"), fields: url.Values{}}
		for m := range n.Descendants() {
			switch name := attribute(m, "name"); {
			case m.Data == "input" && attribute(m, "type") != "checkbox" && name != "":
				f.fields.Add(name, attribute(m, "value"))
			case m.Data == "button" && m.FirstChild != nil:
				f.button = m.FirstChild.Data
			}
		}
		all = append(all, f)
	}
	return all
}

// everyAction is a van in which every action is offered, and taken.
func everyAction(t testing.TB) (v *van, taken func() []string) {
	t.Helper()
	o := options()
	var (
		mu   sync.Mutex
		list []string
	)
	o.Act = func(_ context.Context, row action.Row, _ action.Asked) action.Refusal {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, row.Route())
		return action.Taken
	}
	view := session()
	view.Session.Active, view.Session.Sites = false, []status.Site{{ID: "BMX", Name: "Rue du BMX"}}
	view.Power.Generators = view.Power.Generators[:1]
	view.Actions = nil
	var onService []string
	for _, r := range action.All {
		if r.Numbered {
			r = r.Of(1)
		}
		view.Actions = append(view.Actions, r.Route())
		if r.Form == action.ForEachService {
			onService = append(onService, r.Route())
		}
	}
	o.Services = func(*words.Speaker) status.ServicesPage {
		return status.ServicesPage{Date: "Monday 23 November 2026", Services: []status.ServiceLine{{ID: "water", Day: "2026-11-23", Name: "Drinking water",
			Hours: []status.Hours{{Opens: "20:00", Closes: "23:30"}}, State: "confirmed", Word: "Hours on the screen", Actions: onService}}}
	}
	form := func(name action.Name) *status.Form {
		row, _ := action.All.Find(string(name))
		return status.UndoForm(row, action.Given{"source": {"team"}, "digest": {"d1"}}, words.In())
	}
	o.Timetables = &Timetables{Page: func(*words.Speaker) status.TimetablePage {
		return status.TimetablePage{Confirm: form(action.ConfirmHours), Due: []status.DueLine{{Name: "Drinking water", Confirm: *form(action.ConfirmHours)}},
			Versions: []status.VersionPart{{Key: "team", Source: "the team", Digest: "d1", Publish: form(action.PublishTimetable), TakeBack: form(action.TakeBackTimetable)}}}
	}}
	o.Texts = waits(t)
	v = start(t, o)
	v.Publish(view)
	return v, func() []string {
		mu.Lock()
		defer mu.Unlock()
		now := list
		list = nil
		return now
	}
}

// Every action, from the page that offers it to the page that tells its result, in
// Chromium with its scripts switched off.
func TestEveryActionIsWalkedToItsResultWithoutScript(t *testing.T) {
	v, taken := everyAction(t)
	ctx := volunteer(t, v)
	do(t, ctx, scripts(false))
	all := steps(t, v, action.All, "/", "/services", "/timetable")
	if len(all) < 15 {
		t.Fatalf("only %d forms are on the pages", len(all))
	}
	for _, s := range all {
		do(t, ctx, chromedp.Navigate(v.base+s.page))
		press(t, ctx, "form[action='"+s.path+"'] button")
		if s.asks != "" {
			says(t, ctx, s.asks)
			if got := taken(); len(got) > 0 {
				t.Errorf("%s: done was %q before the question was answered", s.path, got)
			}
			press(t, ctx, "form[action='"+s.path+"'] button")
		}
		says(t, ctx, s.done)
		if got := taken(); len(got) != 1 || !strings.HasSuffix(s.path, "/"+got[0]) {
			t.Errorf("%s: done was %q", s.path, got)
		}
		until(t, ctx, "the result has come whole", `document.readyState == "complete"`)
		do(t, ctx, chromedp.Reload())
		says(t, ctx, s.done)
		if got := taken(); len(got) > 0 {
			t.Errorf("%s: the result loaded again did %q again", s.path, got)
		}
	}
	t.Logf("%d actions", len(all))
}

// w3m is the text browser, with its own cookies.
type w3m struct {
	t    testing.TB
	home string
}

func newW3M(t testing.TB) w3m {
	t.Helper()
	if _, err := exec.LookPath("w3m"); err != nil && testing.Short() {
		t.Skip("-short: there is no w3m here: apt-get install w3m")
	} else if err != nil {
		t.Fatal("there is no w3m here: apt-get install w3m")
	}
	return w3m{t, t.TempDir()}
}

// run gives what w3m prints.
func (w w3m) run(args ...string) string {
	w.t.Helper()
	c := exec.Command("w3m", append([]string{"-cookie", "-o", "accept_cookie=1", "-o", "cookie_accept_domains=.", "-o", "use_cookie=1", "-I", "UTF-8", "-O", "UTF-8"}, args...)...)
	c.Env = append(os.Environ(), "HOME="+w.home, "LANG=C.UTF-8")
	out, err := c.Output()
	if err != nil {
		w.t.Fatalf("w3m %q: %v", args, err)
	}
	return string(out)
}

// post sends a form, and gives the page that it is led to: as w3m shows it, or its HTML.
func (w w3m) post(how, address string, fields url.Values) string {
	w.t.Helper()
	body := filepath.Join(w.home, "form")
	if err := os.WriteFile(body, []byte(fields.Encode()), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return w.run(how, "-cols", "500", "-post", body, address)
}

// Every action in w3m, which has no script, no style and no screen: each page shows the
// button, and the last one tells the result.
func TestEveryActionIsWalkedToItsResultInW3M(t *testing.T) {
	w := newW3M(t)
	v, taken := everyAction(t)
	if said := w.run("-dump", v.base+"/"); !strings.Contains(said, "PIN of the card") || !strings.Contains(said, "Screen broken") {
		t.Fatalf("w3m shows %s", said)
	}
	if said := w.post("-dump", v.base+"/login", url.Values{"pin": {"000000"}}); !strings.Contains(said, "wrong PIN") || !strings.Contains(said, "PIN of the card") {
		t.Errorf("a wrong PIN: %s", said)
	}
	w.post("-dump", v.base+"/login", url.Values{"pin": {v.o.PIN()}})
	all := steps(t, v, action.All, "/", "/services", "/timetable")
	mine := formsOf(t, w.run("-dump_source", v.base+"/"))[0].fields["token"]
	for _, s := range all {
		s.fields["token"] = mine
		if shown := w.run("-dump", "-cols", "500", v.base+s.page); !strings.Contains(shown, s.button) {
			t.Errorf("%s: w3m shows no %q: %s", s.path, s.button, shown)
		}
		if s.asks != "" {
			source := w.post("-dump_source", v.base+s.path, s.fields)
			if !strings.Contains(html.UnescapeString(source), s.asks) || len(taken()) > 0 {
				t.Errorf("%s: it is not asked %q: %s", s.path, s.asks, source)
			}
			s.fields = formsOf(t, source)[0].fields
		}
		if said := w.post("-dump", v.base+s.path, s.fields); !strings.Contains(said, s.done) {
			t.Errorf("%s: w3m does not say %q: %s", s.path, s.done, said)
		}
		if got := taken(); len(got) != 1 || !strings.HasSuffix(s.path, "/"+got[0]) {
			t.Errorf("%s: done was %q", s.path, got)
		}
	}
	t.Logf("%d actions", len(all))
}

// What was filled in stands there again beside the reason, and hours past midnight are
// typed as people type them.
func TestWhatWasFilledInIsKeptWithItsMistake(t *testing.T) {
	v, taken := everyAction(t)
	const path = "/api/v1/actions/timetable-hours"
	post := func(fields url.Values) string {
		answer, page := v.socket("POST", path, fields.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
		if answer.StatusCode != http.StatusOK || answer.Request.URL.Path != "/services" {
			t.Errorf("%d at %s", answer.StatusCode, answer.Request.URL)
		}
		return page
	}
	fields := url.Values{"service": {"water"}, "day": {"2026-11-23"}, "opens": {"22h", "noon"}, "closes": {"2", "13:00"}}
	page := post(fields)
	for _, want := range []string{"a text of 10 characters found", "<details open>", `value="22h"`, `value="noon"`, `value="2"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s: %s", want, page)
		}
	}
	if got := taken(); len(got) > 0 {
		t.Errorf("done was %q", got)
	}
	fields["opens"], fields["closes"] = fields["opens"][:1], fields["closes"][:1]
	if page := post(fields); !strings.Contains(page, "It is noted") || strings.Contains(page, "<details open>") || !strings.Contains(page, "timetable-undo") {
		t.Errorf("%s", page)
	}
	if got := taken(); !slices.Equal(got, []string{"timetable-hours"}) {
		t.Errorf("done was %q", got)
	}
}

// A result that is asked for once the box has started anew, or by nobody, is no page of
// its own.
func TestAResultThatIsGoneIsThePageWithoutIt(t *testing.T) {
	v, _ := everyAction(t)
	for path, want := range map[string]string{"/?r=gone": "Tell people the hours", "/services?r=gone": "Drinking water", "/sure?r=gone": "Tell people the hours", "/sure": "Tell people the hours"} {
		if answer, page := v.socket("GET", path, ""); answer.StatusCode != 200 || !strings.Contains(page, want) {
			t.Errorf("%s: %d %s", path, answer.StatusCode, page)
		}
	}
	first := v.results.put("/", result{taken: true, text: words.T("action.longer.done")})
	for range resultsKept {
		v.results.put("/", result{taken: true, text: words.T("action.sync.done")})
	}
	if _, page := v.socket("GET", first, ""); strings.Contains(page, "half an hour later") || len(v.results.list) != resultsKept {
		t.Errorf("%d results are kept", len(v.results.list))
	}
}
