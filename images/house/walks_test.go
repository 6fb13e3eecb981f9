package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// hop is a file in the five walks with the first name that is said of it.
var hop = regexp.MustCompile("`([a-z0-9/]+\\.go)` `([A-Za-z]+)`")

func TestTheWalksGoThroughFilesAndNamesThatAreThere(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, walks, _ := strings.Cut(string(text), "\n## Five walks\n")
	walks, _, _ = strings.Cut(walks, "\n## ")
	if n := strings.Count(walks, "\n### "); n != 5 {
		t.Errorf("%d walks", n)
	}
	hops := hop.FindAllStringSubmatch(walks, -1)
	if len(hops) < 30 {
		t.Errorf("only %d hops were found", len(hops))
	}
	for _, h := range hops {
		code, err := os.ReadFile(filepath.Join("../..", h[1]))
		if err != nil {
			t.Error(err)
		} else if !regexp.MustCompile(`\b` + h[2] + `\b`).Match(code) {
			t.Errorf("%s has no %s", h[1], h[2])
		}
	}
}
