package meraki

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
	"infobus/sim/gateway"
)

const (
	twoCards = `{"sims":[{"slot":"sim1","isPrimary":false,"status":"ready","iccid":"8933","imsi":"208","msisdn":"336","apns":[{"name":"orange","authentication":{"password":"secret"}}]},
		{"slot":"sim2","isPrimary":true,"status":"active"}],"simOrdering":["sim2","sim1"],"simFailover":{"enabled":true,"timeout":300}}`
	threeDays = `{"items":[{"serial":"Q2XX-XXXX-XXXX","intervals":[
		{"startTs":"2026-11-11T00:00:00Z","endTs":"2026-11-12T00:00:00Z","usage":{"total":5000,"bySim":[{"name":"sim1","total":1000},{"name":"sim2","total":4000}]}},
		{"startTs":"2026-11-12T00:00:00Z","endTs":"2026-11-13T00:00:00Z","usage":{"total":300,"bySim":[{"name":"sim1","total":100},{"name":"sim2","total":200}]}},
		{"startTs":"2026-11-13T00:00:00Z","endTs":"2026-11-14T00:00:00Z","usage":{"total":30,"bySim":[{"name":"sim1","total":10},{"name":"sim2","total":20},{"name":"esim","total":7}]}}]}],
		"meta":{"counts":{"items":{"total":1,"remaining":0}}}}`
	points2 = `[{"mac":"02:00:5e:10:00:01","name":"Amina","network":{"id":"N_2"},"productType":"wireless","serial":"Q2XX-XXXX-XXXX","status":"online","tags":["van"]},
		{"productType":"wireless","status":"offline"},{"productType":"wireless","status":"dormant"},{"productType":"cellularGateway","status":"offline"},{"productType":"wireless","status":["new"]}]`
	joins = `{"assoc":2,"auth":"1","dhcp":12,"dns":0,"success":9,"roaming":{"n":1}}`
)

var (
	wall    = time.Date(2026, 11, 13, 15, 0, 0, 0, time.UTC)
	twelfth = time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC)
	first   = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	bundles = []netmon.Bundle{{Slot: 1, Bytes: 20e9, Renews: 12}, {Slot: 2, Bytes: 10e9, Renews: 1}}
)

func told() (time.Time, bool) { return wall, true }

