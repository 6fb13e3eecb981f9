package translator

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/xuri/excelize/v2"

	"infobus/guide"
	"infobus/timetable/source"
)

const english = `language: en
source: en

# phone
Your phone

## wait
Your phone stays where you can **see it**: {service:charging.place}.

## bring
- your cable

# help
Help in danger

## call
Call {number:emergency} in danger.
`

// tigrinya has phone as it is, wait of an older wording, bring unreviewed, and nothing
// of help.
var tigrinya = "language: ti\nsource: en\n\n# phone " + of("Your phone") + " reviewed\nቴለፎንካ\n\n" +
	"## wait\n> Your phone waits where we can **see it**: {service:charging.place}.\nቴለፎንካ ኣብ {service:charging.place} ይጸንሕ።\n\n" +
	"## bring " + of("- your cable") + "\n- ገመድካ\n"

func of(text string) string {
	items, _ := guide.ParseText(text)
	return guide.Hash(items)
}

func load(t testing.TB, files map[string]string) guide.Guide {
	t.Helper()
	folder := fstest.MapFS{}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	g, wrong := guide.Load(folder)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return g
}

// sheets are the cells of a workbook, as the program that reads them gives them.
func sheets(t testing.TB, data []byte) (list []source.Sheet) {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range f.GetSheetList() {
		s := source.Sheet{Name: name}
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range rows {
			for c, text := range row {
				if text != "" {
					s.Cells = append(s.Cells, source.Cell{Row: r + 1, Column: c + 1, Text: text})
				}
			}
		}
		list = append(list, s)
	}
	return list
}

// put writes into a cell, named as spreadsheets do.
func put(list []source.Sheet, at, text string) {
	column, row, err := excelize.CellNameToCoordinates(at)
	if err != nil {
		panic(err)
	}
	s := &list[0]
	i := slices.IndexFunc(s.Cells, func(c source.Cell) bool { return c.Row == row && c.Column == column })
	switch {
	case i >= 0:
		s.Cells[i].Text = text
	default:
		s.Cells = append(s.Cells, source.Cell{Row: row, Column: column, Text: text})
	}
}

func at(list []source.Sheet, name string) string {
	column, row, _ := excelize.CellNameToCoordinates(name)
	for _, c := range list[0].Cells {
		if c.Row == row && c.Column == column {
			return c.Text
		}
	}
	return ""
}

func written(t testing.TB, g guide.Guide) []source.Sheet {
	t.Helper()
	data, err := Write(g, "ti")
	if err != nil {
		t.Fatal(err)
	}
	return sheets(t, data)
}

