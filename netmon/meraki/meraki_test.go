package meraki

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"infobus/hw"
	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/sim/gateway"
)

func keyFile(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheSimulatedCloudIsReadThroughTheClient(t *testing.T) {
	g, err := gateway.Start(gateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	planted := []string{"02:00:5e:10:00:01", "198.51.100.77", "Amina Example", "+33 6 12 34 56 78"}
	g.Plant(planted)
	c := client.New(client.Options{})
	o := Options{Organisation: "1", Network: "N_1", KeyFile: keyFile(t, "0123abc\n"), Base: g.Endpoints().Dashboard}
	v, err := Fetch(t.Context(), o, c)
	if err != nil {
		t.Fatal(err)
	}
	want := netmon.Cellular{Provider: "Orange F", ConnectionType: "LTE", SignalBars: 3, RSRP: -97, RSRQ: -11, Roaming: "home",
		Status: "active", Devices: 42, UsageBytes: 42 * 250_000 * 1024,
		AccessPoints: netmon.AccessPoints{Known: true, Alive: 2}, Joining: netmon.Joining{Known: true, Association: 2, Authentication: 1, Joined: 40}}
	if v.Age < 20*time.Second || v.Age > time.Minute {
		t.Errorf("heard of %s ago", v.Age)
	}
	if v.Age = 0; !reflect.DeepEqual(v, want) {
		t.Errorf("%+v\nwant %+v", v, want)
	}
	if c.Usage()[client.Dashboard].Received == 0 || c.Usage()[client.Probe].Received != 0 {
		t.Errorf("%+v", c.Usage())
	}

	for status, want := range map[int]error{401: ErrKey, 403: ErrKey, 404: ErrNotFound, 418: ErrAnswer, 429: &BusyError{time.Second}, 500: nil, 503: nil} {
		g.Set(func(s *gateway.Switches) { s.Dashboard = status })
		_, err := Fetch(t.Context(), o, c)
		var busy *BusyError
		if err == nil || want != nil && !errors.Is(err, want) && !(errors.As(err, &busy) && *busy == *want.(*BusyError)) {
			t.Errorf("%d: %v", status, err)
		}
		for _, p := range planted {
			if err != nil && strings.Contains(err.Error(), p) {
				t.Errorf("%d: %v quotes the answer", status, err)
			}
		}
	}
	g.Set(func(s *gateway.Switches) { s.Dashboard, s.Cellular = 0, gateway.Captive })
	if _, err := Fetch(t.Context(), o, c); !errors.Is(err, ErrAnswer) {
		t.Errorf("captive: %v", err)
	}
	g.Set(func(s *gateway.Switches) { s.Cellular = gateway.Down })
	if _, err := Fetch(t.Context(), o, c); !errors.Is(err, client.ErrRefused) || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("down: %v", err)
	}
}

// Every field that is ever decoded. One more needs a reason, and must be
// nobody's.
func TestNoFieldOfAPersonIsDecoded(t *testing.T) {
	var fields []string
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(t.Elem())
		case reflect.Struct:
			if t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[moment]() {
				return
			}
			for i := range t.NumField() {
				fields = append(fields, t.Field(i).Tag.Get("json"))
				walk(t.Field(i).Type)
			}
		case reflect.Map, reflect.Interface:
			fields = append(fields, "anything")
		}
	}
	walk(reflect.TypeFor[mg]())
	walk(reflect.TypeFor[overview]())
	walk(reflect.TypeFor[[]device]())
	walk(reflect.TypeFor[joining]())
	walk(reflect.TypeFor[sims]())
	walk(reflect.TypeFor[history]())
	want := []string{"networkId", "lastReportedAt", "uplinks", "status", "provider", "connectionType", "signalStat", "rsrp", "rsrq", "roaming", "status", "counts", "total", "usages", "average", "productType", "status", "assoc", "auth", "dhcp", "dns", "success",
		"sims", "slot", "isPrimary", "status", "simOrdering", "simFailover", "enabled", "timeout",
		"items", "intervals", "endTs", "usage", "bySim", "name", "total"}
	if !slices.Equal(fields, want) {
		t.Errorf("decoded are %q, want %q", fields, want)
	}
}

