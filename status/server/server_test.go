package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"infobus/action"
	"infobus/logbook"
	"infobus/pairing"
	"infobus/power"
	"infobus/status"
	"infobus/status/statustest"
	"infobus/timetable"
)

func ptr[T any](v T) *T { return &v }

var clock, session = statustest.Clock, statustest.Session

// van is a server on a unix socket and on loopback.
type van struct {
	*Server
	t    testing.TB
	base string // http://127.0.0.1:port
	unix *http.Client
	stop func()
}

func start(t testing.TB, o Options) *van {
	t.Helper()
	dir, err := os.MkdirTemp("", "infobus") // t.TempDir is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	lu, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	lt, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s, ended := New(o), make(chan error, 1)
	go func() { ended <- s.Serve(ctx, lu, lt) }()
	v := &van{Server: s, t: t, base: "http://" + lt.Addr().String(), unix: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}}}}
	stopped := false
	v.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve ended with %v, want context.Canceled", err)
		}
		os.RemoveAll(dir)
	}
	t.Cleanup(v.stop)
	return v
}

// ask sends a request and gives the answer with its body read.
func (v *van) ask(c *http.Client, method, target, body string, headers ...string) (*http.Response, string) {
	v.t.Helper()
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := c.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer, string(b)
}

func (v *van) network(method, path, body string, headers ...string) (*http.Response, string) {
	v.t.Helper()
	return v.ask(http.DefaultClient, method, v.base+path, body, headers...)
}

func (v *van) socket(method, path, body string, headers ...string) (*http.Response, string) {
	v.t.Helper()
	return v.ask(v.unix, method, "http://infobus"+path, body, headers...)
}

// options are those of a van where every function answers.
func options() Options {
	return Options{
		PIN: func() string { return "471100" },
		Sim: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "sim "+r.URL.Path) }),
		Events: func(after uint64, limit int) ([]logbook.Event, error) {
			var all []logbook.Event
			for seq := after + 1; seq <= 3 && len(all) < limit; seq++ {
				all = append(all, logbook.Event{Log: "l", Seq: seq, Boot: "b", Name: logbook.GeneratorStarted})
			}
			return all, nil
		},
		Kiosk:     func() ([]byte, bool) { return kioskPNG, true },
		Languages: []status.Language{{Tag: "en", Name: "English", Dir: "ltr"}, {Tag: "ar", Name: "العربية", Dir: "rtl"}, {Tag: "fa", Name: "فارسی", Dir: "rtl"}, {Tag: "ti", Name: "ትግርኛ", Dir: "ltr"}},
		Visit:     func() status.Visit { return status.Visit{} },
		Act: func(_ context.Context, _ action.Row, asked action.Asked) action.Refusal {
			if asked.Name == action.RefreshScreen {
				return action.ScreenFailed
			}
			return action.Taken
		},
		Alive:   func(context.Context) error { return nil },
		Samples: func(series string) ([]status.Sample, bool) { return nil, series == "battery.volts" },
	}
}

// kioskPNG is a picture of the screen.
var kioskPNG = func() []byte {
	m := image.NewGray(image.Rect(0, 0, 800, 480))
	for i := range m.Pix {
		m.Pix[i] = 0xff
	}
	var b bytes.Buffer
	png.Encode(&b, m)
	return b.Bytes()
}()

var privateRoutes = []string{"/api/v1/events", "/api/v1/samples?series=battery.volts", "/metrics"}

func TestTheNetworkSeesTheSummaryAndTheSocketSeesAll(t *testing.T) {
	v := start(t, options())
	v.Publish(session())
	secret := []string{"wait for busy", "log-identity", "upload trouble"}
	_, open := v.network("GET", "/api/v1/state", "")
	_, page := v.network("GET", "/", "")
	_, whole := v.socket("GET", "/api/v1/state", "")
	for _, s := range secret {
		if strings.Contains(open, s) || strings.Contains(page, s) {
			t.Errorf("%q is shown to everybody", s)
		}
		if !strings.Contains(whole, s) {
			t.Errorf("%q is missing on the socket", s)
		}
	}
	for _, path := range privateRoutes {
		if answer, body := v.network("GET", path, ""); answer.StatusCode != 401 || !strings.Contains(body, `"error"`) {
			t.Errorf("%s over the network: %d %s", path, answer.StatusCode, body)
		}
		if answer, body := v.socket("GET", path, ""); answer.StatusCode != 200 {
			t.Errorf("%s over the socket: %d %s", path, answer.StatusCode, body)
		}
	}
	for _, path := range []string{"/api/v1/actions/end-session", "/sim/generator/on"} {
		if answer, _ := v.network("POST", path, ""); answer.StatusCode != 401 {
			t.Errorf("POST %s over the network: %d", path, answer.StatusCode)
		}
		if answer, body := v.socket("POST", path, ""); answer.StatusCode != 200 {
			t.Errorf("POST %s over the socket: %d %s", path, answer.StatusCode, body)
		}
	}
}

