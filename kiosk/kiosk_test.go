package kiosk_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/kiosk"
	"infobus/timetable"
	"infobus/timetable/source"
)

func example(t testing.TB) *timetable.Timetable {
	t.Helper()
	data, err := os.ReadFile("../examples/timetable.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tt, err := source.Parse("timetable.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	return tt
}

func compose(t *testing.T, tt *timetable.Timetable, at, site string) []kiosk.Page {
	t.Helper()
	now, err := time.ParseInLocation("2006-01-02 15:04:05", at, tt.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return kiosk.DefaultOptions().Pages(kiosk.Today, kiosk.Content{Timetable: tt, Site: site, Now: now.UTC()})
}

// ids are the services of pages, those of one page between bars.
func ids(pages []kiosk.Page) string {
	var list []string
	for i, p := range pages {
		if i > 0 {
			list = append(list, "|")
		}
		for _, r := range p.Rows {
			list = append(list, r.Service.ID)
		}
	}
	return strings.Join(list, " ")
}

func TestRowsThatDoNotFitStandOnFurtherPages(t *testing.T) {
	pages := compose(t, example(t), "2026-11-23 10:05:59", "moulin")
	if got := ids(pages); got != "water showers charging-moulin hot-meals | clinic clothes hot-meals legal" {
		t.Error(got)
	}
	for i, p := range pages {
		if p.Site != "Rue du Moulin Gris" || p.Date.Format(time.RFC3339) != "2026-11-23T00:00:00+01:00" || p.Drawn.Format("15:04:05") != "10:05:00" {
			t.Errorf("site %q, date %s, drawn %s", p.Site, p.Date, p.Drawn)
		}
		if p.Part != i+1 || p.Parts != 2 {
			t.Errorf("page %d is %d of %d", i, p.Part, p.Parts)
		}
	}
	if got := ids(compose(t, example(t), "2026-11-23 18:30:00", "quai")); got != "water hot-meals legal" {
		t.Error(got)
	}
}

func TestAServiceToAskForHasOneRowWithoutHours(t *testing.T) {
	tt := example(t)
	for i := range tt.Services {
		tt.Services[i].Checked = time.Time{}
	}
	pages := compose(t, tt, "2026-11-23 18:30:00", "quai")
	if got := ids(pages); got != "hot-meals water clothes showers | clinic legal" {
		t.Error(got)
	}
	for _, p := range pages {
		for _, r := range p.Rows {
			if r.State != timetable.AskUs || !r.Opens.IsZero() || !r.Closes.IsZero() {
				t.Errorf("%s: %s, %s to %s", r.Service.ID, r.State, r.Opens, r.Closes)
			}
		}
	}
}

func TestNothingInPersonIsOnAPage(t *testing.T) {
	tt := example(t)
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 11, 20, 0, rapid.IntRange(0, 60*24*14).Draw(t, "minute"), 0, 0, tt.Zone)
		in := kiosk.Content{Timetable: tt, Now: at, Site: rapid.SampledFrom([]string{"quai", "moulin", "oyats", "", "nowhere"}).Draw(t, "site")}
		o := kiosk.DefaultOptions()
		o.Capacity = map[string]int{"en+ar": rapid.IntRange(1, 6).Draw(t, "capacity")}
		for _, name := range kiosk.Names {
			for _, p := range o.Pages(name, in) {
				b, err := json.Marshal(p)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(b), "women") {
					t.Fatalf("%s", b)
				}
				if len(p.Rows) > o.Capacity["en+ar"] || p.Part > p.Parts {
					t.Fatalf("%d rows on page %d of %d", len(p.Rows), p.Part, p.Parts)
				}
			}
		}
	})
}

func TestWithoutAClockNothingSaysToday(t *testing.T) {
	for _, name := range kiosk.Names {
		for _, in := range []kiosk.Content{{Timetable: example(t), Site: "quai"}, {}} {
			pages := kiosk.DefaultOptions().Pages(name, in)
			if undated := name == kiosk.ClockNotSet || name == kiosk.SettingUp; undated != (len(pages) == 1) {
				t.Errorf("%s: %d pages without a clock", name, len(pages))
			}
			for _, p := range pages {
				if !p.Date.IsZero() || !p.Drawn.IsZero() {
					t.Errorf("%s says %s", name, p.Date)
				}
			}
		}
	}
}

