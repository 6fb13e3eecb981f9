// Package gateway is a simulated MG41E with the internet behind it, on
// loopback: its own page, a connectivity check, something to connect to, a DNS
// server, the Dashboard API and a receiver of OTLP logs.
//
// In: Switches, which take effect at once, also on connections that are open.
// Out: what a box would see on the wire, and a file of the events that the
// receiver was sent. Strings that are planted in it are woven into whatever it
// answers, for a test that looks for them elsewhere.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Cellular is the state of the mobile link.
type Cellular string

const (
	Up      Cellular = "up"
	Down    Cellular = "down"    // whatever is beyond the gateway refuses
	Slow    Cellular = "slow"    // every answer from beyond waits for Options.Delay
	Captive Cellular = "captive" // a sign-in page answers in the internet's place
)

// Switches are what can be changed. All are well after Start.
type Switches struct {
	On       bool // the gateway answers at all
	Cellular Cellular
	DNS      bool
	// Dashboard and Receiver are the HTTP status that these two answer with,
	// with an error body; 0: they are well.
	Dashboard, Receiver int
}

// Options are those of Start.
type Options struct {
	// ReceivedFile is where the receiver appends one JSON line a record; "":
	// nowhere.
	ReceivedFile string
	// Delay is that of Slow; 0: 2 s, which is above every bound for slow.
	Delay time.Duration
}

// Endpoints say where everything is, on 127.0.0.1.
type Endpoints struct {
	Page      string   // host:port of the gateway's own page
	Internet  []string // host:port that accept connections
	DNS       string   // host:port, UDP
	Name      string   // a name that the DNS server knows
	Check     string   // URL that answers 204
	Dashboard string   // base URL of the Dashboard API, as https://api.meraki.com/api/v1
	Receiver  string   // base URL: logs are posted to Receiver + "/v1/logs"
}

// Gateway runs until Close.
type Gateway struct {
	options  Options
	received *received

	page, internet, check, dashboard, receiver *port
	dns                                        *resolver

	mu       sync.RWMutex // guards the rest
	switches Switches
	planted  []string
}

// Start makes a gateway with everything well.
func Start(o Options) (*Gateway, error) {
	if o.Delay == 0 {
		o.Delay = 2 * time.Second
	}
	g := &Gateway{options: o, switches: Switches{On: true, Cellular: Up, DNS: true}}
	var err error
	if g.received, err = openReceived(o.ReceivedFile); err != nil {
		return nil, fmt.Errorf("open the receiver's file: %w", err)
	}
	for _, p := range []struct {
		port    **port
		handler http.Handler
	}{
		{&g.page, http.HandlerFunc(g.servePage)},
		{&g.internet, g.beyond(http.HandlerFunc(g.serveSite))},
		{&g.check, g.beyond(http.HandlerFunc(g.serveCheck))},
		{&g.dashboard, g.beyond(g.dashboardAPI())},
		{&g.receiver, g.beyond(http.HandlerFunc(g.serveLogs))},
	} {
		if *p.port, err = newPort(p.handler); err != nil {
			return nil, errors.Join(fmt.Errorf("open a port: %w", err), g.Close())
		}
	}
	g.page.dead = func() bool { return !g.now().On }
	if g.dns, err = g.serveDNS(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the DNS port: %w", err), g.Close())
	}
	if err := g.apply(); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

// Endpoints stay the same until Close.
func (g *Gateway) Endpoints() Endpoints {
	return Endpoints{
		Page:      g.page.address,
		Internet:  []string{g.internet.address},
		DNS:       g.dns.address,
		Name:      "check.infobus.test",
		Check:     "http://" + g.check.address + "/generate_204",
		Dashboard: "http://" + g.dashboard.address + "/api/v1",
		Receiver:  "http://" + g.receiver.address,
	}
}

func (g *Gateway) now() Switches {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.switches
}

// Set changes the switches. Every open connection is cut if they changed. An
// error says that a port could not be opened again.
func (g *Gateway) Set(change func(*Switches)) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	was := g.switches
	if change(&g.switches); g.switches == was {
		return nil
	}
	return g.apply()
}

// apply is called with mu held, or before anybody else has g.
func (g *Gateway) apply() error {
	s := g.switches
	answers := s.On && s.Cellular != Down
	var errs []error
	for _, p := range []struct {
		*port
		open bool
	}{
		{g.page, true}, // a dead gateway takes the connection and says nothing
		{g.internet, answers && s.Cellular != Captive},
		{g.check, answers},
		{g.dashboard, answers},
		{g.receiver, answers},
	} {
		errs = append(errs, p.set(p.open))
		p.cut()
	}
	return errors.Join(errs...)
}

// Plant weaves the strings into every answer from now on: headers, bodies,
// error bodies, and fields that nobody should read.
func (g *Gateway) Plant(s []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.planted = slices.Clone(s)
}

func (g *Gateway) plants() []string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.planted
}

// plant is one of the planted strings, or otherwise if there is none.
func (g *Gateway) plant(i int, otherwise string) string {
	if p := g.plants(); len(p) > 0 {
		return p[i%len(p)]
	}
	return otherwise
}

// Close cuts everything and waits for it.
func (g *Gateway) Close() error {
	var errs []error
	for _, p := range []*port{g.page, g.internet, g.check, g.dashboard, g.receiver} {
		if p != nil {
			errs = append(errs, p.close())
		}
	}
	if g.dns != nil {
		errs = append(errs, g.dns.close())
	}
	return errors.Join(append(errs, g.received.close())...)
}

// beyond is what lies behind the cellular link: late while it is slow, and
// hidden by a sign-in page while it is captive.
func (g *Gateway) beyond(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.dress(w)
		switch g.now().Cellular {
		case Captive:
			w.Header().Set("Location", "http://"+g.page.address+"/sign-in")
			w.WriteHeader(http.StatusFound)
			g.list(w)
			return
		case Slow:
			if !pause(r.Context(), g.options.Delay) {
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// dress puts what is planted into the headers.
func (g *Gateway) dress(w http.ResponseWriter) {
	for _, s := range g.plants() {
		w.Header().Add("X-Client", s)
	}
	w.Header().Set("Set-Cookie", "client="+g.plant(0, "none"))
}

// list writes what is planted, as a page or an error body would.
func (g *Gateway) list(w http.ResponseWriter) {
	for _, s := range g.plants() {
		fmt.Fprintf(w, "<li>%s</li>\n", s)
	}
}

func (g *Gateway) servePage(w http.ResponseWriter, r *http.Request) {
	g.dress(w)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<title>MG41E</title><h1>Cellular gateway</h1><p>%s</p>\n", g.now().Cellular)
	g.list(w)
}

func (g *Gateway) serveSite(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "a site") }

func (g *Gateway) serveCheck(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusNoContent)
}