func TestEachLevelIsReadWhateverItsMinus(t *testing.T) {
	for s, want := range map[string]decibel{
		"-97": -97, "\u221297": -97, "\u2013 97 dBm": -97, "\u2212120dBm": -120, " -11.5 dB ": -12, "\uff0d99": -99, "-0": 0,
		"": 0, "-": 0, "N/A": 0, "97": 0, "--": 0, "-1e999": 0, "-NaN": 0, "-Inf": 0, "-12345": 0, "aa:bb": 0,
	} {
		if got := parseDecibel(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
	for rsrp, want := range map[int]int{0: 0, -140: 0, -125: 1, -110: 2, -105: 3, -90: 4, -60: 5} {
		if got := bars(rsrp); got != want {
			t.Errorf("%d dBm: %d bars, want %d", rsrp, got, want)
		}
	}
}

func TestAKnownWordIsSpeltAsTheListHasIt(t *testing.T) {
	for s, want := range map[string]string{"lte": "LTE", " Lte ": "LTE", "5g nsa": "5G NSA", "hspa+": "HSPA+", "": "", " ": "", "0612345678": "unknown"} {
		if got := word(s, types); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
	if got := word("Not Connected", statuses); got != "not connected" {
		t.Errorf("%q", got)
	}
}

func TestRoamingIsOneOfThreeWords(t *testing.T) {
	for s, want := range map[string]string{"home": "home", "Home ": "home", "roaming": "roaming", "National": "roaming", "international": "roaming", "": "", "208010000000000": "unknown"} {
		if got := roams(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestOnlyWhatLooksLikeAnOperatorIsOne(t *testing.T) {
	for s, want := range map[string]string{
		"Orange F": "Orange F", " SFR ": "SFR", "AT&T": "AT&T", "3": "3", "Bouygues Telecom": "Bouygues Telecom", "": "",
		"02:00:5e:10:00:01": "", "192.0.2.7": "", "0612345678": "", "<script>": "", strings.Repeat("x", 40): "", "a\nb": "",
	} {
		if got := operator(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// answered is when the cloud of these tests answers, by its own clock.
var answered = time.Date(2026, 11, 13, 15, 0, 0, 0, time.UTC)

// served answers the requests.
func served(t *testing.T, uplink, overview string) (netmon.Cellular, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", answered.Format(http.TimeFormat))
		switch {
		case strings.HasSuffix(r.URL.Path, "/uplink/statuses"):
			fmt.Fprint(w, uplink)
		case strings.HasSuffix(r.URL.Path, "/availabilities"):
			fmt.Fprint(w, `[]`)
		default:
			fmt.Fprint(w, overview)
		}
	}))
	defer server.Close()
	return Fetch(t.Context(), Options{Organisation: "1", Network: "N_2", KeyFile: keyFile(t, "k"), Base: server.URL}, client.New(client.Options{}))
}

func TestShapesOfAnswers(t *testing.T) {
	const (
		gateways = `[{"networkId":"N_1","uplinks":[{"status":"failed"}]},{"networkId":"N_2","uplinks":[{"status":"ready"},{"status":"active","provider":"SFR","roaming":{"status":"International"},"connectionType":"4g","signalStat":{"rsrp":-90,"rsrq":null}}]}]`
		totals   = `{"counts":{"total":3},"usages":{"average":1.5}}`
	)
	uncounted := netmon.Cellular{Status: "active", Provider: "SFR", ConnectionType: "4G", Roaming: "roaming", RSRP: -90, SignalBars: 4, Devices: -1, UsageBytes: -1}
	thousand := "[" + strings.Repeat(`{"networkId":"N_9","serial":"Q","uplinks":[{"status":"ready","ip":"10.0.0.1"}]},`, 999) + strings.TrimPrefix(gateways, "[")
	for _, c := range []struct {
		name, uplink, overview string
		want                   netmon.Cellular
		err                    error
	}{
		{"the network's gateway and its active uplink", gateways, totals,
			netmon.Cellular{Status: "active", Provider: "SFR", ConnectionType: "4G", Roaming: "roaming", RSRP: -90, SignalBars: 4, Devices: 3, UsageBytes: 4608}, nil},
		{"a thousand gateways", thousand, totals,
			netmon.Cellular{Status: "active", Provider: "SFR", ConnectionType: "4G", Roaming: "roaming", RSRP: -90, SignalBars: 4, Devices: 3, UsageBytes: 4608}, nil},
		{"a gateway that has said nothing yet", `[{"networkId":"N_2"}]`, totals,
			netmon.Cellular{Status: "unknown", Devices: 3, UsageBytes: 4608}, nil},
		{"words nobody knows", `[{"uplinks":[{"status":"Amina","connectionType":"0612345678"}]}]`, totals,
			netmon.Cellular{Status: "unknown", ConnectionType: "unknown", Devices: 3, UsageBytes: 4608}, nil},
		{"when it was last heard of", `[{"lastReportedAt":"2026-11-13T14:57:30Z","uplinks":[{"status":"active","newField":{"a":[1]}}]}]`, totals,
			netmon.Cellular{Status: "active", Age: 150 * time.Second, Devices: 3, UsageBytes: 4608}, nil},
		{"last heard of years ago", `[{"lastReportedAt":"2020-11-13T15:00:00Z","uplinks":[{"status":"active"}]}]`, totals,
			netmon.Cellular{Status: "active", Age: (6*365 + 1) * 24 * time.Hour, Devices: 3, UsageBytes: 4608}, nil},
		{"heard of in an hour", `[{"lastReportedAt":"2026-11-13T16:00:00Z","uplinks":[{"status":"active"}]}]`, totals,
			netmon.Cellular{Status: "active", Devices: 3, UsageBytes: 4608}, nil},
		{"heard of at no time", `[{"lastReportedAt":{"at":7},"uplinks":[{"status":"active"}]}]`, totals,
			netmon.Cellular{Status: "active", Devices: 3, UsageBytes: 4608}, nil},
		{"totals as strings", gateways, `{"counts":{"total":"3"},"usages":{"average":" 1.5"}}`,
			netmon.Cellular{Status: "active", Provider: "SFR", ConnectionType: "4G", Roaming: "roaming", RSRP: -90, SignalBars: 4, Devices: 3, UsageBytes: 4608}, nil},
		{"no average", gateways, `{"counts":{"total":3},"usages":{"average":{}}}`,
			netmon.Cellular{Status: "active", Provider: "SFR", ConnectionType: "4G", Roaming: "roaming", RSRP: -90, SignalBars: 4, Devices: 3, UsageBytes: -1}, nil},
		{"no gateway", `[]`, totals, netmon.Cellular{}, ErrNoGateway},
		{"truncated", gateways[:50], totals, netmon.Cellular{}, ErrAnswer},
		{"a page", `<html>02:00:5e:10:00:01`, totals, netmon.Cellular{}, ErrAnswer},
		{"a list where a word should be", `[{"uplinks":[{"status":["02:00:5e:10:00:01"],"provider":7,"connectionType":"LTE"}]}]`, totals,
			netmon.Cellular{Status: "unknown", ConnectionType: "LTE", Devices: 3, UsageBytes: 4608}, nil},
		{"no totals", gateways, `{}`, uncounted, nil},
		{"a total below zero", gateways, `{"counts":{"total":-1},"usages":{"average":1}}`, uncounted, nil},
		{"a total that is a word", gateways, `{"counts":{"total":"02:00:5e:10:00:01"},"usages":{"average":1}}`, uncounted, nil},
		{"longer than any", `[` + strings.Repeat(" ", maxAnswer) + `]`, totals, netmon.Cellular{}, ErrAnswer},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := served(t, c.uplink, c.overview)
			if !errors.Is(err, c.err) || err == nil && !reflect.DeepEqual(v, c.want) {
				t.Errorf("%+v, %v\nwant %+v, %v", v, err, c.want, c.err)
			}
			if err != nil && strings.Contains(err.Error(), "02:00") {
				t.Errorf("%v quotes the answer", err)
			}
		})
	}
}

func TestTheKeyFollowsARedirectOnlyToTheDashboardItself(t *testing.T) {
	var other, got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/from/") {
			http.Redirect(w, r, other+strings.TrimPrefix(r.URL.Path, "/from"), http.StatusPermanentRedirect)
			return
		}
		got = r.Header.Get("Authorization")
		fmt.Fprint(w, `{}`)
	}))
	defer server.Close()
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Error("a stranger was asked")
	}))
	defer stranger.Close()
	a := &api{base: server.URL + "/from", key: "k", http: client.New(client.Options{}).HTTP(client.Dashboard)}
	if err := a.get(t.Context(), "/x", &struct{}{}); err != nil || got != "Bearer k" {
		t.Errorf("%v, %q", err, got)
	}
	for _, other = range []string{stranger.URL, server.URL + "/from"} {
		if err := a.get(t.Context(), "/x", &struct{}{}); !errors.Is(err, ErrAnswer) {
			t.Errorf("%v", err)
		}
	}
}

