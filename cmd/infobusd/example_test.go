package main

import (
	"fmt"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infobus/durable"
	"infobus/examples"
	"infobus/kiosk/locales"
	"infobus/timetable/source"
	"infobus/van"
)

// Earlier packages put the example in use. A box that has it still, as it was, is one
// that nobody has brought services to.
func TestABoxWithTheUnchangedExampleIsAFreshBox(t *testing.T) {
	waits(t)
	t.Parallel()
	look := func(table []byte) (codes map[string]bool, page string) {
		dir, state := t.TempDir(), t.TempDir()
		at := filepath.Join(dir, "timetable.yaml")
		config := filepath.Join(dir, "infobus.yaml")
		if err := os.WriteFile(config, fmt.Appendf(nil, "timetable: %s\n", at), 0o600); err != nil {
			t.Fatal(err)
		}
		a, p := inside(t, flags{config: config, vanTimes: true, stateDir: state})
		// As in the van: a simulated one may show the example.
		if table != nil {
			if err := os.WriteFile(at, table, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		a.feeds = source.Open(durable.System, state, origins(a.config, false), true)
		defer p.run(a)()
		p.becomes("clock.trusted", true)
		p.device("timetable", "failed")
		codes = map[string]bool{}
		for _, x := range p.at("advice").([]any) {
			if code := x.(map[string]any)["code"].(string); strings.HasPrefix(code, "timetable") {
				codes[code] = true
			}
		}
		s := a.loop.State()
		if d, _ := s.Device(van.TimetableFile); s.Timetable != nil || d.Reason != "absent" {
			t.Errorf("in use: %+v; %+v", s.Timetable, d)
		}
		if code, text := p.socket("/timetable"); code != http.StatusOK || len(a.feeds.Last(0).MistakesFound()) != 0 {
			t.Errorf("%d %s", code, text)
		}
		return codes, html.UnescapeString(p.get("/today?lang=en"))
	}
	for what, table := range map[string][]byte{"a fresh box": nil, "with the example": examples.Timetable} {
		if codes, page := look(table); len(codes) != 1 || !codes["timetable-none"] || !strings.Contains(page, locales.Get("en").Word(locales.SettingUp)) {
			t.Errorf("%s: %v\n%s", what, codes, page)
		}
	}
}

func TestTheUnchangedExampleBoardIsNoBoard(t *testing.T) {
	for what, c := range map[string]struct {
		data []byte
		sim  bool
		want bool
	}{
		"in the van":              {examples.Board, false, false},
		"on a desk":               {examples.Board, true, true},
		"changed, and in the van": {append([]byte("# ours\n"), examples.Board...), false, true},
	} {
		path := filepath.Join(t.TempDir(), "board.yaml")
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := readBoard(path, c.sim)
		if err != nil || (len(b.Numbers) > 0) != c.want {
			t.Errorf("%s: %+v, %v", what, b, err)
		}
	}
}
