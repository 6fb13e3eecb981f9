package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/netutil"
)

// A guard is taken away by giving it what it lets by: the server behind it is then one
// that has no such guard.
func TestWithoutAGuardTheAttackSucceeds(t *testing.T) {
	for _, c := range []struct {
		attack  string
		request func(p paired) *http.Request
		without func(r *http.Request, p paired)
	}{
		{"another site's page sends a form with the phone's cookie and token", func(p paired) *http.Request {
			r := httptest.NewRequest("POST", "/api/v1/actions/longer", nil)
			r.Header.Set(tokenHeader, p.token)
			r.Header.Set("Origin", "http://evil.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			return r
		}, func(r *http.Request, _ paired) { r.Header.Del("Origin"); r.Header.Del("Sec-Fetch-Site") }},
		{"a browser that says no origin sends a form with the phone's cookie", func(paired) *http.Request {
			return httptest.NewRequest("POST", "/api/v1/actions/longer", nil)
		}, func(r *http.Request, p paired) { r.Header.Set(tokenHeader, p.token) }},
		{"a name of somebody else's is pointed at the box", func(p paired) *http.Request {
			r := httptest.NewRequest("POST", "/api/v1/actions/longer", nil)
			r.Header.Set(tokenHeader, p.token)
			r.Host = "evil.example"
			return r
		}, func(r *http.Request, _ paired) { r.Host = "localhost" }},
	} {
		v := start(t, options())
		p := v.pair("471100")
		for _, without := range []bool{false, true} {
			r := c.request(p)
			if r.Host == "example.com" {
				r.Host = "localhost"
			}
			r.Header.Set("Cookie", p.cookie)
			if without {
				c.without(r, p)
			}
			w := httptest.NewRecorder()
			v.handler.ServeHTTP(w, r)
			if succeeds := w.Code < 300; succeeds != without {
				t.Errorf("%s: %d; without the guard: %v", c.attack, w.Code, without)
			}
		}
	}
}

// answered says whether a connection gets an answer in time.
func answered(c net.Conn, cookie string, within time.Duration) bool {
	fmt.Fprintf(c, "GET /icon.svg HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n", cookie)
	c.SetReadDeadline(time.Now().Add(within))
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK
}

// Strangers fill all places and say nothing. Where nobody had to give way, who comes
// late would not be answered; and a phone that is not known by its cookie loses its
// connection.
func TestWithoutPlacesThatGiveWayStrangersShutTheDoor(t *testing.T) {
	for _, c := range []struct {
		name       string
		giveWay    bool
		known      bool
		late, kept bool // are answered
	}{
		{"as it is", true, true, true, true},
		{"without places that give way", false, true, false, true},
		{"without places for paired phones", true, false, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			s, at := New(options()), l.Addr().String()
			if !c.giveWay {
				l = netutil.LimitListener(l, 50)
			}
			ended := make(chan error, 1)
			go func() { ended <- s.Serve(t.Context(), l) }()
			v := &van{Server: s, t: t, base: "http://" + at}
			dial := func() net.Conn {
				conn, err := net.Dial("tcp", at)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { conn.Close() })
				return conn
			}
			p := v.pair("471100")
			if !c.known {
				p.cookie = ""
			}
			kept := dial()
			if !answered(kept, p.cookie, hangGuard) {
				t.Fatal("before they came")
			}
			for range strangersMost + 10 {
				dial()
			}
			within := func(want bool) time.Duration {
				if want {
					return hangGuard
				}
				return headerWithin / 3 // who says nothing gives way by itself after headerWithin
			}
			if got := answered(dial(), "", within(c.late)); got != c.late {
				t.Errorf("who comes late is answered: %v", got)
			}
			if got := answered(kept, p.cookie, within(c.kept)); got != c.kept {
				t.Errorf("the phone that was there is answered: %v", got)
			}
		})
	}
}

// A phone is stolen while it has a stream open: the tap that revokes it ends the stream.
func TestAStolenPhonesOpenStreamEndsAtOnce(t *testing.T) {
	v := start(t, options())
	own, stolen := v.pair("471100"), v.pair("471100")
	r, err := http.NewRequest("GET", v.base+"/api/v1/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", stolen.cookie)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	in := bufio.NewReader(answer.Body)
	if line, err := in.ReadString('\n'); err != nil || answer.StatusCode != 200 {
		t.Fatalf("%d %q: %v", answer.StatusCode, line, err)
	}
	ended := make(chan time.Time, 1)
	go func() {
		io.Copy(io.Discard, in)
		ended <- time.Now()
	}()
	_, list := v.socket("GET", "/phones", "")
	key := strings.Split(list, `"key":"`)[2][:12]
	begun := time.Now()
	if answer, _ := v.network("POST", "/phones/revoke", "phone="+key+"&token="+own.token, "Content-Type", asForm, "Cookie", own.cookie); answer.StatusCode != 200 {
		t.Fatalf("revoked: %d", answer.StatusCode)
	}
	select {
	case at := <-ended:
		t.Logf("the stream ended %s after the tap", at.Sub(begun).Round(time.Millisecond))
	case <-time.After(heartbeat * 5 / 6): // a stream's own sign of life must not be what ends it
		t.Error("the stolen phone's stream goes on")
	}
	if !v.may(own) || v.may(stolen) {
		t.Error("the other phone was revoked, or the stolen one was not")
	}
}
