package netmon

import (
	"math"
	"slices"
	"time"
)

const (
	// silence is how long a question must have waited to be unanswered, and how long
	// nothing at all may have come back, before it is said that nothing does. A full
	// queue holds answers for 4 s.
	silence = 6 * time.Second
	// silenceMost bounds silence where answers are known to be late.
	silenceMost = 15 * time.Second
	// tcpSilence is the same for connections while names still pass: TCP asks again
	// after 1, 3 and 7 s (RFC 6298).
	tcpSilence = 8 * time.Second
	// gatewaySilence is the same for the gateway, at the other end of a cable.
	gatewaySilence = 600 * time.Millisecond
	// gatewaySign is how long a sign of life of the gateway counts.
	gatewaySign = 1500 * time.Millisecond
	// repeated is how often an answer that is wrong must come before it counts, of
	// one cell or of several.
	repeated = 2
	// delays is how far back delays count, losses how far lost packets, and
	// lossLeast how many packets it takes to speak of a share.
	delays    = 12 * time.Second
	losses    = 30 * time.Second
	lossLeast = 6
	// old is the age from which an answer of a question that is not asked again and again
	// says nothing of now.
	old = 15 * time.Second
	// gone is for how long nothing came back where nobody was there, and what was
	// asked meanwhile is not counted as lost.
	gone = 5 * time.Second
	// wavering is the share by which the delays on a loaded link differ: a queue is
	// never of one length.
	wavering = 0.05
)

// matrix is the evidence as it is weighed at one moment.
type matrix struct {
	o       Options
	kept    []held
	all     []cell
	now     time.Duration
	trusted bool          // the clock
	patient time.Duration // how long nothing may have come back
	late    bool          // a queue is full, or much is lost: whatever is asked may have to be asked again
	accepts bool          // connections by number count: more than one server takes them
}

// cell is what the answers of one cell come to.
type cell struct {
	Cell
	result  Came // of the last decided question
	decided bool
	at      time.Duration // when that was sent
	after   time.Duration
	run     int           // decided questions in a row, the last ones, that were not right
	waits   time.Duration // of the questions since the last answer, how long the first has waited; 0 without one
	since   time.Duration // when the first question was sent that was not answered as it should be; 0 without one
}

// silent says whether the cell has had no answer for so long.
func (c cell) silent(limit time.Duration) bool { return c.waits >= limit }

// is says whether that was the cell's last answer, and it has not since waited in vain
// for so long.
func (c cell) is(came Came, limit time.Duration) bool {
	return c.decided && c.result == came && !c.silent(limit)
}

// gather works out all cells.
func (m *matrix) gather() {
	at := make(map[Cell]int, 32)
	var back, first []time.Duration // when the last answer of each came, and when the first question since was sent
	for _, h := range m.kept {
		i, ok := at[h.Cell]
		if !ok {
			i = len(m.all)
			at[h.Cell] = i
			m.all, back = append(m.all, cell{Cell: h.Cell}), append(back, 0)
			first = append(first, 0)
		}
		c := &m.all[i]
		if h.Came == Nothing {
			if c.waits == 0 {
				first[i] = h.At
			}
			c.waits = max(c.waits, h.back()-first[i], 1)
			if c.since == 0 {
				c.since = h.At
			}
			continue
		}
		c.decided, c.result, c.at, c.after, c.waits = true, h.Came, h.At, h.After, 0
		back[i] = max(back[i], h.back())
		if h.Came == Right || h.Came == Expired && m.trusted {
			c.run, c.since, c.result = 0, 0, Right // an expired one is the right server's
		} else {
			c.run++
			if c.since == 0 {
				c.since = h.At
			}
		}
	}
	for i := range m.all { // what came late says that what was asked later, and waits, is late too
		if c := &m.all[i]; c.waits > 0 && c.decided {
			c.waits = min(c.waits, max(m.now-back[i], 1))
		}
	}
}

