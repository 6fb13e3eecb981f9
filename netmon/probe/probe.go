// Package probe asks, rung by rung and all side by side, how far the internet
// is there: the gateway's own page, something beyond it by address, a name, and
// a page that answers exactly what it should.
//
// In: the targets and how often to ask. Out: a netmon.Probe a round. A round is
// bounded, goes through netmon/client, and reads no more of an answer than it
// needs; what an answer says is judged and dropped, never handed on.
package probe

import (
	"context"
	"errors"
	"net"
	"net/http"
	"reflect"
	"sync"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
)

// Options are those of a round. Client must be set.
type Options struct {
	Client *client.Client
	// Timeout bounds each question; 0: 3 s.
	Timeout time.Duration
	// Stagger is how long one target is given before the next of its rung is
	// asked as well; 0: 700 ms. A healthy round asks one target a rung.
	Stagger time.Duration
}

// Targets are whom to ask. A rung without a target is not tried.
type Targets struct {
	Gateway  string   // host or host:port of the gateway's own page
	Internet []string // address:port that accept a TCP connection
	DNS      []string // address:port of the resolvers, UDP
	Name     string   // a name that has an address, for the resolvers
	Checks   []string // URLs that answer 204 and nothing else
}

// Via is t with the link's gateway for what t leaves out: the page and the
// resolver.
func (t Targets) Via(l netmon.Link) Targets {
	if l.Gateway == "" {
		return t
	}
	if t.Gateway == "" {
		t.Gateway = l.Gateway
	}
	if len(t.DNS) == 0 {
		t.DNS = []string{net.JoinHostPort(l.Gateway, "53")}
	}
	return t
}

// Run asks until ctx is done, and returns its error. cadence says how often and
// whom; 0 is never. It is asked before each round and at each kick: send one
// whenever its answer changes. A kick starts a round at once if the new cadence
// makes one due, the targets are others, or none was wanted before.
func Run(ctx context.Context, o Options, cadence func() (time.Duration, Targets), kick <-chan struct{}, observe func(netmon.Probe)) error {
	return loop(ctx, func(ctx context.Context, t Targets) netmon.Probe { return Round(ctx, o, t) }, cadence, kick, observe)
}

func loop(ctx context.Context, round func(context.Context, Targets) netmon.Probe,
	cadence func() (time.Duration, Targets), kick <-chan struct{}, observe func(netmon.Probe)) error {
	var (
		begun time.Time // of the last round; zero: the next is due
		asked Targets
	)
	for {
		every, targets := cadence()
		var due <-chan time.Time
		if every == 0 {
			begun = time.Time{}
		} else {
			if !reflect.DeepEqual(targets, asked) {
				begun = time.Time{}
			}
			due = time.After(time.Until(begun.Add(every)))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-kick:
			continue
		case <-due:
		}
		begun, asked = time.Now(), targets
		p := round(ctx, targets)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		observe(p)
	}
}

// Round asks every rung once. It takes no longer than the timeout.
func Round(ctx context.Context, o Options, t Targets) netmon.Probe {
	if o.Timeout == 0 {
		o.Timeout = 3 * time.Second
	}
	if o.Stagger == 0 {
		o.Stagger = 700 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	var (
		p     netmon.Probe
		rungs sync.WaitGroup
	)
	if t.Gateway != "" {
		rungs.Go(func() { p.Gateway = finding(page(ctx, o.Client, t.Gateway)) })
	}
	if len(t.Internet) > 0 {
		rungs.Go(func() {
			p.Internet = finding(len(first(ctx, o.Stagger, t.Internet, func(ctx context.Context, target string) (struct{}, bool) {
				return struct{}{}, connects(ctx, o.Client, target)
			}).passed) > 0)
		})
	}
	if len(t.DNS) > 0 && t.Name != "" {
		rungs.Go(func() {
			p.DNS = finding(len(first(ctx, o.Stagger, t.DNS, func(ctx context.Context, server string) (struct{}, bool) {
				return struct{}{}, resolves(ctx, o.Client, server, t.Name, o.Timeout)
			}).passed) > 0)
		})
	}
	var answers race[answer]
	if len(t.Checks) > 0 {
		rungs.Go(func() {
			answers = first(ctx, o.Stagger, t.Checks, func(ctx context.Context, url string) (answer, bool) {
				a := check(ctx, o.Client, url)
				return a, a.right
			})
			p.HTTP = finding(len(answers.passed) > 0)
		})
	}
	rungs.Wait()
	for _, a := range answers.passed {
		p.Latency = a.after
	}
	for _, a := range answers.failed {
		p.Captive = p.Captive || a.foreign && p.HTTP != netmon.Passed
	}
	return p
}

func finding(ok bool) netmon.Finding {
	if ok {
		return netmon.Passed
	}
	return netmon.Failed
}

// race is what several targets of one rung answered.
type race[R any] struct{ passed, failed []R }

// first asks the targets in their order, the next when one has failed or has
// let stagger pass, until one passes. It returns when all that it asked have
// ended.
func first[R any](ctx context.Context, stagger time.Duration, targets []string, ask func(context.Context, string) (R, bool)) race[R] {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		r  R
		ok bool
	}
	var (
		out     race[R]
		results = make(chan result, len(targets))
		running = 0
		next    = 0
	)
	for next < len(targets) || running > 0 {
		var later <-chan time.Time
		if next < len(targets) && len(out.passed) == 0 {
			target := targets[next]
			next++
			running++
			go func() {
				r, ok := ask(ctx, target)
				results <- result{r, ok}
			}()
			if next < len(targets) {
				later = time.After(stagger)
			}
		} else if running == 0 {
			break
		}
		select {
		case <-later:
		case r := <-results:
			running--
			if r.ok {
				out.passed = append(out.passed, r.r)
				cancel()
			} else {
				out.failed = append(out.failed, r.r)
			}
		}
	}
	return out
}

// page says whether the gateway itself is alive: any answer of its web server
// is a sign of life, and so is its refusal of the connection.
func page(ctx context.Context, c *client.Client, gateway string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+gateway+"/", nil)
	if err != nil {
		return false
	}
	response, err := c.HTTP(client.Probe).Do(r)
	if err != nil {
		return errors.Is(err, client.ErrRefused)
	}
	response.Body.Close()
	return true
}

// connects says whether target accepts a connection. A refusal does not count:
// the gateway itself may refuse in the target's place.
func connects(ctx context.Context, c *client.Client, target string) bool {
	conn, err := c.Dial(ctx, client.Probe, "tcp", target)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// answer is what a connectivity check came to.
type answer struct {
	right   bool // exactly what it should be
	foreign bool // something else answered in its place
	after   time.Duration
}

func check(ctx context.Context, c *client.Client, url string) answer {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}
	}
	begun := time.Now()
	response, err := c.HTTP(client.Probe).Do(r)
	if err != nil {
		return answer{}
	}
	response.Body.Close()
	switch code := response.StatusCode; {
	case code == http.StatusNoContent:
		return answer{right: true, after: time.Since(begun)}
	case code < 400, code == http.StatusNetworkAuthenticationRequired:
		return answer{foreign: true}
	}
	return answer{} // the site itself is in trouble
}
