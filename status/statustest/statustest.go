// Package statustest has a View for the tests of what shows one.
package statustest

import (
	"slices"
	"time"

	"infobus/power"
	"infobus/status"
	"infobus/words"
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
		First: status.First{Code: "screen-failed", Level: "warn", Act: "tell-people", Until: Clock(14, 30), Words: words.T("advice.screen-failed")},
		Tiles: []status.Glance{
			{Tile: "screen", Level: "warn", Icon: "broken", Words: words.T("glance.screen.broken"), Number: status.Number{Kind: "since", At: Clock(12, 10), AgeS: Ptr(300.0)}},
			{Tile: "power", Level: "good", Icon: "generator", Words: words.T("glance.power.generator"), Number: status.Number{Kind: "percent", Value: Ptr(82.0)}},
			{Tile: "internet", Level: "good", Icon: "on", Words: words.T("verdict.ok"), Number: status.Number{Kind: "count", Value: Ptr(212.0)}},
			{Tile: "session", Level: "good", Icon: "on", Words: words.T("glance.session.on"), Number: status.Number{Kind: "until", At: Clock(14, 30)}},
		},
		Clock: status.Clock{Trusted: true, Source: "timesyncd", Now: Clock(12, 15), Exact: Clock(12, 15), Zone: "Europe/Paris", Boot: "5b0f4a52-6f0c-4a34-9a8f-0a3d5d1b8a11"},
		Power: status.Power{Source: power.SourceGenerator,
			Generators: []status.Generator{{Name: "generator-1", State: "running", Since: Clock(12, 0), Starts: Ptr(41), RunHours: Ptr(103.5)}},
			Battery:    status.Battery{Level: "good", Quality: "fresh", Percent: Ptr(82.4), Confidence: "good", AgeS: Ptr(2.0), Volts: Ptr(12.58), Amps: Ptr(3.2)}},
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

// Say is v with other words on a tile.
func Say(v status.View, tile, key string) status.View {
	v.Tiles = slices.Clone(v.Tiles)
	for i := range v.Tiles {
		if v.Tiles[i].Tile == tile {
			v.Tiles[i].Words = words.T(key)
		}
	}
	return v
}