// outdated leaves out what was right by one way, where the other was asked later, in vain.
func (m *matrix) outdated() {
	all := slices.Clone(m.all)
	m.all = slices.DeleteFunc(m.all, func(c cell) bool {
		return c.Server == Site && c.result == Right && slices.ContainsFunc(all, func(other cell) bool {
			same := other.Cell
			same.Way = c.Way
			return same == c.Cell && other.Way != c.Way && other.since > c.at && c.waits == 0
		})
	})
}

// cells are those that are like it.
func (m *matrix) cells(like func(Cell) bool) (some []cell) {
	for _, c := range m.all {
		if like(c.Cell) {
			some = append(some, c)
		}
	}
	return some
}

// servers are how many different ones the cells ask.
func servers(all []cell) int {
	type server struct {
		Server
		name, nth uint8
	}
	seen := map[server]bool{}
	for _, c := range all {
		seen[server{c.Server, c.Name, c.Nth}] = true
	}
	return len(seen)
}

// some says whether the last answer of one of the cells was that.
func (m *matrix) some(all []cell, came ...Came) bool {
	return slices.ContainsFunc(all, func(c cell) bool {
		return slices.ContainsFunc(came, func(r Came) bool { return c.is(r, m.patient) })
	})
}

// allWrong says whether each of the cells has answered wrongly, or nothing for so long,
// and that more than once in all.
func allWrong(all []cell, limit time.Duration) bool {
	n := 0
	for _, c := range all {
		switch {
		case c.silent(limit):
			n += repeated
		case c.decided && c.result != Right:
			n += c.run
		default:
			return false
		}
	}
	return n >= repeated
}

// undecided says whether the cells were asked, and none has ever been decided.
func (m *matrix) undecided(all []cell) bool {
	return len(all) > 0 && !slices.ContainsFunc(all, func(c cell) bool { return c.decided || c.silent(m.patient) })
}

// fromBeyond says whether an answer can only have come from beyond the gateway, or from
// who stands in the internet's place.
func (m *matrix) fromBeyond(h held) bool {
	switch h.Came {
	case Nothing, Unreachable, Refusal:
		return false
	}
	switch h.Question {
	case Page, Knock:
		return false
	case Connect, Chain:
		return m.accepts
	case Lookup, Random:
		// The gateway may remember a name, and say itself that it cannot.
		return h.Server != Gateway || h.Question == Random && h.Came == Right
	}
	return true
}

