// Package meraki asks the Meraki cloud what it knows of the gateway, over the
// Dashboard API v1: the state of the mobile link, how many devices, how much
// data, in all and by SIM card, and which card is used first. Totals only. It
// changes nothing there.
//
// In: an organisation, a network and a key, all from the team. Out: a
// netmon.Cellular a poll. It decodes the fields it names and no others, never
// asks for a list of clients, and quotes no answer in an error.
package meraki

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"infobus/hw"
	"infobus/netmon"
	"infobus/netmon/client"
)

// Options say whose gateway it is.
type Options struct {
	Organisation string // id
	Network      string // id
	Key          string // the API key; "": it is what stands alone in KeyFile
	KeyFile      string
	// Serial is the gateway's; "": the SIM cards are not asked for. It is sent to
	// the cloud, and goes nowhere else.
	Serial  string
	Bundles []netmon.Bundle // by which the use of SIM cards is counted
	// Wall is the time, and whether it may be believed; nil: it may not.
	Wall func() (now time.Time, trusted bool)
	// Warn is told why the SIM cards' figures cannot be had, where all else can:
	// once, until they were had again; nil: nobody is.
	Warn func(error)
	Base string // "": https://api.meraki.com/api/v1
	// Every is how often to ask while active; 0: 5 min.
	Every time.Duration
}

const (
	base  = "https://api.meraki.com/api/v1"
	every = 5 * time.Minute
	// idle is how often active is asked while it says no.
	idle = 30 * time.Second
	// patience is how many polls in a row may fail before Run gives up: the
	// cloud is out of reach whenever the internet is.
	patience = 3
	// maxAnswer bounds an answer; a thousand gateways take less than 1 MB.
	maxAnswer = 4 << 20
	// maxPages bounds how far a list is read.
	maxPages = 20
	// An organisation may ask 10 times a second, whoever asks: a poll begins with
	// burst requests, and makes those after it one in each pace.
	burst = 7
	pace  = 500 * time.Millisecond
)

var (
	// ErrKey: the key is refused, or may not read this organisation or network.
	ErrKey = errors.New("the API key is refused")
	// ErrNotFound: there is no such organisation or network.
	ErrNotFound = errors.New("no such organisation or network")
	// ErrNoGateway: the organisation has no cellular gateway.
	ErrNoGateway = errors.New("the organisation has no cellular gateway")
	// ErrAnswer: the answer is not what the API's documentation says.
	ErrAnswer = errors.New("not an answer that the documentation knows")
)

// BusyError says that the organisation's share of requests is used up.
type BusyError struct{ After time.Duration }

func (e *BusyError) Error() string { return fmt.Sprintf("too many requests; again after %v", e.After) }

// Run polls while active says so, until ctx is done, and returns its error; or
// why it cannot go on: a key that is missing or refused, at once; or three polls
// in a row that failed, once the next one is due, so that whoever calls Run again
// asks no earlier. It waits out the Retry-After that the cloud asks for.
func Run(ctx context.Context, o Options, c *client.Client, active func() bool, observe func(netmon.Cellular)) error {
	return run(ctx, o, c, Fetch, active, observe)
}

