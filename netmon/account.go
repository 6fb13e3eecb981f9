package netmon

import "time"

// Account keeps a ledger in step with the van's sessions and months, and says what
// of it is worth keeping over a power cut. The zero Account has seen no session.
type Account struct {
	since  time.Duration // of the session that it saw last
	active bool
	month  int64 // bytes that were spent in the month when it was looked at last
	used   int64 // likewise: since the process began
}

// Moment is what an account follows.
type Moment struct {
	Month   string        // such as 2026-11; "" while the clock is not trusted
	Session bool          // one is on
	Since   time.Duration // monotonic: when it began; below 0 where a power cut lies between
	Unsure  bool          // it is not known yet whether the session that a power cut left goes on
	Kept    Spent         // as it was kept last
}

// Standing is how an account stands.
type Standing struct {
	Spent Spent
	Used  int64 // bytes, since the process began
	More  bool  // Used has grown
	Keep  bool  // Spent is worth a write to the card
}

// worthKeeping is how many bytes more are: a day's probes are some 1,000,000. In a
// session every byte is, since run hours are written then in any case.
const worthKeeping = 200_000

// Restore goes on with what an earlier process had spent, and with the session's
// budget if that session goes on; since is when it began, nil if it is over: what
// that had spent is not what is spent after it.
func (a *Account) Restore(l *Ledger, spent Spent, since *time.Duration) {
	for _, n := range spent.Bytes {
		a.month += n
	}
	if since != nil {
		a.since, a.active = *since, true
	} else {
		spent.Session = nil
	}
	l.Restore(spent)
}

// Follow begins another month's and another session's budget where one has begun.
func (a *Account) Follow(l *Ledger, now Moment) (s Standing) {
	if now.Month != "" {
		l.InMonth(now.Month)
	}
	if !now.Unsure && (now.Since != a.since || now.Session != a.active) {
		a.since, a.active = now.Since, now.Session
		if now.Since >= 0 { // else it goes on after a power cut
			l.NewSession()
		}
	}
	s.Spent = l.Spent()
	var more, month int64
	for purpose, n := range s.Spent.Bytes {
		month += n
		more += n - now.Kept.Bytes[purpose]
	}
	if month < a.month {
		a.month = 0 // another month has begun
	}
	s.More = month != a.month
	a.used += month - a.month
	a.month, s.Used = month, a.used
	s.Keep = more >= worthKeeping || more > 0 && now.Session || s.Spent.Month != now.Kept.Month
	return s
}
