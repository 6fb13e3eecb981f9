package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"infobus/pairing"
)

const asForm = "application/x-www-form-urlencoded"

// paired is a phone's cookie, as it is sent, and its token.
type paired struct{ cookie, token string }

func cookieOf(answer *http.Response) paired {
	for _, c := range answer.Cookies() {
		if c.Name == cookieName && c.MaxAge > 0 {
			return paired{c.Name + "=" + c.Value, token(c)}
		}
	}
	return paired{}
}

func (v *van) pair(given string) paired {
	v.t.Helper()
	answer, body := v.network("POST", "/login", url.Values{"pin": {given}}.Encode(), "Content-Type", asForm)
	p := cookieOf(answer)
	if p.cookie == "" {
		v.t.Fatalf("not paired: %d %s", answer.StatusCode, body)
	}
	return p
}

// may says whether a phone may act.
func (v *van) may(p paired) bool {
	v.t.Helper()
	answer, _ := v.network("POST", "/api/v1/actions/longer", "", "Cookie", p.cookie, tokenHeader, p.token)
	return answer.StatusCode == 200
}

func TestAPairedPhoneInvitesTheNextAndEachIsRevoked(t *testing.T) {
	kept := atomic.Int32{}
	o := options()
	o.Keep = func(context.Context) error { kept.Add(1); return nil }
	v := start(t, o)
	first := v.pair("471100")
	if kept.Load() == 0 {
		t.Error("a pairing is not kept before it is answered")
	}
	answer, page := v.network("POST", "/phones/invite", "token="+first.token, "Content-Type", asForm, "Cookie", first.cookie, "Accept", "text/html")
	_, after, _ := strings.Cut(page, `id="code">`)
	code, _, _ := strings.Cut(after, "<")
	if answer.StatusCode != 200 || len(strings.ReplaceAll(code, " ", "")) != pairing.CodeLength || !strings.Contains(page, "<path d=") {
		t.Fatalf("%d: the code is %q", answer.StatusCode, code)
	}
	// What looks a link up by itself uses nothing up.
	if _, page := v.network("GET", "/pair?code="+url.QueryEscape(code), ""); !strings.Contains(page, code) {
		t.Error("the link does not fill the field in")
	}
	second := v.pair(code)
	if answer, _ := v.network("POST", "/login", url.Values{"pin": {code}}.Encode(), "Content-Type", asForm); answer.StatusCode != 401 {
		t.Errorf("the code a second time: %d", answer.StatusCode)
	}
	if !v.may(first) || !v.may(second) {
		t.Fatal("a paired phone may not act")
	}
	_, list := v.socket("GET", "/phones", "")
	if strings.Count(list, `"number"`) != 2 || strings.Contains(list, first.cookie[len(cookieName)+1:][:10]) {
		t.Errorf("the list is %s", list)
	}
	key := strings.Split(list, `"key":"`)[2][:12]
	// The token of one phone is not another's, and nothing goes without.
	for _, tok := range []string{"", "0", second.token} {
		if answer, _ := v.network("POST", "/phones/revoke", "phone=all&token="+tok, "Content-Type", asForm, "Cookie", first.cookie); answer.StatusCode != 403 {
			t.Errorf("with the token %q: %d", tok, answer.StatusCode)
		}
	}
	if answer, _ := v.network("POST", "/phones/revoke", "phone="+key+"&token="+first.token, "Content-Type", asForm, "Cookie", first.cookie); answer.StatusCode != 200 {
		t.Errorf("revoked: %d", answer.StatusCode)
	}
	if v.may(second) || !v.may(first) {
		t.Error("a phone that was stolen may still act, or another was revoked")
	}
	// Two who do the same at once: the second is told.
	if answer, _ := v.network("POST", "/phones/revoke", "phone="+key+"&token="+first.token, "Content-Type", asForm, "Cookie", first.cookie); answer.StatusCode != 409 {
		t.Errorf("revoked a second time: %d", answer.StatusCode)
	}
	if answer, _ := v.network("POST", "/logout", "token="+first.token, "Content-Type", asForm, "Cookie", first.cookie); answer.StatusCode != 200 || v.may(first) {
		t.Errorf("after it logged out: %d", answer.StatusCode)
	}
	// All volunteers are gone, and the card is lost: whoever has the box invites.
	_, body := v.socket("POST", "/phones/invite", "")
	code, _, _ = strings.Cut(strings.Split(body, `"code":"`)[1], `"`)
	if !v.may(v.pair(code)) {
		t.Error("invited by the box itself")
	}
}

