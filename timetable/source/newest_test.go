package source

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTheNewestDateOfATimetablesFiles(t *testing.T) {
	dir := t.TempDir()
	monday := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for name, days := range map[string]int{"stick/infobus/a.yaml": 0, "stick/infobus/b.csv": 1, "stick/infobus/photo.jpg": 9, "stick/other/c.yaml": 5} {
		path := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		at := monday.AddDate(0, 0, days)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]time.Time{
		"stick/infobus/a.yaml": monday,
		"stick/infobus":        monday.AddDate(0, 0, 1),
		"*/infobus":            monday.AddDate(0, 0, 1),
		"gone/infobus":         {},
	} {
		if got := Newest(filepath.Join(dir, path)); !got.Equal(want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
