package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/examples"
	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/logbook"
	"infobus/timetable"
	"infobus/timetable/source"
)

// secrets are what would give a service away: its id, its name in two
// languages, its place, and who looks after it.
var secrets = []string{"zephyrine-7", "Zanzibar Counsel", "استشارة الزرافة", "Impasse du Zinc", "Zouave Relief"}

// withService is a timetable of a service that everybody may see, and of one
// that is told as show says.
func withService(show string) string {
	return fmt.Sprintf(`timezone: Europe/Paris
sites: [{id: quai, name: Quai des Sternes}]
services:
  - id: water
    category: water
    name: {en: Drinking water}
    place: {name: Parking des Oyats, map: C}
    show: screen
    checked: %[1]s
    by: Eau du Large
    times: [{days: [daily], opens: "00:00", closes: "24:00"}]
  - id: %[3]s
    category: legal
    name: {en: %[4]s, ar: %[5]s}
    place: {name: %[6]s, map: Q}
    show: %[2]s
    checked: %[1]s
    by: %[7]s
    times: [{days: [daily], opens: "00:00", closes: "24:00"}]
`, time.Now().Format(time.DateOnly), show, secrets[0], secrets[1], secrets[2], secrets[3], secrets[4])
}

// A service that is told in person only is in nothing that leaves the process,
// and on no disk but in the team's own file; one that is shown is found, so that
// the search sees.
func TestAServiceToldInPersonIsNowhere(t *testing.T) {
	waits(t)
	for show, hidden := range map[string]bool{"in-person": true, "screen": false} {
		found := everythingOf(t, withService(show))
		for _, s := range secrets {
			var where []string
			for name, text := range found {
				for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
					if bytes.Contains(text, []byte(form)) {
						where = append(where, name)
						break
					}
				}
			}
			if hidden && len(where) > 0 {
				t.Errorf("%q is in %q", s, where)
			}
			if !hidden && len(where) == 0 {
				t.Errorf("%q is not found though it is shown: that it is not found in person says nothing", s)
			}
		}
		if hidden && string(found["asked for it"]) != string(found["asked for nothing"]) {
			t.Errorf("asked for it the box says %s; for one that there is not, %s", found["asked for it"], found["asked for nothing"])
		}
	}
}

// everythingOf runs the daemon in this process with a timetable through a
// session and gives all that left it, by where it was found.
func everythingOf(t *testing.T, table string) map[string][]byte {
	t.Helper()
	state, dir := t.TempDir(), t.TempDir()
	config, file := filepath.Join(dir, "infobus.yaml"), filepath.Join(dir, "timetable.yaml")
	for path, text := range map[string]string{config: "timetable: " + file + "\n", file: table} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a, p := inside(t, flags{config: config, stateDir: state, verbose: true})
	end := p.run(a)
	found := map[string][]byte{}
	local := p.unix()
	look := func(when string) {
		paths := []string{"/", "/services", "/api/v1/state", "/api/v1/events", "/metrics", "/kiosk.png", "/healthz"}
		paths = append(paths, visitorsPaths()...)
		for _, path := range paths {
			answer, err := local.Get("http://infobus" + path)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			found[when+" "+path] = b
		}
	}
	p.becomes("clock.trusted", true)
	if err := a.parts.world.Do("generator", "on"); err != nil {
		t.Fatal(err)
	}
	p.becomes("session.active", true)
	p.has(logbook.KioskRefreshed)
	look("in the session")
	for what, service := range map[string]string{"asked for it": secrets[0], "asked for nothing": "nothing-7"} {
		for _, action := range []string{"timetable-cancel", "timetable-undo"} {
			code, body := p.local("/api/v1/actions/"+action, url.Values{"service": {service}})
			found[what] = append(found[what], fmt.Sprintln(code, body)...)
		}
	}
	if code, body := p.local("/api/v1/actions/timetable-cancel", url.Values{"service": {"water"}}); code != http.StatusOK {
		t.Errorf("%d %s", code, body)
	}
	look("corrected")
	p.wait("the logs to be sent", func() bool { n, ok := p.at("sync.waiting").(float64); return ok && n <= 1 })
	end()
	found["the log"] = []byte(p.output.String())
	findFiles(t, state, found)
	return found
}

// Whatever the page, the site and the hour: with the services that are told in
// person and without them it is the same, to the pixel.
func TestPagesAreTheSameWithoutTheServicesToldInPerson(t *testing.T) {
	whole, err := source.Parse("timetable.yaml", examples.Timetable)
	if err != nil {
		t.Fatal(err)
	}
	without := *whole
	without.Services = slices.DeleteFunc(slices.Clone(whole.Services), func(s timetable.Service) bool { return s.Show != timetable.Screen })
	if len(without.Services) == len(whole.Services) {
		t.Fatal("the example has none")
	}
	o := kiosk.DefaultOptions()
	o.Sets = kiosk.Ten
	frames := 0
	for hour := range 7 * 24 {
		now := time.Date(2026, 11, 22, hour, 5, 0, 0, whole.Zone)
		for _, site := range []string{"", "quai", "moulin", "oyats"} {
			for _, name := range kiosk.Names {
				a := o.Pages(name, kiosk.Content{Timetable: whole, Site: site, Now: now, Until: now})
				b := o.Pages(name, kiosk.Content{Timetable: &without, Site: site, Now: now, Until: now})
				if !reflect.DeepEqual(a, b) {
					t.Fatalf("%s for %q at %s: %d pages, %d without", name, site, now, len(a), len(b))
				}
				if name != kiosk.Today || site != "quai" || hour%24 != 11 {
					continue
				}
				for i := range a {
					x, err := draw.Draw(a[i])
					y, err2 := draw.Draw(b[i])
					if err != nil || err2 != nil || *x != *y {
						t.Fatalf("%s, page %d at %s: the frames differ (%v, %v)", name, i+1, now, err, err2)
					}
					frames++
				}
			}
		}
	}
	if frames < 20 {
		t.Errorf("only %d frames were compared", frames)
	}
	if strings.Contains(fmt.Sprint(without.Services), "women-space") {
		t.Error("the service was not taken out")
	}
}