func TestTheSimulatedVanOnLoopbackIsOpenButForActions(t *testing.T) {
	o := options()
	o.Open = true
	v := start(t, o)
	for _, path := range privateRoutes {
		if answer, body := v.network("GET", path, ""); answer.StatusCode != 200 {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
	}
	if _, body := v.network("POST", "/sim/cable/out", ""); body != "sim /sim/cable/out" {
		t.Errorf("the simulation said %q", body)
	}
	if answer, _ := v.network("POST", "/api/v1/actions/end-session", ""); answer.StatusCode != 401 {
		t.Errorf("an action without the PIN: %d", answer.StatusCode)
	}
}

func TestThePINPairsAPhoneForSixtyDays(t *testing.T) {
	v := start(t, options())
	answer, body := v.network("POST", "/login", `{"pin":"471100"}`, "Content-Type", "application/json")
	if answer.StatusCode != 204 || len(answer.Cookies()) != 1 {
		t.Fatalf("login: %d %s", answer.StatusCode, body)
	}
	c := answer.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 60*24*3600 {
		t.Errorf("the cookie is %+v", c)
	}
	cookie := c.Name + "=" + c.Value
	for _, path := range privateRoutes {
		if answer, _ := v.network("GET", path, "", "Cookie", cookie); answer.StatusCode != 200 {
			t.Errorf("%s with the cookie: %d", path, answer.StatusCode)
		}
	}
	if answer, _ := v.network("POST", "/api/v1/actions/end-session", "", "Cookie", cookie, tokenHeader, token(c)); answer.StatusCode != 200 {
		t.Errorf("an action with the cookie: %d", answer.StatusCode)
	}
	if answer, _ := v.network("GET", "/metrics", "", "Cookie", c.Name+"=x"+c.Value); answer.StatusCode != 401 {
		t.Errorf("a cookie that was never given: %d", answer.StatusCode)
	}
}

// token is what the phone's forms carry.
func token(c *http.Cookie) string {
	id, _, _ := strings.Cut(c.Value, ".")
	return pairing.Token(id)
}

func TestAPINThatIsNotSetOpensNothing(t *testing.T) {
	o := options()
	o.PIN = nil
	v := start(t, o)
	answer, _ := v.network("POST", "/login", "pin=", "Content-Type", "application/x-www-form-urlencoded")
	if answer.StatusCode != 403 || len(answer.Cookies()) != 0 {
		t.Errorf("%d %v", answer.StatusCode, answer.Cookies())
	}
}

func TestOtherSitesAndOtherNamesAreRefused(t *testing.T) {
	v := start(t, options())
	for _, c := range []struct {
		host string
		want int
	}{{"evil.example", 403}, {"infobus.local.evil.example", 403}, {"infobus", 403}, {"127.0.0.1.evil.example:80", 403},
		{"infobus.local", 200}, {"INFOBUS.local:80", 200}, {"localhost:8080", 200}, {"192.0.2.7", 200}, {"[2001:db8::1]:80", 200}, {"[2001:db8::1]", 200}} {
		if answer, _ := v.network("GET", "/healthz", "", "Host", c.host); answer.StatusCode != c.want {
			t.Errorf("Host %s: %d, want %d", c.host, answer.StatusCode, c.want)
		}
	}
	if answer, _ := v.socket("POST", "/api/v1/actions/end-session", ""); answer.StatusCode != 200 {
		t.Errorf("no Origin, over the socket: %d", answer.StatusCode)
	}
	for _, h := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "http://evil.example"}, {"Origin", "null"}} {
		if answer, body := v.socket("POST", "/api/v1/actions/end-session", "", h...); answer.StatusCode != 403 || !strings.Contains(body, `"error"`) {
			t.Errorf("%v: %d %s", h, answer.StatusCode, body)
		}
	}
}

