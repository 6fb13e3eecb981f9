package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"infobus/timetable"
)

const example = "../../examples/timetable.yaml"

func TestTheExampleIsRight(t *testing.T) {
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	tt, err := Parse("timetable.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	if len(tt.Sites) != 3 || len(tt.Plan) != 4 || len(tt.Services) != 14 {
		t.Errorf("%d sites, %d planned, %d services", len(tt.Sites), len(tt.Plan), len(tt.Services))
	}
	if tt.Zone.String() != "Europe/Paris" || tt.MaxAge != 31*24*time.Hour || len(tt.Digest) != 12 {
		t.Errorf("zone %s, age %s, digest %q", tt.Zone, tt.MaxAge, tt.Digest)
	}
	at := time.Date(2026, 11, 23, 10, 5, 0, 0, tt.Zone)
	var got []string
	for _, r := range tt.Rows(at, "moulin") {
		got = append(got, fmt.Sprintf("%s %s-%s %s", r.Service.ID, r.Opens.Format("15:04"), r.Closes.Format("15:04"), r.State))
	}
	want := []string{"water 08:00-20:00 confirmed", "showers 09:00-12:00 confirmed", "charging-moulin 10:00-12:30 confirmed",
		"hot-meals 12:00-14:00 confirmed", "clinic 13:30-17:00 confirmed", "clothes 14:00-16:30 confirmed",
		"legal 14:00-17:00 ask us", "hot-meals 18:00-19:30 confirmed"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("rows:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, s := range tt.Services {
		if s.ID == "women-space" && s.Show != timetable.InPerson {
			t.Error("the in-person service would be shown")
		}
	}
}

// whole is a right file of two services, in which tests break one thing each.
const whole = `timezone: Europe/Paris
max-age: 31d
sites:
  - {id: quai, name: Quai}
plan:
  - {site: quai, days: [mon], from: "10:00", to: "12:30"}
services:
  - id: food
    category: food
    name: {en: Food, ar: طعام}
    place: {name: Quai, map: A}
    sites: [quai]
    show: screen
    checked: 2026-11-20
    by: us
    times:
      - {days: [mon, wed], opens: "12:00", closes: "14:00"}
      - {days: [daily], opens: "22:00", closes: "26:00"}
  - id: water
    category: water
    name:
      en: Water
    place: {name: Tap}
    times: [{days: [daily], opens: "08:00", closes: "09:00"}]
`

func TestWhatTheFileLeavesOut(t *testing.T) {
	tt, err := Parse("t", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	water := tt.Services[1]
	if water.Show != timetable.InPerson || !water.Checked.IsZero() || water.Sites != nil {
		t.Errorf("%+v", water)
	}
	if tt, err = Parse("t", []byte("services: []\n")); err != nil || tt.MaxAge != 31*24*time.Hour || tt.Zone.String() != "Europe/Paris" {
		t.Errorf("%+v, %v", tt, err)
	}
}

func TestEveryMistakeSaysWhereItIs(t *testing.T) {
	for _, c := range []struct{ what, old, new, want string }{
		{"an unknown key", "show: screen", "shown: screen", `t:13:5: unknown key "shown"; expected one of: id,`},
		{"an impossible hour", `opens: "12:00"`, `opens: "25:10"`, "t:17:35: opens: 25:10 found, a time before 24:00 was expected"},
		{"an impossible minute", `opens: "12:00"`, `opens: "12:60"`, `t:17:35: opens: "12:60" found: a time from 00:00 to 48:00 was expected`},
		{"an hour without its minutes", `opens: "12:00"`, `opens: 12`, `t:17:35: opens: "12" found`},
		{"closes before it opens", `closes: "14:00"`, `closes: "02:00"`, "t:17:52: closes: 02:00 found, a time after 12:00 was expected; if it is past midnight, write 26:00"},
		{"open for more than a day", `closes: "26:00"`, `closes: "47:00"`, "closes: 47:00 found, which is more than a day after 22:00"},
		{"a bad weekday", "[mon, wed]", "[mon, mittwoch]", `t:17:22: days, item 2: "mittwoch" found: expected daily, or one of`},
		{"a weekday twice", "[mon, wed]", "[mon, mon]", "t:17:22: days: mon a second time"},
		{"no days", "days: [mon, wed], ", "", "days: missing"},
		{"an unknown site", "sites: [quai]", "sites: [quay]", `t:12:13: site "quay" is not among the sites: quai`},
		{"an unknown site of the plan", "{site: quai, days", "{site: quay, days", `t:6:12: site "quay" is not among the sites`},
		{"an id twice", "id: water", "id: food", `t:19:9: id: "food" a second time; the first is on line 8`},
		{"an id with a space", "id: water", "id: wa ter", `t:19:9: id: "wa ter" found`},
		{"no id", "id: water\n    category", "category", "id: missing"},
		{"no English name", "en: Food, ", "", "name: no English name (en) found"},
		{"no name", "\n    name:\n      en: Water", "", "name: no English name (en) found"},
		{"no language", "ar: طعام", "Arabic: طعام", `t:10:30: name: "Arabic" found, a language tag was expected`},
		{"an empty name", "en: Water", `en: " "`, "t:22:11: name: no text found"},
		{"a name too long", "en: Water", "en: " + strings.Repeat("Water ", 12), "letters found, at most 60 fit"},
		{"a name with an invisible mark", "en: Water", "en: \"Wat\\u202Eer\"", "t:22:11: name: invisible character U+202E found"},
		{"an unknown category", "category: food", "category: fud", `t:9:15: category: "fud" found: expected one of: food, water`},
		{"no category", "    category: water\n", "", "category: missing"},
		{"an unreadable date", "2026-11-20", "20/11/2026", `t:14:14: checked: "20/11/2026" found: a date was expected, written like 2026-11-20`},
		{"a date that is none", "2026-11-20", "2026-02-30", `t:14:14: checked: "2026-02-30" found`},
		{"an unknown word for show", "show: screen", "show: yes", `t:13:11: show: "yes" found: expected screen or in-person`},
		{"an unknown zone", "Europe/Paris", "Europe/Calais", `t:1:11: timezone: "Europe/Calais" found`},
		{"the machine's zone", "Europe/Paris", "Local", `t:1:11: timezone: "Local" found`},
		{"an age without a unit", "31d", "31", `t:2:10: max-age: "31" found: a number of days`},
		{"an age of years", "31d", "3100d", `t:2:10: max-age: "3100d" found`},
		{"no times", "    times: [{days: [daily], opens: \"08:00\", closes: \"09:00\"}]\n", "", "times: missing"},
		{"a place without a name", "place: {name: Tap}", "place: {map: T}", "place, name: no text found"},
		{"a map letter too long", "map: A", "map: Area", "t:11:30: map: \"Area\" found"},
		{"slots that overlap", `opens: "22:00"`, `opens: "13:00"`, "times: 13:00 to 26:00 overlaps with 12:00 to 14:00 on line 17"},
		{"slots that overlap the next day", `closes: "26:00"`, `closes: "37:00"`, "t:18:9: times: 22:00 to 37:00 overlaps"},
		{"no services", whole[strings.Index(whole, "services:"):], "", "services: missing"},
		{"not YAML", "  - {id: quai, name: Quai}", "  - {id: quai, name: Quai", "t:"},
		{"a list for a mapping", "place: {name: Tap}", "place: [Tap]", "place: a list found, keys with values were expected"},
	} {
		text := strings.Replace(whole, c.old, c.new, 1)
		if text == whole {
			t.Fatalf("%s: nothing was broken", c.what)
		}
		tt, err := Parse("t", []byte(text))
		var mistakes Mistakes
		if !errors.As(err, &mistakes) || tt != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n%v\nwant: %s", c.what, err, c.want)
		}
	}
}

func TestAllMistakesInOneGo(t *testing.T) {
	text := strings.NewReplacer("31d", "no", "mon, wed", "foo", "id: water", "id: food").Replace(whole)
	_, err := Parse("t", []byte(text))
	var mistakes Mistakes
	errors.As(err, &mistakes)
	var lines []int
	for _, m := range mistakes {
		lines = append(lines, m.Line)
	}
	if fmt.Sprint(lines) != "[2 17 19]" {
		t.Errorf("lines %v:\n%v", lines, err)
	}
}

func TestChecksSeeEveryTextThatIsShown(t *testing.T) {
	seen := map[string]bool{}
	_, err := Parse("t", []byte(whole), func(field, lang, text string) error {
		seen[field+" "+lang+" "+text] = true
		if text == "طعام" {
			return errors.New("no font has it")
		}
		return nil
	})
	if err == nil || err.Error() != "t:10:26: name: no font has it" {
		t.Errorf("%v", err)
	}
	for _, want := range []string{"site en Quai", "name en Food", "name ar طعام", "name en Water", "map en A", "place en Tap"} {
		if !seen[want] {
			t.Errorf("%q was not checked", want)
		}
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range maxServices + 1 {
		fmt.Fprintf(&b, "  - {id: s%d}\n", i)
	}
	_, err := Parse("t", []byte(b.String()))
	if err == nil || !strings.Contains(err.Error(), "services: 501 found, at most 500") {
		t.Errorf("%.200v", err)
	}
	if _, err := Parse("t", make([]byte, 1<<20+1)); err == nil {
		t.Error("a file of more than 1 MiB was read")
	}
}

// fuzz holds a format's parser to this: whatever the bytes, there is a whole
// timetable or there are mistakes, and every row of what may be shown then can be
// worked out, beside a last good one and without.
func fuzz(f *testing.F, name string) {
	good, err := Parse("t", []byte(whole))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o := reading
		o.Checked = "B2"
		p := o.Parse([]File{{name, data}})
		if p.Timetable == nil || p.Refused != (len(p.Mistakes) > 0) {
			t.Fatalf("%+v", p)
		}
		at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		for _, tt := range []*timetable.Timetable{p.Over(nil), p.Over(good)} {
			for days := range 8 {
				day := at.AddDate(0, 0, days)
				for _, r := range tt.Rows(day, "") {
					if r.State == timetable.Confirmed && !r.Closes.After(r.Opens) {
						t.Fatalf("%s: %s to %s", r.Service.ID, r.Opens, r.Closes)
					}
				}
				tt.Planned(day)
				if !tt.NextChange(day).After(day) {
					t.Fatal("no next change")
				}
			}
		}
	})
}

func seed(f *testing.F, name string) {
	for _, pattern := range []string{"../../examples/" + name, "testdata/broken/*" + filepath.Ext(name)} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
}

func FuzzParseYAML(f *testing.F) {
	seed(f, "timetable.yaml")
	f.Add([]byte(whole))
	f.Add([]byte("services: []"))
	f.Add([]byte("services: [{times: [{days: [daily], opens: \"26:00\"}]}]\nservices: 3"))
	f.Add([]byte("a: &a [*a]\n? {b}\n: !!c d"))
	fuzz(f, "f.yaml")
}

func FuzzParseCSV(f *testing.F) {
	seed(f, "timetable.csv")
	fuzz(f, "f.csv")
}

func FuzzParseICal(f *testing.F) {
	seed(f, "timetable.ics")
	fuzz(f, "f.ics")
}
