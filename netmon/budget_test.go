package netmon

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever is asked for, by whom and in whatever order, no budget is passed by
// more than the requests under way, and what is reserved is there.
func TestPropertyNoBudgetIsPassedByMoreThanTheRequestsUnderWay(t *testing.T) {
	purposes := []string{"probe", "dashboard", "timetable", "upload", "urgent"}
	rapid.Check(t, func(t *rapid.T) {
		b := Budget{Session: rapid.Int64Range(1000, 100_000).Draw(t, "session"), Month: rapid.Int64Range(1000, 1_000_000).Draw(t, "month")}
		b.Reserve = map[string]int64{"urgent": min(b.Session, b.Month) / 4, "probe": min(b.Session, b.Month) / 8}
		l := NewLedger(b)
		var (
			under = map[string]bool{} // the requests under way
			since int64               // what they used since the last of them began
			sum   = func(m map[string]int64) (n int64) {
				for _, v := range m {
					n += v
				}
				return n
			}
		)
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
					may := l.May(p)
					if may && (sum(l.session) >= b.Session || sum(l.month) >= b.Month) {
						t.Fatalf("%s may begin with %d of %d spent in the session, %d of %d in the month", p, sum(l.session), b.Session, sum(l.month), b.Month)
					}
					if !may && p == "urgent" && l.session[p] < b.Reserve[p]-since && l.month[p] < b.Reserve[p]-since {
						t.Fatalf("urgent has used %d of its %d, and may not", l.session[p], b.Reserve[p])
					}
					if !may {
						continue
					}
					under[p], since = true, 0
				}
				n := rapid.Int64Range(1, min(b.Session, b.Month)/20).Draw(t, "bytes")
				if p == "urgent" {
					n = n%10 + 1 // little at a time, so that its share outlives the others'
				}
				since += n
				l.Add(p, n)
			}
			if sum(l.session)-since >= b.Session || sum(l.month)-since >= b.Month {
				t.Fatalf("%d of %d spent in the session, %d of %d in the month; only %d by requests under way",
					sum(l.session), b.Session, sum(l.month), b.Month, since)
			}
		}
	})
}