func TestAnswersAndErrors(t *testing.T) {
	o := options()
	v := start(t, o)
	long := strings.Repeat("x", bodyBytes+1)
	for _, c := range []struct {
		method, path, body, kind string
		code                     int
		says                     string
	}{
		{"GET", "/api/v1/events", "", "", 200, `"seq":3`},
		{"GET", "/api/v1/events?after=3", "", "", 200, `{"events":[]}`},
		{"GET", "/api/v1/events?after=1&limit=1", "", "", 200, `"seq":2`},
		{"GET", "/api/v1/events?after=-1", "", "", 400, "sequence"},
		{"GET", "/api/v1/events?limit=0", "", "", 400, "limit"},
		{"GET", "/api/v1/samples?series=battery.volts", "", "", 200, `"samples":[]`},
		{"GET", "/api/v1/samples?series=none", "", "", 404, "series"},
		{"GET", "/healthz", "", "", 200, `"ok"`},
		{"GET", "/nothing", "", "", 404, "nothing"},
		{"POST", "/api/v1/state", "", "", 405, "GET"},
		{"GET", "/login", "", "", 405, "POST"},
		{"PUT", "/api/v1/state", "", "", 405, "GET"},
		{"DELETE", "/login", "", "", 405, "POST"},
		{"POST", "/api/v1/actions/unheard-of", "", "", 404, "no such action"},
		{"POST", "/api/v1/actions/UP", "", "", 404, "no such action"},
		{"POST", "/api/v1/actions/refresh-screen", "", "", 409, `"code":"screen-failed"`},
		{"POST", "/login", "pin=1", "application/x-www-form-urlencoded", 401, "wrong PIN"},
		{"POST", "/login", "pin=" + long, "application/x-www-form-urlencoded", 400, "form"},
		{"POST", "/login", `{"pin":"` + long, "application/json", 400, "pin"},
		{"POST", "/login", "4711", "text/plain", 415, "JSON"},
		{"GET", "/today?lang=ar", "", "", 200, `lang="ar"`},
		{"GET", "/today?lang=%3Cscript%3E", "", "", 200, `lang="en"`},
		{"GET", "/metrics", "", "", 200, "go_goroutines"},
	} {
		answer, body := v.socket(c.method, c.path, c.body, "Content-Type", c.kind)
		if answer.StatusCode != c.code || !strings.Contains(body, c.says) {
			t.Errorf("%s %s: %d %.200s; want %d with %q", c.method, c.path, answer.StatusCode, body, c.code, c.says)
		}
		if c.code >= 400 {
			var e struct{ Error string }
			if json.Unmarshal([]byte(body), &e) != nil || e.Error == "" {
				t.Errorf("%s %s: the error is %q", c.method, c.path, body)
			}
		}
	}
}

func TestWithoutFunctionsEveryRouteStillAnswers(t *testing.T) {
	v := start(t, Options{})
	for _, path := range []string{"/api/v1/events", "/api/v1/samples", "/kiosk.png", "/today", "/guide.pdf", "/guide/ar.pdf", "/sim/x"} {
		if answer, body := v.socket("GET", path, ""); answer.StatusCode != 404 || !strings.Contains(body, `"error"`) {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
	}
	for _, path := range []string{"/", "/api/v1/state", "/healthz", "/metrics", "/app.css", "/app.js", "/icon.svg"} {
		if answer, body := v.socket("GET", path, ""); answer.StatusCode != 200 {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
	}
}

func TestALoopThatDoesNotAnswerIsUnhealthy(t *testing.T) {
	o := options()
	o.Alive = func(ctx context.Context) error { return errors.New("stuck") }
	v := start(t, o)
	if answer, _ := v.network("GET", "/healthz", ""); answer.StatusCode != 503 {
		t.Errorf("%d", answer.StatusCode)
	}
}

func TestAgesCountWhenTheAnswerIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		state := session()
		state.Power.Shutdown = status.Shutdown{Pending: true, InS: ptr(100.0)}
		s.Publish(state)
		time.Sleep(90*time.Second + time.Second/2)
		v := s.latest.Load().now()
		if a, c, none := *v.Uplink.Ladder[0].AgeS, *v.Uplink.Cellular.AgeS, v.Uplink.Ladder[1].AgeS; a != 93.5 || c != 145.5 || none != nil {
			t.Errorf("after 90.5 s the ages are %v, %v and %v", a, c, none)
		}
		if left := *v.Power.Shutdown.InS; left != 10 {
			t.Errorf("of 100 s %v are left after 90.5", left)
		}
		if v := s.latest.Load().view; *v.Uplink.Ladder[0].AgeS != 3 || *v.Uplink.Cellular.AgeS != 55 || *v.Power.Shutdown.InS != 100 {
			t.Error("the View that was published was changed")
		}
		time.Sleep(time.Minute)
		if left := *s.latest.Load().now().Power.Shutdown.InS; left != 0 {
			t.Errorf("%v s are left after the end", left)
		}
	})
}

