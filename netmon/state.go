package netmon

import (
	"net/netip"
	"slices"
	"time"

	"infobus/reading"
)

// Options say how patient the judgement is. Durations are above zero.
type Options struct {
	// ShowAfter is how long a worse verdict must hold before it shows. A
	// missing port and a pulled cable show at once: the kernel is certain. What
	// rests on probes needs other evidence besides that says the same.
	ShowAfter time.Duration
	// GatewayAfter is the same for a silent gateway: it is at the other end of a
	// cable, and answers within milliseconds.
	GatewayAfter time.Duration
	// AddressAfter is the same for no-address: a lease takes its time.
	AddressAfter time.Duration
	// SlowAfter is the same for slow and congested: one late answer is no slow internet.
	SlowAfter time.Duration
	// ClearAfter is how long a better verdict must hold.
	ClearAfter time.Duration
	// SlowAbove is the latency of the connectivity check from which the
	// internet is slow: a page of a dozen requests then takes half a minute.
	SlowAbove time.Duration
	// FullAbove is the delay of a packet from which only a full queue explains it.
	FullAbove time.Duration
	// Outages within OutagesWithin make an internet that comes and goes, until there
	// was none for as long; one that lasts for OutageLong is an outage of its own.
	Outages                   int
	OutagesWithin, OutageLong time.Duration
	// RestartTakes is how long the gateway may take to start after somebody switched it
	// off and on, and RestartKnown how long it is silent, its port alight, before that
	// is known.
	RestartTakes, RestartKnown time.Duration
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
	// ProbeBytes is what probing may cost in a day with a session, RestBytes in one
	// without, and still be busy; beyond it the cadence is ProbeIdle. 0: without a limit.
	ProbeBytes, RestBytes int64
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
		ShowAfter:      2 * time.Second,
		GatewayAfter:   time.Second,
		AddressAfter:   15 * time.Second,
		SlowAfter:      16 * time.Second,
		ClearAfter:     5 * time.Second,
		SlowAbove:      1500 * time.Millisecond,
		FullAbove:      2500 * time.Millisecond,
		Outages:        2,
		OutagesWithin:  70 * time.Second,
		OutageLong:     45 * time.Second,
		RestartTakes:   210 * time.Second,
		RestartKnown:   8 * time.Second,
		SlowLoss:       0.15,
		Flaps:          3,
		FlapsWithin:    2 * time.Minute,
		FlapClear:      15 * time.Second,
		ProbeBusy:      8 * time.Second,
		ProbeIdle:      5 * time.Minute,
		ProbeBytes:     4_500_000, // a day and night of ProbeIdle are some 200,000
		RestBytes:      700_000,
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
	o.SlowLoss = 0 // nothing is lost on a desk but what is switched off
	o.ProbeBusy = 2 * time.Second
	o.ProbeIdle = 2 * time.Second
	o.ProbeBytes, o.RestBytes = 0, 0
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
	RungPorts    RungName = "traffic"
	RungSpeed    RungName = "speed"
)

// rungNames are the rungs in the order in which a fault hides the later ones.
var rungNames = [...]RungName{RungPort, RungCable, RungAddress, RungGateway, RungInternet, RungSignIn, RungDNS, RungPorts, RungSpeed}

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
	Radio    reading.Reading[Radio]
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
	// Phone: a volunteer says whether a page opens on a phone; unknown where nobody did,
	// or no longer.
	Phone reading.Reading[bool]
	// Points are the access points that the team names by address, as they answer.
	Points reading.Reading[Points]
	// AsPhone is what the box finds by a port of its own in the public network.
	AsPhone AsPhone

	points     []point         // those of Points
	flaps      []time.Duration // when the carrier was lost, of the last Options.FlapsWithin
	pageSeen   bool            // the gateway's page has answered over this way
	conditions Conditions
	found      Verdict       // what the ladder says, before any patience
	foundSince time.Duration // since when
	easedAt    time.Duration // when a lesser fault was found than before
	plain      Verdict       // the same, also while the gateway starts
	plainSince time.Duration
	way        way             // of found as seen from Verdict
	turned     time.Duration   // since when
	confirmed  bool            // other evidence has come since
	kept       []held          // the evidence
	outages    []time.Duration // when the internet went, of the last Options.OutagesWithin
	goneSince  time.Duration   // since when it is gone; 0 while it is not
	againSince time.Duration   // since when it is there again, maybe; 0 while it is not
	comes      bool            // it comes and goes
	pluggedAt  time.Duration   // when the carrier came, of a port over which all was not well since; 0 for none
	darkSince  time.Duration   // since when the carrier is out; 0 while it is not
	backAt     time.Duration   // when the carrier came back of a gateway with which all had been well
	// restarted: somebody has switched the gateway off and on, and it starts.
	restarted bool
	past      [6]pastTries  // by the order of Remedies
	putBack   bool          // a route that somebody changed or took away; not twice
	home      home          // over which all was well last
	begun     bool          // a step was taken
	startedAt time.Duration // when
	wellSince time.Duration // 0 while the verdict is neither ok nor slow
	// offlineSince is when no-internet began of an outage that is not over.
	offlineSince time.Duration
	poweredAt    time.Duration // when the gateway's power came back
	stepped      time.Duration // when the last step was
	every        time.Duration // the cadence that was last asked for
	everySince   time.Duration // since when
	probed       int64         // bytes that probing has cost in this day
	sessions     bool          // there was a session in this day
	troubleSince time.Duration // since when something is wrong; 0 while nothing is
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

