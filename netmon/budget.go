package netmon

import "maps"

// Budget is how much the box itself may send and receive, in bytes as an
// operator counts them. 0 is without a limit.
type Budget struct {
	Session int64 // in one session, and between two
	Month   int64 // in a calendar month
	// Reserve is what is kept for a purpose, of each of the two: no other may
	// use it, not even by a request that took more than was left. What is urgent
	// has one, so that nothing can starve it.
	Reserve map[string]int64
}

// Spent is what each purpose used, in bytes. It is a value: nothing changes a
// map that it holds.
type Spent struct {
	Month string           `json:"month"` // such as 2026-11; "" before the clock was trusted
	Bytes map[string]int64 `json:"bytes"` // in that month
	// Session is what was spent in the session, or since the last one.
	Session map[string]int64 `json:"session,omitempty"`
}

// Ledger counts against a budget. Make it with NewLedger; one goroutine at a
// time uses it.
type Ledger struct {
	budget         Budget
	session, month map[string]int64
	name           string // of the month
}

// NewLedger is one in which nothing is spent.
func NewLedger(b Budget) *Ledger {
	return &Ledger{budget: b, session: map[string]int64{}, month: map[string]int64{}}
}

// May says whether a request for the purpose may begin: there is a byte left
// for it, or of what is kept for it, in the session and in the month. What has
// begun is not cut short, so that a budget is passed by the requests under way
// at most.
func (l *Ledger) May(purpose string) bool {
	may := func(budget int64, spent map[string]int64) bool {
		return spent[purpose] < l.budget.Reserve[purpose] || l.left(budget, spent, purpose) > 0
	}
	return may(l.budget.Session, l.session) && may(l.budget.Month, l.month)
}

// left is what a budget still has for the purpose: all of it but what is spent,
// or reserved for others and not yet spent by them.
func (l *Ledger) left(budget int64, spent map[string]int64, purpose string) int64 {
	if budget == 0 {
		return 1
	}
	for p, n := range spent {
		budget -= n
		if r := l.budget.Reserve[p]; p != purpose && n < r {
			budget -= r - n
		}
	}
	for p, r := range l.budget.Reserve {
		if _, any := spent[p]; !any && p != purpose {
			budget -= r
		}
	}
	return budget
}

// Add counts bytes for the purpose.
func (l *Ledger) Add(purpose string, bytes int64) {
	l.session[purpose] += bytes
	l.month[purpose] += bytes
}

// NewSession begins a session's budget, or that of the time between two.
func (l *Ledger) NewSession() { clear(l.session) }

// InMonth says which month it is. Another than before begins a new budget; the
// first to be known goes on with what was counted without one.
func (l *Ledger) InMonth(name string) {
	if l.name != "" && name != l.name {
		clear(l.month)
	}
	l.name = name
}

// Spent is what was spent.
func (l *Ledger) Spent() Spent {
	return Spent{Month: l.name, Bytes: maps.Clone(l.month), Session: maps.Clone(l.session)}
}

// Restore adds what an earlier process had spent. If another session has begun
// since, NewSession comes after it.
func (l *Ledger) Restore(s Spent) {
	if l.name == "" {
		l.name = s.Month
	}
	if s.Month == l.name {
		for p, n := range s.Bytes {
			l.month[p] += n
		}
	}
	for p, n := range s.Session {
		l.session[p] += n
	}
}
