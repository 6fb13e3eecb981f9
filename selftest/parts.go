package selftest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/physic"

	"infobus/hw"
	"infobus/kiosk"
	"infobus/netmon"
	"infobus/power"
	"infobus/status"
	"infobus/systemd"
	"infobus/van"
	"infobus/words"
)

func (t *Tester) battery(ctx context.Context, _ known) outcome {
	if t.Battery == nil {
		return notFitted()
	}
	chip := words.T("selftest.battery.chip", "Chip", strings.ToUpper(t.BatteryChip), "Address", fmt.Sprintf("%#x", t.BatteryAt))
	s, err := t.Battery.Test(ctx)
	if err != nil {
		return failed(words.T("selftest.battery.fault", "Chip", chip, "Fault", status.Fault(hw.Reason(err))), words.T("selftest.todo.battery-wires"))
	}
	volts, amps := float64(s.Volts)/float64(physic.Volt), float64(s.Amps)/float64(physic.Ampere)
	return current(chip, volts, amps, t.Loop.State().Power.Still())
}

// current judges a sample of the battery. While every generator is known to stand still
// the box itself is a load that is known to be there: it proves the current's sign. The
// scale is proved by a load that somebody knows: see load.
func current(chip words.Text, volts, amps float64, still bool) outcome {
	args := []any{"Chip", chip, "Volts", rounded(volts, 2), "Amps", rounded(math.Abs(amps), 2)}
	switch {
	case volts < 6 || volts > 40 || math.Abs(amps) > 2000:
		return failed(words.T("selftest.battery.impossible", args...), words.T("selftest.todo.battery-fuse"))
	case still && math.Abs(amps) < power.LeastDraw:
		return failed(words.T("selftest.battery.no-current", args[:4]...), words.T("selftest.todo.battery-shunt"))
	case still && amps > 0:
		return failed(words.T("selftest.battery.wrong-way", args...), words.T("selftest.todo.battery-charging"))
	case still:
		return passed(words.T("selftest.battery.right-way", args...))
	case amps < 0:
		return passed(words.T("selftest.battery.gives", args...))
	}
	return passed(words.T("selftest.battery.takes", args...))
}

// rounded is v with so many decimal places.
func rounded(v float64, places int) float64 {
	f := math.Pow10(places)
	return math.Round(v*f) / f
}

func (t *Tester) panel(ctx context.Context, _ known) outcome {
	if t.Panel == nil {
		return notFitted()
	}
	todo := words.T("selftest.todo.screen-cable")
	if d, _ := t.Loop.State().Device(van.Panel); d.State == van.DeviceBroken {
		// Its driver tries it again by itself; it may be there by now.
		short, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if t.Panel(short) != nil {
			return failed(status.Fault(d.Reason), todo)
		}
	} else if err := t.Panel(ctx); err != nil {
		return failed(status.Fault(hw.Reason(err)), todo)
	}
	return passed(words.T("selftest.screen.answers"))
}

// redrawn has the page drawn afresh, if the panel has rested.
func (t *Tester) redrawn(ctx context.Context, _ known) outcome {
	if t.Panel == nil {
		return notFitted()
	}
	todo := words.T("selftest.todo.screen-cable")
	drawn := func(s van.State) uint64 { return s.Kiosk.Wear.Fulls + s.Kiosk.Wear.Fasts + s.Kiosk.Wear.Partials }
	before := drawn(t.Loop.State())
	t.Loop.Observe(kiosk.Redraw{})
	if t.Loop.Ping(ctx) != nil {
		return failed(words.T("selftest.screen.no-loop"), words.T("selftest.todo.restart"))
	}
	if s := t.Loop.State(); !s.Kiosk.Drawing && s.Kiosk.Waiting() > 0 && s.Kiosk.NextAt > s.Now.Mono {
		rest := (s.Kiosk.NextAt - s.Now.Mono).Round(time.Second)
		return notTried(words.T("selftest.screen.rests", "Seconds", int(rest/time.Second)), words.T("selftest.todo.look-then"))
	}
	done := t.until(ctx, func(s van.State) bool {
		d, _ := s.Device(van.Panel)
		return !s.Kiosk.Drawing || d.State == van.DeviceBroken
	})
	s := t.Loop.State()
	if d, _ := s.Device(van.Panel); d.State == van.DeviceBroken {
		return failed(status.Fault(d.Reason), todo)
	}
	if !done || drawn(s) == before {
		return failed(words.T("selftest.screen.not-drawn"), todo)
	}
	return passed(words.T("selftest.screen.drawn"))
}

