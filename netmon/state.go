package netmon

import (
	"slices"
	"time"

	"infobus/reading"
)

// Options say how patient the judgement is. Durations are above zero.
type Options struct {
	// ShowAfter is how long a worse verdict must hold before it shows. A
	// missing port and a pulled cable show at once: the kernel is certain. What
	// rests on probes needs a second round besides: the first may have begun
	// before the fault and seen half of it.
	ShowAfter time.Duration
	// DoubtedAfter is the same where a look had found something before the round
	// that made sure of it; reckoned from that look.
	DoubtedAfter time.Duration
	// GatewayAfter is the same for a silent gateway: it is at the other end of a
	// cable, and answers within milliseconds.
	GatewayAfter time.Duration
	// AddressAfter is the same for no-address: a lease takes its time.
	AddressAfter time.Duration
	// SlowAfter is the same for slow: one late answer is no slow internet.
	SlowAfter time.Duration
	// ClearAfter is how long a better verdict must hold.
	ClearAfter time.Duration
	// SlowAbove is the latency of the connectivity check from which the
	// internet is slow: a page of a dozen requests then takes half a minute.
	SlowAbove time.Duration
	// SlowLoss is the share of lost questions from which the internet is slow:
	// TCP's throughput falls with the root of it.
	SlowLoss float64
	// Flaps losses of the carrier within FlapsWithin are flapping, until there
	// was none for as long; a cable that flaps clears after FlapClear.
	Flaps                  int
	FlapsWithin, FlapClear time.Duration

	// ProbeBusy is the cadence of probing while something is wrong or a session
	// is on, ProbeIdle otherwise.
	ProbeBusy, ProbeIdle time.Duration
	// ProbeBytes is what probing may cost in a day that begins with a session, and
	// still be busy; beyond it the cadence is ProbeIdle, and twice as long for each
	// thrift of bytes more. 0: without a limit.
	ProbeBytes int64
	// Confirm is the cadence while another verdict waits to show or to clear.
	Confirm time.Duration
	// Margin is how long after two cadences without a probe the last one is
	// stale: a round's own bound and some scheduling.
	Margin time.Duration
	// KeepUp: the port may be switched off, and can be switched on.
	KeepUp bool
	// Static: the port's address is configured, and nobody leases one.
	Static bool
	// Relay: the gateway's power can be switched. It is off for PowerOff, at most
	// once in PowerGap, and never in the first PowerSession of a session. A
	// PowerGap of 0 tries no remedy at all.
	Relay                            bool
	PowerOff, PowerGap, PowerSession time.Duration
	// SaveAfter is how long saving the battery must be called for before the gateway's
	// power is cut, SaveAgain the least time between its return and the next such cut.
	SaveAfter, SaveAgain time.Duration
	// Forget is how long all must be well before earlier failures of a remedy
	// count no more.
	Forget time.Duration
	// SelfResetAfter is how long without its cloud the gateway restarts itself,
	// with some margin, and SelfResetTakes how long that may take, from there to
	// the mobile network; as long as after its power has come back.
	SelfResetAfter, SelfResetTakes time.Duration
	// CellularMaxAge is how long the cloud's view counts as fresh.
	CellularMaxAge time.Duration
	// Bundles are what the team bought for the SIM cards, at most one each.
	Bundles []Bundle
}

// DefaultOptions are the van's.
func DefaultOptions() Options {
	return Options{
		ShowAfter:      4 * time.Second,
		DoubtedAfter:   time.Second,
		GatewayAfter:   time.Second,
		AddressAfter:   15 * time.Second,
		SlowAfter:      16 * time.Second,
		ClearAfter:     5 * time.Second,
		SlowAbove:      1500 * time.Millisecond,
		SlowLoss:       0.15,
		Flaps:          3,
		FlapsWithin:    2 * time.Minute,
		FlapClear:      15 * time.Second,
		ProbeBusy:      8 * time.Second,
		ProbeIdle:      5 * time.Minute,
		ProbeBytes:     840_000, // a day and night of ProbeIdle are some 130,000
		Confirm:        2 * time.Second,
		Margin:         6 * time.Second,
		PowerOff:       10 * time.Second,
		PowerGap:       30 * time.Minute,
		PowerSession:   10 * time.Minute,
		SaveAfter:      time.Minute,
		SaveAgain:      15 * time.Minute,
		Forget:         10 * time.Minute,
		SelfResetAfter: 28 * time.Minute,
		SelfResetTakes: 5 * time.Minute,
		CellularMaxAge: 12 * time.Minute,
	}
}

