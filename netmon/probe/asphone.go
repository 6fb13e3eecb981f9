package probe

import (
	"context"
	"sync"
	"time"

	"infobus/netmon"
)

const (
	// phoneTimeout bounds a question by way of the public network.
	phoneTimeout = 9 * time.Second
	// pageEvery and proofEvery are in rounds while all is well.
	pageEvery, proofEvery = 2, 8
	// phoneProofGap is the least time between two proofs where something is wrong.
	phoneProofGap = 20 * time.Second
)

// AsPhone asks what a phone needs, by way of the public network, until ctx is done, and
// returns its error: names of the lease's servers, a connection and, more rarely, a page and a
// proof; where one of them does not come, all of it. pace says how often, and whom; send a
// kick whenever its answer changes. anew has the lease taken anew; ask it no questions
// meanwhile.
func AsPhone(ctx context.Context, o Options, pace func() (netmon.PhonePace, Targets), anew func(context.Context), kick <-chan struct{},
	observe func(netmon.PhoneAsked)) error {
	if o.Timeout == 0 {
		o.Timeout = phoneTimeout
	}
	p := &phone{Prober: New(o), observe: observe}
	p.bytes = o.Client.Usage()[o.Purpose].Total()
	for {
		next, t := pace()
		var due <-chan time.Time
		switch wait := time.Until(p.last.Add(next.Every)); {
		case next.Every == 0:
		case wait > 0:
			due = time.After(wait)
		case next.Anew:
			anew(ctx)
			p.last = time.Now().Add(time.Second - next.Every) // the round is due once the lease is there
			continue
		default:
			p.last = time.Now()
			p.round(ctx, t, next.Doubt)
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-kick:
		case <-due:
		}
	}
}

// phone asks by way of the public network. It belongs to one goroutine, but for tell.
type phone struct {
	*Prober
	observe func(netmon.PhoneAsked)

	last, proof time.Time
	rounds      int

	mu    sync.Mutex // guards the rest
	bytes int64      // when evidence was told last
}

// tell hands an answer on.
func (p *phone) tell(a netmon.Answer, sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.options.Client.Usage()[p.options.Purpose].Total()
	a.Ago = time.Since(sent)
	p.observe(netmon.PhoneAsked{Answers: []netmon.Answer{a}, Bytes: now - p.bytes})
	p.bytes = now
}

// round asks what is due, and the rest too as soon as something is not as it should be.
func (p *phone) round(ctx context.Context, t Targets, doubt bool) {
	var asks sync.WaitGroup
	var rest sync.Once
	n := p.rounds
	p.rounds++
	mayProve := time.Since(p.proof) >= phoneProofGap
	page, proof := doubt || n%pageEvery == 0, mayProve && (doubt || n%proofEvery == 0)
	if proof {
		p.proof = time.Now()
	}
	var ask func(what func(*Prober, context.Context, Targets, tell, bool), all bool)
	hear := func(a netmon.Answer, sent time.Time) {
		p.tell(a, sent)
		if a.Came != netmon.Right && a.After > reports[0] || a.Came != netmon.Right && a.Came != netmon.Nothing {
			rest.Do(func() {
				if !doubt {
					ask((*Prober).random, true)
				}
				if !page {
					ask((*Prober).check, true)
				}
				if !proof && mayProve {
					p.proof = time.Now()
					ask((*Prober).proof, true)
				}
			})
		}
	}
	ask = func(what func(*Prober, context.Context, Targets, tell, bool), all bool) {
		asks.Go(func() { what(p.Prober, ctx, t, hear, all) })
	}
	if len(t.Internet) > 0 {
		at := t
		at.Internet = t.Internet[n%len(t.Internet):][:1]
		asks.Go(func() { p.connect(ctx, at, hear, doubt) })
	}
	ask((*Prober).random, doubt)
	if page {
		ask((*Prober).check, doubt)
	}
	if proof {
		ask((*Prober).proof, doubt)
	}
	asks.Wait()
}