// weigh is what the evidence comes to; shows is the verdict that shows. One dead target
// decides nothing, in either direction, and what got through one port says nothing of
// another.
func weigh(o Options, kept []held, now time.Duration, trusted bool, shows Verdict) Probe {
	m := &matrix{o: o, kept: kept, now: now, trusted: trusted, patient: silence}
	var p Probe
	m.gather()
	m.outdated()
	m.delay(&p, shows)
	p.Loss = m.loss(m.now - losses)
	m.patient = min(max(silence, 3*p.Delay), silenceMost)
	m.late = p.Delay > o.SlowAbove
	if o.SlowLoss != 0 && p.Loss >= o.SlowLoss {
		m.late, m.patient = true, silenceMost // what is sent again and again is late too
	}
	m.gateway(&p)

	var (
		beyond  = m.cells(func(c Cell) bool { return c.Question != Page && c.Question != Knock })
		numbers = m.cells(func(c Cell) bool { return c.Question == Connect || c.Question == Chain })
		checks  = m.cells(func(c Cell) bool { return c.Question == Check })
		proofs  = m.cells(func(c Cell) bool { return c.Question == Proof })
		chains  = m.cells(func(c Cell) bool { return c.Question == Chain })
		calls   = m.cells(func(c Cell) bool { return c.Question == Call })
		lookups = m.cells(func(c Cell) bool { return c.Question == Lookup && c.Server != Public })
		randoms = m.cells(func(c Cell) bool { return c.Question == Random && c.Server != Public })
		public  = m.cells(func(c Cell) bool { return c.Server == Public && (c.Question == Lookup || c.Question == Random) })
		named   = slices.Concat(checks, proofs)
		tcp     = slices.Concat(numbers, named)
	)
	if len(beyond) == 0 {
		return p
	}
	genuine := m.some(slices.Concat(named, chains), Right)
	taken := slices.DeleteFunc(slices.Clone(numbers), func(c cell) bool { return !m.some([]cell{c}, Right, Foreign, Torn) })
	m.accepts = genuine || servers(taken) > 1 || servers(numbers) == 1 && len(taken) > 0

	// Who stands in the internet's place?
	switch {
	case m.some(checks, Foreign) && !m.some(checks, Right) && runs(checks, Foreign)+runs(proofs, Foreign) >= repeated,
		m.some(proofs, Foreign) && !m.some(proofs, Right) && !m.some(chains, Right) && (len(numbers) == 0 || len(chains) > 0) &&
			runs(proofs, Foreign)+runs(chains, Foreign) >= repeated:
		p.Captive = true
	}
	p.ClockWrong = !trusted && m.some(proofs, Expired)
	if p.ClockWrong {
		genuine = true
	}

	// Small answers come, and long ones do not.
	long := slices.Concat(proofs, chains)
	p.Stalled = !m.some(long, Right, Expired) && m.some(long, Torn) && runs(long, Torn) >= repeated

	switch {
	case p.Gateway != NotKnown && m.nothingBack(beyond), m.namesAlone(tcp, calls):
		p.Internet = Failed
	case p.Captive:
		p.Internet = NotKnown
	case genuine, m.accepts && len(taken) > 0:
		p.Internet = Passed
	case m.undecided(tcp):
		p.Internet = NotKnown
	default:
		p.Internet = NotKnown
		if m.some(slices.Concat(randoms, public, calls), Right) {
			p.Internet = Passed // names come over the radio
		}
	}

	page := m.some(checks, Right) || m.some(proofs, Right, Expired)
	if !page && !p.Captive && m.some(chains, Right) && m.some(lookups, Right) && m.some(named, Refusal, Trouble) {
		page = true // the sites that are asked are not there; others are
	}
	switch {
	case len(named) == 0:
	case p.Captive, p.Stalled, !page && allWrong(named, tcpSilence):
		p.HTTP = Failed
	case page:
		p.HTTP = Passed
	default:
		p.HTTP = NotKnown
	}
	if p.HTTP == Passed {
		p.Latency = m.latency(checks, proofs)
	}
	if shows == Slow || shows == Congested || m.late || p.Latency > o.SlowAbove {
		m.settles(&p, shows)
	}

	switch {
	case len(lookups)+len(randoms) == 0:
	case m.namesFail(lookups, slices.Concat(named, calls, public), numbers), m.namesFail(randoms, slices.Concat(named, calls, public), numbers), m.leadAstray(named, numbers):
		p.DNS = Failed
	case m.some(slices.Concat(lookups, randoms), Right):
		p.DNS = Passed
	default:
		p.DNS = NotKnown
	}
	switch {
	case m.some(public, Right):
		p.Direct = Passed
	case len(public) > 0 && allWrong(public, m.patient):
		p.Direct = Failed
	case len(public) > 0:
		p.Direct = NotKnown
	}

	p.Ports = m.ports(tcp, calls, page || m.some(calls, Right))
	p.Undecided = m.undecided(lookups) || m.undecided(randoms) || m.undecided(named) || m.undecided(checks) || p.HTTP == NotKnown || p.DNS == NotKnown
	return p
}

// runs is how often in a row the cells' last answers were that.
func runs(all []cell, came Came) (n int) {
	for _, c := range all {
		if c.decided && c.result == came {
			n += c.run
		}
	}
	return n
}

