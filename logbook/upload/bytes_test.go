package upload

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/netmon/client"
)

// What an event costs over TLS, both ways, without TCP's headers. The bounds are
// some over what was measured.
func TestWhatAnEventCosts(t *testing.T) {
	requests := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		requests++
		if r.ProtoMajor != 2 {
			t.Errorf("HTTP/%d", r.ProtoMajor)
		}
		w.Header().Set("Content-Type", contentType)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", roots) // before anything in this process verifies
	cost := func(c *client.Client, close bool, book *shelf, e logbook.Event) int64 {
		t.Helper()
		before := c.Usage()[client.Upload]
		book.put(e)
		o := Options{Endpoint: server.URL, Client: c.HTTP(client.Upload)}
		if err := Last(t.Context(), o, book, func() bool { return true }, func(Uploaded) {}); err != nil {
			t.Fatal(err)
		}
		if close {
			c.CloseIdle()
		}
		after := c.Usage()[client.Upload]
		return after.Sent + after.Received - before.Sent - before.Received
	}
	event := func(i int) logbook.Event {
		return logbook.Event{Mono: time.Duration(i) * 17 * time.Minute, At: time.Date(2026, 11, 23, 9, i, 0, 0, time.UTC), Name: logbook.UplinkChanged,
			Attributes: map[string]any{"verdict": "ok", "previous": "slow", "seconds": 100 + i}}
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
		first := cost(http, c.close, book, event(0))
		var sum int64
		const n = 20
		for i := range n {
			sum += cost(http, c.close, book, event(i+1))
		}
		t.Logf("%s: %d B an event, the first %d B", c.name, sum/n, first)
		if sum/n > c.most {
			t.Errorf("%s: %d B, at most %d were expected", c.name, sum/n, c.most)
		}
	}

	// An online day: 2,000 events, of which what is not urgent goes twice an hour.
	c, book := client.New(client.Options{}), &shelf{}
	o := Options{Endpoint: server.URL, Client: c.HTTP(client.Upload)}
	was := requests
	for i := range 2000 {
		book.put(event(i))
		if i%42 == 41 || i == 1999 {
			if err := Last(t.Context(), o, book, func() bool { return true }, func(Uploaded) {}); err != nil {
				t.Fatal(err)
			}
		}
	}
	u := c.Usage()[client.Upload]
	t.Logf("2,000 events over a day: %d B in %d requests", u.Sent+u.Received, requests-was)
	if total := u.Sent + u.Received; total > 300_000 {
		t.Errorf("2,000 events over a day: %d B", total)
	}
}