func TestTheSimulatedCloudCountsBySIMCard(t *testing.T) {
	g, err := gateway.Start(gateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	g.Plant([]string{"02:00:5e:10:00:01", "198.51.100.77", "Amina Example", "+33 6 12 34 56 78"})
	o := Options{Organisation: "1", Network: "N_1", KeyFile: keyFile(t, "k"), Base: g.Endpoints().Dashboard,
		Serial: "Q2XX-XXXX-XXXX", Bundles: bundles, Wall: told, Warn: func(err error) { t.Error(err) }}
	v, err := Fetch(t.Context(), o, client.New(client.Options{}))
	want := []netmon.SIM{{Slot: 1, Order: 1, Used: 812_500_000, Period: twelfth}, {Slot: 2, Order: 2, Used: 12_625_000, Period: first}}
	if err != nil || v.SIM != 1 || v.Failover != (netmon.Failover{Known: true, On: true, After: 5 * time.Minute}) || !v.Asked.Equal(wall) ||
		!reflect.DeepEqual(v.SIMs, want) {
		t.Errorf("%+v, %v\nwant %+v", v, err, want)
	}
	o.Wall = func() (time.Time, bool) { return wall, false }
	if v, err = Fetch(t.Context(), o, client.New(client.Options{})); err != nil || len(v.SIMs) != 2 || v.SIMs[0].Used != -1 || !v.Asked.IsZero() {
		t.Errorf("without a clock: %+v, %v", v, err)
	}
}

func TestShapesOfTheSIMCardsAnswers(t *testing.T) {
	both := func(a, b netmon.SIM) []netmon.SIM { return []netmon.SIM{a, b} }
	on := netmon.Failover{Known: true, On: true, After: 5 * time.Minute}
	for _, c := range []struct {
		name, sims string
		want       netmon.Cellular
	}{
		{"as documented", twoCards, netmon.Cellular{SIM: 2, Failover: on, SIMs: both(netmon.SIM{Slot: 1, Order: 2, Used: -1}, netmon.SIM{Slot: 2, Order: 1, Used: -1})}},
		{"an older cloud without an order", strings.Replace(twoCards, `"simOrdering"`, `"other"`, 1),
			netmon.Cellular{SIM: 2, Failover: on, SIMs: both(netmon.SIM{Slot: 1, Order: 2, Used: -1}, netmon.SIM{Slot: 2, Order: 1, Used: -1})}},
		{"two that are active", strings.Replace(twoCards, "ready", "Active", 1),
			netmon.Cellular{SIM: 0, Failover: on, SIMs: both(netmon.SIM{Slot: 1, Order: 2, Used: -1}, netmon.SIM{Slot: 2, Order: 1, Used: -1})}},
		{"one card, fail-over off", `{"sims":[{"slot":"sim1","isPrimary":true,"status":"active"}],"simFailover":{"enabled":false}}`,
			netmon.Cellular{SIM: 1, Failover: netmon.Failover{Known: true}, SIMs: []netmon.SIM{{Slot: 1, Order: 1, Used: -1}}}},
		{"states that are not said", strings.ReplaceAll(twoCards, `"status"`, `"state"`),
			netmon.Cellular{Failover: on, SIMs: both(netmon.SIM{Slot: 1, Order: 2, Used: -1}, netmon.SIM{Slot: 2, Order: 1, Used: -1})}},
		{"one card whose state is not said", `{"sims":[{"slot":"sim2","new":{}}]}`, netmon.Cellular{SIM: 2, SIMs: []netmon.SIM{{Slot: 2, Used: -1}}}},
		{"an embedded card, and a time as a string", `{"sims":[{"slot":"sim3","status":"active"},{"slot":"sim1","status":"ready"}],"simOrdering":["sim3","sim1"],"simFailover":{"enabled":true,"timeout":"300"}}`,
			netmon.Cellular{SIM: 3, Failover: on, SIMs: both(netmon.SIM{Slot: 1, Order: 2, Used: -1}, netmon.SIM{Slot: 3, Order: 1, Used: -1})}},
		{"slots nobody knows, and one twice", `{"sims":[{"slot":"sim9"},{"slot":"0612345678"},{"slot":"sim1"},{"slot":"sim1","status":"active"}],"simFailover":{"timeout":300}}`,
			netmon.Cellular{SIMs: []netmon.SIM{{Slot: 1, Used: -1}}}},
		{"a fail-over after a year", `{"simFailover":{"enabled":true,"timeout":31536000}}`, netmon.Cellular{Failover: netmon.Failover{Known: true, On: true}}},
		{"nothing", `{}`, netmon.Cellular{}},
		{"null", `null`, netmon.Cellular{}},
	} {
		var s sims
		var v netmon.Cellular
		if err := decode([]byte(c.sims), &s); err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if err := s.judge(&v); !reflect.DeepEqual(v, c.want) || (err != nil) != (c.name == "states that are not said") {
			t.Errorf("%s: %+v, %v\nwant %+v", c.name, v, err, c.want)
		}
	}
	one := func(total string) string {
		return `{"items":[{"intervals":[{"endTs":"2026-11-13T00:00:00Z","usage":{"bySim":[{"name":"sim1","total":` + total + `}]}}]}]}`
	}
	for _, c := range []struct {
		name, history string
		used          []int64
		err           error
	}{
		{"as documented", threeDays, []int64{110, 4220}, nil},
		{"one card alone", one("7"), []int64{7}, nil},
		{"a total as a string", one(`"7"`), []int64{7}, nil},
		{"no day yet", `{"items":[{"intervals":[]}]}`, nil, nil},
		{"no gateway", `{"items":[]}`, nil, ErrAnswer},
		{"two gateways", `{"items":[{},{}]}`, nil, ErrAnswer},
		{"below zero", one("-1"), nil, ErrAnswer},
		{"more than there can be", one("1e300"), nil, nil},
		{"not a number", one(`"02:00:5e:10:00:01"`), nil, ErrAnswer},
		{"a time that is none", strings.Replace(one("1"), "2026-11-13T00:00:00Z", "Amina", 1), nil, ErrAnswer},
		{"truncated", threeDays[:200], nil, ErrAnswer},
		{"a list", `[]`, nil, ErrAnswer},
		{"a page", `<html>02:00:5e:10:00:01`, nil, ErrAnswer},
	} {
		var h history
		var v netmon.Cellular
		err := decode([]byte(c.history), &h)
		if err == nil {
			err = h.judge(bundles, wall, &v)
		}
		var used []int64
		for _, s := range v.SIMs {
			used = append(used, s.Used)
		}
		if !errors.Is(err, c.err) || !slices.Equal(used, c.used) || err != nil && (strings.Contains(err.Error(), "02:00") || strings.Contains(err.Error(), "Amina")) {
			t.Errorf("%s: %v, %v; want %v, %v", c.name, used, err, c.used, c.err)
		}
	}
}

// Each of the requests, answered in every wrong way, while the others go well.
func TestEveryRequestIsAnsweredInEveryWrongWay(t *testing.T) {
	good := map[string]string{
		"/uplink/statuses":     `[{"networkId":"N_2","uplinks":[{"status":"active"}]}]`,
		"/clients/overview":    `{"counts":{"total":3},"usages":{"average":1.5}}`,
		"/availabilities":      strings.Replace(points2, `["new"]`, `"new"`, 1),
		"/connectionStats":     joins,
		"/cellular/sims":       twoCards,
		"/byDevice/byInterval": threeDays,
	}
	person := "02:00:5e:10:00:01"
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a stranger was asked") }))
	defer stranger.Close()
	wrong := []struct {
		name string
		do   func(w http.ResponseWriter, body string)
		// lasting: it does not pass, and of the SIM cards' requests the poll goes on
		// without it.
		lasting bool
		err     error // errors.Is; nil: any
	}{
		{"401", func(w http.ResponseWriter, _ string) { w.WriteHeader(401); io.WriteString(w, person) }, true, ErrKey},
		{"403", func(w http.ResponseWriter, _ string) { w.WriteHeader(403); io.WriteString(w, person) }, true, ErrKey},
		{"404", func(w http.ResponseWriter, _ string) { w.WriteHeader(404); io.WriteString(w, person) }, true, ErrNotFound},
		{"400", func(w http.ResponseWriter, _ string) { w.WriteHeader(400); io.WriteString(w, person) }, true, ErrAnswer},
		{"429", func(w http.ResponseWriter, _ string) { w.Header().Set("Retry-After", "7"); w.WriteHeader(429) }, false, nil},
		{"500", func(w http.ResponseWriter, _ string) { w.WriteHeader(500); io.WriteString(w, person) }, false, nil},
		{"502", func(w http.ResponseWriter, _ string) { w.WriteHeader(502) }, false, nil},
		{"truncated", func(w http.ResponseWriter, body string) { io.WriteString(w, body[:len(body)-3]) }, true, ErrAnswer},
		{"cut on the way", func(w http.ResponseWriter, body string) {
			w.Header().Set("Content-Length", "9999")
			io.WriteString(w, body)
		}, false, nil},
		{"a sign-in page", func(w http.ResponseWriter, _ string) { io.WriteString(w, "<html>"+person) }, true, ErrAnswer},
		{"a word", func(w http.ResponseWriter, _ string) { io.WriteString(w, `"`+person+`"`) }, true, ErrAnswer},
		{"a number", func(w http.ResponseWriter, _ string) { io.WriteString(w, `7`) }, true, ErrAnswer},
		{"lists of lists", func(w http.ResponseWriter, _ string) { io.WriteString(w, `[[["`+person+`"]]]`) }, true, ErrAnswer},
		{"nothing", func(http.ResponseWriter, string) {}, true, ErrAnswer},
		{"sent to a stranger", func(w http.ResponseWriter, _ string) {
			w.Header().Set("Location", stranger.URL)
			w.WriteHeader(302)
		}, true, ErrAnswer},
		{"sent nowhere", func(w http.ResponseWriter, _ string) { w.WriteHeader(308) }, true, ErrAnswer},
		{"longer than any", func(w http.ResponseWriter, _ string) { io.WriteString(w, strings.Repeat(" ", maxAnswer+1)) }, true, ErrAnswer},
	}
	var bad string
	var do func(http.ResponseWriter, string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for suffix, body := range good {
			switch {
			case !strings.HasSuffix(r.URL.Path, suffix):
			case suffix == bad:
				do(w, body)
			default:
				io.WriteString(w, body)
			}
		}
	}))
	defer server.Close()
	o := Options{Organisation: "1", Network: "N_2", KeyFile: keyFile(t, "k"), Base: server.URL, Serial: "Q2XX-XXXX-XXXX", Bundles: bundles, Wall: told}
	for bad = range good {
		further := bad != "/uplink/statuses" // without it there is nothing to say
		for _, w := range wrong {
			do = w.do
			var warned error
			o.Warn = func(err error) { warned = err }
			v, err := Fetch(t.Context(), o, client.New(client.Options{}))
			said := err
			if further && w.lasting {
				said = warned
				got := map[string]bool{"/clients/overview": v.Devices == 3, "/availabilities": v.AccessPoints == netmon.AccessPoints{Known: true, Alive: 1, Dark: 1},
					"/connectionStats": v.Joining == netmon.Joining{Known: true, Association: 2, Authentication: 1, DHCP: 12, Joined: 9}, "/cellular/sims": v.SIM == 2,
					"/byDevice/byInterval": len(v.SIMs) == 2 && v.SIMs[0].Used == 110}
				without := map[string]bool{bad: true, "/connectionStats": bad == "/availabilities" || bad == "/connectionStats",
					"/byDevice/byInterval": bad == "/cellular/sims" || bad == "/byDevice/byInterval"}
				for part, is := range got {
					if err != nil || is == without[part] {
						t.Errorf("%s %s: of %s: %v; %+v, %v", bad, w.name, part, is, v, err)
					}
				}
			} else if warned != nil {
				t.Errorf("%s %s: warned: %v", bad, w.name, warned)
			}
			if said == nil || w.err != nil && !errors.Is(said, w.err) {
				t.Errorf("%s %s: %v, want %v", bad, w.name, said, w.err)
			} else if text := said.Error(); strings.Contains(text, person) || strings.Contains(text, "Q2XX") || strings.Contains(text, "127.0.0.1") {
				t.Errorf("%s %s: %v says too much", bad, w.name, said)
			}
			var busy *BusyError
			if w.name == "429" && (!errors.As(said, &busy) || busy.After != 7*time.Second) {
				t.Errorf("%s: %v", bad, said)
			}
		}
	}
}

