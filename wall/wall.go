// Package wall judges whether the wall clock may be believed: by whose word, and how
// far off it may be.
//
// In: what the clock chip says when it is read (Chip), what a volunteer's phone says
// (Claim), what is remembered of the network's time (Memory), and dates before which it
// cannot be (a floor). Out: a bound, or why it is not believed.
//
// A time server's word is taken as it is, and goes before the chip's, which goes before
// a volunteer's. The package is pure.
package wall

import (
	"strings"
	"time"
)

// Source is by whose word the wall clock is believed.
type Source string

// The sources. Nobody's word is the zero Source.
const (
	Nobody    Source = ""
	Network   Source = "timesyncd"
	RTC       Source = "rtc"
	Volunteer Source = "volunteer"
	Desk      Source = "sim"
)

// Before says whether s goes before the other: its word is taken though the other's was.
func (s Source) Before(other Source) bool { return rank[s] > rank[other] }

var rank = map[Source]int{Nobody: 0, Volunteer: 1, RTC: 2, Desk: 3, Network: 3}

// Served says whether a time server keeps the clock, or a desk that plays one.
func (s Source) Served() bool { return s == Network || s == Desk }

// Memory is what must outlive a power cut. The zero Time is never.
type Memory struct {
	Network time.Time `json:"network,omitzero"` // the last moment at which a time server kept the clock
	Chip    time.Time `json:"chip,omitzero"`    // the last moment at which the chip agreed with it, and had not stopped since
}

// Chip is the clock chip as it was read.
type Chip struct {
	Time    time.Time // in whole seconds
	Stopped bool      // its oscillator has stopped since the chip was set: it may say anything
	Kind    Kind
}

// Kind is a kind of chip, as the device tree calls it: maxim,ds3231.
type Kind string

// Drift is the most that a chip of this kind is off, in seconds for each second since
// it was set.
//
// DS3231: 2 ppm from 0 to 40 °C and 3.5 ppm from -40 to 85 °C, and its crystal ages by
// 5 ppm in ten years at most (data sheet 19-5170 rev. 10, "Electrical characteristics").
// A van gets colder than 0 °C, and nobody knows the crystal's age. Others have a bare
// watch crystal: 20 ppm at 25 °C, and 0.035 ppm a square kelvin away from there, which
// is 70 ppm at -20 °C.
func (k Kind) Drift() float64 {
	if strings.HasSuffix(string(k), "ds3231") {
		return (3.5 + 5) / 1e6
	}
	return (20 + 70 + 10) / 1e6
}

// Doubt is why a chip's time is not believed; "" where it is.
type Doubt string

// The doubts.
const (
	NoDoubt    Doubt = ""
	Stopped    Doubt = "stopped"
	NeverSet   Doubt = "never-set"  // by this box from a time server, as far as it remembers
	Behind     Doubt = "behind"     // earlier than it can be
	TooLong    Doubt = "too-long"   // since it was set: it may be off by more than Most
	Unreadable Doubt = "unreadable" // the kernel reads no time from it
)

const (
	// Most is how far off a chip may be and yet be believed: hours on the screen are
	// by the minute, and the services that they are of open by the quarter of an hour.
	Most = 10 * time.Minute
	// slack is the error of setting and reading a chip, which counts whole seconds.
	slack = 2 * time.Second
	// agrees is how far a chip that was just set may be from the network's time.
	agrees = 3 * time.Second
	// Apart is how far the wall clock may be from its source before it is to be set.
	Apart = slack
	// Lifetime is how long after its build a program may be in use.
	Lifetime = 20 * 365 * 24 * time.Hour
)

// Judge is how far off the chip may be, or why it is not believed. floor is the latest
// moment that is known to have passed: the program's build at least.
func (m Memory) Judge(c Chip, floor time.Time) (within time.Duration, why Doubt) {
	switch {
	case c.Time.IsZero():
		return 0, Unreadable
	case c.Stopped:
		return 0, Stopped
	case m.Chip.IsZero():
		return 0, NeverSet
	}
	age := c.Time.Sub(m.Chip)
	within = slack + time.Duration(c.Kind.Drift()*float64(age.Abs()))
	switch {
	case age < -within, c.Time.Before(floor.Add(-Most)):
		return 0, Behind
	case within > Most:
		return 0, TooLong
	}
	return within, NoDoubt
}

// Seen is the memory once the chip was read while the wall clock said now, by the word
// of source. A chip that has stopped must be set by the network before it is believed
// again.
func (m Memory) Seen(c Chip, now time.Time, source Source) Memory {
	apart := c.Time.Sub(now).Abs()
	switch {
	case source.Served() && apart <= agrees:
		m.Chip = now // also one that had stopped: it was set since
	case c.Stopped && !source.Served():
		m.Chip = time.Time{}
	case source.Served() && apart > Most:
		m.Chip = time.Time{} // it was set by somebody else, or fails
	}
	return m
}

// Claim is the time that a volunteer's phone says, or that a volunteer typed.
type Claim struct {
	Time time.Time
	Zone *time.Duration // the phone's, east of UTC; nil where it was typed
	Sure bool           // the volunteer was asked, and says it again
}

// Question is why a claim is not taken, or only once the volunteer is Sure.
type Question string

// The questions. Kept and Impossible stay so whatever the volunteer says.
const (
	NoQuestion Question = ""
	Kept       Question = "kept"       // a source that goes before a volunteer keeps the clock
	Impossible Question = "impossible" // before the program was built, or long after
	Far        Question = "far"        // more than a day from the last network time
	Early      Question = "early"      // before a date that a stick or an address bears
	Differs    Question = "differs"    // from what another phone said
	OtherZone  Question = "zone"       // the phone shows another time of day than the van
)

const (
	// far is how far from the network's last time a claim is asked about.
	far = 24 * time.Hour
	// differs is by how much two phones differ that cannot both be right: a phone that
	// takes its time from its network is right to the second, a typed time to a minute.
	differs = 2 * time.Minute
)

// Clock is what a claim is held against.
type Clock struct {
	Now    time.Time // the wall clock
	Source Source    // by whose word it is believed
	Memory Memory
	Built  time.Time // when the program was; zero where that is not known
	Floor  time.Time // the latest date of a stick or an address; zero where there is none
	Zone   *time.Location
}

// Ask is what stands against the claim.
func (c Clock) Ask(claim Claim) Question {
	t := claim.Time
	switch {
	case c.Source.Before(Volunteer):
		return Kept
	case t.Before(c.Built) || !c.Built.IsZero() && t.After(c.Built.Add(Lifetime)):
		return Impossible
	case claim.Sure:
		return NoQuestion
	case c.Source == Volunteer && t.Sub(c.Now).Abs() > differs:
		return Differs
	case claim.Zone != nil && *claim.Zone != offset(t, c.Zone):
		return OtherZone
	case t.Before(c.Floor.Add(-differs)):
		return Early
	case !c.Memory.Network.IsZero() && t.Sub(c.Memory.Network).Abs() > far:
		return Far
	}
	return NoQuestion
}

func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
