package status_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/advice/advicetest"
	"infobus/logbook"
	"infobus/netmon"
	"infobus/power"
	"infobus/status"
	"infobus/status/statustest"
	"infobus/words"
)

// tiles are the page's, by their ids.
func tiles(v status.View) map[string]status.Tile {
	all := map[string]status.Tile{}
	for _, t := range status.PageOf(v, words.In()).Tiles {
		all[t.ID] = t
	}
	return all
}

func TestATileSaysItsNumber(t *testing.T) {
	for _, c := range []struct {
		name   string
		number status.Number
		want   string
	}{
		{"the charge", status.Number{Kind: "percent", Value: statustest.Ptr(82.9)}, "82 %"},
		{"devices", status.Number{Kind: "count", Value: statustest.Ptr(212.0)}, "212 devices"},
		{"one device", status.Number{Kind: "count", Value: statustest.Ptr(1.0)}, "1 device"},
		{"until when", status.Number{Kind: "until", At: statustest.Clock(14, 30), InS: statustest.Ptr(8100.0)}, "until 14:30"},
		{"until when, without a clock", status.Number{Kind: "until", InS: statustest.Ptr(100.0)}, "1 minute left"},
		{"since when", status.Number{Kind: "since", At: statustest.Clock(12, 10), AgeS: statustest.Ptr(300.0)}, "since 12:10"},
		{"since when, without a clock", status.Number{Kind: "since", AgeS: statustest.Ptr(300.0)}, "for 5 minutes"},
		{"drawn", status.Number{Kind: "drawn", At: statustest.Clock(12, 1)}, "12:01"},
		{"none", status.Number{}, ""},
		{"not known", status.Number{Kind: "percent"}, ""},
	} {
		v := statustest.Session()
		v.Tiles[0].Number = c.number
		if got := status.PageOf(v, words.In()).Tiles[0].Number; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTheTilesAreInTheirOrder(t *testing.T) {
	var got []string
	for _, tile := range status.PageOf(statustest.Session(), words.In()).Tiles {
		got = append(got, tile.Mood+" "+tile.Title+": "+tile.Word)
	}
	if want := []string{"warn Screen: Screen broken", "good Power: Generator running", "good Internet: Working", "good Session: Session on"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTheSentenceHasItsDeadline(t *testing.T) {
	start := words.T("advice.battery-low")
	for _, c := range []struct {
		name  string
		first status.First
		want  status.Sentence
	}{
		{"nothing was judged", status.First{}, status.Sentence{Mood: "unknown", Text: "Not known"}},
		{"all is well", status.First{Level: "good", Words: words.T("advice.none")}, status.Sentence{Mood: "good", Text: "Nothing: all is well."}},
		{"in minutes", status.First{Level: "bad", Words: start, Until: statustest.Clock(12, 27), InS: statustest.Ptr(690.0)},
			status.Sentence{Mood: "bad", Text: "Start a generator: the battery is low.", By: "By 12:27, in 11 minutes"}},
		{"in hours", status.First{Level: "warn", Words: start, Until: statustest.Clock(15, 0)}, status.Sentence{Mood: "warn", Text: "Start a generator: the battery is low.", By: "By 15:00, in 2 hours"}},
		{"without a clock", status.First{Level: "bad", Words: start, InS: statustest.Ptr(95.0)}, status.Sentence{Mood: "bad", Text: "Start a generator: the battery is low.", By: "In 1 minute"}},
		{"in seconds", status.First{Level: "bad", Words: start, InS: statustest.Ptr(31.0)}, status.Sentence{Mood: "bad", Text: "Start a generator: the battery is low.", By: "In 30 seconds"}},
		{"now", status.First{Level: "bad", Words: start, Until: statustest.Clock(12, 15), InS: statustest.Ptr(0.0)}, status.Sentence{Mood: "bad", Text: "Start a generator: the battery is low.", By: "At 12:15"}},
	} {
		v := statustest.Session() // at 12:15
		v.First = c.first
		if got := status.PageOf(v, words.In()).Sentence; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// The piece that is broken is marked, and nothing behind it is said to work.
func TestTheWayIsBrokenInOnePlace(t *testing.T) {
	for verdict, broken := range map[string]string{"ok": "", "slow": "", "cable-unplugged": "cable", "port-missing": "cable", "no-address": "cisco", "gateway-silent": "cisco",
		"no-internet": "mobile", "captive-portal": "internet", "dns-failing": "internet", "unknown": "", "starting": ""} {
		v := statustest.Session()
		v.Uplink.Verdict = verdict
		behind, got, works := false, "", 0
		for _, stop := range status.PageOf(v, words.In()).Way {
			if stop.Broken {
				got, behind = got+stop.ID, true
			} else if behind && stop.Mood == "good" {
				t.Errorf("%s: %s works, behind what is broken", verdict, stop.ID)
			}
			if stop.Mood == "good" {
				works++
			}
		}
		if got != broken || works < 2 {
			t.Errorf("%s: broken is %q, want %q; %d stops work", verdict, got, broken, works)
		}
	}
}

// The way, the tiles and the battery's card say the same of each of the sixty states: no
// stop is worse than its tile, one is as bad, and the charge is one figure.
func TestTheWayAndTheTilesAgree(t *testing.T) {
	moods := []string{"good", "plain", "unknown", "warn", "bad"}
	compared, figures := 0, 0
	for _, c := range advicetest.Sixty() {
		o, s, err := c.Play()
		if err != nil {
			t.Fatal(err)
		}
		v := status.Of(o, s, nil)
		p := status.PageOf(v, words.In())
		worst := map[string]string{"power": "good", "internet": "good"}
		for _, stop := range p.Way {
			part := "power"
			if slices.Contains([]string{"cable", "cisco", "mobile", "internet"}, stop.ID) {
				part = "internet"
			}
			if stop.ID == "box" && !v.Power.Shutdown.Pending {
				continue // its parts have no tile
			}
			if slices.Index(moods, stop.Mood) > slices.Index(moods, worst[part]) {
				worst[part] = stop.Mood
			}
			if stop.ID == "battery" && stop.Word != p.Battery.Word && strings.Contains(stop.Word+p.Battery.Word, "%") {
				t.Errorf("%s: the battery is at %q and at %q", c.Name, stop.Word, p.Battery.Word)
			}
		}
		for _, tile := range p.Tiles {
			stop, is := worst[tile.ID]
			if !is {
				continue
			}
			compared++
			loud := func(mood string) bool { return mood == "warn" || mood == "bad" }
			if (loud(stop) || loud(tile.Mood)) && stop != tile.Mood {
				t.Errorf("%s: the tile %s is %s, the worst stop %s", c.Name, tile.ID, tile.Mood, stop)
			}
			if strings.Contains(tile.Number, "%") {
				if figures++; tile.Number != p.Battery.Word {
					t.Errorf("%s: %q on the tile, %q on the card", c.Name, tile.Number, p.Battery.Word)
				}
			}
		}
	}
	if compared != 120 || figures < 30 {
		t.Errorf("%d tiles and %d figures were compared", compared, figures)
	}
}

func TestEveryValueHasItsAge(t *testing.T) {
	p := status.PageOf(statustest.Session(), words.In())
	for _, tile := range p.Tiles {
		if tile.Age == "" {
			t.Errorf("the tile %s has none", tile.ID)
		}
	}
	for what, got := range map[string]string{
		"the battery: just now": "the battery: " + p.Battery.Age, "the glass: 12:01, 14 min ago": "the glass: " + p.Picture.Age,
		"what was sent: 12:04, 11 min ago": "what was sent: " + p.Logs.Sent, "the devices: the Meraki cloud said just now": "the devices: " + p.People.Age,
		"a part: 12:10, 5 min ago": "a part: " + p.Devices[1].Age, "a step: just now": "a step: " + p.Tried[0].Age,
	} {
		if got != what {
			t.Errorf("%q, want %q", got, what)
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
	v.Clock.Exact = statustest.Clock(14, 8)
	way := status.PageOf(v, words.In()).Way
	stop := way[slices.IndexFunc(way, func(s status.Stop) bool { return s.ID == "cisco" })]
	if stop.Word != "Switched off" || stop.Mood != "bad" || stop.Age != "14:05, 3 min ago" || !stop.Broken {
		t.Errorf("%+v", stop)
	}
	if tile := tiles(v)["internet"]; tile.Age != "14:05, 3 min ago" {
		t.Errorf("%+v", tile)
	}
	v.Uplink.Verdict, v.Uplink.Supply = "ok", status.Supply{State: "on", OffAt: statustest.Clock(14, 17)}
	if way = status.PageOf(v, words.In()).Way; !slices.ContainsFunc(way, func(s status.Stop) bool {
		return s.ID == "cisco" && strings.Contains(s.Word, "switches the Cisco box off at 14:17")
	}) {
		t.Errorf("announced: %+v", way)
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
		word := status.VerdictWord(v.Uplink, s)
		if known := word != s.Say("tile.unknown"); known != (verdict != netmon.Unknown) || strings.Contains(word, ".") {
			t.Errorf("%s is said %q", verdict, word)
		}
	}
}