// SimOptions are for a van on a desk: whatever is switched shows, and clears,
// within 15 s, a round of probes that times out after 3 s included.
func SimOptions() Options {
	o := DefaultOptions()
	o.ShowAfter = 2 * time.Second
	o.GatewayAfter = 2 * time.Second
	o.AddressAfter = 3 * time.Second
	o.SlowAfter = 3 * time.Second
	o.ClearAfter = 2 * time.Second
	o.SlowAbove = time.Second
	o.ProbeBusy = 2 * time.Second
	o.ProbeIdle = 2 * time.Second
	o.ProbeBytes = 0
	o.Confirm = time.Second
	return o
}

// RungName names a step of the ladder from the port to a page that loads.
type RungName string

const (
	RungPort     RungName = "port"
	RungCable    RungName = "cable"
	RungAddress  RungName = "address"
	RungGateway  RungName = "gateway"
	RungInternet RungName = "internet"
	RungSignIn   RungName = "sign-in page"
	RungDNS      RungName = "dns"
	RungSpeed    RungName = "speed"
)

// ladder holds the rungs in the order in which a fault hides the later ones,
// each with the verdict that its failure is.
var ladder = [...]struct {
	name    RungName
	verdict Verdict
}{
	{RungPort, PortMissing},
	{RungCable, CableUnplugged},
	{RungAddress, NoAddress},
	{RungGateway, GatewaySilent},
	{RungInternet, NoInternet},
	{RungSignIn, CaptivePortal},
	{RungDNS, DNSFailing},
	{RungSpeed, Slow},
}

// Rung is one step of the ladder. Behind the first that failed, none was tried.
type Rung struct {
	Name    RungName      `json:"name"`
	Finding Finding       `json:"finding"`
	At      time.Duration `json:"at_ns"` // monotonic: when it was found; 0 where not tried
}

// State is what is known of the uplink. Make it with New. It is a value: Step
// changes nothing that an earlier State points to.
type State struct {
	Verdict  Verdict       `json:"verdict"`
	Since    time.Duration `json:"since_ns"` // monotonic: when Verdict began to show
	Ladder   []Rung        `json:"ladder"`   // as last found, also while Verdict waits
	Link     reading.Reading[Link]
	Probe    reading.Reading[Probe]
	Cellular reading.Reading[Cellular]
	Flapping bool    // the carrier comes and goes
	Remedy   Attempt // the last that was tried
	// CutByRemedy: the remedy CyclePower wants the gateway without power.
	CutByRemedy bool
	Spent       Spent // of the data budget, in this month
	Restarting  bool  // the gateway's silence is its own restart; see SelfReset
	// Booting: the gateway's power has come back, and it has not yet shown that it
	// works.
	Booting bool
	Traffic Traffic

	flaps      []time.Duration // when the carrier was lost, of the last Options.FlapsWithin
	pageSeen   bool            // the gateway's page has answered over this way
	conditions Conditions
	found      Verdict       // what the ladder says, before any patience
	foundSince time.Duration // since when
	plain      Verdict       // the same, also while the gateway starts
	plainSince time.Duration
	way        way           // of found as seen from Verdict
	turned     time.Duration // since when
	doubted    bool          // a look of its own had found something before
	confirmed  bool          // a round of probes has come since
	past       [6]pastTries  // by the order of Remedies
	putBack    bool          // a route that somebody changed or took away; not twice
	home       home          // over which all was well last
	begun      bool          // a step was taken
	startedAt  time.Duration // when
	wellSince  time.Duration // 0 while the verdict is neither ok nor slow
	// offlineSince is when no-internet began of an outage that is not over.
	offlineSince time.Duration
	poweredAt    time.Duration // when the gateway's power came back
	stepped      time.Duration // when the last step was
	every        time.Duration // the cadence that was last asked for
	everySince   time.Duration // since when
	probed       int64         // bytes that probing has cost in this day
	dayFrom      time.Duration // since when this day is
}

// home is an address of the box and the gateway that went with it.
type home struct{ address, gateway string }

// displaced: the box has the address with which all was well last, and somebody
// has led its route to another gateway.
func (s State) displaced() bool {
	l, known := s.Link.Get()
	return known && l.Ready() && l.Address == s.home.address && l.Gateway != s.home.gateway
}

