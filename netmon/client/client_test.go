package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"infobus/hw"
	"infobus/netmon"
)

// meter is a listener that counts what crosses it, on the far side.
type meter struct {
	net.Listener
	read, written atomic.Int64
}

type meteredConn struct {
	net.Conn
	m *meter
}

func (m *meter) Accept() (net.Conn, error) {
	conn, err := m.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return meteredConn{conn, m}, nil
}

func (c meteredConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.m.read.Add(int64(n))
	return n, err
}

func (c meteredConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.m.written.Add(int64(n))
	return n, err
}

func TestBytesAreCountedAtTheSocketWithTLSAndForTheirPurpose(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() != "infobus" {
			t.Errorf("user agent %q", r.UserAgent())
		}
		io.Copy(io.Discard, r.Body)
		w.Write(bytes.Repeat([]byte("x"), 5000))
	}))
	m := &meter{Listener: server.Listener}
	server.Listener = m
	server.StartTLS()
	defer server.Close()

	c := New(Options{})
	transport := c.HTTP(Upload).Transport.(*outward).base
	transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	answer, err := c.HTTP(Upload).Post(server.URL, "text/plain", strings.NewReader(strings.Repeat("y", 3000)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || len(body) != 5000 {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	c.CloseIdle()
	server.Close() // all that was sent has been read

	u := c.Usage()[Upload]
	if u.Sent < 3000 || u.Received < 5000 {
		t.Errorf("%+v is less than the bodies", u)
	}
	if u.Received > m.written.Load() || u.Sent < m.read.Load() {
		t.Errorf("%+v, and the far side read %d and wrote %d", u, m.read.Load(), m.written.Load())
	}
	for _, p := range []Purpose{Probe, Dashboard, Timetable} {
		if (c.Usage()[p] != Usage{}) {
			t.Errorf("%s was charged for an upload: %+v", p, c.Usage()[p])
		}
	}
}

func TestOnlyATimetableFollowsARedirect(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/from", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/to", http.StatusFound) })
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	server := httptest.NewServer(mux)
	defer server.Close()
	c := New(Options{})
	for p, want := range map[Purpose]int{Probe: 302, Dashboard: 302, Upload: 302, Timetable: 200} {
		answer, err := c.HTTP(p).Get(server.URL + "/from")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", p, answer.StatusCode, want)
		}
	}
	if _, err := c.HTTP(Timetable).Get(server.URL + "/round"); err == nil {
		t.Error("a redirect in a circle was followed to its end")
	}
}

func TestNamesAreAskedOfTheConfiguredResolverAndCounted(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())

	dns, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer dns.Close()
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := dns.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
					Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
			}
			answer, _ := m.Pack()
			dns.WriteTo(answer, from)
		}
	}()

	c := New(Options{Resolver: dns.LocalAddr().String()})
	answer, err := c.HTTP(Timetable).Get("http://guide.example.test:" + port)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()

	name := New(Options{Resolver: dns.LocalAddr().String()})
	conn, err := name.Dial(t.Context(), Probe, "tcp", "guide.example.test:"+port)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if u := name.Usage()[Probe]; u.Sent == 0 || u.Received == 0 {
		t.Errorf("the look-up was not counted: %+v", u)
	}
}

