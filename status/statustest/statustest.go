// Package statustest has a View for the tests of what shows one.
package statustest

import (
	"time"

	"infobus/power"
	"infobus/status"
)

// Ptr is a pointer to v.
func Ptr[T any](v T) *T { return &v }

// Paris is a fixed offset, so that no zone file is needed.
var Paris = time.FixedZone("CET", 3600)

// Clock is a time on the day of Session, in Paris.
func Clock(h, m int) *time.Time { return Ptr(time.Date(2026, 11, 23, h, m, 0, 0, Paris)) }

// Session is a van in the middle of a good session.
func Session() status.View {
	return status.View{
		Clock: status.Clock{Trusted: true, Source: "timesyncd", Boot: "5b0f4a52-6f0c-4a34-9a8f-0a3d5d1b8a11"},
		Power: status.Power{Source: power.SourceGenerator,
			Generators: []status.Generator{{Name: "generator-1", State: "running", Since: Clock(12, 0), Starts: Ptr(41), RunHours: Ptr(103.5)}},
			Battery:    status.Battery{Level: "good", Quality: "fresh", Percent: Ptr(82.4), Confidence: "good", Volts: Ptr(12.58), Amps: Ptr(3.2)}},
		Session: status.Session{Active: true, Site: "BMX", Since: Clock(12, 0), Until: Clock(14, 30)},
		Uplink: status.Uplink{Verdict: "ok", Since: Clock(12, 1), Advice: "The internet works: there is nothing to do.",
			Ladder:           []status.Rung{{Rung: "cable", Finding: "passed", AgeS: Ptr(3.0)}, {Rung: "dns", Finding: "not-tried"}},
			Cellular:         &status.Cellular{Provider: "Example Mobile", Type: "LTE", Bars: Ptr(4), Status: "active", AgeS: Ptr(55.0)},
			DevicesConnected: Ptr(212)},
		Kiosk:   status.Kiosk{Page: "today", DrawnAt: Clock(12, 1), Languages: []string{"en", "ar"}, Rows: Ptr(4), Refreshes: Ptr(1204), NextAt: Clock(13, 0)},
		Sync:    status.Sync{Log: "log-identity", Seq: 70, Acknowledged: 68, Waiting: 2, LastUpload: Clock(12, 4), Trouble: "upload trouble"},
		Actions: []string{"sync", "refresh-screen", "longer", "end-session", "confirm-site"},
		Devices: []status.Device{{Name: "gpio", State: "ok", Since: Clock(11, 58)},
			{Name: "panel", State: "failed", Reason: "timeout", Why: "wait for busy: timeout", Since: Clock(12, 10)}, {Name: "battery", State: "unknown"}},
	}
}
