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
	"net"
	"reflect"
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
	// Absent says whether the kernel asks in vain where the gateway is; nil where
	// it cannot be asked.
	Absent func(gateway string) bool
}

// Targets are whom to ask. A rung without a target is not tried.
type Targets struct {
	Gateway   string   // host or host:port of the gateway's own page
	Internet  []string // address:port that accept a TCP connection
	DNS       []string // address:port of the gateway's resolvers, UDP
	Resolvers []string // address:port of resolvers beyond the gateway, UDP
	Name      string   // a name that has an address, for the resolvers
	// Proof: the server of Name, at port 443, proves by TLS that it is who it
	// should be. No sign-in page can.
	Proof bool
	// Checks are URLs that answer 204 and nothing else; in one that holds the
	// word {challenge} it is drawn anew each time, and the answer is 200 with it
	// as the whole body, which no sign-in page can know.
	Checks []string
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
//
// Between two rounds of a brisk cadence it only looks: at the gateway, and in
// turn at the check and at a name. While the looks find nothing, the next round
// is made of them; the moment one does, a whole round begins.
func Run(ctx context.Context, o Options, cadence func() (time.Duration, Targets), kick <-chan struct{}, observe func(netmon.Probe)) error {
	p := New(o)
	var quiet bool
	spent := func() int64 { return o.Client.Usage()[client.Probe].Total() }
	before := spent()
	return loop(ctx, func(ctx context.Context, t Targets) netmon.Probe {
		var probe netmon.Probe
		probe, quiet = p.next(ctx, t)
		return probe
	}, func() (time.Duration, Targets) {
		every, t := cadence()
		return p.pace(every, t), t
	}, kick, func(probe netmon.Probe) {
		if !quiet {
			now := spent()
			probe.Bytes, before = now-before, now
			observe(probe)
		}
	})
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

// Round asks every rung once, as a Prober of its own would. It takes no longer
// than the timeout and, where the check did not pass, as long again for a proof.
func Round(ctx context.Context, o Options, t Targets) netmon.Probe { return New(o).Round(ctx, t) }

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
