package server

import (
	"os"
	"path/filepath"
	"testing"
)

// Where the team put no guide, no page points at one.
func TestTheGuideBesideThePage(t *testing.T) {
	dir := t.TempDir()
	guide := ""
	has := func(tag, want string) {
		t.Helper()
		path, ok := GuideAt(guide)(tag)
		if ok != (want != "") || ok && filepath.Base(path) != want {
			t.Errorf("%q: %s, %v; want %q", tag, path, ok, want)
		}
	}
	has("", "")
	guide = filepath.Join(dir, "none")
	has("", "")
	guide = dir
	has("", "")
	for _, name := range []string{"guide.pdf", "guide-ar.pdf"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("%PDF"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	has("", "guide.pdf")
	has("ar", "guide-ar.pdf")
	has("fa", "")
	guide = filepath.Join(dir, "guide.pdf")
	has("", "guide.pdf")
	has("ar", "")
}
