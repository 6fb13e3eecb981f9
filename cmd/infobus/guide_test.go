package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"infobus/examples"
	"infobus/guide"
	"infobus/kiosk/locales"
	"infobus/timetable"
	"infobus/timetable/source/workbook"
)

// shell runs commands in a folder in which infobus is this program. What reads workbooks
// is built without the race detector, which takes more memory than it may have.
type shell struct {
	t   *testing.T
	dir string
}

func newShell(t *testing.T) shell {
	t.Helper()
	bin := t.TempDir()
	reader := filepath.Join(bin, "reader")
	if out, err := exec.Command("go", "test", "-c", "-o", reader, "infobus/timetable/source/workbook/excel").CombinedOutput(); err != nil {
		t.Fatalf("build what reads workbooks: %v: %s", err, out)
	}
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = %s ]; then exec %q \"$@\"; fi\nINFOBUS_TEST_AS_COMMAND=1 exec %q \"$@\"\n", workbook.Command, reader, self)
	if err := os.WriteFile(filepath.Join(bin, "infobus"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("LC_ALL", "C")
	return shell{t, t.TempDir()}
}

// run runs commands as they are written; both streams, and the last exit code.
func (s shell) run(commands string) (said string, code int) {
	s.t.Helper()
	c := exec.Command("sh", "-c", commands)
	c.Dir = s.dir
	out, err := c.CombinedOutput()
	if err != nil && c.ProcessState.ExitCode() < 0 {
		s.t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}

func (s shell) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// facts are the examples' timetable and board, checked today.
func (s shell) facts() {
	checked := regexp.MustCompile(`checked: 20\d\d-\d\d-\d\d`)
	today := []byte("checked: " + time.Now().Format(time.DateOnly))
	s.write("timetable.yaml", string(checked.ReplaceAll(examples.Timetable, today)))
	s.write("board.yaml", string(checked.ReplaceAll(examples.Board, today)))
}

// translated is a made-up translation: the source's letters as other letters of the
// language's script, others in each language; what stands in braces stays.
func translated(lang, text string) string {
	alphabet := map[string]struct{ first, n rune }{"Latn": {'a', 26}, "Arab": {'ب', 19}, "Ethi": {'ሀ', 26}}[timetable.Script(lang)]
	shift := rune(slices.Index(locales.Tags(), lang))
	var b strings.Builder
	in := false
	for _, c := range text {
		in = in && c != '}' || c == '{'
		if n := c | 0x20; !in && n >= 'a' && n <= 'z' {
			c = alphabet.first + (n-'a'+shift)%alphabet.n
		}
		b.WriteRune(c)
	}
	return b.String()
}

// fill writes translations into a workbook, as a translator does: of each text that has
// none yet, or that has changed.
func (s shell) fill(name, lang string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	f, err := excelize.OpenFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Guide")
	if err != nil || len(rows) < 2 {
		s.t.Fatal(err)
	}
	for i, row := range rows[1:] {
		if len(row) > 3 && row[3] != "" {
			f.SetCellStr("Guide", fmt.Sprintf("E%d", i+2), translated(lang, row[1]))
			f.SetCellStr("Guide", fmt.Sprintf("F%d", i+2), "yes")
		}
	}
	if err := f.Save(); err != nil {
		s.t.Fatal(err)
	}
}

// block is one block of commands of the document.
var block = regexp.MustCompile("(?s)\n```sh\n(.*?)```\n")

// The commands of docs/guide.md, each as it is written; the translators' part, in a
// spreadsheet's program, is played.
func TestTheCommandsOfTheGuideAreAsWritten(t *testing.T) {
	text, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(t)
	s.facts()
	steps := []struct {
		code int
		says string
		then func()
	}{
		{1, "ti  ትግርኛ: 0 ok, 0 unreviewed, 0 stale, 6 missing", nil},
		{0, "ti.xlsx: 6 texts, 6 to be translated", func() {
			for _, lang := range locales.Tags()[1:] {
				s.fill(lang+".xlsx", lang)
			}
		}},
		{0, "guide/ti.md: 6 taken over, 0 of them stale; 0 reviewed, 0 no longer; 0 kept as they were", nil},
		{0, "6 texts in en, am, ar, fa, fr, om, ps, ti, ur, vi", func() { s.published(1) }},
		{1, "ti  ትግርኛ: 5 ok, 0 unreviewed, 1 stale, 0 missing\n    stale       charging.how", nil},
		{0, "ti-2.xlsx: 6 texts, 1 to be translated", func() { s.fill("ti-2.xlsx", "ti") }},
		{0, "guide/ti.md: 1 taken over", func() { s.published(8) }},
	}
	blocks := block.FindAllStringSubmatch(string(text), -1)
	if len(blocks) != len(steps) {
		t.Fatalf("%d blocks of commands, %d were expected", len(blocks), len(steps))
	}
	for i, step := range steps {
		commands := blocks[i][1]
		if said, code := s.run(commands); code != step.code || !strings.Contains(said, step.says) {
			t.Fatalf("%s\ncode %d, want %d; says\n%s\nwant %s", commands, code, step.code, said, step.says)
		}
		if step.then != nil {
			step.then()
		}
	}
	if said, code := s.run("infobus guide status --timetable timetable.yaml --board board.yaml --json"); code != 1 || !json.Valid([]byte(said)) || !strings.Contains(said, `"charging.how"`) {
		t.Errorf("code %d: %s", code, said)
	}
}

// published holds what was built against what was written: the same texts in every
// language, so many of them stale.
func (s shell) published(stale int) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, "guide.zip"))
	if err != nil {
		s.t.Fatal(err)
	}
	g, wrong := guide.Open("guide.zip", data)
	if len(wrong) > 0 {
		s.t.Fatal(wrong)
	}
	if !slices.Equal(g.Languages(), locales.Tags()) {
		s.t.Errorf("%v", g.Languages())
	}
	found := 0
	for _, c := range g.Status() {
		found += len(c.IDs[guide.Stale])
		if c.All != 6 || len(c.IDs[guide.OK])+len(c.IDs[guide.Stale]) != 6 {
			s.t.Errorf("%+v", c)
		}
	}
	if found != stale && stale != 1 || stale == 1 && found != 0 {
		s.t.Errorf("%d texts are stale, want %d", found, stale)
	}
}

