package excel

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"infobus/timetable/source"
	"infobus/timetable/source/workbook"
	"infobus/timetable/timetabletest"
)

// reader is the program that reads workbooks in these tests: this one, built without
// the race detector, which takes more memory than a reader may have.
var reader = sync.OnceValue(func() string {
	if out, err := exec.Command("go", "test", "-c", "-o", built, ".").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v: %s", err, out))
	}
	return built
})

var built = filepath.Join(os.TempDir(), fmt.Sprintf("infobus-reader-%d.test", os.Getpid()))

// The test program is the program that reads workbooks, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == workbook.Command {
		switch os.Getenv("INFOBUS_TRY") {
		case "socket":
			fail(confine())
			_, err := net.Dial("tcp", "127.0.0.1:9")
			fmt.Println(err)
		case "file":
			fail(confine())
			_, err := os.Open("/etc/passwd")
			fmt.Println(err)
		case "memory":
			fail(confine())
			kept := [][]byte{}
			for range 100 {
				kept = append(kept, bytes.Repeat([]byte{1}, 10<<20))
			}
			fmt.Println("took", len(kept))
		case "peak":
			status, err := os.Open("/proc/self/status")
			fail(err)
			fail(Serve(os.Stdin, os.Stdout))
			text, err := io.ReadAll(status)
			fail(err)
			fmt.Fprintf(os.Stderr, "%s", text)
		default:
			fail(Serve(os.Stdin, os.Stdout))
		}
		os.Exit(0)
	}
	code := m.Run()
	os.Remove(built)
	os.Exit(code)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// zipped is an archive of parts.
