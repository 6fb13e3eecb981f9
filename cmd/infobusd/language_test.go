package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"infobus/status"
	"infobus/words/wordstest"
)

// A self-test of the whole daemon in a made-up language, with every part well and
// with parts that are not: no row of three words stands outside of its brackets.
func TestEverySentenceOfASelftestComesFromWords(t *testing.T) {
	a, p := inside(t, flags{stateDir: t.TempDir(), words: wordstest.Book()})
	t.Cleanup(p.run(a))
	local := p.unix()
	var said strings.Builder
	table := func() {
		t.Helper()
		q, err := http.NewRequest("POST", "http://infobus/api/v1/selftest?lang="+wordstest.Tag, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := local.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		n := 0
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); n++ {
			var c status.Check
			if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
				t.Fatalf("%v: %s", err, lines.Bytes())
			}
			for _, text := range []string{c.Name, c.Found, c.Todo} {
				said.WriteString(text + "\n")
				for _, stray := range wordstest.Strays(text) {
					t.Errorf("line %d: %q is not from words, in %q", c.Number, stray, text)
				}
			}
		}
		if n < 20 {
			t.Errorf("only %d lines", n)
		}
	}
	p.becomes("uplink.verdict", "ok")
	table()
	for _, fault := range []string{"device battery stuck", "device panel absent", "cable out", "clock untrusted"} {
		if err := a.parts.world.Do(strings.Fields(fault)...); err != nil {
			t.Fatal(err)
		}
	}
	p.becomes("uplink.verdict", "cable-unplugged")
	table()
	for _, want := range []string{"⟦does not answer⟧", "⟦Push the cable", "⟦battery meter⟧"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%s was never said: this test sees too little", want)
		}
	}
}