// A sheet that is wrong, or what is none, is refused in a word, and the guide stays.
func TestAGuideThatIsWrongIsRefusedWithItsPlace(t *testing.T) {
	s := newShell(t)
	s.facts()
	if err := os.CopyFS(filepath.Join(s.dir, "guide"), os.DirFS("../../examples/guide")); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(s.dir, "guide", "ti.md"))
	if err != nil {
		t.Fatal(err)
	}
	sheet := func(change func(f *excelize.File)) {
		t.Helper()
		os.Remove(filepath.Join(s.dir, "ti.xlsx"))
		if said, code := s.run("infobus guide sheet ti.xlsx"); code != 0 {
			t.Fatal(said)
		}
		f, err := excelize.OpenFile(filepath.Join(s.dir, "ti.xlsx"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		change(f)
		if err := f.Save(); err != nil {
			t.Fatal(err)
		}
	}
	for want, change := range map[string]func(f *excelize.File){
		"ti.xlsx:3:5: Guide!E3: merged cells found":                      func(f *excelize.File) { f.MergeCell("Guide", "E3", "E5") },
		"Guide!E3: letter 4: a sign that turns the writing around":       func(f *excelize.File) { f.SetCellStr("Guide", "E3", "ጽሑፍ\u202e") },
		"Guide!E1: another language's column: am found, ti was expected": func(f *excelize.File) { f.SetCellStr("Guide", "E1", "translation: am") },
		`Guide!E3: letter 1: a number found ("112")`:                     func(f *excelize.File) { f.SetCellInt("Guide", "E3", 112) },
	} {
		sheet(change)
		if said, code := s.run("infobus guide import ti.xlsx"); code != 1 || !strings.Contains(said, want) {
			t.Errorf("code %d; says\n%s\nwant %s", code, said, want)
		}
	}
	s.write("big.xlsx", strings.Repeat("x", 2<<20))
	s.write("ti-text.xlsx", "no workbook")
	for _, c := range []struct {
		command string
		code    int
		says    string
	}{
		{"infobus guide import big.xlsx --language ti", 1, "more than the 1048576 bytes that are read"},
		{"infobus guide import ti-text.xlsx", 1, "no .xlsx workbook that can be read"},
		{"infobus guide import none.xlsx", 1, "no such file"},
		{"infobus guide sheet ti.xlsx", 1, "ti.xlsx is there already"},
		{"infobus guide sheet tigrinya.xlsx", 2, "the language of tigrinya.xlsx is not known"},
		{"infobus guide sheet ti.csv", 2, "a name that ends in .xlsx"},
		{"infobus guide sheet en.xlsx", 2, "en is the source"},
		{"infobus guide build", 2, "-o is needed"},
		{"infobus guide status --guide nowhere", 1, "nowhere"},
		{"mkdir empty && infobus guide status --guide empty", 1, "no guide found"},
		{"infobus guide publish", 2, "unknown command"},
		{"infobus guide build -o unchecked.zip", 0, "warning: not held against a timetable and a board"},
		{"sed -i 's/showers.place/shower.place/' guide/en.md && infobus guide build -o guide.zip --timetable timetable.yaml --board board.yaml", 1, "guide/en.md:"},
		{"infobus guide build -o guide.zip --timetable timetable.yaml --board board.yaml", 1, "{service:shower.place}: the timetable has no such service"},
		{"sed -i 's/shower.place/women-space.place/' guide/en.md && infobus guide build -o guide.zip --timetable timetable.yaml", 1, "{service:women-space.place}: the service is told in person"},
		{"sed -i 's/Bring your/Come to Quai des Sternes with your/' guide/en.md && infobus guide status --timetable timetable.yaml", 1, "charging.how: the name of a place found"},
		{"cp big.xlsx guide/am.md && infobus guide status", 1, "guide/am.md:1:1: 2097152 bytes found, at most 131072 were expected"},
		{"ln -sf ../timetable.yaml guide/om.md && infobus guide status", 1, "guide/om.md:1:1: the file cannot be read"},
	} {
		if said, code := s.run(c.command); code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%s: code %d, want %d; says\n%s\nwant %s", c.command, code, c.code, said, c.says)
		}
	}
	if _, err := os.Stat(filepath.Join(s.dir, "guide.zip")); err == nil {
		t.Error("a guide with mistakes was built")
	}
	if after, _ := os.ReadFile(filepath.Join(s.dir, "guide", "ti.md")); !bytes.Equal(after, before) {
		t.Error("a sheet with mistakes changed the guide")
	}
}
