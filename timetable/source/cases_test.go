package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infobus/timetable"
	"infobus/timetable/timetabletest"
)

// reading has the events of calendars that say so themselves on the screen.
var reading = Options{Public: timetable.Public{{Kind: timetable.PublicClass}}}

var everything = timetable.Public{{Kind: timetable.PublicAll}}

// Inputs that went wrong once, and what is right. rule is public: of the
// configuration; rows are those of three days from Monday 30 November 2026 on
// where nothing else is said.
func TestInputsThatWentWrongGiveTheirRightValue(t *testing.T) {
	for _, c := range []struct {
		file, from string
		rule       timetable.Public
		mistakes   []string // parts of them, in their order
		warnings   []string
		rows       string
	}{
		{file: "06_ampm_nnbsp.csv", rows: "30 12:30-14:30 confirmed Repas chauds, Rue du Moulin\n01 12:30-14:30 confirmed Repas chauds, Rue du Moulin\n02 12:30-14:30 confirmed Repas chauds, Rue du Moulin"},
		{file: "16_double_utf8.csv", mistakes: []string{":2:1: name: text that nobody can read", ":2:20: place: text that nobody can read found: UTF-8, read as if it were Windows-1252; save the file as UTF-8"}},
		{file: "17_arabic_cp1256.csv", mistakes: []string{":2:5: name: text that nobody can read found: letters of another script, read as Latin ones; save the file as UTF-8"},
			rows: "30 12:00-14:00 confirmed Tea, Rue\n01 12:00-14:00 confirmed Tea, Rue\n02 12:00-14:00 confirmed Tea, Rue"},
		{file: "19_WE.csv", from: "2026-12-02", rows: ""},
		{file: "19_WE.csv", from: "2026-12-05", rows: "05 12:00-14:00 confirmed Repas chauds, Rue\n06 12:00-14:00 confirmed Repas chauds, Rue"},
		{file: "19_change_closed_day.yaml", mistakes: []string{":14:16: date: 2026-12-05 is a Saturday, and nothing is open that day; the nearest day is 2026-12-02 or 2026-12-07"},
			rows: "30 12:00-14:00 ask us Hot meals, Rue du Moulin\n01 12:00-14:00 ask us Hot meals, Rue du Moulin\n02 12:00-14:00 ask us Hot meals, Rue du Moulin"},
		{file: "chg.yaml", mistakes: []string{":12:16: date: 2026-12-05 is a Saturday, and nothing is open that day"},
			rows: "30 12:00-14:00 ask us Hot meals, Rue du Moulin\n01 12:00-14:00 ask us Hot meals, Rue du Moulin\n02 12:00-14:00 ask us Hot meals, Rue du Moulin"},
		{file: "25_nomerr.csv", mistakes: []string{":2:1: name: #NOM? found, which is a spreadsheet's error", ":2:13: place: #N/A found, which is a spreadsheet's error"}},
		{file: "29_24h.csv", rows: "30 00:00-24:00 confirmed Repas chauds, Rue du Moulin\n01 00:00-24:00 confirmed Repas chauds, Rue du Moulin\n02 00:00-24:00 confirmed Repas chauds, Rue du Moulin"},
		{file: "t24.yaml", rows: "30 00:00-24:00 confirmed Water, Old Lidl\n01 00:00-24:00 confirmed Water, Old Lidl\n02 00:00-24:00 confirmed Water, Old Lidl"},
		{file: "39_date_iso_dt.csv", rows: "30 12:00-14:00 confirmed Repas, Rue"},
		{file: "51_cancel_noshow.csv", rows: "30 12:00-14:00 cancelled Repas chauds, Rue du Moulin\n01 12:00-14:00 confirmed Repas chauds, Rue du Moulin\n02 12:00-14:00 confirmed Repas chauds, Rue du Moulin"},
		{file: "52_cancel_noplace.csv", mistakes: []string{`:3:1: status: annulé found, and no row has the same name, place, site, category and show; the nearest is on line 2, "Repas chauds" at "Rue du Moulin", with another place`},
			rows: "30 12:00-14:00 ask us Repas chauds, Rue du Moulin\n01 12:00-14:00 confirmed Repas chauds, Rue du Moulin\n02 12:00-14:00 confirmed Repas chauds, Rue du Moulin"},
		{file: "53_cancel_case.csv", mistakes: []string{`:3:1: status: annulé found, and no row has the same name, place, site, category and show; the nearest is on line 2, "Repas chauds" at "Rue du Moulin", with another name`},
			rows: "30 12:00-14:00 ask us Repas chauds, Rue du Moulin\n01 12:00-14:00 confirmed Repas chauds, Rue du Moulin\n02 12:00-14:00 confirmed Repas chauds, Rue du Moulin"},
		{file: "57_cancel_wrong_day.csv", mistakes: []string{":3:35: dates: 2026-11-29 is a Sunday, and nothing is open that day of the row on line 2; the nearest day is 2026-11-27 or 2026-11-30"},
			rows: "30 12:00-14:00 ask us Repas chauds, Rue du Moulin\n01 12:00-14:00 ask us Repas chauds, Rue du Moulin\n02 12:00-14:00 ask us Repas chauds, Rue du Moulin"},
		{file: "bom.yaml", warnings: []string{":3:7: place, name: no text found"}, rows: "30 12:00-13:00 confirmed Tea, "},
		{file: "t18.ics", rule: everything, rows: "30 12:00-14:00 cancelled Hot meals, \n30 15:00-16:00 cancelled Clothes, \n01 12:00-14:00 ask us Hot meals, \n02 12:00-14:00 ask us Hot meals, "},
		{file: "t2.ics", rule: timetable.Public{{Kind: timetable.PublicClass}}, warnings: []string{"1 of the calendar's 2 events are for the screen, by the rule public: class-public"},
			rows: "30 12:00-14:00 confirmed Tea, \n*01 12:00-14:00 confirmed Women meeting, Secret house"},
		{file: "t3.ics", warnings: []string{"none of the calendar's 1 event is for the screen: the configuration has no rule"}, rows: "*01 14:00-16:00 ask us Espace femmes, Maison Rouge"},
		{file: "export-date.ics", rule: everything, rows: "30 12:00-14:00 ask us Hot lunch, Rue du Moulin\n01 12:00-14:00 ask us Hot lunch, Rue du Moulin\n02 12:00-14:00 ask us Hot lunch, Rue du Moulin"},
		{file: "t4.ics", rule: everything, rows: "30 15:00-16:00 confirmed Hot meals, \n01 12:00-14:00 confirmed Hot meals, \n02 12:00-14:00 confirmed Hot meals, "},
		{file: "t4.ics", rule: timetable.Public{{Kind: timetable.PublicClass}}, warnings: []string{"1 of the calendar's 3 events"}, rows: "30 15:00-16:00 confirmed Hot meals, \n01 12:00-14:00 confirmed Hot meals, \n02 12:00-14:00 confirmed Hot meals, "},
		{file: "t13.ics", rule: everything, rows: "30 12:00-14:00 cancelled Hot meals, "},
		{file: "t8.ics", rule: everything, from: "2026-11-23", rows: "25 12:00-13:00 confirmed Hot meals, "},
		{file: "t8.ics", rule: everything, rows: "30 12:00-13:00 confirmed Hot meals, \n02 12:00-13:00 confirmed Hot meals, "},
		{file: "t8.ics", rule: everything, from: "2026-12-03", rows: ""},
		{file: "t7.ics", rule: everything, warnings: []string{"1 of the calendar's 2 events", ":17:9: SUMMARY: 68 letters found, at most 60 fit on the screen (the event is not for the screen, and is set aside)"}, rows: "30 12:00-13:00 confirmed Hot meals, "},
		{file: "t7.ics", warnings: []string{"none of the calendar's 2 events", ":17:9: SUMMARY: 68 letters found"}, rows: "*30 12:00-13:00 confirmed Hot meals, "},
		{file: "persons.ics", rule: timetable.Public{{Kind: timetable.PublicClass}}, warnings: []string{"1 of the calendar's 2 events"},
			rows: "30 12:00-14:00 confirmed Hot lunch, Rue du Moulin\n*30 15:00-16:00 confirmed Women secret meeting, Secret House\n01 12:00-14:00 confirmed Hot lunch, Rue du Moulin\n*01 15:00-16:00 confirmed Women secret meeting, Secret House\n02 12:00-14:00 confirmed Hot lunch, Rue du Moulin\n*02 15:00-16:00 confirmed Women secret meeting, Secret House"},
		{file: "u13_desc_unfolded.ics", rule: everything, rows: "30 12:00-14:00 confirmed Hot meals, "},
		{file: "u7_mscustom.ics", rule: everything, rows: "30 12:00-14:00 confirmed Hot meals, \n01 12:00-14:00 confirmed Hot meals, "},
	} {
		data, err := os.ReadFile("testdata/cases/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		p := Options{Public: c.rule}.Parse([]File{{c.file, data}})
		if len(p.Mistakes) != len(c.mistakes) || p.Refused != (len(c.mistakes) > 0) {
			t.Errorf("%s: mistakes\n%v\nwant %d", c.file, p.Mistakes, len(c.mistakes))
		}
		for i := range min(len(p.Mistakes), len(c.mistakes)) {
			if !strings.HasPrefix(p.Mistakes[i].Error(), c.file) || !strings.Contains(p.Mistakes[i].Error(), c.mistakes[i]) {
				t.Errorf("%s: %v\nwant %s", c.file, p.Mistakes[i], c.mistakes[i])
			}
		}
		if len(p.Warnings) != len(c.warnings) {
			t.Errorf("%s: warnings %v, want %d", c.file, p.Warnings, len(c.warnings))
		}
		for i := range min(len(p.Warnings), len(c.warnings)) {
			if !strings.Contains(p.Warnings[i].Error(), c.warnings[i]) {
				t.Errorf("%s: %v\nwant %s", c.file, p.Warnings[i], c.warnings[i])
			}
		}
		from, days := c.from, 3
		if from == "" {
			from = "2026-11-30"
		}
		if got := timetabletest.RowsOf(p.Over(nil), from, days); got != c.rows {
			t.Errorf("%s:\n%s\nwant\n%s", c.file, got, c.rows)
		}
	}
	files, err := filepath.Glob("testdata/cases/*")
	if err != nil || len(files) != 26 {
		t.Errorf("%d files, %v", len(files), err)
	}
}
