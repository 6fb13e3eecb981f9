package main

import (
	"fmt"
	"strings"
	"testing"

	"infobus/timetable"
	"infobus/timetable/source"
)

const daily = "timezone: %ZONE\nservices:\n" +
	"  - {id: tea, category: food, name: {en: Tea}, place: {name: Rue}, show: screen, times: [{days: [daily], opens: \"10:00\", closes: \"11:00\"}]}\n" +
	"  - {id: soup, category: food, name: {en: Soup}, place: {name: Rue}, times: [{days: [fri], opens: \"10:00\", closes: \"11:00\"}]}\n" +
	"  - {id: bread, category: food, name: {en: Bread}, place: {name: Rue}, times: [{dates: [2026-12-25], opens: \"10:00\", closes: \"11:00\"}]}\n" +
	"  - {id: milk, category: food, name: {en: Milk}, place: {name: Rue}, times: [{days: [daily], opens: \"10:00\", closes: \"11:00\"}], changes: [{date: 2026-12-25, times: [{opens: \"12:00\", closes: \"13:00\"}]}]}\n"

func TestAPublicHolidayThatNobodySpeaksOfIsNoted(t *testing.T) {
	for what, c := range map[string]struct {
		zone, more, code string
		want             string
	}{
		"in France":                      {"Europe/Paris", "", "", "2026-12-25 Noël Tea+Soup, 2027-01-01 Nouvel an Tea+Soup+Milk"},
		"in Belgium, by its code":        {"Europe/Paris", "", "be", "2026-12-25"},
		"in Britain, on two days":        {"Europe/London", "", "", "2026-12-28"},
		"that is listed":                 {"Europe/Paris", "holidays: [{name: Noël, dates: [2026-12-25]}, {name: Nouvel an, dates: [2027-01-01], services: [tea, milk]}]\n", "", "2027-01-01 Nouvel an Soup"},
		"that is listed, with its hours": {"Europe/Paris", "holidays: [{name: Winter, from: 2026-12-20, until: 2027-01-05, times: [{opens: \"10:00\", closes: \"11:00\"}]}]\n", "", ""},
		"nobody asks about":              {"Europe/Paris", "", "none", ""},
		"where none is known":            {"Africa/Nairobi", "", "", ""},
	} {
		tt, err := source.Parse("t.yaml", []byte(strings.Replace(daily, "%ZONE", c.zone, 1)+c.more))
		if err != nil {
			t.Fatal(err)
		}
		from, err := timetable.ParseDate("2026-12-20")
		if err != nil {
			t.Fatal(err)
		}
		list, err := unthoughtOf(tt, c.code, from, 20)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, u := range list {
			got = append(got, u.Day+" "+u.Name+" "+strings.Join(u.Services, "+"))
			if !strings.Contains(u.text, "is a public holiday in "+u.Country) {
				t.Errorf("%s: %s", what, u.text)
			}
		}
		if text := strings.Join(got, ", "); !strings.Contains(text, c.want) || c.want == "" && text != "" || strings.Contains(c.want, " ") && text != c.want {
			t.Errorf("%s: %s\nwant %s", what, text, c.want)
		}
	}
}

// What is printed for any country and year can be pasted, and closes its days.
func TestPublicHolidaysCanBePasted(t *testing.T) {
	for code, c := range countries {
		for year := 2026; year <= 2030; year++ {
			first, err := timetable.ParseDate(fmt.Sprintf("%d-01-01", year))
			if err != nil {
				t.Fatal(err)
			}
			if days := c.publicDays(first, first+364); len(days) < 7 || len(days) > 16 {
				t.Errorf("%s %d: %d public holidays", code, year, len(days))
			}
		}
	}
	out, stderr, exit := infobus(t, t.TempDir(), "timetable", "holidays", "--country", "fr", "--year", "2027")
	if exit != 0 {
		t.Fatal(stderr)
	}
	tt, err := source.Parse("t.yaml", []byte(strings.Replace(daily, "%ZONE", "Europe/Paris", 1)+out))
	if err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	// The days that the Code du travail (L3133-1) lists, with the Easter of 2027, 28 March.
	var got []string
	for _, h := range tt.Holidays {
		got = append(got, h.Dates[0].String()[5:])
	}
	if want := "01-01 03-29 05-01 05-06 05-08 05-17 07-14 08-15 11-01 11-11 12-25"; strings.Join(got, " ") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, " "), want)
	}
}
