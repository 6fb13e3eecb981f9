package netmon_test

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"infobus/netmon"
)

// crowd is a radio of so many bits a second with a queue of 4 s before it, and people whose
// phones load, call and watch: TCP's windows grow until the queue drops something.
type crowd struct {
	r      *rand.Rand
	rate   float64 // bytes a second
	flows  []flow
	calls  float64 // bytes a second
	queued float64 // bytes
	at     time.Duration
	// waits and drops are of each step of the past.
	waits []time.Duration
	drops []float64
}

// flow is a phone that loads the same again and again, with a pause between.
type flow struct {
	size         float64
	least, most  time.Duration // pause
	left         float64       // bytes to come; 0 in a pause
	until        time.Duration // of the pause
	window, edge float64       // in segments; edge is where it was when it last shrank
	grows        time.Duration // since then
	start        bool          // slow start
	lastCut      time.Duration
}

const (
	segment  = 1448.0
	step     = 20 * time.Millisecond
	queueMax = 4 * time.Second
	base     = 15 * time.Millisecond
)

func newCrowd(r *rand.Rand, megabits float64, people int) *crowd {
	c := &crowd{r: r, rate: megabits * 1e6 / 8}
	for i := range people {
		switch i % 3 {
		case 0:
			c.flows = append(c.flows, flow{size: 400_000, least: time.Second, most: 5 * time.Second})
		case 1:
			c.calls += 50 * 188
		default:
			c.flows = append(c.flows, flow{size: 1_000_000, least: time.Second, most: time.Second})
		}
	}
	return c
}

// advance lives on until at. Cubic (RFC 9438), with the early end of slow start that Linux
// has where answers become late.
func (c *crowd) advance(at time.Duration) {
	for c.at < at {
		wait := time.Duration(c.queued / c.rate * float64(time.Second))
		trip := base + wait
		arrives := c.calls * step.Seconds()
		for i := range c.flows {
			f := &c.flows[i]
			if f.left <= 0 {
				if c.at >= f.until {
					f.left, f.window, f.start, f.edge, f.grows = f.size, 10, true, 0, 0
				}
				continue
			}
			sends := min(f.left, f.window*segment*step.Seconds()/trip.Seconds())
			arrives += sends
			if f.left -= sends; f.left <= 0 {
				f.until = c.at + trip + f.least
				if f.most > f.least {
					f.until += time.Duration(c.r.Int64N(int64(f.most - f.least)))
				}
			}
			if f.start {
				f.window *= 1 + step.Seconds()/trip.Seconds()
				if f.window > 16 && wait > 16*time.Millisecond {
					f.start, f.edge, f.grows = false, f.window, 0
				}
			} else {
				f.grows += step
				k := math.Cbrt(f.edge * 0.3 / 0.4)
				f.window = max(f.window, 0.4*math.Pow(f.grows.Seconds()-k, 3)+f.edge)
			}
		}
		dropped := 0.0
		c.queued = max(0, c.queued+arrives-c.rate*step.Seconds())
		if most := c.rate * queueMax.Seconds(); c.queued > most {
			dropped = (c.queued - most) / arrives
			c.queued = most
			for i := range c.flows { // those that lose something shrink, once a trip
				f := &c.flows[i]
				if packets := f.window * step.Seconds() / trip.Seconds(); f.left > 0 && c.at-f.lastCut > trip && c.r.Float64() < 1-math.Pow(1-dropped, packets) {
					f.edge, f.lastCut, f.start, f.grows = f.window, c.at, false, 0
					f.window = max(2, f.window*0.7)
				}
			}
		}
		c.waits, c.drops = append(c.waits, trip), append(c.drops, dropped)
		c.at += step
	}
}

// packet is what becomes of a packet that is sent then.
func (c *crowd) packet(at time.Duration) (trip time.Duration, lost bool) {
	c.advance(at + step)
	i := int(at / step)
	return c.waits[i], c.r.Float64() < c.drops[i]
}

// radio is what a packet of such a question meets that is sent then.
type radio func(q netmon.Question, at time.Duration) (trip time.Duration, lost bool)