// gateway is whether the gateway answers: it is asked twice before it is silent, and
// whatever comes through it is a sign of life.
func (m *matrix) gateway(p *Probe) {
	asked, knocks, pages := false, 0, 0 // in vain, in a row
	last := time.Duration(0)            // when the last of these was sent
	sign := time.Duration(-1)           // when the last sign of life came
	for _, h := range m.kept {
		answered := h.Came != Nothing && h.Came != Unreachable
		own := h.Question == Page || h.Question == Knock
		if answered && (h.Question == Page || !own && h.Came != Refusal) {
			sign = max(sign, h.back())
		}
		if answered {
			p.Alive = max(p.Alive, h.At)
		}
		if !own {
			continue
		}
		asked = true
		vain := h.Came == Unreachable || h.Came == Nothing && h.After >= gatewaySilence
		if vain {
			last = h.At
		}
		switch {
		case vain && h.Question == Page:
			pages++
		case vain:
			knocks++
		case answered && h.Question == Page:
			knocks, pages, p.Page = 0, 0, true
		case answered:
			knocks = 0
		}
	}
	switch vain := knocks + pages; {
	case !asked:
	case vain >= repeated && (sign < 0 || m.now-sign >= gatewaySign):
		p.Gateway = Failed
	case vain >= repeated && sign < last, vain == 1 && m.now-sign >= gatewaySign/2:
		p.Gateway = NotKnown
	default:
		p.Gateway = Passed
	}
}

// nothingBack says whether nothing at all comes back from beyond the gateway, however
// late.
func (m *matrix) nothingBack(beyond []cell) bool {
	last, sent := time.Duration(-1), time.Duration(-1) // what came back last, and when that was asked
	for _, h := range m.kept {
		if m.fromBeyond(h) {
			last, sent = max(last, h.back()), max(sent, h.At)
		}
	}
	vain, long, all, others := 0, false, true, false
	for _, c := range beyond {
		if c.Question == Chain {
			continue // asked only where the others fail
		}
		switch {
		case c.silent(m.patient), c.decided && c.result != Right && c.at > sent && !c.silent(1):
			vain, long = vain+1, true
		case c.silent(m.patient / 2):
			vain, all = vain+1, false
		case (c.Question == Connect) && c.decided && c.result == Right && !m.accepts:
		case c.Question == Lookup && c.Server == Gateway && c.decided && c.result == Right: // it remembers
		default:
			all = false
		}
	}
	for _, c := range beyond { // a gateway that gives no names says nothing of what is beyond it
		others = others || c.Question != Chain && c.Server != Gateway && (c.silent(m.patient/2) || c.decided && c.result != Right)
	}
	few := vain < min(repeated, len(beyond))
	if few || !long || !others {
		return false
	}
	patient := m.patient
	if answers, dead := count(beyond, func(c cell) bool { return c.decided && c.result == Right }), count(beyond, func(c cell) bool { return c.silent(silenceMost) }); answers == 1 && answers+dead == len(beyond) {
		patient = silenceMost // one thing alone works: that it is late is nobody else's silence
	}
	return all || last < 0 || m.now-last >= patient
}

func count(all []cell, like func(cell) bool) (n int) {
	for _, c := range all {
		if like(c) {
			n++
		}
	}
	return n
}

// namesAlone says whether names pass and no connection does, to whatever port and
// server, as where there is no credit.
func (m *matrix) namesAlone(tcp, calls []cell) bool {
	limit := max(tcpSilence, m.patient)
	if m.late && m.within(window/2, tcp) {
		return false
	}
	tcp = slices.DeleteFunc(slices.Clone(tcp), func(c cell) bool {
		return c.Question == Chain || !c.decided && !c.silent(limit) || // not known yet
			c.Way == Before && m.now-c.at-c.after > old && !c.silent(limit) // not asked since
	})
	for _, c := range tcp {
		if c.Question == Connect && c.result == Right && !m.accepts {
			continue
		}
		if !c.silent(limit) && !(c.decided && c.run >= repeated && (c.result == Refusal || c.result == Unreachable)) {
			return false
		}
	}
	return servers(tcp) > 1 && !m.some(calls, Right)
}

