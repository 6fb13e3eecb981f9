package localpage

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"infobus/hw"
	"infobus/netmon"
	"infobus/netmon/client"
)

// What a page may say: invented, with the names that index.json of Meraki's other devices
// has (config, connection_state), and the cellular names of the Dashboard API.
const page = `{"config": {"node_name": "Van of Nadia", "mac": "0c:8d:db:11:22:33", "serial": "Q2XX-ABCD-EFGH", "product_model": "MG41E", "lat": 48.8566, "lng": 2.3522},
	"connection_state": {"wired_ip": "100.72.3.4", "cellular": {"imei": "356938035643809", "iccid": "8933150319012345678", "msisdn": "+33612345678",
	"status": {"connection_status": "active"}, "provider": "Orange F", "connectionType": "LTE", "signal": {"rsrp": "-97 dBm", "rsrq": -11}}}}`

// router is a page behind HTTP Digest (RFC 2617, MD5), written from that.
type router struct {
	*httptest.Server
	user, password string
	open           bool // it asks for no log-in
	body           string
	status         int
	asked, logins  atomic.Int32
}

var field = regexp.MustCompile(`(\w+)="?([^",]*)"?`)

func sum(s string) string { h := md5.Sum([]byte(s)); return hex.EncodeToString(h[:]) }

