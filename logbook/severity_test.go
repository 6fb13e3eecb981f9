package logbook

import (
	"slices"
	"testing"
)

func TestHowBadAnEventIs(t *testing.T) {
	for _, c := range []struct {
		name Name
		with map[string]any
		want Severity
		body string
	}{
		{PowerMonoxide, map[string]any{"state": "alarm"}, SeverityFatal, "power monoxide: state alarm"},
		{PowerMonoxide, map[string]any{"state": "over"}, SeverityInfo, "power monoxide: state over"},
		{BatteryLevel, map[string]any{"percent": 23.0, "level": "low"}, SeverityWarn, "battery level: level low, percent 23 %"},
		{BatteryLevel, map[string]any{"level": "good"}, SeverityInfo, "battery level: level good"},
		{UplinkChanged, map[string]any{"verdict": "ok", "previous": "no-internet", "seconds": 90.0}, SeverityInfo, "uplink changed: verdict ok, previous no-internet, seconds 90 s"},
		{UplinkChanged, map[string]any{"verdict": "no-internet", "previous": "ok"}, SeverityWarn, "uplink changed: verdict no-internet, previous ok"},
		{DeviceFailed, map[string]any{"device": "panel", "reason": "absent"}, SeverityError, "device failed: device panel, reason absent"},
		{GeneratorStarted, map[string]any{"generator": 1.0}, SeverityInfo, "generator started: generator 1"},
		{VanSummary, map[string]any{"state": "parked", "advice": "none", "level": "good", "percent": 84.0}, SeverityInfo, "parked, all well, battery 84 %"},
		{VanSummary, map[string]any{"state": "session", "advice": "battery-low", "level": "warn", "percent": 20.0, "run_minutes": 340.0, "sessions": 2.0}, SeverityWarn,
			"session, battery low, battery 20 %, generators 340 min the day before, sessions 2"},
		{VanSummary, map[string]any{"state": "unknown", "advice": "none-yet", "level": "unknown"}, SeverityInfo, "power unknown, not all is known"},
		{VanSummary, nil, SeverityInfo, "power unknown"},
		{AdviceChanged, map[string]any{"code": "carbon-monoxide", "level": "bad"}, SeverityError, "advice changed: code carbon-monoxide, level bad"},
		{SystemStopping, nil, SeverityInfo, "system stopping"},
	} {
		e := Event{Name: c.name, Attributes: c.with}
		if got := SeverityOf(e); got != c.want {
			t.Errorf("%s %v: %d, want %d", c.name, c.with, got, c.want)
		}
		if got := Body(e); got != c.body {
			t.Errorf("%q, want %q", got, c.body)
		}
	}
}

// A word in the table that no event has would never be met.
func TestEveryWordOfTheSeveritiesIsOneOfTheSchema(t *testing.T) {
	for name, list := range severities {
		for _, s := range list {
			i := slices.IndexFunc(Schema[name], func(f Field) bool { return f.Key == s.key })
			if s.key != "" && i < 0 {
				t.Errorf("%s has no %s", name, s.key)
				continue
			}
			for _, w := range s.words {
				if !slices.Contains(Schema[name][i].Words, w) {
					t.Errorf("%s: %s is never %s", name, s.key, w)
				}
			}
		}
	}
}