// namesFail says whether names are answered wrongly or, while others are answered, not at
// all: where a queue is full any packet may be lost.
func (m *matrix) namesFail(names, others, numbers []cell) bool {
	limit := m.patient
	if m.late {
		limit *= 2
	}
	if len(names) == 0 || !allWrong(names, limit) {
		return false
	}
	if m.late && m.byChance(names) || m.late && slices.ContainsFunc(m.kept, func(h held) bool {
		return h.Question == names[0].Question && h.Server != Public && h.Came == Right && m.now-h.back() < limit
	}) {
		return false // a forwarder whose questions are lost says that it cannot
	}
	since := names[0].since
	for _, c := range names {
		if !c.silent(limit) && !c.alone() {
			return true
		}
		since = min(since, c.since)
	}
	if m.accepts {
		others = append(others, numbers...)
	}
	return m.rightSince(since, others, slices.ContainsFunc(names, func(c cell) bool { return c.silent(limit) }))
}

// apart is how much later than what is silent something else must have been asked to say
// that only this fails: of what is asked at once a part may get through before all is lost.
const apart = time.Second

// rightSince says whether one of the cells was asked after that, and was answered as it
// should be.
func (m *matrix) rightSince(since time.Duration, some []cell, silent bool) bool {
	if silent {
		since += apart
	}
	return slices.ContainsFunc(some, func(c cell) bool { return c.is(Right, m.patient) && c.at >= since })
}

// alone says whether the answer may be that of a gateway whose radio is down, and says
// nothing of names.
func (c cell) alone() bool {
	return c.result == Refusal || c.result == Unreachable || c.result == Trouble && c.Server == Gateway
}

// leadAstray says whether names lead to where nobody is, or somebody else. Where a queue is
// full silence says nothing of that: if no name led anywhere, nobody would fill it.
func (m *matrix) leadAstray(named, numbers []cell) bool {
	var here, before []cell
	for _, c := range named {
		if c.Way == Before {
			before = append(before, c)
		} else {
			here = append(here, c)
		}
	}
	if m.some(named, Foreign) {
		return false // it is somebody else's page
	}
	for _, b := range before {
		for _, c := range here {
			if b.Question == c.Question && b.Name == c.Name && b.is(Right, m.patient) && c.since != 0 && b.at >= c.since &&
				(!m.late && c.silent(silence) || c.run >= repeated) {
				return true
			}
		}
	}
	if m.late {
		return false
	}
	since := time.Duration(0)
	for _, c := range here {
		since = max(since, c.since)
	}
	fresh := slices.ContainsFunc(numbers, func(c cell) bool { return c.is(Right, m.patient) && c.at >= since })
	return servers(here) > 1 && allWrong(here, tcpSilence) && !m.some(here, Trouble, Torn, Refusal) && fresh && m.accepts
}

// ports is whether some kind of traffic does not pass while pages come.
func (m *matrix) ports(tcp, calls []cell, page bool) Finding {
	if len(tcp) == 0 {
		return NotTried
	}
	if !page {
		return NotKnown
	}
	byPort := map[uint16][]cell{}
	for _, c := range tcp {
		if c.Question != Chain {
			byPort[c.Port] = append(byPort[c.Port], c)
		}
	}
	first := func(all []cell) time.Duration { // when the first was sent that came to nothing
		since := m.now
		for _, c := range all {
			since = min(since, c.since)
		}
		return since
	}
	for port, all := range byPort {
		if m.late && m.within(window, all) {
			continue
		}
		others := slices.DeleteFunc(slices.Concat(tcp, calls), func(c cell) bool { return c.Port == port })
		if m.rightSince(first(all), others, true) && servers(all) > 1 && allWrong(all, tcpSilence) && !m.some(all, Right, Foreign, Trouble, Torn, Expired) && !(m.late && m.byChance(all)) {
			return Failed
		}
	}
	if servers(calls) > 1 && allWrong(calls, m.patient) && m.rightSince(first(calls), tcp, true) &&
		!(m.late && (m.within(window, calls) || m.byChance(calls))) {
		return Failed
	}
	return Passed
}