// watch has the box look at the radio as infobusd does, in its cadence, until end; each
// hears of every state.
func watch(r radio, end time.Duration, each func(netmon.State, time.Duration)) {
	o := netmon.DefaultOptions()
	o.PowerGap = 0
	const begun = time.Hour
	s := netmon.Step(o, netmon.New(), netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1", Neighbour: netmon.NeighbourReachable}, begun)
	s = netmon.Step(o, s, netmon.Conditions{Session: true, ClockTrusted: true}, begun)
	var (
		reports reportHeap
		now     time.Duration
		last    = map[netmon.Question]time.Duration{}
		lastAll = -time.Hour
		turn    int
		doubt   netmon.Doubt
		well    = map[netmon.Cell]bool{}
		took    = map[netmon.Cell]time.Duration{}
	)
	ask := func(c netmon.Cell, trips int) {
		tcp := c.Question == netmon.Connect || c.Question == netmon.Check || c.Question == netmon.Proof
		again := []time.Duration{0, 700 * time.Millisecond, 2100 * time.Millisecond, 4900 * time.Millisecond, 10500 * time.Millisecond}
		if tcp {
			again = []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second}
		}
		const limit = 12 * time.Second
		a := netmon.Answer{Cell: c, Came: netmon.Right}
		at, connected := now, time.Duration(0)
		for range trips {
			back := time.Duration(-1)
			for i, d := range again {
				if back >= 0 && at+d >= back {
					break // it was answered before
				}
				if trip, lost := r(c.Question, at+d); !lost && (back < 0 || at+d+trip < back) {
					back, a.Trip, a.Lost = at+d+trip, trip, i
				}
			}
			if at = back; back < 0 {
				break
			}
			if connected == 0 {
				connected = at - now
			}
		}
		if tcp {
			a.Trip, a.Lost = 0, 0
		}
		a.After = at - now
		if torn := connected + max(3*time.Second, 4*connected); c.Question == netmon.Proof && connected != 0 && torn < limit && (at < 0 || a.After > torn) {
			a = netmon.Answer{Cell: c, Came: netmon.Torn, After: torn}
		} else if at < 0 || a.After > limit {
			a = netmon.Answer{Cell: c, After: limit}
		}
		for _, waited := range []time.Duration{1500, 3000, 4500, 6100, 8100, 10100} {
			if waited *= time.Millisecond; waited < a.After {
				heap.Push(&reports, report{now + waited, now, netmon.Answer{Cell: c, After: waited}})
			}
		}
		heap.Push(&reports, report{now + a.After, now, a})
	}
	name := func(q netmon.Question, n uint8) netmon.Cell {
		return netmon.Cell{Question: q, Server: netmon.Leased, Nth: 1, Name: n, Port: 53}
	}
	all := func(q netmon.Question, every bool) {
		last[q] = now
		for n := uint8(1); n <= 2; n++ {
			switch q {
			case netmon.Random:
				if turn++; every || n == 1 {
					ask(name(q, uint8(1+turn%2)), 1)
				}
			case netmon.Connect:
				ask(netmon.Cell{Question: q, Server: netmon.Public, Nth: n, Port: 443}, 1)
			case netmon.Call:
				ask(netmon.Cell{Question: q, Server: netmon.Site, Nth: n, Port: 3478}, 1)
			}
		}
		switch q {
		case netmon.Check:
			ask(name(netmon.Lookup, 2), 1)
			ask(netmon.Cell{Question: q, Server: netmon.Site, Name: 2, Port: 80, Way: netmon.ByName}, 2)
		case netmon.Proof:
			ask(name(netmon.Lookup, 1), 1)
			ask(netmon.Cell{Question: q, Server: netmon.Site, Name: 1, Port: 443, Way: netmon.ByName}, 3)
		case netmon.Knock:
			heap.Push(&reports, report{now + time.Millisecond, now, netmon.Answer{Cell: netmon.Cell{Question: q, Server: netmon.Gateway}, Came: netmon.Right, After: time.Millisecond}})
		}
	}
	for ; now < end; now += 10 * time.Millisecond {
		pace := s.Pace(o, true, false)
		each8 := pace.All || pace.Every < 5*time.Second
		if !pace.Full {
			doubt.Calm()
		}
		due, _ := doubt.Due(now)
		every := each8 && now-lastAll >= pace.Every || due
		if every {
			lastAll = now
			doubt.Asked(now)
		}
		for _, k := range []struct {
			q      netmon.Question
			eighth time.Duration
		}{{netmon.Knock, 2}, {netmon.Random, 2}, {netmon.Check, 14}, {netmon.Proof, 20}, {netmon.Connect, 12}, {netmon.Call, 28}} {
			since, asked := now-last[k.q], last[k.q] != 0 || now == 0
			if every && (k.q != netmon.Proof || since >= 7*time.Second) || !each8 && since >= pace.Every*k.eighth/8 || !asked {
				all(k.q, every)
			}
		}
		var e netmon.Evidence
		for len(reports) > 0 && reports[0].at <= now {
			r := heap.Pop(&reports).(report)
			r.a.Ago = now - r.sent
			e.Answers = append(e.Answers, r.a)
			right := r.a.Came == netmon.Right
			if was, known := well[r.a.Cell]; right {
				took[r.a.Cell] = min(r.a.After, 3*time.Second)
			} else if r.a.After < 2*took[r.a.Cell] {
				right = was
			} else if was || !known {
				doubt.Raise(now)
			}
			well[r.a.Cell] = right
		}
		if w := s.Wake(o); len(e.Answers) > 0 {
			s = netmon.Step(o, s, e, begun+now)
			each(s, now)
		} else if w != 0 && w <= begun+now {
			s = netmon.Step(o, s, nil, begun+now)
			each(s, now)
		}
	}
}

