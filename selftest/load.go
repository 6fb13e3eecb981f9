package selftest

import (
	"context"
	"fmt"
	"math"
	"time"

	"periph.io/x/conn/v3/physic"

	"infobus/hw"
	"infobus/status"
	"infobus/words"
)

const (
	// loadWithin is how long somebody is given to switch the load on.
	loadWithin = 30 * time.Second
	// loadSettles is how long after it was seen it is measured: a lamp's filament and a
	// starting motor draw more at first.
	loadSettles = 3 * time.Second
	// leastLoad is the least load, in W, that stands out from what else the van draws.
	leastLoad = 20
	// A scale within these is right: a load's label and the voltage differ by as much.
	leastScale, mostScale = 0.8, 1.25
)

// load asks for a load of so many W, and holds the current against it.
func (t *Tester) load(ctx context.Context, watts float64) outcome {
	switch {
	case t.Battery == nil:
		return notFitted()
	case !(watts >= leastLoad && watts <= 2000):
		return notTried(words.T("selftest.load.small", "Watts", watts, "Least", leastLoad), words.Text{})
	case !t.Loop.State().Power.Still():
		return notTried(words.T("selftest.load.generator"), words.Text{})
	}
	return proved(ctx, watts, t.Shunt, func(ctx context.Context) (volts, amps float64, err error) {
		s, err := t.Battery.Test(ctx)
		return float64(s.Volts) / float64(physic.Volt), float64(s.Amps) / float64(physic.Ampere), err
	})
}

// proved says whether a load of so many W that is switched on now is read as it should be;
// ohms is the configured shunt.
func proved(ctx context.Context, watts, ohms float64, read func(context.Context) (volts, amps float64, err error)) outcome {
	broken := func(err error) outcome {
		return failed(status.Fault(hw.Reason(err)), words.T("selftest.todo.battery-wires"))
	}
	mean := func() (volts, amps float64, err error) {
		const parts = 3
		for range parts {
			v, a, err := read(ctx)
			if err != nil {
				return 0, 0, err
			}
			volts, amps = volts+v/parts, amps+a/parts
			if err := pause(ctx, 200*time.Millisecond); err != nil {
				return 0, 0, err
			}
		}
		return volts, amps, nil
	}
	_, before, err := mean()
	if err != nil {
		return broken(err)
	}
	for waited, seen := time.Duration(0), false; !seen; waited += time.Second {
		if waited >= loadWithin {
			return failed(words.T("selftest.load.nothing", "Watts", watts, "Seconds", int(loadWithin/time.Second)), words.T("selftest.todo.load-on"))
		}
		if err := pause(ctx, time.Second); err != nil {
			return broken(err)
		}
		v, a, err := read(ctx)
		if err != nil {
			return broken(err)
		}
		seen = math.Abs(a-before) >= 0.3*watts/max(v, 1)
	}
	if err := pause(ctx, loadSettles); err != nil {
		return broken(err)
	}
	volts, after, err := mean()
	if err != nil {
		return broken(err)
	}
	due, more := watts/max(volts, 1), before-after
	args := []any{"Amps", rounded(math.Abs(more), 1), "Watts", watts, "Due", rounded(due, 1), "Factor", rounded(math.Abs(more)/due, 2)}
	switch scale := math.Abs(more) / due; {
	case more < 0:
		return failed(words.T("selftest.load.wrong-way", args[:4]...), words.T("selftest.todo.battery-charging"))
	case scale < leastScale || scale > mostScale:
		return failed(words.T("selftest.load.scale", args...), words.T("selftest.todo.battery-scale", "Shunt", fmt.Sprintf("%.3gmOhm", 1000*ohms*scale)))
	}
	return passed(words.T("selftest.load.right", args[:6]...))
}

// pause waits; the error is ctx's.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