// byChance says whether a queue that loses as much as is lost of what is answered at times
// may have lost all that these cells were asked.
func (m *matrix) byChance(some []cell) bool {
	const rare = 1e-5
	var answered []Cell
	for _, h := range m.kept {
		if h.Came == Right && m.now-h.back() < window {
			answered = append(answered, h.Cell)
		}
	}
	vain, others, lost := 0.0, 1.0, 0.5 // never of a few is not never
	for _, h := range m.kept {
		if m.now-h.At >= window || h.Question == Page || h.Question == Knock || h.Came == Nothing && h.After < tcpSilence {
			continue
		}
		switch {
		case slices.ContainsFunc(some, func(c cell) bool { return c.Cell == h.Cell }):
			vain++
		case h.Came != Nothing:
			others++
		case slices.Contains(answered, h.Cell):
			lost++
			others++
		}
	}
	return math.Pow(lost/others, vain) > rare
}

// within says whether one of the cells was answered, as it should be, so lately: some of
// what is sent gets through a full queue.
func (m *matrix) within(d time.Duration, some []cell) bool {
	return slices.ContainsFunc(m.kept, func(h held) bool {
		return h.Came == Right && m.now-h.back() < d && slices.ContainsFunc(some, func(c cell) bool { return c.Cell == h.Cell })
	})
}

// latency is how long the page, or the name, took that was asked for last, whichever was
// longer.
func (m *matrix) latency(checks, proofs []cell) (d time.Duration) {
	for _, all := range [][]cell{checks, proofs} {
		last := time.Duration(-1)
		for _, c := range all {
			if c.is(Right, m.patient) && c.at > last {
				last, d = c.at, c.after
			}
		}
		if last >= 0 {
			break
		}
	}
	var name time.Duration
	for _, h := range m.kept {
		if h.Question == Random && h.Server != Public && h.Came == Right && m.now-h.At < delays {
			name = h.After
		}
	}
	return max(d, name, 1)
}

// delay is how long answers take to packets of the last seconds, and whether that is as
// it is where a queue is full. That one is full holds while any packet is late; where it was
// only slow, nearly all of a window must be that late, for a queue swings.
func (m *matrix) delay(p *Probe, shows Verdict) {
	trips, lost := m.trips(delays)
	p.Delay = middle(trips)
	full := m.o.FullAbove
	if full == 0 {
		return
	}
	wavers := lost > 0 || len(trips) > 0 && float64(trips[len(trips)-1]-trips[0]) >= wavering*float64(p.Delay)
	p.Full = p.Delay > full && wavers
	switch all, _ := m.trips(window); {
	case shows == Congested:
		p.Full = len(all) > 0 && all[len(all)-1] > full*3/5
	case shows == Slow:
		p.Full = p.Full && all[len(all)/4] > full
	}
}

// trips are those of the answers from beyond the gateway that came so lately, the shortest
// first, and how many packets were lost before them.
func (m *matrix) trips(lately time.Duration) (all []time.Duration, lost int) {
	for _, h := range m.kept {
		if h.Trip > 0 && m.now-h.back() < lately && m.fromBeyond(h) {
			all = append(all, h.Trip)
			lost += h.Lost
		}
	}
	slices.Sort(all)
	return all, lost
}

// middle is the median of what is sorted; 0 where there are too few.
func middle(all []time.Duration) time.Duration {
	const few = 3
	if len(all) < few {
		return 0
	}
	return all[len(all)/2]
}

