// Package locales has the words of the public screen and of the phone page in
// every language: weekdays, months, the form of a date, categories, countries,
// and the few words between them. Adding a language is adding one file here.
//
// In: a language tag. Out: a Locale. The files are part of the program; a
// mistake in one is found by the first test and stops the program when the
// language is first asked for.
//
// Numbers have ASCII digits in every language, so that an hour looks the same in
// all of them and is compared with a watch or a phone by its shape; each number
// and time is isolated, so that it keeps its order in a line of either direction.
package locales

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
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
	Full      Word = "full"      // of a service that takes nobody more, for the day
	Drawn     Word = "drawn"     // when the page was made; see DrawnAt
	More      Word = "more"      // after a number of rows that did not fit
	Nothing   Word = "nothing"   // of a day without rows
	Opens     Word = "opens"     // heads a column
	Closes    Word = "closes"    // heads a column
	Place     Word = "place"     // heads a column
	Map       Word = "map"       // heads a column; names a QR code

	Help        Word = "help"        // heads the page of emergency numbers
	Information Word = "information" // on the box's label, beside the code that opens the phone page
	Emergency   Word = "emergency"   // names the number 112
	Guide       Word = "guide"       // names the New Arrival Guide, and its QR code
	OnPhone     Word = "on-phone"    // names the phone page's QR code
	Phone       Word = "phone"       // names the phone page's QR code where there is room for one word
	Language    Word = "language"    // heads the choice of languages
	SIM         Word = "sim"         // heads the page of what data is worth
	Video       Word = "video"       // minutes of it, beside a number
	Call        Word = "call"        // minutes of it over the internet, beside a number
	CanCall     Word = "can-call"    // before the countries that an operator reaches
	CannotCall  Word = "cannot-call" // before the countries that it does not

	Closing     Word = "closing"       // until when the van was here; see WasHereUntil
	NextPlace   Word = "next-place"    // before the name of a place
	ClockNotSet Word = "clock-not-set" // in place of the day's rows
	SettingUp   Word = "setting-up"    // in place of the day's rows
	Checked     Word = "checked"       // of a service's hours; see CheckedBy

	Today    Word = "today"    // heads the day's rows on a phone
	Tomorrow Word = "tomorrow" // heads the next day's
	Week     Word = "week"     // heads those of the days after
	Take     Word = "take"     // names the file that a phone keeps
	Message  Word = "message"  // names its form for a message
	Valid    Word = "valid"    // until when that file holds; see ValidUntil

	Translation Word = "translation" // marks a text of the guide that nobody has agreed to
)

// Words are all words that every language has.
var Words = []Word{AskUs, Cancelled, Full, Drawn, More, Nothing, Opens, Closes, Place, Map,
	Help, Information, Emergency, Guide, OnPhone, Phone, Language, SIM, Video, Call, CanCall, CannotCall,
	Closing, NextPlace, ClockNotSet, SettingUp, Checked, Today, Tomorrow, Week, Take, Message, Valid, Translation}

// blanks are what is filled into words, and every translation of them has.
var blanks = map[string][]string{
	string(Drawn):   {"{time}"},
	string(Closing): {"{time}"},
	string(Checked): {"{date}", "{org}"},
	string(Valid):   {"{date}"},
	"morning":       {"{time}"},
	"day":           {"{time}"},
	"evening":       {"{time}"},
	"night":         {"{time}"},
}

// parts of the day from midnight, six hours each: where hours are counted from
// dawn, the day's twelve and the night's twelve are halved.
var parts = []string{"night", "morning", "day", "evening"}

// Locale is one language.
type Locale struct {
	Tag  string // BCP 47
	Name string // in the language itself
	RTL  bool   // written from right to left

	date       string
	weekdays   []string
	months     []string
	local      map[string]text
	countries  map[string]string
	words      map[string]text
	categories map[string]text
}

type text struct {
	Text     string `yaml:"text"`
	Reviewed bool   `yaml:"reviewed"`
}

type file struct {
	Language   string            `yaml:"language"`
	Name       string            `yaml:"name"`
	Direction  string            `yaml:"direction"`
	Date       string            `yaml:"date"`
	Weekdays   []string          `yaml:"weekdays"`
	Months     []string          `yaml:"months"`
	Local      map[string]text   `yaml:"local"` // where hours are counted from dawn
	Countries  map[string]string `yaml:"countries"`
	Words      map[string]text   `yaml:"words"`
	Categories map[string]text   `yaml:"categories"`
}

// read has for each language's tag what reads its file, once.
var read = sync.OnceValue(func() map[string]func() *Locale {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		panic(err)
	}
	by := map[string]func() *Locale{}
	for _, name := range names {
		by[strings.TrimSuffix(name, ".yaml")] = sync.OnceValue(func() *Locale {
			data, err := files.ReadFile(name)
			if err != nil {
				panic(err)
			}
			var f file
			if yamlfile.DecodePlain(data, &f) {
				return f.locale() // a test checks them all
			}
			l, err := parse(name, data)
			if err != nil {
				panic(err)
			}
			return l
		})
	}
	return by
})

