// Package board reads the team's board.yaml: emergency numbers, where the QR
// codes lead, what a bundle of data is worth, which operator calls where.
//
// In: the file's bytes. Out: a kiosk.Board, or every mistake as
// file:line:column. It opens no file.
package board

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/yamlfile"
)

// Check says what is wrong with a text in a language (BCP 47) that is going to
// be shown; nil where it can be. field is what it is: number, name (of a number)
// or operator.
type Check func(field, lang, text string) error

// What a file may hold at most.
const (
	maxNumbers   = 12
	maxBundles   = 12
	maxOperators = 9
	maxAddress   = 120 // characters: more make a QR code too fine to be read
)

type file struct {
	MaxAge    age        `yaml:"max-age"`
	Phone     string     `yaml:"phone"`
	Guide     string     `yaml:"guide"`
	Map       string     `yaml:"map"`
	Numbers   []number   `yaml:"numbers"`
	Worth     worth      `yaml:"worth"`
	Bundles   []int      `yaml:"bundles"`
	Countries []string   `yaml:"countries"`
	Operators []operator `yaml:"operators"`
}

type number struct {
	Number  string            `yaml:"number"`
	Picture string            `yaml:"picture"`
	Name    map[string]string `yaml:"name"`
	Checked date              `yaml:"checked"`
}

type worth struct {
	Megabytes int  `yaml:"megabytes"`
	Video     int  `yaml:"video"`
	Call      int  `yaml:"call"`
	Checked   date `yaml:"checked"`
}

type operator struct {
	Name    string   `yaml:"name"`
	Calls   []string `yaml:"calls"`
	Not     []string `yaml:"not"`
	Checked date     `yaml:"checked"`
}

// age is how long a check holds, in whole days.
type age time.Duration

func (a *age) UnmarshalText(b []byte) error {
	digits, ok := strings.CutSuffix(string(b), "d")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || n > 366 {
		return errors.New("a number of days from 1d to 366d was expected")
	}
	*a = age(time.Duration(n) * 24 * time.Hour)
	return nil
}

// date is a calendar day: its midnight, UTC.
type date struct{ time.Time }

func (d *date) UnmarshalText(b []byte) (err error) {
	if d.Time, err = time.Parse(time.DateOnly, string(b)); err != nil || d.Year() < 2000 {
		return errors.New("a date was expected, written like 2026-11-20")
	}
	return nil
}

// Parse reads a board; name is the file's, for the messages. The error is
// yamlfile.Mistakes: all of them.
func Parse(name string, data []byte, checks ...Check) (kiosk.Board, error) {
	f := file{MaxAge: age(92 * 24 * time.Hour)}
	r := reader{yamlfile.Decode(name, data, &f), checks}
	b := kiosk.Board{Phone: f.Phone, Guide: f.Guide, Map: f.Map, Bundles: f.Bundles, Countries: f.Countries, MaxAge: time.Duration(f.MaxAge)}
	for _, a := range []*string{&f.Phone, &f.Guide, &f.Map} {
		r.address(a)
	}
	r.atMost("numbers", len(f.Numbers), maxNumbers, &f.Numbers)
	for i := range f.Numbers {
		b.Numbers = append(b.Numbers, r.number(&f.Numbers[i]))
	}
	b.Worth = kiosk.Worth{Megabytes: f.Worth.Megabytes, Video: f.Worth.Video, Call: f.Worth.Call, Checked: f.Worth.Checked.Time}
	if len(f.Bundles) > 0 || r.src.Is(&f.Worth) {
		for _, n := range []struct {
			key   string
			value *int
		}{{"megabytes", &f.Worth.Megabytes}, {"video", &f.Worth.Video}, {"call", &f.Worth.Call}} {
			if *n.value < 1 || *n.value > 100_000 {
				r.src.Add(fmt.Sprintf("worth, %s: %d found, 1 to 100000 was expected", n.key, *n.value), n.value, &f.Worth, &f.Bundles)
			}
		}
		r.checked("worth", &f.Worth.Checked, &f.Worth, &f.Bundles)
	}
	r.atMost("bundles", len(f.Bundles), maxBundles, &f.Bundles)
	for i := range f.Bundles {
		if n := &f.Bundles[i]; *n < 1 || *n > 9999 {
			r.src.Add(fmt.Sprintf("bundles: %d found, megabytes from 1 to 9999 were expected", *n), n)
		}
	}
	r.countries("countries", f.Countries, nil)
	r.atMost("operators", len(f.Operators), maxOperators, &f.Operators)
	for i := range f.Operators {
		b.Operators = append(b.Operators, r.operator(&f.Operators[i], f.Countries))
	}
	return b, r.src.Err()
}

type reader struct {
	src    *yamlfile.Source
	checks []Check
}

