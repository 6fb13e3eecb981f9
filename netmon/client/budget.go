package client

import "infobus/netmon"

// Budget is the team's in MB a session and a month, 0 without a limit. Of it a tenth
// is kept for what is urgent, and what the probes of a long day may take for them:
// without them nothing is known.
func Budget(session, month int64) netmon.Budget {
	const mb, probes = 1_000_000, 1_200_000
	least := session
	if least == 0 || month != 0 && month < least {
		least = month
	}
	return netmon.Budget{Session: session * mb, Month: month * mb,
		Reserve: map[string]int64{string(Urgent): least * mb / 10, string(Probe): min(probes, least*mb/4)}}
}
