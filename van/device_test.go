package van_test

import (
	"slices"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/van"
)

// A device with a loose contact is told of a few times an hour, and what it is like in the
// end is told all the same.
func TestADeviceThatComesAndGoesIsToldOfRarely(t *testing.T) {
	for _, ends := range []bool{true, false} {
		b := newBox("a", van.Kept{})
		var all []logbook.Event
		see := func(at time.Duration, values ...any) {
			b.see(at, values...)
			for _, e := range b.events {
				if e.Name == logbook.DeviceFailed || e.Name == logbook.DeviceRecovered {
					all = append(all, e)
				}
			}
		}
		at := time.Second
		for i := range 5000 { // three hours
			see(at, van.DeviceSeen{Name: van.Interface, OK: i%2 == 0, Reason: []string{"", "absent"}[i%2]})
			at += 2 * time.Second
		}
		reason := "absent"
		if ends {
			reason = ""
		}
		see(at, van.DeviceSeen{Name: van.Interface, OK: ends, Reason: reason})
		if n := len(all); n < 24 || n > 40 {
			t.Errorf("%d events in three hours", n)
		}
		for range 5 { // as the loop does
			if wake := b.state.Wake(b.options); wake > at && wake <= at+time.Hour {
				at = wake
				see(at, van.Tick{})
			}
		}
		last, n := all[len(all)-1], len(all)
		if (last.Name == logbook.DeviceRecovered) != ends {
			t.Errorf("in the end it works: %v, told last is %v", ends, last.Name)
		}
		see(at+2*time.Hour, van.Tick{})
		if len(all) != n || slices.ContainsFunc(all, func(e logbook.Event) bool { return e.Attributes["device"] != van.Interface }) {
			t.Errorf("more is told: %v", all[n:])
		}
	}
}
