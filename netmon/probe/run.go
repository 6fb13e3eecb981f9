package probe

import (
	"context"
	"reflect"
	"time"

	"infobus/netmon"
	"infobus/netmon/client"
)

// kind is a kind of question, and how often it is asked while all is well.
type kind struct {
	name string
	// brisk is in eighths of a brisk cadence, seldom in rounds of another; 0: only
	// where something is wrong.
	brisk, seldom int
	ask           func(p *Prober, ctx context.Context, t Targets, tell tell, doubt bool)
}

var kinds = []kind{
	{"knock", 2, 1, (*Prober).knock},
	{"page", 8, 1, (*Prober).page},
	{"random", 2, 1, (*Prober).random},
	{"check", 14, 6, (*Prober).check},
	{"proof", 20, 36, (*Prober).proof},
	{"connect", 12, 12, (*Prober).connect},
	{"call", 28, 12, (*Prober).call},
	{"public", 0, 0, (*Prober).public},
}

const (
	// briskest to leastBrisk are the cadences in which each kind of question has a time
	// of its own; in a shorter one all are asked each time.
	briskest, leastBrisk = 5 * time.Second, 15 * time.Second
	// gather is how long answers are waited for to be told together, gatherFirst those
	// of the first round, of which nothing was known before.
	gather, gatherFirst = 30 * time.Millisecond, 1600 * time.Millisecond
	// atOnce is how often a kind of question may be under way.
	atOnce = 4
	// proofGap is the least time between two proofs where something is wrong: each
	// takes some 4 kB.
	proofGap = 7 * time.Second
)

// Run asks until ctx is done, and returns its error. pace says how often and whom; it is
// asked again at each kick: send one whenever its answer changes. All is asked at once if
// the targets are others, or nothing was asked before.
func Run(ctx context.Context, o Options, pace func() (netmon.Pace, Targets), kick <-chan struct{}, observe func(netmon.Evidence)) error {
	r := &runner{Prober: New(o), observe: observe, answers: make(chan told), ended: make(chan string), under: map[string]int{}}
	r.bytes = o.Client.Usage()[client.Probe].Total()
	defer r.stop()
	for {
		every, t := pace()
		if every.Every == 0 || !reflect.DeepEqual(t, r.targets) {
			r.anew()
			r.targets = t
		}
		var due <-chan time.Time
		if every.Every != 0 {
			due = time.After(r.ask(ctx, every))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-kick:
		case <-due:
		case <-r.flush:
			r.tell()
		case name := <-r.ended:
			if r.under[name]--; r.first && r.busy() == 0 && len(r.heard) > 0 {
				r.tell()
			}
		case a := <-r.answers:
			if a.era == r.era {
				r.hear(a)
			}
		}
	}
}

// runner decides when each question is asked. It belongs to one goroutine.
type runner struct {
	*Prober
	observe func(netmon.Evidence)
	answers chan told
	ended   chan string    // the kinds that have been asked
	under   map[string]int // how often each kind is under way
	bytes   int64          // when evidence was told last

	// What is known of these targets.
	targets Targets
	era     int
	asking  context.Context // nil while nothing is asked
	cancel  context.CancelFunc
	last    map[string]time.Time // when each kind was asked last
	well    map[netmon.Cell]bool // whether it was answered as it should be
	took    map[netmon.Cell]time.Duration
	begun   time.Time // when all were asked first; zero before
	lastAll time.Time // when all were asked last
	rounds  int       // of a cadence that is not brisk
	doubt   netmon.Doubt
	first   bool // nothing has been told
	heard   []told
	flush   <-chan time.Time // when that is told
}

// anew forgets what is known of the targets.
func (r *runner) anew() {
	if r.cancel != nil {
		r.cancel()
	}
	r.asking, r.cancel = nil, nil
	r.era++
	r.last, r.well, r.took = map[string]time.Time{}, map[netmon.Cell]bool{}, map[netmon.Cell]time.Duration{}
	r.begun, r.lastAll, r.rounds, r.doubt, r.first, r.heard, r.flush = time.Time{}, time.Time{}, 0, netmon.Doubt{}, true, nil, nil
	r.forget()
}

