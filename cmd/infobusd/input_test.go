package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"infobus/config"
	"infobus/logbook"
	"infobus/timetable"
)

// Bad input: one clear line, exit 1.
func TestBadInputIsOneClearLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	taken := start(t, t.TempDir(), nil, "--sim")
	plain := file("plain", "")
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"unknown key", []string{"--sim", "--config", file("key.yaml", "gpios: x\n")}, `key.yaml:1:1: unknown key "gpios"`},
		{"wrong unit", []string{"--sim", "--config", file("unit.yaml", "battery:\n  shunt: 5V\n  capacity: 100Ah\n")}, "unit.yaml:2:10: shunt"},
		{"two functions on one line", []string{"--sim", "--config", file("two.yaml", "generators:\n  - line: GPIO25\n")}, "two.yaml:2:11: line GPIO25 is already"},
		{"an impossible hour", []string{"--sim", "--config", file("table.yaml", "timetable: "+file("timetable.yaml", "timezone: Europe/Paris\nservices:\n  - id: a\n    category: food\n    name: {en: A}\n    place: {name: B}\n    times:\n      - {days: [mon], opens: \"25:10\", closes: \"24:00\"}\n")+"\n")}, "timetable.yaml:8:"},
		{"a configuration that is not there", []string{"--sim", "--config", filepath.Join(dir, "none.yaml")}, "none.yaml"},
		{"a state directory that cannot be written", []string{"--sim", "--state-dir", filepath.Join(plain, "state")}, "state"},
		{"an address in use", []string{"--sim", "--listen", strings.TrimPrefix(taken.base, "http://")}, "address already in use"},
		{"a state directory in use", []string{"--sim", "--state-dir", taken.state}, "is in use by another infobusd"},
		{"an address that is none", []string{"--sim", "--listen", "nowhere"}, "nowhere"},
		{"an unknown model", []string{"--sim=toaster"}, "toaster"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := begin(t, t.TempDir(), nil, test.args...)
			if code := p.exit(); code != 1 {
				t.Errorf("exit %d", code)
			}
			said := strings.TrimSpace(p.output.String())
			if !strings.Contains(said, test.want) || strings.Contains(said, "\n") {
				t.Errorf("said %q; one line with %q was expected", said, test.want)
			}
		})
	}
}

// Another program has the port: started by systemd, the daemon says so on the glass, and
// the command line reaches it.
func TestTheDaemonStartsThoughAnotherProgramHasItsPort(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := begin(t, t.TempDir(), []string{"NOTIFY_SOCKET=" + filepath.Join(t.TempDir(), "nobody")},
		"--sim", "--van-times", "--listen", taken.Addr().String())
	p.becomes("notes.0.code", "door.closed")
	p.wait("the log to say so", func() bool { return strings.Contains(p.output.String(), "address already in use") })
}

