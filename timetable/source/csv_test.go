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