// stranger: the box has an address of another network than the one over which all was
// well last.
func (s State) stranger() bool {
	l, known := s.Link.Get()
	if !known || !l.Ready() || s.home.address == "" {
		return false
	}
	was, err := netip.ParsePrefix(s.home.address)
	is, err2 := netip.ParsePrefix(l.Address)
	return err == nil && err2 == nil && was.Masked() != is.Masked()
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

// Step takes one input (a Link, LinkLost, Evidence, Cellular, PointsAsked, PhoneSaid,
// PhonePort, PhoneLease, PhoneAsked, Radio, Tried, Spent or Conditions; any other value says only that time has passed) at the monotonic time now.
func Step(o Options, s State, input any, now time.Duration) State {
	s.stepped = now
	next, ok := input.(Conditions)
	begins := ok && next.Session && !s.conditions.Session
	if day := now - s.dayFrom; day >= 24*time.Hour || begins && (day >= 20*time.Hour || s.dayFrom == 0) {
		s.probed, s.dayFrom, s.sessions = 0, now, s.conditions.Session
	}
	s.sessions = s.sessions || ok && next.Session
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
			s.Probe, s.kept = reading.Reading[Probe]{}, nil // asked over another way
			s.pageSeen = false
		} else if known && was.DNS != in.DNS { // what the name servers before said is nothing of these
			s.kept = slices.DeleteFunc(slices.Clone(s.kept), func(h held) bool {
				return (h.Question == Lookup || h.Question == Random) && h.Server != Public
			})
		}
		s.carrier(o, in, now)
		s.Link = reading.Of(in, now)
	case LinkLost:
		s.Link = reading.Reading[Link]{}
	case Evidence:
		s.probed += in.Bytes
		if link, known := s.Link.Get(); !known || link.Ready() {
			s.kept = drop(hold(s.kept, in, now), now, s.horizon(o))
			p := weigh(o, s.kept, now, s.conditions.ClockTrusted, s.Verdict)
			p.Spent = in.Spent
			s.Probe = reading.Of(p, now)
			s.confirmed = true // of a turn before this step; see show
			s.pageSeen = s.pageSeen || p.Page
		}
	case Cellular:
		s.Cellular = reading.Of(in, now-in.Age)
		s.Traffic = s.Traffic.count(in, s.conditions.Session)
	case Conditions:
		if s.conditions.Cut != Powered && in.Cut == Powered {
			s.Booting, s.poweredAt = true, now
			s.Probe, s.kept = reading.Reading[Probe]{}, nil // asked before it went
		}
		if s.conditions.Session && !in.Session {
			s.Traffic = s.Traffic.ended()
		}
		s.conditions = in
	case Spent:
		s.Spent = in
	case PointsAsked:
		s.look(in, now)
	case Radio:
		s.Radio = reading.Of(in, now)
	case PhoneSaid:
		s.Phone = reading.Of(in.Opens, now)
	}
	s.Cellular = s.Cellular.Aged(now, o.CellularMaxAge)
	s.Points = s.Points.Aged(now, pointsMaxAge)
	s.Radio = s.Radio.Aged(now, radioMaxAge)
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
	s.restart(o, found, now)
	if (s.Booting || s.restarted) && found != PortMissing && !(s.restarted && (found.beyond() || found == CableUnplugged)) {
		found = Starting
	}
	found = s.coming(o, found, now)
	if found != s.found {
		if rank(found) > rank(s.found) {
			s.easedAt = now
		}
		s.found, s.foundSince = found, now
	}
	if found == OK {
		s.troubleSince = 0
	} else if s.troubleSince == 0 {
		s.troubleSince = now
	}
	s.show(o, now)
	s.asPhone(o, input, now)
	s.forgetPhone(now)

	s.heal(o, input, now)
	s.Restarting = s.SelfReset(o, now)

	if every := s.ProbeEvery(o, s.conditions.Session, s.conditions.BatteryLow); every != s.every {
		s.every, s.everySince = every, now
	}
	return s
}

