// Package netmon judges the uplink: what is wrong with it, what the box itself tries
// against it, whether the gateway has power, what data costs, and whether it lasts.
//
// Step takes one input: a Link, LinkLost, Evidence or Cellular from the sources in the
// folders inside this one, PointsAsked of the access points, PhonePort, PhoneLease and PhoneAsked of the public network, Radio from the gateway's own page, PhoneSaid from a volunteer, Tried from the doer of a remedy,
// Spent from the data budget, or the Conditions that the other rooms set. It gives the next State: the Verdict with
// its ladder, and the Remedy that is to be tried. GatewayPower.Step decides when the
// relay cuts the gateway's power; Ledger and Account keep the data budget; Forecast says
// whether the SIM cards' data lasts.
//
// The package is pure: it takes the time as an argument, does no I/O and starts no
// goroutine.
package netmon

import (
	"fmt"
	"net/netip"
	"time"
)

// Verdict says what is wrong with the uplink. The first that applies, in this
// order, wins; Unknown if it cannot be told.
type Verdict string

const (
	Unknown        Verdict = "unknown"
	Starting       Verdict = "starting"
	PortMissing    Verdict = "port-missing"
	CableUnplugged Verdict = "cable-unplugged"
	WrongPort      Verdict = "wrong-port"
	NoAddress      Verdict = "no-address"
	GatewaySilent  Verdict = "gateway-silent"
	ComesAndGoes   Verdict = "comes-and-goes"
	NoInternet     Verdict = "no-internet"
	CaptivePortal  Verdict = "captive-portal"
	DNSFailing     Verdict = "dns-failing"
	Filtered       Verdict = "filtered"
	Congested      Verdict = "congested"
	Slow           Verdict = "slow"
	OK             Verdict = "ok"
)

// Usable says whether sending is worth a try under the verdict.
func (v Verdict) Usable() bool { return v == OK || v == Slow }

// works says whether phones are served under the verdict, well or badly.
func (v Verdict) works() bool { return v == OK || v == Slow || v == Congested || v == Filtered }

// Link is what the kernel says of the port to the Cisco box.
type Link struct {
	Present bool   // the interface exists
	Carrier bool   // a cable with something alive at its other end
	Address string // the box's own address on it, in CIDR; "" without one
	Gateway string // the default route's gateway; "" without one

	Speed     int       // Mbit/s that the port and its other end agreed on; 0 unknown
	Duplex    string    // full or half; "" unknown
	Losses    int       // how often the carrier was lost since the port is there
	Deaf      bool      // it has no address, and has received nothing for some time
	DNS       string    // the lease's name servers, separated by a space; "" where it names none
	Neighbour Neighbour // whether the gateway answers where it is
	// Leads: the box's own way out is by this port, which is the public network's, and
	// must not be.
	Leads bool
}

// Neighbour is what the kernel knows of the gateway on the cable: whether it
// answers when it is asked where it is (ARP). No address is kept.
type Neighbour string

const (
	NeighbourUnknown   Neighbour = ""
	NeighbourReachable Neighbour = "reachable" // it answered, and was not since asked in vain
	NeighbourFailed    Neighbour = "failed"    // three questions in a row had no answer
)

// Way is l without what may change while its way to the gateway is the same.
func (l Link) Way() Link {
	l.Speed, l.Duplex, l.Losses, l.Deaf, l.DNS, l.Neighbour = 0, "", 0, false, "", NeighbourUnknown
	return l
}

// LinkLost says that the kernel can no longer be asked about the port. What the
// probes see still counts.
type LinkLost struct{}

// Conditions are what decides how often a probe is worth its bytes.
type Conditions struct {
	Session      bool          // a session is on
	SessionSince time.Duration // monotonic; 0 while none is on
	BatteryLow   bool
	Cut          Cut
	NoRelay      bool // the gateway's relay cannot be switched
	ClockTrusted bool
}

// Ready says whether there is a way to the gateway: carrier, an address that
// the gateway gave (and not one that the box gave itself), and a route.
func (l Link) Ready() bool { return l.Present && l.Carrier && l.addressed() }

func (l Link) addressed() bool {
	prefix, err := netip.ParsePrefix(l.Address)
	return err == nil && !prefix.Addr().IsLinkLocalUnicast() && l.Gateway != ""
}

// Reached is the address at which the box is reached from the port's network, and that
// network; ok is false where there is none.
func (l Link) Reached() (p netip.Prefix, ok bool) {
	p, err := netip.ParsePrefix(l.Address)
	return p, err == nil && l.Ready()
}

