package selftest

import (
	"context"

	"infobus/advice"
	"infobus/hw"
	"infobus/netmon"
	"infobus/reading/clock"
	"infobus/status"
	"infobus/words"
)

// options are the uplink's, so that one look is believed and nothing is tried.
func (t *Tester) options() netmon.Options {
	o := t.Uplink
	o.PowerGap = 0
	return o
}

// verdict fails a check by what was found of the uplink.
func verdict(v netmon.Verdict) outcome {
	return failed(words.T("selftest.verdict."+string(v)), advice.UplinkText(netmon.Advice(v)))
}

func (t *Tester) port(_ context.Context, k known) outcome {
	s := t.Loop.State()
	if s.GatewayPower.Cut != netmon.Powered {
		return notTried(words.T("selftest.port.cut"), advice.UplinkText(s.Uplink.Advice()))
	}
	l, err := t.Port()
	if err != nil {
		return failed(status.Fault(hw.Reason(err)), words.T("selftest.todo.restart-else-tell"))
	}
	k.uplink = netmon.Step(t.options(), netmon.New(), l, clock.Mono())
	if v := k.uplink.Found(); v != netmon.Starting {
		o := verdict(v)
		o.found = words.T("selftest.port.fault", "Interface", t.Interface, "Fault", o.found)
		return o
	}
	if l.Speed != 0 {
		return passed(words.T("selftest.port.ready-at", "Interface", t.Interface, "Megabits", l.Speed)).knowing(k)
	}
	return passed(words.T("selftest.port.ready", "Interface", t.Interface)).knowing(k)
}

// gateway asks one round of questions; what they say of the internet is the next
// check's.
func (t *Tester) gateway(ctx context.Context, k known) outcome {
	l, seen := k.uplink.Link.Get()
	if !seen || !l.Ready() {
		return notTried(words.T("selftest.no-way"), words.T("selftest.todo.see-line-before"))
	}
	k.uplink = netmon.Step(t.options(), k.uplink, t.Probe(ctx, l), clock.Mono())
	if v := k.uplink.Found(); v == netmon.GatewaySilent || v == netmon.Starting {
		return verdict(netmon.GatewaySilent)
	}
	return passed(words.T("selftest.gateway.answers")).knowing(k)
}

func (t *Tester) internet(_ context.Context, k known) outcome {
	switch v := k.uplink.Found(); v {
	case netmon.OK, netmon.Slow:
		p, _ := k.uplink.Probe.Get()
		return passed(words.T("selftest.internet.works", "Milliseconds", p.Latency.Milliseconds()))
	case netmon.NoInternet, netmon.CaptivePortal, netmon.DNSFailing, netmon.Filtered, netmon.Congested, netmon.Unknown:
		return verdict(v)
	}
	return notTried(words.T("selftest.no-way"), words.T("selftest.todo.see-lines-before"))
}
