package netmon

import "time"

// Remedy is something that the box itself can try. The gentlest come first.
type Remedy string

const (
	LinkUp     Remedy = "link-up"          // the port was switched off
	SetAddress Remedy = "address-set"      // the configured one, where none is leased
	FlushNeigh Remedy = "neighbours-flush" // the gateway is asked anew where it is
	RenewLease Remedy = "lease-renew"
	BounceLink Remedy = "link-bounce"   // as if the cable were pulled and put back
	CyclePower Remedy = "gateway-power" // the gateway's relay, for Options.PowerOff
)

// Remedies are all of them, the gentlest first.
var Remedies = []Remedy{LinkUp, SetAddress, FlushNeigh, RenewLease, BounceLink, CyclePower}

// Result is what a remedy came to.
type Result string

const (
	Helped   Result = "helped"    // the verdict is better
	NoChange Result = "no-change" // it was done, and the verdict is not better
	Undone   Result = "failed"    // it could not be done
	Refused  Result = "refused"   // it may not be done
)

// Tried is the word of whoever does a remedy: that it was done, or why not.
type Tried struct {
	Remedy Remedy
	Result Result // "" where it was done; Undone or Refused where it was not
}

// Attempt is a remedy that is being tried, or was tried last.
type Attempt struct {
	Remedy Remedy
	At     time.Duration // monotonic: when it was begun
	Ended  time.Duration // when its result was known; 0 before
	Result Result        // "" while it is under way

	against Verdict // that showed when it was begun
}

// treatment is when a remedy is worth a try: while the verdict has shown for
// after. Between two tries of a remedy there is at least its gap, which doubles
// with each that did not help, until all has been well for Options.Forget.
type treatment struct {
	remedy Remedy
	after  time.Duration
}

// gap is the least time between two tries of a remedy.
func (o Options) gap(r Remedy) time.Duration {
	switch r {
	case CyclePower:
		return o.PowerGap
	case BounceLink:
		return 10 * time.Minute
	}
	return 2 * time.Minute
}

// showsWithin is how long after a remedy its effect may take to show: the
// gateway's start takes minutes.
func (o Options) showsWithin(r Remedy) time.Duration {
	if r == CyclePower {
		return o.PowerOff + o.SelfResetTakes + time.Minute
	}
	return 30 * time.Second
}

// mostDoublings bounds how far a gap grows: to 16 times.
const mostDoublings = 4

// index is the remedy's place in Remedies.
func (r Remedy) index() int {
	for i, other := range Remedies {
		if other == r {
			return i
		}
	}
	return -1
}

// pastTries is what limits a remedy.
type pastTries struct {
	last     time.Duration // when it was last begun
	tried    bool
	failures int // in a row
}

// heal tries what is due, and judges what was tried.
func (s *State) heal(o Options, input any, now time.Duration) {
	if !s.begun {
		s.begun, s.startedAt = true, now
	}
	switch s.Verdict {
	case OK, Slow, Congested, Filtered:
		if s.wellSince == 0 {
			s.wellSince = now
		}
		s.offlineSince = 0
		if l, known := s.Link.Get(); known && l.Ready() && s.found.works() {
			s.home, s.pluggedAt = home{l.Address, l.Gateway}, 0
		}
		if now-s.wellSince >= o.Forget {
			for i := range s.past {
				s.past[i].failures = 0
			}
			s.putBack = false
		}
	case NoInternet, ComesAndGoes:
		if s.offlineSince == 0 {
			s.offlineSince = s.Since
		}
		s.wellSince = 0
	default:
		s.wellSince = 0
	}

	a := &s.Remedy
	if a.Remedy != "" && a.Result == "" {
		tried, answered := input.(Tried)
		better := func(v Verdict) bool { return v != Starting && v != Unknown && rank(v) > rank(a.against) }
		switch {
		case answered && tried.Remedy == a.Remedy && tried.Result != "":
			a.Result = tried.Result
		case better(s.Verdict) && better(s.found) && better(s.plain):
			a.Result = Helped
		case now-a.At >= o.showsWithin(a.Remedy):
			a.Result = NoChange
		default:
			s.CutByRemedy = a.Remedy == CyclePower && now-a.At < o.PowerOff
			return
		}
		a.Ended = now
		if i := a.Remedy.index(); a.Result != Helped {
			s.past[i].failures++
		}
	}
	s.CutByRemedy = false
	if a.Result != "" && a.Ended == now {
		return // its result is seen before the next begins
	}
	for _, r := range rows {
		for _, t := range r.remedies {
			if at, ok := s.dueAt(o, r.verdict, t, now); ok && at <= now {
				i := t.remedy.index()
				s.past[i].last, s.past[i].tried = now, true
				if s.displaced() || s.routeless(r.verdict) {
					s.putBack = true
				}
				s.Remedy = Attempt{Remedy: t.remedy, At: now, against: r.verdict}
				s.CutByRemedy = t.remedy == CyclePower
				return
			}
		}
	}
}

