package netmon

import (
	"testing"
	"time"
)

func TestAnAccountFollowsSessionsAndMonths(t *testing.T) {
	const kB = 1000
	l, a := NewLedger(Budget{}), &Account{}
	since := time.Hour
	a.Restore(l, Spent{Month: "2026-11", Bytes: map[string]int64{"probe": 50 * kB}, Session: map[string]int64{"probe": 5 * kB}}, &since)
	kept := l.Spent()
	for _, c := range []struct {
		name    string
		now     Moment
		spend   int64
		session int64 // spent in it
		month   int64
		used    int64
		keep    bool
	}{
		{"the session goes on", Moment{Session: true, Since: time.Hour}, 0, 5 * kB, 50 * kB, 0, false},
		{"a byte in a session is kept", Moment{Session: true, Since: time.Hour}, kB, 6 * kB, 51 * kB, kB, true},
		{"it is over", Moment{}, 10 * kB, 0, 61 * kB, 11 * kB, false},
		{"nothing is decided after a power cut", Moment{Unsure: true, Session: true, Since: 2 * time.Hour}, 10 * kB, 10 * kB, 71 * kB, 21 * kB, true},
		{"much is kept also without a session", Moment{}, 200 * kB, 210 * kB, 271 * kB, 221 * kB, true},
		{"another month", Moment{Month: "2026-12"}, 0, 210 * kB, 0, 221 * kB, true},
		{"what it spends", Moment{Month: "2026-12"}, 3 * kB, 213 * kB, 3 * kB, 224 * kB, false},
		{"a session that goes on after a power cut", Moment{Month: "2026-12", Session: true, Since: -time.Minute}, 0, 213 * kB, 3 * kB, 224 * kB, true},
	} {
		l.Add("probe", c.spend)
		c.now.Kept = kept
		was := a.used
		s := a.Follow(l, c.now)
		if got := s.Spent; got.Session["probe"] != c.session || got.Bytes["probe"] != c.month || s.Used != c.used || s.Keep != c.keep || s.More != (c.used != was) {
			t.Errorf("%s: %+v", c.name, s)
		}
		if s.Keep {
			kept = s.Spent
		}
	}
}
