package server

import (
	"context"
	"encoding/json"
	"html"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"infobus/action"
	"infobus/status"
)

// An age is what it is when it is told, and not when it was published; what
// was published stays as it was.
func TestAgesAreCountedWhenTheStateIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		v := session()
		s.Publish(v)
		time.Sleep(90 * time.Second)
		var told status.View
		if err := json.Unmarshal(encode(s.latest.Load().now()), &told); err != nil {
			t.Fatal(err)
		}
		if age := told.Uplink.Ladder[0].AgeS; age == nil || *age != 93 {
			t.Errorf("a rung of 3 s is %v s old after 90 s", age)
		}
		if age := told.Uplink.Ladder[1].AgeS; age != nil {
			t.Errorf("a rung that was not tried is %v s old", *age)
		}
		if age := told.Uplink.Cellular.AgeS; age == nil || *age != 145 {
			t.Errorf("the cloud's word of 55 s is %v s old after 90 s", age)
		}
		if *v.Uplink.Ladder[0].AgeS != 3 || *v.Uplink.Cellular.AgeS != 55 {
			t.Error("what was published was changed")
		}
	})
}

func TestOtherMethodsAreToldWhichOneWorks(t *testing.T) {
	s := New(options())
	for _, c := range []struct {
		method, path string
		code         int
		allow        string
	}{
		{"PUT", "/api/v1/state", 405, "GET, HEAD"},
		{"DELETE", "/", 405, "GET, HEAD"},
		{"OPTIONS", "/metrics", 405, "GET, HEAD"},
		{"POST", "/kiosk.png", 405, "GET, HEAD"},
		{"PATCH", "/login", 405, "POST"},
		{"HEAD", "/login", 405, "POST"},
		{"GET", "/api/v1/actions/sync", 405, "POST"},
		{"PUT", "/sim/cable/out", 405, "POST"},
		{"HEAD", "/api/v1/state", 200, ""},
		{"HEAD", "/", 200, ""},
		{"PUT", "/nothing", 404, ""},
		{"BREW", "/", 405, "GET, HEAD"},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Host = "infobus.local"
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != c.code || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q; want %d, %q", c.method, c.path, w.Code, w.Header().Get("Allow"), c.code, c.allow)
		}
	}
}

