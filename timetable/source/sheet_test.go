package source

import (
	"fmt"
	"strings"
	"testing"

	"infobus/timetable/timetabletest"
)

func TestDaysOfASheet(t *testing.T) {
	for _, c := range []struct {
		text   string
		french bool
		want   string // "" is a mistake
	}{
		{"WE", true, "[Saturday Sunday]"}, {"we", true, "[Saturday Sunday]"}, {"W-E", true, "[Saturday Sunday]"}, {"week-end", true, "[Saturday Sunday]"}, {"weekend", false, "[Saturday Sunday]"},
		{"le week end", true, "[Saturday Sunday]"}, {"ven, WE", true, "[Friday Saturday Sunday]"}, {"lun-ven et WE", true, "[Monday Tuesday Wednesday Thursday Friday Saturday Sunday]"},
		{"WE", false, ""}, {"mo, we, fr", false, "[Monday Wednesday Friday]"}, {"we-fr", false, "[Wednesday Thursday Friday]"}, {"w/e", false, "[Saturday Sunday]"},
		{"en semaine", true, "[Monday Tuesday Wednesday Thursday Friday]"}, {"weekdays", false, "[Monday Tuesday Wednesday Thursday Friday]"},
		{"24/7", true, "[Monday Tuesday Wednesday Thursday Friday Saturday Sunday]"}, {"7j/7", true, "[Monday Tuesday Wednesday Thursday Friday Saturday Sunday]"},
		{"lun-WE", true, ""}, {"sam, WE", true, ""}, {"tous les jours sauf WE", true, ""}, {"awe", true, ""},
	} {
		days, err := sheetDays(c.text, c.french)
		got := ""
		if err == nil {
			got = fmt.Sprint(days)
		}
		if got != c.want {
			t.Errorf("%q, french %v: %s, %v\nwant %s", c.text, c.french, got, err, c.want)
		}
	}
}

// YAML and CSV take the same hours: of the whole day, of nights, and as they are
// written on doors.
func TestHoursOfWholeDaysAndNights(t *testing.T) {
	for _, c := range []struct{ csv, yaml, want string }{
		{"24/7;;;", "{days: [24/7]}", "00:00-24:00"},
		{"7j/7 24h/24;;;", "", "00:00-24:00"},
		{"24h/24 7j/7;;;", "", "00:00-24:00"},
		{"lun;24h/24;;", "", "00:00-24:00"},
		{"daily;0h;24h;", `{days: [daily], opens: 0h, closes: 24h}`, "00:00-24:00"},
		{"daily;0:00;24:00;", `{days: [daily], opens: "00:00", closes: "24:00"}`, "00:00-24:00"},
		{"daily;20h;8h;", `{days: [daily], opens: 20h, closes: 8h}`, "20:00-08:00"},
		{"daily;20:00;08:00;", `{days: [daily], opens: "20:00", closes: "08:00"}`, "20:00-08:00"},
		{"daily;18h30;9h;", `{days: [daily], opens: 18h30, closes: 9h}`, "18:30-09:00"},
		{"daily;22h;26h;", `{days: [daily], opens: "22:00", closes: "26:00"}`, "22:00-02:00"},
		{"daily;9:30;11:00;", `{days: [daily], opens: "9:30", closes: "11:00"}`, "09:30-11:00"},
		{"daily;12:30 PM;2:30\u202fpm;", `{days: [daily], opens: "12:30 PM", closes: "2:30 pm"}`, "12:30-14:30"},
		{"daily;18h;24h;", `{days: [daily], opens: "18:00", closes: "24:00"}`, "18:00-24:00"},
		{"daily;14h;12h;", `{days: [daily], opens: "14:00", closes: "12:00"}`, "mistake"},
		{"daily;20h;19h;", `{days: [daily], opens: "20:00", closes: "19:00"}`, "mistake"},
		{"daily;12;13;", `{days: [daily], opens: 12, closes: 13}`, "mistake"},
		{";;;", `{days: [daily]}`, "mistake"},
		{"24/7;9h;;", `{days: [24/7], opens: "09:00"}`, "mistake"},
	} {
		files := map[string]string{"t.csv": "Service;Category;Days;Opens;Closes;Show\nTea;food;" + c.csv + "screen\n"}
		if c.yaml != "" {
			files["t.yaml"] = "services:\n  - {id: tea, category: food, name: {en: Tea}, place: {name: P}, show: screen, times: [" + c.yaml + "]}\n"
		}
		for name, text := range files {
			tt, err := Parse(name, []byte(text))
			got := "mistake"
			if err == nil {
				_, row, _ := strings.Cut(timetabletest.RowsOf(tt, "2026-11-30", 1), " ")
				got, _, _ = strings.Cut(row, " ")
			}
			if got != c.want {
				t.Errorf("%s: %s %s: %s, %v\nwant %s", name, c.csv, c.yaml, got, err, c.want)
			}
		}
	}
}

const sheetHead = "Service;Nom (ar);Catégorie;Lieu;Jours;Date;Ouvre;Ferme;Vérifié le;Affichage;Statut\n" +
	"Repas chauds;وجبات;repas;Rue du Moulin;lun-ven;;12h;14h;20/11/2026;écran;\n"

