package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestWhereARaceCanBeIsFound(t *testing.T) {
	g, dirs := graph{}, map[string]string{}
	for path, p := range map[string]struct {
		imports     []string
		code, tests string
	}{
		"quiet":              {nil, `func f() { go_ := 1; _ = go_ }`, `var _ = f`},
		"imports-quiet":      {[]string{"quiet", "os"}, ``, ``},
		"goes":               {nil, `func f() { if true { go f() } }`, ``},
		"imports-goes":       {[]string{"quiet", "goes"}, ``, ``},
		"imports-it-far-off": {[]string{"imports-goes"}, ``, ``},
		"waits-for-a-group":  {nil, `func f() { w.Go(func() {}) }`, ``},
		"sets-a-timer":       {nil, `func f() { time.AfterFunc(1, f) }`, ``},
		"serves":             {nil, `import "net/http"; var _ http.Handler`, ``},
		"tests-in-parallel":  {nil, ``, `func f() { t.Parallel() }`},
		"tests-in-a-bubble":  {nil, ``, `import _ "testing/synctest"`},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{"p.go": p.code, "p_test.go": p.tests} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("package p\n"+text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		g[path], dirs[path] = p.imports, dir
	}
	got, err := g.alone(dirs)
	if want := []string{"imports-quiet", "quiet"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	dirs["quiet"] = t.TempDir()
	if got, err := g.alone(dirs); err == nil {
		t.Errorf("of a package without files: %q", got)
	}
}

// The rooms with the detector are those that have goroutines, and all of them.
func TestTheRaceDetectorLooksWhereGoroutinesAre(t *testing.T) {
	g, dirs, err := load()
	if err != nil {
		t.Fatal(err)
	}
	alone, err := g.alone(dirs)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"advice": true, "kiosk": true, "power": true, "netmon": true, "images/house": true,
		"cmd/infobusd": false, "cmd/infobus": false, "van/loop": false, "hw": false, "logbook/store": false, "status/server": false, "netmon/probe": false, "timetable/source": false, "kiosk/glass": false} {
		if slices.Contains(alone, path) != want {
			t.Errorf("%s alone: %v", path, !want)
		}
	}
}
