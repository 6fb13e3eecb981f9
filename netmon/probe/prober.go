package probe

import (
	"context"
	"net"
	"reflect"
	"slices"
	"sync"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
)

// Prober asks, and remembers of one round what the next may build on. Make it
// with New; one goroutine uses it.
type Prober struct {
	options Options
	targets Targets // of the last round: others are another way, and nothing is remembered

	last      netmon.Probe         // the last whole round, and what looks found since
	passed    map[string]time.Time // rung → when something last got through
	addresses map[string]known     // host → where it was found
	provedAt  time.Time            // when the proof last succeeded
	every     time.Duration        // the cadence asked for
	anew      bool                 // a whole round is on: names are asked anew
	wrongName bool                 // in this round the check was right, and not where its name led
	wild      bool                 // names that nobody ever heard of have an address, also while all is well
	step      int                  // looks since the last whole round
	bad       int                  // whole rounds in a row that were not well
	looked    bool                 // a look has just found the gateway silent
	lastRound time.Time            // when the last whole round was
	suspect   time.Time            // until then names are asked for at every look

	mu    sync.Mutex // guards tries and suspect
	tries []try
}

// known is an address of a host. One that worked is worth more than none.
type known struct {
	address string
	until   time.Time // the time for which the answer may be kept
}

// try is a question sent to beyond the gateway, and whether it got through.
type try struct {
	at   time.Time
	lost bool
}

const (
	// steps is how many looks a brisk cadence is cut into: of 8 s each 1.6 s.
	steps = 5
	// namesEvery and checkEvery are how many looks there are to one that asks for
	// a name, some 220 bytes, or for the check, some 600.
	namesEvery, checkEvery, seldomCheck = 4, 10, 6
	// brisk are the cadences in which it looks between rounds; a shorter one
	// has no need of it.
	briskest, leastBrisk = 5 * time.Second, 15 * time.Second
	// lookTimeout bounds a look at what is beyond the gateway: a radio's answer
	// takes a tenth of a second, and a lost packet is sent again after one.
	lookTimeout = 1500 * time.Millisecond
	// nameTimeout is the same for a name, which is asked for again sooner.
	nameTimeout = time.Second
	// suspicion is how long a question that was lost has more of them asked: it
	// takes lossLeast to know.
	suspicion = 15 * time.Second
	// gatewayTimeout bounds one of the gateway, which is at the other end of a
	// cable.
	gatewayTimeout = 700 * time.Millisecond
	// proofEvery is how often the proof is asked for while all is well, at a
	// brisk cadence and otherwise: it takes some 3.5 kB each time.
	proofEvery, proofRarely = 4 * time.Minute, 3 * time.Hour
	// lossWindow is how far back losses count, and lossLeast how many questions
	// it takes to speak of a share.
	lossWindow = 30 * time.Second
	lossLeast  = 6
	// lossy is the share from which one answer that did not come says nothing of
	// a rung that answered within the last memory.
	lossy  = 0.10
	memory = 20 * time.Second
	// keepAddress bounds how long a look uses an address without asking again; a
	// whole round asks each time.
	keepAddress = 30 * time.Minute
	// spell is how many rounds in a row that are not well come twice as often:
	// ten minutes. What lasts longer has the time.
	spell = 150
)

// New makes a prober.
func New(o Options) *Prober {
	if o.Timeout == 0 {
		o.Timeout = 3 * time.Second
	}
	if o.Stagger == 0 {
		o.Stagger = 700 * time.Millisecond
	}
	p := &Prober{options: o}
	p.forget()
	return p
}

func (p *Prober) forget() {
	p.last, p.passed, p.addresses = netmon.Probe{}, map[string]time.Time{}, map[string]known{}
	p.provedAt, p.step, p.bad, p.tries = time.Time{}, 0, 0, nil
}

// pace is how soon the next look or round is due, of a cadence asked for.
func (p *Prober) pace(every time.Duration, t Targets) time.Duration {
	p.every = every
	if every < briskest || every > leastBrisk {
		return every
	}
	if reflect.DeepEqual(t, p.targets) && well(p.last) {
		return every / steps
	}
	if p.bad > 0 && p.bad <= spell {
		return every / 2
	}
	return every
}