func TestTheGatewayIsFoundOnALaterPageOfThisHostAndOfNoOther(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a stranger was asked") }))
	defer stranger.Close()
	asked, to := 0, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasSuffix(r.URL.Path, "/uplink/statuses"):
			fmt.Fprint(w, `{"counts":{"total":3},"usages":{"average":1}}`)
		case r.URL.Query().Get("startingAfter") == "":
			w.Header().Set("Link", `<`+to+`/first>; rel=first, <`+to+r.URL.Path+`?perPage=1000&startingAfter=Q>; rel=next`)
			fmt.Fprint(w, `[{"networkId":"N_1","uplinks":[{"status":"failed"}]}]`)
		default:
			asked++
			fmt.Fprint(w, `[{"networkId":"N_2","uplinks":[{"status":"active"}]}]`)
		}
	}))
	defer server.Close()
	o := Options{Organisation: "1", Network: "N_2", KeyFile: keyFile(t, "k"), Base: server.URL}
	for _, c := range []struct{ to, want string }{{"", "active"}, {server.URL, "active"}, {stranger.URL, "failed"}} {
		to = c.to
		if v, err := Fetch(t.Context(), o, client.New(client.Options{})); err != nil || v.Status != c.want {
			t.Errorf("next page at %q: %q, %v; want %q", c.to, v.Status, err, c.want)
		}
	}
	if asked != 2 {
		t.Errorf("%d later pages were asked for, want 2", asked)
	}
}