// way says whether what is found is better or worse than what shows.
type way int8

const (
	worse  way = -1
	same   way = 0 // the same, or shown at once
	better way = 1
)

// New is the state of which nothing is known yet.
func New() State {
	s := State{Verdict: Starting, found: Starting}
	_, s.Ladder = s.judge(Options{})
	return s
}

// Step takes one input (a Link, LinkLost, Probe, Cellular, Tried, Spent or Conditions;
// any other value says only that time has passed) at the monotonic time now.
func Step(o Options, s State, input any, now time.Duration) State {
	next, ok := input.(Conditions)
	begins := ok && next.Session && !s.conditions.Session
	if day := now - s.dayFrom; day >= 24*time.Hour || begins && (day >= 20*time.Hour || s.dayFrom == 0) {
		s.probed, s.dayFrom = 0, now
	}
	switch in := input.(type) {
	case Link:
		if was, known := s.Link.Get(); known && was.Present && in.Present && s.conditions.Cut == Powered && !s.Booting {
			lost := in.Losses - was.Losses
			if lost > 0 && in.Carrier {
				// It was out and is in again: the kernel tells at most once a second.
				out := in
				out.Carrier = false
				s = Step(o, s, out, now)
			} else if lost > 0 || in.Losses == 0 && was.Carrier && !in.Carrier { // or the port does not count
				lost = max(lost, 1)
				s.flaps = append(slices.Clone(s.flaps), slices.Repeat([]time.Duration{now}, min(lost, o.Flaps))...)
			}
		}
		if was, known := s.Link.Get(); known && was.Way() != in.Way() {
			s.Probe = reading.Reading[Probe]{} // asked over another way
			s.pageSeen = false
		}
		s.Link = reading.Of(in, now)
	case LinkLost:
		s.Link = reading.Reading[Link]{}
	case Probe:
		if link, known := s.Link.Get(); !known || link.Ready() {
			s.Probe = reading.Of(in, now)
			s.confirmed = true // of a turn before this step; see show
			s.pageSeen = s.pageSeen || in.Gateway == Passed
		}
		s.probed += in.Bytes
	case Cellular:
		s.Cellular = reading.Of(in, now-in.Age)
		s.Traffic = s.Traffic.count(in, s.conditions.Session)
	case Conditions:
		if s.conditions.Cut != Powered && in.Cut == Powered {
			s.Booting, s.poweredAt = true, now
			s.Probe = reading.Reading[Probe]{} // asked before it went
		}
		if s.conditions.Session && !in.Session {
			s.Traffic = s.Traffic.ended()
		}
		s.conditions = in
	case Spent:
		s.Spent = in
	}
	s.Cellular = s.Cellular.Aged(now, o.CellularMaxAge)
	if s.Probe.Quality == reading.Fresh && now >= s.staleAt(o) {
		s.Probe.Quality = reading.Stale
	}

	for len(s.flaps) > 0 && now-s.flaps[0] >= o.FlapsWithin {
		s.flaps = s.flaps[1:]
	}
	s.Flapping = o.Flaps > 0 && len(s.flaps) >= o.Flaps || s.Flapping && len(s.flaps) > 0

	found, rungs := s.judge(o)
	s.Ladder = rungs
	s.Booting = s.Booting && s.conditions.Cut == Powered && !found.beyond() && now-s.poweredAt < o.SelfResetTakes
	if found != s.plain {
		s.plain, s.plainSince = found, now
	}
	if s.Booting && found != PortMissing {
		found = Starting
	}
	if found != s.found {
		s.found, s.foundSince = found, now
	}
	doubted := time.Duration(0)
	if p, ok := input.(Probe); ok {
		doubted = p.Doubted
	}
	s.show(o, now, doubted)

	s.heal(o, input, now)
	s.stepped, s.Restarting = now, s.SelfReset(o, now)

	if every := s.ProbeEvery(o, s.conditions.Session, s.conditions.BatteryLow); every != s.every {
		s.every, s.everySince = every, now
	}
	return s
}

