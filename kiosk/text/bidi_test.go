package text

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/unicode/bidi"
	"pgregory.net/rapid"
)

// The direction of every rune equals what golang.org/x/text finds. It tells no
// more than directions, and does not pair brackets (it takes the closing one for
// its own pair's value), so that these are left to TestLevels.
func TestDirectionsAreThoseOfTheReference(t *testing.T) {
	letters := []rune("abاب ع٣١2 7,.:+-%/€\u0301\u064eא \t\u2066\u2067\u2068\u2069\u200b!")
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.IntRange(0, 1).Draw(t, "base")
		text := append([]rune{[]rune("aא")[base]}, rapid.SliceOfN(rapid.SampledFrom(letters), 1, 24).Draw(t, "text")...)
		text = append(text, 'z') // trailing spaces are levelled on a line, not a paragraph
		var p bidi.Paragraph
		if _, err := p.SetString(string(text)); err != nil {
			t.Fatal(err)
		}
		o, err := p.Order()
		if err != nil {
			t.Fatal(err)
		}
		want := make([]int, 0, len(text))
		for i := range o.NumRuns() {
			run := o.Run(i)
			for range []rune(run.String()) {
				want = append(want, int(run.Direction()))
			}
		}
		for i, l := range levels(text, base) {
			properties, _ := bidi.LookupRune(text[i])
			if properties.Class() == bidi.BN {
				continue // has no direction of its own
			}
			if l%2 != want[i] {
				t.Fatalf("rune %d (%U) of %+q: level %d, direction %d", i, text[i], text, l, want[i])
			}
		}
	})
}

// Levels of UAX #9's own examples and of lines like ours.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		text string
		base int
		want string
	}{
		{"car", 0, "000"},
		{"שלום", 0, "1111"},
		{"car שלו!", 0, "00001110"},
		{"ماء 12:00", 1, "111122222"},
		{"a ماء 12 ماء b", 0, "00111122111100"},
		{"ماء \u206812:00–14:00\u2069 طعام", 1, "11111" + "22222222222" + "111111"},
		{"Rue \u2068ماء\u2069 12", 0, "00000" + "111" + "0000"},
		{"ماء (Quai) ماء", 1, "11111222211111"},
		{"ا(a)b", 1, "11212"},
		{"ا(ا a)b", 0, "1010000"},
		{"a(ا)ا", 0, "00101"},
		{"ا (a[ا)] b", 1, "1112111112"},
		{"ماء  ", 0, "11100"},
		{"", 1, ""},
	} {
		var b strings.Builder
		for _, l := range levels([]rune(c.text), c.base) {
			fmt.Fprint(&b, l)
		}
		if b.String() != c.want {
			t.Errorf("%+q: %s, want %s", c.text, b.String(), c.want)
		}
	}
}

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		levels []int
		want   []int
	}{
		{[]int{0, 1, 0}, []int{0, 1, 2}},
		{[]int{0, 1, 2, 1, 0}, []int{0, 3, 2, 1, 4}},
		{[]int{1, 2, 1}, []int{2, 1, 0}},
		{[]int{1, 2, 3, 2}, []int{1, 2, 3, 0}},
		{nil, []int{}},
	} {
		if got := order(c.levels); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%v: %v, want %v", c.levels, got, c.want)
		}
	}
}
