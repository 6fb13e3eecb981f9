package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
