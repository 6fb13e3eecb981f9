package upload

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"

	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/netmon/client"
	"infobus/private"
	"infobus/sim/gateway"
)

// shelf is a Book in memory.
type shelf struct {
	mu     sync.Mutex
	events []logbook.Event
	acked  uint64
	urgent uint64 // the same of urgent events
	log    string // "": 0a1b
	err    error

	refused int // said to be set aside
}

func (s *shelf) add(names ...logbook.Name) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		s.events = append(s.events, logbook.Event{Log: "0a1b", Seq: uint64(len(s.events) + 1), Boot: "b-1", Name: name})
	}
}

func (s *shelf) Next(urgent bool, limit int) (b store.Batch, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if logbook.Urgent(e) == urgent && e.Seq > s.done(urgent) && len(b.Events) < limit {
			b.Events = append(b.Events, e)
		}
	}
	return b, s.err
}

func (s *shelf) done(urgent bool) uint64 {
	if urgent {
		return s.urgent
	}
	return s.acked
}

func (s *shelf) Received(b store.Batch, refused int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := b.Events[len(b.Events)-1]; logbook.Urgent(last) {
		s.urgent = last.Seq
	} else {
		s.acked = last.Seq
	}
	s.refused += refused
	return s.err
}

func (s *shelf) Status() store.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return store.Status{Log: cmp.Or(s.log, "0a1b"), Last: uint64(len(s.events)), Acknowledged: s.acked}
}

// transport answers without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, kind string, body []byte, more ...string) *http.Response {
	h := http.Header{"Content-Type": {kind}}
	for i := 0; i+1 < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader(body))}
}

func well() *http.Response { return answer(200, contentType, nil) }

func partial(rejected int64, message string) []byte {
	b, err := proto.Marshal(&collector.ExportLogsServiceResponse{PartialSuccess: &collector.ExportLogsPartialSuccess{
		RejectedLogRecords: rejected, ErrorMessage: message}})
	if err != nil {
		panic(err)
	}
	return b
}

func decode(t *testing.T, r *http.Request) []uint64 {
	t.Helper()
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Error(err)
		return nil
	}
	b, err := io.ReadAll(z)
	var request collector.ExportLogsServiceRequest
	if err = errors.Join(err, proto.Unmarshal(b, &request)); err != nil {
		t.Error(err)
	}
	var seqs []uint64
	for _, record := range request.GetResourceLogs()[0].GetScopeLogs()[0].GetLogRecords() {
		seqs = append(seqs, uint64(record.GetAttributes()[1].GetValue().GetIntValue()))
	}
	return seqs
}

// attempt is one request and when, since the start.
type attempt struct {
	at   time.Duration
	seqs []uint64
}

// trial is Run in a bubble of synthetic time.
type trial struct {
	book     shelf
	wake     chan struct{}
	usable   atomic.Bool
	mu       sync.Mutex
	attempts []attempt
	reports  []Uploaded
	answers  []func() (*http.Response, error)            // by attempt; then all goes well
	answer   func(seqs []uint64) (*http.Response, error) // after those; nil: all goes well
	took     func(seqs []uint64)                         // is told of what was received
	company  time.Duration
	now      chan struct{}
	rest     func()
	err      error
}

// run calls during while Run runs, and ends it.
func (x *trial) run(t *testing.T, during func()) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		x.wake, x.now = make(chan struct{}, 1), make(chan struct{}, 1)
		x.usable.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		c := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			x.mu.Lock()
			defer x.mu.Unlock()
			n := len(x.attempts)
			x.attempts = append(x.attempts, attempt{time.Since(start), decode(t, r)})
			if n < len(x.answers) {
				return x.answers[n]()
			}
			seqs := x.attempts[n].seqs
			reply, err := well(), error(nil)
			if x.answer != nil {
				reply, err = x.answer(seqs)
			}
			if err == nil && reply.StatusCode == 200 && x.took != nil {
				x.took(seqs)
			}
			return reply, err
		})}
		done := make(chan struct{})
		go func() {
			defer close(done)
			x.err = Run(ctx, Options{Endpoint: "http://receiver.test", Client: c, Company: x.company, Now: x.now, Rest: x.rest}, &x.book, x.usable.Load, x.wake,
				func(u Uploaded) { x.reports = append(x.reports, u) })
		}()
		synctest.Wait()
		during()
		synctest.Wait()
		cancel()
		<-done
	})
}