// A phone that was taken off the list is on it again after a power cut, where the card did
// not take that: whoever did it is told, and the box tries again by itself.
func TestAPairingThatIsNotKeptIsToldSo(t *testing.T) {
	const lost = "a power cut would lose it"
	failing := atomic.Bool{}
	o := options()
	o.Keep = func(context.Context) error {
		if failing.Load() {
			return errors.New("the card takes nothing")
		}
		return nil
	}
	v := start(t, o)
	first, second := v.pair("471100"), v.pair("471100")
	failing.Store(true)
	if _, page := v.network("POST", "/login", "pin=471100", "Content-Type", asForm, "Accept", "text/html"); !strings.Contains(page, lost) {
		t.Error("paired: the page does not say that it is not kept")
	}
	_, list := v.socket("GET", "/phones", "")
	key := strings.Split(list, `"key":"`)[2][:12]
	if answer, said := v.socket("POST", "/phones/revoke", `{"phone":"`+key+`"}`, "Content-Type", "application/json"); answer.StatusCode != 503 || !strings.Contains(said, lost) || v.may(second) {
		t.Errorf("revoked: %d %s", answer.StatusCode, said)
	}
	if answer, page := v.network("POST", "/logout", "token="+first.token, "Content-Type", asForm, "Cookie", first.cookie, "Accept", "text/html"); !strings.Contains(page, lost) || v.may(first) {
		t.Errorf("logged out: %s, which does not say that it is not kept", answer.Request.URL.Path)
	}
}

func TestACardThatDoesNotTakeThePhonesIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		tries, begun := 0, time.Now()
		o := options()
		kept := make(chan time.Duration, 1)
		o.Keep = func(context.Context) error {
			if tries++; tries <= 3 {
				return errors.New("the card takes nothing")
			}
			kept <- time.Since(begun)
			return nil
		}
		s := New(o)
		go s.keepPhones(ctx)
		s.keepSoon()
		if after := <-kept; after != 3*keepAgain {
			t.Errorf("kept after %s and %d tries", after, tries)
		}
		time.Sleep(time.Hour)
		if tries != 4 {
			t.Errorf("what is kept is written again: %d times", tries)
		}
	})
}

func TestACookieThatWasReplacedEndsThePairingAndThatIsSaid(t *testing.T) {
	var mono atomic.Int64
	copied := atomic.Int32{}
	o := options()
	o.Copied = func() { copied.Add(1) }
	o.Moment = func() pairing.Moment { return pairing.Moment{Mono: time.Duration(mono.Load())} }
	v := start(t, o)
	old := v.pair("471100")
	mono.Store(int64(25 * time.Hour))
	var next paired
	for range 200 { // it is given out once it is durable
		answer, _ := v.network("GET", "/", "", "Cookie", old.cookie)
		if next = cookieOf(answer); next.cookie != "" {
			break
		}
	}
	if next.cookie == "" || next.cookie == old.cookie || next.token != old.token {
		t.Fatalf("the cookie is %+v, and was %+v", next, old)
	}
	if !v.may(next) || !v.may(old) {
		t.Fatal("the new cookie, or a request on its way, is refused")
	}
	mono.Add(int64(2 * time.Minute))
	if v.may(old) || v.may(next) || copied.Load() != 1 {
		t.Errorf("a copy was used, and the pairing goes on; said %d times", copied.Load())
	}
}