func (t *Tester) temperature(ctx context.Context, _ known) outcome {
	if t.Temperature == nil || t.Panel == nil {
		return notFitted()
	}
	celsius, err := t.Temperature(ctx)
	if err != nil {
		return failed(status.Fault(hw.Reason(err)), words.T("selftest.todo.temperature-wires"))
	}
	return passed(words.T("selftest.temperature.is", "Celsius", rounded(celsius, 1)))
}

func (t *Tester) relay(ctx context.Context, asked status.Selftest) outcome {
	todo := words.T("selftest.todo.relay-wires")
	s := t.Loop.State()
	if !s.GatewayPower.Fitted {
		return notFitted()
	}
	if d, _ := s.Device(van.Relay); d.State != van.DeviceOK {
		return failed(status.Fault(d.Reason), todo)
	}
	if !asked.Relay {
		return notTried(words.T("selftest.relay.held"), words.Text{})
	}
	if why := s.RelayTestable(asked.Force); why != "" {
		return refused(why)
	}
	t.Loop.Observe(netmon.TestRelay{Force: asked.Force})
	off := t.until(ctx, func(s van.State) bool { return s.GatewayPower.Cut == netmon.BySelftest })
	if !off || !t.until(ctx, func(s van.State) bool { return s.GatewayPower.Cut == netmon.Powered }) {
		return failed(words.T("selftest.relay.stuck"), todo)
	}
	return passed(words.T("selftest.relay.switched"))
}

// refused is why the relay is not tried, by van.State.RelayTestable's code.
func refused(why string) outcome {
	return notTried(words.T("selftest.relay.refused."+why), words.Text{})
}

func (t *Tester) clock(context.Context, known) outcome {
	c := t.Loop.State().Clock
	if !c.Trusted {
		return failed(words.T("selftest.clock.not-set"), words.T("selftest.todo.clock"))
	}
	return passed(words.T("selftest.clock.right", "Source", c.Source))
}

// leastFree is how much room a card needs: a logbook, and what Debian writes.
const leastFree = 200 << 20

func (t *Tester) card(context.Context, known) outcome {
	var s unix.Statfs_t
	if err := unix.Statfs(t.Card, &s); err != nil {
		return failed(status.Fault(hw.Reason(err)), words.T("selftest.todo.card-push"))
	}
	free, all := int64(s.Bavail)*int64(s.Bsize), int64(s.Blocks)*int64(s.Bsize)
	found := words.T("selftest.card.free", "Free", free>>20, "All", all>>20)
	if free < leastFree {
		return failed(found, words.T("selftest.todo.card-full"))
	}
	return passed(found)
}

func (t *Tester) target(ctx context.Context, _ known) outcome {
	if t.Target == "" {
		return notTried(words.T("selftest.target.desk"), words.Text{})
	}
	if err := systemd.Loaded(ctx, t.Target); err != nil {
		return failed(status.Fault(hw.Reason(err)), words.T("selftest.todo.target", "Unit", t.Target))
	}
	return passed(words.T("selftest.target.reached", "Unit", t.Target))
}

// logbook writes down how the self-test came out, and waits until that is durable.
func (t *Tester) logbook(ctx context.Context, k known) outcome {
	todo := words.T("selftest.todo.logbook")
	before := t.Loop.State().Sync.Seq
	t.Loop.Observe(van.Tested{Checks: k.checks, Failed: k.failed})
	err := t.Loop.Ping(ctx)
	if err == nil {
		err = t.Flush(ctx)
	}
	if err != nil {
		return failed(status.Fault(hw.Reason(err)), todo)
	}
	if !t.until(ctx, func(s van.State) bool { return s.Sync.Seq > before }) {
		return failed(status.Fault(hw.Reason(hw.ErrTimeout)), todo)
	}
	return passed(words.T("selftest.logbook.written"))
}
