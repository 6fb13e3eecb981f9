package netmon

import (
	"slices"
	"time"

	"infobus/reading"
)

// This file is what the box finds as a phone would: by a port of its own in the public
// network, on which it takes a lease, asks the lease's name servers and opens a page. It
// never changes the verdict, which is of the box's own way out.

// PhonePort is what the kernel says of the port in the public network.
type PhonePort Link

// PhoneLease says that the port is made to take its lease anew, as a phone that arrives.
type PhoneLease struct{}

// PhoneAsked is Evidence by way of that port.
type PhoneAsked Evidence

// PhoneFinding is what a phone would find.
type PhoneFinding string

// The findings, the first that applies first.
const (
	PhoneUnknown   PhoneFinding = "unknown"    // it is not set up, not asked, or cannot tell
	PhoneNoAddress PhoneFinding = "no-address" // no lease comes
	PhoneSignIn    PhoneFinding = "sign-in"    // a page answers in the internet's place
	PhoneNoNames   PhoneFinding = "no-names"   // none of the lease's name servers knows a name that exists
	PhoneNoPage    PhoneFinding = "no-page"    // names lead somewhere, and no page opens
	PhoneWorks     PhoneFinding = "works"      // it has a lease, names and a page
)

// PhoneFindings are all of them.
var PhoneFindings = []PhoneFinding{PhoneUnknown, PhoneNoAddress, PhoneSignIn, PhoneNoNames, PhoneNoPage, PhoneWorks}

func (f PhoneFinding) bad() bool { return f != "" && f != PhoneUnknown && f != PhoneWorks }

const (
	// phoneAddress is how long a lease may take until it is said that none comes.
	phoneAddress = 15 * time.Second
	// phoneHolds is how long another finding must hold before it shows, so that the
	// box's own way has the time to show that it is the cause.
	phoneHolds = 10 * time.Second
	// phoneRound is how often to ask in a session, phoneDoubt while something is found
	// or waits to show, and phoneMaxAge how long what was asked counts.
	phoneRound, phoneDoubt = 30 * time.Second, 8 * time.Second
	phoneMaxAge            = 2 * phoneRound
	// phoneLate is from when an answer is late, and phoneWonders how long all is asked
	// often because of answers that are not as they should be, if nothing is found by then.
	phoneLate, phoneWonders = 1500 * time.Millisecond, 45 * time.Second
	// phoneAnew is how often a lease is taken anew: one that is there says nothing of
	// those that come now.
	phoneAnew = 2 * time.Minute
	// phoneKept is how long the last answer of a kind counts, which is asked for more rarely.
	phoneKept = 5 * time.Minute
	// phoneGoes is how long after that the old one may still be there.
	phoneGoes = 5 * time.Second
)

// AsPhone is what is known of that port. The zero value is of a box that has none.
type AsPhone struct {
	Fitted bool         // the port was heard of
	Found  PhoneFinding // as it shows; "" where it is not fitted
	Since  time.Duration
	// Leased is when the lease came, Took how long after it was asked for; both 0
	// without a lease, Took also where that was not seen.
	Leased, Took time.Duration
	Page         time.Duration // until a page or a name came, the longer; 0 where none did

	port      reading.Reading[Link]
	way       Link          // the last by which there was a way, without what may change meanwhile
	odd       time.Duration // since when answers are otherwise than they should be; 0 while they are not
	oddLast   time.Duration // when the last of these came
	waits     time.Duration // since when a lease is waited for; 0 while none is
	anew      time.Duration // when one was asked for last
	kept      []held
	asked     time.Duration // when evidence came last
	found     PhoneFinding  // what the evidence says, before any patience
	foundFrom time.Duration
}

// asPhone takes one input.
func (s *State) asPhone(o Options, input any, now time.Duration) {
	a := &s.AsPhone
	switch in := input.(type) {
	case PhonePort:
		a.take(Link(in), now)
	case PhoneLease:
		a.anew = now
		if l, known := a.port.Get(); known && l.Ready() {
			a.waits = now
		}
	case PhoneAsked:
		s.probed += in.Bytes
		if l, known := a.port.Get(); known && l.Ready() && s.conditions.Session {
			a.kept, a.asked = drop(hold(a.kept, Evidence(in), now), now, phoneKept), now
			a.wonder(in, now)
		}
	}
	if !a.Fitted {
		return
	}
	if !s.conditions.Session || s.conditions.BatteryLow {
		a.kept, a.asked = nil, 0
	}
	found, page := s.phoneFound(o, now)
	a.Page = page
	if found != a.found {
		a.found, a.foundFrom = found, now
	}
	if a.found != a.Found && (!a.found.bad() || now-a.foundFrom >= a.holds()) {
		a.Found, a.Since = a.found, now
	}
}

