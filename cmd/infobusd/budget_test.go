package main

import (
	"testing"
	"time"

	"infobus/netmon"
	"infobus/van"
	"infobus/van/kept"
)

// What was spent of the month's budget is spent, also after a power cut.
func TestTheMonthsBudgetOutlivesAPowerCut(t *testing.T) {
	const spent = 12_345_678
	state := t.TempDir()
	if err := kept.Save(kept.System, state, van.Kept{Data: &netmon.Spent{Month: time.Now().UTC().Format("2006-01"), Bytes: map[string]int64{"timetable": spent}}}); err != nil {
		t.Fatal(err)
	}
	p := start(t, state, nil, "--sim")
	p.wait("what was spent", func() bool {
		list, _ := p.at("uplink.data").([]any)
		for _, d := range list {
			d := d.(map[string]any)
			if d["purpose"] == "timetable" && d["month_bytes"] == float64(spent) && d["session_bytes"] == 0.0 {
				return true
			}
		}
		return false
	})
}