// routeless: the gateway gave an address, and there is no route to it.
func (l Link) routeless() bool {
	prefix, err := netip.ParsePrefix(l.Address)
	return err == nil && !prefix.Addr().IsLinkLocalUnicast() && l.Gateway == ""
}

// Finding is the result of one probe. The zero value is NotTried.
type Finding uint8

const (
	NotTried Finding = iota
	Passed
	Failed
	// NotKnown: it was tried, and what came back decides nothing, or is too old.
	NotKnown
)

var findings = [...]string{NotTried: "not-tried", Passed: "passed", Failed: "failed", NotKnown: "unknown"}

func (f Finding) String() string {
	if int(f) < len(findings) {
		return findings[f]
	}
	return fmt.Sprintf("Finding(%d)", f)
}

// MarshalText gives the finding's word in the API: not-tried, passed, failed or
// unknown.
func (f Finding) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads the word that MarshalText gives.
func (f *Finding) UnmarshalText(b []byte) error {
	for i, word := range findings {
		if word == string(b) {
			*f = Finding(i)
			return nil
		}
	}
	return fmt.Errorf("finding %q is none of not-tried, passed, failed, unknown", b)
}

// Probe is what all the evidence of the moment comes to.
type Probe struct {
	Gateway  Finding       // the gateway answers
	Page     bool          // with a page of its own
	Internet Finding       // something beyond the gateway answers
	Captive  bool          // a sign-in page answers in the internet's place
	DNS      Finding       // names that exist resolve, asked of the lease's name servers, and lead there
	HTTP     Finding       // a page came exactly as it should
	Ports    Finding       // each kind of traffic that was tried passes
	Latency  time.Duration // of a page or of a name, the longer; 0 where none came

	Direct  Finding       // a name resolves, asked of a server that is not the lease's
	Alive   time.Duration // monotonic: when the last question was sent whose answer came through the gateway; 0 for none
	Delay   time.Duration // from a packet to its answer, in the middle; 0 unknown
	Full    bool          // answers are as late as only a full queue makes them
	Settled bool          // where it was slow, it is no longer
	Empties bool          // a queue that was full may be empty: what else is asked will tell
	Stalled bool          // small answers come, long ones do not
	Loss    float64       // share of the packets of the last half minute that were lost, 0 to 1
	// ClockWrong: a server proved who it is, and the box's clock, which nobody vouches
	// for, is outside its certificate's time.
	ClockWrong bool
	// Undecided: something that must be known before all is called well is not yet.
	Undecided bool
	// Spent: nothing was left of the data budget to ask beyond the gateway with.
	Spent bool
}

// Took is Latency in ms, 1 at least; nil where it failed.
func (p Probe) Took() *int64 {
	if p.Latency <= 0 {
		return nil
	}
	ms := max(1, p.Latency.Milliseconds())
	return &ms
}

// Cellular is what the Meraki cloud says of the gateway: totals and states
// only. Its age is always shown, and it never contradicts what the box sees.
type Cellular struct {
	Provider       string // the mobile operator, as the cloud names it
	ConnectionType string // LTE, 5G, …
	SignalBars     int    // 0 to 5
	RSRP           int    // dBm; 0 unknown
	RSRQ           int    // dB; 0 unknown
	Roaming        string // home, roaming, unknown; "" where the cloud does not say
	SIM            int    // active slot, 1 or 2; 0 unknown
	Status         string // active, ready, connecting, not connected, failed
	// Age is how long before the answer the gateway last told the cloud anything, by
	// the cloud's clock; 0 where that is not said.
	Age        time.Duration
	Devices    int   // devices seen in the last 2 h, the cloud's finest grain; -1 unknown
	UsageBytes int64 // volume of the last 24 h; -1 unknown

	AccessPoints AccessPoints
	Joining      Joining

	SIMs     []SIM // by slot; empty where the cloud was not asked
	Failover Failover
	Asked    time.Time // wall time; zero while that was not trusted
}

// Radio is what the gateway's own page says of its mobile network, during an outage, when
// the cloud cannot be asked. Levels are as of Cellular. It never changes the verdict.
type Radio struct {
	Provider, ConnectionType, Status string // "" where it does not say
	SignalBars                       int    // 0 to 5
	RSRP, RSRQ                       int    // dBm; dB; 0 unknown
}

// radioMaxAge is how long that counts.
const radioMaxAge = 2 * time.Minute

// AccessPoints counts those of the network by what the cloud hears of them.
type AccessPoints struct {
	Known       bool
	Alive, Dark int
}

// Joining is how often phones tried to join the Wi-Fi in the last half hour: how
// often each step failed, and how often all went well.
type Joining struct {
	Known                                          bool
	Association, Authentication, DHCP, DNS, Joined int
}
