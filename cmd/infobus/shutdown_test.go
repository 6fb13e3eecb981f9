package main

import (
	"testing"
	"testing/synctest"
	"time"

	"infobus/config"
	"infobus/hw/line/linetest"
)

func TestTheLastLookSeesWhetherAGeneratorRuns(t *testing.T) {
	const low, high = false, true
	for _, test := range []struct {
		name   string
		before bool // the level at first
		moves  int  // changes of it, 10 ms apart
		fault  linetest.Fault
		runs   bool
		fails  bool
	}{
		{"it stands still", high, 0, linetest.OK, false, false},
		{"it runs", low, 0, linetest.OK, true, false},
		{"it starts during the look", high, 1, linetest.OK, true, false},
		{"a contact bounces once", high, 2, linetest.OK, false, false},
		{"its line pulses, and is inactive in the end", high, 8, linetest.OK, true, false},
		{"the chip is not there", low, 0, linetest.Absent, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				chip := linetest.New([]string{"GPIO22", "GPIO27"})
				chip.Drive("GPIO22", high)
				chip.Drive("GPIO27", test.before)
				chip.SetFault(test.fault)
				go func() {
					for i := range test.moves {
						time.Sleep(10 * time.Millisecond)
						chip.Drive("GPIO27", test.before != (i%2 == 0))
					}
				}()
				runs, err := lastLook(chip, []config.Line{{Line: "GPIO22", Active: "low", Bias: "pull-up"},
					{Line: "GPIO27", Active: "low", Bias: "pull-up"}}, pulsesWithin)
				if runs != test.runs || (err != nil) != test.fails {
					t.Errorf("runs %v, %v; want %v", runs, err, test.runs)
				}
			})
		})
	}
}
