package source

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"infobus/durable"
	"infobus/timetable"
)

// table is a YAML of two services that was checked on a day.
func table(name, checked string) string {
	return fmt.Sprintf(`sites: [{id: quai, name: Quai des Sternes}]
services:
  - {id: meal, category: food, name: {en: %[1]s}, place: {name: Quai}, show: screen, checked: %[2]s, times: [{days: [daily], opens: "12:00", closes: "14:00"}]}
  - {id: water, category: water, name: {en: Water}, place: {name: Quai}, show: screen, checked: %[2]s, times: [{days: [daily], opens: "9:00", closes: "18:00"}]}
`, name, checked)
}

// states are the states of a day's rows that visitors may see.
func states(tt *timetable.Timetable, at time.Time) string {
	if tt == nil {
		return "nothing"
	}
	var list []string
	for _, r := range timetable.OnScreen(tt.Rows(at, "")) {
		list = append(list, r.Service.Name["en"]+" "+string(r.State))
	}
	return strings.Join(list, ", ")
}

// Whatever kind of source it is, and however it is broken or gone when the daemon
// starts: what was good before stands, but for what the broken one says against it.
func TestTheLastGoodTimetableStandsAtTheStart(t *testing.T) {
	at := time.Date(2026, 11, 30, 8, 0, 0, 0, paris)
	const all = "Water confirmed, Meal confirmed"
	good, mistaken := table("Meal", "2026-11-25"), strings.Replace(table("Meal", "2026-11-25"), `opens: "12:00"`, `opens: "12:xx"`, 1)
	for _, kind := range []string{"file", "folder", "stick", "address"} {
		for _, c := range []struct {
			how, text, want string
		}{
			{"with a mistake", mistaken, "Water confirmed, Meal ask us"},
			{"cut off", good[:len(good)-60], "Water ask us, Meal ask us"},
			{"empty", "", "Water ask us, Meal ask us"},
			{"a web page", "<html><p>sign in</html>", "Water ask us, Meal ask us"},
			{"gone", "gone", all},
		} {
			synctest.Test(t, func(t *testing.T) {
				state, dir := t.TempDir(), t.TempDir()
				from, path := filepath.Join(dir, "t.yaml"), filepath.Join(dir, "t.yaml")
				switch kind {
				case "folder":
					from, path = filepath.Join(dir, "folder"), filepath.Join(dir, "folder", "t.yaml")
				case "stick":
					from, path = filepath.Join(dir, "*", "infobus"), filepath.Join(dir, "STICK", "infobus", "t.yaml")
				case "address":
					from = "https://example.org/t.yaml"
				}
				text := good
				put := func() {
					os.MkdirAll(filepath.Dir(path), 0o755)
					write(t, path, text)
				}
				net := Net{Usable: func() bool { return true }, Client: &http.Client{Transport: answers(func(*http.Request) (int, string, string) {
					if text == "gone" {
						return http.StatusNotFound, "", ""
					}
					return http.StatusOK, fmt.Sprint(len(text)), text
				})}}
				// once starts a process with the source as it is, and gives the last that it saw.
				once := func() (last Loaded) {
					f := Open(durable.System, state, []Origin{{From: from, AfterTap: kind == "stick"}}, true).All()[0]
					last = f.Load()
					switch kind {
					case "address":
						if files, _, err := net.get(t.Context(), timetables, from, f.stamp, &brokenOff{}); err == nil && files != nil {
							last = f.take(files, Stamp{})
						}
					case "stick":
						if files, err := Read(filepath.Dir(path)); err == nil {
							last = f.take(files, Stamp{})
							if w := last.Shelf.Waiting; w != nil && text == good {
								last, _ = f.Publish(w.Digest)
							}
						} else {
							last = f.Lost(err)
						}
					}
					return last
				}
				if kind != "address" {
					put()
				}
				if got := states(once().InUse, at); got != all {
					t.Fatalf("%s: at first: %s", kind, got)
				}
				text = c.text
				switch {
				case kind == "address":
				case c.how == "gone":
					if err := os.RemoveAll(path); err != nil {
						t.Fatal(err)
					}
				default:
					put()
				}
				for range 2 { // and after the next restart
					l := once()
					if got := states(l.InUse, at); got != c.want {
						t.Errorf("%s %s: %s, want %s", kind, c.how, got, c.want)
					}
					if kind != "address" && l.Err == nil {
						t.Errorf("%s %s: nothing is said", kind, c.how)
					}
					if c.how == "gone" && kind != "address" && !errors.Is(l.Err, fs.ErrNotExist) {
						t.Errorf("%s %s: %v", kind, c.how, l.Err)
					}
				}
				if kind != "address" && c.how == "gone" {
					return
				}
				// Mended, all is as it was.
				if text = good; kind != "address" {
					put()
				}
				if l := once(); l.Err != nil || states(l.InUse, at) != all {
					t.Errorf("%s %s, mended: %s, %v", kind, c.how, states(l.InUse, at), l.Err)
				}
			})
		}
	}
}