// holds is how long what is found must hold before it shows.
func (a AsPhone) holds() time.Duration {
	if a.found == PhoneNoAddress {
		return 0 // it was waited for
	}
	return phoneHolds
}

// take notes the port. Another address or router is another way.
func (a *AsPhone) take(l Link, now time.Duration) {
	was, known := a.port.Get()
	a.Fitted = true
	if l.Ready() && l.Way() != a.way {
		a.way, a.kept, a.asked, a.odd = l.Way(), nil, 0, 0
	}
	waited := a.waits
	switch {
	case !l.Present || !l.Carrier:
		a.waits, a.Leased, a.Took = 0, 0, 0
	case !l.Ready():
		a.Leased, a.Took = 0, 0
		if a.waits == 0 || was.Ready() && now-a.waits >= phoneGoes {
			a.waits = now
		}
	case !known || !was.Ready():
		a.waits, a.Leased, a.Took = 0, now, 0
		if waited != 0 && known {
			a.Took = max(now-waited, 1)
		}
	}
	a.port = reading.Of(l, now)
}

// wonder notes since when something is not answered as it should be.
func (a *AsPhone) wonder(in PhoneAsked, now time.Duration) {
	for _, answer := range in.Answers {
		if answer.Came != Right && (answer.Came != Nothing || answer.After >= phoneLate) {
			if a.odd == 0 {
				a.odd = now
			}
			a.oddLast = now
		}
	}
	if a.odd != 0 && now-a.oddLast >= phoneMaxAge {
		a.odd = 0
	}
}

// phoneFound is what the evidence says now.
func (s State) phoneFound(o Options, now time.Duration) (f PhoneFinding, page time.Duration) {
	a := s.AsPhone
	l, known := a.port.Get()
	switch {
	case !known, !l.Present, !l.Carrier, l.Leads, !s.conditions.Session, s.conditions.BatteryLow, s.conditions.Cut != Powered:
		return PhoneUnknown, 0
	case !l.Ready() && now-a.waits >= phoneAddress:
		return PhoneNoAddress, 0
	case !l.Ready() && a.found != "":
		return a.found, 0 // it is on its way
	case !l.Ready(), a.asked == 0:
		if a.found == PhoneNoAddress || a.found == "" {
			return PhoneUnknown, 0
		}
		return a.found, 0
	case now-a.asked >= s.phoneMaxAge(o):
		return PhoneUnknown, 0
	}
	return s.phoneWeighs(o, now)
}

func (s State) phoneMaxAge(o Options) time.Duration {
	if s.overspent(o) {
		return 2*o.ProbeIdle + o.Margin
	}
	return phoneMaxAge
}