type report struct {
	at, sent time.Duration
	a        netmon.Answer
}

type reportHeap []report

func (h reportHeap) Len() int           { return len(h) }
func (h reportHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h reportHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *reportHeap) Push(x any)        { *h = append(*h, x.(report)) }
func (h *reportHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// A crowd on any radio is one verdict at most, for twenty minutes in the long form, but that
// slow becomes congested where the queue fills for good; when all have left it clears, and an
// outage inside it is found.
func TestACrowdIsOneVerdict(t *testing.T) {
	rates, n, stays := []float64{1, 2, 10}, uint64(1), 4*time.Minute
	if os.Getenv("INFOBUS_SOAK") != "" {
		rates, n, stays = []float64{1, 2, 3, 4, 6, 8, 10, 12, 15, 20, 30, 40, 60}, 20, 20*time.Minute
	}
	for _, megabits := range rates {
		t.Run(fmt.Sprintf("%v Mbit/s", megabits), func(t *testing.T) {
			counts := map[string]int{}
			var found, cleared []time.Duration
			for seed := range n {
				for _, outage := range []bool{false, true} { // how it ends
					verdicts, after := suffer(seed, megabits, stays, outage)
					during := fmt.Sprint(verdicts)
					counts[during]++
					if len(verdicts) > 2 && during != "[ok slow congested]" {
						t.Errorf("%d: %s", seed, during)
					}
					switch last := verdicts[len(verdicts)-1]; {
					case outage && !slices.Equal(after.verdicts, []netmon.Verdict{netmon.NoInternet}),
						!outage && last != netmon.OK && !slices.Equal(after.verdicts, []netmon.Verdict{netmon.OK}),
						!outage && last == netmon.OK && len(after.verdicts) > 0:
						t.Errorf("%d: %s, then %v after %v (outage: %v)", seed, during, after.verdicts, after.at, outage)
					case outage:
						found = append(found, after.at[0])
					case last != netmon.OK:
						cleared = append(cleared, after.at[0])
					}
				}
			}
			for what, all := range map[string][]time.Duration{"an outage was found": found, "all was well": cleared} {
				if slices.Sort(all); len(all) == 0 {
					continue
				}
				t.Logf("%v: %s after %v, %v at most", counts, what, all[len(all)/2], all[len(all)-1])
				if most := all[len(all)-1]; most > map[string]time.Duration{"an outage was found": 30 * time.Second, "all was well": 10 * time.Second}[what] {
					t.Errorf("%s after %v", what, most)
				}
			}
		})
	}
}

// What is slow shows, and clears within 10 s of being well again, by nothing else; of lost
// packets it takes longer to know.
func TestWhatIsSlowClears(t *testing.T) {
	type air func(*rand.Rand, netmon.Question) (time.Duration, bool)
	late := func(least, most time.Duration, percent int) air {
		return func(r *rand.Rand, _ netmon.Question) (time.Duration, bool) {
			return least + time.Duration(r.Int64N(int64(most-least)+1)), r.IntN(100) < percent
		}
	}
	names := func(_ *rand.Rand, q netmon.Question) (time.Duration, bool) {
		if q == netmon.Random || q == netmon.Lookup {
			return 1800 * time.Millisecond, false
		}
		return base, false
	}
	for _, c := range []struct {
		name         string
		first, then  air
		verdict, end netmon.Verdict
		within       time.Duration
	}{
		{"3.1 to 4 s late, and then well", late(3100*time.Millisecond, 4*time.Second, 0), late(base, base, 0), netmon.Congested, netmon.OK, 10 * time.Second},
		{"3.1 to 4 s late and much is lost, and then well", late(3100*time.Millisecond, 4*time.Second, 40), late(base, base, 0), netmon.Congested, netmon.OK, 10 * time.Second},
		{"2 s late, and then well", late(2*time.Second, 2*time.Second, 0), late(base, base, 0), netmon.Slow, netmon.OK, 10 * time.Second},
		{"names are 1.8 s late, and then well", names, late(base, base, 0), netmon.Slow, netmon.OK, 10 * time.Second},
		{"a third is lost, and then nothing", late(base, base, 33), late(base, base, 0), netmon.Slow, netmon.OK, 20 * time.Second},
		{"a full queue, and then half of it", late(3100*time.Millisecond, 4*time.Second, 0), late(time.Second, 1300*time.Millisecond, 0), netmon.Congested, netmon.Slow, 2 * time.Minute},
		{"a full queue, and then a satellite", late(3100*time.Millisecond, 4*time.Second, 0), late(600*time.Millisecond, 700*time.Millisecond, 0), netmon.Congested, netmon.OK, 2 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			const slow, well, end = time.Minute, 3 * time.Minute, 6 * time.Minute
			r := rand.New(rand.NewPCG(1, 12))
			var all shows
			watch(func(q netmon.Question, at time.Duration) (time.Duration, bool) {
				switch {
				case at < slow:
					return base, false
				case at < well:
					return c.first(r, q)
				}
				return c.then(r, q)
			}, end, all.hear)
			i := slices.Index(all.verdicts, netmon.OK)
			got, at := all.verdicts[i:], all.at[i:]
			if want := []netmon.Verdict{netmon.OK, c.verdict, c.end}; !slices.Equal(got, want) {
				t.Fatalf("%v showed at %v, want %v", got, at, want)
			}
			t.Logf("%v after %v, %v after %v", c.verdict, at[1]-slow, c.end, at[2]-well)
			if at[1] > slow+30*time.Second || at[2] < well || at[2]-well > c.within {
				t.Errorf("%v showed after %v, %v after %v", c.verdict, at[1]-slow, c.end, at[2]-well)
			}
		})
	}
}

