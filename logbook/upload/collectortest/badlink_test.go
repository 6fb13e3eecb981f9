package collectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/logbook/upload"
)

// link is a way to the receiver that does what a schedule from a seed says.
type link struct {
	base http.RoundTripper

	mu     sync.Mutex // guards the rest
	random *rand.Rand
	left   int // requests of the present fault
	fault  string
	calm   bool
	most   int
}

func (l *link) now() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calm {
		return ""
	}
	if l.left--; l.left < 0 {
		list := []string{"", "", "drop", "lost", "429", "503", "500", "stall", "truncated", "page"}
		l.fault, l.left = list[l.random.IntN(len(list))], l.random.IntN(6)
	}
	return l.fault
}

func (l *link) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	short := func(status int, text string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(bytes.NewReader([]byte(text))), Request: r}, nil
	}
	fault := l.now()
	switch fault {
	case "drop":
		return nil, errors.New("connection reset")
	case "429", "503", "500":
		return short(map[string]int{"429": 429, "503": 503, "500": 500}[fault], "")
	case "page":
		return short(200, "<html>Sign in</html>")
	case "stall":
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if l.most > 0 && len(body) > l.most {
		return short(413, "")
	}
	answer, err := l.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	switch fault {
	case "lost":
		answer.Body.Close()
		return nil, errors.New("connection reset")
	case "truncated":
		answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader([]byte{10}), broken{}))
	}
	return answer, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// ledger is what arrived, in order, by seq; it refuses some for good.
type ledger struct {
	mu     sync.Mutex
	poison map[int64]bool
	order  []int64
}

func (s *ledger) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (s *ledger) ConsumeLogs(_ context.Context, all plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	seqs := seqsOf(all)
	if slices.ContainsFunc(seqs, func(n int64) bool { return s.poison[n] }) {
		return consumererror.NewPermanent(errors.New("not this one"))
	}
	for _, n := range seqs {
		if !slices.Contains(s.order, n) {
			s.order = append(s.order, n)
		}
	}
	return nil
}

func seqsOf(all plog.Logs) (seqs []int64) {
	for _, resource := range all.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				seq, _ := record.Attributes().Get("infobus.seq")
				seqs = append(seqs, seq.Int())
			}
		}
	}
	return seqs
}

// The collector's receiver at the end of a bad link: every event arrives, in order
// in its lane, but those that it refuses for good; and those are told of.
func TestTheCollectorOverABadLink(t *testing.T) {
	seeds := uint64(15)
	if os.Getenv("INFOBUS_SOAK") != "" {
		seeds = 1000
	}
	into := &ledger{}
	address := freeAddress(t)
	defer listen(t, address, into)()
	for seed := range seeds {
		if err := over(t, seed, "http://"+address, into); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

func over(t *testing.T, seed uint64, endpoint string, into *ledger) error {
	random := rand.New(rand.NewPCG(seed, 1))
	book, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	l := &link{base: base, random: rand.New(rand.NewPCG(seed, 2)), most: []int{0, 400, 2000}[random.IntN(3)]}
	into.mu.Lock()
	into.order, into.poison = nil, map[int64]bool{}
	for range random.IntN(3) {
		into.poison[1+random.Int64N(100)] = true
	}
	into.mu.Unlock()
	names := []logbook.Name{logbook.SystemStarted, logbook.TimetableLoaded, logbook.KioskRefreshed, logbook.DeviceFailed}
	wake := make(chan struct{}, 1)
	write := func(n int) {
		var list []logbook.Event
		for range n {
			list = append(list, logbook.Event{Boot: "b-1", Mono: time.Duration(random.IntN(1e9)), Name: names[random.IntN(len(names))]})
		}
		if _, err := book.Append(list); err != nil {
			t.Fatal(err)
		}
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	reports := make(chan upload.Uploaded, 100_000)
	go func() {
		ended <- upload.Run(ctx, upload.Options{Endpoint: endpoint, Client: &http.Client{Transport: l}, Timeout: 20 * time.Millisecond,
			Every: 5 * time.Millisecond, FirstDelay: time.Millisecond, MaxDelay: 4 * time.Millisecond, RareDelay: 5 * time.Millisecond},
			book, func() bool { return true }, wake, func(u upload.Uploaded) { reports <- u })
	}()
	for range 25 {
		write(1 + random.IntN(8))
		<-reports // some attempt, whatever became of it
	}
	l.mu.Lock()
	l.calm = true
	l.mu.Unlock()
	for range 12 { // until nothing waits; each time with an event more, by which a refusal is proven
		write(1)
		for range 200 {
			if book.Status().Waiting == 0 {
				break
			}
			select {
			case <-reports:
			case <-time.After(time.Second):
			}
		}
	}
	cancel()
	<-ended
	events, err := book.After(0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	into.mu.Lock()
	defer into.mu.Unlock()
	arrived, urgent := map[int64]bool{}, map[int64]bool{}
	for _, n := range into.order {
		arrived[n] = true
	}
	told, tellings := 0, 0 // of which it is not told that they were refused themselves
	for _, e := range events {
		urgent[int64(e.Seq)] = logbook.Urgent(e)
		if e.Attributes["reason"] == "refused" {
			told += int(e.Attributes["events"].(float64))
			if into.poison[int64(e.Seq)] {
				tellings++
			}
		}
		if !arrived[int64(e.Seq)] && !into.poison[int64(e.Seq)] {
			return fmt.Errorf("event %d of %d did not arrive", e.Seq, len(events))
		}
	}
	last := map[bool]int64{}
	for _, n := range into.order {
		if n < last[urgent[n]] {
			return fmt.Errorf("event %d arrived after %d", n, last[urgent[n]])
		}
		last[urgent[n]] = n
	}
	if told > len(into.poison) || told < len(into.poison)-tellings || book.Status().Waiting != 0 {
		return fmt.Errorf("%d are refused, %d of them tell of others, said are %d; %d wait", len(into.poison), tellings, told, book.Status().Waiting)
	}
	return nil
}