// phoneWeighs is what the answers by way of that port come to: what is asked of others,
// at the same time, by the box's own way says whether a server or the way is out.
func (s State) phoneWeighs(o Options, now time.Duration) (f PhoneFinding, page time.Duration) {
	m := &matrix{o: o, kept: s.AsPhone.kept, now: now, trusted: s.conditions.ClockTrusted, patient: silence}
	own := &matrix{o: o, kept: s.kept, now: now, trusted: s.conditions.ClockTrusted, patient: silenceMost}
	if s.Verdict == Congested || s.Verdict == Slow {
		m.patient = silenceMost // what is late by one way is late by the other
	}
	m.gather()
	m.outdated()
	own.gather()
	own.outdated()
	var (
		names  = m.cells(func(c Cell) bool { return c.Question == Lookup || c.Question == Random })
		checks = m.cells(func(c Cell) bool { return c.Question == Check })
		proofs = m.cells(func(c Cell) bool { return c.Question == Proof })
	)
	// While the box's own way is well, a server that answers by neither says nothing of
	// the other.
	well := func(q Question, came ...Came) bool {
		return !s.found.works() || own.some(own.cells(func(c Cell) bool { return c.Question == q }), came...)
	}
	foreign := func(all []cell) bool { return m.some(all, Foreign) && !m.some(all, Right) }
	signs := 0
	if foreign(checks) && well(Check, Right) {
		signs += runs(checks, Foreign)
	}
	if foreign(proofs) && well(Proof, Right, Expired) {
		signs += runs(proofs, Foreign)
	}
	limit := max(tcpSilence, m.patient)
	proven := m.some(proofs, Right, Expired)
	switch {
	case signs >= repeated:
		return PhoneSignIn, 0
	case len(names) > 0 && allWrong(names, m.patient):
		return PhoneNoNames, 0
	case len(proofs) > 0 && !proven && allWrong(proofs, limit) && well(Proof, Right, Expired),
		len(proofs) == 0 && len(checks) > 0 && allWrong(checks, limit) && well(Check, Right):
		return PhoneNoPage, 0
	case m.some(names, Right) && (proven || len(proofs) == 0 && m.some(checks, Right)):
		return PhoneWorks, m.latency(checks, proofs)
	}
	if f := s.AsPhone.found; f == PhoneWorks || f.bad() && f != PhoneNoAddress {
		return f, s.AsPhone.Page // what was found stands until something else is
	}
	return PhoneUnknown, 0
}

// opensAsPhone says whether a page has opened by the port in the public network since the
// verdict that shows.
func (s State) opensAsPhone() bool {
	return s.AsPhone.Found == PhoneWorks && slices.ContainsFunc(s.AsPhone.kept, func(h held) bool {
		return (h.Question == Check || h.Question == Proof) && h.Came == Right && h.At > s.Since
	})
}

// PhonesCut is what the box finds as a phone, and whether that is worth a person's while:
// where the box's own way is out, the verdict says more.
func (s State) PhonesCut() (PhoneFinding, bool) {
	opens, said := s.Phone.Get()
	return s.AsPhone.Found, s.AsPhone.Found.bad() && s.Verdict.works() && s.found.works() && !(said && opens)
}

// PhonePace is what to do next by the port in the public network.
type PhonePace struct {
	Every time.Duration // between two rounds; 0: nothing is asked
	Doubt bool          // all at once: something is, or was, not as it should be
	Anew  bool          // the lease is to be taken anew first
}

// PhonePace says so. There is none without a session: then nobody has a phone here.
func (s State) PhonePace(o Options) PhonePace {
	a := s.AsPhone
	l, known := a.port.Get()
	if !known || !l.Ready() || l.Leads || !s.conditions.Session || s.conditions.BatteryLow || s.conditions.Cut != Powered {
		return PhonePace{}
	}
	if s.overspent(o) {
		return PhonePace{Every: o.ProbeIdle}
	}
	wonders := a.odd != 0 && s.stepped-a.odd < phoneWonders
	p := PhonePace{Every: phoneRound, Doubt: wonders || a.found != PhoneWorks || !s.found.works()}
	if p.Doubt && (wonders || s.stepped-a.foundFrom < spell || s.troubleSince != 0 && s.stepped-s.troubleSince < spell) {
		p.Every = phoneDoubt
	}
	p.Anew = !p.Doubt && a.found == a.Found && s.stepped-max(a.anew, a.Leased) >= phoneAnew
	return p
}

// PhonePort is that port as it is now, for whom to ask.
func (s State) PhonePort() Link { return s.AsPhone.port.Value }

// wakeAsPhone are the times at which asPhone must be called again.
func (s State) wakeAsPhone(o Options, at func(time.Duration)) {
	a := s.AsPhone
	if !a.Fitted {
		return
	}
	soon := []time.Duration{}
	if l, known := a.port.Get(); known && l.Carrier && !l.Ready() && s.conditions.Session && a.found != PhoneNoAddress {
		soon = append(soon, a.waits+phoneAddress)
	}
	if a.found != a.Found {
		soon = append(soon, a.foundFrom+a.holds())
	}
	if a.asked != 0 && a.found != PhoneUnknown {
		soon = append(soon, a.asked+s.phoneMaxAge(o))
	}
	if len(soon) > 0 {
		at(max(slices.Min(soon), s.stepped+1))
	}
}