// stop waits for what is under way.
func (r *runner) stop() {
	if r.cancel != nil {
		r.cancel()
	}
	for r.busy() > 0 {
		select {
		case <-r.answers:
		case name := <-r.ended:
			r.under[name]--
		}
	}
}

func (r *runner) busy() (n int) {
	for _, u := range r.under {
		n += u
	}
	return n
}

// ask asks what is due, and says how long it is until something else is.
func (r *runner) ask(ctx context.Context, pace netmon.Pace) time.Duration {
	if r.asking == nil {
		r.asking, r.cancel = context.WithCancel(ctx)
	}
	now := time.Now()
	brisk := pace.Every >= briskest && pace.Every <= leastBrisk
	each := pace.All || pace.Every < briskest
	wait := time.Hour
	at := func(d time.Duration) { wait = max(0, min(wait, d)) }

	if !pace.Full {
		r.doubt.Calm()
	}
	all := r.begun.IsZero()
	if all {
		r.begun = now
	} else if due, in := r.doubt.Due(now.Sub(r.begun)); due {
		all = true
	} else if in > 0 {
		at(in)
	}
	if each && !all {
		if all = now.Sub(r.lastAll) >= pace.Every; !all {
			at(r.lastAll.Add(pace.Every).Sub(now))
		}
	}
	if all {
		r.lastAll = now
		r.doubt.Asked(now.Sub(r.begun))
	}
	round := false
	if !brisk && !each {
		if round = now.Sub(r.last["round"]) >= pace.Every; round {
			r.last["round"] = now
			r.rounds++
		}
		at(r.last["round"].Add(pace.Every).Sub(now))
	}
	for _, k := range kinds {
		since := now.Sub(r.last[k.name])
		due := all
		if k.name == "proof" && !r.first {
			due = due && since >= proofGap
		}
		if brisk && k.brisk != 0 {
			every := pace.Every * time.Duration(k.brisk) / 8
			if since >= every {
				due = true
			}
			at(max(every-since, time.Millisecond))
		}
		if round && k.seldom != 0 && (r.rounds%k.seldom == 0 || since >= time.Duration(k.seldom)*pace.Every) {
			due = true
		}
		if due {
			r.start(k, all)
			r.last[k.name] = now
			if brisk && k.brisk != 0 {
				at(pace.Every * time.Duration(k.brisk) / 8)
			}
		}
	}
	if each {
		at(r.lastAll.Add(pace.Every).Sub(now))
	}
	return max(wait, time.Millisecond)
}

func (r *runner) start(k kind, doubt bool) {
	if r.under[k.name] >= atOnce {
		return
	}
	r.under[k.name]++
	ctx, t, era := r.asking, r.targets, r.era
	go func() {
		k.ask(r.Prober, ctx, t, func(a netmon.Answer, sent time.Time) { r.answers <- told{a, sent, era} }, doubt)
		r.ended <- k.name
	}()
}

// hear keeps an answer until it is told with others, and doubts where it is not as the
// one before it.
func (r *runner) hear(a told) {
	right := a.Came == netmon.Right
	if a.Question == netmon.Page || a.Question == netmon.Knock {
		right = right || a.Came == netmon.Refusal
	}
	was, known := r.well[a.Cell]
	switch {
	case right:
		r.took[a.Cell] = min(a.After, reports[1])
	case a.Came == netmon.Nothing && a.After < 2*r.took[a.Cell]: // late, as the last
		right = was
	}
	if !right && (was || !known) {
		r.doubt.Raise(time.Since(r.begun))
	}
	r.well[a.Cell] = right
	r.heard = append(r.heard, a)
	if r.flush != nil {
		return
	}
	if r.first {
		r.flush = time.After(gatherFirst)
	} else {
		r.flush = time.After(gather)
	}
}

// tell hands on what was heard.
func (r *runner) tell() {
	e := evidence(r.options.Client, r.heard)
	now := r.options.Client.Usage()[client.Probe].Total()
	e.Bytes, r.bytes = now-r.bytes, now
	r.heard, r.flush, r.first = nil, nil, false
	r.observe(e)
}
