package source

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/broken/expected.txt anew")

// What is said of each broken file is held to expected.txt, which was read by
// people: where, what was found, and what to do.
func TestBrokenFilesSayWhereAndWhatToDo(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*-*")
	if err != nil || len(files) != 30 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	position := regexp.MustCompile(`^[a-z0-9-]+\.(yaml|csv|ics):[1-9][0-9]*:[1-9][0-9]*: .{10}`)
	var got strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tt, err := Parse(filepath.Base(file), data)
		if err == nil || tt != nil {
			t.Errorf("%s is broken and was read", file)
			continue
		}
		for _, line := range strings.Split(err.Error(), "\n") {
			if !position.MatchString(line) {
				t.Errorf("no position: %s", line)
			}
			got.WriteString(line + "\n")
		}
	}
	const golden = "testdata/broken/expected.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("\n%s\nwant:\n%s", got.String(), want)
	}
}
