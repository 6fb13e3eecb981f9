package upload

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"infobus/durable/durabletest"
	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/logbook/store/storetest"
)

// One record that a receiver never takes is found and set aside, whatever the
// receiver says of it, and holds up no other.
func TestARecordThatIsRefusedIsSetAside(t *testing.T) {
	for _, status := range []int{400, 422, 500} {
		for _, poison := range [][]uint64{{100}, {1}, {300}, {99, 100, 101}, {20, 200}} {
			x := &trial{}
			for range 300 {
				x.book.add(logbook.GeneratorStarted)
			}
			x.answer = func(seqs []uint64) (*http.Response, error) {
				if slices.ContainsFunc(poison, func(p uint64) bool { return slices.Contains(seqs, p) }) {
					return answer(status, "text/plain", nil), nil
				}
				return well(), nil
			}
			arrived := map[uint64]int{}
			x.took = func(seqs []uint64) {
				for _, s := range seqs {
					arrived[s]++
				}
			}
			x.run(t, func() {
				pass(3 * time.Hour)
				x.book.add(logbook.DeviceFailed) // something is taken behind the last one
				x.poke()
				pass(3 * time.Hour)
			})
			if len(arrived) != 301-len(poison) || x.book.refused != len(poison) || x.book.acked != 300 {
				t.Errorf("%d for %v: %d arrived, %d were set aside, acknowledged are %d", status, poison, len(arrived), x.book.refused, x.book.acked)
			}
			for seq, n := range arrived {
				if n > 1+len(poison) || n > 1 && !slices.Contains(poison, seq+1) { // that one was the proof
					t.Errorf("%d for %v: %d arrived %d times", status, poison, seq, n)
				}
			}
			if n := len(x.tried()); n > 120 {
				t.Errorf("%d for %v: %d requests", status, poison, n)
			}
		}
	}
}

// A receiver that refuses everything costs no event, and is asked rarely.
func TestAReceiverThatRefusesEverythingCostsNoEvent(t *testing.T) {
	for _, status := range []int{400, 413, 500} {
		x := &trial{}
		for range 300 {
			x.book.add(logbook.GeneratorStarted)
		}
		x.book.add(logbook.DeviceFailed)
		closed := true
		x.answer = func([]uint64) (*http.Response, error) {
			if closed {
				return answer(status, "text/html", []byte("<html>")), nil
			}
			return well(), nil
		}
		arrived := map[uint64]bool{}
		x.took = func(seqs []uint64) {
			for _, s := range seqs {
				arrived[s] = true
			}
		}
		x.run(t, func() {
			pass(24 * time.Hour)
			if n := len(x.tried()); n > 5000 || x.book.refused != 0 || x.book.acked != 0 {
				t.Errorf("%d: %d requests in a day, %d events set aside", status, n, x.book.refused)
			}
			x.mu.Lock()
			closed = false
			x.mu.Unlock()
			pass(2 * time.Hour)
		})
		if x.book.refused != 0 || len(arrived) != 301 || x.book.acked != 300 || x.book.urgent != 301 {
			t.Errorf("%d: once it takes them, %d arrive, %d are set aside", status, len(arrived), x.book.refused)
		}
	}
}

// What is not urgent waits for company, and goes with the next that is urgent.
func TestCompany(t *testing.T) {
	x := &trial{company: 30 * time.Minute}
	x.book.add(logbook.GeneratorStarted)
	x.run(t, func() {
		pass(20 * time.Minute)
		x.book.add(logbook.GeneratorStopped)
		x.poke()
		if len(x.tried()) != 0 {
			t.Errorf("sent alone: %v", x.tried())
		}
		pass(11 * time.Minute)
		if len(x.tried()) != 1 || len(x.tried()[0].seqs) != 2 {
			t.Errorf("after half an hour: %v", x.tried())
		}
		x.book.add(logbook.GeneratorStarted)
		x.poke()
		x.book.add(logbook.PowerShutdown)
		x.poke()
		if got := x.tried()[1:]; len(got) != 2 || !slices.Equal(got[0].seqs, []uint64{4}) || !slices.Equal(got[1].seqs, []uint64{3}) {
			t.Errorf("with an urgent one: %v", got)
		}
		x.book.add(logbook.GeneratorStopped)
		x.poke()
		x.now <- struct{}{}
		synctest.Wait()
		if len(x.tried()) != 4 {
			t.Errorf("somebody asked: %v", x.tried())
		}
		x.book.add(logbook.SyncUploaded)
		x.poke()
		pass(24 * time.Hour)
		if len(x.tried()) != 4 {
			t.Errorf("that an upload went well was sent for itself: %v", x.tried())
		}
	})
}

