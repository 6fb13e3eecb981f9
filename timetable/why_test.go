package timetable_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"infobus/timetable"
)

// Every code that this room and its source give has a sentence, which holds what it
// is about.
func TestEveryReasonHasASentence(t *testing.T) {
	given := regexp.MustCompile(`(?:because\(|Why\{Code: )"([a-z-]+)"`)
	codes := map[string]bool{"checked": true, "checked-by": true, "today-by": true, "closed": true, "closed-for": true, "cancelled": true, "cancelled-for": true,
		"unread-line": true, "unread-newer": true, "unread-newer-line": true} // which are put together
	for _, folder := range []string{".", "source"} {
		files, _ := filepath.Glob(filepath.Join(folder, "*.go"))
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range given.FindAllStringSubmatch(string(text), -1) {
				codes[m[1]] = true
			}
		}
	}
	if len(codes) < 25 {
		t.Fatalf("only %d codes are given: the sources are read wrongly", len(codes))
	}
	for code := range codes {
		w := timetable.Why{Code: code, Days: 3, Most: 31, Line: 7, By: "Us", On: "2026-11-29", For: "snow"}
		if said := w.String(); said == "why."+code || strings.Contains(said, "{{") || said == "" {
			t.Errorf("%s is said as %q", code, said)
		}
	}
}
