package power

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "draw docs/charge.svg anew")

const sampled = 10 * time.Second

// bank is what the estimator is told of a battery of 100 Ah and of a monitor
// that is up to 2 % and 20 mA off.
func bank(c Chemistry) Bank {
	return Bank{Chemistry: c, Capacity: 100, Gain: 0.02, Offset: 0.02, Rest: 30 * time.Minute, Doubt: 30 * time.Second, Gap: 45 * time.Second, Tail: 0.04, TailFor: 3 * time.Minute, Holds: Range{0.95, 1, 1.05}}
}

// outcome of some simulated days.
type outcome struct {
	samples, known, sure, covered int
	worst, worstSure              float64 // %, of the figure; of the one called good
	trace                         []moment
}

type moment struct {
	at                       time.Duration
	truth, figure, low, high float64
	known                    bool
}

// days lets an estimator watch a battery for ten days of sessions through a
// monitor with that gain and offset.
func days(seed uint64, chem Chemistry, gain, offset float64, disturbed bool) (o outcome) {
	r := rand.New(rand.NewPCG(seed, 4))
	battery := newCell(r, chem.Name == "agm", 100, 0.4+0.5*r.Float64())
	van := &life{r: r, base: 0.9 + 0.7*r.Float64(), charger: 12 + 10*r.Float64()}
	b := bank(chem)
	var c, kept Charge
	var blind, booted time.Duration // until when the monitor is disconnected; when this boot began
	for at := sampled; at <= 10*24*time.Hour; at += sampled {
		load, charger := van.at(at, battery.truth() < 8)
		volts, amps := battery.step(sampled, load, charger)
		if disturbed && r.IntN(6*60*18) == 0 { // about every 18 hours
			blind = at + time.Duration(r.IntN(90))*time.Minute
			if r.IntN(2) == 0 {
				// A power cut, of which nobody knows the length, some time after the count was kept last.
				c, booted = Charge{}, blind
				if kept.known {
					figure, low, high, _ := kept.Percent(b)
					c = Resumed(b, figure, low, high, kept.lessons(), 0, false)
				}
			}
		}
		if at < blind {
			continue
		}
		seen := Sample{Volts: math.Round(volts*1.002/1.25e-3) * 1.25e-3,
			Amps: math.Round((amps*(1+gain)+offset+r.NormFloat64()*0.01)/0.005) * 0.005}
		c = c.Step(b, seen, 25, at-booted+time.Second)
		if at%KeepEvery == 0 {
			kept = c
		}
		figure, low, high, ok := c.Percent(b)
		truth := battery.truth()
		o.samples++
		if truth >= low-1e-6 && truth <= high+1e-6 {
			o.covered++
		}
		if ok {
			o.known++
			o.worst = max(o.worst, math.Abs(figure-truth))
		}
		if ConfidenceOf(figure, low, high, ok) == Sure {
			o.sure++
			o.worstSure = max(o.worstSure, math.Abs(figure-truth))
		}
		if at%(30*time.Minute) == 0 {
			o.trace = append(o.trace, moment{at, truth, figure, low, high, ok})
		}
	}
	return o
}

