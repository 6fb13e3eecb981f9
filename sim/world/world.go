// Package world puts the simulated van behind the models of the chips, a
// simulated port and a simulated Cisco box, so that the real drivers look at it.
//
// In: commands in the words of "infobus sim", from the network (Handler) or a
// call (Do). Out: what the models show.
package world

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"periph.io/x/conn/v3/physic"

	"infobus/hw/battery"
	"infobus/hw/battery/batterytest"
	"infobus/hw/epaper/epapertest"
	"infobus/hw/line/linetest"
	"infobus/netmon"
	"infobus/netmon/link/linktest"
	"infobus/power"
	"infobus/reading/clock"
	"infobus/sim"
	"infobus/sim/gateway"
)

// Options say what the simulated van is wired like.
type Options struct {
	Lines             []string      // all that the chip has
	Sense             []string      // of these, the generators' sense lines
	ActiveLow         []bool        // per generator
	Pulses            []bool        // per generator: its line gives one for each half-wave; nil: none does
	Button            string        // of these, the button's; "" for none
	ButtonLow         bool          // it is active low
	Low               string        // of these, the battery protector's alarm; "" for none
	LowLow            bool          // it is active low
	Sockets, Monoxide Wire          // of these, the sockets' detector and the alarm's contact
	Relay             string        // of these, that of the Cisco box's power; "" for none
	RelayLow          bool          // it is active low
	Received          string        // file for what the receiver is sent; see gateway.Options
	Model             battery.Model // of the battery monitor
	Address           uint16        // its address
	Shunt             physic.ElectricResistance
	Reversed          bool             // it counts what flows into the battery as negative
	Chemistry         power.Chemistry  // of the battery; the zero value is an AGM's
	Busy              *epapertest.Busy // of the panel; nil: as long as a real one
}

// Wire is a line that is held; Line is "" for none.
type Wire struct {
	Line string
	Low  bool // it is active low
}

// World is the simulated van and what looks at it. Make it with New.
type World struct {
	Chip    *linetest.Chip
	Monitor *batterytest.Monitor
	Panel   *epapertest.UC8179
	Port    *linktest.Port
	Gateway *gateway.Gateway
	// Swapped is called when the word battery puts another one there; it may be nil.
	Swapped func()

	options Options
	mu      sync.Mutex // guards van, moved, watch
	van     *sim.Van
	moved   time.Time // when the battery was last reckoned
	watch   chan struct{}
}

// New makes a van with everything well, all generators standing still.
func New(o Options) (*World, error) {
	if o.Busy == nil {
		o.Busy = &epapertest.Realistic
	}
	g, err := gateway.Start(gateway.Options{ReceivedFile: o.Received})
	if err != nil {
		return nil, fmt.Errorf("start the simulated Cisco box: %w", err)
	}
	w := &World{
		Monitor: batterytest.New(batterytest.As(o.Model), batterytest.At(o.Address), batterytest.WithShunt(o.Shunt)),
		Panel:   epapertest.New(epapertest.WithBusy(*o.Busy)),
		Port:    linktest.New(),
		Gateway: g,
		options: o, van: sim.NewVan(len(o.Sense)), moved: time.Now(), watch: make(chan struct{}),
	}
	if o.Chemistry.Name != "" {
		w.van.Chemistry = o.Chemistry
	}
	w.Chip = linetest.New(o.Lines, linetest.WithOutput(w.switched))
	if o.Button != "" {
		w.Chip.Drive(o.Button, o.ButtonLow)
	}
	for i, wire := range o.Sense {
		w.Chip.Drive(wire, o.ActiveLow[i])
	}
	return w, w.apply()
}

// Close ends what New started.
func (w *World) Close() error { return w.Gateway.Close() }

// Do plays one command, given as its words. An unknown one changes nothing.
func (w *World) Do(words ...string) error {
	err := w.do(words)
	if err == nil && words[0] == "battery" && w.Swapped != nil {
		w.Swapped()
	}
	return err
}

func (w *World) do(words []string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advance()
	if len(words) > 0 && (words[0] == "sockets" && w.options.Sockets.Line == "" || words[0] == "gas" && w.options.Monoxide.Line == "") {
		return fmt.Errorf("%s: this van has no line for it", words[0])
	}
	pressed := w.van.Presses
	if err := w.van.Do(words...); err != nil {
		return err
	}
	if w.van.Presses != pressed && w.options.Button != "" {
		w.Chip.Drive(w.options.Button, !w.options.ButtonLow)
		time.AfterFunc(press, func() { w.Chip.Drive(w.options.Button, w.options.ButtonLow) })
		return nil
	}
	return w.apply()
}

