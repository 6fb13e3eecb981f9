package source

import (
	"os"
	"strings"
	"testing"

	"infobus/timetable"
	"infobus/timetable/timetabletest"
)

// What is read of the exports of programs, rebuilt after their documentation and
// public samples. docs/timetable.md has the same as a table.
func TestExportsOfProgramsAreRead(t *testing.T) {
	category := timetable.Public{{Kind: timetable.PublicCategory, Word: "Kiosque"}}
	const sheet = "30 00:00-24:00 confirmed Accueil de nuit, Salle des Tilleuls\n30 12:00-14:00 confirmed Repas chauds, Rue du Moulin Gris\n" +
		"01 00:00-24:00 confirmed Accueil de nuit, Salle des Tilleuls\n01 12:00-14:00 cancelled Repas chauds, Rue du Moulin Gris\n*01 14:00-16:00 confirmed Espace femmes, Maison Rouge\n" +
		"02 00:00-24:00 confirmed Accueil de nuit, Salle des Tilleuls\n02 12:00-14:00 confirmed Repas chauds, Rue du Moulin Gris"
	for _, c := range []struct {
		file     string
		rule     timetable.Public
		mistakes string
		warnings []string
		rows     string
	}{
		{"google.ics", everything, "", []string{"4 of the calendar's 5 events", "SUMMARY: 66 letters found"},
			"30 00:00-24:00 ask us Vaccination, \n30 12:00-14:00 confirmed Repas chauds, Rue du Moulin Gris\n01 13:00-15:00 confirmed Repas chauds, Rue du Moulin Gris\n02 12:00-14:00 cancelled Repas chauds, Rue du Moulin Gris"},
		{"apple.ics", everything, "", nil, "30 09:00-11:00 confirmed Douches, Salle des Tilleuls\n01 10:00-12:00 confirmed Douches, Salle des Tilleuls"},
		{"outlook.ics", timetable.Public{{Kind: timetable.PublicClass}}, "", []string{"2 of the calendar's 3 events"},
			"30 14:00-16:00 ask us Consultation juridique, Hangar Bleu\n*30 14:00-15:00 ask us Espace femmes, \n01 14:00-16:00 cancelled Consultation juridique, Hangar Bleu\n02 14:00-16:00 ask us Consultation juridique, Hangar Bleu"},
		{"nextcloud.ics", category, "", []string{"3 of the calendar's 4 events"},
			"30 18:00-20:00 confirmed Wi-Fi, Hangar Bleu\n30 19:00-21:00 ask us Soupe, \n*30 20:00-22:00 confirmed Board, \n02 18:00-20:00 cancelled Wi-Fi, Hangar Bleu"},
		{"thunderbird.ics", timetable.Public{{Kind: timetable.PublicCategory, Word: "clothes"}}, "", nil, "01 14:00-16:00 confirmed Vêtements, Hangar Bleu"},
		{"excel-utf8.csv", nil, "", nil, sheet},
		{"excel-ansi.csv", nil, ":2:14: name: text that nobody can read found: its letters were lost; save the file as UTF-8", nil, sheet},
		{"libreoffice.csv", nil, "", nil, sheet},
		{"google-sheets.csv", nil, "", nil, sheet},
	} {
		data, err := os.ReadFile("testdata/exports/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		short := func(field, _, text string) error { // as the screen has it
			if field == "place" && len(text) > 24 {
				return os.ErrInvalid
			}
			return nil
		}
		p := Options{Public: c.rule, Checks: []Check{short}}.Parse([]File{{c.file, data}})
		if p.Refused != (c.mistakes != "") || !strings.Contains(p.Mistakes.Error(), c.mistakes) {
			t.Errorf("%s: %v", c.file, p.Mistakes)
		}
		if len(p.Warnings) != len(c.warnings) {
			t.Errorf("%s: warnings %v, want %d", c.file, p.Warnings, len(c.warnings))
		}
		for i := range min(len(p.Warnings), len(c.warnings)) {
			if !strings.Contains(p.Warnings[i].What, c.warnings[i]) {
				t.Errorf("%s: %v\nwant %s", c.file, p.Warnings[i], c.warnings[i])
			}
		}
		if got := timetabletest.RowsOf(p.Over(nil), "2026-11-30", 3); got != c.rows {
			t.Errorf("%s:\n%s\nwant\n%s", c.file, got, c.rows)
		}
	}
}