// fake answers without a network.
type fake func(*http.Request) string

func (f fake) RoundTrip(r *http.Request) (*http.Response, error) {
	header := http.Header{}
	body := f(r)
	if link, rest, paged := strings.Cut(body, "\x00"); paged {
		header.Set("Link", link)
		body = rest
	}
	return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestAPollMakesSevenRequestsAndNeverTenInASecond(t *testing.T) {
	for _, pages := range []int{1, maxPages + 5} {
		synctest.Test(t, func(t *testing.T) {
			var at []time.Time
			a := &api{base: "http://cloud.test", key: "k", http: &http.Client{Transport: fake(func(r *http.Request) string {
				at = append(at, time.Now())
				switch path := r.URL.Path; {
				case strings.HasSuffix(path, "/clients"):
					t.Error("a list of clients was asked for")
				case strings.HasSuffix(path, "/overview"):
					return `{"counts":{"total":3},"usages":{"average":1.5}}`
				case strings.HasSuffix(path, "/availabilities"):
					if q := r.URL.Query(); q.Get("networkIds[]") != "N_2" || q.Get("productTypes[]") != "wireless" {
						t.Errorf("asked for %v", q)
					}
					return points2
				case strings.HasSuffix(path, "/connectionStats"):
					return joins
				case strings.HasSuffix(path, "/sims"):
					return twoCards
				case strings.HasSuffix(path, "/byInterval"):
					if q := r.URL.Query(); q.Get("t0") != "2026-11-01T00:00:00Z" || q.Get("t1") != "2026-11-13T15:00:00Z" || q.Get("interval") != "86400" ||
						!slices.Equal(q["serials[]"], []string{"Q2XX-XXXX-XXXX"}) {
						t.Errorf("asked for %v", q)
					}
					return threeDays
				case pages > 1:
					return fmt.Sprintf("<http://cloud.test%s?startingAfter=%d>; rel=next\x00", path, len(at)) + `[{"networkId":"N_9"}]`
				}
				return `[{"networkId":"N_2","uplinks":[{"status":"active"}]}]`
			})}}
			o := Options{Organisation: "1", Network: "N_2", Serial: "Q2XX-XXXX-XXXX", Bundles: bundles, Wall: told}
			if v, err := a.poll(t.Context(), o); err != nil || v.SIMs[0].Used != 110 {
				t.Errorf("%+v, %v", v, err)
			}
			if want := min(pages, maxPages) + 6; len(at) != want {
				t.Errorf("%d requests, want %d", len(at), want)
			}
			for i := range at {
				n := 0
				for _, other := range at[i:] {
					if other.Sub(at[i]) < time.Second {
						n++
					}
				}
				if n >= 10 {
					t.Fatalf("%d requests in a second", n)
				}
			}
		})
	}
}

func TestThatTheSIMCardsCannotBeAskedForIsSaidOnceEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		said, polls := 0, 0
		o := Options{Warn: func(error) { said++ }}
		run(ctx, o, nil, func(_ context.Context, o Options, _ *client.Client) (netmon.Cellular, error) {
			if polls++; polls != 6 { // in the sixth they can
				o.Warn(ErrKey)
			}
			return netmon.Cellular{}, nil
		}, func() bool { return true }, func(netmon.Cellular) {})
		if said != 2 || polls < 12 {
			t.Errorf("said %d times in %d polls", said, polls)
		}
	})
}
