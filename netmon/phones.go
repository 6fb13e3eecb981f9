package netmon

import "time"

// This file is what the cloud hears of the Wi-Fi: the box itself is on a cable, and all
// may be well there while no phone gets through.

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
)

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

// DarkPoints are the access points of which the cloud hears nothing. on is how long
// they must have had power: since the session began.
func (s State) DarkPoints(on time.Duration) (AccessPoints, bool) {
	c, fresh := s.Cellular.Get()
	p := c.AccessPoints
	return p, fresh && p.Known && p.Dark > 0 && on >= booting && s.Verdict.Usable()
}
