// Package locales has the words of the public screen and of the phone page in
// every language: weekdays, months, the form of a date, categories, and the few
// words between them. Adding a language is adding one file here.
//
// In: a language tag. Out: a Locale. The files are part of the program; a
// mistake in one is found by the first test and stops the program at start.
package locales

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"infobus/timetable"
	"infobus/yamlfile"
)

//go:embed *.yaml
var files embed.FS

// Word is one of our own texts, by its key in the files.
type Word string

const (
	AskUs     Word = "ask-us"    // in place of hours that may not be shown
	Cancelled Word = "cancelled" // of a service, for the day
	Drawn     Word = "drawn"     // with {time}: when the page was made
	More      Word = "more"      // after a number of rows that did not fit
	Nothing   Word = "nothing"   // of a day without rows
	Opens     Word = "opens"     // heads a column
	Closes    Word = "closes"    // heads a column
	Place     Word = "place"     // heads a column
	Map       Word = "map"       // heads a column
)

// Words are all words that every language has.
var Words = []Word{AskUs, Cancelled, Drawn, More, Nothing, Opens, Closes, Place, Map}

// Locale is one language.
type Locale struct {
	Tag  string // BCP 47
	Name string // in the language itself
	RTL  bool   // written from right to left

	date       string
	weekdays   []string
	months     []string
	words      map[string]text
	categories map[string]text
}

type text struct {
	Text     string `yaml:"text"`
	Reviewed bool   `yaml:"reviewed"`
}

type file struct {
	Language   string          `yaml:"language"`
	Name       string          `yaml:"name"`
	Direction  string          `yaml:"direction"`
	Date       string          `yaml:"date"`
	Weekdays   []string        `yaml:"weekdays"`
	Months     []string        `yaml:"months"`
	Words      map[string]text `yaml:"words"`
	Categories map[string]text `yaml:"categories"`
}

// All are all languages, English first, then by tag. They are read once.
var All = sync.OnceValue(func() []*Locale {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		panic(err)
	}
	var all []*Locale
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			panic(err)
		}
		l, err := parse(name, data)
		if err != nil {
			panic(err)
		}
		if l.Tag == "en" {
			all = slices.Insert(all, 0, l)
		} else {
			all = append(all, l)
		}
	}
	return all
})

// parse reads one language's file, which has to be whole.
func parse(name string, data []byte) (*Locale, error) {
	var f file
	src := yamlfile.Decode(name, data, &f)
	if f.Language+".yaml" != name {
		src.Add(fmt.Sprintf("language: %q found in %s", f.Language, name), &f.Language)
	}
	if f.Direction != "ltr" && f.Direction != "rtl" {
		src.Add(fmt.Sprintf("direction: %q found, ltr or rtl was expected", f.Direction), &f.Direction)
	}
	for _, part := range []string{"{weekday}", "{day}", "{month}", "{year}"} {
		if !strings.Contains(f.Date, part) {
			src.Add("date: "+part+" is missing", &f.Date)
		}
	}
	if len(f.Weekdays) != 7 || len(f.Months) != 12 {
		src.Add(fmt.Sprintf("%d weekdays and %d months found", len(f.Weekdays), len(f.Months)), &f.Weekdays)
	}
	whole := func(what string, texts map[string]text, at any, keys []string) {
		for _, key := range keys {
			if texts[key].Text == "" {
				src.Add(what+": "+key+" is missing", at)
			}
		}
		if len(texts) > len(keys) {
			src.Add(fmt.Sprintf("%s: more than the %d there are: %s", what, len(keys), strings.Join(keys, ", ")), at)
		}
	}
	var words, categories []string
	for _, w := range Words {
		words = append(words, string(w))
	}
	for _, c := range timetable.Categories {
		categories = append(categories, string(c))
	}
	whole("words", f.Words, &f.Words, words)
	whole("categories", f.Categories, &f.Categories, categories)
	if err := src.Err(); err != nil {
		return nil, err
	}
	return &Locale{Tag: f.Language, Name: f.Name, RTL: f.Direction == "rtl", date: f.Date,
		weekdays: f.Weekdays, months: f.Months, words: f.Words, categories: f.Categories}, nil
}

// Get is the language of a tag, or of the tag's first part (ar for ar-SD);
// English where there is neither.
func Get(tag string) *Locale {
	primary, _, _ := strings.Cut(tag, "-")
	for _, want := range []string{tag, primary} {
		for _, l := range All() {
			if l.Tag == want {
				return l
			}
		}
	}
	return All()[0]
}

// isolate keeps a number or a time in one piece in a text of either direction
// (U+2068 FIRST STRONG ISOLATE, U+2069 POP DIRECTIONAL ISOLATE).
func isolate(s string) string { return "\u2068" + s + "\u2069" }

// Date is the full date of t's day: weekday, day, month and year.
func (l *Locale) Date(t time.Time) string {
	return strings.NewReplacer(
		"{weekday}", l.weekdays[t.Weekday()],
		"{day}", isolate(strconv.Itoa(t.Day())),
		"{month}", l.months[t.Month()-1],
		"{year}", isolate(strconv.Itoa(t.Year())),
	).Replace(l.date)
}

// Word is one of our own texts.
func (l *Locale) Word(w Word) string { return l.words[string(w)].Text }

// DrawnAt says at which time of day, 00:00 to 23:59, a page was made.
func (l *Locale) DrawnAt(t time.Time) string {
	return strings.ReplaceAll(l.Word(Drawn), "{time}", isolate(t.Format("15:04")))
}

// Category is a category's word.
func (l *Locale) Category(c timetable.Category) string { return l.categories[string(c)].Text }

// ServiceName is the service's name in the language; where it has none, the
// word of its category.
func (l *Locale) ServiceName(s timetable.Service) string {
	if name, ok := s.Name[l.Tag]; ok {
		return name
	}
	return l.Category(s.Category)
}

// Unreviewed are the keys of the texts that nobody who reads the language every
// day has agreed to, such as words.more, in order.
func (l *Locale) Unreviewed() []string {
	var keys []string
	for k, t := range l.words {
		if !t.Reviewed {
			keys = append(keys, "words."+k)
		}
	}
	for k, t := range l.categories {
		if !t.Reviewed {
			keys = append(keys, "categories."+k)
		}
	}
	slices.Sort(keys)
	return keys
}