// well says whether nothing at all is wrong, so that looks may vouch for it.
func well(r netmon.Probe) bool {
	return r.HTTP == netmon.Passed && r.Internet != netmon.Failed && r.DNS != netmon.Failed && !r.Captive
}

// next is the next look or round. quiet: nothing new was found.
func (p *Prober) next(ctx context.Context, t Targets) (r netmon.Probe, quiet bool) {
	if !reflect.DeepEqual(t, p.targets) || !well(p.last) || p.every < briskest {
		return p.Round(ctx, t), false
	}
	p.step++
	seldom := p.every > leastBrisk // a name each time, the check in every sixth look
	doubt, begun := false, time.Now()
	var looks sync.WaitGroup
	var mu sync.Mutex // guards doubt and last
	look := func(ok func() bool) {
		looks.Go(func() {
			if !ok() {
				mu.Lock()
				doubt = true
				mu.Unlock()
			}
		})
	}
	if t.Gateway != "" && p.last.Gateway == netmon.Passed {
		look(func() bool {
			ctx, cancel := context.WithTimeout(ctx, gatewayTimeout)
			defer cancel()
			alive := page(ctx, p.options.Client, t.Gateway)
			mu.Lock()
			p.looked = !alive
			mu.Unlock()
			return alive
		})
	}
	bounded, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	latency := p.last.Latency
	checks := checkEvery
	if seldom {
		checks = seldomCheck
	}
	if p.step%checks == 0 && len(t.Checks) > 0 {
		look(func() bool {
			a := p.check(bounded, t.Checks[0], t.DNS)
			mu.Lock()
			latency = a.after
			mu.Unlock()
			return a.right
		})
	}
	named := seldom || p.step%namesEvery == 0 || p.suspected()
	if named && len(t.DNS) > 0 && t.Name != "" {
		look(func() bool {
			ctx, cancel := context.WithTimeout(ctx, nameTimeout)
			defer cancel()
			answered, wild, _ := p.ask(ctx, t.DNS, t)
			return answered && wild == p.wild
		})
	}
	clockWrong := p.last.ClockWrong
	if t.Proof && p.proofDue() {
		look(func() bool {
			bounded, cancel := context.WithTimeout(ctx, p.options.Timeout)
			defer cancel()
			v := p.prove(bounded, t)
			if v.proved {
				p.provedAt = time.Now()
				mu.Lock()
				clockWrong = v.clockWrong
				mu.Unlock()
			}
			return v.proved
		})
	}
	looks.Wait()
	if ctx.Err() != nil {
		return p.last, true
	}
	if doubt {
		r := p.Round(ctx, t)
		r.Doubted = time.Since(begun)
		return r, false
	}
	p.last.Latency, p.last.Loss, p.last.ClockWrong = latency, p.loss(), clockWrong
	return p.last, !named
}