func zipped(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// folder is a workbook whose parts stand in a folder.
func folder(t testing.TB, path string) map[string]string {
	t.Helper()
	parts := map[string]string{}
	err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		inside, _ := filepath.Rel(path, name)
		parts[filepath.ToSlash(inside)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

// made is a workbook that a function fills.
func made(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func rowOf(f *excelize.File, sheet string, row int, values ...any) {
	if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", row), &values); err != nil {
		panic(err)
	}
}

func parse(t testing.TB, data []byte) source.Parsed {
	t.Helper()
	return source.Options{Workbook: workbook.Reader(reader())}.Parse([]source.File{{Name: "plan.xlsx", Data: data}})
}

func texts(p source.Parsed) (list []string) {
	for _, m := range p.Mistakes {
		list = append(list, m.Error())
	}
	for _, w := range p.Warnings {
		list = append(list, "warning: "+w.Error())
	}
	return list
}

// said compares what was said with parts of it, in their order.
func said(t *testing.T, p source.Parsed, want ...string) {
	t.Helper()
	got := texts(p)
	if len(got) != len(want) || !slices.EqualFunc(got, want, strings.Contains) {
		t.Errorf("said:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What is read of the workbooks of programs, rebuilt after the format's standard
// and public samples. docs/timetable.md has the same as a table.
func TestWorkbooksOfProgramsAreRead(t *testing.T) {
	const sheet = "30 00:00-24:00 confirmed Accueil de nuit, Salle des Tilleuls\n30 12:00-14:00 confirmed Repas chauds, Rue du Moulin Gris\n" +
		"01 00:00-24:00 confirmed Accueil de nuit, Salle des Tilleuls\n01 12:00-14:00 cancelled Repas chauds, Rue du Moulin Gris\n*01 14:00-16:00 confirmed Espace femmes, Maison Rouge\n" +
		"02 00:00-24:00 confirmed Accueil de nuit, Salle des Tilleuls\n02 12:00-14:00 confirmed Repas chauds, Rue du Moulin Gris"
	for _, c := range []struct {
		program string
		said    []string
	}{
		{"excel", []string{"warning: plan.xlsx:1:1: sheet 2!A1: the sheet is hidden", "warning: plan.xlsx:2:1: sheet 3!A2: no columns' names"}},
		{"libreoffice", nil},
		{"google-sheets", []string{"warning: plan.xlsx:4:1: Feuille 1!A4: hidden rows, 1 of them, are read like the others"}},
	} {
		t.Run(c.program, func(t *testing.T) {
			p := parse(t, zipped(t, folder(t, filepath.Join("testdata/exports", c.program))))
			said(t, p, c.said...)
			if got := timetabletest.RowsOf(p.Over(nil), "2026-11-30", 3); got != sheet {
				t.Errorf("%s\nwant\n%s", got, sheet)
			}
			if s := p.Timetable.Services; len(s) != 3 || s[0].Name["ar"] != "وجبات ساخنة" {
				t.Errorf("services: %+v", s)
			}
		})
	}
}

var head = []any{"name", "category", "place", "days", "dates", "opens", "closes", "checked", "show", "status"}

func TestACellIsWhatItsFormatShows(t *testing.T) {
	custom := func(code string) *excelize.Style { return &excelize.Style{CustomNumFmt: &code} }
	noon := 0.5
	for _, c := range []struct {
		what  string
		value any
		style *excelize.Style
		want  string
	}{
		{"a day", 46345, &excelize.Style{NumFmt: 14}, "2026-11-19"},
		{"a day with an hour that is not shown", 46345.5, custom("dd/mm/yyyy"), "2026-11-19"},
		{"a day in French", 46345, custom(`[$-40C]dddd d mmmm yyyy`), "2026-11-19"},
		{"a month and a day", 46345, custom("d mmm"), "2026-11-19"},
		{"a day and an hour", 46345.5, &excelize.Style{NumFmt: 22}, "2026-11-19 12:00:00"},
		{"an hour", noon, &excelize.Style{NumFmt: 20}, "12:00:00"},
		{"an hour with AM or PM", 0.75, &excelize.Style{NumFmt: 18}, "18:00:00"},
		{"an hour that is not quite a number of seconds", 0.39583333333333331, custom(`hh"h"mm`), "09:30:00"},
		{"an hour of a day that is not shown", 46345.75, custom("h:mm"), "18:00:00"},
		{"hours beyond the day", 1.0833333333333333, custom("[h]:mm"), "26:00:00"},
		{"24:00", 1, &excelize.Style{NumFmt: 46}, "24:00:00"},
		{"minutes", noon, custom("mm:ss"), "12:00:00"},
		{"a number", 46345, nil, "46345"},
		{"a number with letters that are quoted", 9, custom(`0"h d"`), "9"},
		{"a number in red", 9, custom(`[Red]0.00;[Blue]-0.00`), "9"},
		{"digits as a text", "115", nil, "115"},
		{"digits as a text in a cell for days", "46345", &excelize.Style{NumFmt: 14}, "46345"},
		{"a yes", true, nil, "TRUE"},
		{"a text", "Rue  du\nMoulin", nil, "Rue  du\nMoulin"},
		{"before the first day", -1, &excelize.Style{NumFmt: 14}, "-1"},
		{"after the last day", 1e15, &excelize.Style{NumFmt: 14}, "1000000000000000"},
	} {
		data := made(t, func(f *excelize.File) {
			f.SetCellValue("Sheet1", "B2", c.value)
			if c.style != nil {
				id, err := f.NewStyle(c.style)
				if err != nil {
					t.Fatal(err)
				}
				f.SetCellStyle("Sheet1", "B2", "B2", id)
			}
		})
		sheets, err := workbook.Reader(reader())(data)
		want := source.Cell{Row: 2, Column: 2, Text: c.want}
		if err != nil || len(sheets) != 1 || len(sheets[0].Cells) != 1 || sheets[0].Cells[0] != want {
			t.Errorf("%s: %+v, %v, want %q", c.what, sheets, err, c.want)
		}
	}
	t.Run("a formula whose value was not saved is none", func(t *testing.T) {
		row := inline(2, "Tea", "food", "Rue") + `<row r="3"><c r="A3"><f>B1&amp;B2</f></c><c r="B3" t="str"><f>A1</f><v></v></c><c r="C3" t="str"><f>C2</f><v>Rue</v></c><c r="D3" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>`
		p := parse(t, raw(t, inline(1, "name", "category", "opens", "closes", "days")+row, nil))
		if got := strings.Join(texts(p), "\n"); !strings.Contains(got, "A!A3: name: =B1&B2 found, a formula without its value") || strings.Contains(got, "A1 found") || !strings.Contains(got, `A!D3: closes: "#DIV/0!" found`) {
			t.Error(got)
		}
	})
	t.Run("days are counted from 1904 where the workbook says so", func(t *testing.T) {
		data := made(t, func(f *excelize.File) {
			yes := true
			f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes})
			f.SetCellValue("Sheet1", "A1", 46345-1462)
			id, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
			f.SetCellStyle("Sheet1", "A1", "A1", id)
		})
		sheets, err := workbook.Reader(reader())(data)
		if err != nil || sheets[0].Cells[0].Text != "2026-11-19" {
			t.Errorf("%+v, %v", sheets, err)
		}
	})
}

func TestMistakesNameTheCell(t *testing.T) {
	p := parse(t, made(t, func(f *excelize.File) {
		f.SetSheetName("Sheet1", "Semaine")
		rowOf(f, "Semaine", 1, head...)
		rowOf(f, "Semaine", 2, "Tea", "food", "Rue", "mon", "", "12h", "13h", "2026-11-22", "screen", "")
		rowOf(f, "Semaine", 3, "#N/A", "food", "Rue", "tue", "", "12h", "13h", "2026-11-22", "screen", "")
		rowOf(f, "Semaine", 4, "Soup", "food", "Rue", "xyz", "", "12h", "13h", "2026-11-22", "screen", "")
		rowOf(f, "Semaine", 6, "Milk", "food", "Rue", "wed", "", 0.51, "13h", "2026-11-22", "screen", "", "", "more")
		f.NewSheet("Douches")
		rowOf(f, "Douches", 1, "Semaine 48")
		rowOf(f, "Douches", 3, head...)
		rowOf(f, "Douches", 4, "Tea", "food", "Rue", "mon", "", "12h", "13h", "2026-11-22", "screen", "")
		f.NewSheet("Lieux")
		rowOf(f, "Lieux", 1, "Rue", "1", "2", "3")
	}))
	said(t, p,
		`plan.xlsx:3:1: Semaine!A3: name: #N/A found, which is a spreadsheet's error`,
		`plan.xlsx:4:4: Semaine!D4: days: "xyz" found`,
		`plan.xlsx:6:6: Semaine!F6: opens: "0.51" found`,
		`plan.xlsx:6:12: Semaine!L6: "more" found in a column without a name`,
		`plan.xlsx:4:1: Douches!A4: id: "tea" a second time`,
		`plan.xlsx:1:1: Lieux!A1: a table without the columns' names`,
		`warning: plan.xlsx:1:1: Douches!A1: what stands above the columns' names, in row 3, is not read`,
	)
	if got := timetabletest.RowsOf(p.Over(nil), "2026-11-30", 1); !strings.Contains(got, "Tea") {
		t.Errorf("the row that can be read: %s", got)
	}
}

// A cancelled row in a workbook that cannot be read as a whole closes what the
// last good one has.
func TestAWorkbookThatIsRefusedPutsItsRowsInDoubt(t *testing.T) {
	fill := func(status, day string) []byte {
		return made(t, func(f *excelize.File) {
			rowOf(f, "Sheet1", 1, head...)
			rowOf(f, "Sheet1", 2, "Tea", "food", "Rue", "mon", "", "12h", "13h", "2026-11-22", "screen", "")
			rowOf(f, "Sheet1", 3, "Soup", "food", "Rue", "mon", "", "18h", "19h", "2026-11-22", "screen", "")
			if status != "" {
				rowOf(f, "Sheet1", 4, "Tea", "food", "Rue", "", "2026-11-30", "", "", "", "screen", status)
				rowOf(f, "Sheet1", 5, "Showers", "showers", "Rue", day, "", "9h", "10h", "2026-11-22", "screen", "")
			}
		})
	}
	good := parse(t, fill("", "")).Over(nil)
	p := parse(t, fill("cancelled", "xyz"))
	if !p.Refused {
		t.Fatal("it is not refused")
	}
	const want = "30 12:00-13:00 ask us Tea, Rue\n30 18:00-19:00 confirmed Soup, Rue"
	if got := timetabletest.RowsOf(p.Over(good), "2026-11-30", 1); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	for _, data := range [][]byte{[]byte("PK\x03\x04 and no more"), zipped(t, map[string]string{"a": "b"}), []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old")} {
		p := parse(t, data)
		if got := timetabletest.RowsOf(p.Over(good), "2026-11-30", 1); !p.Refused || strings.Contains(got, "confirmed") {
			t.Errorf("%q: %s", data[:8], got)
		}
	}
}

const (
	contentTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`
	workbookXML  = `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>`
	workbookRels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`
	rootRels     = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
)

// raw is a workbook of one sheet with this for its rows.
func raw(t testing.TB, rows string, more map[string]string) []byte {
	parts := map[string]string{"[Content_Types].xml": contentTypes, "_rels/.rels": rootRels, "xl/workbook.xml": workbookXML, "xl/_rels/workbook.xml.rels": workbookRels,
		"xl/worksheets/sheet1.xml": `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + rows + `</sheetData></worksheet>`}
	for name, text := range more {
		parts[name] = text
	}
	return zipped(t, parts)
}

// inline is a row of texts.
func inline(row int, texts ...any) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<row r="%d">`, row)
	for _, v := range texts {
		fmt.Fprintf(&b, `<c t="inlineStr"><is><t>%v</t></is></c>`, v)
	}
	return b.String() + "</row>"
}

func TestAWorkbookTakesLittleMemoryAndTime(t *testing.T) {
	rows := func(n int) string {
		var b strings.Builder
		b.WriteString(inline(1, head...))
		for i := range n {
			b.WriteString(inline(i+2, fmt.Sprintf("Tea %d", i%400), "food", "Rue du Moulin Gris", "mon", "", "12h", "13h", "2026-11-22", "screen", ""))
		}
		return b.String()
	}
	lying := func() []byte { // its parts are larger than they say
		data := raw(t, "", map[string]string{"xl/worksheets/sheet1.xml": strings.Repeat("<row/>", 4<<20)})
		said := bytes.Count(data, []byte{0, 0, 0x80, 1}) // 24 MB, little endian
		if said != 2 {
			t.Fatalf("its size stands there %d times", said)
		}
		return bytes.ReplaceAll(data, []byte{0, 0, 0x80, 1}, []byte{0, 1, 0, 0})
	}
	for _, c := range []struct {
		what string
		data []byte
		want string
	}{
		{"as many rows as there may be", raw(t, rows(5000), nil), "overlaps"},
		{"10,000 rows", raw(t, rows(10000), nil), "more than"},
		{"a sheet of 50 MB", raw(t, rows(2000)+strings.Repeat("<row><c><v>1</v></c></row>", 2<<20), nil), "unpacks to more than"},
		{"a sheet of 50 MB that is not packed", append([]byte("PK\x03\x04"), make([]byte, 50<<20)...), "more than the 1048576"},
		{"an archive that unpacks to a gigabyte", raw(t, "", map[string]string{"xl/media/a.xml": strings.Repeat("\x00", 1<<28), "xl/media/b.xml": strings.Repeat("\x00", 1<<28)}), "unpacks to more than"},
		{"an archive that lies of its size", lying(), "no sheet found"},
		{"an archive of many parts", func() []byte {
			parts := map[string]string{}
			for i := range 2000 {
				parts[fmt.Sprint("xl/", i)] = ""
			}
			return raw(t, rows(1), parts)
		}(), "parts found"},
		{"rows to the last one", raw(t, rows(10)+inline(1048576, "Tea"), nil), "something found in row 1048576"},
		{"columns to the last one", raw(t, rows(10)+`<row r="20"><c r="XFD20"><v>1</v></c></row>`, nil), "something found in column 16384"},
		{"cells without anything, to the bound of what is unpacked", raw(t, rows(10)+strings.Repeat(`<row r="20"><c r="CV20" s="1"/><c/></row>`, 380000), nil), ""},
		{"one row a hundred thousand times", raw(t, strings.Repeat(`<row r="7"><c r="C7"><v>1</v></c></row>`, 100000), nil), ""},
		{"as many cells as unpack", raw(t, strings.Repeat("<row>"+strings.Repeat(`<c><v>1</v></c>`, 150)+"</row>", 7000), nil), "cells found"},
		{"long texts", raw(t, inline(1, head...)+strings.Repeat(inline(2, strings.Repeat("Tea", 5000)), 1000), nil), ""},
		{"merged cells", raw(t, rows(10)+"</sheetData><mergeCells>"+strings.Repeat(`<mergeCell ref="A1:XFD1048576"/>`, 100000)+"</mergeCells><sheetData>", nil), ""},
		{"tags that do not end", raw(t, strings.Repeat("<row><c>", 1<<20), nil), ""},
		{"styles", raw(t, rows(10), map[string]string{"xl/styles.xml": "<styleSheet><cellXfs>" + strings.Repeat(`<xf numFmtId="164"/>`, 500000) + "</cellXfs></styleSheet>"}), ""},
		{"strings that nobody uses", raw(t, rows(10), map[string]string{"xl/sharedStrings.xml": `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + strings.Repeat(`<si><t>a</t></si>`, 900000) + "</sst>"}), ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			begin := time.Now()
			p := parse(t, c.data)
			took := time.Since(begin)
			child := exec.Command(reader(), workbook.Command)
			child.Env, child.Stdin = append(slices.Clone(workbook.Environment), "INFOBUS_TRY=peak"), bytes.NewReader(c.data)
			var status bytes.Buffer
			child.Stderr = &status
			out, err := child.Output()
			peak := -1 // it ran out of memory
			if _, of, ok := strings.Cut(status.String(), "VmHWM:"); ok {
				fmt.Sscan(of, &peak)
				peak >>= 10
			}
			said := strings.Join(texts(p), "\n")
			t.Logf("%d bytes: %s; the child had %d MB at most, said %d bytes (%v); %.200s", len(c.data), took.Round(time.Millisecond), peak, len(out), err, said)
			if peak > 130 || took > workbook.Patience {
				t.Errorf("%d MB, %s", peak, took)
			}
			if !strings.Contains(said, c.want) || said == "" && c.want != "" {
				t.Errorf("said %.300s\nwant %s", said, c.want)
			}
		})
	}
}

func TestTheReaderOfWorkbooksOpensNothing(t *testing.T) {
	for try, want := range map[string]string{"socket": "too many open files", "file": "too many open files"} {
		c := exec.Command(reader(), workbook.Command)
		c.Env = append(slices.Clone(workbook.Environment), "INFOBUS_TRY="+try)
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %s, %v", try, out, err)
		}
	}
	c := exec.Command(reader(), workbook.Command)
	c.Env = append(slices.Clone(workbook.Environment), "INFOBUS_TRY=memory")
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "memory") {
		t.Errorf("memory without a bound: %s", out)
	}
}

func TestTheDaemonDoesNotLinkTheReaderOfWorkbooks(t *testing.T) {
	for program, want := range map[string]bool{"infobus/cmd/infobusd": false, "infobus/cmd/infobus": true} {
		out, err := exec.Command("go", "list", "-deps", program).Output()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(out), "excelize") != want {
			t.Errorf("%s has excelize: %t", program, !want)
		}
	}
}

// Whatever a file holds, reading it ends, in cells that can be decoded or in an
// error.
func FuzzRead(f *testing.F) {
	for _, program := range []string{"excel", "libreoffice", "google-sheets"} {
		parts := folder(f, filepath.Join("testdata/exports", program))
		f.Add(parts["xl/worksheets/sheet1.xml"], parts["xl/sharedStrings.xml"], parts["xl/styles.xml"], parts["xl/workbook.xml"])
	}
	f.Fuzz(func(t *testing.T, sheet, texts, styles, book string) {
		data := raw(t, "", map[string]string{"xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": texts, "xl/styles.xml": styles, "xl/workbook.xml": book})
		var sheets int
		if err := read(data, func(l workbook.Line) error {
			if l.Name != nil {
				sheets++
			}
			if l.Sheet != sheets {
				t.Errorf("line of sheet %d after %d", l.Sheet, sheets)
			}
			return nil
		}); err != nil && err.Error() == "" {
			t.Error("an error without a word")
		}
	})
}

// A cell above the table may say when all of it was checked.
func TestACellSaysWhenTheSheetWasChecked(t *testing.T) {
	data := made(t, func(f *excelize.File) {
		rowOf(f, "Sheet1", 1, "Vérifié le", "22/11/2026")
		rowOf(f, "Sheet1", 3, "name", "category", "days", "opens", "closes", "show")
		rowOf(f, "Sheet1", 4, "Tea", "food", "mon", "12h", "13h", "screen")
	})
	for cell, want := range map[string]struct{ rows, said string }{
		"B1": {"30 12:00-13:00 confirmed Tea, ", "row 3, is not read"},
		"C1": {"30 12:00-13:00 ask us Tea, ", "no day found in the cell C1"},
		"A1": {"30 12:00-13:00 ask us Tea, ", `Sheet1!A1: checked: "Vérifié le" found`},
	} {
		p := source.Options{Workbook: workbook.Reader(reader()), Checked: cell}.Parse([]source.File{{Name: "plan.xlsx", Data: data}})
		if got := timetabletest.RowsOf(p.Over(nil), "2026-11-30", 1); got != want.rows || !strings.Contains(strings.Join(texts(p), "\n"), want.said) {
			t.Errorf("%s: %s\n%s", cell, got, strings.Join(texts(p), "\n"))
		}
	}
}
