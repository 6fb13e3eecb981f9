package power_test

import (
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
	if s.Confidence == power.Sure {
		v.called++
		v.off = max(v.off, math.Abs(s.Percent.Value-r.Charge))
	}
	least, known := s.AtLeast(o)
	figure, given := s.Percent.Get()
	if held && given && max(s.Bounds[1]-figure, figure-s.Bounds[0]) <= 30 || known && least <= r.Left && r.Left <= 2*least {
		v.usable++
	}
}

func TestTheJudgeFindsTheBoundsTrueAndTheFigureOfUse(t *testing.T) {
	grid := batterymodel.Grid()
	lives, days, every := 3, 10, 1
	if os.Getenv("INFOBUS_SOAK") == "" {
		lives, days, every = 1, 5, 17
	}
	type count struct{ cells, kept, held, good, useful int }
	var c count
	var lines []string
	for i := 0; i < len(grid); i += every {
		v := judge(grid[i], lives, days)
		c.cells++
		if v.promised() {
			c.kept++
		}
		if v.part(v.held) >= 95 {
			c.held++
		}
		if v.off <= 5 {
			c.good++
		}
		lines = append(lines, fmt.Sprintf("%s: %d h, bounds hold %.1f %%, usable %.0f %%, good %.0f %% and then %.1f off", v.cell, v.samples/360, v.part(v.held), v.part(v.usable), v.part(v.called), v.off))
	}
	t.Logf("%+v\n%s", c, strings.Join(lines, "\n"))
}
