package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"infobus/durable"
	"infobus/examples"
	"infobus/logbook"
	"infobus/van/kept"
)

// A volunteer taps where the van is: until then no page that a visitor can see
// names it, and after it every one does, also after the daemon was killed and after a power cut.
func TestAVolunteerTapsWhereTheVanIs(t *testing.T) {
	looksInABrowser(t)
	t.Parallel()
	dir, state := t.TempDir(), t.TempDir()
	plan := regexp.MustCompile(`(?s)plan:\n.*?\n\n`).ReplaceAllString(string(examples.Timetable),
		"plan:\n  - {site: moulin, days: [daily], from: \"00:00\", to: \"24:00\"}\n\n")
	config := fmt.Sprintf("timetable: %s\nstatus:\n  pin-file: %s\n", filepath.Join(dir, "timetable.yaml"), filepath.Join(dir, "pin"))
	for name, text := range map[string]string{"timetable.yaml": plan, "pin": "2468\n", "infobus.yaml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--sim", "--config", filepath.Join(dir, "infobus.yaml")}
	p := start(t, state, nil, args...)
	p.infobus("sim", "generator", "on")
	p.becomes("session.active", true)
	p.becomes("session.planned_site", "moulin")
	if site := p.at("session.site"); site != "" {
		t.Errorf("the site is %q before anybody said it", site)
	}
	for _, path := range []string{"/", "/today?lang=en"} {
		if page := p.get(path); strings.Contains(page, "Rue du Moulin Gris</bdi></b>") || path == "/" && strings.Contains(page, "Moulin") {
			t.Errorf("%s names the site: %s", path, page)
		}
	}
	if code, body := p.local("/api/v1/actions/confirm-site", url.Values{"site": {"nowhere"}}); code != http.StatusConflict {
		t.Errorf("an unknown site: %d %s", code, body)
	}

	browser := openPage(t, p.base+"/")
	browser.logIn("2468")
	browser.wait("Where is the van?")
	// The planned one stands first. The page redraws that part whenever the state changes, so it
	// is looked for and tapped in one go.
	if seen := browser.eval(`(b => { const seen = b.offsetHeight > 0; b.click(); return seen ? "seen" : "hidden" })(document.querySelector("form[action$='/confirm-site'] button"))`); seen != "seen" {
		t.Errorf("the button is %s", seen)
	}
	p.becomes("session.site", "moulin")
	p.becomes("session.planned_site", "")
	browser.wait("It is noted: Rue du Moulin Gris.")                                                         // it is durable
	for path, client := range map[string]*http.Client{"/": p.unix(), "/today?lang=en": http.DefaultClient} { // strangers have the visitors' page alone
		answer, err := client.Get(p.base + path)
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if !strings.Contains(string(page), "Rue du Moulin Gris") {
			t.Errorf("%s does not name the site: %s", path, page)
		}
	}

	// Killed and started again in the same boot, it is still certain; and changed
	// in one word.
	p.kill()
	p = start(t, state, nil, args...)
	p.infobus("sim", "generator", "on")
	p.becomes("session.site", "moulin")
	if out, code := infobus(t, "--address", filepath.Join(state, "infobus.sock"), "site", "quai"); code != 0 {
		t.Errorf("infobus site quai: exit %d: %s", code, out)
	}
	p.becomes("session.site", "quai")
	if out, code := infobus(t, "--address", filepath.Join(state, "infobus.sock"), "days", "--json"); code != 0 || !strings.Contains(out, `"sessions":`) {
		t.Errorf("infobus days: exit %d: %s", code, out)
	}

	// After a power cut the session goes on there, with its end, and is the same.
	p.wait("its end", func() bool { return p.at("session.until") != nil })
	until := p.at("session.until")
	p.kill()
	file, k, _, err := kept.Open(durable.System, state)
	if err != nil || k.Session == nil || k.Session.Wall.IsZero() {
		t.Fatalf("kept %+v, %v", k.Session, err)
	}
	k.Boot = "another"
	if err := file.Save(k); err != nil {
		t.Fatal(err)
	}
	p = start(t, state, nil, args...)
	p.infobus("sim", "generator", "on")
	p.becomes("session.site", "quai")
	p.wait("its end", func() bool { return p.at("session.until") != nil })
	before, err := time.Parse(time.RFC3339, until.(string))
	if err != nil {
		t.Fatal(err)
	}
	if now, err := time.Parse(time.RFC3339, p.at("session.until").(string)); err != nil || now.Sub(before).Abs() > time.Second {
		t.Errorf("until %v, before the cut %v: %v", now, before, err)
	}
	started := 0
	for _, e := range p.events() {
		if e.Name == logbook.SessionStarted {
			started++
		}
		if e.Name == logbook.SessionEnded {
			t.Errorf("the session ended: %v", e.Attributes)
		}
		for key, v := range e.Attributes {
			if v == "moulin" || v == "quai" {
				t.Errorf("%s says %s: %v", e.Name, key, v)
			}
		}
	}
	if started != 1 {
		t.Errorf("%d sessions began", started)
	}
}