// Tags are the tags of all languages, English first, then in their order.
func Tags() []string {
	tags := slices.DeleteFunc(slices.Sorted(maps.Keys(read())), func(tag string) bool { return tag == "en" })
	return slices.Insert(tags, 0, "en")
}

// All are all languages, in the order of Tags.
func All() []*Locale {
	var all []*Locale
	for _, tag := range Tags() {
		all = append(all, read()[tag]())
	}
	return all
}

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
				continue
			}
			for _, blank := range blanks[key] {
				if !strings.Contains(texts[key].Text, blank) {
					src.Add(what+": "+key+" has no "+blank, at)
				}
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
	if src.Is(&f.Local) {
		whole("local", f.Local, &f.Local, parts)
	}
	if err := src.Err(); err != nil {
		return nil, err
	}
	return f.locale(), nil
}

func (f file) locale() *Locale {
	return &Locale{Tag: f.Language, Name: f.Name, RTL: f.Direction == "rtl", date: f.Date, weekdays: f.Weekdays, months: f.Months,
		local: f.Local, countries: f.Countries, words: f.Words, categories: f.Categories}
}

// Get is the language of a tag, or the one that its readers read too (ar for
// ar-SD); English where there is neither.
func Get(tag string) *Locale {
	if l := read()[tag]; l != nil {
		return l()
	}
	for _, other := range Tags() {
		if timetable.SameLanguage(tag, other) {
			return read()[other]()
		}
	}
	return read()["en"]()
}

// isolate keeps a number, a time or a name in one piece in a text of either
// direction (U+2068 FIRST STRONG ISOLATE, U+2069 POP DIRECTIONAL ISOLATE).
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
func (l *Locale) DrawnAt(t time.Time) string { return l.at(Drawn, t) }

// WasHereUntil says until which time of day the van was here.
func (l *Locale) WasHereUntil(t time.Time) string { return l.at(Closing, t) }

func (l *Locale) at(w Word, t time.Time) string {
	return strings.ReplaceAll(l.Word(w), "{time}", isolate(t.Format("15:04")))
}

// CheckedBy says on which day and by which organisation a service's hours were
// last checked.
func (l *Locale) CheckedBy(day time.Time, org string) string {
	return strings.NewReplacer("{date}", l.Date(day), "{org}", isolate(org)).Replace(l.Word(Checked))
}

// ValidUntil says until the end of which day a file holds.
func (l *Locale) ValidUntil(day time.Time) string {
	return strings.ReplaceAll(l.Word(Valid), "{date}", l.Date(day))
}

// Weekday is the day of the week, and the day of the month.
func (l *Locale) Weekday(t time.Time) string {
	return l.weekdays[t.Weekday()] + " " + isolate(strconv.Itoa(t.Day()))
}

// LocalHour is t's time of day as it is said where hours are counted from dawn:
// the twelve of the day from 06:00, those of the night from 18:00, with the part
// of the day. It is "", false in a language that counts from midnight. It stands
// beside the time on 24 hours, never in its place.
func (l *Locale) LocalHour(t time.Time) (string, bool) {
	if l.local == nil {
		return "", false
	}
	hour := (t.Hour()+5)%12 + 1 // 06:00 is 12, 07:00 is 1
	part := l.local[parts[t.Hour()/6]].Text
	return strings.ReplaceAll(part, "{time}", isolate(fmt.Sprintf("%d:%02d", hour, t.Minute()))), true
}

// Category is a category's word.
func (l *Locale) Category(c timetable.Category) string { return l.categories[string(c)].Text }

// Country is the name of a country by its code (ISO 3166-1, two capitals); ""
// for one that the languages' files do not have.
func (l *Locale) Country(code string) string { return l.countries[code] }

// ServiceName is the service's name in the language, or in one whose readers read
// it; where it has none, the word of its category.
func (l *Locale) ServiceName(s timetable.Service) string {
	if name, ok := s.Name[l.Tag]; ok {
		return name
	}
	for _, tag := range slices.Sorted(maps.Keys(s.Name)) {
		if timetable.SameLanguage(tag, l.Tag) {
			return s.Name[tag]
		}
	}
	return l.Category(s.Category)
}

// Text is one of a language's own texts, and whether it was reviewed.
type Text struct {
	Key      string `json:"key"`  // such as words.help
	Text     string `json:"text"` // as in the file
	Reviewed bool   `json:"reviewed"`
}

// Texts are all texts of our own, in the order of their keys. Names from CLDR,
// which need no review, are not among them.
func (l *Locale) Texts() []Text {
	var list []Text
	for group, texts := range map[string]map[string]text{"words": l.words, "categories": l.categories, "local": l.local} {
		for key, t := range texts {
			list = append(list, Text{group + "." + key, t.Text, t.Reviewed})
		}
	}
	slices.SortFunc(list, func(a, b Text) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// Unreviewed are the texts that nobody who reads the language every day has
// agreed to.
func (l *Locale) Unreviewed() []Text {
	return slices.DeleteFunc(l.Texts(), func(t Text) bool { return t.Reviewed })
}
