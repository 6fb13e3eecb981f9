package timetable

import (
	"errors"
	"slices"
	"strings"
)

// Public says which events of a calendar are for the screen: those that one of
// its rules has. Without a rule none is: programs write CLASS:PUBLIC into every
// event unasked.
type Public []PublicRule

// PublicRule is one of: all; class-public; x-infobus-show; category WORD, one of
// the event's categories; title WORD, a whole word of its title.
type PublicRule struct{ Kind, Word string }

// The kinds of rules, as they are written.
const (
	PublicAll      = "all"
	PublicClass    = "class-public"
	PublicSaid     = "x-infobus-show"
	PublicCategory = "category"
	PublicTitle    = "title"
)

// UnmarshalText reads a rule as it is written in the configuration.
func (r *PublicRule) UnmarshalText(b []byte) error {
	kind, word, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
	word = strings.TrimSpace(word)
	worded := kind == PublicCategory || kind == PublicTitle
	if !worded && kind != PublicAll && kind != PublicClass && kind != PublicSaid || worded != (Plainly(word) != "") {
		return errors.New("expected none, or one or more of: all, class-public, x-infobus-show, category WORD, title WORD")
	}
	*r = PublicRule{kind, word}
	return nil
}

func (r PublicRule) String() string { return strings.TrimSpace(r.Kind + " " + r.Word) }

// UnmarshalText reads a single rule, or none.
func (p *Public) UnmarshalText(b []byte) error {
	*p = nil
	if string(b) == "none" {
		return nil
	}
	var r PublicRule
	err := r.UnmarshalText(b)
	*p = Public{r}
	return err
}

func (p Public) String() string {
	var list []string
	for _, r := range p {
		list = append(list, r.String())
	}
	if list == nil {
		return "none"
	}
	return strings.Join(list, ", ")
}

// Event is what a calendar's event says of itself, as far as rules ask for it.
type Event struct {
	Title      string
	Categories []string
	Class      string // CLASS; "" where it has none
	Said       string // X-INFOBUS-SHOW; likewise
}

// Private says that an event is for nobody but those who keep the calendar,
// whatever the rules have: its class is another than PUBLIC, or it says so.
func (e Event) Private() bool {
	return e.Class != "" && !strings.EqualFold(e.Class, "PUBLIC") || e.Said != "" && Plainly(e.Said) != "screen" && Plainly(e.Said) != "ecran"
}

// Show is where an event may appear.
func (p Public) Show(e Event) Show {
	if !e.Private() && slices.ContainsFunc(p, func(r PublicRule) bool { return r.has(e) }) {
		return Screen
	}
	return InPerson
}

func (r PublicRule) has(e Event) bool {
	switch r.Kind {
	case PublicAll:
		return true
	case PublicClass:
		return e.Class != ""
	case PublicSaid:
		return e.Said != ""
	case PublicCategory:
		return slices.ContainsFunc(e.Categories, func(c string) bool { return Plainly(c) == Plainly(r.Word) })
	case PublicTitle:
		return strings.Contains(" "+wordsOf(e.Title)+" ", " "+wordsOf(r.Word)+" ")
	}
	return false
}

// wordsOf are a text's words plainly, without what stands between them.
func wordsOf(s string) string {
	return strings.Join(strings.FieldsFunc(Plainly(s), func(c rune) bool { return strings.ContainsRune(" .,;:!?()[]/'\"«»", c) }), " ")
}
