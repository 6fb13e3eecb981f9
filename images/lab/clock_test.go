package lab_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"infobus/hw/rtc"
	"infobus/images/lab"
)

// A real clock chip, a PL031, behind a real kernel: the kernel has set its clock by it,
// both are read as they are, and the wall clock is set past it within its bounds. The
// chip keeps its own time: only a time server has the kernel set it.
func TestTheClockChipAndTheWallClock(t *testing.T) {
	chip := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	phone := chip.Add(26 * time.Hour)
	c := boot(t, lab.Options{Kernel: kernel(t), Init: build(t, "infobus/images/lab/init"),
		Files:    map[string]string{"/clocks": build(t, "infobus/images/lab/clocks")},
		QEMU:     []string{"-rtc", "base=" + chip.Format("2006-01-02T15:04:05") + ",clock=vm"},
		Programs: []lab.Program{{Name: "clocks", Command: []string{"/clocks", phone.Format(time.RFC3339)}}}})
	for i, want := range []struct {
		wall  time.Time
		error string
	}{{chip, ""}, {phone, ""}, {phone, "it cannot be that time"}} {
		var got struct {
			Chip  rtc.Reading
			Wall  time.Time
			Error string
		}
		if err := json.Unmarshal([]byte(c.next("clocks")), &got); err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", got)
		// The machine is slow: what it says is at most minutes after it was booted.
		within := func(t, from time.Time) bool { return !t.Before(from) && t.Sub(from) < 5*time.Minute }
		if got.Chip.Driver != "rtc-pl031" || !within(got.Chip.Time, chip) || !within(got.Wall, want.wall) ||
			!strings.Contains(got.Error, want.error) || want.error == "" && got.Error != "" {
			t.Errorf("line %d: %+v, want %s, %q", i, got, want.wall, want.error)
		}
	}
}
