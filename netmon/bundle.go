package netmon

import (
	"slices"
	"time"
)

// Bundle is what the team bought for one of the gateway's SIM cards.
type Bundle struct {
	Slot   int   // 1 or 2, as it stands on the gateway
	Bytes  int64 // in a period
	Renews int   // day of the month on which a period begins; in a shorter month its last
}

// Began is when the period began that wall lies in: at a midnight of UTC, as
// the cloud counts days.
func (b Bundle) Began(wall time.Time) time.Time {
	wall = wall.UTC()
	began := b.renewal(wall.Year(), wall.Month())
	if began.After(wall) {
		began = b.renewal(wall.Year(), wall.Month()-1)
	}
	return began
}

// Ends is when the next period begins.
func (b Bundle) Ends(wall time.Time) time.Time {
	began := b.Began(wall)
	return b.renewal(began.Year(), began.Month()+1)
}

func (b Bundle) renewal(year int, month time.Month) time.Time {
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(year, month, min(b.Renews, last), 0, 0, 0, 0, time.UTC)
}

// SIM is what the cloud says of one of the gateway's SIM cards: no number of it.
type SIM struct {
	Slot  int
	Order int   // 1 is used first; 0 unknown
	Used  int64 // bytes since Period; -1 unknown
	// Period is when the period of the SIM's bundle began; zero without a bundle.
	Period time.Time
}

// Failover is what the gateway does when the first SIM card has no connection.
type Failover struct {
	Known bool
	On    bool          // it goes over to the second
	After time.Duration // of trying; 0 unknown
}

// Used is how much of a SIM card's bundle was used, as the cloud counted it.
type Used struct {
	Slot   int       `json:"slot"`
	Bytes  int64     `json:"bytes"`
	Period time.Time `json:"period"` // when the bundle's period began
	At     time.Time `json:"at"`     // when the cloud was asked
}

// Traffic is how much goes through the gateway, as the cloud counts it. It is a
// value: nothing changes a slice that it holds.
type Traffic struct {
	Used []Used `json:"used,omitempty"` // the last that is known of each bundle, by slot
	// PerHour is what earlier sessions used on the average, in bytes, the latest
	// for a quarter; 0 unknown.
	PerHour int64 `json:"per_hour,omitempty"`

	first []Used // as Used was first known in this session
	grew  int    // the slot that alone grew last; 0 unknown
}

// A session's own average counts once it is as long as leastAverage, and for
// later sessions from leastSession on.
const leastAverage, leastSession = 15 * time.Minute, 30 * time.Minute

// count takes the cloud's figures.
func (t Traffic) count(c Cellular, session bool) Traffic {
	was, grew, same := t.Used, 0, true
	t.Used = slices.Clone(t.Used)
	for _, sim := range c.SIMs {
		if sim.Used < 0 || sim.Period.IsZero() || c.Asked.IsZero() {
			continue
		}
		u := Used{Slot: sim.Slot, Bytes: sim.Used, Period: sim.Period, At: c.Asked}
		i := slices.IndexFunc(t.Used, func(u Used) bool { return u.Slot == sim.Slot })
		if i < 0 {
			t.Used, same = append(t.Used, u), false
			continue
		}
		same = same && u.Period.Equal(was[i].Period) && u.Bytes >= was[i].Bytes
		if u.Bytes > was[i].Bytes && grew == 0 {
			grew = sim.Slot
		} else if u.Bytes > was[i].Bytes {
			grew = -1 // more than one
		}
		t.Used[i] = u
	}
	slices.SortFunc(t.Used, func(a, b Used) int { return a.Slot - b.Slot })
	if same && grew != 0 {
		t.grew = max(grew, 0)
	}
	if !session {
		t.first = nil
	} else if !same || t.first == nil {
		t.first = t.Used // another period, or the cloud counts anew
	}
	return t
}

// average is what this session used in an hour, if it has lasted for least.
// What did not grow at all was not counted yet: the box itself uses some.
func (t Traffic) average(least time.Duration) int64 {
	if t.first == nil {
		return 0
	}
	var grown int64
	var lasted time.Duration
	for i, f := range t.first {
		grown += t.Used[i].Bytes - f.Bytes
		lasted = max(lasted, t.Used[i].At.Sub(f.At))
	}
	if lasted < least || grown <= 0 {
		return 0
	}
	return max(int64(float64(grown)/lasted.Hours()), 1)
}

