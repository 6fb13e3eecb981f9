package status

import (
	"errors"

	"infobus/words"
)

// ErrSelftestBusy: one is under way already.
var ErrSelftestBusy = errors.New("a self-test is under way already")

// Selftest is what a self-test may do besides looking.
type Selftest struct {
	Screen bool `json:"screen"` // draw the screen afresh
	Relay  bool `json:"relay"`  // switch the Cisco box off for 2 s
	Force  bool `json:"force"`  // that also in a session
	Button bool `json:"button"` // wait 15 s for a press

	Load float64 `json:"load"` // W: wait 30 s for a load of so many to be switched on; 0: for none
}

// Check is one line of a self-test: first while it runs, and then as it came out.
type Check struct {
	Number int        `json:"number"` // from 1
	Name   string     `json:"name"`   // of the part
	State  CheckState `json:"state"`
	Found  string     `json:"found"`
	Todo   string     `json:"todo"` // one sentence; "" where nothing is to be done
	Words  CheckWords `json:"words"`
}

// CheckWords are the texts of a Check by their keys.
type CheckWords struct {
	Name  words.Text `json:"name"`
	Found words.Text `json:"found"`
	Todo  words.Text `json:"todo"`
}

// In is the check with its texts in the speaker's language.
func (c Check) In(s *words.Speaker) Check {
	c.Name, c.Found, c.Todo = s.Text(c.Words.Name), s.Text(c.Words.Found), s.Text(c.Words.Todo)
	return c
}

// CheckState is how far a Check is, or how it came out.
type CheckState string

// The states of a Check.
const (
	CheckRunning   CheckState = "running"
	CheckPassed    CheckState = "ok"
	CheckFailed    CheckState = "not-ok"
	CheckNotFitted CheckState = "not-fitted"
	CheckNotTried  CheckState = "not-tried" // its part was not reached, or it was not asked for
)
