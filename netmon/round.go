package netmon

import (
	"math"
	"time"
)

// Round is a round of questions as a model of an uplink answers them, by what is to be
// found. A finding that is zero is of questions that were not asked.
type Round struct {
	Gateway, Internet, DNS, HTTP Finding
	Captive                      bool // a sign-in page answers in the page's place
	Latency                      time.Duration
	Loss                         float64 // of names
	Expired                      bool    // the server that proves itself has a certificate of another time
	Spent                        bool
	Bytes                        int64
}

// Evidence is what such a round gives: whatever fails is answered so, and at once.
func (r Round) Evidence() Evidence {
	e := Evidence{Spent: r.Spent, Bytes: r.Bytes}
	ask := func(c Cell, came Came, after time.Duration) {
		for range 2 { // twice, for once is not believed
			e.Answers = append(e.Answers, Answer{Cell: c, Came: came, After: after})
		}
	}
	as := func(f Finding, otherwise Came) Came {
		if f == Passed {
			return Right
		}
		return otherwise
	}
	if r.Gateway != NotTried {
		ask(Cell{Question: Page, Server: Gateway}, as(r.Gateway, Unreachable), time.Millisecond)
	}
	if r.Internet != NotTried {
		for n := uint8(1); n <= 2; n++ {
			ask(Cell{Question: Connect, Server: Public, Nth: n, Port: 443}, as(r.Internet, Unreachable), 30*time.Millisecond)
		}
	}
	names := Trouble // as a gateway says whose radio is down
	if r.Gateway == Failed {
		names = Unreachable
	}
	if r.DNS != NotTried {
		ask(Cell{Question: Lookup, Server: Gateway, Nth: 1, Name: 1, Port: 53}, as(r.DNS, names), 30*time.Millisecond)
		ask(Cell{Question: Random, Server: Gateway, Nth: 1, Name: 1, Port: 53}, as(r.DNS, names), 30*time.Millisecond)
	}
	for i := range 15 {
		if r.Loss == 0 {
			break
		}
		a := Answer{Cell: Cell{Question: Random, Server: Gateway, Nth: 1, Name: 1, Port: 53}, Came: Right, After: time.Millisecond, Trip: time.Millisecond}
		if float64(i) < math.Round(15*r.Loss/(1-r.Loss)) {
			a.Lost = 1
		}
		e.Answers = append(e.Answers, a)
	}
	check := Cell{Question: Check, Server: Site, Name: 2, Port: 443, Way: ByName}
	switch {
	case r.Captive:
		ask(check, Foreign, r.Latency)
	case r.HTTP == Passed:
		ask(check, Right, max(r.Latency, time.Millisecond))
	case r.HTTP == Failed:
		ask(check, Unreachable, time.Millisecond)
	}
	if r.Expired {
		ask(Cell{Question: Proof, Server: Site, Name: 1, Port: 443, Way: ByName}, Expired, 90*time.Millisecond)
	}
	return e
}
