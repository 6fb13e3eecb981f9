package selftest

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"infobus/hw/line"
	"infobus/hw/line/linetest"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/session"
	"infobus/status"
	"infobus/van"
	"infobus/words"
)

// What is said by a code of another room's has a sentence for each.
func TestEveryFaultVerdictAndRefusalHasASentence(t *testing.T) {
	texts := []words.Text{status.Fault("")}
	for _, f := range logbook.Schema[logbook.DeviceFailed] {
		if f.Key == "reason" {
			for _, reason := range f.Words {
				texts = append(texts, status.Fault(reason))
			}
		}
	}
	for _, v := range netmon.Verdicts {
		if v != netmon.OK && v != netmon.Slow && v != netmon.Starting { // no check fails with these
			texts = append(texts, verdict(v).found, verdict(v).todo)
		}
	}
	for _, why := range []string{
		van.State{}.RelayTestable(false),
		van.State{GatewayPower: netmon.GatewayPower{Fitted: true, Cut: netmon.Saving}}.RelayTestable(false),
		van.State{GatewayPower: netmon.GatewayPower{Fitted: true}, Session: session.State{Active: true}}.RelayTestable(false),
	} {
		texts = append(texts, refused(why).found)
	}
	if len(texts) < 20 {
		t.Fatalf("only %d texts", len(texts))
	}
	for _, text := range texts {
		if said := words.In().Text(text); said == text.Key || said == "" {
			t.Errorf("%s has no sentence", text.Key)
		}
	}
}

// A check that never ends is left behind, and said to hang, each time.
func TestASelftestLeavesBehindWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tester := &Tester{}
		var calls atomic.Int32
		hang := make(chan struct{})
		c := check{part: words.T("selftest.part.card"), limit: time.Second, try: func(context.Context, known) outcome {
			calls.Add(1)
			<-hang
			return passed(words.T("selftest.gateway.answers"))
		}}
		for range 3 {
			if o := tester.bounded(t.Context(), c, known{}); o.state != status.CheckFailed || words.In().Text(o.found) != "does not answer" || o.todo.IsZero() {
				t.Errorf("%+v", o)
			}
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("%d calls into a part that hangs", n)
		}
		close(hang)
		synctest.Wait()
		if o := tester.bounded(t.Context(), c, known{}); o.state != status.CheckPassed {
			t.Errorf("once it works again: %+v", o)
		}
	})
}

// Somebody who asks for the next page meanwhile holds the button for a moment; wires
// that touch hold it for good.
func TestASelftestTellsAPressFromAButtonThatIsStuck(t *testing.T) {
	for _, c := range []struct {
		name  string
		held  time.Duration // 0: never
		state status.CheckState
		found string
	}{
		{"free", 0, status.CheckPassed, "is not pressed; --button waits for a press"},
		{"a press", 200 * time.Millisecond, status.CheckPassed, "is not pressed; --button waits for a press"},
		{"stuck", time.Hour, status.CheckFailed, "is pressed all the time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				chip := linetest.New([]string{"GPIO23"})
				held := line.Config{Name: "button", Line: "GPIO23", ActiveLow: true, PullUp: true}
				tester := &Tester{Box: Box{Lines: line.New(chip, held), Held: []line.Config{held}, Button: "GPIO23"}}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go tester.Lines.Watch(ctx, func(line.Seen) {})
				synctest.Wait()
				if c.held > 0 {
					chip.Drive("GPIO23", false)
					time.AfterFunc(c.held, func() { chip.Release("GPIO23") })
				}
				var (
					last outcome
					know known
				)
				for _, c := range tester.lineChecks(status.Selftest{}) {
					if last = tester.bounded(ctx, c, know); last.known != nil {
						know = *last.known
					}
				}
				if last.state != c.state || words.In().Text(last.found) != c.found {
					t.Errorf("%+v", last)
				}
				cancel()
				synctest.Wait()
			})
		})
	}
}

// The box is a load that is known to be there: it proves the sign of the current.
func TestTheCurrentIsProvedByTheBoxsOwnLoad(t *testing.T) {
	for _, c := range []struct {
		name        string
		volts, amps float64
		still       bool
		state       status.CheckState
		found       string
	}{
		{"the right way round", 12.6, -1.2, true, status.CheckPassed, "right-way"},
		{"the wrong way round", 12.6, 1.2, true, status.CheckFailed, "wrong-way"},
		{"dead", 12.6, 0.01, true, status.CheckFailed, "no-current"},
		{"a full battery while a generator runs", 14.4, 0, false, status.CheckPassed, "takes"},
		{"a generator that does not charge", 12.6, -1.2, false, status.CheckPassed, "gives"},
		{"no battery is so", 55, 1, true, status.CheckFailed, "impossible"},
	} {
		if got := current(words.Text{}, c.volts, c.amps, c.still); got.state != c.state || got.found.Key != "selftest.battery."+c.found {
			t.Errorf("%s: %v, %s", c.name, got.state, got.found.Key)
		}
	}
}
