package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The rooms that are judgement alone.
var pure = []string{"reading", "power", "session", "days", "timetable", "netmon", "kiosk", "logbook", "van", "status", "yamlfile", "config", "sim/day"}

// What a pure room may not import, itself or through another of our packages.
var forbidden = []string{"os", "net", "net/http", "syscall", "golang.org/x/sys/unix", "os/exec", "os/signal", "database/sql"}

// Imports run downward only, and the pure rooms touch nothing.
func TestTheHouseStandsAsItIsDescribed(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "infobus/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		imports[p.ImportPath] = p.Imports
	}
	if len(imports) < 30 {
		t.Fatalf("only %d packages were found", len(imports))
	}

	for _, room := range pure {
		seen := map[string]bool{}
		var walk func(path, from string)
		walk = func(path, from string) {
			if slices.Contains(forbidden, path) {
				t.Errorf("%s is pure, and imports %s (in %s)", room, path, from)
			}
			if !strings.HasPrefix(path, "infobus/") || seen[path] {
				return
			}
			seen[path] = true
			for _, p := range imports[path] {
				walk(p, path)
			}
		}
		walk("infobus/"+room, "")
	}

	for path, list := range imports {
		for _, p := range list {
			room, inside := strings.CutPrefix(p, path+"/")
			switch {
			case strings.HasPrefix(p, "infobus/cmd/"):
				t.Errorf("%s imports the command %s", path, p)
			case p == "infobus/config" && !strings.HasPrefix(path, "infobus/cmd/"):
				t.Errorf("%s imports config: only the commands do", path)
			case inside && slices.Contains(pure, strings.TrimPrefix(path, "infobus/")):
				t.Errorf("%s imports %s, a folder inside itself", path, room)
			case strings.HasPrefix(path, "infobus/hw/") && strings.HasPrefix(p, "infobus/") && p != "infobus/reading" && p != "infobus/reading/clock" && !strings.HasPrefix(p, "infobus/hw"):
				t.Errorf("%s imports %s: a driver knows no room", path, p)
			}
		}
	}
}