// show lets the verdict follow what is found, as far as patience allows. An
// earlier look that doubted already counts as a round of its own.
func (s *State) show(o Options, now, doubted time.Duration) {
	turn := func() {
		if w := wayFrom(s.Verdict, s.found); w != s.way {
			s.way, s.turned, s.confirmed, s.doubted = w, now, false, false
		}
	}
	turn()
	if s.way == worse && doubted > 0 {
		s.turned, s.confirmed, s.doubted = min(s.turned, now-doubted), true, true
	}
	if s.found == s.Verdict {
		return
	}
	if now-s.turned < s.patience(o) || s.unconfirmed() {
		if s.way == worse && s.Probe.Quality != reading.Fresh && rank(s.Verdict) >= rank(GatewaySilent) && s.Verdict != Starting {
			// What showed rests on probes that count no more.
			s.Verdict, s.Since = Starting, now
		}
		return
	}
	next := s.found
	if s.way == better && now-s.foundSince < o.showAfter(next) {
		// The cause is gone; what comes after it has not yet held long enough.
		next = Starting
	}
	if next != s.Verdict {
		s.Verdict, s.Since = next, now
	}
	s.way = same
	turn()
}

// unconfirmed says whether what is found must wait for another round of probes.
func (s State) unconfirmed() bool {
	measured := func(v Verdict) bool { return rank(v) >= rank(GatewaySilent) }
	return s.way != same && !s.confirmed && !s.neighbourSilent() && s.found != Starting && measured(s.found) && measured(s.Verdict)
}

// judge is the verdict that the readings alone give, with its ladder.
func (s State) judge(o Options) (Verdict, []Rung) {
	findings := append(s.linkFindings(), s.probeFindings(o)...)
	rungs := make([]Rung, len(ladder))
	verdict := Verdict("")
	for i, f := range findings {
		if verdict != "" {
			f = NotTried
		}
		rungs[i] = Rung{Name: ladder[i].name, Finding: f}
		if f != NotTried {
			rungs[i].At = s.Probe.At
			if i < 3 || ladder[i].name == RungGateway && s.neighbourSilent() {
				rungs[i].At = s.Link.At
			}
		}
		if f == Failed {
			verdict = ladder[i].verdict
		}
	}
	switch {
	case verdict != "":
	case s.Probe.Quality == reading.Stale:
		verdict = Unknown
	case s.Probe.Quality == reading.Unknown:
		verdict = Starting // no round is complete
	case rungs[4].Finding == Passed:
		verdict = OK
	default:
		verdict = Unknown
	}
	return verdict, rungs
}

// beyond says whether only a gateway that has reached its mobile network gives that
// verdict.
func (v Verdict) beyond() bool { return v == OK || v == Slow || v == CaptivePortal }

// Found is what the ladder says now, before any patience.
func (s State) Found() Verdict { return s.found }

// linkFindings are those of port, cable and address.
func (s State) linkFindings() []Finding {
	link, known := s.Link.Get()
	if !known {
		return []Finding{NotKnown, NotKnown, NotKnown}
	}
	return []Finding{passed(link.Present), passed(link.Carrier), passed(link.addressed())}
}

// probeFindings are those of gateway, internet, sign-in page, dns and speed. No
// single target decides: whatever got through vouches for all before it.
func (s State) probeFindings(o Options) []Finding {
	p, fresh := s.Probe.Get()
	if s.neighbourSilent() {
		return []Finding{Failed, NotTried, NotTried, NotTried, NotTried}
	}
	if s.Probe.Quality == reading.Stale {
		return []Finding{NotKnown, NotKnown, NotKnown, NotKnown, NotKnown}
	}
	if !fresh {
		return make([]Finding, 5)
	}
	captive := p.Captive && p.HTTP != Passed

	gateway := p.Gateway
	if gateway == Failed && (p.Internet == Passed || p.DNS == Passed || p.HTTP == Passed || captive) {
		gateway = Passed
	}
	if link, known := s.Link.Get(); gateway == Failed && known && link.Neighbour == NeighbourReachable && !s.pageSeen {
		gateway = Passed // it is there, and has no page for us
	}
	internet := p.Internet
	if p.HTTP == Passed {
		internet = Passed
	} else if captive && internet == Failed {
		internet = NotKnown
	}
	signIn, speed := p.HTTP, p.HTTP
	switch {
	case captive:
		signIn = Failed
	case p.HTTP == Failed:
		signIn = NotKnown // speed has failed: no page came within its bound
	case p.HTTP == Passed:
		speed = passed(p.Latency <= o.SlowAbove && (o.SlowLoss == 0 || p.Loss < o.SlowLoss))
	}
	return []Finding{gateway, internet, signIn, p.DNS, speed}
}

