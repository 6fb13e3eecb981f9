package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Bad input: one clear line, exit 1.
func TestBadInputIsOneClearLine(t *testing.T) {
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
		{"wrong unit", []string{"--sim", "--config", file("unit.yaml", "battery:\n  shunt: 5V\n")}, "unit.yaml:2:10: shunt"},
		{"two functions on one line", []string{"--sim", "--config", file("two.yaml", "generators:\n  - line: GPIO25\n")}, "two.yaml:2:11: line GPIO25 is already"},
		{"an impossible hour", []string{"--sim", "--config", file("table.yaml", "timetable: "+file("timetable.yaml", "timezone: Europe/Paris\nservices:\n  - id: a\n    category: food\n    name: {en: A}\n    place: {name: B}\n    times:\n      - {days: [mon], opens: \"25:10\", closes: \"24:00\"}\n")+"\n")}, "timetable.yaml:8:"},
		{"a configuration that is not there", []string{"--config", filepath.Join(dir, "none.yaml")}, "none.yaml"},
		{"a state directory that cannot be written", []string{"--sim", "--state-dir", filepath.Join(plain, "state")}, "state"},
		{"an address in use", []string{"--sim", "--listen", strings.TrimPrefix(taken.base, "http://")}, "address already in use"},
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
