package netmon

import (
	"time"

	"infobus/reading"
)

// This file is what is known of the Wi-Fi, from the cloud and from the access points that
// the team names: the box itself is on a cable, and all may be well there while no phone
// gets through.

// JoinStep is where phones fail to join the Wi-Fi.
type JoinStep string

// The steps, in their order.
const (
	Association    JoinStep = "association"
	Authentication JoinStep = "authentication"
	DHCP           JoinStep = "dhcp"
	DNS            JoinStep = "dns"
)

const (
	// fewest is how many failures are a finding: one phone at the edge of the Wi-Fi
	// tries again and again.
	fewest = 10
	// booting is how long after it has power an access point may be dark: it starts in
	// some minutes, and the cloud tells that it is alive some minutes later.
	booting = 15 * time.Minute
	// answering is the same of one that the box asks itself, and unanswered how many
	// looks in a row without an answer make one dark.
	answering, unanswered = 6 * time.Minute, 3
	// pointsMaxAge is how long a look counts.
	pointsMaxAge = 2 * time.Minute
)

// PointsAsked is a look at the access points that the team names by address: whether each
// answered, in their order. An address is no part of it.
type PointsAsked struct{ Answered []bool }

// point is one of these.
type point struct {
	missed  int // looks in a row
	decided bool
	dark    bool
}

// Points are these in totals: those of which nothing is known yet are not counted.
type Points struct {
	Alive, Dark int
	Since       time.Duration // monotonic: when it became so
}

// look counts those that answer. One that answers is alive at once.
func (s *State) look(in PointsAsked, now time.Duration) {
	points, before := make([]point, len(in.Answered)), s.Points.Value
	copy(points, s.points)
	next := Points{Since: before.Since}
	for i, answered := range in.Answered {
		p := &points[i]
		switch {
		case answered:
			*p = point{decided: true}
		case p.missed < unanswered:
			if p.missed++; p.missed == unanswered {
				p.decided, p.dark = true, true
			}
		}
		switch {
		case p.decided && p.dark:
			next.Dark++
		case p.decided:
			next.Alive++
		}
	}
	if next != before || s.Points.Quality == reading.Unknown {
		next.Since = now
	}
	s.points, s.Points = points, reading.Of(next, now)
}

// AccessPoints are those of the Wi-Fi: as they answer the box itself, where the team names
// them, else as the cloud hears of them.
func (s State) AccessPoints() (p AccessPoints, since time.Duration) {
	if at, fresh := s.Points.Get(); fresh && at.Alive+at.Dark > 0 {
		return AccessPoints{Known: true, Alive: at.Alive, Dark: at.Dark}, at.Since
	}
	if c, fresh := s.Cellular.Get(); fresh {
		return c.AccessPoints, 0
	}
	return AccessPoints{}, 0
}

// Tries is how often a phone tried to join.
func (j Joining) Tries() int {
	return j.Association + j.Authentication + j.DHCP + j.DNS + j.Joined
}

// Fails is the step at which half or more of all tries failed, and how many; "" for
// none.
func (j Joining) Fails() (JoinStep, int) {
	for _, f := range []struct {
		step JoinStep
		n    int
	}{{Association, j.Association}, {Authentication, j.Authentication}, {DHCP, j.DHCP}, {DNS, j.DNS}} {
		if f.n >= fewest && 2*f.n >= j.Tries() {
			return f.step, f.n
		}
	}
	return "", 0
}

// JoiningFails says that phones do not get onto the Wi-Fi, as the cloud has it, while
// the box's own internet works: where that does not, this is no wonder.
func (s State) JoiningFails() (JoinStep, Joining, bool) {
	c, fresh := s.Cellular.Get()
	step, _ := c.Joining.Fails()
	return step, c.Joining, fresh && c.Joining.Known && step != "" && s.Verdict.Usable()
}

// DarkPoints are the access points that do not answer or, where the box asks none, of which
// the cloud hears nothing; on is how long they have had power: since the session began.
// Where the box's own way to the gateway is out nothing is said of them.
func (s State) DarkPoints(on time.Duration) (AccessPoints, bool) {
	p, since := s.AccessPoints()
	if since != 0 {
		reaches := s.Verdict != Starting && s.Verdict != Unknown && rank(s.Verdict) > rank(GatewaySilent)
		return p, p.Dark > 0 && on >= answering && reaches
	}
	return p, p.Known && p.Dark > 0 && on >= booting && s.Verdict.Usable()
}