func (x *trial) tried() []attempt {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.attempts)
}

func (x *trial) poke() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
	synctest.Wait()
}

func pass(d time.Duration) {
	time.Sleep(d) // synthetic
	synctest.Wait()
}

func always(r *http.Response, err error, n int) (list []func() (*http.Response, error)) {
	for range n {
		list = append(list, func() (*http.Response, error) {
			if r == nil {
				return nil, err
			}
			b := *r
			body, _ := io.ReadAll(r.Body)
			r.Body, b.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
			return &b, err
		})
	}
	return list
}

func TestSyncUploadedAloneIsNotSent(t *testing.T) {
	x := &trial{}
	x.book.add(logbook.SyncUploaded, logbook.SyncUploaded)
	x.run(t, func() {
		pass(24 * time.Hour)
		if len(x.tried()) != 0 {
			t.Fatalf("attempts %v", x.tried())
		}
		x.book.add(logbook.GeneratorStarted)
		x.poke()
		x.book.add(logbook.SyncUploaded)
		x.poke()
		pass(24 * time.Hour)
	})
	if len(x.tried()) != 1 || len(x.tried()[0].seqs) != 3 {
		t.Fatalf("attempts %v", x.tried())
	}
	if len(x.reports) != 1 || x.reports[0].Events != 3 || x.reports[0].Bytes == 0 || x.reports[0].Trouble != "" {
		t.Fatalf("reports %+v", x.reports)
	}
}

func TestManySyncUploadedDoNotBlock(t *testing.T) {
	x := &trial{}
	for range maxEvents + 5 {
		x.book.add(logbook.SyncUploaded)
	}
	x.book.add(logbook.GeneratorStarted)
	x.run(t, func() {})
	if x.book.Status().Acknowledged != maxEvents+6 || len(x.tried()) != 2 {
		t.Fatalf("acknowledged %d in %d attempts", x.book.Status().Acknowledged, len(x.tried()))
	}
}

func TestNothingIsSentWhileNotUsable(t *testing.T) {
	x := &trial{}
	x.run(t, func() {
		x.usable.Store(false)
		x.book.add(logbook.GeneratorStarted)
		for range 100 {
			x.poke()
			pass(time.Minute)
		}
		if len(x.tried()) != 0 {
			t.Fatalf("attempts %v", x.tried())
		}
		x.usable.Store(true)
		x.poke()
	})
	if len(x.tried()) != 1 || x.book.Status().Acknowledged != 1 {
		t.Fatalf("attempts %v", x.tried())
	}
}

func TestDelaysGrowToTheirBound(t *testing.T) {
	x := &trial{answers: always(nil, errors.New("dial tcp 203.0.113.7:443: cut"), 1000)}
	x.book.add(logbook.GeneratorStarted)
	x.run(t, func() { pass(2 * time.Hour) })
	for i := 1; i < len(x.tried()); i++ {
		full := min(2*time.Second<<min(i-1, 20), 5*time.Minute)
		if d := x.tried()[i].at - x.tried()[i-1].at; d < full/2 || d > full {
			t.Fatalf("delay %d is %v, not within half of %v", i, d, full)
		}
	}
	if n := len(x.tried()); n < 24 || n > 70 {
		t.Fatalf("%d attempts in two hours", n)
	}
	for _, r := range x.reports {
		if r.Trouble == "" || strings.Contains(r.Trouble, "203.0") || strings.Contains(r.Trouble, "receiver.test") || r.Events != 0 {
			t.Fatalf("report %+v", r)
		}
	}
}

