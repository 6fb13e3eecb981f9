package epaper_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"infobus/hw"
	"infobus/hw/epaper/epapertest"
)

func TestACheckFindsAPanelThatIsGoneAndLeavesTheGlassAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chip := epapertest.New()
		panel, err := chip.Open(nil)
		if err != nil {
			t.Fatal(err)
		}
		before := chip.Picture()
		for range 3 {
			if err := panel.Check(context.Background()); err != nil {
				t.Fatal(err)
			}
			if chip.Powered() || !chip.Asleep() {
				t.Error("it was left awake")
			}
		}
		chip.SetFault(epapertest.Absent)
		if err := panel.Check(context.Background()); !errors.Is(err, hw.ErrAbsent) {
			t.Errorf("an absent panel: %v", err)
		}
		chip.SetFault(epapertest.OK)
		if err := panel.Check(context.Background()); err != nil {
			t.Errorf("back again: %v", err)
		}
		if !bytes.Equal(before, chip.Picture()) || chip.Refreshes() != 0 || len(chip.Violations()) > 0 {
			t.Errorf("the glass changed, or the rules were broken: %d refreshes, %q", chip.Refreshes(), chip.Violations())
		}
	})
}