func (r reader) atMost(what string, n, most int, at any) {
	if n > most {
		r.src.Add(fmt.Sprintf("%s: %d found, at most %d were expected", what, n, most), at)
	}
}

func (r reader) address(a *string) {
	if !r.src.Is(a) {
		return
	}
	u, err := url.Parse(*a)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		r.src.Add(fmt.Sprintf("%q found; an address such as https://host/path was expected", *a), a)
	case len(*a) > maxAddress:
		r.src.Add(fmt.Sprintf("%d characters found; with more than %d a QR code is too fine to be read", len(*a), maxAddress), a)
	}
}

func (r reader) number(n *number) kiosk.Number {
	switch {
	case !r.src.Is(&n.Number):
		r.src.Add("number: missing", n)
	case strings.Trim(n.Number, "+0123456789 ") != "" || strings.TrimSpace(n.Number) == "" || len(n.Number) > 20:
		r.src.Add(fmt.Sprintf("number: %q found; at most 20 digits and blanks, or + before them, were expected", n.Number), &n.Number)
	case n.Number == "112":
		r.src.Add("number: 112 always comes first; it need not be said", &n.Number)
	default:
		r.text("number", "number", "en", n.Number, &n.Number)
	}
	if !slices.Contains(kiosk.Pictures, n.Picture) {
		r.src.Add(fmt.Sprintf("picture: %q found; expected one of: %s", n.Picture, strings.Join(kiosk.Pictures, ", ")), &n.Picture, n)
	}
	if _, ok := n.Name["en"]; !ok {
		r.src.Add("name: no English name (en) found; every number needs one", &n.Name, n)
	}
	for lang, name := range n.Name {
		at := yamlfile.Entry{Map: &n.Name, Key: lang}
		if locales.Get(lang).Tag != lang {
			r.src.Add(fmt.Sprintf("name: %q found; expected one of: %s", lang, strings.Join(locales.Tags(), ", ")), at)
			continue
		}
		r.text("name", "name", lang, name, at)
	}
	r.checked("number", &n.Checked, n)
	return kiosk.Number{Number: n.Number, Picture: n.Picture, Name: n.Name, Checked: n.Checked.Time}
}

func (r reader) operator(o *operator, countries []string) kiosk.Operator {
	if !r.src.Is(&o.Name) {
		r.src.Add("name: missing", o)
	} else {
		r.text("name", "operator", "en", o.Name, &o.Name)
	}
	countries = append([]string{}, countries...)
	r.countries("calls", o.Calls, countries)
	r.countries("not", o.Not, countries)
	calls := map[string]bool{}
	for _, c := range o.Calls {
		calls[c] = true
	}
	for i, c := range o.Not {
		if calls[c] {
			r.src.Add(fmt.Sprintf("not: %s is among those that can be called too", c), &o.Not[i])
		}
		calls[c] = false
	}
	r.checked("operator", &o.Checked, o)
	return kiosk.Operator{Name: o.Name, Calls: calls, Checked: o.Checked.Time}
}

// countries checks codes: each once, known, and, where the grid's are given,
// among them.
func (r reader) countries(what string, codes, grid []string) {
	for i := range codes {
		c := &codes[i]
		switch {
		case locales.Get("en").Country(*c) == "":
			r.src.Add(fmt.Sprintf("%s: %q found; a country's code was expected, such as SD (kiosk/locales/en.yaml has them)", what, *c), c)
		case slices.Contains(codes[:i], *c):
			r.src.Add(fmt.Sprintf("%s: %s a second time", what, *c), c)
		case grid != nil && !slices.Contains(grid, *c):
			r.src.Add(fmt.Sprintf("%s: %s is not among countries", what, *c), c)
		}
	}
}

func (r reader) checked(what string, d *date, outer ...any) {
	if !r.src.Is(d) {
		r.src.Add(what+": checked is missing: the day on which somebody made sure", append([]any{d}, outer...)...)
	}
}

// text checks what is going to be shown.
func (r reader) text(what, field, lang, text string, at any) {
	if strings.TrimSpace(text) == "" {
		r.src.Add(what+": no text found", at)
		return
	}
	if n := utf8.RuneCountInString(text); n > 60 {
		r.src.Add(fmt.Sprintf("%s: %d letters found, at most 60 fit on the screen", what, n), at)
		return
	}
	for _, c := range text {
		if c == utf8.RuneError || unicode.IsControl(c) || unicode.Is(unicode.Cf, c) && c != '\u200c' && c != '\u200d' {
			r.src.Add(fmt.Sprintf("%s: invisible character U+%04X found; it has to go", what, c), at)
			return
		}
	}
	for _, check := range r.checks {
		if err := check(field, lang, text); err != nil {
			r.src.Add(fmt.Sprintf("%s: %v", what, err), at)
		}
	}
}
