package van_test

import (
	"fmt"
	"testing"
	"time"

	"infobus/kiosk"
	"infobus/power"
	"infobus/van"
)

// open is a van in a session whose day fills two pages, with everything known.
// The pages are drawn as soon as they are due; drawn has each that was.
type open struct {
	*box
	at    time.Duration
	drawn []kiosk.Draw
}

func opened(t *testing.T) *open {
	t.Helper()
	o := &open{box: newBox("one", van.Kept{}), at: 2 * time.Second}
	o.options.Kiosk.Sets = []kiosk.Set{{"en", "ar"}}
	o.options.Kiosk.Capacity = map[string]int{"en+ar": 4}
	o.do(van.TimetableSeen{Timetable: table(t)}, van.ClockSeen{Trusted: true, Source: "rtc"}, power.Line{Active: true, At: o.at})
	return o
}

// do sees values now, and has what is due drawn.
func (o *open) do(values ...any) {
	for _, v := range values {
		o.see(o.at, v)
		o.draw()
	}
}

// draw answers a Draw as a panel does, 4 s later.
func (o *open) draw() {
	for {
		d, ok := effect[kiosk.Draw](o.box)
		if !ok {
			return
		}
		o.drawn = append(o.drawn, d)
		o.at += 4 * time.Second
		o.see(o.at, kiosk.Drawn{Page: d.Page, Cause: d.Cause, Waveform: d.Waveform, Took: 4 * time.Second})
	}
}

// pass lets time pass: lines are read every 10 s, and the state is called when
// it wants to be.
func (o *open) pass(d time.Duration) {
	end := o.at + d
	for o.at < end {
		next := min(o.at+10*time.Second, end)
		if wake := o.state.Wake(o.options); wake != 0 && wake > o.at {
			next = min(next, wake)
		}
		o.at = next
		running := o.state.Power.Generators[0].Running.Value
		o.do(van.Tick{}, power.Line{Active: running, At: o.at})
	}
}

// told are the pages drawn since the last call: name, part, cause.
func (o *open) told() string {
	var s string
	for _, d := range o.drawn {
		s += fmt.Sprintf("%s %d %s; ", d.Page.Name, d.Page.Part, d.Cause)
	}
	o.drawn = nil
	return s
}

func (o *open) tells(t *testing.T, what, want string) {
	t.Helper()
	if got := o.told(); got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// The power goes: the screen first, then the box.
func TestBeforeThePowerGoesThePageIsOneThatStaysTrue(t *testing.T) {
	empty := func(o *open) {
		o.do(power.Line{Active: false, At: o.at})
		for !o.state.Power.Shutdown.Begun {
			o.at += time.Second
			o.see(o.at, power.Line{Active: false, At: o.at}, power.Sample{Volts: 10.5, Amps: -2})
			if !o.state.Power.Shutdown.Begun {
				o.draw()
			}
		}
	}
	o := opened(t)
	o.pass(10 * time.Minute)
	o.told()
	stopped := o.at
	empty(o)
	if _, off := effect[van.PowerOff](o.box); off {
		t.Fatal("the power goes before the page is drawn")
	}
	o.told()
	o.draw()
	if got := o.drawn[0].Page; got.Until.Sub(monday) != stopped.Truncate(time.Minute) {
		t.Errorf("the van was here until %s, its generator until %s", got.Until, monday.Add(stopped))
	}
	o.tells(t, "at the end", "closing 1 shutdown; ")
	if _, off := effect[van.PowerOff](o.box); !off {
		t.Error("the power stays on")
	}
	o.do(kiosk.Press{})
	o.tells(t, "afterwards", "")

	// Refused, the box goes on.
	o.do(power.Refused{})
	o.pass(4 * time.Minute)
	o.tells(t, "refused", "today 1 changed; ")

	o = opened(t)
	o.do(van.DeviceSeen{Name: van.Panel, Reason: "absent"})
	empty(o)
	if _, off := effect[van.PowerOff](o.box); !off {
		t.Error("a box whose panel is absent stays on")
	}
	o = opened(t)
	empty(o)
	o.see(o.at, kiosk.Drawn{Page: o.drawn[0].Page, Err: true})
	if _, off := effect[van.PowerOff](o.box); !off {
		t.Error("a box whose last page fails stays on")
	}
}

// A box without a panel waits for none.
func TestWithoutAPanelNothingIsDue(t *testing.T) {
	b := &box{options: van.DefaultOptions(), boot: "one"}
	b.state = van.New(b.options)
	for at := time.Second; at < 20*time.Minute; at += 10 * time.Second {
		b.see(at, power.Line{Active: at > 5*time.Minute, At: at})
		if wake := b.state.Wake(b.options); wake != 0 && wake <= at {
			t.Fatalf("at %v it asks to be called at %v", at, wake)
		}
		if _, drawn := effect[kiosk.Draw](b); drawn {
			t.Fatal("a page was drawn")
		}
	}
}

// The session's begin, the panel's temperature and what stood on the glass reach
// the screen.
func TestTheScreenKnowsWhatTheVanKnows(t *testing.T) {
	o := &open{box: newBox("one", van.Kept{}), at: 10 * time.Minute}
	o.do(van.TimetableSeen{Timetable: table(t)}, power.Line{Active: true, At: o.at})
	o.tells(t, "a session begins ten minutes after the boot, without a clock", "")

	for ok, want := range map[bool]kiosk.Waveform{true: kiosk.Partial, false: kiosk.Full} {
		o := opened(t)
		o.told()
		o.do(van.TemperatureSeen{Celsius: 18, OK: ok})
		o.pass(6 * time.Minute)
		if len(o.drawn) != 1 || o.drawn[0].Waveform != want {
			t.Errorf("18 °C known: %v, and drawn %+v", ok, o.drawn)
		}
		if was, is := o.state.Kiosk.Glass, newBox("one", o.state.Kept(o.options)).state.Kiosk.Glass; was == "" || is != was {
			t.Errorf("started again, the glass %s is %s", was, is)
		}
	}
}
