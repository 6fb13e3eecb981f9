package workbook

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"infobus/timetable/source"
)

const whole = `{"sheet":1,"name":"Semaine"}
{"sheet":1,"cell":[1,1],"text":"name"}
{"sheet":1,"merged":[1,1,2,1]}
{"sheet":1,"unseen":2}
{"sheet":2,"name":"","hidden":true}
{"end":true}
`

func TestWhatTheProgramSaysIsRead(t *testing.T) {
	sheets, err := Decode(strings.NewReader(whole))
	if err != nil || len(sheets) != 2 || !sheets[1].Hidden || sheets[0].Name != "Semaine" ||
		!slices.Equal(sheets[0].Cells, []source.Cell{{Row: 1, Column: 1, Text: "name"}}) || !slices.Equal(sheets[0].Merged, []source.Area{{Row: 1, Column: 1, LastRow: 2, LastColumn: 1}}) ||
		!slices.Equal(sheets[0].Unseen, []int{2}) {
		t.Errorf("%+v, %v", sheets, err)
	}
	for what, c := range map[string]struct{ text, want string }{
		"nothing":                         {"", "to its end"},
		"it ends before its end":          {strings.TrimSuffix(whole, "{\"end\":true}\n"), "to its end"},
		"it ends within a line":           {whole[:60], "to its end"},
		"it says what is wrong":           {`{"wrong":"it is no workbook"}`, "it is no workbook"},
		"a cell before its sheet":         {`{"sheet":1,"cell":[1,1],"text":"a"}`, "disorder"},
		"a cell of no sheet":              {`{"cell":[1,1],"text":"a"}`, "disorder"},
		"a cell beyond the last row":      {"{\"sheet\":1,\"name\":\"a\"}\n{\"sheet\":1,\"cell\":[20001,1]}", "no cell"},
		"a cell above the first":          {"{\"sheet\":1,\"name\":\"a\"}\n{\"sheet\":1,\"cell\":[0,1]}", "no cell"},
		"a line of nothing":               {"{\"sheet\":1,\"name\":\"a\"}\n{\"sheet\":1}", "no cell"},
		"an area that ends before it is":  {"{\"sheet\":1,\"name\":\"a\"}\n{\"sheet\":1,\"merged\":[2,2,1,2]}", "no cell"},
		"more sheets than there may be":   {strings.Repeat("{\"sheet\":1,\"name\":\"a\"}\n", 2), "more than is read"},
		"a long line":                     {`{"wrong":"` + strings.Repeat("a", maxLine), "more than is read"},
		"more cells than there may be":    {"{\"sheet\":1,\"name\":\"a\"}\n" + strings.Repeat("{\"sheet\":1,\"cell\":[1,1]}\n", source.MaxSheetCells+1), "more than is read"},
		"more than a workbook ever holds": {"{\"sheet\":1,\"name\":\"a\"}\n" + strings.Repeat("{\"sheet\":1,\"cell\":[1,1],\"text\":\""+strings.Repeat("a", 1000)+"\"}\n", 10000), "to its end"},
	} {
		if _, err := Decode(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}

// A program that is not there, that fails, or that never ends is a
// mistake in the file, with a word for it.
func TestAProgramThatDoesNotAnswer(t *testing.T) {
	folder := t.TempDir()
	programs := 0
	program := func(script string) string {
		programs++
		path := filepath.Join(folder, fmt.Sprint("program", programs))
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for what, c := range map[string]struct{ program, want string }{
		"is not there":    {filepath.Join(folder, "none"), "export it as CSV"},
		"says nothing":    {program("exit 3\n"), "exit status 3"},
		"reads and fails": {program("/bin/cat >/dev/null; kill -9 $$\n"), "signal: killed"},
	} {
		if _, err := Reader(c.program)([]byte("PK")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("a program that %s: %v", what, err)
		}
	}
	if _, err := Reader(program("while echo '{\"sheet\":1,\"name\":\"a\"}'; do :; done\n"))([]byte("PK")); err == nil || !strings.Contains(err.Error(), "more than is read") {
		t.Errorf("a program that never ends: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(whole)
	f.Add(`{"wrong":"it is no workbook"}`)
	f.Fuzz(func(t *testing.T, text string) {
		sheets, err := Decode(strings.NewReader(text))
		if err != nil && err.Error() == "" {
			t.Error("an error without a word")
		}
		for _, s := range sheets {
			for _, c := range s.Cells {
				if c.Row < 1 || c.Row > source.MaxRow || c.Column < 1 {
					t.Errorf("cell %+v", c)
				}
			}
		}
	})
}