// settles says whether what was slow is well again: what was sent after the last late
// answer comes back at once, or nothing was late for a whole window. Where a queue was full,
// it empties with the first packet that comes back at once.
func (m *matrix) settles(p *Probe, shows Verdict) {
	since := m.prompt()
	p.Settled = m.promptAgain(since) || m.promptLong()
	p.Empties = shows == Congested && !p.Settled && since.latest >= 0
}

// prompt are the packets since the last late one, which came back at once.
type prompt struct {
	late          held          // the one that was sent last; its Trip is 0 where none was late
	first, latest time.Duration // when they were sent; latest is below 0 where there are none
	same          bool          // one was to the server of the late one
}

func (m *matrix) prompt() prompt {
	p := prompt{first: m.now, latest: -1}
	for _, late := range []bool{true, false} {
		for _, h := range m.kept {
			switch {
			case h.Trip == 0 || m.now-h.back() >= window || !m.fromBeyond(h):
			case late && h.Trip > m.o.SlowAbove/3 && (p.late.Trip == 0 || h.sent() > p.late.sent()):
				p.late = h
			case !late && (p.late.Trip == 0 || h.sent() > p.late.sent()):
				p.first, p.latest = min(p.first, h.sent()), max(p.latest, h.sent())
				p.same = p.same || h.Server == p.late.Server && h.Nth == p.late.Nth
			}
		}
	}
	return p
}

// promptAgain says whether the packets since the last late one came back at once, one to
// the same server among them where that is still asked, and so did the page that was asked
// for last of those since then.
func (m *matrix) promptAgain(p prompt) bool {
	const spread, still = 1500 * time.Millisecond, 4 * time.Second
	switch {
	case p.late.Trip == 0 && p.latest < 0:
		p.first = 0 // there are none: pages alone tell
	case p.latest-p.first < spread || m.now-p.latest >= delays, p.late.Trip != 0 && !p.same && m.now-p.late.back() < still:
		return false
	}
	pages := m.pages(p.first)
	return !m.lossy(p.first) && (len(pages) == 0 || pages[len(pages)-1] <= m.o.SlowAbove*2/3)
}

// promptLong says whether nothing was late in a whole window.
func (m *matrix) promptLong() bool {
	trips, _ := m.trips(window)
	late := func(d time.Duration) bool { return d > m.o.SlowAbove }
	return !m.lossy(0) && !slices.ContainsFunc(trips, late) && !slices.ContainsFunc(m.pages(0), late)
}

// lossy says whether more than a few packets were lost of those lately and since then.
func (m *matrix) lossy(since time.Duration) bool {
	return m.o.SlowLoss != 0 && m.loss(max(since, m.now-delays)) >= m.o.SlowLoss*2/3
}

// pages are how long the checks took that were asked since then, in their order; where
// there are none, the proofs.
func (m *matrix) pages(since time.Duration) []time.Duration {
	for _, q := range []Question{Check, Proof} {
		var all []time.Duration
		for _, h := range m.kept {
			if h.Question == q && h.Came == Right && h.At >= since {
				all = append(all, h.After)
			}
		}
		if all != nil {
			return all
		}
	}
	return nil
}

// loss is the share of the packets that were lost of those that were asked for since then;
// 0 where there were too few to say.
func (m *matrix) loss(since time.Duration) float64 {
	var answered []held // by when the answer came
	for _, h := range m.kept {
		if h.Trip > 0 && m.now-h.back() < window {
			answered = append(answered, h)
		}
	}
	slices.SortFunc(answered, func(a, b held) int { return int(a.back() - b.back()) })
	from := time.Duration(0)
	for i, h := range answered { // what was sent while nothing came back was not lost on the way
		if i > 0 && h.back()-answered[i-1].back() >= gone {
			from = h.back()
		}
	}
	lost, all := 0, 0
	for _, h := range answered {
		if h.After-h.Trip < gone && h.At >= max(from, since) {
			lost, all = lost+h.Lost, all+h.Lost+1
		}
	}
	if all < lossLeast {
		return 0
	}
	return float64(lost) / float64(all)
}
