package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"infobus/logbook"
	"infobus/logbook/store"
)

// A van without a receiver gives its logs to a stick; the helpers make their report of it,
// and with their receipt the van knows that they have them.
func TestTheLogsGoByStick(t *testing.T) {
	waits(t)
	t.Parallel()
	state, stick, home := t.TempDir(), t.TempDir(), t.TempDir()
	p := start(t, state, nil, "--sim=line,battery,panel")
	p.infobus("sim", "generator", "on")
	p.becomes("session.active", true)
	socket := filepath.Join(state, "infobus.sock")
	if out, code := infobus(t, "--address", socket, "sync", "now"); code != 1 || !strings.Contains(out, "was not told where to send its logs") {
		t.Errorf("sent to nobody: exit %d: %s", code, out)
	}
	export := func() string {
		out, code := infobus(t, "--address", socket, "export", stick)
		if code != 0 {
			t.Fatalf("export: exit %d: %s", code, out)
		}
		return out
	}
	files := func(suffix string) (names []string) {
		entries, err := os.ReadDir(stick)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), suffix) {
				names = append(names, e.Name())
			}
		}
		return names
	}
	if out := export(); !strings.Contains(out, "written") || len(files(".jsonl")) != 1 {
		t.Fatalf("%s; on the stick: %q", out, files(""))
	}
	first := files(".jsonl")[0]
	if p.at("sync.acknowledged") != 0.0 {
		t.Error("the helpers are said to have what only the stick has")
	}
	if out, _ := infobus(t, "report", stick, "--keep", home, "-o", filepath.Join(home, "vans.html")); len(files(".received")) != 1 {
		t.Fatalf("report: %s; on the stick: %q", out, files(""))
	}
	if _, err := os.Stat(filepath.Join(home, first)); err != nil {
		t.Errorf("what box and stick give up now is not kept: %v", err)
	}
	if out := export(); !strings.Contains(out, "received") {
		t.Error(out)
	}
	if p.at("sync.acknowledged") == 0.0 { // who exports again at once finds nothing twice
		t.Error("the receipt is taken, and does not count yet")
	}
	for _, name := range files("") {
		if strings.HasPrefix(name, first) {
			t.Errorf("%s is still on the stick", name)
		}
	}
	// The log is drawn anew, as after damage: what the earlier one has left goes by stick too.
	log, _ := p.at("sync.log").(string)
	p.kill()
	if err := os.Remove(filepath.Join(state, store.MarkFile)); err != nil {
		t.Fatal(err)
	}
	p = start(t, state, nil, "--sim=line,battery,panel")
	p.wait("the logbook to be open", func() bool { return p.at("sync.seq") != 0.0 })
	if p.at("sync.log") == log || !strings.Contains(p.get("/api/v1/events?earlier=0"), log) {
		t.Fatalf("nothing is left of log %s: %s", log, p.get("/api/v1/events?earlier=0"))
	}
	ofEarlier := func(names []string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, log) })
	}
	if out := export(); strings.Count(out, "written") != 2 || !ofEarlier(files(".jsonl")) {
		t.Fatalf("%s; on the stick: %q", out, files(""))
	}
	infobus(t, "report", stick, "--keep", home, "-o", filepath.Join(home, "vans.html"))
	if out := export(); strings.Count(out, "received") != 2 || ofEarlier(files("")) {
		t.Errorf("%s; on the stick: %q", out, files(""))
	}
	if text := p.get("/api/v1/events?earlier=0"); strings.Contains(text, log) {
		t.Errorf("it still waits: %s", text)
	}
	// A receipt for more than there is keeps nothing from the stick.
	now, _ := p.at("sync.log").(string)
	beyond := fmt.Sprintf(`{"log":%q,"first":1,"seq":99999,"sum":1}`, now)
	if err := os.WriteFile(filepath.Join(stick, "infobus-"+now+"-1-99999-00000001.jsonl.received"), []byte(beyond), 0o600); err != nil {
		t.Fatal(err)
	}
	p.infobus("sim", "generator", "on")
	p.has(logbook.GeneratorStarted) // which can be written
	if out, code := infobus(t, "--address", socket, "export", stick); code != 1 || !strings.Contains(out, "is not taken") || !strings.Contains(out, "written   ") {
		t.Errorf("exit %d: %s", code, out)
	}
	// A folder that is not there, and a receipt of another logbook, are said.
	if out, code := infobus(t, "--address", socket, "export", filepath.Join(stick, "nowhere")); code != 1 || !strings.Contains(out, "a folder was expected") {
		t.Errorf("exit %d: %s", code, out)
	}
	answer, err := p.unix().Post("http://infobus/api/v1/received", "application/json", strings.NewReader(`{"log":"another","seq":3}`))
	if err != nil || answer.StatusCode != 409 {
		t.Errorf("a receipt of another logbook: %v, %v", answer, err)
	}
}
