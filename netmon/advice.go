package netmon

// Advice is the code of what a person should do about the internet: a Verdict, or
// one of those below, which say more than the verdict that shows.
type Advice string

// What was found besides the verdict.
const (
	CableLoose Advice = "cable-loose" // its carrier comes and goes
	CableHalf  Advice = "cable-half"  // slow, over a cable that carries less than it should
	Restarting Advice = "restarting"  // the gateway restarts itself
	Booting    Advice = "booting"     // the gateway's power has come back
	Restarted  Advice = "restarted"   // somebody has switched the gateway off and on
	Stranger   Advice = "stranger"    // the lease is of another box than the one with which all was well
	ClockWrong Advice = "clock-wrong" // all is well but the box's clock
	RouteLost  Advice = "route-lost"  // no way to the gateway, or one that was led elsewhere
	DataSpent  Advice = "data-spent"  // nothing is left of the data budget to ask with
	PhonesWork Advice = "phones-work" // phones are served: only the box has trouble
	cutAdvice         = "cut-"        // and the Cut: the gateway is without power
)

// Advices are all of them.
func Advices() []Advice {
	all := []Advice{CableLoose, CableHalf, Restarting, Booting, Restarted, Stranger, ClockWrong, RouteLost, DataSpent, PhonesWork}
	for _, c := range []Cut{Saving, ByRemedy, BySelftest} {
		all = append(all, cutAdvice+Advice(c))
	}
	for _, v := range Verdicts {
		all = append(all, Advice(v))
	}
	return all
}

// Advice is that of the verdict that shows, and of what was found besides.
func (s State) Advice() Advice {
	probe, fresh := s.Probe.Get()
	link, known := s.Link.Get()
	switch {
	case s.conditions.Cut != Powered:
		return cutAdvice + Advice(s.conditions.Cut)
	case s.Booting && s.Verdict == Starting:
		return Booting
	case s.restarted && s.Verdict == Starting:
		return Restarted
	case s.Phones().served() && s.Verdict != PortMissing && s.Verdict != CableUnplugged:
		return PhonesWork
	case s.Restarting:
		return Restarting
	case s.Flapping && (s.Verdict == CableUnplugged || s.Verdict == Starting || s.Verdict == OK):
		return CableLoose
	case s.stranger() && rank(s.Verdict) >= rank(GatewaySilent) && rank(s.Verdict) < rank(Filtered):
		return Stranger
	case s.routeless(s.Verdict), s.displaced() && rank(s.Verdict) < rank(Slow):
		return RouteLost
	case s.Verdict == Slow && known && (link.Duplex == "half" || link.Speed == 10):
		return CableHalf
	case s.Verdict == Unknown && fresh && probe.Spent:
		return DataSpent
	case s.Verdict == OK && fresh && probe.ClockWrong:
		return ClockWrong
	}
	return Advice(s.Verdict)
}