// Round asks every rung once.
func (p *Prober) Round(ctx context.Context, t Targets) netmon.Probe {
	if !reflect.DeepEqual(t, p.targets) {
		p.forget()
		p.targets = t
	}
	p.step, p.anew, p.wrongName = 0, true, false
	defer func() { p.anew = false }()
	o := p.options
	whole, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	var (
		r       netmon.Probe
		rungs   sync.WaitGroup
		through = make(chan struct{}, 1) // something beyond the gateway answered
		dead    = make(chan struct{})    // the gateway did not
	)
	got := func(ok bool) bool {
		if ok {
			select {
			case through <- struct{}{}:
			default:
			}
		}
		return ok
	}
	if t.Gateway != "" {
		rungs.Go(func() {
			alive, sure := p.gateway(whole, t.Gateway)
			r.Gateway = finding(alive)
			if !alive && sure {
				close(dead)
			}
		})
	}
	if len(t.Internet) > 0 {
		rungs.Go(func() {
			answers := first(whole, o.Stagger, t.Internet, func(ctx context.Context, target string) (struct{}, bool) {
				return struct{}{}, got(p.connects(ctx, target))
			})
			r.Internet = finding(len(answers.passed) > 0)
		})
	}
	var named time.Duration
	var wild bool
	if len(t.DNS) > 0 && t.Name != "" {
		rungs.Go(func() {
			var ok bool
			ok, wild, named = p.ask(whole, t.DNS, t)
			r.DNS = finding(got(ok))
		})
	}
	if len(t.Resolvers) > 0 && t.Name != "" {
		rungs.Go(func() {
			ok, _, _ := p.ask(whole, t.Resolvers, t)
			r.Direct = finding(got(ok))
		})
	}
	var answers race[answer]
	if len(t.Checks) > 0 {
		rungs.Go(func() {
			answers = first(whole, o.Stagger, t.Checks, func(ctx context.Context, url string) (answer, bool) {
				a := p.check(ctx, url, t.DNS)
				return a, got(a.right || a.foreign || a.trouble)
			})
			for _, a := range append(answers.passed, answers.failed...) {
				if a.right {
					r.HTTP, r.Latency = netmon.Passed, a.after
				}
			}
			if r.HTTP == netmon.NotTried {
				r.HTTP = netmon.Failed
			}
		})
	}
	// A gateway that surely is silent, while nothing from beyond it is not: there
	// is no need to wait for the rest.
	ended := make(chan struct{})
	go func() { rungs.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-dead:
		if len(through) == 0 {
			cancel()
		}
		<-ended
	}
	if r.Gateway == netmon.Failed {
		select {
		case <-through:
		default:
			p.unasked(&r)
			p.remember(&r, t)
			return r
		}
	}
	p.judge(ctx, t, &r, answers)
	p.unasked(&r)
	if named > r.Latency && r.HTTP == netmon.Passed && r.DNS == netmon.Passed {
		r.Latency = named
	}
	if well(r) {
		p.wild = wild
	}
	p.remember(&r, t)
	return r
}

// judge works out what the check's answers mean, and asks for the proof where
// they leave a doubt.
func (p *Prober) judge(ctx context.Context, t Targets, r *netmon.Probe, answers race[answer]) {
	trouble := false
	for _, a := range append(answers.passed, answers.failed...) {
		r.Captive = r.Captive || a.foreign && r.HTTP != netmon.Passed
		trouble = trouble || a.trouble
		if a.wrongName {
			p.wrongName, r.DNS = true, netmon.Failed
		}
	}
	due := p.proofDue()
	if !t.Proof || r.Captive || !due && r.HTTP == netmon.Passed {
		return
	}
	if r.HTTP != netmon.Passed && r.Internet == netmon.Failed && !trouble {
		return // nothing to be proved: nothing answers
	}
	bounded, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	v := p.prove(bounded, t)
	r.ClockWrong = v.clockWrong
	switch {
	case v.proved:
		p.provedAt, p.last.ClockWrong = time.Now(), v.clockWrong
		if r.HTTP != netmon.Passed && trouble {
			// The check's own site is in trouble; the internet is not.
			r.HTTP, r.Latency = netmon.Passed, v.after
		}
	case v.stranger:
		r.Captive, r.HTTP = true, netmon.Failed
	case v.stalled && r.HTTP == netmon.Passed:
		r.HTTP = netmon.Failed // small answers come, long ones do not
	}
}

// unasked takes back what failed, maybe, for want of a budget to ask with. A
// gateway whose page was never seen has nobody to vouch for it then.
func (p *Prober) unasked(r *netmon.Probe) {
	if p.options.Client.May(client.Probe) {
		return
	}
	r.Spent = true
	if _, before := p.passed["gateway"]; r.Gateway == netmon.Failed && !before {
		r.Gateway = netmon.NotTried
	}
	for _, f := range []*netmon.Finding{&r.Internet, &r.DNS, &r.Direct, &r.HTTP} {
		if *f == netmon.Failed {
			*f = netmon.NotTried
		}
	}
}

// proofDue says whether the last proof was too long ago for the cadence: a session
// does not wait for one that was due rarely.
func (p *Prober) proofDue() bool {
	after := proofEvery
	if p.every > leastBrisk && !p.last.ClockWrong {
		after = proofRarely
	}
	return time.Since(p.provedAt) >= after
}