// Whatever flowed while nothing was measured, up to a fifth of the capacity an
// hour either way, also between the last time the count was kept and the cut: the
// bounds hold the truth.
func TestTheBoundsAllowForWhatFlowedSinceTheCountWasKept(t *testing.T) {
	b := bank(AGM)
	for _, c := range []struct {
		name    string
		charge  Charge
		unseen  time.Duration
		percent float64 // that the bounds are wider, on each side
	}{
		{"the daemon was started again in the same boot", Resumed(b, 50, 49, 51, Learnt{}, 15*time.Minute, true), 15 * time.Minute, 5},
		{"a power cut of an hour, kept long before it, without a clock", Resumed(b, 50, 49, 51, Learnt{}, 0, false), KeepEvery + time.Hour, 25},
		{"the same, and the clock tells", Resumed(b, 50, 49, 51, Learnt{}, 0, false).Away(b, KeepEvery+time.Hour), KeepEvery + time.Hour, 25},
		{"a cut of two hours, and the clock tells", Resumed(b, 50, 49, 51, Learnt{}, 0, false).Away(b, KeepEvery+2*time.Hour), KeepEvery + 2*time.Hour, 45},
	} {
		_, low, high, _ := c.charge.Percent(b)
		flowed := 20 * c.unseen.Hours()
		if low > 49-flowed+1e-9 || high < 51+flowed-1e-9 || math.Abs(49-c.percent-low) > 0.1 || math.Abs(51+c.percent-high) > 0.1 {
			t.Errorf("%s: between %.2f and %.2f %%; %.2f %% may have flowed", c.name, low, high, flowed)
		}
	}
}

// Ten days of sessions, five batteries of either kind (two hundred at length), gains and offsets at
// their worst and between: where the estimator says that it is sure, it is at
// most 5 % off, and its bounds hold the truth at least 95 % of the time.
func batteries() uint64 {
	if os.Getenv("INFOBUS_SOAK") != "" {
		return 200
	}
	return 5
}

func TestTheStatedConfidenceHoldsOverTenDays(t *testing.T) {
	for _, chem := range []Chemistry{AGM, LiFePO4} {
		for _, disturbed := range []bool{false, true} {
			name := chem.Name
			if disturbed {
				name += " with power cuts and a monitor that is disconnected now and then"
			}
			t.Run(name, func(t *testing.T) {
				var all outcome
				for seed := range batteries() {
					gain := []float64{0.02, -0.02, 0.02, -0.02, 0}[seed%5]
					offset := []float64{0.02, -0.02, -0.02, 0.02, 0}[seed%5]
					o := days(seed, chem, gain, offset, disturbed)
					if part := float64(o.covered) / float64(o.samples); part < 0.95 {
						t.Errorf("seed %d: the bounds hold the truth %.1f %% of the time", seed, part*100)
					}
					if o.worstSure > 5 {
						t.Errorf("seed %d: %.1f %% off while it says that it is good", seed, o.worstSure)
					}
					all.samples, all.known, all.sure, all.covered = all.samples+o.samples, all.known+o.known, all.sure+o.sure, all.covered+o.covered
					all.worst, all.worstSure = max(all.worst, o.worst), max(all.worstSure, o.worstSure)
				}
				part := func(n int) float64 { return 100 * float64(n) / float64(all.samples) }
				t.Logf("a figure %.1f %% of the time, at worst %.1f %% off; called good %.1f %% of the time, then at worst %.1f %% off; the bounds hold the truth %.2f %% of the time",
					part(all.known), all.worst, part(all.sure), all.worstSure, part(all.covered))
				// Or the promise would be kept by promising nothing.
				if want := map[bool]float64{false: 30, true: 15}[disturbed]; part(all.sure) < want {
					t.Errorf("sure of itself only %.1f %% of the time", part(all.sure))
				}
			})
		}
	}
}

// The picture of the documentation is what the simulated days give:
// go test ./power -run Plot -update
func TestPlot(t *testing.T) {
	const file = "../docs/charge.svg"
	got := plot()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the simulated days give (%v): go test ./power -run Plot -update", file, err)
	}
}

