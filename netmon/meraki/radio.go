package meraki

import "infobus/netmon"

// Radio is what a gateway's own page says of its mobile network, in the words that the
// cloud has for it: of what it calls otherwise nothing is handed on.
func Radio(provider, kind, status, rsrp, rsrq string) netmon.Radio {
	r := netmon.Radio{Provider: operator(provider), ConnectionType: word(kind, types), Status: word(status, statuses),
		RSRP: within(parseDecibel(rsrp), -156, -31), RSRQ: within(parseDecibel(rsrq), -43, -1)}
	r.SignalBars = bars(r.RSRP)
	return r
}