// A row for one day, or one that changes a day, hits what it says, or is a
// mistake that names what it nearly hits.
func TestARowForOneDayHitsWhatItNames(t *testing.T) {
	for _, c := range []struct{ what, rows, want string }{
		{"cancelled", "Repas chauds;وجبات;repas;Rue du Moulin;;30/11/2026;;;;écran;annulé\n", ""},
		{"cancelled, without its place to be shown", "Repas chauds;وجبات;repas;Rue du Moulin;;30/11/2026;;;;;annulé\n", ""},
		{"cancelled, by its hours", "Repas chauds;وجبات;repas;Rue du Moulin;;30/11/2026;12h;14h;;écran;annulé\n", ""},
		{"other hours", "Repas chauds;وجبات;repas;Rue du Moulin;;30/11/2026;13h;15h;;écran;à la place\n", ""},
		{"a day more", "Repas chauds;وجبات;repas;Rue du Moulin;;05/12/2026;13h;15h;20/11/2026;écran;\n", ""},
		{"a day elsewhere", "Repas chauds;وجبات;repas;Quai des Sternes;;05/12/2026;13h;15h;20/11/2026;écran;\n", ""},
		{"cancelled, by hours that it does not have", "Repas chauds;وجبات;repas;Rue du Moulin;;30/11/2026;12h;15h;;écran;annulé\n",
			"t.csv:3:41: dates: on 2026-11-30, a Monday, the row on line 2 is not open from 12:00 to 15:00"},
		{"cancelled on two days, one of them wrong", "Repas chauds;وجبات;repas;Rue du Moulin;;\"30/11/2026, 05/12/2026\";;;;écran;annulé\n", "t.csv:3:41: dates: 2026-12-05 is a Saturday, and nothing is open that day"},
		{"other hours, without its place to be shown", "Repas chauds;وجبات;repas;Rue du Moulin;;30/11/2026;13h;15h;;;à la place\n", `the nearest is on line 2, "Repas chauds" at "Rue du Moulin", with another show`},
		{"cancelled, in the plural", "Repas chaud;وجبات;repas;Rue du Moulin;;30/11/2026;;;;écran;annulé\n", `the nearest is on line 2, "Repas chauds" at "Rue du Moulin", with another name`},
		{"cancelled, without its Arabic name", "Repas chauds;;repas;Rue du Moulin;;30/11/2026;;;;écran;annulé\n", "with another name"},
		{"cancelled, of another category", "Repas chauds;وجبات;eau;Rue du Moulin;;30/11/2026;;;;écran;annulé\n", "with another category"},
		{"cancelled, of a service that is not there", "Douches;;douches;Quai;;30/11/2026;;;;écran;annulé\n", "t.csv:3:1: status: annulé found, and no row has the same name, place, site, category and show"},
		{"cancelled in its name", "Annulé : Repas chauds;وجبات;repas;Rue du Moulin;;30/11/2026;12h;14h;;écran;\n", "t.csv:3:1: name: a word for cancelled found in it; that is said in the column status, with the date"},
		{"a day more, in capitals", "REPAS CHAUDS;وجبات;repas;Rue du Moulin;;05/12/2026;13h;15h;20/11/2026;écran;\n", `t.csv:3:1: a row of its own; the nearest is on line 2, "Repas chauds" at "Rue du Moulin", with another name; they would be two services`},
		{"a day more, without its place", "Repas chauds;وجبات;repas;;;05/12/2026;13h;15h;20/11/2026;écran;\n", "with another place; they would be two services"},
		{"a day more, without where it is shown", "Repas chauds;وجبات;repas;Rue du Moulin;;05/12/2026;13h;15h;20/11/2026;;\n", "with another show; they would be two services"},
		{"a day more that is told in person", "Repas chauds;وجبات;repas;Rue du Moulin;;05/12/2026;13h;15h;20/11/2026;en personne;\n", ""},
	} {
		_, err := Parse("t.csv", []byte(sheetHead+c.rows))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.what, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v\nwant %s", c.what, err, c.want)
		}
	}
}

// A service that is told in person is named in no mistake.
func TestAMistakeNamesNoServiceThatIsToldInPerson(t *testing.T) {
	sheet := strings.Replace(sheetHead, "écran", "en personne", 1) + "Repas Chauds;وجبات;repas;Rue du Moulin;;30/11/2026;;;;en personne;annulé\n"
	if _, err := Parse("t.csv", []byte(sheet)); err == nil || strings.Contains(err.Error(), "chauds") || strings.Contains(err.Error(), "Moulin") || !strings.Contains(err.Error(), "on line 2") {
		t.Errorf("%v", err)
	}
}

