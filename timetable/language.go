package timetable

import (
	"errors"
	"strings"

	"golang.org/x/text/language"
)

// within are the languages that ISO 639-3 has within another: whoever reads that
// one reads a name in these. What x/text knows itself is not here.
var within = map[string]string{
	"prs": "fa",
	"pbt": "ps", "pst": "ps",
	"gax": "om", "hae": "om", "orc": "om",
	"aao": "ar", "acm": "ar", "acq": "ar", "acw": "ar", "acx": "ar", "aeb": "ar", "aec": "ar", "afb": "ar", "ajp": "ar", "apc": "ar", "apd": "ar", "arq": "ar",
	"ars": "ar", "ary": "ar", "arz": "ar", "ayl": "ar", "ayn": "ar", "ayp": "ar", "pga": "ar", "shu": "ar",
}

// LanguageTag is a language's tag as BCP 47 has it at its shortest: ar for ara.
func LanguageTag(s string) (string, error) {
	tag, err := language.All.Parse(s)
	if base, _ := tag.Base(); err != nil || tag == language.Und || base.String() == "und" {
		return "", errors.New("a language tag was expected, such as en, ar or ti")
	}
	return tag.String(), nil
}

// SameLanguage says that who reads a text in one language reads it in the other:
// they are one language, or one is within the other, and their scripts are the
// same, said or most likely (CLDR).
func SameLanguage(a, b string) bool {
	base, script := languageOf(a)
	other, otherScript := languageOf(b)
	return base != "" && base == other && script == otherScript
}

// Script is the script that a language is said to be written in, or most likely
// is, by its code in ISO 15924; "Zzzz" where that is not known.
func Script(tag string) string {
	_, script := languageOf(tag)
	return script
}

func languageOf(s string) (base, script string) {
	first, rest, _ := strings.Cut(s, "-")
	if wide, ok := within[strings.ToLower(first)]; ok {
		s = strings.TrimSuffix(wide+"-"+rest, "-")
	}
	tag, err := language.All.Parse(s)
	if err != nil || tag == language.Und {
		return "", "Zzzz"
	}
	b, _ := tag.Base()
	c, _ := tag.Script()
	return b.String(), c.String()
}
