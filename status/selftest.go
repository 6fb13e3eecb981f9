package status

// Selftest is what a self-test may do besides looking.
type Selftest struct {
	Screen bool `json:"screen"` // draw the screen afresh
	Relay  bool `json:"relay"`  // switch the Cisco box off for 2 s
	Force  bool `json:"force"`  // that also in a session
	Button bool `json:"button"` // wait 15 s for a press
}

// Check is one line of a self-test: first while it runs, and then as it came out.
type Check struct {
	Number int    `json:"number"` // from 1
	Name   string `json:"name"`
	State  string `json:"state"` // running, ok, not-ok, not-fitted, not-tried
	Found  string `json:"found"`
	Todo   string `json:"todo"` // one sentence; "" where nothing is to be done
}

// The states of a Check.
const (
	Running   = "running"
	WorksWell = "ok"
	NotWell   = "not-ok"
	NotFitted = "not-fitted"
	NotTried  = "not-tried"
)
