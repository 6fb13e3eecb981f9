package advice

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"infobus/power"
	"infobus/van"
)

// supply is a combination of what the wires say, for five minutes.
type supply struct {
	generator string // runs, stopped or lost
	sockets   string // none, live, dead or lost
	current   string // charging, held (at the charger's voltage, no current), draining or lost
	monoxide  string // none, quiet or alarm
	hz        float64
	other     bool // the configuration says that something else charges
}

// driven is the power's state after five minutes of it.
func (w supply) driven() (power.Options, power.State) {
	o := power.DefaultOptions()
	o.Sockets, o.Monoxide, o.OtherCharger = w.sockets != "none", w.monoxide != "none", w.other
	s := power.New(o)
	step := func(in any, now time.Duration) { s, _ = power.Step(o, s, in, now) }
	for now := 10 * time.Second; now <= 5*time.Minute; now += 10 * time.Second {
		line := power.Line{Active: w.generator == "runs", At: now}
		if line.Active {
			line.Hz = w.hz
		}
		if w.generator != "lost" {
			step(line, now)
		}
		if w.sockets == "live" || w.sockets == "dead" {
			step(power.SocketLine{Active: w.sockets == "live", At: now}, now)
		}
		if w.monoxide != "none" {
			step(power.MonoxideLine{Active: w.monoxide == "alarm", At: now}, now)
		}
		switch w.current {
		case "charging":
			step(power.Sample{Volts: 13.6, Amps: 5}, now)
		case "held":
			step(power.Sample{Volts: 14.4}, now)
		case "draining":
			step(power.Sample{Volts: 12.4, Amps: -4}, now)
		}
	}
	return o, s
}

// Every combination of generator, session, sockets, charger, load, battery, alarm and
// power-off: in none in which people's sockets are dead, the battery drains that should
// not, gas is about or a power-off is announced is all well, or the power green; every
// healthy one is both.
func TestEveryCombinationOfThePower(t *testing.T) {
	o, base := good(t)
	combinations, ill, well := 0, 0, 0
	all := func(values ...string) []string { return values }
	for _, generator := range all("runs", "stopped", "lost") {
		for _, sockets := range all("none", "live", "dead", "lost") {
			for _, current := range all("charging", "held", "draining", "lost") {
				for _, monoxide := range all("none", "quiet", "alarm") {
					for _, hz := range []float64{0, 50, 46} {
						for _, other := range []bool{false, true} {
							w := supply{generator, sockets, current, monoxide, hz, other}
							opts, driven := w.driven()
							o.Power = opts
							for _, session := range []bool{false, true} {
								for _, level := range []power.Level{power.Full, power.Good, power.Low, power.Critical, power.Unknown} {
									for _, off := range all("", power.BatteryCritical, power.Requested) {
										combinations++
										s := base
										s.Now.Mono = 5*time.Minute + time.Second
										s.Power = driven
										s.Power.Level = level
										s.Power.Shutdown = power.Shutdown{Pending: off != "", Reason: off, At: 7 * time.Minute}
										s.Session.Active, s.Session.Until = session, time.Hour
										if session && s.Power.Source() == power.SourceBattery {
											s.Session.Still = time.Minute
										}
										name := fmt.Sprintf("%+v, session %t, battery %s, off %q", w, session, level, off)
										switch bad, healthy := w.judged(session, level, off); {
										case bad != "":
											ill++
											if green(o, s) || Judge(o, s).May(AllWell) || Judge(o, s).Level == Good {
												t.Errorf("%s: %s, and it is well: %+v", name, bad, Judge(o, s).Rows)
											}
										case healthy:
											well++
											if j := Judge(o, s); !green(o, s) || !j.May(AllWell) || j.Level != Good {
												t.Errorf("%s: it is not well: %+v, %+v", name, j.Rows, j.Tiles)
											}
										}
										if t.Failed() && combinations > 20_000 {
											t.FailNow()
										}
									}
								}
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d combinations: %d ill, %d healthy", combinations, ill, well)
	if combinations < 5000 || ill < 3000 || well < 100 {
		t.Error("the table says too little")
	}
}

// judged is what is wrong with it, by what is so and not by what the box finds; or that
// nothing at all is.
func (w supply) judged(session bool, level power.Level, off string) (bad string, healthy bool) {
	low := level == power.Low || level == power.Critical
	switch {
	case w.monoxide == "alarm":
		return "gas", false
	case off != "":
		return "it goes off", false
	case session && w.generator == "stopped" && w.sockets != "live":
		return "the sockets are dead: no generator runs", false
	case session && w.sockets == "dead" && w.generator == "runs":
		return "the sockets are dead: the breaker is out", false
	case w.current == "draining" && w.generator == "runs":
		return "the battery drains beside a generator", false
	case w.current == "draining" && low:
		return "a low battery drains", false
	}
	sound := !low && level != power.Unknown && w.sockets != "lost" && w.current != "lost" && w.hz != 46
	switch {
	case !sound:
	case session:
		healthy = w.generator == "runs" && w.sockets != "dead" && w.current != "draining"
	case w.generator == "stopped" && w.sockets != "live":
		healthy = w.current == "draining" || w.current == "charging" && w.other
	}
	return "", healthy
}

// green says whether the tile of the power is.
func green(o van.Options, s van.State) bool {
	tiles := Judge(o, s).Tiles
	i := slices.IndexFunc(tiles[:], func(t Tile) bool { return t.About == Power })
	return tiles[i].Level == Good
}
