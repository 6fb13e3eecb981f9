package upload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"infobus/logbook"
	"infobus/netmon"
)

// purse is netmon/client's bookkeeping over transports without a network: what
// the body weighs is booked, and half a kilobyte besides.
type purse struct {
	mu     sync.Mutex // guards all
	ledger *netmon.Ledger
	answer func(*http.Request, string) (*http.Response, error)
	most   int64 // that one request cost
}

// with has f look at, or change, what mu guards.
func (p *purse) with(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *purse) client(purpose string) *http.Client {
	return &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.ledger.May(purpose) {
			return nil, errors.New("the data budget is used up")
		}
		cost := r.ContentLength + 500
		p.most = max(p.most, cost)
		p.ledger.Add(purpose, cost)
		return p.answer(r, purpose)
	})}
}

func (p *purse) options() Options {
	return Options{Endpoint: "http://receiver.test", Client: p.client("upload"), Urgent: p.client("urgent"),
		Spent: func() (spent bool) { p.with(func() { spent = !p.ledger.May("upload") }); return spent }}
}

func (s *shelf) put(e logbook.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Log, e.Seq, e.Boot = cmp.Or(e.Log, "0a1b"), uint64(len(s.events)+1), cmp.Or(e.Boot, "b-1")
	s.events = append(s.events, e)
}

func TestOnceTheBudgetIsUsedUpOnlyUrgentEventsAreSentAndAllLaterInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			book    shelf
			got     = map[string][]uint64{}
			reports []Uploaded
			wake    = make(chan struct{}, 1)
			p       = &purse{ledger: netmon.NewLedger(netmon.Budget{Session: 100_000, Reserve: map[string]int64{"urgent": 10_000}})}
		)
		p.answer = func(r *http.Request, purpose string) (*http.Response, error) {
			got[purpose] = append(got[purpose], decode(t, r)...)
			return well(), nil
		}
		p.ledger.Add("timetable", 95_000)
		for range 600 {
			book.add(logbook.TimetableLoaded)
		}
		book.add(logbook.DeviceFailed) // 601
		book.put(logbook.Event{Name: logbook.BatteryLevel, Attributes: map[string]any{"level": "low"}})
		book.put(logbook.Event{Name: logbook.BatteryLevel, Attributes: map[string]any{"level": "critical"}}) // 603
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- Run(ctx, p.options(), &book, func() bool { return true }, wake, func(u Uploaded) { reports = append(reports, u) })
		}()
		synctest.Wait()
		if !slices.Equal(got["urgent"], []uint64{601, 603}) || got["upload"] != nil || book.acked != 0 {
			t.Errorf("sent %v, acknowledged up to %d", got, book.acked)
		}
		if len(reports) != 2 || reports[0].Trouble != poor || reports[1].Trouble != poor || reports[1].Events != 2 {
			t.Errorf("reported %+v", reports)
		}
		book.add(logbook.PowerShutdown, logbook.SessionEnded)
		wake <- struct{}{}
		pass(time.Hour)
		if !slices.Equal(got["urgent"], []uint64{601, 603, 604}) || got["upload"] != nil {
			t.Errorf("then sent %v", got)
		}
		p.with(p.ledger.NewSession)
		pass(time.Hour)
		var all []uint64
		for i := range uint64(605) {
			if !logbook.Urgent(book.events[i]) { // those arrived
				all = append(all, i+1)
			}
		}
		if !slices.Equal(got["upload"], all) || len(got["urgent"]) != 3 || book.acked != 605 || book.urgent != 604 {
			t.Errorf("in the next session: %d and %d sent, acknowledged up to %d", len(got["upload"]), len(got["urgent"]), book.acked)
		}
		if last := reports[len(reports)-1]; last.Trouble != "" || last.Events == 0 {
			t.Errorf("reported %+v", last)
		}
		cancel()
		<-done
	})
}