// Who proved by TLS to be the receiver says so with any 2xx; but a page is a page.
func TestReceiptsOverVerifiedTLS(t *testing.T) {
	proved := &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{}}}}
	for _, c := range []struct {
		status     int
		kind, body string
		tls        *tls.ConnectionState
		receipt    bool
		rejected   int
	}{
		{204, "", "", proved, true, 0},
		{202, "", "", proved, true, 0},
		{200, "text/plain", "ok", proved, true, 0},
		{200, "application/json", "{}", proved, true, 0},
		{200, "application/json", `{"partialSuccess":{"rejectedLogRecords":"1"}}`, proved, true, 1},
		{200, contentType, string(partial(1, "x")), proved, true, 1},
		{200, contentType, string(partial(1, strings.Repeat("x", 1<<20))), proved, true, 1},
		{200, "text/html", "<html>Sign in", proved, false, 0},
		{200, "", " <!DOCTYPE html>", proved, false, 0},
		{302, "", "", proved, false, 0},
		{204, "", "", nil, false, 0},
		{204, "", "", &tls.ConnectionState{}, false, 0},
		{200, "application/json", "{}", nil, false, 0},
	} {
		x := &trial{answers: []func() (*http.Response, error){func() (*http.Response, error) {
			r := answer(c.status, c.kind, []byte(c.body))
			r.TLS = c.tls
			return r, nil
		}}}
		x.book.add(logbook.GeneratorStarted)
		x.run(t, func() {
			if (x.book.acked == 1) != c.receipt || x.book.refused != c.rejected {
				t.Errorf("%+v: acknowledged %d, refused %d", c, x.book.acked, x.book.refused)
			}
		})
	}
}

// The last try sends what there is, in both lanes, without waiting, and ends.
func TestTheLastTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []uint64
		ok := true
		o := Options{Endpoint: "http://receiver.test", Company: time.Hour, Client: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			if !ok {
				return nil, errors.New("cut")
			}
			got = append(got, decode(t, r)...)
			return well(), nil
		})}}
		book := &shelf{}
		book.add(logbook.GeneratorStarted, logbook.PowerShutdown, logbook.SystemStopping)
		yes := func() bool { return true }
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		begun := time.Now()
		if err := Last(ctx, o, book, yes, func(Uploaded) {}); err != nil || !slices.Equal(got, []uint64{2, 1, 3}) || time.Since(begun) != 0 {
			t.Errorf("sent %v, %v, after %v", got, err, time.Since(begun))
		}
		ok = false
		book.add(logbook.SystemStopping)
		if err := Last(ctx, o, book, yes, func(Uploaded) {}); err == nil || time.Since(begun) != 0 {
			t.Errorf("%v, after %v", err, time.Since(begun))
		}
	})
}

// bad is a receiver at the end of a bad link, both on a schedule made from a seed.
type bad struct {
	mu     sync.Mutex
	random *rand.Rand
	until  time.Time
	fault  string
	calm   bool
	poison map[uint64]int // by seq: with which status it is refused
	most   int            // bytes that are taken at a time; 0: any number
	empty  bool           // receipts are 204, by a receiver that TLS proved

	order   []uint64
	arrived map[uint64]int
}

var faults = []string{"", "", "down", "reset", "429", "503", "500", "stall", "lost", "truncated", "page", "502 after"}

func (b *bad) now() string {
	if b.calm {
		return ""
	}
	if time.Now().After(b.until) {
		b.until = time.Now().Add(time.Duration(b.random.Int64N(int64(40 * time.Minute))))
		b.fault = faults[b.random.IntN(len(faults))]
	}
	if b.fault == "500" && b.random.IntN(3) > 0 {
		return ""
	}
	return b.fault
}

func (b *bad) usable() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now() != "down"
}

