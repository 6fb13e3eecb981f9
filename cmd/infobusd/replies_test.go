package main

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/i2c"

	"infobus/hw/battery"
	"infobus/hw/battery/batterytest"
	"infobus/logbook"
	"infobus/power"
)

// lies are what a bus may do in place of a battery monitor's own answer.
var lies = []string{"honest", "nobody answers", "timeout", "short", "noise", "bus voltage", "current", "shunt", "hangs", "frozen", "reset"}

// liar is a bus with a battery monitor on it whose answers are changed on the way.
type liar struct {
	*batterytest.Monitor
	model battery.Model

	mu    sync.Mutex // guards the rest
	lie   string
	a, b  byte // what the lie is made of
	noise uint32
	last  map[byte][2]byte // what each register answered last

	volts, amps       float64 // as the answers of the present reading mean, reckoned here from the bytes
	gotVolts, gotAmps bool    // in the present reading
	readings          []answer
}

// answer is what bus voltage and current of one reading, or the mean of several, mean.
type answer struct{ volts, amps float64 }

func (l *liar) Open() (i2c.BusCloser, error) { return l, nil }

// tells makes the answers others.
func (l *liar) tells(lie string, a, b byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lie, l.a, l.b = lie, a, b
}

// meant is the mean of the answers since it was asked last, or since the monitor was
// set up anew.
func (l *liar) meant() (mean answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.readings {
		mean.volts += r.volts / float64(len(l.readings))
		mean.amps += r.amps / float64(len(l.readings))
	}
	l.readings = nil
	return mean
}

// means notes what an answer means.
func (l *liar) means(reg byte, raw uint16) {
	switch {
	case reg == 5: // a reading begins with the calibration
		l.gotVolts, l.gotAmps = false, false
	case reg == 2 && l.model == battery.INA226:
		l.volts, l.gotVolts = float64(raw)*1.25e-3, true // SBOS547B, table 7-1
	case reg == 2:
		l.volts, l.gotVolts = float64(raw>>3)*4e-3, true // SBOS448G, section 8.6
	case reg == 4:
		l.amps, l.gotAmps = float64(int16(raw))*100/32768, true // the range over 2^15
	}
	if l.gotVolts && l.gotAmps {
		l.readings = append(l.readings, answer{l.volts, l.amps})
		l.gotVolts, l.gotAmps = false, false
	}
}

func (l *liar) Tx(addr uint16, w, r []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.lie {
	case "nobody answers":
		return errors.New("sysfs-i2c: remote I/O error")
	case "timeout":
		return errors.New("sysfs-i2c: connection timed out")
	case "hangs":
		l.mu.Unlock()
		time.Sleep(3 * time.Second)
		l.mu.Lock()
	case "reset":
		l.Monitor.Reset()
		l.lie = "honest"
	}
	err := l.Monitor.Tx(addr, w, r)
	if len(w) == 3 && w[0] == 0 { // set up anew
		l.readings, l.gotVolts, l.gotAmps = nil, false, false
	}
	if err != nil || len(r) != 2 || len(w) == 0 {
		return err
	}
	reg := w[0]
	switch told := [2]byte{l.a, l.b}; {
	case l.lie == "short":
		r[1] = 0
		if l.a%2 == 0 {
			return errors.New("sysfs-i2c: 1 byte of 2 came")
		}
	case l.lie == "noise":
		l.noise = l.noise*1664525 + 1013904223 + uint32(l.a) + uint32(l.b)<<8
		r[0], r[1] = byte(l.noise>>24), byte(l.noise>>16)
	case l.lie == "frozen":
		if was, ok := l.last[reg]; ok {
			copy(r, was[:])
		}
	case l.lie == "bus voltage" && reg == 2, l.lie == "current" && reg == 4, l.lie == "shunt" && reg == 1:
		copy(r, told[:])
	}
	l.last[reg] = [2]byte(r)
	l.means(reg, binary.BigEndian.Uint16(r))
	return nil
}

// played is what came of a script.
type played struct {
	samples, announced, begun int
}

// phase is a time during which the bus and the generators are so.
type phase struct {
	lie       string
	a, b      byte
	lasts     time.Duration
	generator string  // still, runs, lost or silent
	volts     float64 // the battery's
	amps      float64
}