// plot draws truth, figure and bounds of ten days with an AGM, and of ten days
// with power cuts.
func plot() []byte {
	const width, height, left, top = 1000.0, 220.0, 50.0, 30.0
	var b bytes.Buffer
	p := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	p(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`, 1070, 600)
	p(`<rect width="1070" height="600" fill="#fff"/>`)
	for i, panel := range []struct {
		title     string
		chem      Chemistry
		disturbed bool
	}{{"AGM, 100 Ah", AGM, false}, {"LiFePO4, 100 Ah, power cuts and a monitor that is disconnected now and then", LiFePO4, true}} {
		o := days(3, panel.chem, 0.02, 0.02, panel.disturbed)
		y0 := top + float64(i)*(height+60)
		x := func(at time.Duration) float64 { return left + at.Hours()/240*width }
		y := func(percent float64) float64 { return y0 + (100-percent)/100*height }
		p(`<text x="%g" y="%g">%s; monitor 2 %% and 20 mA off; a sample every 10 s</text>`, left, y0-10, panel.title)
		for percent := 0.0; percent <= 100; percent += 25 {
			p(`<path d="M%g %.1fH%g" stroke="#ddd"/><text x="%g" y="%.1f" text-anchor="end">%.0f %%</text>`, left, y(percent), left+width, left-6, y(percent)+4, percent)
		}
		for day, name := range []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon", "Tue"} {
			p(`<text x="%g" y="%g">%s</text>`, left+float64(day)*100+38, y0+height+18, name)
		}
		var band, back, truth, figure strings.Builder
		pen := "M"
		for n, m := range o.trace {
			move := "L"
			if n == 0 {
				move = "M"
			}
			fmt.Fprintf(&band, "%s%.1f %.1f", move, x(m.at), y(m.high))
			fmt.Fprintf(&truth, "%s%.1f %.1f", move, x(m.at), y(m.truth))
			low := o.trace[len(o.trace)-1-n]
			fmt.Fprintf(&back, "L%.1f %.1f", x(low.at), y(low.low))
			if !m.known {
				pen = "M"
				continue
			}
			fmt.Fprintf(&figure, "%s%.1f %.1f", pen, x(m.at), y(m.figure))
			pen = "L"
		}
		p(`<path d="%s%sZ" fill="#bcd7ee"/>`, band.String(), back.String())
		p(`<path d="%s" fill="none" stroke="#000" stroke-width="1.5"/>`, truth.String())
		p(`<path d="%s" fill="none" stroke="#c0392b" stroke-width="1.2" stroke-dasharray="5 3"/>`, figure.String())
	}
	p(`<g transform="translate(50,585)"><path d="M0 0H30" stroke="#000" stroke-width="1.5"/><text x="36" y="4">truth: the battery model</text>`)
	p(`<path d="M230 0H260" stroke="#c0392b" stroke-dasharray="5 3"/><text x="266" y="4">the box’s figure</text><rect x="400" y="-7" width="30" height="14" fill="#bcd7ee"/><text x="436" y="4">its bounds</text></g>`)
	p(`</svg>`)
	return b.Bytes()
}

// The time left is to empty or to full as the current flows now: when a
// generator stops, it does not take minutes until it is known how long there is.
// A load that comes for seconds turns nothing.
func TestTheTimeLeftTurnsWithTheCurrent(t *testing.T) {
	o := DefaultOptions()
	state, now := New(o), time.Duration(0)
	flow := func(volts, amps float64, d time.Duration) {
		for end := now + d; now < end; {
			now += 2 * time.Second
			state, _ = Step(o, state, Sample{Volts: volts, Amps: amps}, now)
		}
	}
	flow(12.4, 0, 3*time.Hour) // at rest: the voltage tells the charge
	flow(13.4, 8, 10*time.Minute)
	for range 30 {
		flow(13.4, 8, 18*time.Second)
		flow(13.0, -2, 2*time.Second)
		if _, full, ok := state.TimeLeft(o); !full || !ok {
			t.Fatalf("a load for 2 s: full %v, known %v", full, ok)
		}
	}
	for _, amps := range []float64{-2, 8, -4} {
		flow(12.5, amps, turnedAfter+4*time.Second)
		if left, full, ok := state.TimeLeft(o); !ok || full != (amps > 0) || left <= 0 {
			t.Errorf("soon after it turned to %v A: %v, full %v, known %v", amps, left, full, ok)
		}
	}
}
