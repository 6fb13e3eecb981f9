package main

import (
	"strings"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/reading"
	"infobus/status"
	"infobus/status/server"
	"infobus/status/statustest"
	"infobus/van"
	"infobus/words"
)

// seen is the View of a van whose generator, battery and internet are as given.
func seen(source power.Source, level string, alter func(*van.State)) status.View {
	o := van.DefaultOptions()
	o.Power.Generators = 1
	s := van.New(o)
	s.Clock.Trusted, s.Uplink.Verdict, s.Power.Level = true, netmon.OK, power.Level(level)
	s.Session.Active, s.Session.Confirmed = true, true
	if source != power.SourceUnknown {
		s.Power.Generators[0].Running = reading.Of(source == power.SourceGenerator, time.Minute)
	}
	if alter != nil {
		alter(&s)
	}
	return status.Of(o, s, nil).In(words.In())
}

func TestAnEmptyingBatteryNeedsAttention(t *testing.T) {
	for _, c := range []struct {
		source power.Source
		level  string
		code   int
	}{
		{power.SourceBattery, "good", 0}, {power.SourceBattery, "unknown", 0}, {power.SourceBattery, "low", 1}, {power.SourceBattery, "critical", 1},
		{power.SourceUnknown, "critical", 1}, {power.SourceGenerator, "low", 0}, {power.SourceGenerator, "critical", 0},
	} {
		v := seen(c.source, c.level, nil)
		for _, format := range [][]string{{"status"}, {"status", "--json"}} {
			if out, said, code := infobus(t, t.TempDir(), append(format, "--address", answering(t, v))...); code != c.code {
				t.Errorf("%q, source %s, level %s: exit %d, want %d: %s%s", format, c.source, c.level, code, c.code, out, said)
			}
		}
	}
}

// A Cisco box that the box itself holds off, as a remedy, is no trouble.
func TestASwitchedOffCiscoBoxAloneNeedsNoAttention(t *testing.T) {
	v := seen(power.SourceGenerator, "good", func(s *van.State) {
		s.Uplink.Verdict, s.GatewayPower.Fitted, s.GatewayPower.Cut = netmon.CableUnplugged, true, netmon.ByRemedy
	})
	if out, said, code := infobus(t, t.TempDir(), "status", "--address", answering(t, v)); code != 0 || !strings.Contains(out, "switched off: ") {
		t.Errorf("exit %d: %s%s", code, out, said)
	}
}

func TestStatusSaysHowFarTheBatteryGoes(t *testing.T) {
	uplink := status.Uplink{Verdict: "ok"}
	unsure := status.Battery{Level: "good", Quality: "fresh", Percent: ptr(71.0), PercentLow: ptr(60.0), PercentHigh: ptr(80.0), Confidence: "fair",
		TimeToEmptyS: ptr(22000.0), LastsS: ptr(18000.0), AgeS: ptr(190.0)}
	sure := unsure
	sure.Confidence, sure.TimeToEmptyS, sure.LastsS, sure.TimeToFullS = "good", nil, nil, ptr(7000.0)
	for _, c := range []struct {
		power status.Power
		code  int
		want  string
	}{
		{status.Power{Source: power.SourceBattery, Battery: unsure}, 0, "power on battery, battery level good (60 % or more), lasts at least 5 hours, 3 min ago\n"},
		{status.Power{Source: power.SourceGenerator, Battery: sure}, 0, "power generator running, battery level good (71 %), full in some 2 h, 3 min ago\n"},
		{status.Power{Source: power.SourceBattery, Battery: status.Battery{Level: "unknown"}}, 0, "power on battery, battery level unknown\n"},
		{status.Power{Source: power.SourceBattery, Battery: status.Battery{Level: "critical"}, Shutdown: status.Shutdown{Pending: true, Reason: "battery-low", InS: ptr(100.0)}}, 1,
			"power on battery, battery level critical\n the box goes down in less than 2 minutes (battery-low)\n"},
	} {
		v := status.View{First: status.First{Level: "good"}, Power: c.power, Uplink: uplink}
		if c.code != 0 {
			v.Advice = []status.Advice{{Code: "shutdown-announced", Severity: "bad"}}
		}
		out, said, code := infobus(t, t.TempDir(), "status", "--address", answering(t, v))
		if code != c.code || !strings.HasPrefix(unaligned(out), c.want) {
			t.Errorf("exit %d, want %d: %s%s, want %s", code, c.code, out, said, c.want)
		}
	}
}

// One clock: the van's, whatever the zone of who asks is.
func TestEventsAreToldInTheVansZone(t *testing.T) {
	t.Setenv("TZ", "America/New_York")
	s, address := serve(t, server.Options{Open: true, Events: func(after uint64, _ int) ([]logbook.Event, error) {
		if after > 0 {
			return nil, nil
		}
		return []logbook.Event{{Log: "l", Seq: 1, Boot: "b", Name: logbook.GeneratorStarted, At: time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC)}}, nil
	}})
	v := statustest.Session()
	v.Clock.Zone = "Europe/Paris"
	s.Publish(v)
	if out, said, code := infobus(t, t.TempDir(), "events", "--address", address); code != 0 || !strings.Contains(out, "2026-11-23 12:00:00 generator.started") {
		t.Errorf("exit %d: %s%s", code, out, said)
	}
}
