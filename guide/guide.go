// Package guide has the team's texts for people on the move, in the languages of the
// screen (kiosk/locales).
//
// In: a folder with one file a language, such as en.md (docs/guide.md has the format).
// One language is the source; every other text remembers which wording of the source
// it was made from. Hours, places and numbers stand in no text: a text refers to the
// timetable and the board, and In fills in what these say at that moment. Out: the
// sections in one language, as plain runs of text, never as HTML.
//
// The package is pure. translator/ makes and reads translators' workbooks.
package guide

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"infobus/kiosk/locales"
	"infobus/timetable"
	"infobus/yamlfile"
)

// Mistake is one thing that is wrong in a file, with its line and column.
type Mistake = yamlfile.Mistake

// Mistakes are all that is wrong.
type Mistakes = yamlfile.Mistakes

// Guide is one whole, checked guide. It is immutable once made. The zero Guide has no
// section.
type Guide struct {
	Source   string   // the language that the others are made from
	Warnings Mistakes // what is not shown, and refuses nothing

	files map[string]*File // by language
}

// Empty says that there is no section at all.
func (g Guide) Empty() bool { return len(g.source()) == 0 }

// Languages are those of which something stands in a file, in the order of
// locales.Tags.
func (g Guide) Languages() (tags []string) {
	for _, tag := range locales.Tags() {
		if g.files[tag] != nil {
			tags = append(tags, tag)
		}
	}
	return tags
}

func (g Guide) source() []Text {
	if f := g.files[g.Source]; f != nil {
		return f.Texts
	}
	return nil
}

// Text is what stands under one id in one language: a section's title, or a paragraph.
type Text struct {
	ID       string // "phone" of a section, "phone.wait" of a paragraph in it
	Items    []Item
	From     string // the Hash of the wording that it was made from; "" where that is not known, and in the source
	Wording  string // that wording itself, as Markdown writes it; "" where the file does not have it
	Reviewed bool

	line  int    // of its mark
	plain string // its own words, as places are looked for in them
	hash  string // of its items
}

// Item is one paragraph of running text, or one entry of a list.
type Item struct {
	Bullet bool
	Runs   []Run
}

// Run is a piece of text of one kind.
type Run struct {
	Text   string // as it is shown; there is no markup in it
	Bold   bool
	Struck bool // hours of what is cancelled; a word beside them says so
	Kind   Kind // Typed: it stands in the file
	// Ends is the moment from which on the hours are of a day that is over: the end of
	// the day that they name. Zero for every other kind.
	Ends time.Time

	ref          Ref // as the file has it; zero for text
	line, column int
}

// Kind is what a run is of.
type Kind string

// The kinds of runs.
const (
	Typed   Kind = ""
	Hours   Kind = "hours"  // of a day that is named in it
	AtPlace Kind = "place"  // where a service is
	OnMap   Kind = "map"    // its letter on the team's map
	Named   Kind = "name"   // of a service or a number
	Dial    Kind = "number" // a telephone number
	Ask     Kind = "ask"    // in place of what may not be shown
)

// State is what a text is worth in a language.
type State string

// The states.
const (
	OK         State = "ok"
	Unreviewed State = "unreviewed" // nobody who reads the language has agreed to it
	Stale      State = "stale"      // its source was changed since, or it is not known of which wording it is
	Missing    State = "missing"
)

// States are all states, the best first.
var States = []State{OK, Unreviewed, Stale, Missing}

// Section is one section in one language, filled in.
type Section struct {
	ID         string
	Title      Paragraph
	Paragraphs []Paragraph
}

// Paragraph is what is shown under one id.
type Paragraph struct {
	ID     string
	State  State
	Body   Body  // zero where State is Missing
	Beside *Body // the source; nil but where State is Stale or Missing
}

// Body is a text in its language. The direction is the language's: "ltr" or "rtl".
type Body struct {
	Lang, Dir string
	Items     []Item
}

// In is the guide in a language, at the moment of f. Every language has the same
// sections and paragraphs, in the source's order.
func (g Guide) In(lang string, f Facts) (sections []Section) {
	f.secret, f.known = placesOf(f.Timetable), map[string][]timetable.Row{}
	for _, source := range g.source() {
		p := g.paragraph(source, lang, f)
		if !strings.Contains(source.ID, ".") {
			sections = append(sections, Section{ID: source.ID, Title: p})
			continue
		}
		last := &sections[len(sections)-1]
		last.Paragraphs = append(last.Paragraphs, p)
	}
	return sections
}

func (g Guide) paragraph(source Text, lang string, f Facts) Paragraph {
	p := Paragraph{ID: source.ID}
	var own *Text
	own, p.State = g.state(source, lang)
	if own != nil {
		p.Body = f.body(*own, lang)
	}
	if p.State == Stale || p.State == Missing {
		beside := f.body(source, g.Source)
		p.Beside = &beside
	}
	return p
}