func (b *bad) answer(t *testing.T, r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	fault := b.now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	seqs := decode(t, r)
	b.mu.Unlock()
	if fault == "stall" {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch fault {
	case "down", "reset":
		return nil, errors.New("connection reset")
	case "429", "503":
		return answer(map[string]int{"429": 429, "503": 503}[fault], "", nil, "Retry-After", fmt.Sprint(b.random.IntN(300))), nil
	case "500":
		return answer(500, "", nil), nil
	case "page":
		return answer(200, "text/html", []byte("<html>Sign in</html>")), nil
	}
	if b.most > 0 && len(body) > b.most {
		return answer(413, "", nil), nil
	}
	for _, s := range seqs {
		if status := b.poison[s]; status != 0 {
			return answer(status, "", nil), nil
		}
	}
	for _, s := range seqs {
		if b.arrived[s]++; b.arrived[s] == 1 {
			b.order = append(b.order, s)
		}
	}
	switch fault {
	case "lost":
		return nil, errors.New("connection reset")
	case "502 after":
		return answer(502, "", nil), nil
	case "truncated":
		a := answer(200, contentType, partial(0, "x"))
		a.Body = io.NopCloser(io.MultiReader(bytes.NewReader([]byte{10}), failing{}))
		return a, nil
	}
	if b.empty {
		a := answer(204, "", nil)
		a.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{}}}}
		return a, nil
	}
	return well(), nil
}

// day is a day of events over such a link, and the day after it.
func day(t *testing.T, seed uint64) error {
	var wrong error
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(seed, 9))
		disk := storetest.New(seed)
		defer disk.Close()
		book, err := store.Open("/day", store.Options{Disk: disk})
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		b := &bad{random: rand.New(rand.NewPCG(seed, 10)), poison: map[uint64]int{}, arrived: map[uint64]int{}, most: []int{0, 300, 2000}[random.IntN(3)], empty: seed%2 == 1}
		for range random.IntN(5) {
			b.poison[1+random.Uint64N(200)] = []int{400, 422, 500}[random.IntN(3)]
		}
		wake := make(chan struct{}, 1)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- Run(ctx, Options{Endpoint: "https://receiver.test", Company: 30 * time.Minute, Client: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) { return b.answer(t, r) })}},
				book, b.usable, wake, func(Uploaded) {})
		}()
		names := []logbook.Name{logbook.TimetableLoaded, logbook.KioskRefreshed, logbook.UplinkChanged, logbook.GeneratorStarted, logbook.DeviceFailed, logbook.PowerShutdown}
		append_ := func(n int) {
			var list []logbook.Event
			for range n {
				list = append(list, logbook.Event{Boot: "b-1", Mono: time.Duration(random.IntN(1e9)), At: time.Now(), Name: names[random.IntN(len(names))]})
			}
			if _, err := book.Append(list); err != nil {
				t.Fatal(err)
			}
			select {
			case wake <- struct{}{}:
			default:
			}
		}
		for range 60 {
			append_(1 + random.IntN(8))
			time.Sleep(time.Duration(random.Int64N(int64(45 * time.Minute))))
		}
		b.mu.Lock()
		b.calm = true
		b.mu.Unlock()
		for range 24 {
			time.Sleep(time.Hour)
			append_(1) // by which a refusal is told from a receiver that refuses all
		}
		time.Sleep(24 * time.Hour)
		cancel()
		<-ended
		events, err := book.After(0, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		said, tellings := 0, 0 // of which it is not told that they were refused themselves
		last := map[bool]uint64{}
		urgent := map[uint64]bool{}
		for _, e := range events {
			urgent[e.Seq] = logbook.Urgent(e)
			if e.Attributes["reason"] == "refused" {
				said += int(e.Attributes["events"].(float64))
				if b.poison[e.Seq] > 0 {
					tellings++
				}
			}
			if n := b.arrived[e.Seq]; n == 0 && b.poison[e.Seq] == 0 {
				wrong = fmt.Errorf("event %d of %d, %s, never arrived", e.Seq, len(events), e.Name)
			}
		}
		for _, seq := range b.order {
			if seq < last[urgent[seq]] {
				wrong = fmt.Errorf("event %d arrived after %d", seq, last[urgent[seq]])
			}
			last[urgent[seq]] = seq
		}
		if w := book.Status().Waiting; w != 0 && wrong == nil {
			wrong = fmt.Errorf("%d wait for ever", w)
		}
		if (said > len(b.poison) || said < len(b.poison)-tellings) && wrong == nil {
			wrong = fmt.Errorf("%d are said to be set aside, %d are refused, %d of them tell of others", said, len(b.poison), tellings)
		}
	})
	return wrong
}

func TestADayOverABadLink(t *testing.T) {
	seeds, side := uint64(durabletest.Seeds(20, 1000)), uint64(runtime.GOMAXPROCS(0))
	for first := range side {
		t.Run(fmt.Sprint("from seed ", first), func(t *testing.T) {
			t.Parallel()
			for seed := first; seed < seeds; seed += side {
				if err := day(t, seed); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			}
		})
	}
}
