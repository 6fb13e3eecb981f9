package netmon_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"infobus/netmon"
)

// world is an internet as it is, of which a phone sees the whole and the box the answers to
// its questions.
type world struct {
	down     bool          // nothing comes back
	delay    time.Duration // of each packet and its answer
	jitter   time.Duration
	loss     int // percent of packets
	no443    bool
	no80     bool
	noCalls  bool
	servers  []string // what each leased name server does: ok, silent, servfail, nxdomain or empty
	gateway  bool     // the first of them is the gateway
	portal80 bool
	portal   bool   // also at 443
	dead     string // the one target that is dead: check, proof, first, second or call; "" for none
	refuses  bool   // dead targets refuse
	expired  bool   // the proof's certificate has run out
}

// phone is what somebody with a phone would say of the world: it asks each name server in
// turn, loads pages of everywhere over 443, and calls. It knows none of the box's targets.
func (w world) phone() []netmon.Verdict {
	works := slices.Contains(w.servers, "ok")
	switch {
	case w.down:
		return []netmon.Verdict{netmon.NoInternet}
	case works && (w.portal80 || w.portal):
		return []netmon.Verdict{netmon.CaptivePortal}
	case w.portal80 || w.portal: // no name leads to it, nor anywhere
		return []netmon.Verdict{netmon.CaptivePortal, netmon.DNSFailing}
	case w.no443 && w.no80 && w.noCalls:
		return []netmon.Verdict{netmon.NoInternet}
	case !works && w.no443 && w.no80: // calls alone would pass, if a name led to one
		return []netmon.Verdict{netmon.DNSFailing, netmon.NoInternet}
	case !works:
		return []netmon.Verdict{netmon.DNSFailing}
	case w.no443 && w.no80: // calls alone
		return []netmon.Verdict{netmon.Slow, netmon.Congested, netmon.Unknown, netmon.Filtered}
	case w.no443, w.noCalls:
		return []netmon.Verdict{netmon.Filtered}
	case w.delay > 2600*time.Millisecond && w.jitter > 0:
		return []netmon.Verdict{netmon.Congested}
	case w.delay > 1500*time.Millisecond:
		return []netmon.Verdict{netmon.Slow}
	case w.loss >= 30:
		return []netmon.Verdict{netmon.Slow}
	case w.loss > 0 || w.delay > 400*time.Millisecond: // one page may be late
		return []netmon.Verdict{netmon.OK, netmon.Slow}
	}
	return []netmon.Verdict{netmon.OK}
}

// answer is what comes of a question that takes so many packets there and back; nothing
// for after 0.
func (w world) answer(r *rand.Rand, c netmon.Cell) (came netmon.Came, after, trip time.Duration, lost int) {
	dies := func(who string) bool { return w.dead == who }
	tcp, trips := true, 2
	came = netmon.Right
	drop := false
	switch c.Question {
	case netmon.Page, netmon.Knock:
		return netmon.Right, time.Millisecond, 0, 0
	case netmon.Connect:
		trips = 1
		drop = dies([]string{"first", "second"}[c.Nth-1])
	case netmon.Check:
		drop = dies("check")
		if w.portal80 {
			came, drop = netmon.Foreign, false
		}
	case netmon.Proof, netmon.Chain:
		trips = 3
		drop = c.Question == netmon.Proof && dies("proof") || c.Question == netmon.Chain && dies([]string{"first", "second"}[c.Nth-1])
		if w.expired && c.Question == netmon.Proof {
			came = netmon.Expired
		}
		if w.portal {
			came, drop = netmon.Foreign, false
		}
	case netmon.Call:
		tcp, trips = false, 1
		drop = w.noCalls || dies("call") && c.Nth == 1
	case netmon.Lookup, netmon.Random:
		tcp, trips = false, 1
		if c.Server != netmon.Public {
			switch w.servers[c.Nth-1] {
			case "silent":
				drop = true
			case "servfail":
				came = netmon.Trouble
			case "nxdomain":
				if came = netmon.NoName; c.Question == netmon.Random {
					came = netmon.Right
				}
			case "empty":
				came = netmon.Empty
			}
		}
	}
	refused := tcp && drop && w.refuses
	if c.Port == 443 && w.no443 && !w.portal || c.Port == 80 && w.no80 && !w.portal80 {
		drop, refused = true, false
	}
	if w.down && (tcp && came == netmon.Foreign) { // a portal of the gateway's needs no radio; a phone sees none
		drop, refused = true, false
	}
	if w.down || drop && !refused {
		return netmon.Nothing, 0, 0, 0
	}
	if refused {
		came = netmon.Refusal
	}
	again := []time.Duration{0, 700 * time.Millisecond, 2100 * time.Millisecond, 4900 * time.Millisecond}
	if tcp {
		again = []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second}
	}
	for range trips {
		took := w.delay
		if w.jitter > 0 {
			took += time.Duration(r.Int64N(int64(w.jitter)))
		}
		sent := 0
		for sent < len(again) && r.IntN(100) < w.loss {
			sent++
		}
		if sent == len(again) {
			return netmon.Nothing, 0, 0, 0
		}
		after += again[sent] + took
		trip, lost = took, sent
	}
	if after > 12*time.Second {
		return netmon.Nothing, 0, 0, 0
	}
	if tcp || c.Question == netmon.Lookup {
		trip, lost = 0, 0
	}
	return came, max(after, time.Millisecond), trip, lost
}