// switched takes the level of an output: the relay cuts the Cisco box's power.
func (w *World) switched(line string, high bool) {
	if line != w.options.Relay {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.van.Cut = high != w.options.RelayLow
	if err := w.apply(); err != nil {
		slog.Warn("the simulated Cisco box", "why", err)
	}
}

// press is how long a finger stays on the button.
const press = 200 * time.Millisecond

// Run lets the battery be drained and charged, and the mains swing, until ctx is done.
func (w *World) Run(ctx context.Context) error {
	var mains sync.WaitGroup
	defer mains.Wait()
	for i := range w.options.Sense {
		if w.pulses(i) {
			mains.Go(func() { w.swing(ctx, i) })
		}
	}
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		w.mu.Lock()
		w.advance()
		w.battery()
		w.mu.Unlock()
	}
}

func (w *World) pulses(i int) bool { return i < len(w.options.Pulses) && w.options.Pulses[i] }

// A half-wave of mains at 50 Hz, and the pulse at its beginning.
const (
	halfWave = 10 * time.Millisecond
	pulse    = time.Millisecond
)

// swing gives the pulses of a generator's line while it runs, until ctx is done. Their
// stamps are even, however busy the machine is.
func (w *World) swing(ctx context.Context, i int) {
	wire, low := w.options.Sense[i], w.options.ActiveLow[i]
	for next := clock.Mono(); ; next += halfWave {
		for {
			w.mu.Lock()
			running, changed := w.van.Generators[i], w.watch
			w.mu.Unlock()
			if running {
				break
			}
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
		}
		now := clock.Mono()
		if now-next > 5*halfWave {
			next = now // it stood still, or the process did
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next - now):
		}
		w.Chip.DriveAt(wire, !low, next)
		w.Chip.DriveAt(wire, low, next+pulse)
	}
}

// Clock observes whether the wall clock is synchronised, at first and at each
// change, until ctx is done.
func (w *World) Clock(ctx context.Context, observe func(synchronised bool)) error {
	for first, last := true, false; ; first = false {
		w.mu.Lock()
		now, changed := w.van.Clock, w.watch
		w.mu.Unlock()
		if first || now != last {
			last = now
			observe(now)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// ClockChip is what the clock chip is, in the word of "infobus sim chip"; "" while there
// is none.
func (w *World) ClockChip() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.van.Chip
}

func (w *World) advance() {
	now := time.Now()
	w.van.Advance(now.Sub(w.moved))
	w.moved = now
}

// alarm is the charge, in %, below which the battery's protector gives alarm.
const alarm = 20

// battery shows the battery to the models. The caller holds mu, or nobody else has w.
func (w *World) battery() {
	amps := w.van.Amps()
	if w.options.Reversed {
		amps = -amps
	}
	w.Monitor.Set(w.van.Volts(), amps)
	if w.options.Low != "" {
		w.Chip.Drive(w.options.Low, w.van.Charge < alarm != w.options.LowLow)
	}
}

// apply shows the van to the models. The caller holds mu, or nobody else has w.
func (w *World) apply() error {
	for i, running := range w.van.Generators {
		if !w.pulses(i) {
			w.Chip.Drive(w.options.Sense[i], running != w.options.ActiveLow[i])
		}
	}
	for _, wire := range []struct {
		Wire
		active bool
	}{{w.options.Sockets, w.van.Live()}, {w.options.Monoxide, w.van.Gas}} {
		if wire.Line != "" {
			w.Chip.Drive(wire.Line, wire.active != wire.Low)
		}
	}
	w.Chip.SetFault(linetest.Fault(w.van.Devices["gpio"]))
	w.battery()
	w.Monitor.SetFault(batterytest.Fault(w.van.Devices["battery"]))
	w.Panel.SetFault(epapertest.Fault(w.van.Devices["panel"]))
	w.Port.Set(func(l *netmon.Link) {
		if *l = linktest.Plugged; !w.van.Cable || w.van.Cut {
			*l = netmon.Link{Present: true}
		}
	})
	err := w.Gateway.Set(func(s *gateway.Switches) {
		s.On, s.DNS = w.van.Gateway && w.van.Cable && !w.van.Cut, w.van.DNS
		s.Cellular = gateway.Cellular(w.van.Cellular)
	})
	close(w.watch)
	w.watch = make(chan struct{})
	return err
}

// Handler plays POST /sim/WORD/WORD/…: the words of a command.
func (w *World) Handler() http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		words := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/sim/"), "/"), "/")
		if err := w.Do(words...); err != nil {
			// Not err itself: it repeats what was asked.
			answer.Header().Set("Content-Type", "application/json")
			answer.WriteHeader(http.StatusBadRequest)
			json.NewEncoder(answer).Encode(map[string]string{"error": "not a command of this van; there are: " + strings.Join(sim.Commands, "; ")})
			return
		}
		answer.WriteHeader(http.StatusNoContent)
	})
}