func TestAWakeTriesEarlierButNotAtOnce(t *testing.T) {
	x := &trial{answers: always(nil, errors.New("cut"), 8)}
	x.book.add(logbook.GeneratorStarted)
	x.run(t, func() {
		for len(x.tried()) < 8 {
			pass(time.Second)
		}
		x.poke()
		if len(x.tried()) != 8 {
			t.Fatal("tried within 2 s")
		}
		pass(3 * time.Second)
		x.poke()
		if x.book.Status().Acknowledged != 1 {
			t.Fatal("a wake did not try again")
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	for _, c := range []struct {
		status int
		header string
		want   time.Duration
	}{
		{503, "40", 40 * time.Second},
		{429, "600", 10 * time.Minute},
		{502, "86400", 15 * time.Minute},
		{504, "99999999999999999999", 15 * time.Minute},
		{429, "-5", 0},
		{503, "Sat, 01 Jan 2000 00:01:00 GMT", time.Minute}, // synthetic time begins at 2000
		{503, "Sat, 01 Jan 1999 00:01:00 GMT", 0},
	} {
		x := &trial{answers: always(answer(c.status, "text/html", []byte("<p>mole@example.org"), "Retry-After", c.header), nil, 1)}
		x.book.add(logbook.GeneratorStarted)
		x.run(t, func() {
			for range 3000 {
				// Another way to the internet is no reason to ask a receiver earlier.
				x.usable.Store(false)
				x.poke()
				x.usable.Store(true)
				x.poke()
				pass(time.Second)
			}
		})
		if len(x.tried()) != 2 || x.book.Status().Acknowledged != 1 {
			t.Fatalf("%+v: %v", c, x.tried())
		}
		if at := x.tried()[1].at; c.want > 0 && (at < c.want || at > c.want+time.Second) || c.want == 0 && at > 3*time.Second {
			t.Errorf("%+v: tried again after %v", c, at)
		}
		if text := x.reports[0].Trouble; strings.Contains(text, "mole") || !strings.Contains(text, fmt.Sprint(c.status)) {
			t.Errorf("trouble %q", text)
		}
	}
}

func TestARefusalIsRetriedRarely(t *testing.T) {
	x := &trial{answers: always(answer(401, "text/plain", nil), nil, 1000)}
	x.book.add(logbook.GeneratorStarted)
	x.run(t, func() {
		for range 4*60 - 1 {
			x.poke()
			pass(time.Minute)
		}
	})
	if n := len(x.tried()); n != 16 {
		t.Fatalf("%d attempts in four hours", n)
	}
}

// Who refuses may be somebody on the way, which is another one now.
func TestARefusalIsForgottenWithTheWay(t *testing.T) {
	x := &trial{answers: always(answer(403, "text/html", nil), nil, 1)}
	x.book.add(logbook.GeneratorStarted)
	x.run(t, func() {
		pass(time.Minute)
		x.usable.Store(false)
		x.poke()
		x.usable.Store(true)
		x.poke()
		if len(x.tried()) != 2 || x.book.Status().Acknowledged != 1 {
			t.Errorf("attempts %v", x.tried())
		}
	})
}

func TestTooLargeIsHalved(t *testing.T) {
	x := &trial{answers: always(answer(413, "text/plain", nil), nil, 2)}
	for range 100 {
		x.book.add(logbook.GeneratorStarted)
	}
	x.run(t, func() { pass(time.Hour) })
	var sizes []int
	for _, a := range x.tried() {
		sizes = append(sizes, len(a.seqs))
	}
	if len(sizes) < 3 || sizes[0] != 100 || sizes[1] > 50 || slices.Max(sizes[2:]) > 25 || len(sizes) > 8 || x.book.Status().Acknowledged != 100 {
		t.Fatalf("sizes %v, acknowledged %d", sizes, x.book.Status().Acknowledged)
	}
}

// What is no well-formed answer acknowledges nothing.
func TestNoAnswerButTheProtocolsAcknowledges(t *testing.T) {
	html := []byte("<html>Sign in, mole@example.org</html>")
	for name, r := range map[string]*http.Response{
		"a captive portal":      answer(200, "text/html", html),
		"no content type":       answer(200, "", nil),
		"JSON":                  answer(200, "application/json", []byte("{}")),
		"HTML under the type":   answer(200, contentType, html),
		"truncated":             answer(200, contentType, partial(3, "some words")[:9]),
		"a negative count":      answer(200, contentType, partial(-3, "")),
		"huge":                  answer(200, contentType, append(partial(0, "x"), bytes.Repeat(partial(0, ""), 50_000)...)),
		"accepted, not done":    answer(202, contentType, nil),
		"a redirect":            answer(302, "text/html", html, "Location", "http://portal.test/"),
		"a redirect that posts": answer(307, "text/html", html, "Location", "http://portal.test/"),
		"511":                   answer(511, "text/html", html),
		"cut": {StatusCode: 200, Header: http.Header{"Content-Type": {contentType}},
			Body: io.NopCloser(io.MultiReader(bytes.NewReader(partial(0, "x")), failing{}))},
	} {
		x := &trial{answers: []func() (*http.Response, error){func() (*http.Response, error) { return r, nil }}}
		x.book.add(logbook.GeneratorStarted)
		x.run(t, func() {
			if x.book.Status().Acknowledged != 0 || len(x.tried()) != 1 {
				t.Errorf("%s: acknowledged %d in %d attempts", name, x.book.Status().Acknowledged, len(x.tried()))
			}
			pass(time.Minute)
		})
		if len(x.reports) != 2 || x.reports[0].Trouble == "" || strings.Contains(x.reports[0].Trouble, "mole") {
			t.Errorf("%s: %+v", name, x.reports)
		}
		if x.book.Status().Acknowledged != 1 || len(x.tried()) != 2 {
			t.Errorf("%s: acknowledged %d in %d attempts", name, x.book.Status().Acknowledged, len(x.tried()))
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestPartialSuccessDoesNotBlock(t *testing.T) {
	x := &trial{answers: always(answer(200, contentType+"; charset=x", partial(2, "bad mole@example.org")), nil, 1)}
	x.book.add(logbook.GeneratorStarted, logbook.GeneratorStopped, logbook.GeneratorStarted)
	x.run(t, func() { pass(time.Hour) })
	if len(x.tried()) != 1 || x.book.Status().Acknowledged != 3 || len(x.reports) != 1 || x.book.refused != 2 {
		t.Fatalf("attempts %v, reports %+v", x.tried(), x.reports)
	}
	if r := x.reports[0]; r.Events != 1 || r.Rejected != 2 || !strings.Contains(r.Trouble, "rejected 2 of 3") || strings.Contains(r.Trouble, "mole") {
		t.Fatalf("report %+v", r)
	}
}

func TestBatchesAreBounded(t *testing.T) {
	x := &trial{}
	for range 1000 {
		x.book.add(logbook.GeneratorStarted)
	}
	x.run(t, func() {})
	if len(x.tried()) != 4 || x.book.Status().Acknowledged != 1000 {
		t.Fatalf("%d attempts", len(x.tried()))
	}
	for _, a := range x.tried() {
		if len(a.seqs) > maxEvents {
			t.Fatalf("a batch of %d", len(a.seqs))
		}
	}
	// Attributes beyond all measure, which nothing but the test's switch lets through.
	defer private.WithholdNothing()()
	y := &trial{}
	for range 40 {
		y.book.add(logbook.GeneratorStarted)
		y.book.events[len(y.book.events)-1].Attributes = map[string]any{"x": strings.Repeat("y", 100_000)}
	}
	y.run(t, func() {})
	if len(y.tried()) < 8 || y.book.Status().Acknowledged != 40 {
		t.Fatalf("%d attempts, acknowledged %d", len(y.tried()), y.book.Status().Acknowledged)
	}
}

func TestOnlyTheSchemaLeaves(t *testing.T) {
	e := logbook.Event{Log: "l", Seq: 1, Boot: "mole's van", Name: logbook.BatteryLevel, Attributes: map[string]any{
		"level": "good", "percent": 7, "who": "mole", "restored": true}}
	b, err := encode("Van 2", []logbook.Event{e, {Log: "l", Seq: 2, Name: "mole.seen"}}, time.Unix(1, 0), 0)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("mole")) || bytes.Contains(b, []byte("restored")) || !bytes.Contains(b, []byte("percent")) {
		t.Fatalf("%q", b)
	}
	defer private.WithholdNothing()()
	if b, _ = encode("Van 2", []logbook.Event{e}, time.Unix(1, 0), 0); !bytes.Contains(b, []byte("mole")) {
		t.Fatal("the test finds nothing either way")
	}
}

func TestErrorsOfTheBookEndRun(t *testing.T) {
	broken := errors.New("broken")
	x := &trial{}
	x.book.err = broken
	x.run(t, func() {})
	if !errors.Is(x.err, broken) {
		t.Fatal(x.err)
	}
}

func TestEndpoint(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.test":             "https://a.test/v1/logs",
		"https://a.test/":            "https://a.test/v1/logs",
		"https://a.test/x//":         "https://a.test/x/v1/logs",
		"http://a.test:4318/v1/logs": "http://a.test:4318/v1/logs",
		"http://a.test/v1/logs/":     "http://a.test/v1/logs",
		"http://a.test/otlp?key=1":   "http://a.test/otlp/v1/logs?key=1",
	} {
		if got, err := endpoint(in); got != want || err != nil {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "a.test", "ftp://a.test", "https:///v1/logs", "http://mole:secret@[::1"} {
		if got, err := endpoint(in); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
}

// live is Run against something that listens, with a real store.
func live(t *testing.T, url string, events int) (book *store.Store, reports chan Uploaded) {
	t.Helper()
	book, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list := make([]logbook.Event, events)
	for i := range list {
		list[i] = logbook.Event{Boot: "b-1", Mono: time.Duration(i), Name: logbook.TimetableLoaded, Attributes: map[string]any{"services": i}}
	}
	if _, err := book.Append(list); err != nil {
		t.Fatal(err)
	}
	reports = make(chan Uploaded, 10_000)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- Run(ctx, Options{Endpoint: url, Client: client.New(client.Options{}).HTTP(client.Upload),
			FirstDelay: 5 * time.Millisecond, MaxDelay: 20 * time.Millisecond, RareDelay: 20 * time.Millisecond},
			book, func() bool { return true }, nil, func(u Uploaded) { reports <- u })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		book.Close()
	})
	return book, reports
}

// next is the next report; hang guard included.
func next(t *testing.T, reports <-chan Uploaded) Uploaded {
	t.Helper()
	select {
	case u := <-reports:
		return u
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing happens any more")
		return Uploaded{}
	}
}

func arrive(t *testing.T, book *store.Store, reports <-chan Uploaded) {
	t.Helper()
	for book.Status().Acknowledged < book.Status().Last {
		next(t, reports)
	}
}

func TestEveryEventArrivesOnceAtTheGateway(t *testing.T) {
	file := filepath.Join(t.TempDir(), "received")
	g, err := gateway.Start(gateway.Options{ReceivedFile: file})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	g.Plant([]string{"mole@example.org"})
	if err := g.Set(func(s *gateway.Switches) { s.Receiver = 503 }); err != nil {
		t.Fatal(err)
	}
	book, reports := live(t, g.Endpoints().Receiver, 700)
	for _, change := range []func(*gateway.Switches){
		func(s *gateway.Switches) { s.Receiver = 429 },
		func(s *gateway.Switches) { s.Receiver, s.Cellular = 0, gateway.Down },
		func(s *gateway.Switches) { s.Cellular = gateway.Captive },
		func(s *gateway.Switches) { s.Cellular = gateway.Up },
	} {
		if u := next(t, reports); u.Trouble == "" || strings.Contains(u.Trouble, "127.0.0.1") || strings.Contains(u.Trouble, "mole") {
			t.Fatalf("%+v", u)
		}
		if err := g.Set(change); err != nil {
			t.Fatal(err)
		}
	}
	arrive(t, book, reports)
	times := map[string]int{}
	for _, r := range lines(t, file) {
		times[fmt.Sprint(r.Log, r.Seq)]++
		if r.Boot != "b-1" || r.Name != "timetable.loaded" || r.Attributes["services"] != float64(r.Seq-1) || r.At != "" {
			t.Fatalf("%+v", r)
		}
	}
	if len(times) != 700 {
		t.Fatalf("%d arrived", len(times))
	}
	for key, n := range times {
		if n != 1 {
			t.Fatalf("%s arrived %d times", key, n)
		}
	}
}

func lines(t *testing.T, file string) (list []gateway.Received) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var r gateway.Received
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// An answer that is lost means that the same events come again, and nothing
// but them: who dedups by the key has each once.
func TestALostAnswerMeansTheSameAgain(t *testing.T) {
	var mu sync.Mutex
	requests := 0
	times := map[uint64]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests++
		if r.URL.Path != "/v1/logs" || r.Header.Get("Content-Type") != contentType || r.Method != http.MethodPost {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		for _, seq := range decode(t, r) {
			times[seq]++
		}
		switch requests {
		case 1: // cut before the answer
			panic(http.ErrAbortHandler)
		case 2: // cut within it
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("Content-Length", "50")
			w.Write(partial(0, "x"))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", contentType)
	}))
	defer server.Close()
	book, reports := live(t, server.URL+"/", 300)
	for range 2 {
		if u := next(t, reports); u.Trouble == "" {
			t.Fatalf("%+v", u)
		}
	}
	arrive(t, book, reports)
	mu.Lock()
	defer mu.Unlock()
	if len(times) != 300 || times[1] != 3 || times[256] != 3 || times[257] != 1 {
		t.Fatalf("%d arrived; first %d, last %d times", len(times), times[1], times[300])
	}
}

func FuzzParse(f *testing.F) {
	f.Add(contentType, []byte(nil))
	f.Add(contentType, partial(3, "words"))
	f.Add(contentType+"; q=1", partial(-1, ""))
	f.Add("text/html", []byte("<html>"))
	f.Add(contentType, []byte("<html>"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		rejected, message, err := parse(200, false, kind, body)
		if rejected < 0 || err != nil && (rejected != 0 || message != "") {
			t.Fatalf("%d, %v", rejected, err)
		}
		if err == nil && !strings.Contains(strings.ToLower(kind), contentType) {
			t.Fatalf("%q taken for the protocol", kind)
		}
	})
}

// For a receiver that takes nothing old, what is older travels by the time at which it is
// sent, with its own beside that.
func TestWhatIsOldTravelsByTheTimeAtWhichItIsSent(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		what      string
		at        time.Time
		recent    time.Duration
		time, own time.Time
	}{
		{"three weeks old, to one that takes all", now.AddDate(0, 0, -21), 0, now.AddDate(0, 0, -21), time.Time{}},
		{"three weeks old", now.AddDate(0, 0, -21), 144 * time.Hour, now, now.AddDate(0, 0, -21)},
		{"of now", now.Add(-144 * time.Hour), 144 * time.Hour, now.Add(-144 * time.Hour), time.Time{}},
		{"of a wrong clock, to come", now.AddDate(1, 0, 0), 144 * time.Hour, now.AddDate(1, 0, 0), time.Time{}},
		{"of nobody knows when", time.Time{}, 144 * time.Hour, time.Time{}, time.Time{}},
	} {
		b, err := encode("", []logbook.Event{{Log: "l", Seq: 1, At: c.at, Name: logbook.SystemStopping}}, now, c.recent)
		if err != nil {
			t.Fatal(err)
		}
		var request collector.ExportLogsServiceRequest
		if err := proto.Unmarshal(b, &request); err != nil {
			t.Fatal(err)
		}
		r := request.ResourceLogs[0].ScopeLogs[0].LogRecords[0]
		own := int64(0)
		for _, a := range r.Attributes {
			if a.Key == "infobus.time_ns" {
				own = a.Value.GetIntValue()
			}
		}
		ns := func(t time.Time) int64 {
			if t.IsZero() {
				return 0
			}
			return t.UnixNano()
		}
		if int64(r.TimeUnixNano) != ns(c.time) || own != ns(c.own) {
			t.Errorf("%s: time %d, own %d; want %d, %d", c.what, r.TimeUnixNano, own, ns(c.time), ns(c.own))
		}
	}
}
