// Package sim is the van on a desk: generators, a battery that they charge and
// the load drains, a cable, a Cisco box, and whether the chips that look at
// them work.
//
// In: commands in the words of "infobus sim". Out: what the chips' models, the
// simulated gateway and the simulated port are to show (see World), or what a
// replayed day is to observe (see sim/day).
package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"infobus/power"
)

// Van is what is so on the desk. Make it with NewVan.
type Van struct {
	Generators []bool          // running
	Charge     float64         // of the battery, 0 to 100 %
	Chemistry  power.Chemistry // of it
	Cable      bool            // plugged in
	Gateway    bool            // powered
	Cut        bool            // and yet not, by the box's relay
	Cellular   string          // up, down, slow or captive
	DNS        bool
	Clock      bool              // synchronised
	Breaker    bool              // of the crates of sockets, in
	Gas        bool              // carbon monoxide: the alarm sounds
	Chip       string            // the clock chip: ok, stopped, or 2000, which it says; "" for none
	Presses    int               // of the button beside the screen, so far
	Devices    map[string]string // gpio, battery, panel: ok, absent or stuck
}

// NewVan is a van with so many generators, all standing still, a battery at 80 %, and
// everything else as it should be.
func NewVan(generators int) *Van {
	return &Van{Generators: make([]bool, generators), Charge: 80, Chemistry: power.AGM, Cable: true, Gateway: true,
		Cellular: "up", DNS: true, Clock: true, Breaker: true,
		Devices: map[string]string{"gpio": "ok", "battery": "ok", "panel": "ok"}}
}

// Commands are what Do understands, for help and errors.
var Commands = []string{
	"generator [N] on|off",
	"battery PERCENT",
	"cable in|out",
	"gateway on|off",
	"cellular up|down|slow|captive",
	"dns up|down",
	"clock trusted|untrusted",
	"chip ok|stopped|2000",
	"sockets live|dead",
	"gas on|off",
	"button press",
	"device gpio|battery|panel ok|absent|stuck",
}

// Do plays one command, given as its words. An unknown one changes nothing.
func (v *Van) Do(words ...string) error {
	if len(words) == 0 {
		return fmt.Errorf("no command; expected one of: %s", strings.Join(Commands, "; "))
	}
	last := words[len(words)-1]
	choose := func(n int, choices ...string) error {
		if len(words) != n || !slices.Contains(choices, last) {
			return fmt.Errorf("%q found; expected: %s", strings.Join(words, " "), usage(words[0]))
		}
		return nil
	}
	switch words[0] {
	case "generator":
		id := power.GeneratorNumbered(1)
		if len(words) == 3 {
			n, err := strconv.Atoi(words[1])
			if err != nil || n < 1 || n > len(v.Generators) {
				return fmt.Errorf("generator %q found; this van has 1 to %d", words[1], len(v.Generators))
			}
			id = power.GeneratorNumbered(n)
			words = []string{words[0], last}
		}
		if err := choose(2, "on", "off"); err != nil {
			return err
		}
		v.Generators[id] = last == "on"
	case "battery":
		percent, err := strconv.ParseFloat(last, 64)
		if len(words) != 2 || err != nil || !(percent >= 0 && percent <= 100) {
			return fmt.Errorf("%q found; expected: battery PERCENT, 0 to 100", strings.Join(words, " "))
		}
		v.Charge = percent
	case "cable":
		if err := choose(2, "in", "out"); err != nil {
			return err
		}
		v.Cable = last == "in"
	case "gateway":
		if err := choose(2, "on", "off"); err != nil {
			return err
		}
		v.Gateway = last == "on"
	case "cellular":
		if err := choose(2, "up", "down", "slow", "captive"); err != nil {
			return err
		}
		v.Cellular = last
	case "dns":
		if err := choose(2, "up", "down"); err != nil {
			return err
		}
		v.DNS = last == "up"
	case "clock":
		if err := choose(2, "trusted", "untrusted"); err != nil {
			return err
		}
		v.Clock = last == "trusted"
	case "chip":
		if err := choose(2, "ok", "stopped", "2000"); err != nil {
			return err
		}
		v.Chip = last
	case "sockets":
		if err := choose(2, "live", "dead"); err != nil {
			return err
		}
		v.Breaker = last == "live"
	case "gas":
		if err := choose(2, "on", "off"); err != nil {
			return err
		}
		v.Gas = last == "on"
	case "button":
		if err := choose(2, "press"); err != nil {
			return err
		}
		v.Presses++
	case "device":
		if err := choose(3, "ok", "absent", "stuck"); err != nil {
			return err
		}
		if _, known := v.Devices[words[1]]; !known {
			return fmt.Errorf("%q found; expected: %s", strings.Join(words, " "), usage("device"))
		}
		v.Devices[words[1]] = last
	default:
		return fmt.Errorf("unknown command %q; expected one of: %s", words[0], strings.Join(Commands, "; "))
	}
	return nil
}

func usage(command string) string {
	i := slices.IndexFunc(Commands, func(c string) bool { return strings.HasPrefix(c, command+" ") })
	return Commands[i]
}

// The simulated battery: 100 Ah, drained by the box and the gateway, charged
// while any generator runs.
const (
	capacity   = 100.0 // Ah
	loadAmps   = -1.2
	chargeAmps = 8.0
	absorption = 14.4 // V, of the charger once the battery is full
)

// Running says whether any generator runs.
func (v *Van) Running() bool { return slices.Contains(v.Generators, true) }

// Live says whether the sockets have power.
func (v *Van) Live() bool { return v.Running() && v.Breaker }

// Amps is the battery's current, positive while charging. A full battery takes
// none.
func (v *Van) Amps() float64 {
	switch {
	case !v.Running():
		return loadAmps
	case v.Charge >= 100:
		return 0
	}
	return chargeAmps
}

// Volts is the voltage at the battery's clamps.
func (v *Van) Volts() float64 {
	if v.Running() && v.Charge >= 100 {
		return absorption
	}
	curve := v.Chemistry.Curve
	rest := curve[len(curve)-1].Volts
	for i, p := range curve[1:] {
		if low := curve[i]; v.Charge <= p.Percent {
			rest = low.Volts + (v.Charge-low.Percent)/(p.Percent-low.Percent)*(p.Volts-low.Volts)
			break
		}
	}
	return rest + v.Amps()*v.Chemistry.Ohms
}

// Advance lets time pass for the battery.
func (v *Van) Advance(d time.Duration) {
	v.Charge = min(100, max(0, v.Charge+v.Amps()*d.Hours()/capacity*100))
}