func TestErrorsHoldNoAddressAndNoTextFromOutside(t *testing.T) {
	const secret = "aa:bb:cc:dd:ee:ff"
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := closed.Addr().String()
	closed.Close()
	garbage, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer garbage.Close()
	answers := []string{
		secret + " is no HTTP\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://[" + secret + "\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + secret + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secret + "\r\n\r\n",
	}
	go func() {
		for i := 0; ; i++ {
			conn, err := garbage.Accept()
			if err != nil {
				return
			}
			http.ReadRequest(bufio.NewReader(conn))
			io.WriteString(conn, answers[i%len(answers)])
			conn.Close()
		}
	}()
	c := New(Options{})
	check := func(err error, host string) {
		t.Helper()
		var e *Error
		if err == nil {
			return
		}
		if !errors.As(err, &e) {
			t.Fatalf("%v is no Error", err)
		}
		if strings.Contains(err.Error(), secret) || strings.Contains(e.Error(), host) {
			t.Errorf("%v", err)
		}
	}
	failures := 0
	for range answers {
		_, err := c.HTTP(Probe).Get("http://" + garbage.Addr().String())
		check(err, "127.0.0.1")
		if err != nil {
			failures++
		}
	}
	if failures < 3 {
		t.Errorf("only %d of the answers failed", failures)
	}
	_, err = c.HTTP(Probe).Get("http://" + refused)
	check(err, "127.0.0.1")
	if !errors.Is(err, ErrRefused) {
		t.Errorf("%v is not refused", err)
	}
	_, err = c.Dial(t.Context(), Probe, "tcp", refused)
	check(err, "127.0.0.1")
	if !errors.Is(err, ErrRefused) {
		t.Errorf("%v is not refused", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	_, err = c.Dial(ctx, Probe, "tcp", refused)
	if !errors.Is(err, hw.ErrTimeout) {
		t.Errorf("%v is no timeout", err)
	}
}

func TestAnAnswerThatIsCutShortNamesNoAddress(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Write([]byte("half"))
		http.NewResponseController(w).Flush()
		conn, _, _ := http.NewResponseController(w).Hijack()
		conn.(*net.TCPConn).SetLinger(0) // reset
		conn.Close()
	}))
	defer server.Close()
	answer, err := New(Options{}).HTTP(Timetable).Get(server.URL)
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		answer.Body.Close()
	}
	var e *Error
	if !errors.As(err, &e) || strings.Contains(e.Error(), "127.0.0.1") {
		t.Errorf("%v", err)
	}
}

func TestAProxyInTheEnvironmentIsIgnored(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	for _, p := range Purposes {
		if New(Options{}).HTTP(p).Transport.(*outward).base.Proxy != nil {
			t.Errorf("%s may use a proxy", p)
		}
	}
}

func TestABudgetThatIsUsedUpStopsAllButWhatIsUrgentAndOnTheCable(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 20_000)) }))
	defer server.Close()
	c := New(Options{Budget: netmon.Budget{Session: 60_000, Reserve: map[string]int64{string(Urgent): 15_000}}})
	ask := func(p Purpose) error {
		answer, err := c.HTTP(p).Get(server.URL)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}
	n := 0
	for ; n < 10; n++ {
		if err := ask(Timetable); errors.Is(err, ErrBudget) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	// Of 60,000 bytes 45,000 are for it; the third request begins below that.
	if n != 3 {
		t.Errorf("%d requests of 20,000 bytes were sent, want 3", n)
	}
	if err := ask(Upload); !errors.Is(err, ErrBudget) {
		t.Errorf("another purpose: %v", err)
	}
	if _, err := c.Dial(t.Context(), Probe, "tcp", server.Listener.Addr().String()); !errors.Is(err, ErrBudget) {
		t.Errorf("a connection that is no HTTP: %v", err)
	}
	c.WithLedger(func(l *netmon.Ledger) { l.NewSession(); l.Add(string(Timetable), 46_000) })
	if c.May(Upload) || !c.May(Urgent) {
		t.Error("nothing is left but what is kept for urgent events, and it is not so")
	}
	if err := ask(Urgent); err != nil {
		t.Errorf("what is urgent: %v", err)
	}
	if err := ask(Gateway); err != nil {
		t.Errorf("on the cable: %v", err)
	}
	c.WithLedger(func(l *netmon.Ledger) { l.NewSession() })
	if err := ask(Upload); err != nil {
		t.Errorf("in the next session: %v", err)
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Duration{"7": 7 * time.Second, " 2 ": 2 * time.Second, "0": 0, "3600": time.Hour,
		"86401": 24 * time.Hour, "18446744073709551616": 24 * time.Hour, "": 0, "-5": 0, "1e9": 0, "soon": 0,
		"Mon, 23 Nov 2026 00:01:00 GMT": time.Minute, "Sun, 22 Nov 2026 23:59:00 GMT": 0, "Tue, 23 Nov 2027 00:00:00 GMT": 24 * time.Hour} {
		if got := RetryAfter(s, now); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "1", "-1", "1e9", "18446744073709551616", "Sat, 01 Jan 2000 00:01:00 GMT"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if d := RetryAfter(s, now); d < 0 || d > 24*time.Hour {
			t.Fatalf("%q: %v", s, d)
		}
	})
}
