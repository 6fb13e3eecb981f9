package power_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"infobus/batterymodel"
	"infobus/power"
)

// This file lets batterymodel, which knows nothing of this package, judge what Step
// says of its batteries. Neither imports the other; only this test knows both.

// verdict is what became of one cell of the grid.
type verdict struct {
	cell                          batterymodel.Cell
	samples, held, usable, called int     // called: good
	narrow                        int     // bounds at most 30 % apart
	off                           float64 // %, at most while it is called good
}

func (v verdict) part(n int) float64 { return 100 * float64(n) / float64(max(1, v.samples)) }

// promised says whether the cell has what docs/power.md promises.
func (v verdict) promised() bool {
	usable := 80.0
	if v.cell.Nights {
		usable = 60
	}
	return v.part(v.held) >= 95 && v.off <= 5 && v.part(v.usable) >= usable
}

// configured are the settings of a team that has read the label of its battery and of
// its charger.
func configured(cell batterymodel.Cell) power.Options {
	o := power.DefaultOptions()
	o.Chemistry = chemistry(cell.Kind)
	o.Chemistry.Charged = cell.Volts - 0.2
	if cell.Kind == batterymodel.LiFePO4 {
		o.Chemistry.Charged = cell.Volts - 0.1
	}
	o.Chemistry.ChargedSlope = 0 // the grid's chargers do not look at a thermometer
	o.Capacity = batterymodel.Stated
	return o
}

func chemistry(kind batterymodel.Kind) power.Chemistry {
	if c, err := power.ChemistryNamed(string(kind)); err == nil {
		return c
	}
	return power.AGM
}

// judge lets so many batteries of a cell live for so many days.
func judge(cell batterymodel.Cell, lives, days int) verdict {
	v := verdict{cell: cell}
	for seed := range lives {
		life := batterymodel.NewLife(rand.New(rand.NewPCG(uint64(seed), 11)), cell)
		o := configured(cell)
		state := power.New(o)
		var kept power.Counted
		var keptOK, on, down bool
		for range days * int(24*time.Hour/batterymodel.Every) {
			r := life.Next(down)
			if down && r.Running {
				down = false // the box starts with the generator
			}
			switch {
			case !r.On && on:
				kept, keptOK = state.Counted(o)
			case r.On && !on:
				state = power.New(o)
				if keptOK {
					state = state.Resume(o, kept, r.At-kept.At, true)
				}
			}
			if on = r.On; !on {
				continue
			}
			state, _ = power.Step(o, state, power.Line{Active: r.Running, At: r.At}, r.At)
			state, _ = power.Step(o, state, power.Sample{Volts: r.Volts, Amps: r.Amps}, r.At)
			down = state.Shutdown.Begun
			v.take(o, state, r)
		}
	}
	return v
}

// take compares what is said with what is so.
func (v *verdict) take(o power.Options, s power.State, r batterymodel.Reading) {
	v.samples++
	held := r.Charge >= s.Bounds[0]-1e-6 && r.Charge <= s.Bounds[1]+1e-6
	if held {
		v.held++
	}
	if s.Bounds[1]-s.Bounds[0] <= 30 {
		v.narrow++
	}
	if s.Confidence == power.Sure {
		v.called++
		v.off = max(v.off, math.Abs(s.Percent.Value-r.Charge))
	}
	least, known := s.AtLeast(o)
	if held && s.Bounds[1]-s.Bounds[0] <= 2*30 || known && least <= r.Left && r.Left <= 2*least {
		v.usable++
	}
}

