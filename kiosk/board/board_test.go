package board

import (
	"errors"
	"strings"
	"testing"
	"time"

	"infobus/examples"
	"infobus/kiosk"
	"infobus/yamlfile"
)

func TestTheExampleIsReadWhole(t *testing.T) {
	b, err := Parse("board.yaml", examples.Board)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Numbers) != 4 || len(b.Bundles) != 3 || len(b.Operators) != 3 || len(b.Countries) != 8 || b.MaxAge != 92*24*time.Hour {
		t.Errorf("%+v", b)
	}
	for _, n := range b.Numbers {
		if len(n.Name) != 10 {
			t.Errorf("%s has %d names", n.Number, len(n.Name))
		}
	}
	if can, known := b.Operators[0].Calls["SD"]; can || !known {
		t.Error("a country that cannot be called is not known as one")
	}
	if _, known := b.Operators[0].Calls["ET"]; known {
		t.Error("a country that stands nowhere is known")
	}
}

func TestEveryMistakeSaysWhereAndWhat(t *testing.T) {
	const number = "numbers: [{number: \"115\", picture: home, name: {en: Home}, checked: 2026-11-02}]\n"
	for what, c := range map[string]struct{ file, want string }{
		"an address that is none":        {"phone: the van", `1:8: "the van" found; an address such as https://host/path was expected`},
		"an address that is too long":    {"map: http://a/" + strings.Repeat("x", 200), "1:6: 209 characters found; with more than 120 a QR code is too fine to be read"},
		"an age without its unit":        {"max-age: 90", `1:10: max-age: "90" found: a number of days from 1d to 366d was expected`},
		"letters in a number":            {strings.Replace(number, "115", "115 b", 1), `1:20: number: "115 b" found; at most 20 digits and blanks, or + before them, were expected`},
		"112 once more":                  {strings.Replace(number, "115", "112", 1), "1:20: number: 112 always comes first; it need not be said"},
		"a number without a number":      {strings.Replace(number, `number: "115", `, "", 1), "1:11: number: missing"},
		"a picture that there is not":    {strings.Replace(number, "home,", "house,", 1), `1:36: picture: "house" found; expected one of: emergency, health, home, sea, child, women, legal, van`},
		"no English name":                {strings.Replace(number, "en:", "fr:", 1), "1:48: name: no English name (en) found; every number needs one"},
		"a language we do not speak":     {strings.Replace(number, "{en: Home", "{en: Home, tlh: juH", 1), `1:64: name: "tlh" found; expected one of: en, am, ar, fa, fr, om, ps, ti, ur, vi`},
		"nobody checked a number":        {strings.Replace(number, ", checked: 2026-11-02", "", 1), "1:11: number: checked is missing: the day on which somebody made sure"},
		"a date that is none":            {strings.Replace(number, "2026-11-02", "2 November", 1), `1:69: checked: "2 November" found: a date was expected, written like 2026-11-20`},
		"a name that cannot be seen":     {strings.Replace(number, "Home", `"Ho\u202eme"`, 1), "1:53: name: invisible character U+202E found; it has to go"},
		"bundles without their worth":    {"bundles: [140]", "1:10: worth, megabytes: 0 found, 1 to 100000 was expected"},
		"a bundle of nothing":            {"worth: {megabytes: 1, video: 1, call: 1, checked: 2026-11-02}\nbundles: [0]", "2:11: bundles: 0 found, megabytes from 1 to 9999 were expected"},
		"a country in words":             {"countries: [Sudan]", `1:13: countries: "Sudan" found; a country's code was expected, such as SD (kiosk/locales/en.yaml has them)`},
		"a country twice":                {"countries: [SD, SD]", "1:17: countries: SD a second time"},
		"a country that is not a row":    {"operators: [{name: A, calls: [SD], checked: 2026-11-02}]", "1:31: calls: SD is not among countries"},
		"a country that can and cannot":  {"countries: [SD]\noperators: [{name: A, calls: [SD], not: [SD], checked: 2026-11-02}]", "2:42: not: SD is among those that can be called too"},
		"an operator without a name":     {"operators: [{calls: [], checked: 2026-11-02}]", "1:13: name: missing"},
		"nobody checked an operator":     {"operators: [{name: A}]", "1:13: operator: checked is missing: the day on which somebody made sure"},
		"an unknown key":                 {"fone: 1", `1:1: unknown key "fone"; expected one of: max-age, phone, guide, map, numbers, worth, bundles, countries, operators`},
		"what the screen has to say too": {"operators: [{name: Long, checked: 2026-11-02}]", "1:20: name: too wide"},
	} {
		check := func(field, lang, text string) error {
			if field == "operator" && lang == "en" && text == "Long" {
				return errors.New("too wide")
			}
			return nil
		}
		_, err := Parse("b", []byte(c.file), check)
		var mistakes yamlfile.Mistakes
		if !errors.As(err, &mistakes) {
			t.Errorf("%s was taken (%v)", what, err)
		} else if got := mistakes[0].Error(); got != "b:"+c.want {
			t.Errorf("%s:\n%s, want\nb:%s", what, got, c.want)
		}
	}
}

// Whatever the bytes, there is a board or there are mistakes, and pages can be
// made of a board.
func FuzzParse(f *testing.F) {
	f.Add(examples.Board)
	f.Add([]byte("bundles: [140]\nworth: {megabytes: 140, video: 6, call: 45, checked: 2026-11-02}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Parse("f", data)
		if err != nil {
			return
		}
		at := b.At(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
		for _, n := range at.Numbers {
			if n.Name["en"] == "" {
				t.Fatalf("%+v has no name", n)
			}
		}
		for _, n := range at.Bundles {
			at.Worth.Of(n)
		}
		_ = kiosk.Options{Board: b}
	})
}
