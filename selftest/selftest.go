// Package selftest tries every part of the box, one after the other, and says of
// each whether it works and, where it does not, what a volunteer should do.
//
// In: a Box, by which each part is reached, and what the volunteer allowed. Out: a
// status.Check when a check begins, and again when it ends. It wears and switches
// nothing that was not asked for, and leaves behind a part that hangs.
package selftest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"infobus/hw"
	"infobus/hw/battery"
	"infobus/hw/line"
	"infobus/netmon"
	"infobus/status"
	"infobus/van"
	"infobus/van/loop"
	"infobus/words"
)

// Box is how the parts of the box are reached.
type Box struct {
	Loop *loop.Loop

	Chip       string        // the GPIO chip's name
	Lines      *line.Watcher // nil where every line pulses
	Held       []line.Config // the lines of Lines, in their order
	Generators []string      // the line of each, in the order of their numbers
	LowLine    string        // the battery alarm's line; "" for none
	Button     string        // its line; "" for none
	Pressed    <-chan struct{}

	Battery     *battery.Monitor // nil for none
	BatteryChip string
	BatteryAt   uint16  // address on the bus
	Shunt       float64 // as it is configured, Ω

	Panel       func(context.Context) error            // whether it answers; nil for none
	Temperature func(context.Context) (float64, error) // the panel's, °C; nil where nothing measures it

	Interface string                      // the port to the gateway
	Port      func() (netmon.Link, error) // as it is now
	Probe     func(context.Context, netmon.Link) netmon.Evidence
	Uplink    netmon.Options

	Card   string                      // a folder on it
	Flush  func(context.Context) error // returns once the logbook's events are durable
	Target string                      // systemd's, up while a generator runs; "" where there is none
}

// Tester makes self-tests of its Box, one at a time.
type Tester struct {
	Box

	running sync.Mutex           // held by the self-test under way
	guards  map[string]*hw.Guard // by the check's part; under running
}

// check is one line of the table.
type check struct {
	part  words.Text
	limit time.Duration // how long it may take
	ask   words.Text    // what somebody has to do while it runs
	try   func(context.Context, known) outcome
}

// outcome is how a check came out.
type outcome struct {
	state status.CheckState
	found words.Text
	todo  words.Text
	known *known // what later checks go on from; nil: as before
}

// known is what the checks so far have found.
type known struct {
	chip   bool            // the GPIO chip answers
	active map[string]bool // the lines that are held
	uplink netmon.State
	checks int // how many there are
	failed int // of those so far
}

func passed(found words.Text) outcome { return outcome{state: status.CheckPassed, found: found} }

func failed(found, todo words.Text) outcome {
	return outcome{state: status.CheckFailed, found: found, todo: todo}
}

func notTried(found, todo words.Text) outcome {
	return outcome{state: status.CheckNotTried, found: found, todo: todo}
}

func notFitted() outcome { return outcome{state: status.CheckNotFitted} }

// knowing is o, and what later checks go on from.
func (o outcome) knowing(k known) outcome {
	o.known = &k
	return o
}

// Run tries one part after the other, and reports each check as it begins and as it
// ends. A part that hangs is left behind, and said to hang, also the next time. The
// error is status.ErrSelftestBusy, or ctx's.
func (t *Tester) Run(ctx context.Context, asked status.Selftest, report func(status.Check)) error {
	if !t.running.TryLock() {
		return status.ErrSelftestBusy
	}
	defer t.running.Unlock()
	checks := t.checks(asked)
	know := known{checks: len(checks)}
	for i, c := range checks {
		said := status.Check{Number: i + 1, State: status.CheckRunning, Words: status.CheckWords{Name: c.part, Found: c.ask}}
		report(said)
		o := t.bounded(ctx, c, know)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if o.known != nil {
			know = *o.known
		}
		if o.state == status.CheckFailed {
			know.failed++
		}
		said.State, said.Words.Found, said.Words.Todo = o.state, o.found, o.todo
		report(said)
	}
	return nil
}

// bounded tries a part no longer than its limit.
func (t *Tester) bounded(ctx context.Context, c check, know known) outcome {
	part := fmt.Sprint(c.part)
	if t.guards == nil {
		t.guards = map[string]*hw.Guard{}
	}
	if t.guards[part] == nil {
		t.guards[part] = &hw.Guard{}
	}
	limited, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	o, err := hw.Call(ctx, t.guards[part], c.limit+2*time.Second, func() (outcome, error) { return c.try(limited, know), nil }, nil)
	if err != nil {
		return failed(status.Fault(hw.Reason(err)), words.T("selftest.todo.restart-else-tell"))
	}
	return o
}

// checks are the lines of the table, in order.
func (t *Tester) checks(asked status.Selftest) []check {
	all := t.lineChecks(asked)
	add := func(part words.Text, limit time.Duration, try func(context.Context, known) outcome) {
		all = append(all, check{part: part, limit: limit, try: try})
	}
	add(words.T("selftest.part.battery"), answer, t.battery)
	if watts := asked.Load; watts != 0 {
		all = append(all, check{part: words.T("selftest.part.load", "Watts", watts), limit: loadWithin + 15*time.Second,
			ask: words.T("selftest.load.switch-on", "Watts", watts, "Seconds", int(loadWithin/time.Second)),
			try: func(ctx context.Context, _ known) outcome { return t.load(ctx, watts) }})
	}
	if asked.Screen {
		add(words.T("selftest.part.screen-redrawn"), 90*time.Second, t.redrawn)
	} else {
		add(words.T("selftest.part.screen"), 20*time.Second, t.panel)
	}
	add(words.T("selftest.part.temperature"), 8*time.Second, t.temperature)
	add(words.T("selftest.part.port"), answer, t.port)
	add(words.T("selftest.part.gateway"), 30*time.Second, t.gateway)
	add(words.T("selftest.part.internet"), answer, t.internet)
	// After those, since the gateway is then away for minutes.
	add(words.T("selftest.part.relay"), 10*time.Second, func(ctx context.Context, _ known) outcome { return t.relay(ctx, asked) })
	add(words.T("selftest.part.clock"), answer, t.clock)
	add(words.T("selftest.part.card"), answer, t.card)
	add(words.T("selftest.part.target"), 10*time.Second, t.target)
	add(words.T("selftest.part.logbook"), 10*time.Second, t.logbook) // last, since it writes down how many failed
	return all
}

// answer bounds a check that needs no more than one.
const answer = 5 * time.Second

// until waits until the state is so; false where ctx ended before.
func (t *Tester) until(ctx context.Context, so func(van.State) bool) bool {
	changed, stop := t.Loop.Watch()
	defer stop()
	for !so(t.Loop.State()) {
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
