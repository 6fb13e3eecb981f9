package upload

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"
	"time"

	"infobus/logbook"
)

// A receiver that is wrong for a day costs no event and few requests, also while events
// come; and once it is right all arrive, many at a time.
func TestADayOfAnOddReceiver(t *testing.T) {
	proved := &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{}}}}
	for name, c := range map[string]struct {
		status     int
		kind, body string
		header     []string
		most       int    // requests in the day
		said       string // in the trouble
	}{
		"a page":                                   {200, "text/html", "<html>", nil, 100, "a page answers"},
		"an answer that counts below zero":         {200, contentType, string(partial(-3, "x")), nil, 100, "not well-formed"},
		"an address that has moved":                {301, "", "", []string{"Location", "https://other.test/"}, 100, "points elsewhere"},
		"a token that is refused":                  {403, "", "", nil, 100, "refuses the token"},
		"a server of files":                        {501, "text/html", "<html>", nil, 100, "the endpoint may be another one"},
		"it takes nothing, however small":          {413, "", "", nil, 1000, "takes less at a time"},
		"it refuses all that is sent":              {422, "", "", nil, 1000, "refuses what is sent"},
		"it fails":                                 {500, "", "", nil, 1000, "busy or broken"},
		"it fails, and wants to be asked again":    {500, "", "", []string{"Retry-After", "1"}, 450, "busy or broken"},
		"busy, and wants to be asked each second":  {429, "", "", []string{"Retry-After", "1"}, 450, "busy or broken"},
		"busy, and wants to be asked in ten years": {429, "", "", []string{"Retry-After", "315360000"}, 100, "busy or broken"},
	} {
		x := &trial{company: 30 * time.Minute}
		for range 200 {
			x.book.add(logbook.GeneratorStarted)
		}
		x.book.add(logbook.DeviceFailed)
		odd := true
		x.answer = func([]uint64) (*http.Response, error) {
			r := well()
			if odd {
				r = answer(c.status, c.kind, []byte(c.body), c.header...)
			}
			r.TLS = proved
			return r, nil
		}
		x.run(t, func() {
			for range 24 * 12 {
				pass(5 * time.Minute)
				x.book.add(logbook.KioskRefreshed)
				x.poke()
			}
			day := len(x.tried())
			if said := x.reports[len(x.reports)-1].Trouble; day > c.most || !strings.Contains(said, c.said) {
				t.Errorf("%s: %d requests in a day, and %q", name, day, said)
			}
			x.mu.Lock()
			odd = false
			x.mu.Unlock()
			pass(65 * time.Minute)
			if n := len(x.tried()) - day; x.book.refused != 0 || x.book.acked != uint64(len(x.book.events)) || x.book.urgent != 201 || n > 20 {
				t.Errorf("%s: then up to %d and %d arrive in %d requests, %d are set aside", name, x.book.acked, x.book.urgent, n, x.book.refused)
			}
		})
	}
}

// What a receiver once took at a time is no measure for ever.
func TestASizeIsTriedAgainAfterADay(t *testing.T) {
	x := &trial{answers: always(answer(413, "", nil), nil, 2)}
	for range 250 {
		x.book.add(logbook.GeneratorStarted)
	}
	x.run(t, func() {
		pass(26 * time.Hour)
		for range 250 {
			x.book.add(logbook.GeneratorStarted)
		}
		before := len(x.tried())
		x.poke()
		if got := x.tried()[before:]; len(got) != 1 || len(got[0].seqs) != 250 {
			t.Errorf("a day later: %v", got)
		}
	})
}

// A connection is let go before a long wait, and kept through a short one.
func TestAConnectionRestsBeforeALongWait(t *testing.T) {
	x := &trial{answers: always(answer(413, "", nil), nil, 2)}
	rests := 0
	x.rest = func() { rests++ }
	for range 600 {
		x.book.add(logbook.GeneratorStarted)
	}
	x.run(t, func() {
		pass(time.Minute)
		if n := len(x.tried()); n < 5 || rests != 1 {
			t.Errorf("%d requests, %d rests", n, rests)
		}
	})
}

// A receiver that rejects all is told once of each event that it rejected, and not of that.
func TestARejectedTellingOfRejectedEventsIsNotTold(t *testing.T) {
	x := &trial{answer: func(seqs []uint64) (*http.Response, error) {
		return answer(200, contentType, partial(int64(len(seqs)), "quota")), nil
	}}
	x.book.add(logbook.GeneratorStarted, logbook.GeneratorStopped)
	x.run(t, func() {
		for range 10 { // as the recorder does, which counts what it was told
			if x.book.refused > 0 {
				x.book.refused = 0
				x.book.add(logbook.LogbookDropped)
				x.book.events[len(x.book.events)-1].Attributes = map[string]any{"events": 2., "reason": "refused"}
			}
			x.poke()
			pass(5 * time.Minute)
		}
	})
	if n := len(x.tried()); n != 2 || len(x.book.events) != 3 {
		t.Errorf("%d requests, %d events", n, len(x.book.events))
	}
}

// A way that comes and goes has a receiver that refuses everything asked a few times more,
// not ever more often.
func TestAWayThatComesAndGoesIsNoReasonToAskOften(t *testing.T) {
	x := &trial{answer: func([]uint64) (*http.Response, error) { return answer(400, "", nil), nil }}
	for range 200 {
		x.book.add(logbook.GeneratorStarted)
	}
	x.run(t, func() {
		for range 6 * 20 {
			pass(3 * time.Minute)
			x.usable.Store(false)
			x.poke()
			x.usable.Store(true)
			x.poke()
		}
	})
	if n := len(x.tried()); n > 120*5 || x.book.refused != 0 {
		t.Errorf("%d requests in six hours, %d are set aside", n, x.book.refused)
	}
}