// neighbourSilent says whether the kernel has asked in vain where the gateway is,
// and nothing got through since.
func (s State) neighbourSilent() bool {
	link, known := s.Link.Get()
	if !known || !link.Ready() || link.Neighbour != NeighbourFailed {
		return false
	}
	p, fresh := s.Probe.Get()
	return !fresh || s.Probe.At < s.Link.At || p.Gateway != Passed && p.Internet != Passed && p.DNS != Passed && p.HTTP != Passed
}

// Losses are how often the carrier was lost within Options.FlapsWithin.
func (s State) Losses(o Options, now time.Duration) int {
	n := 0
	for _, at := range s.flaps {
		if now-at < o.FlapsWithin {
			n++
		}
	}
	return n
}

func passed(ok bool) Finding {
	if ok {
		return Passed
	}
	return Failed
}

// rank is how good a verdict is: its place in the order of verdicts. A state of
// which nothing is known yet counts as good until something is found wrong.
func rank(v Verdict) int {
	for i, rung := range ladder {
		if rung.verdict == v {
			return i
		}
	}
	return len(ladder)
}

func wayFrom(shown, found Verdict) way {
	switch {
	case found == Unknown: // what is not known any more must not be shown
		return same
	case rank(found) < rank(shown):
		return worse
	case rank(found) > rank(shown):
		return better
	}
	return same
}

// patience is how long found must stay better or worse before it shows.
func (s State) patience(o Options) time.Duration {
	switch s.way {
	case worse:
		after := o.showAfter(s.found)
		if s.doubted && s.found != Slow {
			after = min(after, o.DoubtedAfter)
		}
		return after
	case better:
		if s.Flapping && s.Verdict == CableUnplugged {
			return max(o.ClearAfter, o.FlapClear)
		}
		return o.ClearAfter
	}
	return 0
}

func (o Options) showAfter(v Verdict) time.Duration {
	switch v {
	case NoAddress:
		return o.AddressAfter
	case GatewaySilent:
		return o.GatewayAfter
	case NoInternet, CaptivePortal, DNSFailing:
		return o.ShowAfter
	case Slow:
		return o.SlowAfter
	}
	return 0
}

// thrift is by how many bytes more of a day the cadence doubles.
const thrift = 40_000

// ProbeEvery is how often a round of probes is worth its bytes and its power
// now; 0: not at all, because the battery is low or there is no way to probe.
func (s State) ProbeEvery(o Options, sessionActive, batteryLow bool) time.Duration {
	link, known := s.Link.Get()
	switch {
	case batteryLow, known && !link.Ready():
		return 0
	case s.probed >= o.ProbeBytes && o.ProbeBytes != 0:
		return o.ProbeIdle << min((s.probed-o.ProbeBytes)/thrift, 4)
	case s.found != s.Verdict:
		return min(o.Confirm, o.ProbeBusy)
	case sessionActive, s.Verdict != OK:
		return o.ProbeBusy
	}
	return o.ProbeIdle
}

// staleAt is when the last probe is too old to be believed: two cadences and a
// margin after it, reckoned from when that cadence came into force.
func (s State) staleAt(o Options) time.Duration {
	every := s.every
	if every == 0 {
		every = o.ProbeIdle
	}
	return max(s.Probe.At, s.everySince) + 2*every + o.Margin
}

// Wake is the monotonic time at which Step must be called again though nothing
// was observed; 0 where it need not.
func (s State) Wake(o Options) time.Duration {
	var wake time.Duration
	at := func(t time.Duration) {
		if wake == 0 || t < wake {
			wake = t
		}
	}
	if s.found != s.Verdict && !s.unconfirmed() {
		at(s.turned + s.patience(o))
	}
	if s.Probe.Quality == reading.Fresh {
		at(s.staleAt(o))
	}
	if w := s.wakeToHeal(o, s.stepped); w != 0 {
		at(max(w, s.stepped+1))
	}
	if s.Booting {
		at(max(s.poweredAt+o.SelfResetTakes, s.stepped+1))
	}
	if s.Flapping && len(s.flaps) > 0 {
		at(s.flaps[len(s.flaps)-1] + o.FlapsWithin)
	}
	if s.Cellular.Quality == reading.Fresh {
		at(s.Cellular.At + o.CellularMaxAge + 1)
	}
	return wake
}
