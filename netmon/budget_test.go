package netmon

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever is asked for, by whom and in whatever order, no budget is passed by
// more than the requests under way, and what is kept for a purpose is there
// whatever the others did, also by requests that took more than was left.
func TestPropertyNoBudgetIsPassedByMoreThanTheRequestsUnderWay(t *testing.T) {
	purposes := []string{"probe", "dashboard", "timetable", "upload", "urgent"}
	rapid.Check(t, func(t *rapid.T) {
		b := Budget{Session: rapid.Int64Range(1000, 100_000).Draw(t, "session"), Month: rapid.Int64Range(1000, 1_000_000).Draw(t, "month")}
		b.Reserve = map[string]int64{"urgent": min(b.Session, b.Month) / 10, "probe": min(b.Session, b.Month) / 4}
		l := NewLedger(b)
		under := map[string]bool{} // the requests under way
		last := map[string]int64{} // bytes of each purpose's latest request
		sum := func(m map[string]int64) (n int64) {
			for _, v := range m {
				n += v
			}
			return n
		}
		for range 300 {
			p := rapid.SampledFrom(purposes).Draw(t, "purpose")
			switch rapid.IntRange(0, 40).Draw(t, "what") {
			case 0:
				l.NewSession()
			case 1:
				l.InMonth(rapid.SampledFrom([]string{"2026-10", "2026-11"}).Draw(t, "name"))
			case 2, 3, 4, 5, 6, 7, 8:
				delete(under, p)
			default:
				if !under[p] {
					may, kept := l.May(p), b.Reserve[p]
					if !may && l.session[p] < kept && l.month[p] < kept {
						t.Fatalf("%s has used %d and %d of the %d that are kept for it, and may not", p, l.session[p], l.month[p], kept)
					}
					if may && l.session[p] >= kept && sum(l.session) >= b.Session {
						t.Fatalf("%s may begin with %d of %d spent", p, sum(l.session), b.Session)
					}
					if !may {
						continue
					}
					under[p], last[p] = true, 0
				}
				n := rapid.Int64Range(1, min(b.Session, b.Month)/3).Draw(t, "bytes")
				last[p] += n
				l.Add(p, n)
			}
			if most := sum(last); sum(l.session) >= b.Session+most || sum(l.month) >= b.Month+most {
				t.Fatalf("%d of %d spent in the session, %d of %d in the month; only %d by requests under way",
					sum(l.session), b.Session, sum(l.month), b.Month, most)
			}
		}
	})
}
