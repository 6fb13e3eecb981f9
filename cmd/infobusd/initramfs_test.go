package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/advice"
	"infobus/card"
	"infobus/config"
	"infobus/config/settings"
	"infobus/reading"
	"infobus/van"
	"infobus/words"
)

func TestTheReportOfTheCardIsRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	want := card.Report{Version: 1, Slot: card.A, Why: card.WhyGood, State: card.BothRight, Root: card.RootChecked,
		Data: card.Data{State: card.DataRepaired, Bytes: 5}, Clock: card.StopClear, Setting: card.FileAbsent}
	if got, err := readReport(write("good", want.Encode())); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for setting, wrong := range map[card.File]settings.Code{card.FileAbsent: settings.Missing, card.FileFound: settings.Missing, card.FileUnreadable: settings.Unreadable} {
		r := want
		r.Setting = setting
		_, mistakes := readSettings(flags{settings: filepath.Join(dir, "infobus.txt"), stateDir: dir, card: write("settings", r.Encode())}, config.Default())
		if len(mistakes) != 1 || mistakes[0].Code != wrong {
			t.Errorf("settings that are %s: %+v, want %s", setting, mistakes, wrong)
		}
	}
	if _, mistakes := readSettings(flags{settings: filepath.Join(dir, "infobus.txt"), stateDir: dir, card: filepath.Join(dir, "none")}, config.Default()); mistakes != nil {
		t.Errorf("a box that has no card of its own: %v", mistakes)
	}
	for name, file := range map[string]string{"no file": filepath.Join(dir, "none"), "none asked for": ""} {
		if _, err := readReport(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{"cut short": want.Encode()[:40], "empty": nil, "endless": make([]byte, 1<<20)} {
		if _, err := readReport(write(name, b)); !errors.Is(err, card.ErrReport) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readReport(dir); err == nil {
		t.Error("a folder is a report")
	}
}

// brokenCards are the reports of cards of which the glass has something to say, and its
// sentence's key.
var brokenCards = []struct {
	name   string
	report card.Report
	glass  string
	todo   string // the page's last words
}{
	{"the card takes no writes", card.Report{Why: card.WhyGood, Data: card.Data{State: card.DataInMemory, Why: card.DataReadOnly}}, "glass.card-in-memory", "advice.then.card-in-memory"},
	{"the card is too small", card.Report{Why: card.WhyGood, Data: card.Data{State: card.DataInMemory, Why: card.DataTooSmall}}, "glass.card-too-small", "advice.then.card-in-memory"},
	{"the data is lost", card.Report{Why: card.WhyGood, Data: card.Data{State: card.DataAnew, Why: card.DataBroken}}, "glass.card-data-lost", "advice.then.card-data-lost"},
	{"some of the data is lost", card.Report{Why: card.WhyGood, Data: card.Data{State: card.DataAnew, Why: card.DataBroken, Salvaged: 2}}, "glass.card-data-saved", "advice.then.card-data-saved"},
	{"the repair took some of the data away", card.Report{Why: card.WhyGood, Data: card.Data{State: card.DataRepaired, Why: card.DataBroken}}, "glass.card-data-saved", "advice.then.card-data-saved"},
	{"a kernel is damaged", card.Report{Why: card.WhyKernel, Data: card.Data{State: card.DataMounted}}, "glass.card-other-slot", "advice.then.card-other-slot"},
	{"a root is damaged", card.Report{Why: card.WhyRoot, Data: card.Data{State: card.DataMounted}}, "glass.card-other-slot", "advice.then.card-other-slot"},
	{"the card was late", card.Report{Why: card.WhyGood, Late: true, Data: card.Data{State: card.DataMounted}}, "glass.card-late", "advice.then.card-late"},
	{"the slot state is damaged", card.Report{Why: card.WhyNoState, Data: card.Data{State: card.DataMounted}}, "glass.card-no-state", "advice.then.card-no-state"},
}

// The glass and the page say what is broken of the card, and what to do, in both
// languages; of a card that is well, or was repaired, the glass says nothing.
func TestOfACardThatIsBrokenGlassAndPageSayWhatToDo(t *testing.T) {
	seen := func(r card.Report) (van.State, string) {
		r.Version = card.ReportVersion
		o := van.DefaultOptions()
		s, _, effects := van.Step(o, van.New(o, van.Panel), van.Observation{At: reading.Stamp{Mono: 1e9}, Value: van.CardSeen{Report: r}})
		return s, plainSpaces(drawn(t, effects))
	}
	for _, c := range brokenCards {
		s, glass := seen(c.report)
		rows := advice.Judge(van.DefaultOptions(), s).Rows
		if !slices.ContainsFunc(rows, func(a advice.Advice) bool { return a.Then.Key == c.todo }) {
			t.Errorf("%s: the page does not say %s, but %+v", c.name, c.todo, rows)
		}
		for _, l := range []string{"en", "fr"} {
			if want := plainSpaces(words.In(l).Text(words.T(c.glass))); !strings.Contains(glass, want) {
				t.Errorf("%s: %q was expected on the glass, which has %q", c.name, want, glass)
			}
		}
	}
	// What the box says of itself stands on the same picture: the next may come minutes later.
	o, note := van.DefaultOptions(), words.T("settings.file", "What", words.T("settings.mistake.empty"))
	_, _, effects := van.Step(o, van.New(o, van.Panel), van.Observation{At: reading.Stamp{Mono: 1e9}, Value: van.CardSeen{Report: brokenCards[0].report, Notes: []words.Text{note}}})
	both := plainSpaces(drawn(t, effects))
	for _, text := range []words.Text{note, words.T(brokenCards[0].glass)} {
		if want := plainSpaces(words.In("en").Text(text)); !strings.Contains(both, want) {
			t.Errorf("%q was expected on the glass, which has %q", want, both)
		}
	}
	for _, state := range []card.DataState{card.DataMounted, card.DataRepaired} {
		if _, glass := seen(card.Report{Why: card.WhyGood, Data: card.Data{State: state}}); glass != "" {
			t.Errorf("the data is %s, and the glass says %q", state, glass)
		}
	}
}

// A card that takes nothing any more in the midst of a session is in the state and on the
// page at once, before what else fails, and on the glass once it stays so; of one that is
// full, or takes it again, the glass says nothing.
func TestACardThatDiesInASessionIsSaid(t *testing.T) {
	const begun = time.Hour
	for _, c := range []struct {
		name, device, reason, again string
		after                       time.Duration
		said                        bool
	}{
		{"the logbook is not written", van.Logbook, "error", "error", 10 * time.Minute, true},
		{"what outlives a power cut is not written, and then nothing comes back", "kept", "error", "timeout", 10 * time.Minute, true},
		{"it has failed for a moment", van.Logbook, "error", "error", 9 * time.Minute, false},
		{"it takes it again", van.Logbook, "error", "", 11 * time.Minute, false},
		{"it is full", van.Logbook, "full", "full", time.Hour, false},
	} {
		o := van.DefaultOptions()
		s := van.New(o, van.Battery, van.Panel, van.Logbook, "kept")
		var effects []van.Effect
		see := func(at time.Duration, v any) {
			s, _, effects = van.Step(o, s, van.Observation{At: reading.Stamp{Mono: at}, Value: v})
		}
		failed := func(name, reason string) van.DeviceSeen {
			return van.DeviceSeen{Name: name, OK: reason == "", Reason: reason}
		}
		for _, name := range []string{van.Logbook, "kept", van.Panel} {
			see(time.Second, failed(name, ""))
		}
		see(begun, failed(van.Battery, "absent"))
		see(begun, failed(c.device, c.reason))
		rows := advice.Judge(o, s).Rows
		i := slices.IndexFunc(rows, func(a advice.Advice) bool { return a.Code == "device-failed" })
		if i < 0 || words.In("en").Text(rows[i].Text) != "Tell the team that a part of the box fails: "+words.In("en").Say("device."+c.device)+"." || rows[i].Then.Key != "advice.then.card-fails" {
			t.Errorf("%s: the page says %+v", c.name, rows)
		}
		if d, _ := s.Device(c.device); d.State != van.DeviceBroken || s.OKToUnplug() {
			t.Errorf("%s: the state has %+v, and it is OK to unplug: %t", c.name, d, s.OKToUnplug())
		}
		see(begun+time.Minute, failed(c.device, c.again))
		see(begun+c.after, failed(van.Battery, "absent"))
		glass := plainSpaces(drawn(t, effects))
		for _, l := range []string{"en", "fr"} {
			if want := plainSpaces(words.In(l).Say("glass.card-fails")); strings.Contains(glass, want) != c.said {
				t.Errorf("%s: on the glass is %q; %q there: %t is right", c.name, glass, want, c.said)
			}
		}
	}
}