// In the van a configuration with a mistake stops nothing: the last good one is
// used over kill -9, and what is wrong is said.
func TestTheDaemonStartsWhateverIsWrongWithItsConfiguration(t *testing.T) {
	t.Parallel()
	state, config := t.TempDir(), filepath.Join(t.TempDir(), "infobus.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const off = "gpio: no-such-chip\nbattery: {monitor: none}\npanel: {type: none}\nuplink: {interface: nothere0}\ntimetable: /no/such/timetable.yaml\n"
	write("gpios: x\n")
	p := start(t, state, nil, "--config", config)
	if got := p.device("configuration", "failed"); got != "error" {
		t.Errorf("a mistake at the first start: the reason is %q", got)
	}
	p.kill()
	write(off)
	p = start(t, state, nil, "--config", config)
	p.device("gpio", "failed")
	p.kill()
	board := filepath.Join(filepath.Dir(config), "board.yaml")
	if err := os.WriteFile(board, []byte("nonsense: x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	write(off + "kiosk: {board: " + board + "}\nstatus: {pin-file: /no/such/pin}\n")
	p = start(t, state, nil, "--config", config)
	p.device("configuration", "failed")
	if out, _ := infobus(t, "--address", filepath.Join(p.state, "infobus.sock"), "status"); !strings.Contains(out, "board.yaml:1:1") || !strings.Contains(out, "read the PIN") {
		t.Errorf("it is not said what is wrong with board and PIN: %s", out)
	}
	p.kill()
	write(off)
	p = start(t, state, nil, "--config", config)
	p.kill()
	write(off + "gpios: x\n")
	p = start(t, state, nil, "--config", config)
	p.device("gpio", "failed") // which the last good one names
	p.device("configuration", "failed")
	if out, code := infobus(t, "--address", filepath.Join(p.state, "infobus.sock"), "status"); code != 1 || !strings.Contains(out, `unknown key "gpios"`) {
		t.Errorf("exit %d, and it is not said what is wrong: %s", code, out)
	}
}

// In the van a timetable with a mistake stops nothing either: what can be read is
// shown, and what is wrong is said, without a word of what the file says.
func TestTheDaemonStartsWhateverIsWrongWithItsTimetable(t *testing.T) {
	t.Parallel()
	dir, state := t.TempDir(), t.TempDir()
	table, config := filepath.Join(dir, "timetable.yaml"), filepath.Join(dir, "infobus.yaml")
	for path, text := range map[string]string{
		table: "timezone: Europe/Paris\nservices:\n" +
			"  - {id: tea, category: food, name: {en: Tea}, show: screen, place: {name: Quay}, checked: 2026-11-29, by: Us, times: [{days: [mon], opens: \"10:00\", closes: \"11:00\"}]}\n" +
			"  - {id: secret, category: women, name: {en: Hidden}, show: in-person, place: {name: Nowhere}, times: [{days: [mon], opens: \"99:00\", closes: \"11:00\"}]}\n",
		config: "gpio: no-such-chip\nbattery: {monitor: none}\npanel: {type: none}\nuplink: {interface: nothere0}\ntimetable: " + table + "\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, state, nil, "--config", config)
	if got := p.device("timetable", "failed"); got != "error" {
		t.Errorf("the reason is %q", got)
	}
	out, code := infobus(t, "--address", filepath.Join(p.state, "infobus.sock"), "status")
	if code != 1 || !strings.Contains(out, "the first: timetable.yaml:4:") || strings.Contains(out, "Nowhere") || strings.Contains(out, "Hidden") {
		t.Errorf("exit %d: %s", code, out)
	}
	if said := p.output.String(); strings.Contains(said, "Nowhere") || strings.Contains(said, "Hidden") {
		t.Errorf("the log says what nobody is to read: %s", said)
	}
}

// A file that is broken when the van starts leaves the last good timetable, which was
// kept, in use. On a desk it ends the start.
func TestTheLastGoodTimetableOutlivesARestart(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "timetable.yaml")
	c := config.Default()
	c.Timetable = config.Sources{{Source: path}}
	const good = "services:\n  - {id: tea, category: food, name: {en: Tea}, show: screen, place: {name: Quay}, checked: 2026-11-29, times: [{days: [daily], opens: \"10:00\", closes: \"11:00\"}]}\n"
	for _, at := range []struct{ what, text, want string }{
		{"at first", good, "confirmed"},
		{"a slip", strings.Replace(good, "10:00", "1o:00", 1), "ask us"},
		{"not a timetable", "\x00\xff", "ask us"},
		{"mended", good, "confirmed"},
	} {
		if err := os.WriteFile(path, []byte(at.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, table, err := readTimetable(flags{stateDir: state}, c, true)
		if err != nil || table == nil {
			t.Fatalf("%s: %v", at.what, err)
		}
		rows := timetable.OnScreen(table.Rows(time.Date(2026, 11, 30, 8, 0, 0, 0, table.Zone), ""))
		if len(rows) != 1 || string(rows[0].State) != at.want {
			t.Errorf("%s: %+v", at.what, rows)
		}
		if _, _, err := readTimetable(flags{stateDir: state, sim: models}, c, true); (err == nil) != (at.want == "confirmed") {
			t.Errorf("%s, on a desk: %v", at.what, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, table, err := readTimetable(flags{stateDir: state}, c, true); err != nil || table == nil {
		t.Errorf("gone: %v, %v", table, err)
	}
}

// A command line that is not understood: exit 2, as of infobus.
func TestACommandLineThatIsNotUnderstood(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{"--nonsense": "unknown flag: --nonsense", "extra": `"extra" found`} {
		p := begin(t, t.TempDir(), nil, "--sim", arg)
		if code := p.exit(); code != 2 {
			t.Errorf("%s: exit %d", arg, code)
		}
		if said := p.output.String(); !strings.HasPrefix(said, "infobusd: "+want) || !strings.Contains(said, "Try: infobusd --help") {
			t.Errorf("%s: said %q", arg, said)
		}
	}
}

// While it runs, a timetable with mistakes leaves the last good one in use.
func TestABrokenTimetableLeavesTheLastGoodOneInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	table, config := filepath.Join(dir, "timetable.yaml"), filepath.Join(dir, "infobus.yaml")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	text := func(name string) string {
		return "services:\n  - id: a\n    category: food\n    name: {en: " + name + "}\n    place: {name: Somewhere}\n    show: screen\n" +
			"    checked: " + time.Now().Format(time.DateOnly) + "\n    times: [{days: [daily], opens: \"00:00\", closes: \"24:00\"}]\n"
	}
	write(table, text("Soup"))
	write(config, "timetable: "+table+"\n")
	p := start(t, t.TempDir(), nil, "--sim", "--config", config)
	has := func(words string) {
		t.Helper()
		p.wait(words, func() bool { return strings.Contains(p.get("/today?lang=en"), words) })
	}
	has("Soup")
	write(table, text("Bread")+"  - {id: a}\n")
	if e := p.has(logbook.TimetableRejected); e.Attributes["mistakes"].(float64) < 1 {
		t.Errorf("%+v", e)
	}
	has("Soup")
	write(table, text("Bread"))
	has("Bread")
}