// perHour is how much is used in an hour: in this session or, where that cannot
// be told yet, in earlier ones; 0 unknown.
func (t Traffic) perHour() int64 {
	if now := t.average(leastAverage); now > 0 {
		return now
	}
	return t.PerHour
}

// ended is t once its session is over.
func (t Traffic) ended() Traffic {
	switch now := t.average(leastSession); {
	case now > 0 && t.PerHour > 0:
		t.PerHour = (3*t.PerHour + now) / 4
	case now > 0:
		t.PerHour = now
	}
	t.first = nil
	return t
}

// Card is a SIM card as it is shown.
type Card struct {
	Slot   int
	Order  int  // 1 is used first; 0 unknown
	Active bool // it is known to carry the data
	Bundle int64
	Used   int64     // of this period, bytes; -1 unknown
	At     time.Time // when the cloud was asked for Used; zero where it is unknown
	Renews time.Time // zero without a bundle or a clock
}

// Cards are the SIM cards that are configured or that the cloud knows of, by
// slot. wall is the time; zero while it is not trusted.
func (s State) Cards(o Options, wall time.Time) []Card {
	var cards []Card
	at := func(slot int) *Card {
		i := slices.IndexFunc(cards, func(c Card) bool { return c.Slot == slot })
		if i < 0 {
			i, cards = len(cards), append(cards, Card{Slot: slot, Used: -1})
		}
		return &cards[i]
	}
	for _, b := range o.Bundles {
		c := at(b.Slot)
		c.Bundle = b.Bytes
		if wall.IsZero() {
			continue
		}
		c.Renews = b.Ends(wall)
		for _, u := range s.Traffic.Used {
			if u.Slot == b.Slot && u.Period.Equal(b.Began(wall)) {
				c.Used, c.At = u.Bytes, u.At
			}
		}
	}
	for _, sim := range s.Cellular.Value.SIMs {
		at(sim.Slot).Order = sim.Order
	}
	for i := range cards {
		cards[i].Active = cards[i].Slot == s.active()
	}
	slices.SortFunc(cards, func(a, b Card) int { return a.Slot - b.Slot })
	return cards
}

// active is the slot of the SIM card that carries the data: as the cloud says,
// or the one whose use alone grew last; 0 unknown.
func (s State) active() int {
	if c, fresh := s.Cellular.Get(); !fresh {
		return 0
	} else if c.SIM != 0 {
		return c.SIM
	}
	return s.Traffic.grew
}

// Enough says whether the bundle lasts.
type Enough string

const (
	EnoughUnknown Enough = "unknown"
	EnoughYes     Enough = "yes"     // to the session's end
	EnoughUntil   Enough = "until"   // not so long
	EnoughNot     Enough = "used-up" // nothing is left
)

// Forecast says how long the bundle lasts of the SIM card that carries the data.
type Forecast struct {
	Enough Enough
	Slot   int       // which is to be topped up; 0 unless Enough is until or used-up
	Until  time.Time // when it is used up; zero unless Enough is until
}

// Forecast says whether the data is enough until end. wall is the time, zero
// while it is not trusted; end zero where none is planned. Where the cloud has
// not told lately, or the box itself sees no internet, nothing is foretold.
func (s State) Forecast(o Options, wall, end time.Time) Forecast {
	unknown := Forecast{Enough: EnoughUnknown}
	slot := s.active()
	if wall.IsZero() || slot == 0 {
		return unknown
	}
	cards := s.Cards(o, wall)
	i := slices.IndexFunc(cards, func(c Card) bool { return c.Slot == slot && c.Used >= 0 })
	if i < 0 {
		return unknown
	}
	c := cards[i]
	if age := wall.Sub(c.At); age < 0 || age > o.CellularMaxAge {
		return unknown
	}
	left := c.Bundle - c.Used
	if left <= 0 {
		return Forecast{Enough: EnoughNot, Slot: slot}
	}
	rate := s.Traffic.perHour()
	if rate == 0 || !s.Verdict.Usable() {
		return unknown
	}
	hours := float64(left) / float64(rate)
	if hours > 31*24 { // longer than any period
		return Forecast{Enough: EnoughYes}
	}
	until := c.At.Add(time.Duration(hours * float64(time.Hour)))
	switch {
	case until.After(c.Renews), !end.IsZero() && !until.Before(end):
		return Forecast{Enough: EnoughYes}
	case end.IsZero() && until.After(wall.Add(12*time.Hour)):
		return unknown
	case until.Before(wall):
		until = wall // about now
	}
	return Forecast{Enough: EnoughUntil, Slot: slot, Until: until}
}