// show lets the verdict follow what is found, as far as patience allows.
func (s *State) show(o Options, now time.Duration) {
	turn := func() {
		if w := wayFrom(s.Verdict, s.found); w != s.way {
			s.way, s.turned, s.confirmed = w, now, false
		}
	}
	turn()
	if s.found == s.Verdict {
		return
	}
	if now < s.due(o) || s.unconfirmed() {
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

// unconfirmed says whether what is found must wait for more evidence.
func (s State) unconfirmed() bool {
	measured := func(v Verdict) bool { return rank(v) >= rank(GatewaySilent) }
	return s.way != same && !s.confirmed && !s.neighbourSilent() && s.found != Starting && measured(s.found) && measured(s.Verdict)
}

// judge is the verdict that the readings alone give, with its ladder: the first rung
// that failed, and of the verdicts that this may be the first that applies.
func (s State) judge(o Options) (Verdict, []Rung) {
	findings := append(s.linkFindings(), s.probeFindings(o)...)
	rungs := make([]Rung, len(rungNames))
	verdict := Verdict("")
	for i, f := range findings {
		if verdict != "" {
			f = NotTried
		}
		rungs[i] = Rung{Name: rungNames[i], Finding: f}
		if f != NotTried {
			rungs[i].At = s.Probe.At
			if i < 3 || rungNames[i] == RungGateway && s.neighbourSilent() {
				rungs[i].At = s.Link.At
			}
		}
		if f == Failed {
			verdict = s.failed(rungNames[i])
		}
	}
	p, _ := s.Probe.Get()
	switch {
	case verdict != "":
	case s.Probe.Quality == reading.Stale:
		verdict = Unknown
	case s.Probe.Quality == reading.Unknown, p.Undecided && (s.Verdict == Starting || s.found == Starting):
		verdict = Starting // too little is known
	case rungs[4].Finding == Passed:
		verdict = OK
	case p.Undecided && s.found != "" && s.found.works():
		verdict = s.found // what was found so far stands until something else is
	default:
		verdict = Unknown
	}
	return verdict, rungs
}

// failed is the verdict of a rung that failed.
func (s State) failed(rung RungName) Verdict {
	p, _ := s.Probe.Get()
	for _, r := range rows {
		if r.rung == rung && (r.applies == nil || r.applies(s, p)) {
			return r.verdict
		}
	}
	return Unknown
}

// beyond says whether only a gateway that has reached its mobile network gives that
// verdict.
func (v Verdict) beyond() bool { return v.works() || v == CaptivePortal }

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

// probeFindings are those of gateway, internet, sign-in page, dns, traffic and speed.
func (s State) probeFindings(o Options) []Finding {
	p, fresh := s.Probe.Get()
	if s.neighbourSilent() {
		return []Finding{Failed, NotTried, NotTried, NotTried, NotTried, NotTried}
	}
	if s.Probe.Quality == reading.Stale {
		return []Finding{NotKnown, NotKnown, NotKnown, NotKnown, NotKnown, NotKnown}
	}
	if !fresh {
		return make([]Finding, 6)
	}
	captive := p.Captive

	gateway := p.Gateway
	if link, known := s.Link.Get(); gateway == Failed && known && link.Neighbour == NeighbourReachable && !s.pageSeen {
		gateway = Passed // it is there, and has no page for us
	}
	signIn, speed := p.HTTP, p.HTTP
	switch {
	case captive:
		signIn = Failed
	case p.HTTP == Failed:
		signIn = NotKnown // speed has failed: no page came within its bound
	}
	late := p.Full || p.Delay > o.SlowAbove || p.Latency > o.SlowAbove || o.SlowLoss != 0 && p.Loss >= o.SlowLoss
	if held := s.Verdict == Slow || s.Verdict == Congested; (late || held) && !p.Settled { // a queue fills and empties
		speed = Failed
	}
	return []Finding{gateway, p.Internet, signIn, p.DNS, p.Ports, speed}
}

// horizon is how old an answer may be and still be believed.
func (s State) horizon(o Options) time.Duration {
	every := s.every
	if every == 0 || every < o.ProbeIdle && s.every < time.Minute {
		return window
	}
	return 2*every + o.Margin
}

// coming is what is found of an internet that may come and go: one verdict, instead of
// an event for each outage.
func (s *State) coming(o Options, found Verdict, now time.Duration) Verdict {
	if o.Outages == 0 {
		return found
	}
	counted := func() bool { return len(s.outages) > 0 && s.outages[len(s.outages)-1] >= s.goneSince }
	switch {
	case found == NoInternet:
		if s.goneSince == 0 && s.plainWorked() {
			s.goneSince = now
		}
		s.againSince = 0
		if s.goneSince != 0 && now-s.goneSince >= o.ShowAfter && !counted() {
			s.outages = append(slices.Clone(s.outages), now)
		}
	case found.works() && s.goneSince != 0:
		if s.againSince == 0 {
			s.againSince = now
		}
		if !counted() || now-s.againSince >= o.ClearAfter { // it is over
			if counted() {
				s.outages = slices.Clone(s.outages)
				s.outages[len(s.outages)-1] = now
			}
			s.goneSince, s.againSince = 0, 0
		}
	case found != Unknown:
		s.goneSince, s.againSince = 0, 0
	}
	if s.goneSince == 0 || !s.comes {
		for len(s.outages) > 0 && now-s.outages[0] >= o.OutagesWithin {
			s.outages = s.outages[1:]
		}
	}
	s.comes = len(s.outages) >= o.Outages || s.comes && len(s.outages) > 0
	if !s.comes || !found.works() && found != NoInternet && found != Unknown {
		return found
	}
	if s.goneSince != 0 && now-s.goneSince >= o.OutageLong {
		s.comes, s.outages = false, nil
		return found
	}
	return ComesAndGoes
}

// plainWorked says whether phones were served before what is found now.
func (s *State) plainWorked() bool {
	return s.found.works() || s.found == ComesAndGoes
}

// carrier remembers when the carrier was out and came back.
func (s *State) carrier(o Options, in Link, now time.Duration) {
	switch {
	case !in.Present:
		s.darkSince, s.backAt, s.restarted = 0, 0, false
	case !in.Carrier && s.darkSince == 0:
		s.darkSince = now
	case in.Carrier && s.darkSince != 0:
		if s.home.address != "" && now-s.darkSince >= time.Second {
			s.backAt = now
		}
		s.darkSince, s.pluggedAt = 0, now
	}
}

// restart recognises that somebody has switched the gateway off and on: its carrier was
// out and is back, and it is silent for some time.
func (s *State) restart(o Options, found Verdict, now time.Duration) {
	switch {
	case s.backAt == 0 || s.conditions.Cut != Powered || s.Booting:
		s.restarted = false
	case now-s.backAt >= o.RestartTakes, found.beyond():
		s.restarted, s.backAt = false, 0
	case now-s.backAt >= o.RestartKnown && (found == NoAddress || found == WrongPort || found == GatewaySilent):
		s.restarted = true
	case !s.restarted && found == NoInternet:
		s.backAt = 0 // it answered at once: only the cable was out
	}
}

// neighbourSilent says whether the kernel has asked in vain where the gateway is,
// and nothing got through since.
func (s State) neighbourSilent() bool {
	link, known := s.Link.Get()
	if !known || !link.Ready() || link.Neighbour != NeighbourFailed {
		return false
	}
	p, fresh := s.Probe.Get()
	return !fresh || p.Alive < s.Link.At
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
	for i, r := range rows {
		if r.verdict == v {
			return i
		}
	}
	return len(rows)
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

// due is when found may show. Where a greater fault ends, what is found next may be no more
// than its end: names come later than connections.
func (s State) due(o Options) time.Duration {
	due := s.turned + s.patience(o)
	if s.way == worse && rank(s.found) > rank(GatewaySilent) {
		due = max(due, s.easedAt+o.ShowAfter)
	}
	return due
}

// patience is how long found must stay better or worse before it shows.
func (s State) patience(o Options) time.Duration {
	switch s.way {
	case worse:
		if p, _ := s.Probe.Get(); s.found == Slow && p.Stalled {
			return o.ShowAfter
		}
		return o.showAfter(s.found)
	case better:
		if s.Flapping && s.Verdict == CableUnplugged {
			return max(o.ClearAfter, o.FlapClear)
		}
		if s.found == Slow && s.Verdict == Congested {
			return max(o.ClearAfter, o.SlowAfter) // and nothing else meanwhile
		}
		return o.ClearAfter
	}
	return 0
}

func (o Options) showAfter(v Verdict) time.Duration {
	for _, r := range rows {
		if r.verdict == v && r.after != nil {
			return r.after(o)
		}
	}
	return 0
}

// ProbeEvery is how often a round of probes is worth its bytes and its power
// now; 0: not at all, because the battery is low or there is no way to probe.
func (s State) ProbeEvery(o Options, sessionActive, batteryLow bool) time.Duration {
	link, known := s.Link.Get()
	switch {
	case batteryLow, known && !link.Ready():
		return 0
	case s.overspent(o):
		return o.ProbeIdle
	case s.found != s.Verdict:
		return min(o.Confirm, o.ProbeBusy)
	case sessionActive, s.Verdict != OK:
		return o.ProbeBusy
	}
	return o.ProbeIdle
}

// spell is how long all is asked after often while something is wrong.
const spell = 10 * time.Minute

// overspent says whether probing has cost what it may in this day.
func (s State) overspent(o Options) bool {
	limit := o.RestBytes
	if s.sessions {
		limit = o.ProbeBytes
	}
	return limit != 0 && s.probed >= limit
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
		at(s.due(o))
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
	if link, known := s.Link.Get(); known && link.Deaf && s.pluggedAt != 0 && s.pluggedAt+replugged > s.stepped {
		at(s.pluggedAt + replugged)
	}
	if s.backAt != 0 {
		for _, after := range []time.Duration{o.RestartKnown, o.RestartTakes} {
			if t := s.backAt + after; t > s.stepped {
				at(t)
			}
		}
	}
	if n := len(s.outages); n > 0 && s.comes {
		until := s.outages[n-1] + o.OutagesWithin
		if s.goneSince != 0 {
			until = s.goneSince + o.OutageLong
		}
		at(max(until, s.stepped+1))
	}
	if s.Flapping && len(s.flaps) > 0 {
		at(s.flaps[len(s.flaps)-1] + o.FlapsWithin)
	}
	if s.Cellular.Quality == reading.Fresh {
		at(s.Cellular.At + o.CellularMaxAge + 1)
	}
	if s.Points.Quality == reading.Fresh {
		at(s.Points.At + pointsMaxAge + 1)
	}
	if s.Phone.Quality == reading.Fresh {
		at(s.Phone.At + phoneCounts)
	}
	if s.Radio.Quality == reading.Fresh {
		at(s.Radio.At + radioMaxAge + 1)
	}
	s.wakeAsPhone(o, at)
	return wake
}

// Pace is how often to ask, and whether all each time.
type Pace struct {
	Every time.Duration // 0: not at all
	All   bool          // all of the matrix in each round, and not each question in its own time
	Full  bool          // much is lost by chance: a Doubt is worth less
}

// empties: of what was full, a packet comes back at once.
func (s State) empties() bool {
	p, fresh := s.Probe.Get()
	return fresh && p.Empties
}

// stalled: long answers do not come, and not because all is late.
func (s State) stalled(o Options) bool {
	p, fresh := s.Probe.Get()
	return fresh && p.Stalled && p.Delay <= o.SlowAbove
}

// Pace is that of ProbeEvery: twice as often, and all, while something is wrong and not
// for long.
func (s State) Pace(o Options, sessionActive, batteryLow bool) Pace {
	p := Pace{Every: s.ProbeEvery(o, sessionActive, batteryLow), Full: s.Verdict == Congested || s.Verdict == Slow}
	switch {
	case p.Every != 0 && !s.overspent(o) && s.Verdict == Congested && s.empties():
		p.All, p.Every = true, min(p.Every, o.Confirm)
	case p.Every == 0 || s.overspent(o) || s.found.works() && s.found == s.Verdict && !s.stalled(o):
	case s.found != s.Verdict:
		p.All = true
	case s.stepped-s.troubleSince < spell:
		p.All, p.Every = true, max(p.Every/2, min(p.Every, o.Confirm))
	}
	return p
}