func TestAKeyThatIsMissingOrNoKeyEndsTheRun(t *testing.T) {
	always := func() bool { return true }
	for _, c := range []struct {
		path string
		want error
	}{
		{filepath.Join(t.TempDir(), "none"), hw.ErrAbsent},
		{keyFile(t, ""), ErrKey},
		{keyFile(t, "two words"), ErrKey},
	} {
		err := Run(t.Context(), Options{KeyFile: c.path}, client.New(client.Options{}), always, func(netmon.Cellular) { t.Error("observed") })
		if !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
}

func TestThePollsKeepTheirPaceAndOnlyWhileActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			ctx, cancel = context.WithTimeout(t.Context(), time.Hour) // a guard
			begun       = time.Now()
			at          []time.Duration
			script      = []error{nil, nil, &BusyError{20 * time.Second}, nil}
		)
		active := func() bool { return time.Since(begun) >= time.Minute }
		fetch := func(context.Context, Options, *client.Client) (netmon.Cellular, error) {
			at = append(at, time.Since(begun))
			if len(script) == 0 {
				return netmon.Cellular{}, errors.New("out of reach")
			}
			err := script[0]
			script = script[1:]
			return netmon.Cellular{}, err
		}
		defer cancel()
		err := run(ctx, Options{}, nil, fetch, active, func(netmon.Cellular) {})
		if err == nil || !strings.Contains(err.Error(), "3 times") {
			t.Errorf("three failures in a row do not end the run: %v", err)
		}
		const m = time.Minute
		want := []time.Duration{m, 6 * m, 11 * m, 11*m + 20*time.Second, 16*m + 20*time.Second, 21*m + 20*time.Second, 26*m + 20*time.Second}
		if !slices.Equal(at, want) {
			t.Errorf("asked at %v, want %v", at, want)
		}
	})
}

// asked is when the dashboard is asked where each poll fails with err and Run is
// called again after a second, as the supervisor does.
func asked(t *testing.T, err error) (at []time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 55*time.Minute)
		defer cancel()
		begun := time.Now()
		fetch := func(context.Context, Options, *client.Client) (netmon.Cellular, error) {
			at = append(at, time.Since(begun))
			return netmon.Cellular{}, err
		}
		for ctx.Err() == nil {
			if got := run(ctx, Options{}, nil, fetch, func() bool { return true }, func(netmon.Cellular) {}); ctx.Err() == nil && !errors.Is(got, err) {
				t.Errorf("gave up for %v, want %v", got, err)
			}
			time.Sleep(time.Second)
		}
	})
	return at
}

