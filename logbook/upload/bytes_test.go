package upload

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/netmon/client"
	"infobus/sim/day/daytest"
	"infobus/van"
)

// costly is an event with what stands on every one.
func costly(i int) logbook.Event {
	return logbook.Event{Log: "9f2c4be01d77a3c5", Seq: uint64(i + 1), Boot: "5b0f4a52-6f0c-4a34-9a8f-0a3d5d1b8a11", Mono: time.Duration(i)*43*time.Second + 8102,
		At: time.Date(2026, 11, 23, 9, 0, 43*i, 301_123_456, time.UTC), Name: logbook.UplinkChanged, Attributes: map[string]any{"verdict": "ok", "previous": "slow", "seconds": 100 + i}}
}

// online sends so many events, of which what is not urgent goes twice an hour.
func online(t *testing.T, o Options, book *shelf, n int) {
	t.Helper()
	for i := range n {
		book.put(costly(i))
		if i%42 == 41 || i == n-1 {
			if err := Last(t.Context(), o, book, func() bool { return true }, func(Uploaded) {}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// receiver takes everything over TLS, and is trusted by this process.
func receiver(t *testing.T, see func(*http.Request)) (endpoint string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		see(r)
		w.Header().Set("Content-Type", contentType)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", roots) // before anything in this process verifies
	return server.URL
}

// What an event costs over TLS, both ways, without TCP's headers. The bounds are
// some over what was measured.
func TestWhatAnEventCosts(t *testing.T) {
	requests := 0
	endpoint := receiver(t, func(r *http.Request) {
		requests++
		if r.ProtoMajor != 2 {
			t.Errorf("HTTP/%d", r.ProtoMajor)
		}
	})
	cost := func(c *client.Client, close bool, book *shelf, e logbook.Event) int64 {
		t.Helper()
		before := c.Usage()[client.Upload]
		book.put(e)
		o := Options{Endpoint: endpoint, Client: c.HTTP(client.Upload)}
		if err := Last(t.Context(), o, book, func() bool { return true }, func(Uploaded) {}); err != nil {
			t.Fatal(err)
		}
		if close {
			c.CloseIdle()
		}
		after := c.Usage()[client.Upload]
		return after.Sent + after.Received - before.Sent - before.Received
	}
	for _, c := range []struct {
		name               string
		postQuantum, close bool
		most               int64
	}{
		{"a new connection, resumed", false, true, 2500},
		{"a new connection, resumed, with the hybrid key exchange", true, true, 5000},
		{"an open connection", false, false, 450},
	} {
		http := client.New(client.Options{PostQuantum: c.postQuantum})
		book := &shelf{}
		first := cost(http, c.close, book, costly(0))
		var sum int64
		const n = 20
		for i := range n {
			sum += cost(http, c.close, book, costly(i+1))
		}
		t.Logf("%s: %d B an event, the first %d B", c.name, sum/n, first)
		if sum/n > c.most {
			t.Errorf("%s: %d B, at most %d were expected", c.name, sum/n, c.most)
		}
	}

	// An online day.
	c, book := client.New(client.Options{}), &shelf{}
	o := Options{Endpoint: endpoint, Client: c.HTTP(client.Upload)}
	was := requests
	online(t, o, book, 2000)
	u := c.Usage()[client.Upload]
	t.Logf("2,000 events over a day: %d B in %d requests", u.Sent+u.Received, requests-was)
	if total := u.Sent + u.Received; total > 300_000 {
		t.Errorf("2,000 events over a day: %d B", total)
	}
}

// A month of days as the Monday of sim/day, with a sample each quarter of an hour that the
// box is on, by the uploader's own rules: what is not urgent waits for company, samples for
// what does not; the connection is kept while a session is on.
func TestWhatAMonthCosts(t *testing.T) {
	d, table := daytest.Read(t, "../../sim/day/testdata/monday.yaml")
	endpoint := receiver(t, func(*http.Request) {})
	var monday []logbook.Event
	if err := d.Play(van.DefaultOptions(), table, func(e logbook.Event) { monday = append(monday, e) }); err != nil {
		t.Fatal(err)
	}
	events := len(monday)
	for at := d.Start; at.Before(d.Start.Add(24 * time.Hour)); at = at.Add(15 * time.Minute) {
		n := float64(at.Unix() / 900 % 17)
		monday = append(monday, logbook.Event{At: at.Add(1234567 * time.Duration(1+n)), Name: logbook.VanSampled, Attributes: map[string]any{"minutes": 15., "percent": 84 - n, "volts": 12.7 - n/100,
			"amps": -1.4 - n/10, "generator_percent": 0., "internet_percent": 100 - n, "celsius": 12 + n/2, "board_celsius": 48 + n, "memory_mb": 31. + float64(int(n)%3)}})
	}
	slices.SortStableFunc(monday, func(a, b logbook.Event) int { return a.At.Compare(b.At) })
	c := client.New(client.Options{})
	o, sends := Options{Endpoint: endpoint, Client: c.HTTP(client.Upload)}, 0
	days := 8
	if os.Getenv("INFOBUS_SOAK") != "" {
		days = 30
	}
	for n := range days {
		book, session := &shelf{}, false
		var since time.Time // when something was first seen to wait
		for i, e := range monday {
			e.Log, e.Boot, e.Mono = costly(0).Log, costly(0).Boot, e.At.Sub(d.Start)+time.Hour
			e.At = e.At.AddDate(0, 0, n)
			if !since.IsZero() && e.At.Sub(since) >= 30*time.Minute || i == len(monday)-1 {
				if err := Last(t.Context(), o, book, func() bool { return true }, func(Uploaded) {}); err != nil {
					t.Fatal(err)
				}
				since = time.Time{}
				if sends++; !session {
					c.CloseIdle()
				}
			}
			book.put(e)
			switch {
			case e.Name == logbook.SessionStarted:
				session = true
			case e.Name == logbook.SessionEnded:
				session = false
			}
			if logbook.Urgent(e) {
				since = e.At.Add(-time.Hour) // at once
			} else if since.IsZero() && !logbook.Rides(e) {
				since = e.At
			}
		}
	}
	u := c.Usage()[client.Upload]
	month := (u.Sent + u.Received) * 30 / int64(days)
	t.Logf("%d days of %d events and %d samples: %d B in %d sendings; a month: %d B", days, events, len(monday)-events, u.Sent+u.Received, sends, month)
	if month > 2_000_000 {
		t.Errorf("a month: %d B", month)
	}
}