// dueAt is when the treatment of a verdict may be tried if nothing changes; ok is false
// where it may not.
func (s *State) dueAt(o Options, against Verdict, t treatment, now time.Duration) (at time.Duration, ok bool) {
	verdict, since := s.Verdict, s.Since
	if t.remedy == SetAddress {
		verdict, since = s.plain, s.plainSince
	} else if s.conditions.Cut != Powered || s.Booting || s.restarted {
		return 0, false // the box or somebody did it, or it is on its way
	}
	if s.Phones().served() && t.remedy != LinkUp && t.remedy != SetAddress {
		return 0, false // the trouble is the box's own: nobody is cut off for it
	}
	if against != verdict || o.PowerGap == 0 || t.remedy == LinkUp && !o.KeepUp {
		return 0, false
	}
	if o.Static && (t.remedy == RenewLease || against == NoAddress && t.remedy != SetAddress) || !o.Static && t.remedy == SetAddress {
		return 0, false // there is no lease, or no other address
	}
	past := s.past[t.remedy.index()]
	at = since + t.after
	if past.tried {
		at = max(at, past.last+o.gap(t.remedy)<<min(past.failures, mostDoublings))
	}
	if s.SelfReset(o, now) {
		at = max(at, s.Since+o.SelfResetTakes)
	}
	// A route that somebody took away, or led elsewhere, is put back once; who does
	// it again is not fought over. What was led elsewhere goes with the link.
	switch {
	case s.routeless(against):
		if s.putBack || t.remedy != RenewLease && t.remedy != SetAddress {
			return 0, false
		}
	case s.displaced():
		if s.putBack || t.remedy != BounceLink {
			return 0, false
		}
	case against == NoInternet && t.remedy == BounceLink:
		return 0, false
	}
	if t.remedy != CyclePower {
		return at, true
	}
	if !o.Relay || s.conditions.BatteryLow || s.conditions.NoRelay || s.stranger() || s.Phones() == PhonesByCloud {
		return 0, false
	}
	if link, known := s.Link.Get(); against == DNSFailing && known && link.DNS != "" && link.DNS != link.Gateway {
		return 0, false // the name server that fails is another
	}
	if !past.tried {
		at = max(at, s.startedAt+o.PowerGap) // who knows what was tried before this start
	}
	if s.conditions.Session {
		at = max(at, s.conditions.SessionSince+o.PowerSession)
	}
	if cell, fresh := s.Cellular.Get(); fresh && cell.Status == "connecting" && against != GatewaySilent {
		return 0, false // it answers, and is on its way
	}
	return at, true
}

// routeless says whether the verdict is that of a port whose route is gone.
func (s State) routeless(v Verdict) bool {
	link, known := s.Link.Get()
	return v == NoAddress && known && link.routeless()
}

// SelfReset says whether the gateway's silence is its own: an MG41E that has
// had no cloud for half an hour restarts itself, which takes some minutes.
func (s State) SelfReset(o Options, now time.Duration) bool {
	switch s.Verdict {
	case GatewaySilent, CableUnplugged, NoAddress, Starting:
		return s.offlineSince != 0 && s.Since-s.offlineSince >= o.SelfResetAfter && now-s.Since < o.SelfResetTakes
	}
	return false
}

// wakeToHeal is when heal must be called again; 0 where it need not.
func (s State) wakeToHeal(o Options, now time.Duration) time.Duration {
	if a := s.Remedy; a.Remedy != "" && a.Result == "" {
		if s.CutByRemedy {
			return a.At + o.PowerOff
		}
		return a.At + o.showsWithin(a.Remedy)
	}
	var wake time.Duration
	for _, r := range rows {
		for _, t := range r.remedies {
			if at, ok := s.dueAt(o, r.verdict, t, now); ok && (wake == 0 || at < wake) {
				wake = at
			}
		}
	}
	return wake
}
