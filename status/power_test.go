package status

import (
	"testing"
	"time"
)

func TestWhenTheBoxSwitchesOff(t *testing.T) {
	for _, c := range []struct {
		in   float64
		want string
	}{
		{300, "in less than 5 minutes"}, {120, "in less than 2 minutes"}, {100, "in less than 2 minutes"}, {61, "in less than 2 minutes"},
		{60, "in less than 1 minute"}, {51, "in less than 1 minute"}, {50, "in less than 50 seconds"}, {1, "in less than 10 seconds"}, {0, "now"},
	} {
		if got := (Shutdown{Pending: true, InS: &c.in}).When(); got != c.want {
			t.Errorf("%g s without a clock: %q, want %q", c.in, got, c.want)
		}
	}
	at := time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC)
	if got := (Shutdown{Pending: true, At: &at, InS: ptr(100.0)}).When(); got != "at 14:02" {
		t.Errorf("with a clock: %q", got)
	}
	if got := (Shutdown{Pending: true, At: &at, InS: ptr(0.0)}).When(); got != "now" {
		t.Errorf("begun: %q", got)
	}
	if got := (Shutdown{}).When(); got != "" {
		t.Errorf("none pending: %q", got)
	}
}