// One bad row takes no other with it, in any format, with a last good one and
// without; and what it may close is not left open.
func TestOneBadRowTakesNoOther(t *testing.T) {
	const columns = "Service;Catégorie;Lieu;Jours;Date;Ouvre;Ferme;Vérifié le;Affichage;Statut\n"
	const meal, shower, water = "Repas;repas;Rue;lun-ven;;12h;14h;20/11/2026;écran;\n", "Douches;douches;Quai;lun-ven;;9h;11h;20/11/2026;écran;\n", "Eau;eau;Port;lun-ven;;8h;9h;20/11/2026;écran;\n"
	service := func(id, opens, closes, more string) string {
		return fmt.Sprintf("  - id: %s\n    category: food\n    name: {en: %s}\n    place: {name: At %s}\n    show: screen\n    checked: 2026-11-20\n    times: [{days: [mon, tue, wed, thu, fri], opens: %q, closes: %q}]\n%s", id, id, id, opens, closes, more)
	}
	event := func(uid, opens, closes, more string) string {
		return fmt.Sprintf("BEGIN:VEVENT\nUID:%s\nSUMMARY:%s\nLAST-MODIFIED:20261120T080000Z\nCLASS:PUBLIC\nDTSTART:20261116T%s00\nDTEND:20261116T%s00\nRRULE:FREQ=DAILY\n%sEND:VEVENT\n", uid, uid, opens, closes, more)
	}
	const off = "BEGIN:VEVENT\nUID:Repas\nRECURRENCE-ID:20261130T120000\nSUMMARY:Repas\nCLASS:PUBLIC\nDTSTART:20261130T120000\nDTEND:20261130T140000\nSTATUS:CANCELLED\nEND:VEVENT\n"
	calendar := func(events ...string) string {
		return "BEGIN:VCALENDAR\nVERSION:2.0\n" + strings.Join(events, "") + "END:VCALENDAR\n"
	}
	for _, c := range []struct{ name, good, newer, over, alone string }{
		// The meal is off, and there is a slip in the showers.
		{"t.csv", columns + water + meal + shower, columns + water + meal + strings.Replace(shower, "11h", "11hh", 1) + "Repas;repas;Rue;;30/11/2026;;;;écran;annulé\n", "Eau confirmed, Douches ask us, Repas ask us", "Eau confirmed, Repas cancelled"},
		{"t.yaml", "services:\n" + service("Eau", "08:00", "09:00", "") + service("Repas", "12:00", "14:00", "") + service("Douches", "09:00", "11:00", ""), "", "", ""},
		{"t.ics", calendar(event("Eau", "0800", "0900", ""), event("Repas", "1200", "1400", ""), event("Douches", "0900", "1100", "")),
			calendar(event("Eau", "0800", "0900", ""), event("Repas", "1200", "1400", ""), event("Douches", "0900", "11x0", ""), off), "Eau confirmed, Douches ask us, Repas ask us", "Eau confirmed, Repas cancelled"},
		// The slip is in what cancels the meal.
		{"t.csv", columns + water + meal + shower, columns + water + meal + shower + "Repas;repas;Rue;;30/11/2026;;;;écran;anulé\n", "Eau confirmed, Douches confirmed, Repas ask us", "Eau confirmed, Douches confirmed, Repas ask us"},
		{"t.ics", calendar(event("Eau", "0800", "0900", ""), event("Repas", "1200", "1400", "")), calendar(event("Eau", "0800", "0900", ""), event("Repas", "1200", "1400", ""), strings.Replace(off, "STATUS", "STATSU", 1)),
			"Eau confirmed, Repas ask us", "Eau confirmed, Repas ask us"},
	} {
		if c.name == "t.yaml" {
			c.good = strings.ReplaceAll(c.good, "id: E", "id: e")
			c.good = strings.NewReplacer("id: Eau", "id: eau", "id: Repas", "id: repas", "id: Douches", "id: douches").Replace(c.good)
			c.newer = strings.Replace(strings.Replace(c.good, `closes: "14:00"}]`, "closes: \"14:00\"}]\n    changes: [{date: 2026-11-30, cancelled: true}]", 1), `closes: "11:00"}`, `closes: "11:00"`, 1)
			c.over, c.alone = "Eau confirmed, Douches ask us, Repas ask us", "Eau confirmed, Repas cancelled"
		}
		good := reading.Parse([]File{{c.name, []byte(c.good)}})
		newer := reading.Parse([]File{{c.name, []byte(c.newer)}})
		if good.Refused || !newer.Refused {
			t.Errorf("%s: %v, %v", c.name, good.Mistakes, newer.Mistakes)
			continue
		}
		states := func(over *Parsed) string {
			tt := newer.Over(nil)
			if over != nil {
				tt = newer.Over(over.Over(nil))
			}
			var list []string
			for line := range strings.Lines(timetabletest.RowsOf(tt, "2026-11-30", 1)) {
				_, row, _ := strings.Cut(line, " ")
				_, row, _ = strings.Cut(row, " ")
				row, _, _ = strings.Cut(row, ",")
				i := strings.LastIndexByte(row, ' ')
				list = append(list, row[i+1:]+" "+row[:i])
			}
			return strings.Join(list, ", ")
		}
		if got := states(&good); got != c.over {
			t.Errorf("%s after a good one: %s\nwant %s\n%v", c.name, got, c.over, newer.Mistakes)
		}
		if got := states(nil); got != c.alone {
			t.Errorf("%s alone: %s\nwant %s\n%v", c.name, got, c.alone, newer.Mistakes)
		}
	}
}