func TestIdentityIsOfWhatIsDrawnButTheMinute(t *testing.T) {
	tt := example(t)
	base := compose(t, tt, "2026-11-23 10:05:00", "moulin")[0]
	if later := compose(t, tt, "2026-11-23 10:59:00", "moulin")[0]; later.Identity() != base.Identity() {
		t.Error("the minute alone makes another page")
	}
	seen := map[string]string{base.Identity(): "the page itself"}
	for what, p := range map[string]kiosk.Page{
		"another site":  compose(t, tt, "2026-11-23 10:05:00", "quai")[0],
		"the next day":  compose(t, tt, "2026-11-24 10:05:00", "moulin")[0],
		"a closing":     compose(t, tt, "2026-11-23 12:00:00", "moulin")[0],
		"the next week": compose(t, tt, "2026-11-30 10:05:00", "moulin")[0],
		"one language":  kiosk.Options{Sets: []kiosk.Set{{"en"}}}.Pages(kiosk.Today, kiosk.Content{Timetable: tt, Site: "moulin", Now: base.Drawn})[0],
	} {
		if other, twice := seen[p.Identity()]; twice {
			t.Errorf("%s has the identity of %s", what, other)
		}
		seen[p.Identity()] = what
	}
	cancelled := base
	cancelled.Rows = append([]timetable.Row{}, base.Rows...)
	cancelled.Rows[0].State = timetable.Cancelled
	if cancelled.Identity() == base.Identity() {
		t.Error("a cancelled row makes no other page")
	}
	why := base
	why.Rows = append([]timetable.Row{}, base.Rows...)
	why.Rows[0].Why = timetable.Why{Code: "checked", Days: 4}
	if why.Identity() != base.Identity() {
		t.Error("what is not drawn makes another page")
	}
}

// board is one whose every list is longer than a page.
func board() kiosk.Board {
	day := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	b := kiosk.Board{Phone: "http://10.44.0.2/today", Worth: kiosk.Worth{Megabytes: 140, Video: 6, Call: 45, Checked: day},
		Bundles: []int{50, 140, 500, 1000, 2000}, Countries: []string{"SD", "ER", "ET", "AF", "IR", "IQ"}, MaxAge: 30 * 24 * time.Hour}
	for i := range 5 {
		b.Numbers = append(b.Numbers, kiosk.Number{Number: string(rune('1' + i)), Checked: day})
		b.Operators = append(b.Operators, kiosk.Operator{Name: string(rune('A' + i)), Calls: map[string]bool{"SD": false}, Checked: day})
	}
	b.Numbers[1].Checked, b.Operators[4].Checked = day.AddDate(0, 0, -60), day.AddDate(0, 0, -60)
	return b
}

func TestWhatTheTeamSaysStandsOnAsManyPagesAsItNeeds(t *testing.T) {
	o := kiosk.DefaultOptions()
	o.Board = board()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	in := kiosk.Content{Timetable: example(t), Now: now}

	help := o.Pages(kiosk.Help, in)
	var numbers []string
	for i, p := range help {
		for _, n := range p.Board.Numbers {
			numbers = append(numbers, n.Number)
		}
		if p.Part != i+1 || p.Parts != 3 {
			t.Errorf("page %d is %d of %d", i, p.Part, p.Parts)
		}
	}
	if got := strings.Join(numbers, " "); got != "1 3 4 5" || len(help[0].Board.Numbers) != 2 || help[2].Board.Phone == "" {
		t.Errorf("%s; %+v", got, help)
	}
	if alone := (kiosk.Options{Sets: kiosk.Ten[:1]}).Pages(kiosk.Help, in); len(alone) != 1 {
		t.Errorf("%d pages for 112 alone", len(alone))
	}

	sim := o.Pages(kiosk.SIM, in)
	if len(sim) != 6 {
		t.Fatalf("%d pages: two of bundles and four of the grid were expected", len(sim))
	}
	for _, o := range sim[5].Board.Operators {
		if _, known := o.Calls["SD"]; known != (o.Name == "D") {
			t.Errorf("%s: known %v", o.Name, known)
		}
	}
	in.Now = now.AddDate(0, 1, 0)
	if late := o.Pages(kiosk.SIM, in)[0].Board; late.Worth != (kiosk.Worth{}) || len(late.Bundles) == 0 {
		t.Errorf("a worth that is too old: %+v", late)
	}
}

func TestMinutesAreNeverRoundedUp(t *testing.T) {
	w := kiosk.Worth{Megabytes: 140, Video: 6, Call: 45}
	for megabytes, want := range map[int][2]int{140: {6, 45}, 139: {5, 44}, 500: {21, 160}, 1000: {42, 320}, 1: {0, 0}} {
		if video, call := w.Of(megabytes); [2]int{video, call} != want {
			t.Errorf("%d MB: %d and %d minutes, want %v", megabytes, video, call, want)
		}
	}
	if video, call := (kiosk.Worth{}).Of(500); video+call != 0 {
		t.Error("an unknown worth gives minutes")
	}
}