func run(ctx context.Context, o Options, c *client.Client, fetch func(context.Context, Options, *client.Client) (netmon.Cellular, error),
	active func() bool, observe func(netmon.Cellular)) error {
	if o.Every == 0 {
		o.Every = every
	}
	failures, warn := 0, o.Warn
	warned, before := false, false // in this poll; in the one before it
	o.Warn = func(err error) {
		if warned = true; warn != nil && !before {
			warn(err)
		}
	}
	var lost error // why it gives up
	for lost == nil {
		wait := idle
		if active() {
			wait = o.Every
			v, err := fetch(ctx, o, c)
			var busy *BusyError
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err == nil:
				failures = 0
				warned, before = false, warned
				observe(v)
			case errors.Is(err, ErrKey), errors.Is(err, ErrNotFound), errors.Is(err, hw.ErrAbsent):
				return err
			default:
				if failures++; failures == patience {
					lost = fmt.Errorf("ask the dashboard %d times: %w", failures, err)
				}
				if errors.As(err, &busy) {
					wait = busy.After
				}
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	return lost
}

// Fetch asks once: five requests over one connection, and two more for the SIM
// cards. Where any but the first is refused or not understood, the rest is given.
func Fetch(ctx context.Context, o Options, c *client.Client) (netmon.Cellular, error) {
	key := o.Key
	if key == "" {
		var err error
		if key, err = readKey(o.KeyFile); err != nil {
			return netmon.Cellular{}, fmt.Errorf("read API key: %w", err)
		}
	}
	if o.Base == "" {
		o.Base = base
	}
	a := &api{base: strings.TrimSuffix(o.Base, "/"), key: key, http: c.HTTP(client.Dashboard)}
	return a.poll(ctx, o)
}

func (a *api) poll(ctx context.Context, o Options) (netmon.Cellular, error) {
	// Meraki Dashboard API v1, getOrganizationCellularGatewayUplinkStatuses.
	var gateways []mg
	page := a.base + "/organizations/" + url.PathEscape(o.Organisation) + "/cellularGateway/uplink/statuses?perPage=1000"
	if o.Serial != "" {
		page += "&serials%5B%5D=" + url.QueryEscape(o.Serial)
	}
	for range maxPages {
		var some []mg
		next, err := a.page(ctx, page, &some)
		if err != nil {
			return netmon.Cellular{}, fmt.Errorf("ask for the uplink: %w", err)
		}
		if gateways = append(gateways, some...); next == "" || slices.ContainsFunc(some, func(g mg) bool { return g.Network == o.Network }) {
			break
		}
		page = next
	}
	v, err := judge(gateways, o.Network, a.date)
	if err != nil {
		return v, err
	}
	for _, further := range []struct {
		what string
		ask  func(context.Context, Options, *netmon.Cellular) error
	}{
		{"the devices connected", a.clients},
		{"the access points", a.wireless},
		{"the SIM cards", a.cards},
	} {
		err := further.ask(ctx, o, &v)
		switch {
		case err == nil:
		case !lasting(err):
			return v, fmt.Errorf("ask for %s: %w", further.what, err)
		case o.Warn != nil:
			o.Warn(fmt.Errorf("ask for %s: %w", further.what, err))
		}
	}
	return v, nil
}

// clients asks for the totals of all clients.
func (a *api) clients(ctx context.Context, o Options, v *netmon.Cellular) error {
	// getNetworkClientsOverview. It counts the clients of a span, which must be
	// one of 7200, 86400, 604800 and 2629746 s; usages are in kilobytes.
	span := func(seconds int) (o2 overview, err error) {
		err = a.get(ctx, fmt.Sprintf("/networks/%s/clients/overview?timespan=%d&resolution=%d", url.PathEscape(o.Network), seconds, seconds), &o2)
		if err == nil && (o2.Counts.Total == nil || !o2.Counts.Total.known()) {
			err = fmt.Errorf("%w: no total", ErrAnswer)
		}
		return o2, err
	}
	hours, err := span(7200)
	if err != nil {
		return err
	}
	v.Devices = int(*hours.Counts.Total)
	day, err := span(86400)
	if err != nil {
		return err
	}
	v.UsageBytes = day.bytes()
	return nil
}

// lasting says whether err is there to stay: such as a key without the right, or
// a gateway of which the cloud counts nothing.
func lasting(err error) bool {
	return errors.Is(err, ErrKey) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrAnswer)
}

// cards asks for the SIM cards' order and use, where the gateway's serial number is
// known.
func (a *api) cards(ctx context.Context, o Options, v *netmon.Cellular) error {
	if o.Serial == "" {
		return nil
	}
	// getDeviceCellularSims.
	var s sims
	if err := a.get(ctx, "/devices/"+url.PathEscape(o.Serial)+"/cellular/sims", &s); err != nil {
		return err
	}
	unsaid := s.judge(v)
	wall, trusted := time.Time{}, false
	if o.Wall != nil {
		wall, trusted = o.Wall()
	}
	if !trusted || len(o.Bundles) == 0 {
		return unsaid
	}
	// getOrganizationDevicesCellularDataUsageHistoryByDeviceByInterval: by days,
	// of at most 31.
	from := wall
	for _, b := range o.Bundles {
		if began := b.Began(wall); began.Before(from) {
			from = began
		}
	}
	var h history
	if err := a.get(ctx, "/organizations/"+url.PathEscape(o.Organisation)+"/devices/cellular/data/usage/history/byDevice/byInterval?"+
		url.Values{"serials[]": {o.Serial}, "t0": {from.UTC().Format(time.RFC3339)}, "t1": {wall.UTC().Format(time.RFC3339)}, "interval": {"86400"}}.Encode(),
		&h); err != nil {
		return err
	}
	if err := h.judge(o.Bundles, wall, v); err != nil {
		return err
	}
	return unsaid
}

func readKey(path string) (string, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the file is %w", hw.ErrAbsent)
	}
	if err != nil {
		return "", err
	}
	key := strings.TrimSpace(string(b))
	if key == "" || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("%w: the file does not hold one key alone", ErrKey)
	}
	return key, nil
}