func TestTheVisitorsDoorHasTheVisitorsPagesAlone(t *testing.T) {
	s := New(options())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, own, Visitors(l)) }()
	defer func() { cancel(); <-ended }()
	v := &van{Server: s, t: t, base: "http://" + own.Addr().String()}
	p := v.pair("471100")
	if !v.may(p) {
		t.Fatal("at the volunteers' door")
	}
	v.base = "http://" + l.Addr().String()
	for path, want := range map[string]int{"/today": 200, "/today.css": 200, "/kiosk.png": 200, "/icon.svg": 200, "/healthz": 200, "/guide.pdf": 404,
		"/services": 404, "/phones": 404, "/pair": 404, "/live": 404, "/app.js": 404, "/metrics": 404, "/api/v1/state": 404, "/api/v1/stream": 404, "/api/v1/events": 404} {
		if answer, _ := v.network("GET", path, "", "Cookie", p.cookie); answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, answer.StatusCode, want)
		}
	}
	if answer, _ := v.network("GET", "/", ""); answer.Request.URL.Path != "/today" {
		t.Errorf("/ leads to %s", answer.Request.URL.Path)
	}
	for _, path := range []string{"/login", "/logout", "/phones/invite", "/phones/revoke", "/api/v1/actions/longer", "/sim/cable/out"} {
		if answer, _ := v.network("POST", path, "pin=471100&token="+p.token, "Content-Type", asForm, "Cookie", p.cookie); answer.StatusCode != 404 || len(answer.Cookies()) > 0 {
			t.Errorf("POST %s: %d", path, answer.StatusCode)
		}
	}
}

// Whoever holds all places: the next who comes is let in, and a phone that is paired
// keeps its connection.
func TestPlacesAreKeptForPairedPhones(t *testing.T) {
	v := start(t, options())
	p := v.pair("471100")
	at := strings.TrimPrefix(v.base, "http://")
	ask := func(c net.Conn, path, cookie string) error {
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n", path, cookie)
		c.SetReadDeadline(time.Now().Add(hangGuard))
		b := make([]byte, 12)
		_, err := io.ReadFull(c, b)
		if err == nil && string(b) != "HTTP/1.1 200" {
			err = errors.New(string(b))
		}
		return err
	}
	kept, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if err := ask(kept, "/icon.svg", p.cookie); err != nil {
		t.Fatal(err)
	}
	first, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	for range strangersMost + 50 {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	late, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if err := ask(late, "/icon.svg", ""); err != nil {
		t.Errorf("who comes late: %v", err)
	}
	first.SetReadDeadline(time.Now().Add(hangGuard))
	if _, err := first.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the one that waited for longest keeps its place: %v", err)
	}
	io.CopyN(io.Discard, kept, 1<<20) // no more than its answer, until the deadline
}

// A minute after the last visitor has gone, no address is in the memory.
func TestNoVisitorsAddressStaysInMemory(t *testing.T) {
	v := start(t, options())
	for n := range 60 {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 99, 88, byte(100+n))}}
		c, err := d.Dial("tcp", strings.TrimPrefix(v.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: 10\r\n\r\npin=000000GET /today HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", asForm)
		io.Copy(io.Discard, c)
		c.Close()
	}
	dump := func() []byte {
		for range 4 { // pools are emptied by the second
			runtime.GC()
		}
		f, err := os.Create(filepath.Join(t.TempDir(), "heap"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		debug.WriteHeapDump(f.Fd())
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	looked := func(b []byte, first, many int) (found []string) {
		for n := first; n < first+many; n++ {
			if text := fmt.Sprintf("127.99.88.%d", 100+n); bytes.Contains(b, []byte(text)) || bytes.Contains(b, []byte{127, 99, 88, byte(100 + n)}) {
				found = append(found, text)
			}
		}
		return found
	}
	planted := &net.TCPAddr{IP: net.IPv4(127, 99, 88, 250).To4(), Port: 1}
	if len(looked(dump(), 150, 1)) == 0 {
		t.Fatal("an address that is there is not found")
	}
	runtime.KeepAlive(planted)
	for look := 1; ; look++ {
		found := looked(dump(), 0, 60)
		if len(found) == 0 {
			return
		}
		if look == 60 {
			t.Fatalf("%d addresses are still there: %s", len(found), found)
		}
		time.Sleep(time.Second)
	}
}