// Whatever the link, the receiver and the other purposes do: no budget is
// passed by more than the request under way, an urgent event that the link and
// the receiver let through arrives however little is left for the others, and
// nothing is acknowledged that did not arrive.
func TestPropertyTheBudgetHoldsAndUrgentEventsArrive(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		budget := netmon.Budget{Session: rapid.Int64Range(20_000, 60_000).Draw(rt, "session"), Month: rapid.Int64Range(40_000, 200_000).Draw(rt, "month")}
		least := min(budget.Session, budget.Month)
		budget.Reserve = map[string]int64{"urgent": least / 10, "probe": least / 4}
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) [3]int {
			return [3]int{rapid.IntRange(0, 9).Draw(rt, "what"), rapid.IntRange(1, 300).Draw(rt, "how much"), rapid.IntRange(0, 400).Draw(rt, "minutes")}
		}), 5, 60).Draw(rt, "steps")
		var wrong string
		synctest.Test(t, func(t *testing.T) {
			var (
				book    shelf
				arrived = map[uint64]bool{}

				acknowledged uint64 // as far as was looked at

				up, ok = true, true // the link, the receiver
				others int64        // the other purposes' largest request
				p      = &purse{ledger: netmon.NewLedger(budget)}
				wake   = make(chan struct{}, 1)
				names  = []logbook.Name{logbook.TimetableLoaded, logbook.DeviceFailed, logbook.KioskRefreshed, logbook.PowerShutdown}
			)
			sum := func(m map[string]int64) (n int64) {
				for _, v := range m {
					n += v
				}
				return n
			}
			p.answer = func(r *http.Request, _ string) (*http.Response, error) {
				seqs := decode(t, r)
				switch {
				case !up:
					return nil, errors.New("no route")
				case !ok:
					return answer(503, "text/plain", nil), nil
				}
				for _, s := range seqs {
					arrived[s] = true
				}
				return well(), nil
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			usable := func() (usable bool) { p.with(func() { usable = up }); return usable }
			go func() { done <- Run(ctx, p.options(), &book, usable, wake, func(Uploaded) {}) }()
			defer func() { cancel(); <-done }()
			for _, s := range steps {
				what, n := s[0], s[1]
				p.with(func() {
					switch what {
					case 0:
						up = !up
					case 1:
						ok = !ok
					case 2:
						p.ledger.NewSession()
					case 3, 4, 5: // the other purposes, whose requests may take more than is left
						for _, purpose := range []string{"timetable", "dashboard", "probe"} {
							if p.ledger.May(purpose) {
								cost := int64(n) * 100
								others = max(others, cost)
								p.ledger.Add(purpose, cost)
							}
						}
					default:
						for i := range n {
							book.add(names[(i+what)%len(names)])
						}
						select {
						case wake <- struct{}{}:
						default:
						}
					}
				})
				pass(time.Duration(s[2]) * time.Minute)
				p.with(func() {
					most := p.most + 3*others
					if got := sum(p.ledger.Spent().Session); got >= budget.Session+most {
						wrong = fmt.Sprintf("%d of %d spent in the session", got, budget.Session)
					}
					if got := sum(p.ledger.Spent().Bytes); got >= budget.Month+most {
						wrong = fmt.Sprintf("%d of %d spent in the month", got, budget.Month)
					}
					for ; acknowledged < book.Status().Acknowledged; acknowledged++ {
						if seq := acknowledged + 1; !arrived[seq] && !logbook.Urgent(book.events[seq-1]) {
							wrong = fmt.Sprintf("event %d is acknowledged, and did not arrive", seq)
						}
					}
				})
				if wrong != "" {
					return
				}
			}
			p.with(func() { up, ok = true, true })
			pass(time.Hour)
			p.mu.Lock()
			defer p.mu.Unlock()
			kept := budget.Reserve["urgent"]
			used := max(p.ledger.Spent().Session["urgent"], p.ledger.Spent().Bytes["urgent"])
			for _, e := range book.events {
				if logbook.Urgent(e) && !arrived[e.Seq] && used < kept {
					wrong = fmt.Sprintf("event %d, %s, did not arrive, and of the %d kept for it only %d were used", e.Seq, e.Name, kept, used)
				}
			}
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}
