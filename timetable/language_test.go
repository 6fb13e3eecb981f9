package timetable

import "testing"

func TestWhoReadsALanguageReadsThoseWithinIt(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"ara", "ar", true}, {"arb", "ar", true}, {"ar-SD", "ar", true}, {"apd", "ar", true}, {"AR", "ar", true}, {"ar_EG", "ar", true},
		{"prs", "fa", true}, {"fa-AF", "fa", true}, {"pes", "fa", true}, {"fas", "fa", true}, {"prs", "fa-AF", true},
		{"pus", "ps", true}, {"pbu", "ps", true}, {"gaz", "om", true}, {"tir", "ti", true}, {"fra", "fr", true}, {"fre", "fr", true},
		{"haz", "fa", false}, {"uz-AF", "fa", false}, {"uz-Arab", "fa", false}, {"uzs", "fa", false}, {"uz-AF", "ur", false}, {"tk-Arab", "fa", false},
		{"ar-Latn", "ar", false}, {"ur-Latn", "ur", false}, {"fa-Latn", "fa", false}, {"tg", "fa", false}, {"ps", "fa", false}, {"ckb", "ar", false},
		{"Arabic", "ar", false}, {"", "", false}, {"xx", "xx", false},
	} {
		if SameLanguage(c.a, c.b) != c.want || SameLanguage(c.b, c.a) != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, !c.want)
		}
	}
}

func TestALanguagesTagIsAtItsShortest(t *testing.T) {
	for tag, want := range map[string]string{"ara": "ar", "ar_SD": "ar-SD", "prs": "prs", "EN": "en", "Arabic": "", "und": "", "xx": "", "": "", "a b": ""} {
		if got, err := LanguageTag(tag); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", tag, got, err)
		}
	}
}

func FuzzLanguageTag(f *testing.F) {
	f.Add("ar-SD")
	f.Add("i-klingon")
	f.Fuzz(func(t *testing.T, s string) {
		tag, err := LanguageTag(s)
		if err == nil && tag == "" {
			t.Errorf("%q has an empty tag", s)
		}
		SameLanguage(s, "ar")
		if base, _ := languageOf(s); base != "" && !SameLanguage(s, s) {
			t.Errorf("%q is not itself", s)
		}
	})
}