// api sends the requests of one poll.
type api struct {
	base, key string
	http      *http.Client
	asked     int       // requests
	date      time.Time // of the last answer, by the cloud's clock; zero where it did not say
}

// turn waits until the next request may be sent.
func (a *api) turn(ctx context.Context) error {
	if a.asked++; a.asked <= burst {
		return nil
	}
	select {
	case <-time.After(pace):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// get asks for path and decodes the answer into v.
func (a *api) get(ctx context.Context, path string, v any) error {
	_, err := a.page(ctx, a.base+path, v)
	return err
}

// page asks for the address target, decodes the answer into v, and gives the
// address of the page after it, as the Link header has it (RFC 8288); "" where
// there is none. The API sends clients on to another of its hosts by a redirect,
// and pages may be there too; the key goes to no other.
func (a *api) page(ctx context.Context, target string, v any) (next string, err error) {
	for range 3 {
		if err := a.turn(ctx); err != nil {
			return "", err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
		if err != nil {
			return "", errors.New("the dashboard's address is not one")
		}
		r.Header.Set("Authorization", "Bearer "+a.key)
		r.Header.Set("Accept", "application/json")
		response, err := a.http.Do(r)
		if err != nil {
			return "", reason(err)
		}
		b, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
		response.Body.Close()
		switch code := response.StatusCode; {
		case code == http.StatusOK:
			a.date, _ = http.ParseTime(response.Header.Get("Date"))
			if err != nil {
				return "", reason(err)
			}
			return a.following(response), decode(b, v)
		case code >= 300 && code < 400:
			next, err := response.Location()
			if err != nil || !a.own(next, r.URL) {
				return "", fmt.Errorf("%w: sent on to somebody else", ErrAnswer)
			}
			target = next.String()
			continue
		case code == http.StatusUnauthorized, code == http.StatusForbidden:
			return "", ErrKey
		case code == http.StatusNotFound:
			return "", ErrNotFound
		case code == http.StatusTooManyRequests:
			return "", &BusyError{retryAfter(response.Header.Get("Retry-After"))}
		case code >= 500:
			return "", fmt.Errorf("the dashboard is in trouble: status %d", code)
		default:
			return "", fmt.Errorf("%w: status %d", ErrAnswer, code)
		}
	}
	return "", fmt.Errorf("%w: sent on too often", ErrAnswer)
}

// link is an entry of a Link header that names the next page.
var link = regexp.MustCompile(`<([^<>\s]+)>\s*;[^,<]*\brel="?next"?`)

// following is the next page's address, if the key may go there.
func (a *api) following(response *http.Response) string {
	m := link.FindStringSubmatch(response.Header.Get("Link"))
	if m == nil {
		return ""
	}
	next, err := response.Request.URL.Parse(m[1])
	if err != nil || !a.own(next, response.Request.URL) {
		return ""
	}
	return next.String()
}

// own says whether the key may follow to next.
func (a *api) own(next, from *url.URL) bool {
	if next.Scheme != from.Scheme || next.User != nil {
		return false
	}
	return next.Host == from.Host || next.Scheme == "https" && strings.HasSuffix(next.Hostname(), ".meraki.com")
}

// reason drops the URL that http.Client puts before its errors.
func reason(err error) error {
	var e *client.Error
	if errors.As(err, &e) {
		return e
	}
	return errors.New("the request failed")
}

// retryAfter reads the header of that name: at most 10 min, for a session is
// short; a minute where it says nothing.
func retryAfter(s string) time.Duration {
	return min(cmp.Or(client.RetryAfter(s, time.Now()), time.Minute), 10*time.Minute)
}

// decode is json.Unmarshal with errors that quote nothing of b.
func decode(b []byte, v any) error {
	if len(b) > maxAnswer {
		return fmt.Errorf("%w: longer than %d bytes", ErrAnswer, maxAnswer)
	}
	err := json.Unmarshal(b, v)
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		return fmt.Errorf("%w: %q is of another type", ErrAnswer, kind.Field)
	}
	return fmt.Errorf("%w: no JSON, or not all of it", ErrAnswer)
}

// mg is one of the organisation's cellular gateways. These are all the fields that are
// decoded: no serial, address, number or name of a subscriber.
type mg struct {
	Network  string   `json:"networkId"`
	Reported moment   `json:"lastReportedAt"`
	Uplinks  []uplink `json:"uplinks"`
}

type uplink struct {
	Status         label `json:"status"`
	Provider       label `json:"provider"`
	ConnectionType label `json:"connectionType"`
	Signal         struct {
		RSRP decibel `json:"rsrp"`
		RSRQ decibel `json:"rsrq"`
	} `json:"signalStat"`
	Roaming struct {
		Status label `json:"status"`
	} `json:"roaming"`
}

type overview struct {
	Counts struct {
		Total *amount `json:"total"`
	} `json:"counts"`
	Usages struct {
		Average *amount `json:"average"`
	} `json:"usages"`
}

// bytes is the volume of all clients together; -1 where it is not told.
func (o overview) bytes() int64 {
	if o.Counts.Total == nil || o.Usages.Average == nil || !o.Counts.Total.known() || !o.Usages.Average.known() {
		return -1
	}
	b := *o.Counts.Total * *o.Usages.Average * 1024
	if !b.known() {
		return -1
	}
	return int64(b)
}

// judge is the view of the gateway of the network, or of the first if the
// network has none: access points and gateway may be in two networks. date is when
// the cloud answered, by its own clock, by which it also says when the gateway
// last told it something.
func judge(gateways []mg, network string, date time.Time) (netmon.Cellular, error) {
	if len(gateways) == 0 {
		return netmon.Cellular{}, ErrNoGateway
	}
	g := gateways[0]
	for _, other := range gateways {
		if other.Network == network {
			g = other
			break
		}
	}
	v := netmon.Cellular{Status: "unknown", Devices: -1, UsageBytes: -1}
	if !g.Reported.IsZero() && !date.IsZero() {
		v.Age = max(0, date.Sub(g.Reported.Time))
	}
	if len(g.Uplinks) == 0 {
		return v, nil
	}
	u := g.Uplinks[0]
	for _, other := range g.Uplinks {
		if word(string(other.Status), statuses) == "active" {
			u = other
			break
		}
	}
	if v.Status = word(string(u.Status), statuses); v.Status == "" {
		v.Status = "unknown"
	}
	v.Provider = operator(string(u.Provider))
	v.ConnectionType = word(string(u.ConnectionType), types)
	v.Roaming = roams(string(u.Roaming.Status))
	v.RSRP, v.RSRQ = within(u.Signal.RSRP, -156, -31), within(u.Signal.RSRQ, -43, -1)
	v.SignalBars = bars(v.RSRP)
	return v, nil
}