func TestWhatAStickBringsWaitsForATapAlsoOverARestart(t *testing.T) {
	state := t.TempDir()
	at := time.Date(2026, 11, 30, 8, 0, 0, 0, paris)
	open := func() *Feed {
		return Open(durable.System, state, []Origin{{Name: "stick", From: "/media/*/infobus", AfterTap: true}}, true).All()[0]
	}
	file := func(text string) []File { return []File{{"t.yaml", []byte(text)}} }
	f := open()
	l := f.take(file(table("Meal", "2026-11-25")), Stamp{})
	if l.InUse != nil || l.Shelf.Waiting == nil {
		t.Fatalf("%+v", l)
	}
	f = open()
	if _, err := f.Publish("other"); !errors.Is(err, timetable.ErrAnotherWaits) {
		t.Errorf("%v", err)
	}
	if l, err := f.Publish(l.Shelf.Waiting.Digest); err != nil || states(l.InUse, at) != "Water confirmed, Meal confirmed" {
		t.Fatalf("%+v, %v", l, err)
	}
	published := f.shelf.Live.Digest
	f = open()
	if l := f.take(file(table("Meal", "2026-11-25")), Stamp{}); l.Shelf.Waiting != nil {
		t.Error("what stands waits again after a restart")
	}
	// A cancellation takes effect at once, new hours wait, and both outlive a restart.
	newer := strings.Replace(strings.Replace(table("Meal", "2026-11-25"), `closes: "18:00"`, `closes: "19:00"`, 1), `closes: "14:00"}]}`, `closes: "14:00"}], changes: [{date: 2026-11-30, cancelled: true}]}`, 1)
	f.take(file(newer), Stamp{})
	f = open()
	if got := states(f.now(nil).InUse, at); got != "Water ask us, Meal cancelled" {
		t.Errorf("%s", got)
	}
	if _, err := f.TakeBack("other"); !errors.Is(err, timetable.ErrNoneTaken) {
		t.Errorf("%v", err)
	}
	if l, err := f.TakeBack(published); err != nil || l.InUse != nil {
		t.Errorf("%+v, %v", l, err)
	}
	if l := open().now(nil); l.InUse != nil || l.Shelf.Waiting == nil {
		t.Errorf("after a restart: %+v", l)
	}
}

// Of several sources each stands by itself, and the one that is refused is named.
func TestOneSourceTakesNothingFromAnother(t *testing.T) {
	at := time.Date(2026, 11, 30, 8, 0, 0, 0, paris)
	dir, state := t.TempDir(), t.TempDir()
	a, b := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.csv")
	write(t, a, table("Meal", "2026-11-25"))
	const sheet = "name,category,place,site,days,opens,closes,checked,show\nTea,food,Quai,Quai des Sternes,daily,8:00,10:00,2026-11-25,screen\n"
	write(t, b, sheet)
	open := func() *Feeds {
		return Open(durable.System, state, []Origin{{Name: "main", From: a}, {Name: "tea", From: b, Options: Options{By: "Tea Trust"}}}, true)
	}
	rows := func(tt *timetable.Timetable) (list []string) {
		for _, r := range tt.Rows(at, "quai") {
			list = append(list, r.Service.ID+" "+string(r.State)+" "+r.Service.By)
		}
		return list
	}
	inUse, err := open().Load()
	if got := fmt.Sprint(rows(inUse)); err != nil || got != "[tea.tea confirmed Tea Trust main.water confirmed  main.meal confirmed ]" {
		t.Fatalf("%s, %v", got, err)
	}
	// The second says all that it can against the first.
	write(t, b, sheet+"Meal,food,Quai,,2026-11-30,,,,in-person\nWater,water,Quai,,daily,xx,,,screen\n\"")
	all := open()
	inUse, err = all.Load()
	if got := fmt.Sprint(rows(inUse)); err == nil || !strings.HasSuffix(got, " main.water confirmed  main.meal confirmed ]") {
		t.Errorf("%s, %v", got, err)
	}
	seen := all.Take(0, all.All()[0].Load())
	if seen.Mistakes == 0 || seen.Err == nil || !strings.HasPrefix(seen.Err.Error(), "tea: mistakes: ") || strings.Contains(seen.Err.Error(), "Water") {
		t.Errorf("%+v", seen)
	}
	// A row of another organisation is a mistake, and is not shown.
	write(t, b, "name,category,place,days,opens,closes,checked,show,by\nTea,food,Quai,daily,8:00,10:00,2026-11-25,screen,tea  TRUST\nSoup,food,Quai,daily,8:00,10:00,2026-11-25,screen,Other Trust\n")
	all = open()
	inUse, err = all.Load()
	if err == nil || !strings.Contains(err.Error(), "b.csv:3:51: by: ") {
		t.Errorf("%v", err)
	}
	if _, there := inUse.Service("tea.soup"); there {
		t.Error("a row of another organisation is there")
	}
}