func TestASheetSaysWhatIsToBeTranslated(t *testing.T) {
	list := written(t, load(t, map[string]string{"en.md": english, "ti.md": tigrinya}))
	for name, want := range map[string]string{
		"A1": "id", "B1": "source: en", "E1": "translation: ti", "F1": "reviewed, yes or no",
		"A2": "phone", "B2": "Your phone", "C2": "ቴለፎንካ", "D2": "", "E2": "", "F2": "yes", "G2": of("Your phone"),
		"A3": "phone.wait", "B3": "Your phone stays where you can **see it**: {service:charging.place}.", "C3": "ቴለፎንካ ኣብ {service:charging.place} ይጸንሕ።",
		"D3": "Your phone [-waits -][+stays +]where [-we -][+you +]can **see it**: {service:charging.place}.", "E3": "", "F3": "",
		"A4": "phone.bring", "B4": "- your cable", "D4": "", "F4": "no",
		"A6": "help.call", "C6": "", "D6": "new",
	} {
		if got := at(list, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestASheetThatComesBackIsTakenOver(t *testing.T) {
	g := load(t, map[string]string{"en.md": english, "ti.md": tigrinya})
	list := written(t, g)
	put(list, "E3", "ቴለፎንካ ኣብ ትርእዮ {service:charging.place} ይጸንሕ።")
	put(list, "F3", "yes")
	put(list, "F4", "oui") // the last translation, agreed to
	put(list, "F2", "no")  // not any more
	put(list, "E6", "ኣብ ሓደጋ ናብ {number:emergency} ደውል።")
	got, wrong := Read("ti.xlsx", list, g, "ti")
	if len(wrong) > 0 || len(got.Warnings) > 0 {
		t.Fatal(wrong, got.Warnings)
	}
	if fmt.Sprint(got.Taken, got.Stale, got.Agreed, got.Withdrawn, got.Kept) != "[phone.wait help.call] [] [phone.bring] [phone] []" {
		t.Errorf("%v %v %v %v %v", got.Taken, got.Stale, got.Agreed, got.Withdrawn, got.Kept)
	}
	states := map[string]guide.State{"phone": guide.Unreviewed, "phone.wait": guide.OK, "phone.bring": guide.OK, "help": guide.Missing, "help.call": guide.Unreviewed}
	check := func(g guide.Guide) {
		t.Helper()
		for _, p := range g.Pairs("ti") {
			if p.State != states[p.Source.ID] {
				t.Errorf("%s is %s, want %s", p.Source.ID, p.State, states[p.Source.ID])
			}
		}
	}
	check(got.Guide)
	check(load(t, map[string]string{"en.md": english, "ti.md": string(got.File.Bytes(true))}))
}

// What was made from an older wording counts as stale, and never takes the place of a
// translation of the present one.
func TestAnOlderSheetIsNeverCurrent(t *testing.T) {
	old := load(t, map[string]string{"en.md": english})
	list := written(t, old)
	put(list, "E3", "ቴለፎንካ ኣብ {service:charging.place} ይጸንሕ።")
	put(list, "F3", "yes")
	put(list, "E4", "- ገመድ")
	put(list, "F4", "yes")
	changed := strings.NewReplacer("where you can", "where we can", "your cable", "your charger").Replace(english)
	now := load(t, map[string]string{"en.md": changed, "ti.md": "language: ti\nsource: en\n# phone\n## bring " + of("- your charger") + "\n- መምልኢ\n"})
	got, wrong := Read("ti.xlsx", list, now, "ti")
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	if fmt.Sprint(got.Taken, got.Stale, got.Kept) != "[phone.wait] [phone.wait] [phone.bring]" || len(got.Warnings) != 1 {
		t.Errorf("%v %v %v %v", got.Taken, got.Stale, got.Kept, got.Warnings)
	}
	for _, p := range got.Guide.Pairs("ti") {
		switch {
		case p.Source.ID == "phone.wait" && p.State != guide.Stale:
			t.Errorf("%s is %s", p.Source.ID, p.State)
		case p.Source.ID == "phone.bring" && (p.State != guide.Unreviewed || guide.Markdown(p.Own.Items) != "- መምልኢ"):
			t.Errorf("%s is %s: %s", p.Source.ID, p.State, guide.Markdown(p.Own.Items))
		}
	}
	// The next sheet says what has changed since.
	data, err := Write(got.Guide, "ti")
	if err != nil {
		t.Fatal(err)
	}
	if d := at(sheets(t, data), "D3"); !strings.Contains(d, "[-you -][+we +]") {
		t.Error(d)
	}
	// A source that was written over in the sheet may be what was translated.
	list = written(t, now)
	put(list, "B3", "Another text")
	put(list, "E3", "ጽሑፍ")
	if got, wrong := Read("ti.xlsx", list, now, "ti"); len(wrong) > 0 || fmt.Sprint(got.Stale) != "[phone.wait]" || len(got.Warnings) != 1 {
		t.Errorf("%v %v %v", wrong, got.Stale, got.Warnings)
	}
}

func TestASheetWithMistakesIsRefusedWithTheCell(t *testing.T) {
	g := load(t, map[string]string{"en.md": english, "am.md": "language: am\nsource: en\n# help " + of("Help in danger") + "\nእርዳታ በአደጋ ጊዜ ይኖራል\n"})
	merge := func(a source.Area) func([]source.Sheet) {
		return func(list []source.Sheet) { list[0].Merged = append(list[0].Merged, a) }
	}
	cell := func(at, text string) func([]source.Sheet) {
		return func(list []source.Sheet) { put(list, at, text) }
	}
	for what, c := range map[string]struct {
		change func([]source.Sheet)
		want   string
	}{
		"merged cells":                         {merge(source.Area{Row: 3, Column: 5, LastRow: 4, LastColumn: 5}), "ti.xlsx:3:5: Guide!E3: merged cells found, down to E4"},
		"another language's column":            {cell("E1", "translation: am"), "ti.xlsx:1:5: Guide!E1: another language's column: am found, ti was expected"},
		"an unknown language's":                {cell("E1", "translation: xx"), "Guide!E1: the language xx found"},
		"a second column of the same name":     {cell("H1", "translation: ti"), "Guide!H1: the column translation a second time"},
		"another source":                       {cell("B1", "source: fr"), "Guide!B1: a source in the language fr found, en was expected"},
		"no column of wordings":                {cell("G1", "x"), "Guide!A1: no column wording found"},
		"another script":                       {cell("E5", "المساعدة عند الخطر"), "Guide!E5: letters of another script than that of ti"},
		"what another language has":            {cell("E5", "እርዳታ በአደጋ ጊዜ ይኖራል"), "Guide!E5: the same text as in am found"},
		"markup":                               {cell("E5", "ሓገዝ <b>"), `Guide!E5: letter 5: "<" found: markup`},
		"a sign that turns the writing around": {cell("E5", "ሓገዝ\u202e"), "Guide!E5: letter 4: a sign that turns the writing around found (U+202E)"},
		"an hour":                              {cell("E4", "- ገመድካ\n- 10:30"), "Guide!E4: line 2, letter 3: a number found"},
		"an address":                           {cell("E5", "ሓገዝ x.example"), "Guide!E5: letter 5: \"x.example\" found: an address"},
		"a reference that is missing":          {cell("E3", "ቴለፎንካ"), "Guide!E3: {service:charging.place} is missing, which the source has"},
		"a reference that is another":          {cell("E3", "ቴለፎን {service:charging.hours}"), "Guide!E3: {service:charging.hours} found, which the source does not have; {service:charging.place} is missing"},
		"a reference with a slip":              {cell("E3", "ቴለፎን {servce:charging.place}"), `Guide!E3: letter 6: "{servce:charging.place}" found`},
		"a title that is a list":               {cell("E5", "- ሓገዝ"), "Guide!E5: a title of one line"},
		"a formula":                            {cell("E5", "=A1"), "Guide!E5: =A1 found: a formula"},
		"a spreadsheet's error":                {cell("E5", "#NAME?"), "Guide!E5: #NAME? found"},
		"a name in place of yes":               {cell("F5", "Jean Dupont"), "Guide!F5: yes or no was expected, and no name"},
		"an id twice":                          {cell("A4", "phone.wait"), "Guide!A4: phone.wait a second time; it stands in row 3"},
		"a text without an id":                 {cell("E9", "ሓገዝ"), "Guide!E9: a text without the id of a paragraph"},
		"a text that is too long":              {cell("E5", strings.Repeat("ሓ", 1501)), "Guide!E5: more than 1500 letters"},
		"another table":                        {func(list []source.Sheet) { list[0].Cells = list[0].Cells[1:] }, "ti.xlsx:1:1: no sheet found"},
		"two sheets":                           {func(list []source.Sheet) { list[1] = list[0] }, "a second sheet"},
	} {
		list := written(t, g)
		c.change(list)
		got, wrong := Read("ti.xlsx", list, g, "ti")
		if len(wrong) == 0 || !strings.Contains(wrong.Error(), c.want) || strings.Contains(wrong.Error(), "Dupont") {
			t.Errorf("%s: %v, want %s", what, wrong, c.want)
		}
		if len(got.File.Texts) > 0 {
			t.Errorf("%s: something was taken over", what)
		}
	}
	list := written(t, g)
	put(list, "A4", "phone.gone")
	put(list, "E4", "- ገመድካ")
	if got, wrong := Read("ti.xlsx", list, g, "ti"); len(wrong) > 0 || len(got.Warnings) != 1 || !strings.Contains(got.Warnings.Error(), "Guide!A4: phone.gone is no paragraph of the guide any more") {
		t.Error(wrong, got.Warnings)
	}
}

// Whatever stands in a sheet, what is taken over is a text of a guide, and is current
// only where its wording is the present one.
func FuzzRead(f *testing.F) {
	g := load(f, map[string]string{"en.md": english, "ti.md": tigrinya})
	base := written(f, g)
	f.Add("E3", "ጽሑፍ {service:charging.place}", "F3", "yes")
	f.Add("E1", "translation: am", "A4", "phone.wait")
	f.Add("G3", "", "E3", "ጽሑፍ **ጽ** {service:charging.place}\n- ሓደ")
	f.Fuzz(func(t *testing.T, where, text, other, more string) {
		list := []source.Sheet{{Name: base[0].Name, Cells: slices.Clone(base[0].Cells)}}
		for name, text := range map[string]string{where: text, other: more} {
			if _, _, err := excelize.CellNameToCoordinates(name); err != nil {
				return
			}
			put(list, name, text)
		}
		got, wrong := Read("ti.xlsx", list, g, "ti")
		for _, m := range wrong {
			if m.What == "" {
				t.Error("a mistake without a word")
			}
		}
		if len(wrong) > 0 || len(got.Taken) == 0 {
			return
		}
		read, mistakes := guide.Parse("ti.md", got.File.Bytes(true))
		if len(mistakes) > 0 {
			t.Fatalf("%v\n%s", mistakes, got.File.Bytes(true))
		}
		wordings := map[string]string{}
		for _, p := range g.Pairs("en") {
			wordings[p.Source.ID] = guide.Hash(p.Source.Items)
		}
		for _, text := range read.Texts {
			if slices.Contains(got.Stale, text.ID) && text.From == wordings[text.ID] {
				t.Errorf("%s is stale, and counts as current", text.ID)
			}
		}
	})
}