// A radio that was out for some seconds shows as that or not at all, whenever it comes back:
// names and connections come one by one.
func TestARadioThatComesBackGivesNoOtherVerdict(t *testing.T) {
	const out = 40 * time.Second
	for lasts := 7 * time.Second; lasts <= 13*time.Second; lasts += 300 * time.Millisecond {
		var all shows
		watch(func(_ netmon.Question, at time.Duration) (time.Duration, bool) {
			return base, at >= out && at < out+lasts
		}, out+40*time.Second, all.hear)
		got := all.verdicts[slices.Index(all.verdicts, netmon.OK):]
		if !slices.Equal(got, []netmon.Verdict{netmon.OK}) && !slices.Equal(got, []netmon.Verdict{netmon.OK, netmon.NoInternet, netmon.OK}) {
			t.Errorf("out for %v: %v at %v", lasts, got, all.at)
		}
	}
}

// suffer is what shows of forty people who come to a radio where all was well, and how long
// after they have left, or the radio has gone, what shows then.
func suffer(seed uint64, megabits float64, stays time.Duration, outage bool) (during []netmon.Verdict, after shows) {
	const come = 20 * time.Second
	r := rand.New(rand.NewPCG(seed, 11))
	leave := come + stays + time.Duration(r.Int64N(int64(10*time.Second)))
	c := newCrowd(r, megabits, 40)
	watch(func(_ netmon.Question, at time.Duration) (time.Duration, bool) {
		if at >= come && at < leave {
			return c.packet(at - come)
		}
		return base, outage && at >= leave
	}, leave+time.Minute, func(s netmon.State, at time.Duration) {
		switch {
		case at >= leave && s.Verdict != during[len(during)-1] || len(after.verdicts) > 0:
			after.hear(s, at-leave)
		case at >= come && (len(during) == 0 || s.Verdict != during[len(during)-1]):
			during = append(during, s.Verdict)
		}
	})
	return during, after
}

// shows are the verdicts that show, and since when.
type shows struct {
	verdicts []netmon.Verdict
	at       []time.Duration
}

func (w *shows) hear(s netmon.State, at time.Duration) {
	if n := len(w.verdicts); n == 0 || w.verdicts[n-1] != s.Verdict {
		w.verdicts, w.at = append(w.verdicts, s.Verdict), append(w.at, at)
	}
}
