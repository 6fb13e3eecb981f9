package locales

import (
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/timetable"
)

func TestEveryLanguageIsWhole(t *testing.T) {
	var tags []string
	for _, l := range All() {
		tags = append(tags, l.Tag)
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
		if !strings.Contains(l.DrawnAt(time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC)), "\u206809:05\u2069") {
			t.Errorf("%s: %q has no time", l.Tag, l.DrawnAt(time.Time{}))
		}
	}
	if !slices.Equal(tags, []string{"en", "ar"}) {
		t.Errorf("languages: %v", tags)
	}
	if !Get("ar").RTL || Get("en").RTL {
		t.Error("directions")
	}
}

func TestDatesAreWrittenOut(t *testing.T) {
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for tag, want := range map[string]string{
		"en":    "Monday \u206823\u2069 November \u20682026\u2069",
		"ar":    "الاثنين، \u206823\u2069 نوفمبر \u20682026\u2069",
		"ar-SD": "الاثنين، \u206823\u2069 نوفمبر \u20682026\u2069",
		"tlh":   "Monday \u206823\u2069 November \u20682026\u2069",
		"":      "Monday \u206823\u2069 November \u20682026\u2069",
	} {
		if got := Get(tag).Date(day); got != want {
			t.Errorf("%q: %q, want %q", tag, got, want)
		}
	}
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
	if list := Get("ar").Unreviewed(); len(list) != len(Words)+len(timetable.Categories) || !slices.Contains(list, "words.more") {
		t.Errorf("ar: %v", list)
	}
}

func TestABrokenFileIsRefused(t *testing.T) {
	data, err := files.ReadFile("en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"another language than its file": {"language: en", "language: fr"},
		"a direction that is none":       {"direction: ltr", "direction: up"},
		"a date without its year":        {" {year}", ""},
		"six weekdays":                   {"Sunday, ", ""},
		"a missing word":                 {"  more:", "  less:"},
		"an unknown category":            {"categories:\n", "categories:\n  tea: {text: Tea}\n"},
		"an unknown key":                 {"name:", "nom:"},
	} {
		broken := strings.Replace(string(data), change[0], change[1], 1)
		if broken == string(data) {
			t.Fatalf("%s: nothing was broken", what)
		}
		if _, err := parse("en.yaml", []byte(broken)); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}