func TestThoughItGivesUpItIsNotAskedEarlier(t *testing.T) {
	const m, s = time.Minute, time.Second
	for _, c := range []struct {
		name string
		err  error
		want []time.Duration
	}{
		{"busy", &BusyError{10 * m}, []time.Duration{0, 10 * m, 20 * m, 30*m + s, 40*m + s, 50*m + s}},
		{"out of reach", errors.New("out of reach"), []time.Duration{0, 5 * m, 10 * m,
			15*m + s, 20*m + s, 25*m + s, 30*m + 2*s, 35*m + 2*s, 40*m + 2*s, 45*m + 3*s, 50*m + 3*s}},
	} {
		if at := asked(t, c.err); !slices.Equal(at, c.want) {
			t.Errorf("%s: asked at %v, want %v", c.name, at, c.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins on 1 January 2000
		for s, want := range map[string]time.Duration{"7": 7 * time.Second, " 2 ": 2 * time.Second, "600": 10 * time.Minute,
			"86400": 10 * time.Minute, "99999999999999999999": 10 * time.Minute, "": time.Minute, "0": time.Minute, "-5": time.Minute,
			"Sat, 01 Jan 2000 00:02:00 GMT": 2 * time.Minute, "Sun, 02 Jan 2000 00:00:00 GMT": 10 * time.Minute,
			"Fri, 31 Dec 1999 00:00:00 GMT": time.Minute} {
			if got := retryAfter(s); got != want {
				t.Errorf("%q: %v, want %v", s, got, want)
			}
		}
	})
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`[{"networkId":"N_1","uplinks":[{"status":"active","provider":"Orange F","connectionType":"LTE","signalStat":{"rsrp":"\u221297","rsrq":"-11"}}]}]`))
	f.Add([]byte(`{"counts":{"total":86,"withHeavyUsage":1},"usages":{"average":1706457,"withHeavyUsageAverage":31077896}}`))
	f.Add([]byte(`[{"uplinks":[{"status":7}]}]`))
	f.Add([]byte(twoCards))
	f.Add([]byte(points2))
	f.Add([]byte(joins))
	f.Add([]byte(threeDays))
	f.Add([]byte(`[{"uplinks":[{"signalStat":{"rsrp":{}}}]}]`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var gateways []mg
		if decode(b, &gateways) == nil {
			v, err := judge(gateways, "N_1", time.Time{})
			if err == nil && (v.RSRP > 0 || v.RSRP < -156 || v.SignalBars < 0 || v.SignalBars > 5 || len(v.Provider) > 32) {
				t.Errorf("%+v", v)
			}
		}
		var s sims
		v := netmon.Cellular{}
		if decode(b, &s) == nil {
			s.judge(&v)
			if f := v.Failover; len(v.SIMs) > 3 || v.SIM < 0 || v.SIM > 3 || f.After < 0 || f.After > 24*time.Hour {
				t.Errorf("%+v", v)
			}
		}
		var h history
		if decode(b, &h) == nil {
			h.judge(bundles, wall, &v)
			for _, sim := range v.SIMs {
				if sim.Used < -1 || sim.Slot < 1 || sim.Slot > 3 || sim.Order < 0 {
					t.Errorf("%+v", v)
				}
			}
		}
		var o overview
		if decode(b, &o) == nil && o.bytes() < -1 {
			t.Errorf("%d bytes", o.bytes())
		}
		var devices []device
		if decode(b, &devices) == nil {
			if p := points(devices); p.Alive < 0 || p.Dark < 0 || p.Alive+p.Dark > len(devices) {
				t.Errorf("%+v of %d", p, len(devices))
			}
		}
		var j joining
		if decode(b, &j) == nil {
			if n, err := j.judge(); err == nil && (!n.Known || min(n.Association, n.Authentication, n.DHCP, n.DNS, n.Joined) < 0) {
				t.Errorf("%+v", n)
			}
		}
	})
}
