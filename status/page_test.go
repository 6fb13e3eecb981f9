package status_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/status"
	"infobus/status/statustest"
	"infobus/words"
)

func TestTheTilesSayItInPlainWords(t *testing.T) {
	for _, c := range []struct {
		name  string
		alter func(*status.View)
		want  [3]string
	}{
		{"a good session", func(v *status.View) { v.Devices = nil }, [3]string{"Generator running", "Working", "until 14:30"}},
		{"on battery", func(v *status.View) { v.Power.Source, v.Session.Active, v.Devices = power.SourceBattery, false, nil },
			[3]string{"On battery 82 %", "Working", "No session"}},
		{"a stale charge is not shown", func(v *status.View) { v.Power.Source, v.Power.Battery.Quality = power.SourceBattery, "stale" },
			[3]string{"On battery", "Working", "until 14:30"}},
		{"nothing is known", func(v *status.View) { *v = status.View{} }, [3]string{"Not known", "Not known", "No session"}},
		{"low", func(v *status.View) { v.Power.Source, v.Power.Battery.Level = power.SourceBattery, "low" },
			[3]string{"On battery 82 %", "Working", "until 14:30"}},
		{"a shutdown goes before all", func(v *status.View) {
			v.Power.Source, v.Uplink.Verdict = power.SourceBattery, "no-internet"
			v.Power.Shutdown = status.Shutdown{Pending: true, Reason: "battery-critical", At: statustest.Clock(14, 2)}
		}, [3]string{"On battery 82 %", "No internet", "until 14:30"}},
		{"a shutdown that was asked for", func(v *status.View) {
			v.Power.Source, v.Session.Active = power.SourceBattery, false
			v.Power.Shutdown = status.Shutdown{Pending: true, Reason: "requested", At: statustest.Clock(14, 2)}
		}, [3]string{"On battery 82 %", "Working", "No session"}},
		{"the cable", func(v *status.View) { v.Uplink.Verdict, v.Uplink.Advice = "cable-unplugged", "Push both ends in." },
			[3]string{"Generator running", "Cable out", "until 14:30"}},
		{"an untrusted clock", func(v *status.View) { v.Clock, v.Session.Until, v.Devices = status.Clock{}, nil, nil },
			[3]string{"Generator running", "Working", "Session on"}},
	} {
		v := statustest.Session()
		c.alter(&v)
		tiles := status.PageOf(v, words.In()).Tiles
		got := [3]string{tiles[0].Word, tiles[1].Word, tiles[2].Word}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTheLastTileSaysTheFirstAdvice(t *testing.T) {
	v := statustest.Session()
	for _, c := range []struct {
		name   string
		advice []status.Advice
		want   status.Tile
	}{
		{"none", nil, status.Tile{Mood: "good", Word: "Nothing: all is well."}},
		{"a hint", []status.Advice{{Severity: "info", Text: "Begin."}}, status.Tile{Mood: "good", Word: "Begin."}},
		{"two", []status.Advice{{Severity: "bad", Text: "Start a generator."}, {Severity: "warn", Text: "Push both ends in."}}, status.Tile{Mood: "bad", Word: "Start a generator."}},
	} {
		v.Advice = c.advice
		if got := status.PageOf(v, words.In()).Tiles[3]; got.Mood != c.want.Mood || got.Word != c.want.Word {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestThePowerTileSaysHowFarTheBatteryGoes(t *testing.T) {
	for _, c := range []struct {
		name  string
		alter func(*status.Power)
		want  string // the word and the lines
	}{
		{"charging", func(p *status.Power) { p.Battery.TimeToFullS = statustest.Ptr(7000.0) }, "Generator running|since 12:00|Battery level 82 %|full in some 2 h|Generator runs; sockets not measured."},
		{"on battery", func(p *status.Power) { p.Source, p.Battery.TimeToEmptyS = power.SourceBattery, statustest.Ptr(22000.0) }, "On battery 82 %|some 6 h left"},
		{"not certain", func(p *status.Power) {
			p.Source, p.Battery.Confidence, p.Battery.PercentLow, p.Battery.PercentHigh = power.SourceBattery, "fair", statustest.Ptr(60.0), statustest.Ptr(80.0)
		}, "On battery 60 to 80 %"},
		{"going down without a clock", func(p *status.Power) {
			p.Source, p.Battery.Level, p.Shutdown = power.SourceBattery, "critical", status.Shutdown{Pending: true, Reason: "battery-critical", InS: statustest.Ptr(100.0)}
		}, "On battery 82 %|Battery nearly empty|The box switches off in less than 2 minutes"},
	} {
		v := statustest.Session()
		c.alter(&v.Power)
		tile := status.PageOf(v, words.In()).Tiles[0]
		if got := strings.Join(append([]string{tile.Word}, tile.Lines...), "|"); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// simCards are the page's SIM cards, and its sentence about the data.
func simCards(v status.View) ([]status.Card, string) {
	p := status.PageOf(v, words.In())
	return p.Cards, p.Data
}

func TestTheSIMCardsAreShownWithTheirBarTheirAgeAndWhatToDo(t *testing.T) {
	renews := time.Date(2026, 12, 12, 1, 0, 0, 0, statustest.Paris)
	v := statustest.Session()
	v.Uplink.Cellular.SIMs = []status.SIM{
		{Slot: 1, Order: statustest.Ptr(1), Active: true, Bundle: statustest.Ptr(int64(20e9)), Used: statustest.Ptr(int64(12.44e9)), AgeS: statustest.Ptr(190.0), Renews: &renews},
		{Slot: 2, Order: statustest.Ptr(2), Bundle: statustest.Ptr(int64(500e6)), Renews: &renews}}
	v.Uplink.Cellular.Failover, v.Uplink.Cellular.FailoverS = statustest.Ptr(true), statustest.Ptr(300.0)
	v.Uplink.Cellular.Enough, v.Uplink.Cellular.Advice = "yes", "The data is enough for this session."
	cards, says := simCards(v)
	if says != "The data is enough for this session." {
		t.Errorf("%q", says)
	}
	want := []status.Card{
		{"SIM 1, in use", "good", 62, []string{"12.4 GB of 20 GB used, the Meraki cloud said 3 min ago", "Begins anew on 12 December."}},
		{"SIM 2", "unknown", -1, []string{"It is not known how much of 500 MB is used.", "Begins anew on 12 December.",
			"If the first SIM has no connection for 5 minutes, the Cisco box takes the other."}},
	}
	for i, c := range cards {
		if len(cards) != 2 || c.Name != want[i].Name || c.Mood != want[i].Mood || c.Percent != want[i].Percent || !slices.Equal(c.Lines, want[i].Lines) {
			t.Errorf("%+v\nwant %+v", c, want[i])
		}
	}
	v.Devices = nil
	v.Uplink.Cellular.Enough, v.Uplink.Cellular.TopUp = "until", statustest.Ptr(1)
	v.Uplink.Cellular.Advice = "The data of SIM 1 is enough until 16:40: top it up before that."
	if cards, _ := simCards(v); cards[0].Mood != "warn" {
		t.Errorf("%+v", cards[0])
	}
	v.Uplink.Cellular = nil
	if cards, says := simCards(v); cards != nil || says != "" {
		t.Errorf("%+v, %q where the cloud was not asked", cards, says)
	}
}

func TestThePageSaysThatTheBoxSwitchedTheCiscoBoxOff(t *testing.T) {
	v := statustest.Session()
	v.Session.Active, v.Power.Source, v.Power.Battery.Level = false, power.SourceBattery, "low"
	v.Uplink.Verdict, v.Uplink.Advice = "cable-unplugged", "The box has switched the Cisco box off."
	v.Uplink.Supply = status.Supply{State: "off", Reason: "battery-low", Since: statustest.Clock(14, 5)}
	tile := status.PageOf(v, words.In()).Tiles[1]
	if tile.Word != "Switched off" || tile.Mood != "warn" || strings.Join(tile.Lines, "|") != "since 14:05|Devices connected: 212|"+v.Uplink.Advice {
		t.Errorf("%+v", tile)
	}
	v.Uplink.Supply = status.Supply{State: "on", OffAt: statustest.Clock(14, 7)}
	if tile := status.PageOf(v, words.In()).Tiles[1]; !strings.Contains(strings.Join(tile.Lines, " "), "switches the Cisco box off at 14:07") {
		t.Errorf("announced: %+v", tile)
	}
}

func TestEveryFaultHasItsOwnSentence(t *testing.T) {
	for _, f := range logbook.Schema[logbook.DeviceFailed] {
		for _, reason := range f.Words {
			if said := words.In().Text(status.Fault(reason)); f.Key == "reason" && reason != "error" && (said == "does not work" || strings.Contains(said, "fault.")) {
				t.Errorf("%s: %s", reason, said)
			}
		}
	}
}

func TestEveryVerdictRungAndDeviceHasItsWords(t *testing.T) {
	s := words.In()
	var v status.View
	for _, rung := range netmon.New().Ladder {
		for _, finding := range []string{"passed", "failed"} {
			v.Uplink.Ladder = append(v.Uplink.Ladder, status.Rung{Rung: string(rung.Name), Finding: finding})
		}
	}
	for _, f := range logbook.Schema[logbook.DeviceFailed] {
		if f.Key == "device" {
			for _, name := range f.Words {
				v.Devices = append(v.Devices, status.Device{Name: name})
			}
		}
	}
	p := status.PageOf(v, s)
	if len(p.Tried) < 16 || len(p.Devices) < 10 {
		t.Fatalf("%d rungs and %d devices: this test sees nothing", len(p.Tried), len(p.Devices))
	}
	for i, l := range p.Tried {
		if l.Name == v.Uplink.Ladder[i].Rung || strings.Contains(l.Name+l.Word, ".") {
			t.Errorf("the rung %s has no words: %+v", v.Uplink.Ladder[i].Rung, l)
		}
	}
	for i, l := range p.Devices {
		if l.Name == v.Devices[i].Name {
			t.Errorf("the device %s has no words", l.Name)
		}
	}
	for _, verdict := range netmon.Verdicts {
		v.Uplink.Verdict = string(verdict)
		word := status.PageOf(v, s).Tiles[1].Word
		if known := word != s.Say("tile.unknown"); known != (verdict != netmon.Unknown) || strings.Contains(word, ".") {
			t.Errorf("%s is said %q", verdict, word)
		}
	}
}
