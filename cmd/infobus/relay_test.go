package main

import (
	"errors"
	"testing"
	"testing/synctest"

	"infobus/hw"
	"infobus/hw/line"
	"infobus/hw/line/linetest"
)

func TestARelayThatAKilledDaemonLeftIsGivenBack(t *testing.T) {
	for _, low := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			chip := linetest.New([]string{"GPIO16"})
			relay := line.Config{Name: "relay", Line: "GPIO16", ActiveLow: low}
			_, err := chip.Output(relay, true)
			if err != nil {
				t.Fatal(err)
			}
			if err := giveBack(chip, relay); err == nil {
				t.Error("taken from a daemon that runs")
			}
			// The kernel lets go of it as it is.
			chip.SetFault(linetest.Absent)
			chip.SetFault(linetest.OK)
			if high, _ := chip.Level("GPIO16"); high == low {
				t.Fatal("the model does not leave the line as it was")
			}
			if err := giveBack(chip, relay); err != nil {
				t.Error(err)
			}
			if high, _ := chip.Level("GPIO16"); high != low {
				t.Error("the Cisco box is still without power")
			}
			chip.SetFault(linetest.Stuck)
			if err := giveBack(chip, relay); !errors.Is(err, hw.ErrTimeout) {
				t.Errorf("a chip that hangs: %v", err)
			}
			chip.SetFault(linetest.OK)
		})
	}
}
