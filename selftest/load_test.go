package selftest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"infobus/status"
	"infobus/words"
)

// A load that somebody knows proves sign and scale of the current, and says which shunt
// would be right.
func TestAKnownLoadProvesTheScale(t *testing.T) {
	gone := errors.New("it does not answer")
	for _, c := range []struct {
		name    string
		reads   float64 // of each ampere
		on      time.Duration
		err     error
		state   status.CheckState
		found   string
		advised string
	}{
		{"right", 1, 5 * time.Second, nil, status.CheckPassed, "4.6 A more, as 55 W should take", ""},
		{"10 % off: a lamp may be", 0.9, 5 * time.Second, nil, status.CheckPassed, "4.1 A more, as 55 W should take", ""},
		{"two thirds", 0.67, 5 * time.Second, nil, status.CheckFailed, "3.1 A more, where 55 W should take 4.6 A: wrong by the factor 0.67",
			"If the load’s label is right, another shunt is fitted than the configured one: write “shunt: 0.335mOhm” into the configuration."},
		{"half as much again", 1.5, 5 * time.Second, nil, status.CheckFailed, "6.9 A more, where 55 W should take 4.6 A: wrong by the factor 1.5",
			"If the load’s label is right, another shunt is fitted than the configured one: write “shunt: 0.75mOhm” into the configuration."},
		{"the wrong way round", -1, 5 * time.Second, nil, status.CheckFailed, "4.6 A more into the battery, though a load was switched on",
			"If neither the engine nor the sun charges the battery, the shunt is wired the other way round: tell the remote helpers."},
		{"nothing hangs behind the shunt", 0, 5 * time.Second, nil, status.CheckFailed, "saw no 55 W switched on within 30 s",
			"Switch the load on while the test waits. If it was on, it does not hang behind the shunt, or the shunt is quite another: tell the remote helpers."},
		{"nobody switches it on", 1, time.Hour, nil, status.CheckFailed, "saw no 55 W switched on within 30 s",
			"Switch the load on while the test waits. If it was on, it does not hang behind the shunt, or the shunt is quite another: tell the remote helpers."},
		{"the meter fails", 1, 5 * time.Second, gone, status.CheckFailed, "", "Push the battery meter's four wires in; if that does not help, tell the remote helpers."},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				o := proved(t.Context(), 55, 0.0005, func(context.Context) (volts, amps float64, err error) {
					volts, amps = 12, -1.2
					if on := time.Since(begun) - c.on; on > 0 {
						amps -= 55 / volts
						if on < 2*time.Second {
							amps *= 2 // a cold filament
						}
						err = c.err
					}
					return volts, amps * c.reads, err
				})
				say := words.In()
				if o.state != c.state || c.found != "" && say.Text(o.found) != c.found || o.todo.IsZero() != (c.advised == "") || c.advised != "" && say.Text(o.todo) != c.advised {
					t.Errorf("%v: %s\n%s", o.state, say.Text(o.found), say.Text(o.todo))
				}
			})
		})
	}
}