func TestAnOrganisationsAddressSpeaksForItselfAlone(t *testing.T) {
	with := Options{By: "Croix Jaune", Public: timetable.Public{{Kind: timetable.PublicAll}}}
	yaml := func(by string) string {
		return "services:\n  - {id: a, category: food, name: {en: A}, place: {name: P}, show: screen, checked: 2026-11-25, " + by + "times: [{days: [daily], opens: \"9:00\", closes: \"10:00\"}]}\n"
	}
	csv := func(by string) string {
		return "name,category,days,opens,closes,checked,by\nA,food,daily,9:00,10:00,2026-11-25," + by + "\n"
	}
	ics := func(by string) string { return events("", "$DTSTART:20261123T100000\nDURATION:PT1H\n"+by) }
	for _, c := range []struct {
		what, name, text, want string
	}{
		{"YAML without one", "t.yaml", yaml(""), "Croix Jaune"},
		{"YAML with its own", "t.yaml", yaml("by: croix jaune, "), "Croix Jaune"},
		{"YAML with another", "t.yaml", yaml("by: Croix Rouge, "), ""},
		{"a sheet without one", "t.csv", csv(""), "Croix Jaune"},
		{"a sheet with its own", "t.csv", csv("Croix Jaune"), "Croix Jaune"},
		{"a sheet with another", "t.csv", csv("Croix Rouge"), ""},
		{"a calendar without one", "t.ics", ics(""), "Croix Jaune"},
		{"a calendar with its own", "t.ics", ics("X-INFOBUS-BY:CROIX JAUNE\n"), "Croix Jaune"},
		{"a calendar with another", "t.ics", ics("X-INFOBUS-BY:Croix Rouge\n"), ""},
	} {
		p := with.Parse([]File{{c.name, []byte(c.text)}})
		got := ""
		for _, s := range p.Timetable.Services {
			got = s.By
			for _, slot := range s.Slots {
				if !slot.Checked.IsZero() && slot.By != s.By {
					got += " and " + slot.By
				}
			}
		}
		if got != c.want || p.Refused != (c.want == "") {
			t.Errorf("%s: by %q, want %q; %v", c.what, got, c.want, p.Mistakes)
		}
	}
}

func TestASourceNamesItsForm(t *testing.T) {
	text := []byte("name,category,days,opens,closes\nTea,food,mon,9:00,10:00\n")
	if p := (Options{Form: "csv"}).Parse([]File{{"export.yaml", text}}); p.Refused || len(p.Timetable.Services) != 1 {
		t.Errorf("%v", p.Mistakes)
	}
	if p := (Options{}).Parse([]File{{"export.yaml", text}}); !p.Refused {
		t.Error("a sheet was read as YAML")
	}
}

func TestASourceNamesTheDayOfItsCheck(t *testing.T) {
	text := []byte("name,category,days,opens,closes,checked\nTea,food,daily,9:00,10:00,\nSoup,food,daily,12:00,13:00,2026-11-20\n")
	p := Options{Checked: "2026-11-25"}.Parse([]File{{"t.csv", text}})
	var got []string
	for _, s := range p.Timetable.Services {
		got = append(got, s.Checked.In(paris).Format(time.DateOnly))
	}
	if fmt.Sprint(got) != "[2026-11-25 2026-11-20]" {
		t.Errorf("%v", got)
	}
}

func TestAnExampleIsAsIfItWereNotThere(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "example.yaml"), whole)
	open := func(invented ...string) *Feed {
		return Open(durable.System, state, []Origin{{From: dir, Options: Options{Invented: invented}}}, true).All()[0]
	}
	if l := open().Load(); l.InUse == nil {
		t.Fatal("an earlier program shows it, and keeps it")
	}
	f := open("0123456789ab", Digest([]byte(whole)))
	if l := f.now(nil); l.InUse != nil {
		t.Errorf("what an earlier program kept of it is in use: %+v", l.InUse)
	}
	if l := f.Load(); l.InUse != nil || l.Mistakes != 0 || !errors.Is(l.Err, fs.ErrNotExist) {
		t.Errorf("alone: %+v", l)
	}
	write(t, filepath.Join(dir, "own.csv"), "name,category,days,opens,closes,show\nTea,food,mon,9:00,10:00,screen\n")
	if l := f.Load(); l.Err != nil || len(l.InUse.Services) != 1 {
		t.Errorf("beside the team's own: %+v", l)
	}
	if err := os.Remove(filepath.Join(dir, "own.csv")); err != nil {
		t.Fatal(err)
	}
	if l := f.Load(); l.InUse == nil || !errors.Is(l.Err, fs.ErrNotExist) {
		t.Errorf("with the team's own away: %+v", l)
	}
	write(t, filepath.Join(dir, "example.yaml"), whole+"# changed\n")
	if l := f.Load(); l.Err != nil || len(l.InUse.Services) != 2 {
		t.Errorf("changed by the team: %+v", l)
	}
}
