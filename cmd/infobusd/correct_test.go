package main

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infobus/durable"
	"infobus/examples"
	"infobus/logbook"
	"infobus/van/kept"
)

// local asks a daemon over its unix socket, as who may do everything.
func (p *process) local(path string, form url.Values) (code int, body string) {
	p.t.Helper()
	client := p.unix()
	answer, err := client.PostForm("http://infobus"+path, form)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(b)
}

// Killed the moment after it said that a correction was done, the daemon knows
// it again.
func TestACorrectionIsDurableBeforeItIsSaidToBeDone(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	// A row that is full is one only until it closes: at whatever hour this runs, it is open.
	dir := t.TempDir()
	around, config := filepath.Join(dir, "timetable.yaml"), filepath.Join(dir, "infobus.yaml")
	if err := os.WriteFile(config, []byte("timetable: "+around+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	always := bytes.Replace(examples.Timetable, []byte(`{days: [daily], opens: "08:00", closes: "20:00"}`), []byte(`{days: [24/7]}`), 1)
	if err := os.WriteFile(around, always, 0o600); err != nil || bytes.Equal(always, examples.Timetable) {
		t.Fatal("water is not always open", err)
	}
	for _, c := range []struct {
		action string
		form   url.Values
		kind   string
		says   string // the visitors' page, after the restart
	}{
		{"timetable-cancel", url.Values{"service": {"water"}}, "cancelled", `class="row struck"`},
		{"timetable-full", url.Values{"service": {"water"}}, "full", `<p class="state">Full</p>`},
		{"timetable-hours", url.Values{"service": {"water"}, "opens": {"00:05", ""}, "closes": {"24:00", ""}}, "hours", "<time>00:05</time>"},
		{"timetable-undo", url.Values{"service": {"water"}}, "", "Drinking water"},
	} {
		p := start(t, state, nil, "--sim", "--config", config)
		p.becomes("clock.trusted", true)
		code, body := p.local("/api/v1/actions/"+c.action, c.form)
		p.kill()
		if code != http.StatusOK {
			t.Fatalf("%s: %d %s", c.action, code, body)
		}
		_, k, ok, err := kept.Open(durable.System, state)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if c.kind == "" && len(k.Corrections) != 0 || c.kind != "" && (len(k.Corrections) != 1 || string(k.Corrections[0].Kind) != c.kind) {
			t.Errorf("%s: kept is %+v", c.action, k.Corrections)
		}
		p = start(t, state, nil, "--sim", "--config", config)
		p.becomes("clock.trusted", true)
		if page := p.get("/today?lang=en"); !strings.Contains(page, c.says) && c.kind != "" {
			t.Errorf("%s: after the restart the page says %s", c.action, page)
		}
		p.kill()
	}

	// What cannot be done is said, and nothing of who asked.
	p := start(t, state, nil, "--sim", "--config", config)
	p.becomes("clock.trusted", true)
	for _, form := range []url.Values{
		{"service": {"Jean Dupont"}}, {"service": {"water"}, "day": {"Jean Dupont"}}, {},
		{"service": {"water"}, "opens": {"Jean Dupont"}, "closes": {"12:00"}}, {"service": {"water"}, "opens": {"12:00"}},
	} {
		code, body := p.local("/api/v1/actions/timetable-hours", form)
		if code != http.StatusConflict && code != http.StatusBadRequest || strings.Contains(body, "Dupont") {
			t.Errorf("%v: %d %s", form, code, body)
		}
	}
	for _, e := range p.events() {
		if e.Name == logbook.TimetableCorrected && len(e.Attributes) != 2 {
			t.Errorf("the event says %v", e.Attributes)
		}
	}
	if b, err := os.ReadFile(filepath.Join(state, kept.Name)); err != nil || strings.Contains(string(b), "Dupont") {
		t.Errorf("%s, %v", b, err)
	}
}
