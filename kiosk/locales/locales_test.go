package locales

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"infobus/timetable"
	"infobus/yamlfile"
)

// The program reads them without a check, since they pass it here.
func TestEveryLanguagePassesTheCheck(t *testing.T) {
	for _, l := range All() {
		data, err := files.ReadFile(l.Tag + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var f file
		if !yamlfile.DecodePlain(data, &f) {
			t.Errorf("%s.yaml is not written plainly: it takes every start of the box longer", l.Tag)
		}
		if checked, err := parse(l.Tag+".yaml", data); err != nil || !reflect.DeepEqual(l, checked) {
			t.Errorf("%s: it is another once it is checked, %v", l.Tag, err)
		}
	}
}

func TestEveryLanguageIsWhole(t *testing.T) {
	if !slices.Equal(Tags(), []string{"en", "am", "ar", "fa", "fr", "om", "ps", "ti", "ur", "vi"}) {
		t.Errorf("languages: %v", Tags())
	}
	nine := time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC)
	for _, l := range All() {
		for _, w := range Words {
			if l.Word(w) == "" {
				t.Errorf("%s: no word %s", l.Tag, w)
			}
		}
		for _, c := range timetable.Categories {
			if l.Category(c) == "" {
				t.Errorf("%s: no word for %s", l.Tag, c)
			}
		}
		for _, said := range []string{l.DrawnAt(nine), l.WasHereUntil(nine)} {
			if strings.Count(said, "\u206809:05\u2069") != 1 || strings.ContainsAny(said, "{}") {
				t.Errorf("%s: %q has no time", l.Tag, said)
			}
		}
		if said := l.CheckedBy(nine, "Calais Relief"); strings.Count(said, "\u2068Calais Relief\u2069") != 1 ||
			!strings.Contains(said, l.Date(nine)) || strings.ContainsAny(said, "{}") {
			t.Errorf("%s: %q", l.Tag, said)
		}
		if want := slices.Contains([]string{"ar", "fa", "ps", "ur"}, l.Tag); l.RTL != want {
			t.Errorf("%s: right to left %v", l.Tag, l.RTL)
		}
	}
}

// Names and forms are CLDR's, from an extract of its own release.
func TestNamesAndDatesAreThoseOfCLDR(t *testing.T) {
	data, err := os.ReadFile("testdata/cldr.json")
	if err != nil {
		t.Fatal(err)
	}
	var cldr struct {
		Languages map[string]struct {
			Days, Months []string
			Full         string
			Territories  map[string]string
		}
	}
	if err := json.Unmarshal(data, &cldr); err != nil {
		t.Fatal(err)
	}
	if len(cldr.Languages) != len(Tags()) {
		t.Errorf("%d languages in the extract", len(cldr.Languages))
	}
	for tag, want := range cldr.Languages {
		l := Get(tag)
		if !slices.Equal(l.weekdays, want.Days) || !slices.Equal(l.months, want.Months) {
			t.Errorf("%s: %v, %v; want %v, %v", tag, l.weekdays, l.months, want.Days, want.Months)
		}
		form := strings.NewReplacer("EEEE", "{weekday}", "MMMM", "{month}", "d", "{day}", "y", "{year}").Replace(want.Full)
		if tag == "en" {
			form = strings.ReplaceAll(form, ",", "") // the screen's, from its first day
		}
		if l.date != form {
			t.Errorf("%s: %q, want %q", tag, l.date, form)
		}
		if len(l.countries) != len(want.Territories) {
			t.Errorf("%s: %d countries, want %d", tag, len(l.countries), len(want.Territories))
		}
		for code, name := range want.Territories {
			if l.Country(code) != name {
				t.Errorf("%s: %s is %q, want %q", tag, code, l.Country(code), name)
			}
		}
	}
}

func TestDatesAreWrittenOut(t *testing.T) {
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for tag, want := range map[string]string{
		"en":    "Monday \u206823\u2069 November \u20682026\u2069",
		"ar":    "الاثنين، \u206823\u2069 نوفمبر \u20682026\u2069",
		"ar-SD": "الاثنين، \u206823\u2069 نوفمبر \u20682026\u2069",
		"ps":    "دونۍ د \u20682026\u2069 د نومبر \u206823\u2069",
		"om":    "Wiixata, Sadaasa \u206823\u2069, \u20682026\u2069",
		"tlh":   "Monday \u206823\u2069 November \u20682026\u2069",
		"":      "Monday \u206823\u2069 November \u20682026\u2069",
	} {
		if got := Get(tag).Date(day); got != want {
			t.Errorf("%q: %q, want %q", tag, got, want)
		}
	}
}

