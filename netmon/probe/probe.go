// Package probe asks how far the internet is there: the gateway, something beyond it by
// address, names that exist and names that do not, a page that answers exactly what it
// should, a server that proves who it is, and a packet as of a phone call.
//
// In: whom to ask, and how often. Out: netmon.Evidence, what was asked of whom and what
// came of it. Nothing is judged here, and no answer stands for another. Each question is
// bounded, goes through netmon/client, and reads no more of an answer than it needs; what
// an answer says is looked at and dropped, never handed on.
package probe

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
)

// Options are those of asking. Client must be set.
type Options struct {
	Client *client.Client
	// Purpose is what the bytes are counted for, and by which way; "": client.Probe.
	Purpose client.Purpose
	// Timeout bounds each question; 0: 12 s, for a full queue holds an answer for 4.
	Timeout time.Duration
	// Absent says whether the kernel asks in vain where the gateway is; nil where
	// it cannot be asked.
	Absent func(gateway string) bool
}

// Targets are whom to ask. Whom there is none of is not asked.
type Targets struct {
	Gateway   string   // host or host:port of the gateway's own page
	Internet  []string // address:port that accept a TCP connection
	DNS       []string // address:port of the lease's name servers, UDP
	Resolvers []string // address:port of name servers beyond the gateway, UDP
	Name      string   // a name that has an address, for the name servers
	// Proof: the server of Name, at port 443, proves by TLS that it is who it
	// should be. No sign-in page can.
	Proof bool
	// Checks are URLs that answer 204 and nothing else; in one that holds the
	// word {challenge} it is drawn anew each time, and the answer is 200 with it
	// as the whole body, which no sign-in page can know.
	Checks []string
	Calls  []string // host:port of STUN servers, UDP
}

// Via is t with what the link's lease says for what t leaves out: the page of the
// gateway, and the name servers. The gateway is one where the lease names none.
func (t Targets) Via(l netmon.Link) Targets {
	if l.Gateway == "" {
		return t
	}
	if t.Gateway == "" {
		t.Gateway = l.Gateway
	}
	if len(t.DNS) == 0 {
		for _, server := range strings.Fields(l.DNS) {
			t.DNS = append(t.DNS, net.JoinHostPort(server, "53"))
		}
	}
	if len(t.DNS) == 0 {
		t.DNS = []string{net.JoinHostPort(l.Gateway, "53")}
	}
	return t
}

// names are those that exist: t.Name, and those of the checks.
func (t Targets) names() (names []string) {
	if t.Name != "" {
		names = append(names, t.Name)
	}
	for _, c := range t.Checks {
		u, err := url.Parse(c)
		if err != nil {
			continue
		}
		host := u.Hostname()
		if _, err := netip.ParseAddr(host); err != nil && host != "" && !slices.Contains(names, host) {
			names = append(names, host)
		}
	}
	return names
}

func host(hostport string) string {
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		return h
	}
	return hostport
}

// whose says whose name server the i-th of the lease is.
func (t Targets) whose(i int) netmon.Server {
	if host(t.DNS[i]) == host(t.Gateway) {
		return netmon.Gateway
	}
	return netmon.Leased
}

// Prober asks. Make it with New.
type Prober struct {
	options Options

	mu     sync.Mutex        // guards the rest
	before map[string]string // name → where it led when it answered as it should
	turn   int               // which name server is asked next
}

// New makes a prober.
func New(o Options) *Prober {
	if o.Timeout == 0 {
		o.Timeout = 12 * time.Second
	}
	if o.Purpose == "" {
		o.Purpose = client.Probe
	}
	return &Prober{options: o, before: map[string]string{}}
}

// tell hands on an answer, sent so long ago.
type tell func(netmon.Answer, time.Time)

// reports are when a question that waits is told of.
var reports = []time.Duration{1500 * time.Millisecond, 3 * time.Second, 4500 * time.Millisecond, 6100 * time.Millisecond, 8100 * time.Millisecond, 10100 * time.Millisecond}

// outcome is what a question came to.
type outcome struct {
	came netmon.Came
	trip time.Duration
	lost int
	// unasked: it could not be asked, and is no evidence.
	unasked bool
}

// put asks one question of the matrix, and tells of it while it waits and once it is
// answered, or its limit has passed.
func (p *Prober) put(ctx context.Context, tell tell, cell netmon.Cell, limit time.Duration, ask func(context.Context) outcome) outcome {
	sent := time.Now()
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan outcome, 1)
	go func() { done <- ask(bounded) }()
	for i := 0; ; {
		var report <-chan time.Time
		if i < len(reports) && reports[i] < limit {
			report = time.After(time.Until(sent.Add(reports[i])))
		}
		select {
		case <-report:
			i++
			tell(netmon.Answer{Cell: cell, After: time.Since(sent)}, sent)
		case r := <-done:
			if ctx.Err() != nil || r.unasked {
				return outcome{unasked: true}
			}
			tell(netmon.Answer{Cell: cell, Came: r.came, After: time.Since(sent), Trip: r.trip, Lost: r.lost}, sent)
			return r
		}
	}
}

// all asks every question of the matrix, side by side, and returns once all are
// answered or have passed their limit.
func (p *Prober) all(ctx context.Context, t Targets, tell tell) {
	var asks sync.WaitGroup
	for _, k := range kinds {
		asks.Go(func() { k.ask(p, ctx, t, tell, true) })
	}
	asks.Wait()
}

// Round asks everything once, and again what did not answer as it should: one answer alone
// may be a packet that was lost.
func Round(ctx context.Context, o Options, t Targets) netmon.Evidence {
	if o.Timeout == 0 {
		o.Timeout = lookLimit
	}
	p := New(o)
	var (
		mu    sync.Mutex // guards heard
		heard []told
		bytes = o.Client.Usage()[client.Probe].Total()
	)
	for range 2 {
		doubt := false
		p.all(ctx, t, func(a netmon.Answer, sent time.Time) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, told{Answer: a, sent: sent})
			doubt = doubt || a.Came != netmon.Right
		})
		if !doubt || ctx.Err() != nil {
			break
		}
	}
	e := evidence(o.Client, heard)
	e.Bytes = o.Client.Usage()[client.Probe].Total() - bytes
	return e
}

// lookLimit bounds each question of a Round.
const lookLimit = 7 * time.Second

// told is an answer with when its question was sent.
type told struct {
	netmon.Answer
	sent time.Time
	era  int // of the targets that were asked
}

func evidence(c *client.Client, heard []told) (e netmon.Evidence) {
	e.Spent = !c.May(client.Probe)
	for _, h := range heard {
		h.Ago = time.Since(h.sent)
		e.Answers = append(e.Answers, h.Answer)
		if h.Question != netmon.Page && h.Question != netmon.Knock {
			e.Spent = false
		}
	}
	return e
}