// staleOff is on only in a test, which shows by it that it would see a text that is stale
// and does not say so.
var staleOff bool

// state is what there is of a text of the source in a language; nil where it is
// missing.
func (g Guide) state(source Text, lang string) (*Text, State) {
	if lang == g.Source {
		return &source, OK
	}
	own := g.text(lang, source.ID)
	switch {
	case own == nil:
		return nil, Missing
	case own.From != source.hash && !staleOff:
		return own, Stale
	case !own.Reviewed:
		return own, Unreviewed
	}
	return own, OK
}

func (g Guide) text(lang, id string) *Text {
	f := g.files[lang]
	if f == nil {
		return nil
	}
	i, ok := f.at[id]
	if !ok {
		return nil
	}
	return &f.Texts[i]
}

// Hash tells wordings apart: the first 8 hex digits of the SHA-256 of what Markdown
// writes. How lines are broken makes no difference.
func Hash(items []Item) string {
	sum := sha256.Sum256([]byte(Markdown(items)))
	return hex.EncodeToString(sum[:4])
}

// Markdown writes a text as a file has it, each item on a line of its own.
func Markdown(items []Item) string {
	var b strings.Builder
	for i, item := range items {
		switch {
		case item.Bullet && i > 0:
			b.WriteString("\n")
		case i > 0:
			b.WriteString("\n\n")
		}
		if item.Bullet {
			b.WriteString("- ")
		}
		bold := false
		for _, r := range item.Runs {
			if r.Bold != bold {
				b.WriteString("**")
				bold = r.Bold
			}
			if r.ref != (Ref{}) {
				b.WriteString(r.ref.String())
			} else {
				b.WriteString(r.Text)
			}
		}
		if bold {
			b.WriteString("**")
		}
	}
	return b.String()
}

// Count is how many texts a language has in each state, and which.
type Count struct {
	Lang string             `json:"language"`
	All  int                `json:"texts"`
	IDs  map[State][]string `json:"ids"` // by state, in the source's order; those that are OK too
}

// Status counts the texts of every language of locales.Tags, the source first.
func (g Guide) Status() (list []Count) {
	tags := locales.Tags()
	slices.SortStableFunc(tags, func(a, b string) int {
		switch {
		case a == g.Source && b != g.Source:
			return -1
		case b == g.Source && a != g.Source:
			return 1
		}
		return 0
	})
	for _, tag := range tags {
		c := Count{Lang: tag, IDs: map[State][]string{}}
		for _, state := range States {
			c.IDs[state] = []string{}
		}
		for _, source := range g.source() {
			_, state := g.state(source, tag)
			c.All++
			c.IDs[state] = append(c.IDs[state], source.ID)
		}
		list = append(list, c)
	}
	return list
}

// Pair is a text of the source with what there is of it in another language.
type Pair struct {
	Source Text
	Own    *Text // nil where it is missing
	State  State
}

// Pairs are all texts of the source, in its order, with what there is of them in a
// language.
func (g Guide) Pairs(lang string) (list []Pair) {
	for _, source := range g.source() {
		own, state := g.state(source, lang)
		list = append(list, Pair{source, own, state})
	}
	return list
}

// File is one language's file; ok says that there is one.
func (g Guide) File(lang string) (f File, ok bool) {
	if g.files[lang] == nil {
		return File{}, false
	}
	return *g.files[lang], true
}

// With is the guide with some texts of a language in place of those of the same id, and
// that language's file. Nothing of the file is lost: what the source does not have stays
// behind its section. The mistakes are those of the whole.
func (g Guide) With(lang string, texts []Text) (Guide, File, Mistakes) {
	old, _ := g.File(lang)
	f := File{Name: lang + ".md", Lang: lang, Source: g.Source}
	by := map[string]Text{}
	for _, t := range slices.Concat(old.Texts, texts) {
		by[t.ID] = t
	}
	section := func(id string) string {
		name, _, _ := strings.Cut(id, ".")
		return name
	}
	var sections []string
	var order []string
	for _, t := range slices.Concat(g.source(), old.Texts, texts) {
		if !slices.Contains(order, t.ID) {
			order = append(order, t.ID)
		}
		if s := section(t.ID); !slices.Contains(sections, s) {
			sections = append(sections, s)
		}
	}
	slices.SortStableFunc(order, func(a, b string) int {
		return slices.Index(sections, section(a)) - slices.Index(sections, section(b))
	})
	for _, id := range order {
		if t, ok := by[id]; ok {
			f.Texts = append(f.Texts, t)
		}
	}
	var files []File
	for _, tag := range g.Languages() {
		if tag != lang {
			files = append(files, *g.files[tag])
		}
	}
	data := f.Bytes(true)
	if len(data) > MaxFile { // without the older wordings first
		data = f.Bytes(false)
	}
	read, wrong := Parse(f.Name, data)
	if len(wrong) > 0 {
		return g, f, wrong
	}
	with, wrong := New(append(files, read))
	return with, read, wrong
}