// No digit of another script is on the screen: hours look the same in every
// language.
func TestDigitsAreASCII(t *testing.T) {
	day := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for _, l := range All() {
		local, _ := l.LocalHour(day)
		texts := []string{local, l.Name, l.DrawnAt(day), l.WasHereUntil(day)}
		for i := range 366 {
			texts = append(texts, l.CheckedBy(day.AddDate(0, 0, i), "12"))
		}
		for _, own := range l.Texts() {
			texts = append(texts, own.Text)
		}
		for _, s := range texts {
			if i := strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 && unicode.IsNumber(r) }); i >= 0 {
				t.Errorf("%s: %q has another digit at %d", l.Tag, s, i)
			}
		}
	}
}

// Every minute of a day, counted along from dawn: an hour after 12:59 comes
// 1:00, and at 06:00, 12:00, 18:00 and 00:00 another part of the day begins.
func TestLocalHourOfEveryMinute(t *testing.T) {
	for _, tag := range []string{"am", "ti", "om"} {
		l := Get(tag)
		hour, minute, begun := 12, 0, 0 // at dawn
		part, at := "", map[string]string{}
		for i := range 1440 {
			now := time.Date(2026, 11, 23, 6, i, 0, 0, time.UTC)
			got, ok := l.LocalHour(now)
			words, time, found := strings.Cut(got, "\u2068")
			if want := fmt.Sprintf("%d:%02d\u2069", hour, minute); !ok || !found || time != want {
				t.Fatalf("%s at %s: %q, want %q", tag, now.Format("15:04"), got, want)
			}
			if words != part {
				part, begun = words, begun+1
				at[now.Format("15:04")] = strings.TrimSpace(words)
			}
			if minute++; minute == 60 {
				hour, minute = hour%12+1, 0
			}
		}
		if begun != 4 || at["06:00"] != l.part("morning") || at["12:00"] != l.part("day") ||
			at["18:00"] != l.part("evening") || at["00:00"] != l.part("night") {
			t.Errorf("%s: parts begin at %v", tag, at)
		}
		if seen := slices.Compact(slices.Sorted(maps.Values(at))); len(seen) != 4 {
			t.Errorf("%s: two parts of the day are called the same: %v", tag, at)
		}
	}
	for _, tag := range []string{"en", "fr", "ar", "ps", "ur", "fa", "vi"} {
		if got, ok := Get(tag).LocalHour(time.Time{}); ok || got != "" {
			t.Errorf("%s counts hours from dawn: %q", tag, got)
		}
	}
}

func (l *Locale) part(key string) string {
	return strings.TrimSpace(strings.ReplaceAll(l.local[key].Text, "{time}", ""))
}

func TestAServiceWithoutANameHasItsCategorysWord(t *testing.T) {
	s := timetable.Service{Category: timetable.Food, Name: map[string]string{"en": "Soup"}}
	if en, ar := Get("en").ServiceName(s), Get("ar").ServiceName(s); en != "Soup" || ar != "طعام" {
		t.Errorf("%q, %q", en, ar)
	}
}

func TestWhatNeedsAReviewerIsListed(t *testing.T) {
	if list := Get("en").Unreviewed(); len(list) != 0 {
		t.Errorf("en: %v", list)
	}
	all := len(Words) + len(timetable.Categories)
	if list := Get("ar").Unreviewed(); len(list) != all || !slices.Contains(list, Text{"words.opens", "يفتح", false}) {
		t.Errorf("ar: %v", list)
	}
	if list := Get("ti").Unreviewed(); len(list) != all+4 || !slices.Contains(list, Text{"local.night", "ለይቲ {time}", false}) {
		t.Errorf("ti: %v", list)
	}
}

func TestABrokenFileIsRefused(t *testing.T) {
	for what, c := range map[string]struct{ file, old, new string }{
		"another language than its file": {"en.yaml", "language: en", "language: fr"},
		"a direction that is none":       {"en.yaml", "direction: ltr", "direction: up"},
		"a date without its year":        {"en.yaml", " {year}", ""},
		"six weekdays":                   {"en.yaml", "Sunday, ", ""},
		"a missing word":                 {"en.yaml", "  opens:", "  open:"},
		"an unknown category":            {"en.yaml", "categories:\n", "categories:\n  tea: {text: Tea}\n"},
		"an unknown key":                 {"en.yaml", "name:", "nom:"},
		"a word without its time":        {"en.yaml", "until {time}", "until late"},
		"a word without its date":        {"en.yaml", "on {date}", "lately"},
		"a missing part of the day":      {"ti.yaml", "  night:", "  nacht:"},
		"a part of the day without time": {"ti.yaml", "ለይቲ {time}", "ለይቲ"},
	} {
		data, err := files.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		broken := strings.Replace(string(data), c.old, c.new, 1)
		if broken == string(data) {
			t.Fatalf("%s: nothing was broken", what)
		}
		if _, err := parse(c.file, []byte(broken)); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}