// cells are what the box asks.
func (w world) cells() (all []netmon.Cell) {
	all = append(all, netmon.Cell{Question: netmon.Knock, Server: netmon.Gateway},
		netmon.Cell{Question: netmon.Connect, Server: netmon.Public, Nth: 1, Port: 443},
		netmon.Cell{Question: netmon.Connect, Server: netmon.Public, Nth: 2, Port: 443},
		netmon.Cell{Question: netmon.Call, Server: netmon.Site, Nth: 1, Port: 3478},
		netmon.Cell{Question: netmon.Call, Server: netmon.Site, Nth: 2, Port: 3478})
	for i := range w.servers {
		for n := uint8(1); n <= 2; n++ {
			server := netmon.Leased
			if i == 0 && w.gateway {
				server = netmon.Gateway
			}
			all = append(all, netmon.Cell{Question: netmon.Random, Server: server, Nth: uint8(i + 1), Name: n, Port: 53},
				netmon.Cell{Question: netmon.Lookup, Server: server, Nth: uint8(i + 1), Name: n, Port: 53})
		}
	}
	if slices.Contains(w.servers, "ok") && !w.down { // else there is no address to ask
		all = append(all, netmon.Cell{Question: netmon.Check, Server: netmon.Site, Name: 2, Port: 80, Way: netmon.ByName},
			netmon.Cell{Question: netmon.Proof, Server: netmon.Site, Name: 1, Port: 443, Way: netmon.ByName})
	} else {
		all = append(all, netmon.Cell{Question: netmon.Check, Server: netmon.Site, Name: 2, Port: 80, Way: netmon.Before},
			netmon.Cell{Question: netmon.Proof, Server: netmon.Site, Name: 1, Port: 443, Way: netmon.Before})
	}
	if w.portal || w.dead == "proof" {
		all = append(all, netmon.Cell{Question: netmon.Chain, Server: netmon.Public, Nth: 1, Port: 443}, netmon.Cell{Question: netmon.Chain, Server: netmon.Public, Nth: 2, Port: 443})
	}
	return all
}

// ask has the box ask everything every 4 s, and gives what it finds after a minute.
func (w world) ask(r *rand.Rand) netmon.State {
	type report struct {
		at   time.Duration
		sent time.Duration
		a    netmon.Answer
	}
	var reports []report
	begun := time.Hour
	for round := range 15 {
		sent := begun + time.Duration(round)*4*time.Second
		for _, c := range w.cells() {
			came, after, trip, lost := w.answer(r, c)
			for _, waited := range []time.Duration{1500, 3000, 4500, 6100, 8100, 10100, 12000} {
				if waited *= time.Millisecond; after == 0 || waited < after {
					reports = append(reports, report{sent + waited, sent, netmon.Answer{Cell: c, After: waited}})
				}
			}
			if after != 0 {
				reports = append(reports, report{sent + after, sent, netmon.Answer{Cell: c, Came: came, After: after, Trip: trip, Lost: lost}})
			}
		}
	}
	slices.SortStableFunc(reports, func(a, b report) int { return int(a.at - b.at) })
	o := netmon.DefaultOptions()
	o.PowerGap = 0
	s := netmon.Step(o, netmon.New(), netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1", Neighbour: netmon.NeighbourReachable}, begun)
	s = netmon.Step(o, s, netmon.Conditions{Session: true, ClockTrusted: true}, begun)
	for i := 0; i < len(reports); {
		var e netmon.Evidence
		now := reports[i].at
		for ; i < len(reports) && reports[i].at-now < 30*time.Millisecond; i++ {
			reports[i].a.Ago = reports[i].at - reports[i].sent
			e.Answers = append(e.Answers, reports[i].a)
		}
		if now > begun+time.Minute {
			break
		}
		s = netmon.Step(o, s, e, now)
	}
	return s
}

func draw(r *rand.Rand) world {
	one := func(n int) bool { return r.IntN(n) == 0 }
	w := world{down: one(8), no443: one(6), no80: one(6), noCalls: one(8), gateway: one(2), portal80: one(10), portal: one(12), expired: one(10), refuses: one(2)}
	w.delay = []time.Duration{30 * time.Millisecond, 30 * time.Millisecond, 80 * time.Millisecond, 300 * time.Millisecond, 2 * time.Second, 3300 * time.Millisecond}[r.IntN(6)]
	if w.delay > 3*time.Second {
		w.jitter = 600 * time.Millisecond
	}
	w.loss = []int{0, 0, 0, 1, 5, 40}[r.IntN(6)]
	if w.delay > time.Second {
		w.loss = min(w.loss, 1)
	}
	for range 1 + r.IntN(3) {
		w.servers = append(w.servers, []string{"ok", "ok", "ok", "silent", "servfail", "nxdomain", "empty"}[r.IntN(7)])
	}
	w.dead = []string{"", "", "", "check", "proof", "first", "second", "call"}[r.IntN(8)]
	if w.no80 && w.dead == "proof" || w.no443 && w.dead == "check" {
		w.dead = "" // both that are asked by their names: nobody could tell where names lead
	}
	return w
}

// Thousands of internets, ten at full length, of ports, names, servers, delays and losses: what the box finds
// is what a phone would say.
func TestTheMatrixIsJudgedAsAPhoneWouldSay(t *testing.T) {
	n := 2_000
	switch {
	case testing.Short():
		n = 300
	case os.Getenv("INFOBUS_SOAK") != "":
		n = 10_000
	}
	wrong, seen := 0, map[netmon.Verdict]int{}
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		w := draw(r)
		s := w.ask(r)
		found, want := s.Found(), w.phone()
		seen[found]++
		if slices.Contains(want, found) || found == netmon.ComesAndGoes && slices.Contains(want, netmon.NoInternet) {
			continue
		}
		if wrong++; wrong <= 12 {
			p, _ := s.Probe.Get()
			t.Errorf("%d: %s, a phone would say %v: %+v\n%+v", i, found, want, w, fmt.Sprintf("%+v", p))
		}
	}
	t.Logf("%d of %d wrong; found %v", wrong, n, seen)
}