// send is a form that a browser sends.
func (s *Server) send(path, body, cookie string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Host = "192.0.2.7"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	r.Header.Set("Cookie", cookie)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// A browser is led from each form to a page that tells what became of it, and can load
// that again: nothing is done twice, and no error is all that stands there.
func TestAFormIsAnsweredWithThePage(t *testing.T) {
	o := options()
	taken := []action.Asked{}
	act := o.Act
	o.Act = func(ctx context.Context, row action.Row, asked action.Asked) action.Refusal {
		taken = append(taken, asked)
		return act(ctx, row, asked)
	}
	s := New(o)
	s.Publish(session())
	in := s.send("/login", "pin=471100", "")
	if in.Code != 303 || in.Header().Get("Location") != "/" {
		t.Fatalf("login: %d %s", in.Code, in.Body)
	}
	cookie := in.Header().Get("Set-Cookie")
	mine := "token=" + token(in.Result().Cookies()[0])
	for _, c := range []struct {
		path, body, cookie string
		at                 string // the page that tells it
		says               string
		done               int
	}{
		{"/login", "pin=0000", "", "/", "wrong PIN", 0},
		{"/api/v1/actions/end-session", "", "", "/", "this needs the PIN", 0},
		{"/api/v1/actions/longer", "token=0", cookie, "/", "this page is old", 0},
		{"/api/v1/actions/longer", mine, cookie, "/", "The session ends half an hour later.", 1},
		{"/api/v1/actions/refresh-screen", mine, cookie, "/", "The screen does not work", 1},
		{"/api/v1/actions/end-session", mine, cookie, "/sure", "End the session for everybody?", 0},
		{"/api/v1/actions/end-session", mine + "&sure=yes", cookie, "/", "The session is ended.", 1},
	} {
		taken = nil
		got := s.send(c.path, c.body, c.cookie)
		at, _, _ := strings.Cut(got.Header().Get("Location"), "?")
		if got.Code != 303 || at != c.at {
			t.Errorf("%s: %d to %q; want 303 to %s", c.path, got.Code, at, c.at)
		}
		for range 2 {
			page := s.get(false, got.Header().Get("Location"), "Accept", "text/html", "Cookie", c.cookie)
			if page.Code != 200 || page.Header().Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(page.Body.String(), c.says) {
				t.Errorf("%s: %d, without %q: %.80q", c.path, page.Code, c.says, page.Body)
			}
		}
		if len(taken) != c.done {
			t.Errorf("%s: done was %v", c.path, taken)
		}
	}
}

// A time that was typed, and is refused until the person is sure, is asked about on a
// page on which it is filled in. A phone's own is not carried there: it would grow old.
func TestATypedTimeIsAskedAboutAndTypedOnce(t *testing.T) {
	o := options()
	var set []action.Asked
	o.Act = func(_ context.Context, _ action.Row, asked action.Asked) action.Refusal {
		if asked.Name == action.SetClock && !asked.Sure {
			return action.ClockFar
		}
		set = append(set, asked)
		return action.Taken
	}
	s := New(o)
	s.Publish(session())
	in := s.send("/login", "pin=471100", "")
	cookie := in.Header().Get("Set-Cookie")
	mine := "token=" + token(in.Result().Cookies()[0])
	const path = "/api/v1/actions/set-clock"

	asked := s.send(path, mine+"&epoch_ms=1790000000000&zone_min=60", cookie)
	if at, _, _ := strings.Cut(asked.Header().Get("Location"), "?"); at != "/" {
		t.Errorf("a phone's own time leads to %q", at)
	}
	asked = s.send(path, mine+"&date=2026-12-01&clock=14%3A05&epoch_ms=&zone_min=", cookie)
	if at, _, _ := strings.Cut(asked.Header().Get("Location"), "?"); at != "/sure" || len(set) != 0 {
		t.Fatalf("a typed time leads to %q, done was %v", at, set)
	}
	page := s.get(false, asked.Header().Get("Location"), "Accept", "text/html", "Cookie", cookie).Body.String()
	if !strings.Contains(page, "The internet last gave the time more than a day from this one.") || strings.Contains(page, "<details") || strings.Contains(page, "checkbox") {
		t.Errorf("the page does not ask: %s", page)
	}
	again := url.Values{}
	for _, field := range regexp.MustCompile(`<input type="\w+" name="(\w+)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		again.Set(field[1], html.UnescapeString(field[2]))
	}
	again.Set("token", strings.TrimPrefix(mine, "token="))
	if told := s.send(path, again.Encode(), cookie); told.Code != 303 || len(set) != 1 || !set[0].Sure || !set[0].Time.Equal(time.Date(2026, 12, 1, 14, 5, 0, 0, time.UTC)) {
		t.Errorf("%v leads to %d, done was %+v", again, told.Code, set)
	}
}

// Whatever path is asked for, the answer is bounded, never the server's fault
// and repeats nothing of the request.
func FuzzPaths(f *testing.F) {
	for _, p := range []string{"/", "//", "/../etc/passwd", "/api/v1/actions/%2e%2e", "/sim/../login", "/kiosk.png/", "/%00", "/api/v1/actions/" + strings.Repeat("a", 300), "*"} {
		f.Add("GET", p)
		f.Add("POST", p)
	}
	s := New(options())
	f.Fuzz(func(t *testing.T, method, path string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.URL.Path, r.RequestURI, r.Host = method, path, path, "localhost"
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%s %q: %d", method, path, w.Code)
		}
		if w.Code >= 400 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %q: %d with %q", method, path, w.Code, w.Body)
		}
	})
}
