package netmon

import "time"

// row is a verdict: which rung it is of, when that rung's failure is this one, how long
// it must hold before it shows, and what the box tries against it. A row hides those
// below it.
type row struct {
	verdict  Verdict
	rung     RungName
	applies  func(State, Probe) bool // nil: always, where the rung failed
	after    func(Options) time.Duration
	remedies []treatment
}

func showAfter(o Options) time.Duration { return o.ShowAfter }

func addressAfter(o Options) time.Duration { return o.AddressAfter }

func slowAfter(o Options) time.Duration { return o.SlowAfter }

// rows are the verdicts in the order in which the first that applies wins. Waiting comes
// first among the remedies of each: a lease, a reboot and a bend in the road all pass.
var rows = [...]row{
	{verdict: PortMissing, rung: RungPort},
	{verdict: CableUnplugged, rung: RungCable, remedies: []treatment{{LinkUp, 20 * time.Second}}},
	{verdict: WrongPort, rung: RungAddress, after: addressAfter, applies: func(s State, _ Probe) bool { return s.unheard() }},
	{verdict: NoAddress, rung: RungAddress, after: addressAfter, remedies: []treatment{
		{SetAddress, time.Second}, // since it is found, not since it shows
		{RenewLease, 15 * time.Second},
		{BounceLink, 90 * time.Second}}},
	{verdict: GatewaySilent, rung: RungGateway, after: func(o Options) time.Duration { return o.GatewayAfter }, remedies: []treatment{
		{FlushNeigh, 10 * time.Second},
		{RenewLease, 40 * time.Second}, // it may have come back with another network
		{BounceLink, 2 * time.Minute},
		{CyclePower, 5 * time.Minute}}},
	// Found by coming alone.
	{verdict: ComesAndGoes, rung: RungInternet, after: showAfter, applies: func(State, Probe) bool { return false }},
	{verdict: NoInternet, rung: RungInternet, after: showAfter, remedies: []treatment{
		{BounceLink, 2 * time.Minute}, // where somebody led the route elsewhere
		{CyclePower, 12 * time.Minute}}},
	{verdict: CaptivePortal, rung: RungSignIn, after: showAfter},
	{verdict: DNSFailing, rung: RungDNS, after: showAfter, remedies: []treatment{
		{RenewLease, 2 * time.Minute},
		{CyclePower, 20 * time.Minute}}},
	{verdict: Filtered, rung: RungPorts, after: showAfter},
	{verdict: Congested, rung: RungSpeed, after: slowAfter, applies: func(_ State, p Probe) bool { return p.Full }},
	{verdict: Slow, rung: RungSpeed, after: slowAfter},
}

// Verdicts are all of them, in the order in which the first that applies wins;
// Unknown is the last.
var Verdicts = func() []Verdict {
	all := []Verdict{Starting}
	for _, r := range rows {
		all = append(all, r.verdict)
	}
	return append(all, OK, Unknown)
}()

// replugged is how long a port over which all had been well must be deaf since its cable
// was put in: a gateway that starts, or whose leases fail, may say nothing either.
const replugged = time.Minute

// unheard says whether the port has light, and nothing is received on it, nor was since
// its cable was put in.
func (s State) unheard() bool {
	link, known := s.Link.Get()
	return known && link.Deaf && (s.home.address == "" || s.pluggedAt != 0 && s.stepped-s.pluggedAt >= replugged)
}
