package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the printed card and the installing page quote of the glass is what the glass says,
// in both languages, and what they name of the page is called so there: whoever stands before
// them looks for these words.
func TestTheDocumentsQuoteTheGlass(t *testing.T) {
	read := func(path ...string) string {
		b, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
		if err != nil {
			t.Fatal(err)
		}
		return strings.NewReplacer("\u00a0", " ", "\u202f", " ", "’", "'").Replace(string(b))
	}
	english, french, _ := strings.Cut(read("docs", "card.md"), "\n## Français\n")
	quoted := regexp.MustCompile(`(?:“|« )([^”»]*)(?:”| »)`)
	named := regexp.MustCompile(`\*([^*]+)\*`)
	pieces := regexp.MustCompile(`: |[0-9]+|…`)
	for _, c := range []struct{ language, doc, begin string }{
		{"en", english, "| the screen shows |"}, {"fr", french, "| l'écran montre |"},
		{"en", read("docs", "installing.md"), "| it shows |"}, {"fr", read("docs", "installing.fr.md"), "| elle montre |"},
	} {
		said := read("kiosk", "locales", c.language+".yaml") + read("words", c.language+".yaml") + read("images", "card", "early", "page_test.go")
		_, table, ok := strings.Cut(c.doc, c.begin)
		if !ok {
			t.Fatalf("%s: no table begins with %q", c.language, c.begin)
		}
		table, _, _ = strings.Cut(table, "\n\n")
		quotes := 0
		for row := range strings.Lines(table) {
			cells := strings.Split(row, "|")
			for _, q := range named.FindAllStringSubmatch(cells[max(0, len(cells)-2)], -1) {
				if !strings.Contains(said, q[1]) {
					t.Errorf("%s: nothing on the page is called %q, which stands in %q", c.language, q[1], strings.TrimSpace(row))
				}
			}
			for _, q := range quoted.FindAllStringSubmatch(cells[min(1, len(cells)-1)], -1) {
				for _, piece := range pieces.Split(q[1], -1) {
					if piece = strings.Trim(piece, " :"); len(piece) < 4 {
						continue
					}
					if quotes++; !strings.Contains(said, piece) {
						t.Errorf("%s: the glass does not say %q, which stands in %q", c.language, piece, strings.TrimSpace(row))
					}
				}
			}
		}
		if quotes < 3 {
			t.Errorf("%s: only %d pieces are quoted in the table %q", c.language, quotes, c.begin)
		}
	}
}