// What is not known is null, and no list is.
func TestTheUnknownVanHasNullsAndNoZeros(t *testing.T) {
	s := New(Options{})
	v := status.View{Power: status.Power{Generators: []status.Generator{{Name: "generator-1", State: "unknown"}}}, Uplink: status.Uplink{Cellular: &status.Cellular{}, Ladder: []status.Rung{{}}}}
	s.Publish(v)
	text := string(encode(s.latest.Load().view))
	for _, field := range []string{"since", "starts", "run_hours", "percent", "volts", "amps", "at", "in_s", "until", "bars", "age_s", "devices_connected",
		"drawn_at", "rows", "refreshes", "next_at", "last_upload"} {
		if !strings.Contains(text, fmt.Sprintf("%q:null", field)) {
			t.Errorf("%s is not null in %s", field, text)
		}
	}
	if strings.Contains(text, `"devices":null`) || strings.Contains(text, `"languages":null`) {
		t.Errorf("a list is null: %s", text)
	}
}

// events reads a stream's states.
func states(body io.Reader) <-chan status.View {
	out := make(chan status.View)
	go func() {
		defer close(out)
		for in := bufio.NewScanner(body); in.Scan(); {
			if data, ok := strings.CutPrefix(in.Text(), "data: "); ok {
				var v status.View
				if json.Unmarshal([]byte(data), &v) != nil {
					return
				}
				out <- v
			}
		}
	}()
	return out
}

func (v *van) stream() (*http.Response, <-chan status.View) {
	v.t.Helper()
	answer, err := v.unix.Get("http://infobus/api/v1/stream")
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { answer.Body.Close() })
	return answer, states(answer.Body)
}

func TestAStreamBeginsWithTheWholeStateAndEndsAtTheLatest(t *testing.T) {
	v := start(t, options())
	_, seen := v.stream()
	if first := <-seen; first.Power.Source != power.SourceUnknown {
		t.Fatalf("the stream begins with %+v", first.Power)
	}
	const last = 500
	for n := uint64(1); n <= last; n++ {
		state := session()
		state.Sync.Seq = n
		v.Publish(state)
	}
	before := uint64(0)
	for state := range seen {
		if state.Sync.Seq <= before {
			t.Fatalf("state %d came after %d", state.Sync.Seq, before)
		}
		if before = state.Sync.Seq; before == last {
			break
		}
	}
	if before != last {
		t.Errorf("the last state seen is %d", before)
	}
	v.stop()
	if _, more := <-seen; more {
		t.Error("the stream goes on after the end")
	}
}

func TestStreamsAreBoundedAndPublishIsNeverHeldUp(t *testing.T) {
	v := start(t, options())
	for range streams {
		answer, seen := v.stream()
		if answer.StatusCode != 200 {
			t.Fatal(answer.Status)
		}
		<-seen // and reads no more
	}
	answer, _ := v.stream()
	if answer.StatusCode != 503 {
		t.Errorf("one stream too many: %s", answer.Status)
	}
	for range 2000 {
		v.Publish(session())
	}
}

func TestTheStreamBeatsWhileNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		here, there := net.Pipe()
		defer here.Close()
		w := &streamed{ResponseRecorder: httptest.NewRecorder(), conn: there}
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.getStream(w, httptest.NewRequest("GET", "/api/v1/stream", nil).WithContext(ctx))
		}()
		time.Sleep(2*heartbeat + time.Second)
		cancel()
		<-done
		if n := strings.Count(w.Body.String(), ": alive\n\n"); n != 2 {
			t.Errorf("%d heartbeats in two periods: %q", n, w.Body)
		}
	})
}

// streamed is a recorder that has deadlines.
type streamed struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (s *streamed) SetWriteDeadline(t time.Time) error { return s.conn.SetWriteDeadline(t) }
func (s *streamed) SetReadDeadline(t time.Time) error  { return s.conn.SetReadDeadline(t) }

func TestMetricsSayOnlyWhatIsKnown(t *testing.T) {
	v := start(t, options())
	state := session()
	state.Power.Battery.Quality = "stale"
	v.Publish(state)
	_, text := v.socket("GET", "/metrics", "")
	for _, line := range []string{`infobus_power_source{source="generator"} 1`, `infobus_generator_starts_total{name="generator-1"} 41`,
		`infobus_uplink_verdict{verdict="ok"} 1`, `infobus_device_ok{name="panel"} 0`, "infobus_events_waiting 2"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	for _, name := range []string{"infobus_battery_percent", `infobus_device_ok{name="battery"}`} {
		if strings.Contains(text, name+" ") {
			t.Errorf("%s is shown though it is not known", name)
		}
	}
}

func TestThePagesAreSmallAndAskNobodyElse(t *testing.T) {
	o := options()
	table := &timetable.Timetable{Zone: time.UTC, MaxAge: 31 * 24 * time.Hour}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i := range 100 {
		table.Services = append(table.Services, timetable.Service{ID: fmt.Sprint("s", i), Category: timetable.Charging, Show: timetable.Screen, Checked: now, By: "Croix Bleue",
			Name: map[string]string{"en": "Charging", "ar": "شحن الهواتف"}, Place: timetable.Place{Name: "rue des Huttes", Map: "B"},
			Slots: []timetable.Slot{{Days: []time.Weekday{time.Monday}, Opens: 12 * 60, Closes: 14*60 + 30}}})
	}
	o.Visit = func() status.Visit { return status.Visit{Timetable: table, Trusted: true, Minute: now.Unix() / 60} }
	v := start(t, o)
	v.Publish(session())
	total := 0
	for _, path := range []string{"/", "/app.css", "/app.js", "/icon.svg"} {
		answer, body := v.network("GET", path, "")
		total += len(body)
		if !strings.Contains(answer.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s has no strict policy", path)
		}
	}
	if total >= 30_000 {
		t.Errorf("the volunteers' page weighs %d bytes", total)
	}
	_, today := v.network("GET", "/today?lang=ar", "")
	whole := len(today)
	for _, path := range []string{"/today.css", "/icon.svg"} {
		if !strings.Contains(today, path) {
			t.Errorf("the visitors' page does not ask for %s", path)
		}
		_, body := v.network("GET", path, "")
		whole += len(body)
	}
	if whole >= 30_000 || whole < 12_000 || strings.Contains(today, "<script") || !strings.Contains(today, `dir="rtl"`) {
		t.Errorf("the visitors' page weighs %d bytes with all that it asks for: %.300s", whole, today)
	}
	// What does not fit is on the next pages.
	rows := strings.Count(today, `<div class="row">`)
	for part := 2; strings.Contains(today, fmt.Sprintf("page=%d\"", part)); part++ {
		_, next := v.network("GET", fmt.Sprintf("/today?lang=ar&page=%d", part), "")
		rows += strings.Count(next, `<div class="row">`)
	}
	if rows != 100 {
		t.Errorf("of 100 rows %d are there", rows)
	}
	t.Logf("volunteers' page %d bytes, visitors' page %d bytes", total, whole)
}

// Every name in the JSON stands in the documentation, in the way in which it
// is written there.
func TestEveryFieldIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	var walk func(reflect.Type, string)
	walk = func(of reflect.Type, path string) {
		switch of.Kind() {
		case reflect.Pointer:
			walk(of.Elem(), path)
			return
		case reflect.Slice:
			walk(of.Elem(), path+"[]")
			return
		}
		if of.Kind() != reflect.Struct || of == reflect.TypeFor[time.Time]() {
			if !strings.Contains(string(doc), "`"+path+"`") {
				t.Errorf("docs/api.md says nothing of `%s`", path)
			}
			return
		}
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if name == "" {
				t.Fatalf("%s.%s has no JSON name", of, of.Field(i).Name)
			}
			if path != "" {
				name = path + "." + name
			}
			walk(of.Field(i).Type, name)
		}
	}
	walk(reflect.TypeFor[status.View](), "")
	walk(reflect.TypeFor[status.Sample](), "samples[]")
	walk(reflect.TypeFor[status.Check](), "")
}

