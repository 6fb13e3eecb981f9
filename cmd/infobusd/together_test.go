package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Where neither panel nor button is fitted phones are paired all the same. Two
// volunteers who tap the same at once: it is done once, the second is told what the
// first did, and the pages of both show it.
func TestWithoutAPanelTwoVolunteersPairAndActAtOnce(t *testing.T) {
	waits(t)
	t.Parallel()
	dir, state := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{"pin": "4711 0815\n", "infobus.yaml": fmt.Sprintf("panel: {type: none}\nstatus: {pin-file: %s}\n", filepath.Join(dir, "pin"))} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, state, nil, "--sim", "--van-times", "--config", filepath.Join(dir, "infobus.yaml"))
	p.infobus("sim", "clock", "trusted")
	p.infobus("sim", "generator", "on")
	p.becomes("session.active", true)
	if page := p.at("kiosk.page"); page != "" {
		t.Errorf("a panel is there: %v", page)
	}
	phone := func() *volunteer {
		return pair(t, &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, p.base, "47110815")
	}
	both := [2]*volunteer{phone(), phone()}
	for _, c := range []struct {
		act []string
	}{
		{[]string{"quiet"}},
		{[]string{"quiet-off"}},
		{[]string{"end-session", "sure", "yes"}},
	} {
		var codes [2]int
		var bodies [2]string
		var all sync.WaitGroup
		for i, v := range both {
			all.Go(func() { codes[i], bodies[i] = v.ask("POST", "/api/v1/actions/"+c.act[0], c.act[1:]...) })
		}
		all.Wait()
		first, second := 0, 1
		if codes[0] != http.StatusOK {
			first, second = 1, 0
		}
		if codes[first] != http.StatusOK || codes[second] != http.StatusConflict {
			t.Errorf("%s: %d %s and %d %s", c.act[0], codes[0], bodies[0], codes[1], bodies[1])
		}
		t.Logf("%s: the second is told %s", c.act[0], bodies[second])
		for i, v := range both {
			if _, page := v.ask("GET", "/"); strings.Contains(page, "actions/"+c.act[0]+`"`) {
				t.Errorf("phone %d is still offered %s", i+1, c.act[0])
			}
		}
	}
}