// TestTheJudgeFindsTheBoundsTrueAndTheFigureOfUse lets one battery of some cells live for
// five days; at length (INFOBUS_SOAK=1) three of every cell for ten, which is the table of
// docs/power.md: go test ./power -run TheJudge -update
func TestTheJudgeFindsTheBoundsTrueAndTheFigureOfUse(t *testing.T) {
	grid := batterymodel.Grid()
	if os.Getenv("INFOBUS_SOAK") == "" {
		for i := 0; i < len(grid); i += 17 {
			if v := judge(grid[i], 1, 5); !v.honest() {
				t.Errorf("%s: the bounds hold %.1f %% of the time; %.1f %% off while good", v.cell, v.part(v.held), v.off)
			}
		}
		return
	}
	verdicts := make([]verdict, len(grid))
	unmet := 0
	for i, cell := range grid {
		v := judge(cell, 3, 10)
		verdicts[i] = v
		if !v.honest() {
			t.Errorf("%s: the bounds hold %.1f %% of the time; %.1f %% off while good", cell, v.part(v.held), v.off)
		}
		if !v.promised() {
			unmet++
			if v.called > 0 {
				t.Errorf("%s: not of use often enough, and yet good at times", cell)
			}
		}
	}
	if unmet > len(grid)/4 {
		t.Errorf("%d of %d cells do not have what is promised", unmet, len(grid))
	}
	const file, begin, end = "../docs/power.md", "<!-- judged -->\n", "<!-- /judged -->"
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(doc), begin)
	_, after, found := strings.Cut(rest, end)
	if !found {
		t.Fatalf("%s has no %s", file, begin)
	}
	want := before + begin + judged(verdicts, unmet) + end + after
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(doc) != want {
		t.Errorf("%s is not what the judge finds: INFOBUS_SOAK=1 go test ./power -run TheJudge -update", file)
	}
}

// A flooded battery of which nobody has measured the capacity or the temperature may be a cold
// one, whose figure is of too little use: it is not called good, and a measured one is.
func TestAFloodedBatteryIsCalledGoodOnlyWhereItWasMeasured(t *testing.T) {
	cell := batterymodel.Cell{Kind: batterymodel.Flooded, Health: batterymodel.Cold, Accept: 2, Volts: 14.8}
	for _, c := range []struct {
		name     string
		measured float64
		first    any
		called   bool
	}{
		{"by its label alone", 0, nil, false},
		{"of a measured capacity", batterymodel.Stated, nil, true},
		{"of a known temperature", 0, power.Temperature{Celsius: 2}, true},
	} {
		life := batterymodel.NewLife(rand.New(rand.NewPCG(1, 11)), cell)
		o := configured(cell)
		o.Measured = c.measured
		state, called := power.New(o), 0
		for range 5 * int(24*time.Hour/batterymodel.Every) {
			r := life.Next(false)
			state, _ = power.Step(o, state, c.first, r.At)
			state, _ = power.Step(o, state, power.Line{Active: r.Running, At: r.At}, r.At)
			state, _ = power.Step(o, state, power.Sample{Volts: r.Volts, Amps: r.Amps}, r.At)
			if state.Confidence == power.Sure {
				called++
			}
		}
		if called > 0 != c.called {
			t.Errorf("a flooded battery %s is called good in %d samples", c.name, called)
		}
	}
}

// honest says whether what is stated is so: needed of every cell.
func (v verdict) honest() bool { return v.part(v.held) >= 95 && v.off <= 5 }

// judged is the table: a row for each battery and acceptance, a column for each charger.
func judged(verdicts []verdict, unmet int) string {
	var b strings.Builder
	least, narrow := 100.0, 0.0
	for _, v := range verdicts {
		least, narrow = min(least, v.part(v.held)), narrow+v.part(v.narrow)/float64(len(verdicts))
	}
	fmt.Fprintf(&b, "%d cells; the bounds hold the truth at least %.1f %% of the time in each, and %d cells have no figure of use often enough.\n", len(verdicts), least, unmet)
	fmt.Fprintf(&b, "In the mean of all cells the bounds are at most 30 points apart %.0f %% of the time.\n\n", narrow)
	b.WriteString("| battery | A/Ah |")
	for _, night := range []string{"on", "nights off"} {
		for _, volts := range batterymodel.Chargers {
			fmt.Fprintf(&b, " %.1f V, %s |", volts, night)
		}
	}
	b.WriteString("\n|---|---|---|---|---|---|---|---|---|---|\n")
	for i := 0; i < len(verdicts); i += 2 * len(batterymodel.Chargers) {
		cell := verdicts[i].cell
		accept := fmt.Sprint(cell.Accept)
		if cell.Kind == batterymodel.LiFePO4 {
			accept = "–"
		}
		fmt.Fprintf(&b, "| %s, %s | %s |", cell.Kind, cell.Health, accept)
		for night := range 2 {
			for j := range batterymodel.Chargers {
				v := verdicts[i+2*j+night]
				text := fmt.Sprintf("%.0f", math.Floor(v.part(v.usable)))
				if !v.promised() {
					text = "**" + text + "**"
				}
				fmt.Fprintf(&b, " %s |", text)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