func FuzzQueries(f *testing.F) {
	for _, q := range []string{"", "after=1&limit=2", "after=18446744073709551616", "lang=ar", "lang=%00", "series=battery.volts", "limit=-1", "%zz", ";"} {
		f.Add(q)
	}
	s := New(options())
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/api/v1/events", "/api/v1/samples", "/today", "/week", "/sim", "/take"} {
			r := httptest.NewRequest("GET", path, nil)
			r.URL = &url.URL{Path: path, RawQuery: query}
			r.Host = "localhost"
			r = r.WithContext(context.WithValue(r.Context(), callerKey{}, caller{trusted: true}))
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			if w.Code >= 500 || w.Code >= 400 && !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s?%s: %d %s", path, query, w.Code, w.Body)
			}
		}
	})
}

func FuzzPIN(f *testing.F) {
	f.Add("application/json", `{"pin":"4711 "}`)
	f.Add("application/json", `{"pin":4711}`)
	f.Add("application/x-www-form-urlencoded", "pin=%34711x")
	f.Add("application/x-www-form-urlencoded; charset=x", "pin=%zz")
	f.Add("multipart/form-data; boundary=x", "--x--")
	f.Fuzz(func(t *testing.T, kind, body string) {
		s := New(Options{PIN: func() string { return "a PIN of 32 letters, not guessed" }})
		if strings.Contains(body, "guessed") {
			return
		}
		r := httptest.NewRequest("POST", "/login", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		r.Host = "localhost"
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code < 400 || w.Code >= 500 || w.Header().Get("Set-Cookie") != "" || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %q: %d %s", kind, body, w.Code, w.Body)
		}
	})
}

// Where the van may be is for who has the PIN.
func TestTheSitesAreShownToVolunteersAlone(t *testing.T) {
	v := start(t, options())
	state := session()
	state.Session.Site, state.Session.Planned = "", "moulin"
	state.Session.Sites = []status.Site{{ID: "quai", Name: "Quai des Sternes"}, {ID: "moulin", Name: "Rue du Moulin Gris"}}
	v.Publish(state)
	for _, path := range []string{"/", "/api/v1/state"} {
		if _, body := v.network("GET", path, ""); strings.Contains(body, "oulin") || strings.Contains(body, "uai") {
			t.Errorf("the network's %s says %s", path, body)
		}
		_, body := v.socket("GET", path, "")
		planned, other := strings.Index(body, "Rue du Moulin Gris"), strings.Index(body, "Quai des Sternes")
		if planned < 0 || other < 0 || path == "/" && planned > other {
			t.Errorf("the socket's %s says %s", path, body)
		}
	}
}

// What waits, and what the receiver does not take, is said in words that go to the team.
func TestThePageSaysThatEventsDoNotArrive(t *testing.T) {
	const why = "the receiver rejected 3 of 3 events"
	for _, c := range []struct {
		waiting          uint64
		trouble, verdict string
		want             string
	}{
		{0, "", "ok", "All events are sent"},
		{2, why, "ok", "They cannot be sent. Tell the team: “" + why + "”"},
		{0, why, "ok", "Some events do not arrive. Tell the team: “" + why + "”"},
		{0, why, "cable-unplugged", "All events are sent"},
	} {
		v := session()
		v.Sync.Waiting, v.Sync.Trouble, v.Uplink.Verdict = c.waiting, c.trouble, c.verdict
		got := page(v)
		if !strings.Contains(got, c.want) || strings.Contains(got, "All events are sent") != strings.HasPrefix(c.want, "All") {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
