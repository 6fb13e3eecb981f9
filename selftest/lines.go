package selftest

import (
	"context"
	"time"

	"infobus/hw"
	"infobus/power"
	"infobus/reading"
	"infobus/status"
	"infobus/van"
	"infobus/words"
)

// lineChecks are those of the GPIO chip and of the lines that are inputs.
func (t *Tester) lineChecks(asked status.Selftest) []check {
	all := []check{{part: words.T("selftest.part.chip", "Chip", t.Chip), limit: answer, try: t.chip}}
	add := func(part words.Text, try func(context.Context, known) outcome) {
		all = append(all, check{part: part, limit: answer, try: func(ctx context.Context, k known) outcome {
			if !k.chip {
				return notTried(words.T("selftest.line.no-chip"), words.T("selftest.todo.see-first-line"))
			}
			return try(ctx, k)
		}})
	}
	for i, l := range t.Generators {
		id := power.GeneratorID(i)
		add(words.T("selftest.part.generator", "Number", id.Number(), "Line", l), func(_ context.Context, k known) outcome {
			return t.generator(id, l, k)
		})
	}
	if t.LowLine != "" {
		add(words.T("selftest.part.battery-alarm", "Line", t.LowLine), func(_ context.Context, k known) outcome {
			if k.active[t.LowLine] {
				return passed(words.T("selftest.battery-alarm.low"))
			}
			return passed(words.T("selftest.battery-alarm.quiet"))
		})
	}
	part := words.T("selftest.part.button-at", "Line", t.Button)
	switch {
	case t.Button == "":
		all = append(all, check{part: words.T("selftest.part.button"), limit: answer, try: func(context.Context, known) outcome { return notFitted() }})
	case asked.Button:
		all = append(all, check{part: part, limit: pressWithin + time.Second,
			ask: words.T("selftest.button.press", "Seconds", int(pressWithin/time.Second)), try: t.press})
	default:
		add(part, t.button)
	}
	return all
}

func (t *Tester) chip(ctx context.Context, k known) outcome {
	todo := words.T("selftest.todo.restart-and-tell")
	k.chip = true
	if t.Lines == nil {
		if d, _ := t.Loop.State().Device(van.GPIO); d.State != van.DeviceOK {
			return failed(status.Fault(d.Reason), todo)
		}
		return passed(words.T("selftest.chip.pulses")).knowing(k)
	}
	active, err := t.active(ctx)
	if err != nil {
		return failed(status.Fault(hw.Reason(err)), todo)
	}
	k.active = active
	return passed(words.T("selftest.chip.lines", "N", len(active))).knowing(k)
}

// active reads which of the lines that are held are active.
func (t *Tester) active(ctx context.Context) (map[string]bool, error) {
	levels, err := t.Lines.Levels(ctx)
	if err != nil {
		return nil, err
	}
	active := map[string]bool{}
	for i, l := range t.Held {
		active[l.Line] = levels[i]
	}
	return active, nil
}

func (t *Tester) generator(id power.GeneratorID, l string, k known) outcome {
	active, held := k.active[l]
	g := t.Loop.State().Power.Generators[id]
	hz, measured := g.Hz.Get()
	switch {
	case !held && g.Running.Quality != reading.Fresh:
		return failed(words.T("selftest.generator.not-read"), words.T("selftest.todo.line-wires"))
	case measured:
		return passed(words.T("selftest.generator.runs-at", "Hz", rounded(hz, 1)))
	case active || !held && g.Running.Value:
		return passed(words.T("selftest.generator.runs"))
	}
	return passed(words.T("selftest.generator.stands-still"))
}

// pressWithin is how long a press of the button is waited for.
const pressWithin = 15 * time.Second

// press waits for a press that begins from now on.
func (t *Tester) press(ctx context.Context, _ known) outcome {
	select {
	case <-t.Pressed: // an earlier press
	default:
	}
	select {
	case <-t.Pressed:
		return passed(words.T("selftest.button.pressed"))
	case <-time.After(pressWithin):
	case <-ctx.Done():
	}
	return failed(words.T("selftest.button.no-press"), words.T("selftest.todo.button-wires"))
}

// button tells a press, as of somebody who asks for the next page, from wires that
// touch: it looks again after a second.
func (t *Tester) button(ctx context.Context, k known) outcome {
	free := passed(words.T("selftest.button.free"))
	if !k.active[t.Button] {
		return free
	}
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
	active, err := t.active(ctx)
	if err != nil {
		return failed(status.Fault(hw.Reason(err)), words.T("selftest.todo.restart-and-tell"))
	}
	if active[t.Button] {
		return failed(words.T("selftest.button.stuck"), words.T("selftest.todo.button-free"))
	}
	return free
}
