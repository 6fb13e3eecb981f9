package source

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"infobus/timetable"
)

// A sheet says the same, however a program saved it.
func TestASheetIsReadAsProgramsSaveIt(t *testing.T) {
	sheet := `nom;catégorie;lieu;jours;ouvre;ferme;vérifié le;par;affichage
"Repas ""chauds""; à midi";repas;Rue d'Été;lun, mer;9h30;14:00:00;20/11/2026;Croix;écran
`
	sixteen := func(order unicode.Endianness) string {
		text, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().String(sheet)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ansi, err := charmap.Windows1252.NewEncoder().String(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"UTF-8":                         sheet,
		"UTF-8 with its mark":           "\ufeff" + sheet,
		"UTF-16, little end first":      sixteen(unicode.LittleEndian),
		"UTF-16, big end first":         sixteen(unicode.BigEndian),
		"Windows-1252":                  strings.ReplaceAll(ansi, "\n", "\r\n"),
		"a line that names its divider": "sep=;\r\n" + ansi,
		"lines that end as on old Macs": strings.ReplaceAll(sheet, "\n", "\r"),
		"columns and rows without text": strings.ReplaceAll(sheet, "\n", ";;\n") + ";;;;;;;;;;\n",
	} {
		tt, err := Parse("t.csv", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		rows := tt.Rows(time.Date(2026, 11, 23, 8, 0, 0, 0, tt.Zone), "")
		if len(rows) != 1 {
			t.Errorf("%s: %d rows", what, len(rows))
			continue
		}
		r := rows[0]
		got := fmt.Sprintf("%s, %s, %s-%s %s, %v", r.Service.Name["en"], r.Service.Place.Name, r.Opens.Format("15:04"), r.Closes.Format("15:04"), r.State, r.Service.Show == timetable.Screen)
		if want := `Repas "chauds"; à midi, Rue d'Été, 09:30-14:00 confirmed, true`; got != want {
			t.Errorf("%s: %s", what, got)
		}
	}
}

// What a spreadsheet with a day above its table is exported as.
func TestACellOfACSVSaysWhenItWasChecked(t *testing.T) {
	table := "name,category,days,opens,closes,show,checked\nTea,food,mon,12h,13h,screen,\nSoup,food,mon,14h,15h,screen,2026-11-23\n"
	for _, c := range []struct{ what, cell, text, want, said string }{
		{"above the table", "B1", "Vérifié le,22/11/2026,,,,,\n,,,,,,\n" + table, "Tea confirmed, Soup confirmed", "t.csv:1:1: what stands above the columns' names, in row 3"},
		{"with semicolons", "B1", "Vérifié le;22/11/2026;;;;;\n" + strings.ReplaceAll(table, ",", ";"), "Tea confirmed, Soup confirmed", "in row 2"},
		{"under a title of two lines", "C3", "\"The\nplan\",,,,,,\n\n,,2026-11-22,,,,\n" + table, "Tea confirmed, Soup confirmed", "above the columns' names"},
		{"below the table's names", "G3", table, "Tea confirmed, Soup confirmed", ""},
		{"too long ago", "B1", "Checked,2026-09-01,,,,,\n" + table, "Tea ask us, Soup confirmed", "in row 2"},
		{"an empty cell", "C1", "Checked,2026-11-22,,,,,\n" + table, "Tea ask us, Soup confirmed", "no day found in the cell C1"},
		{"a cell beyond the table", "Z99", table, "Tea ask us, Soup confirmed", "no day found in the cell Z99"},
		{"a cell without a day", "A1", "Checked,2026-11-22,,,,,\n" + table, "Tea ask us, Soup confirmed", `t.csv:1:1: checked: "Checked" found`},
		{"a day", "2026-11-22", table, "Tea confirmed, Soup confirmed", ""},
	} {
		p := Options{Checked: c.cell}.Parse([]File{{"t.csv", []byte(c.text)}})
		tt := p.Over(nil)
		var rows []string
		for _, r := range tt.Rows(time.Date(2026, 11, 30, 8, 0, 0, 0, tt.Zone), "") {
			rows = append(rows, r.Service.Name["en"]+" "+string(r.State))
		}
		said := p.Mistakes.Error()
		for _, w := range p.Warnings {
			said += "\n" + w.Error()
		}
		if got := strings.Join(rows, ", "); got != c.want || !strings.Contains(said, c.said) || c.said == "" && said != "" {
			t.Errorf("%s: %s, want %s\n%s", c.what, got, c.want, said)
		}
	}
}