// remember keeps what later rounds are judged by.
func (p *Prober) remember(r *netmon.Probe, t Targets) {
	now := time.Now()
	if p.last.Internet == netmon.Failed && r.Internet == netmon.Passed || p.last.DNS == netmon.Failed && r.DNS == netmon.Passed {
		// What was asked in vain while nobody answered was not lost on the way.
		p.mu.Lock()
		p.tries = slices.DeleteFunc(p.tries, func(t try) bool { return t.lost && t.at.After(p.lastRound) })
		p.mu.Unlock()
	}
	p.lastRound = now
	r.Loss = p.loss()
	if r.ClockWrong = r.ClockWrong || p.last.ClockWrong && !p.proofDue(); r.Captive {
		r.ClockWrong = false
	}
	for rung, f := range map[string]*netmon.Finding{"gateway": &r.Gateway, "internet": &r.Internet, "dns": &r.DNS} {
		if *f == netmon.Passed {
			p.passed[rung] = now
		} else if at := p.passed[rung]; *f == netmon.Failed && rung != "gateway" && !(rung == "dns" && p.wrongName) && p.lossy() && r.Gateway != netmon.Failed && now.Sub(at) < memory {
			*f = netmon.Passed
		}
	}
	if p.last = *r; well(*r) {
		p.bad = 0
	} else {
		p.bad++
	}
}

// gateway looks twice before it calls it silent, a look that was before this
// round included. sure: it answered once, or is not even where it should be.
func (p *Prober) gateway(ctx context.Context, address string) (alive, sure bool) {
	looks := 2
	if p.looked {
		p.looked, looks = false, 1
	}
	for range looks {
		look, cancel := context.WithTimeout(ctx, gatewayTimeout)
		ok := page(look, p.options.Client, address)
		cancel()
		if ok || ctx.Err() != nil {
			return ok, false
		}
	}
	if _, before := p.passed["gateway"]; before || p.options.Absent != nil && p.options.Absent(address) {
		return false, true
	}
	return page(ctx, p.options.Client, address), false // it may be slow at all times
}

// tried remembers a question that got through at its first or a later sending.
func (p *Prober) tried(lost int, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for range lost {
		p.tries = append(p.tries, try{now, true})
		p.suspect = now.Add(suspicion)
	}
	if answered {
		p.tries = append(p.tries, try{at: now})
	}
	for len(p.tries) > 0 && now.Sub(p.tries[0].at) > lossWindow {
		p.tries = p.tries[1:]
	}
}

// suspected: a question was lost a short time ago.
func (p *Prober) suspected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Before(p.suspect)
}

// loss is the share of the last half minute's questions that were lost; 0 where
// there were too few to say.
func (p *Prober) loss() float64 {
	lost, all := p.lost()
	if all < lossLeast {
		return 0
	}
	return float64(lost) / float64(all)
}

// lossy says whether one answer that did not come says little of a rung.
func (p *Prober) lossy() bool {
	lost, all := p.lost()
	return lost > 0 && float64(lost) >= lossy*float64(all)
}

// lost are how many of all questions of the last half minute were lost.
func (p *Prober) lost() (lost, all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, t := range p.tries {
		if now.Sub(t.at) <= lossWindow {
			all++
			if t.lost {
				lost++
			}
		}
	}
	return lost, all
}

// connects says whether target accepts a connection. A refusal does not count:
// the gateway itself may refuse in the target's place.
func (p *Prober) connects(ctx context.Context, target string) bool {
	begun := time.Now()
	conn, err := p.options.Client.Dial(ctx, client.Probe, "tcp", target)
	if err != nil {
		return false
	}
	p.tried(resent(time.Since(begun)), true)
	hangUp(conn)
	return true
}

// resent is how often TCP asked for a connection in vain before an answer took
// as long as that: it asks again after 1 s, and after 2 s more (RFC 6298). What
// came at any other time was late, and not lost.
func resent(took time.Duration) int {
	const soon = 500 * time.Millisecond // after the question that got through
	switch {
	case took >= 3*time.Second && took < 3*time.Second+soon:
		return 2
	case took >= time.Second && took < time.Second+soon:
		return 1
	}
	return 0
}

// hangUp ends a connection without the farewell of four segments.
func hangUp(conn net.Conn) {
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
