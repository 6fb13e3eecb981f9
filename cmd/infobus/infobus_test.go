package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"infobus/examples"
	"infobus/words"
	"infobus/words/wordstest"
)

// inBook has the command that a test starts speak the made-up language too.
const inBook = "INFOBUS_TEST_WORDS"

// TestMain runs the command itself when it is started by a test as one.
func TestMain(m *testing.M) {
	if os.Getenv("INFOBUS_TEST_AS_COMMAND") != "" {
		book := words.Shipped()
		if os.Getenv(inBook) != "" {
			book = wordstest.Book()
		}
		os.Exit(run(book))
	}
	os.Exit(m.Run())
}

// infobus runs the command line in a folder of its own.
func infobus(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "INFOBUS_TEST_AS_COMMAND=1", "LC_ALL=C")
	var out, err bytes.Buffer
	c.Stdout, c.Stderr = &out, &err
	var failed *exec.ExitError
	if e := c.Run(); errors.As(e, &failed) {
		code = failed.ExitCode()
	} else if e != nil {
		t.Fatal(e)
	}
	return out.String(), err.String(), code
}

func TestTheExitCodeSaysWhoMustAct(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"good.yaml":   string(examples.Config),
		"bad.yaml":    "gpios: x\nsession:\n  length: 5\n",
		"table.yaml":  string(examples.Timetable),
		"spoken.yaml": "kiosk: {languages: [om]}\n",
		"board.yaml":  string(examples.Board),
		"late.yaml":   "services:\n  - id: a\n    category: food\n    name: {en: A}\n    place: {name: B}\n    times:\n      - {days: [mon], opens: \"25:61\", closes: \"26:00\"}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	monday, err := os.ReadFile("../../sim/day/testdata/monday.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"monday.yaml":  string(monday),
		"another.yaml": strings.Replace(string(monday), "verdict=cable-unplugged", "verdict=slow", 1),
		"unsound.yaml": strings.Replace(string(monday), "cable out", "cable sideways", 1),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		args string
		code int
		says string // on either stream
	}{
		{"sim day monday.yaml", 0, "104 events\nthe events are those that the script expects"},
		{"sim day monday.yaml --timetable table.yaml --json", 0, `"name":"kiosk.refreshed"`},
		{"sim day another.yaml", 1, "+ 10:00:00 uplink.changed previous=ok seconds=10790 verdict=cable-unplugged"},
		{"sim day unsound.yaml", 1, "unsound.yaml:21:5: \"cable sideways\" found"},
		{"config check good.yaml", 0, "good.yaml: well"},
		{"config check bad.yaml", 1, "bad.yaml:1:1: unknown key"},
		{"config check bad.yaml", 1, "bad.yaml:3:11: length:"},
		{"config check bad.yaml --json", 1, `"line": 3`},
		{"config check none.yaml", 1, "none.yaml"},
		{"config check", 2, "accepts 1 arg"},
		{"config dance", 2, "unknown command"},
		{"timetable check table.yaml", 0, "table.yaml: well (14 services at 3 sites)"},
		{"timetable check table.yaml late.yaml", 1, "late.yaml:7:"},
		{"timetable show table.yaml --at 2026-11-23T10:00 --site moulin", 0, "Hot meals"},
		{"timetable show table.yaml --at yesterday", 2, "--at"},
		{"timetable show table.yaml --site nowhere", 1, `site "nowhere" is not in the timetable`},
		{"timetable show table.yaml --days 0", 2, "--days"},
		{"timetable show late.yaml --at 2026-11-23", 1, "late.yaml:7:"},
		{"timetable check table.yaml --public yes", 2, "--public \"yes\""},
		{"timetable preview table.yaml --against table.yaml --at 2026-11-23", 0, "Nothing changes."},
		{"timetable preview table.yaml --at 2026-11-23", 0, "Becomes public:"},
		{"timetable preview late.yaml --against table.yaml --at 2026-11-23 --json", 1, `"refused": true`},
		{"timetable preview table.yaml --days 0", 2, "--days"},
		{"timetable preview table.yaml --at 2026-11-23T10:00 --site quai --pages pages --languages ar,en --languages fr", 0, "pages/02-quai-ar-en-2.png\n  pages/03-quai-fr-1.png\n  pages/04-quai-fr-2.png\n"},
		{"timetable preview table.yaml --at 2026-11-23T10:00 --site quai --pages pages --config spoken.yaml", 0, "Pages:\n  pages/01-quai-om-1.png\n"},
		{"timetable preview table.yaml --at 2026-11-23T10:00 --site quai --pages pages", 0, "quai-om"},
		{"timetable preview table.yaml --pages pages --languages tlh", 2, "--languages tlh: the screen does not speak it"},
		{"timetable preview table.yaml --pages pages --config bad.yaml", 1, "bad.yaml:1:1: unknown key"},
		{"kiosk render -o page.png --timetable table.yaml --at 2026-11-23T10:00 --site quai", 0, ""},
		{"kiosk render --timetable table.yaml", 2, "-o"},
		{"kiosk render -o page.png", 2, "--timetable is needed"},
		{"kiosk render -o page.png --timetable table.yaml --lang en,tlh", 2, "--lang tlh: the screen does not speak it; it speaks: en, am"},
		{"kiosk render -o page.png --timetable table.yaml --lang ur,ur", 2, "ur found twice"},
		{"kiosk render -o page.png --timetable table.yaml --lang en,ar,fa", 2, "one or two fit on a page"},
		{"kiosk render -o page.png --timetable table.yaml --part 9", 2, "--part 9: the page has"},
		{"kiosk render -o page.png --timetable table.yaml --page closing --until noon", 2, "--until"},
		{"kiosk render -o - --timetable table.yaml --at 2026-11-23 --page help --board board.yaml --lang ti,ur --part 3", 0, "PNG"},
		{"kiosk render -o - --page clock-not-set --lang om", 0, "PNG"},
		{"kiosk check board.yaml", 0, "board.yaml: well (4 numbers beside 112, 3 bundles, 3 operators)"},
		{"kiosk check table.yaml", 1, "table.yaml:9:1: unknown key \"timezone\""},
		{"kiosk render -o page.png --timetable table.yaml --page tomorrow", 2, "today"},
		{"kiosk locales en", 0, "texts need a reviewer"},
		{"kiosk locales", 1, "words.opens              يفتح  [Opens]"},
		{"kiosk locales ti --json", 1, `"english": "evening {time}"`},
		{"kiosk locales tlh", 2, "there are en, am"},
		{"logbook dump nowhere", 1, "nowhere"},
		{"status --address http://127.0.0.1:1", 2, "no daemon"},
		{"status --address nothere.sock", 2, "no daemon"},
		{"events --address http://127.0.0.1:1", 2, "no daemon"},
		{"sim generator sideways", 2, "generator [N] on|off"},
		{"sim generator on --address http://127.0.0.1:1", 2, "no daemon"},
		{"dance", 2, "unknown command"},
		{"status --dance", 2, "unknown flag"},
		{"--help", 0, "Exit status"},
		{"--version", 0, "infobus version"},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			out, err, code := infobus(t, dir, strings.Fields(test.args)...)
			if code != test.code || !strings.Contains(out+err, test.says) {
				t.Errorf("exit %d, want %d; said %q, want %q", code, test.code, out+err, test.says)
			}
			if strings.Contains(out+err, "goroutine") {
				t.Error("it panicked")
			}
		})
	}
	if b, err := os.ReadFile(filepath.Join(dir, "page.png")); err != nil || !bytes.HasPrefix(b, []byte("\x89PNG")) {
		t.Errorf("the page is %d bytes, %v", len(b), err)
	}
}

// The rows' fields are what the outside relies on.
func TestTimetableShowAsJSON(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "table.yaml"), examples.Timetable, 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, code := infobus(t, dir, "timetable", "show", "table.yaml", "--at", "2026-11-23T10:00", "--site", "moulin", "--days", "2", "--json")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out), &rows); err != nil || code != 0 || len(rows) == 0 {
		t.Fatalf("exit %d, %v: %s", code, err, out)
	}
	dates := map[any]bool{}
	for _, r := range rows {
		for _, field := range []string{"service", "category", "site", "date", "opens", "closes", "state", "why"} {
			if _, ok := r[field].(string); !ok {
				t.Errorf("%s is %v", field, r[field])
			}
		}
		if r["site"] != "moulin" || len(r["opens"].(string)) != 5 {
			t.Errorf("%v", r)
		}
		dates[r["date"]] = true
	}
	if len(dates) != 2 {
		t.Errorf("dates %v", dates)
	}
}
