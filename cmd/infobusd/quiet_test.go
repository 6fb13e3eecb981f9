package main

import (
	"bytes"
	"encoding/json"
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

	"infobus/examples"
	"infobus/logbook"
)

// places and hours of the example's services.
var placeOrHour = regexp.MustCompile(`(?i)moulin|sternes|huttes|parking|\b\d\d:\d\d\b`)

// bare looks at everything that a visitor or an open phone of a volunteer may show.
func (p *process) bare(t *testing.T) {
	t.Helper()
	local := p.unix()
	for _, path := range append(visitorsPaths(), "/services", "/kiosk.png", "/guide.pdf") {
		answer, err := local.Get("http://infobus" + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if found := placeOrHour.Find(body); found != nil && path != "/kiosk.png" {
			t.Errorf("while it is quiet %s says %q", path, found)
		}
	}
	var v struct {
		Session struct {
			Site, Planned string
			Since, Until  *time.Time
		}
		Kiosk struct{ Next any }
	}
	if err := json.Unmarshal([]byte(p.get("/api/v1/state")), &v); err != nil {
		t.Fatal(err)
	}
	if v.Session.Site != "" || v.Session.Since != nil || v.Session.Until != nil || v.Kiosk.Next != nil {
		t.Errorf("while it is quiet the state says %+v", v)
	}
	if page := p.get("/"); regexp.MustCompile(`(?i)moulin|sternes|huttes`).MatchString(page) {
		t.Errorf("while it is quiet the page names a place: %s", page)
	}
}

// One tap, and seconds later nothing names a place or an hour, whatever happens to the
// box; and nothing tells afterwards that it was so.
func TestQuietIsBareWithinSecondsAndLeavesNoTrace(t *testing.T) {
	waits(t)
	t.Parallel()
	dir, state := t.TempDir(), t.TempDir()
	plan := regexp.MustCompile(`(?s)plan:\n.*?\n\n`).ReplaceAllString(string(examples.Timetable),
		"plan:\n  - {site: moulin, days: [daily], from: \"00:00\", to: \"24:00\"}\n\n")
	for name, text := range map[string]string{"timetable.yaml": plan, "infobus.yaml": fmt.Sprintf("timetable: %s\n", filepath.Join(dir, "timetable.yaml"))} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--sim", "--van-times", "--verbose", "--config", filepath.Join(dir, "infobus.yaml")}
	p := start(t, state, nil, args...)
	p.infobus("sim", "clock", "trusted")
	p.infobus("sim", "generator", "on")
	p.becomes("session.active", true)
	if code, body := p.local("/api/v1/actions/confirm-site", url.Values{"site": {"moulin"}}); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	p.becomes("kiosk.page", "today")
	shown := p.get("/kiosk.png")
	if !placeOrHour.MatchString(p.get("/today?lang=en")) {
		t.Fatal("the visitors' page has no place and no hour: this test sees nothing")
	}

	begun := time.Now()
	if code, body := p.local("/api/v1/actions/quiet", nil); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	var pages, glass time.Duration
	for guard := begun.Add(hangGuard); glass == 0; time.Sleep(5 * time.Millisecond) {
		if pages == 0 && !placeOrHour.MatchString(p.get("/today?lang=en")) {
			pages = time.Since(begun)
		}
		picture := p.get("/kiosk.png")
		if picture == shown {
			t.Fatal("while it is quiet the picture is that of before")
		}
		if p.at("kiosk.page") == "help" && p.at("kiosk.drawing") == false && bytes.HasPrefix([]byte(picture), []byte("\x89PNG")) {
			glass = time.Since(begun)
		}
		if time.Now().After(guard) {
			t.Fatalf("the glass is not bare: %s", p.get("/api/v1/state"))
		}
	}
	t.Logf("from the tap until the pages are bare %s, until the glass is %s", pages.Round(time.Millisecond), glass.Round(10*time.Millisecond))
	p.bare(t)
	if code, _ := p.local("/api/v1/actions/show-today", nil); code != http.StatusConflict {
		t.Errorf("another page was asked for: %d", code)
	}

	// A power cut does not end it.
	p.kill()
	p = start(t, state, nil, args...)
	p.infobus("sim", "clock", "trusted")
	p.infobus("sim", "generator", "on")
	p.becomes("quiet", true)
	p.becomes("kiosk.page", "help")
	p.bare(t)

	for _, e := range p.events() {
		text, _ := json.Marshal(e)
		if bytes.Contains(bytes.ToLower(text), []byte("quiet")) || e.Name == logbook.KioskRefreshed && e.Attributes["page"] == "help" && e.Attributes["cause"] != "button" {
			t.Errorf("the event %s tells", text)
		}
	}
	received, _ := os.ReadFile(filepath.Join(state, "received.jsonl"))
	for what, text := range map[string]string{"log": p.output.String(), "metrics": p.get("/metrics"), "upload": string(received)} {
		if strings.Contains(strings.ToLower(text), "quiet") {
			t.Errorf("the %s tells: %.2000s", what, text)
		}
	}
	if code, _ := p.local("/api/v1/actions/quiet-off", nil); code != http.StatusOK {
		t.Errorf("its end: %d", code)
	}
	p.becomes("quiet", false)
	p.wait("the visitors' page to be there again", func() bool { return placeOrHour.MatchString(p.get("/today?lang=en")) })
}
