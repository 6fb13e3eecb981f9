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

func compose(t *testing.T, tt *timetable.Timetable, at, site string) kiosk.Page {
	t.Helper()
	now, err := time.ParseInLocation("2006-01-02 15:04:05", at, tt.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return kiosk.Compose(tt, site, now.UTC(), []string{"en", "ar"})
}

func ids(p kiosk.Page) string {
	var list []string
	for _, r := range p.Rows {
		list = append(list, r.Service.ID)
	}
	return strings.Join(list, " ")
}

func TestRowsThatDoNotFitAreCounted(t *testing.T) {
	p := compose(t, example(t), "2026-11-23 10:05:59", "moulin")
	if ids(p) != "water showers charging-moulin hot-meals" || p.More != 4 {
		t.Errorf("%s, and %d more", ids(p), p.More)
	}
	if p.Site != "Rue du Moulin Gris" || p.Date.Format(time.RFC3339) != "2026-11-23T00:00:00+01:00" || p.Drawn.Format("15:04:05") != "10:05:00" {
		t.Errorf("site %q, date %s, drawn %s", p.Site, p.Date, p.Drawn)
	}
	p = compose(t, example(t), "2026-11-23 13:00:00", "quai")
	if ids(p) != "water hot-meals clinic clothes" || p.More != 2 {
		t.Errorf("%s, and %d more", ids(p), p.More)
	}
	p = compose(t, example(t), "2026-11-23 18:30:00", "quai")
	if ids(p) != "water hot-meals legal" || p.More != 0 {
		t.Errorf("%s, and %d more", ids(p), p.More)
	}
}

func TestAServiceToAskForHasOneRowWithoutHours(t *testing.T) {
	tt := example(t)
	for i := range tt.Services {
		tt.Services[i].Checked = time.Time{}
	}
	p := compose(t, tt, "2026-11-23 18:30:00", "quai")
	if ids(p) != "hot-meals water clothes showers" || p.More != 2 {
		t.Errorf("%s, and %d more", ids(p), p.More)
	}
	for _, r := range p.Rows {
		if r.State != timetable.AskUs || !r.Opens.IsZero() || !r.Closes.IsZero() {
			t.Errorf("%s: %s, %s to %s", r.Service.ID, r.State, r.Opens, r.Closes)
		}
	}
}

func TestNothingInPersonIsOnAPage(t *testing.T) {
	tt := example(t)
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 11, 20, 0, rapid.IntRange(0, 60*24*14).Draw(t, "minute"), 0, 0, tt.Zone)
		site := rapid.SampledFrom([]string{"quai", "moulin", "oyats", "", "nowhere"}).Draw(t, "site")
		p := kiosk.Compose(tt, site, at, []string{"en", "ar"})
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "women") {
			t.Fatalf("%s", b)
		}
		if len(p.Rows) > kiosk.Rows || p.More > 0 && len(p.Rows) != kiosk.Rows-1 {
			t.Fatalf("%d rows and %d more", len(p.Rows), p.More)
		}
	})
}

func TestIdentityIsOfWhatIsDrawnButTheMinute(t *testing.T) {
	tt := example(t)
	base := compose(t, tt, "2026-11-23 10:05:00", "moulin")
	if later := compose(t, tt, "2026-11-23 10:59:00", "moulin"); later.Identity() != base.Identity() {
		t.Error("the minute alone makes another page")
	}
	seen := map[string]string{base.Identity(): "the page itself"}
	for what, p := range map[string]kiosk.Page{
		"another site":  compose(t, tt, "2026-11-23 10:05:00", "quai"),
		"the next day":  compose(t, tt, "2026-11-24 10:05:00", "moulin"),
		"a closing":     compose(t, tt, "2026-11-23 12:00:00", "moulin"),
		"the next week": compose(t, tt, "2026-11-30 10:05:00", "moulin"),
		"one language":  kiosk.Compose(tt, "moulin", base.Drawn, []string{"en"}),
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
	why.Rows[0].Why = "checked 4 days ago"
	if why.Identity() != base.Identity() {
		t.Error("what is not drawn makes another page")
	}
}

func TestWear(t *testing.T) {
	var w kiosk.Wear
	if ok, _ := w.Allow(time.Second, kiosk.Changed); !ok {
		t.Error("a new panel may not be refreshed")
	}
	w = w.Refreshed(1000 * time.Second)
	for _, c := range []struct {
		now  time.Duration
		why  kiosk.Cause
		ok   bool
		next time.Duration
	}{
		{1179 * time.Second, kiosk.Changed, false, 1180 * time.Second},
		{1179 * time.Second, kiosk.Button, false, 1180 * time.Second},
		{1180 * time.Second, kiosk.Changed, true, 1180 * time.Second},
		{1001 * time.Second, kiosk.SessionStart, true, 1001 * time.Second},
		{1001 * time.Second, kiosk.Shutdown, true, 1001 * time.Second},
		{5 * time.Second, kiosk.Changed, true, 5 * time.Second}, // a later boot
	} {
		if ok, next := w.Allow(c.now, c.why); ok != c.ok || next != c.next {
			t.Errorf("%s at %s: %v, %s; want %v, %s", c.why, c.now, ok, next, c.ok, c.next)
		}
	}
	if w.Fulls != 1 || w.Rebooted().Fulls != 1 || w.Rebooted().LastFull != 0 {
		t.Errorf("%+v, rebooted %+v", w, w.Rebooted())
	}
	b, err := json.Marshal(w)
	var back kiosk.Wear
	if err != nil || json.Unmarshal(b, &back) != nil || back != w {
		t.Errorf("%s comes back as %+v", b, back)
	}
}