func newRouter(t *testing.T) *router {
	r := &router{user: "admin", password: "Q2XX-ABCD-EFGH", body: page, status: http.StatusOK}
	const realm, nonce = "Meraki Manual Configuration", "dcd98b7102dd2f0e8b11d0f600bfb0c093"
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.asked.Add(1)
		given := map[string]string{}
		for _, f := range field.FindAllStringSubmatch(strings.TrimPrefix(q.Header.Get("Authorization"), "Digest "), -1) {
			given[f[1]] = f[2]
		}
		if len(given) > 0 {
			r.logins.Add(1)
		}
		want := sum(strings.Join([]string{sum(r.user + ":" + realm + ":" + r.password), nonce, given["nc"], given["cnonce"], "auth", sum(q.Method + ":" + q.URL.Path)}, ":"))
		if !r.open && (given["username"] != r.user || given["response"] != want || given["uri"] != q.URL.Path) {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm=%q, nonce=%q, qop="auth", algorithm=MD5`, realm, nonce))
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, strings.Repeat("<html>", 1000))
			return
		}
		w.WriteHeader(r.status)
		fmt.Fprint(w, r.body)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *router) at() string { return strings.TrimPrefix(r.URL, "http://") }

func secret(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var nadia = netmon.Radio{Provider: "Orange F", ConnectionType: "LTE", Status: "active", SignalBars: 3, RSRP: -97, RSRQ: -11}

func TestThePageIsReadWithItsLogIn(t *testing.T) {
	c := client.New(client.Options{})
	for _, what := range []struct {
		name, user, password, given string
		open                        bool
	}{
		{"newer firmware: admin and the serial number", "admin", "Q2XX-ABCD-EFGH", "Q2XX-ABCD-EFGH\n", false},
		{"older firmware: the serial number and nothing", "Q2XX-ABCD-EFGH", "", "", false},
		{"a password with blanks", "admin", " two words ", " two words \n", false},
		{"a page that asks for none", "admin", "x", "y", true},
	} {
		r := newRouter(t)
		r.user, r.password, r.open = what.user, what.password, what.open
		got, err := Fetch(t.Context(), Options{User: what.user, PasswordFile: secret(t, what.given)}, c, r.at())
		if err != nil || got != nadia {
			t.Errorf("%s: %+v %v", what.name, got, err)
		}
	}
	if u := c.Usage(); u[client.Gateway].Received == 0 || u[client.Probe].Total() != 0 {
		t.Error("it is not counted as what stays on the cable")
	}
}

// Nothing of whom the page is, or where, is in what comes of it.
func TestNothingElseOfThePageIsHandedOn(t *testing.T) {
	r := newRouter(t)
	o := Options{User: r.user, PasswordFile: secret(t, r.password)}
	c := client.New(client.Options{})
	said := func() string {
		got, err := Fetch(t.Context(), o, c, r.at())
		return fmt.Sprintf("%+v %v", got, err)
	}
	all := said()
	r.status = http.StatusInternalServerError
	all += said()
	r.status, r.body = http.StatusOK, strings.ReplaceAll(page, `"`, "'")
	all += said()
	r.body = `{"provider": "356938035643809", "type": "8933150319012345678", "rsrp": "-97", "connectionStatus": "Q2XX-ABCD-EFGH"}`
	all += said()
	r.password = "another"
	all += said()
	for _, private := range []string{"Nadia", "Q2XX", "0c:8d", "356938", "893315", "336123", "48.85", "100.72", "127.0.0.1", r.at()} {
		if strings.Contains(all, private) {
			t.Errorf("%q is in %s", private, all)
		}
	}
}

func TestAPasswordThatIsNeverTakenIsTriedOnce(t *testing.T) {
	r := newRouter(t)
	r.password = "another"
	err := Run(t.Context(), Options{User: "admin", PasswordFile: secret(t, "mine"), Every: time.Millisecond}, client.New(client.Options{}),
		func() (string, bool) { return r.at(), true }, func(netmon.Radio) { t.Error("it was read all the same") })
	if !errors.Is(err, ErrPassword) || r.logins.Load() != 1 || r.asked.Load() != 2 {
		t.Errorf("%v, with %d log-ins in %d requests", err, r.logins.Load(), r.asked.Load())
	}
}

func TestAnswersThatSayNothingEndIt(t *testing.T) {
	for name, body := range map[string]string{
		"a page for people":             "<html><title>MG41E</title>" + strings.Repeat("<p>-97 dBm</p>", 1000),
		"nothing":                       "",
		"another device":                `{"config": {"product_model": "MR74"}, "client": {"rssi": "35"}}`,
		"half of it":                    page[:len(page)/2],
		"an error":                      `{"error": "not connected"}`,
		"levels that there are not":     `{"rsrp": 97, "rsrq": "11"}`,
		"a list of lists without end":   strings.Repeat("[", 1<<20),
		"more than an answer may be":    `{"a": "` + strings.Repeat("x", maxAnswer) + `", "rsrp": "-97"}`,
		"the levels, deeper than it is": strings.Repeat(`{"a":`, maxDepth+2) + `{"rsrp":"-97"}` + strings.Repeat("}", maxDepth+2),
	} {
		r := newRouter(t)
		r.open, r.body = true, body
		err := Run(t.Context(), Options{User: "admin", Every: time.Millisecond}, client.New(client.Options{}),
			func() (string, bool) { return r.at(), true }, func(v netmon.Radio) { t.Errorf("%s: %+v", name, v) })
		if !errors.Is(err, ErrAnswer) || r.asked.Load() != patience {
			t.Errorf("%s: %v after %d", name, err, r.asked.Load())
		}
	}
}

// A page without end, and one that never comes, end by their bounds.
func TestAPageThatNeverEndsIsCutShort(t *testing.T) {
	for name, status := range map[string]int{"the page": http.StatusOK, "what asks for the log-in": http.StatusUnauthorized} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Digest realm="a", nonce="b", qop="auth"`)
			w.WriteHeader(status)
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}))
		if _, err := Fetch(t.Context(), Options{User: "admin"}, client.New(client.Options{}), strings.TrimPrefix(s.URL, "http://")); err == nil {
			t.Errorf("%s was read", name)
		}
		s.CloseClientConnections()
		s.Close()
	}
}

func TestAGatewayThatIsOffIsAskedAgain(t *testing.T) {
	r := newRouter(t)
	asked := 0
	ctx, cancel := context.WithCancel(t.Context())
	err := Run(ctx, Options{User: r.user, PasswordFile: secret(t, r.password), Every: time.Millisecond}, client.New(client.Options{}),
		func() (string, bool) {
			if asked++; asked < 3 {
				return "127.0.0.1:1", true
			}
			return r.at(), true
		}, func(v netmon.Radio) {
			if v != nadia {
				t.Errorf("%+v", v)
			}
			cancel()
		})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWithoutItsPasswordsFileItIsNotAsked(t *testing.T) {
	r := newRouter(t)
	err := Run(t.Context(), Options{User: "admin", PasswordFile: filepath.Join(t.TempDir(), "none")}, client.New(client.Options{}),
		func() (string, bool) { return r.at(), true }, nil)
	if !errors.Is(err, hw.ErrAbsent) || r.asked.Load() != 0 {
		t.Errorf("%v after %d", err, r.asked.Load())
	}
}

// Whatever an answer is: it ends, and what comes of it are levels that there are and words
// that are known.
func FuzzParse(f *testing.F) {
	for _, s := range []string{page, "", "<html>", `{"rsrp":"-97"}`, `[{"RSRP":-80.4,"rsrq":"−9","Carrier":"O2"},{"rat":"5G"}]`, `{"rsrp":{"rsrp":[-1,{"rsrp":"-100"}]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parse(b)
		if (err == nil) == (r == netmon.Radio{}) {
			t.Fatalf("%+v %v", r, err)
		}
		again, _ := parse(b)
		if r != again {
			t.Fatalf("it is %+v, and then %+v", r, again)
		}
		if r.RSRP > 0 || r.RSRP < -156 || r.RSRQ > 0 || r.RSRQ < -43 || r.SignalBars < 0 || r.SignalBars > 5 || len(r.Provider) > 32 {
			t.Fatalf("%+v", r)
		}
		if digits := regexp.MustCompile(`[0-9]{4}`); digits.MatchString(r.Provider + r.ConnectionType + r.Status) {
			t.Fatalf("%+v", r)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	})
}