// play has the real driver sample through the bus, in simulated time, and the
// policy take what it finds. It fails where the box goes down and may not.
func play(t *testing.T, model battery.Model, phases []phase) (out played) {
	synctest.Test(t, func(t *testing.T) {
		const every = 10 * time.Second
		start := time.Now()
		now := func() time.Duration { return time.Since(start) + time.Second }
		bus := &liar{Monitor: batterytest.New(batterytest.As(model)), model: model, lie: "honest", last: map[byte][2]byte{}}
		opts := battery.DefaultOpts()
		opts.Model = model
		monitor := battery.NewMonitor(bus.Open, opts, every)
		o := power.DefaultOptions()
		o.SampleMaxAge = 3*every + 15*time.Second
		state := power.New(o)

		var seen witness
		var pending, still, sample, lost, other time.Duration // when these were seen last
		see := func(input any) {
			var events []logbook.Event
			state, events = power.Step(o, state, input, now())
			for _, e := range events {
				switch {
				case e.Name != logbook.PowerShutdown:
				case e.Attributes["state"] == "pending":
					pending, out.announced = now(), out.announced+1
					if why := seen.due(); why == "" {
						t.Fatalf("at %s a shutdown is announced; the last sample means %+v", now(), seen.last())
					}
				case e.Attributes["state"] == "started":
					out.begun++
					switch {
					case sample == 0 || now()-sample > o.SampleMaxAge || lost >= sample:
						t.Fatalf("at %s the box goes down; the last sample came at %s, the monitor failed at %s", now(), sample, lost)
					case pending == 0 || now()-pending < o.Countdown || other >= pending || lost >= pending:
						t.Fatalf("at %s the box goes down; announced at %s; no drain was seen at %s, no monitor at %s", now(), pending, other, lost)
					case still == 0 || now()-still > o.LineMaxAge:
						t.Fatalf("at %s the box goes down; a generator that stands still was seen last at %s", now(), still)
					}
					state.Shutdown = power.Shutdown{} // the next one
				}
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		inputs := make(chan any)
		ended := make(chan struct{})
		go func() { // as a part of the daemon is run
			defer close(ended)
			give := func(v any) {
				select {
				case inputs <- v:
				case <-ctx.Done():
				}
			}
			for ctx.Err() == nil {
				monitor.Watch(ctx, func(s battery.Sample, _ time.Duration) { give(sampled(s)) })
				give(power.MonitorLost{})
				select {
				case <-time.After(5 * time.Second):
				case <-ctx.Done():
				}
			}
		}()
		for _, p := range phases {
			bus.tells(p.lie, p.a, p.b)
			bus.Set(p.volts, p.amps)
			line := time.NewTicker(every)
			for end := time.After(p.lasts); end != nil; {
				tick := time.NewTimer(time.Hour)
				if wake := state.Wake(o, now()); wake != 0 {
					tick.Reset(max(wake-now(), time.Millisecond))
				}
				select {
				case v := <-inputs:
					switch v.(type) {
					case power.Sample:
						out.samples++
						if a := bus.meant(); a.volts >= 6 && a.volts <= 40 { // else nothing was learnt
							sample = now()
							if seen.sees(a, now(), still != 0 && now()-still <= o.LineMaxAge); !seen.low() {
								other = now()
							}
						}
					case power.MonitorLost:
						lost = now()
						seen.loses()
					}
					see(v)
				case <-line.C:
					switch p.generator {
					case "still":
						still = now()
						see(power.Line{At: now()})
					case "runs":
						other = now()
						see(power.Line{Active: true, At: now()})
					case "lost":
						other = now()
						see(power.LinesLost{})
					}
				case <-tick.C:
					see(nil)
				case <-end:
					end = nil
				}
				tick.Stop()
			}
			line.Stop()
		}
		cancel()
		<-ended
		time.Sleep(time.Minute) // what still hangs on the bus comes back
	})
	return out
}

var generatorWords = []string{"still", "still", "still", "runs", "lost", "silent"}

// script makes phases of made-up bytes, five a phase.
func script(data []byte) (phases []phase) {
	for ; len(data) >= 6 && len(phases) < 40; data = data[6:] {
		phases = append(phases, phase{lie: lies[int(data[0])%len(lies)], a: data[1], b: data[2], lasts: time.Duration(data[3]) * 2 * time.Second,
			generator: generatorWords[int(data[4])%len(generatorWords)], volts: 11 + float64(data[1])/128, amps: float64(int8(data[5])) / 8})
	}
	return phases
}

// Whatever a battery monitor's bus answers, nothing panics, and the box goes
// down only after a whole announced countdown in which each sample that meant a
// battery at all meant one that must be left alone (see witness), the last of them fresh,
// with every generator seen to stand still.
func FuzzReplies(f *testing.F) {
	honest := []byte{0, 40, 0, 250, 0, 0xF0}
	f.Add(honest, false)
	f.Add(append(honest, honest...), true)
	for i := range lies {
		f.Add([]byte{0, 40, 0, 30, 0, 0xF0, byte(i), 0x23, 0x28, 200, 0, 0xF0, byte(i), 0xFF, 0x10, 200, 0, 0xF0}, i%2 == 0)
		f.Add([]byte{byte(i), 0x7F, 0xFF, 250, 0, 0xF0, byte(i), 0x25, 0x80, 250, 1, 0x80}, i%2 == 1)
	}
	f.Fuzz(func(t *testing.T, data []byte, other bool) {
		model := battery.INA226
		if other {
			model = battery.INA219
		}
		play(t, model, script(data))
	})
}

// What is honestly measured brings the box down where it must, and only there:
// what the fuzzing looks for can happen.
func TestWhatIsHonestlyMeasured(t *testing.T) {
	for name, test := range map[string]struct {
		phase
		down bool
	}{
		"empty and drained":             {phase{generator: "still", volts: 11.3, amps: -2}, true},
		"empty and charged":             {phase{generator: "still", volts: 11.3, amps: 0.5}, false},
		"empty, a generator runs":       {phase{generator: "runs", volts: 11.3, amps: -2}, false},
		"empty, no line can be read":    {phase{generator: "lost", volts: 11.3, amps: -2}, false},
		"empty, and no current is read": {phase{generator: "still", volts: 11.3}, true},
		"half full, and none is read":   {phase{generator: "still", volts: 12.2}, false},
		"below its floor":               {phase{generator: "still", volts: 10.9}, true},
		"below its floor, and charged":  {phase{generator: "still", volts: 10.9, amps: 0.5}, false},
		"good":                          {phase{generator: "still", volts: 12.6, amps: -2}, false},
		"empty, and nobody answers":     {phase{lie: "nobody answers", generator: "still", volts: 11.3, amps: -2}, false},
	} {
		for _, model := range []battery.Model{battery.INA226, battery.INA219} {
			test.lasts = 30 * time.Minute
			if out := play(t, model, []phase{test.phase}); out.begun > 0 != test.down || out.samples < 50 && test.lie == "" {
				t.Errorf("%s, %s: %+v", name, model, out)
			}
		}
	}
}

// A lie that lasts less than a level must hold announces nothing.
func FuzzGlitch(f *testing.F) {
	for i := range lies {
		f.Add(byte(i), byte(0x23), byte(0x28), uint16(3), i%2 == 0)
		f.Add(byte(i), byte(0x80), byte(0x01), uint16(9), i%2 == 1)
	}
	f.Fuzz(func(t *testing.T, lie, a, b byte, ms uint16, other bool) {
		model := battery.INA226
		if other {
			model = battery.INA219
		}
		good := phase{lie: "honest", lasts: 30*time.Minute + time.Duration(ms)*time.Millisecond, generator: "still", volts: 12.6, amps: -2}
		glitch := good
		// Shorter than a level must hold, and by one sample: that is a mean over 10 s, and
		// the one after the glitch has some of it.
		glitch.lie, glitch.a, glitch.b, glitch.lasts = lies[int(lie)%len(lies)], a, b, 19*time.Second
		if out := play(t, model, []phase{good, glitch, good, glitch, good}); out.announced != 0 {
			t.Errorf("%s for %s announced %d shutdowns", glitch.lie, glitch.lasts, out.announced)
		}
	})
}
