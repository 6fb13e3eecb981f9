package source

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"infobus/timetable"
)

// spreadsheetError is what spreadsheets show in place of a value, in the
// languages of Excel and LibreOffice: #N/A, #NOM?, #REF!, #VALEUR!, Err:502, ####.
var spreadsheetError = regexp.MustCompile(`^(#[A-ZÀ-Þ/0]+[!?]|#N/A|#NV|#+|Err:\d+)$`)

// illegible says why nobody can read a text, and what to do; "" where people can.
func illegible(text string) string {
	const nobody, again = "text that nobody can read found: ", "; save the file as UTF-8"
	switch {
	case spreadsheetError.MatchString(text):
		return fmt.Sprintf("%s found, which is a spreadsheet's error; a text was expected", shorten(text))
	case strings.HasPrefix(text, "=") && len(text) > 1:
		return fmt.Sprintf("%s found, a formula without its value; open the file in the spreadsheet's program and save it", shorten(text))
	case strings.ContainsRune(text, utf8.RuneError):
		return nobody + "a letter was lost (U+FFFD)" + again
	case strings.Contains(text, "??") && strings.Trim(text, "? ") == "":
		return nobody + "its letters were lost" + again
	case numericEntity.MatchString(text):
		return nobody + "letters written as numbers; letters were expected"
	}
	run, latin := []byte{}, 0
	for _, c := range text + " " {
		b, ok := charmap.Windows1252.EncodeRune(c)
		if ok && c >= utf8.RuneSelf {
			run = append(run, b)
			if latin++; b < 0xc0 {
				latin = 0
			}
			// No language that is written in Latin letters has three of these in a row:
			// they are another script, read as if they were French.
			if latin == 3 {
				return nobody + "letters of another script, read as Latin ones" + again
			}
			continue
		}
		if encodedTwice(run) {
			return nobody + "UTF-8, read as if it were Windows-1252" + again
		}
		run, latin = run[:0], 0
	}
	return ""
}

var numericEntity = regexp.MustCompile(`&#x?[0-9A-Fa-f]{2,6};`)

// encodedTwice says that bytes of Windows-1252 beyond ASCII are in truth letters
// in UTF-8.
func encodedTwice(run []byte) bool {
	if len(run) < 2 || !utf8.Valid(run) {
		return false
	}
	for rest := run; len(rest) > 0; {
		c, n := utf8.DecodeRune(rest)
		rest = rest[n:]
		// One capital with an accent before a no-break space or a quotation mark is
		// French: such a pair stands for letters that nobody here writes.
		if !(c >= 0x80 && c < 0x180 || c == 'Ơ' || c == 'ơ' || c == 'Ư' || c == 'ư' || c >= 0x300 && c < 0x370 || c >= 0x64b && c < 0x656 || // marks on letters, of no script
			c >= 0x1e00 && c < 0x1f00 || c >= 0x2000 && c < 0x2100 || c == utf8.RuneError ||
			unicode.In(c, unicode.Arabic, unicode.Ethiopic, unicode.Cyrillic, unicode.Greek, unicode.Hebrew)) {
			return false
		}
	}
	french := len(run) == 2 && (run[1] == 0xa0 || run[1] == 0xab || run[1] == 0xbb)
	return run[0] == 0xc2 || run[0] == 0xc3 || !french
}

// inLatin says that a text of a language of another script has Latin letters
// alone: a proper name, or a mistake.
func inLatin(lang, text string) bool {
	if script := timetable.Script(lang); script == "Latn" || script == "Zzzz" {
		return false
	}
	latin := false
	for _, c := range text {
		if unicode.IsLetter(c) && !unicode.Is(unicode.Latin, c) {
			return false
		}
		latin = latin || unicode.IsLetter(c)
	}
	return latin
}
