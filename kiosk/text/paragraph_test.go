package text

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// broken is where a text may be broken at all: with room for one piece a line.
func broken(text string) []string {
	var list []string
	for _, p := range pieces([]rune(text)) {
		list = append(list, strings.TrimSpace(p.text))
	}
	return list
}

func TestWhereALineMayEnd(t *testing.T) {
	for what, c := range map[string]struct {
		text string
		want []string
	}{
		"between words":                        {"Rue du Moulin", []string{"Rue", "du", "Moulin"}},
		"not within a word with a hyphen":      {"Wi-Fi et rendez-vous", []string{"Wi-Fi", "et", "rendez-vous"}},
		"not within a time":                    {"a 9:30–11:00 b", []string{"a", "9:30–11:00 b"}},
		"not within a range with spaces":       {"open 9:30 – 11:00 today", []string{"open", "9:30 – 11:00 today"}},
		"not between a number and its unit":    {"with 140 MB you call", []string{"with", "140 MB", "you", "call"}},
		"not between a number and any word":    {"45 دقيقة مكالمة", []string{"45 دقيقة", "مكالمة"}},
		"not after a currency":                 {"costs € 5 here", []string{"costs", "€ 5 here"}},
		"not within an isolate":                {"at \u2068Quai des Sternes\u2069 or", []string{"at", "\u2068Quai des Sternes\u2069", "or"}},
		"not within an isolate in an isolate":  {"\u2067a \u2068b c\u2069 d\u2069 e", []string{"\u2067a \u2068b c\u2069 d\u2069", "e"}},
		"after an isolated time that is glued": {"\u206823\u2069 November \u20682026\u2069", []string{"\u206823\u2069 November", "\u20682026\u2069"}},
		"an isolate that is never closed":      {"a \u2068b c", []string{"a", "\u2068b c"}},
		"a stray end of an isolate":            {"a\u2069 b", []string{"a\u2069", "b"}},
		"not before a sign that closes":        {"d’autres : demandez « ici »", []string{"d’autres :", "demandez", "« ici »"}},
		"not within a path":                    {"see infobus.local/today now", []string{"see", "infobus.local/today", "now"}},
		"after an Ethiopic word space":         {"የሰው፡ልጅ፡ሁሉ።፡ሲወለድ", []string{"የሰው፡", "ልጅ፡", "ሁሉ።፡", "ሲወለድ"}},
		"Ethiopic with spaces":                 {"ይህ ስክሪን፣ ገና", []string{"ይህ", "ስክሪን፣", "ገና"}},
		"not at a non-joiner":                  {"باز می‌شود", []string{"باز", "می‌شود"}},
		"not at a no-break space":              {"112\u00a0a b", []string{"112\u00a0a", "b"}},
		"at a line feed":                       {"a\nb c", []string{"a", "b", "c"}},
		"nothing":                              {"", nil},
	} {
		if got := broken(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q breaks into %q, want %q", what, c.text, got, c.want)
		}
	}
}

func TestALineIsAsFullAsItCanBe(t *testing.T) {
	f := fonts(t)
	s := Style{Size: 30}
	wide := line(t, f, "Nothing more is", "en", false, s).Width
	got, err := f.Break("Nothing more is listed for this day.\nAsk us.", "en", false, s, wide)
	if want := []string{"Nothing more is", "listed for this", "day.", "Ask us."}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	_, err = f.Break("a Straßenbahnhaltestelle", "en", false, s, wide/2)
	var tooWide TooWide
	if !errors.As(err, &tooWide) || tooWide.Piece != "Straßenbahnhaltestelle" || tooWide.Width <= wide/2 || tooWide.LineWide != wide/2 {
		t.Errorf("%v", err)
	}
	var missing Missing
	if _, err = f.Break("a 水", "en", false, s, wide); !errors.As(err, &missing) {
		t.Errorf("%v", err)
	}
}

// Whatever is broken, in whatever language and width: no line is too wide, none
// could have taken the next piece, and together they are the text.
func TestLinesAreTheTextAgain(t *testing.T) {
	f := fonts(t)
	all := append(ours(), mixed(published(t))...)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(all).Draw(t, "phrase")
		s := Style{Size: rapid.IntRange(12, 40).Draw(t, "size"), Bold: rapid.Bool().Draw(t, "bold")}
		width := rapid.IntRange(100, 800).Draw(t, "width")
		lines, err := f.Break(p.text, p.lang, p.rtl, s, width)
		var tooWide TooWide
		if errors.As(err, &tooWide) {
			if !slices.Contains(broken(p.text), tooWide.Piece) {
				t.Fatalf("%q: %q is no piece", p.text, tooWide.Piece)
			}
			if l, err := f.Line(tooWide.Piece, p.lang, p.rtl, s); err != nil || l.Width <= width {
				t.Fatalf("%q would fit: %v", tooWide.Piece, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strip(strings.Join(lines, "")), strip(p.text); got != want {
			t.Fatalf("%q came out as %q", want, got)
		}
		for i, l := range lines {
			if shown, err := f.Line(l, p.lang, p.rtl, s); err != nil || shown.Width > width {
				t.Fatalf("%q is %d wide, more than %d: %v", l, shown.Width, width, err)
			}
			for _, whole := range []string{"9:30–11:00", "12:00–14:00", "Rue du Moulin Gris", "140 MB", "14:05", "Wi-Fi"} {
				if strings.Contains(p.text, whole) && !strings.Contains(strings.Join(lines, "\n"), whole) {
					t.Fatalf("%q is cut in %q", whole, lines)
				}
			}
			if strings.Count(l, "\u2068") != strings.Count(l, "\u2069") {
				t.Fatalf("an isolate is cut in %q", l)
			}
			if i+1 < len(lines) {
				next := l + broken(lines[i+1])[0]
				if !strings.Contains(p.text, next) {
					next = l + " " + broken(lines[i+1])[0]
				}
				if shown, err := f.Line(next, p.lang, p.rtl, s); err != nil || shown.Width <= width {
					t.Fatalf("%q would have fitted: %v", next, err)
				}
			}
		}
	})
}

func strip(s string) string { return strings.ReplaceAll(s, " ", "") }

func TestExtentIsThatOfTheInk(t *testing.T) {
	f := fonts(t)
	s := Style{Size: 100}
	above, below, err := f.Extent("en", false, s, "H", "x", "p")
	if err != nil || above < 70 || above > 73 || below < 22 || below > 26 {
		t.Errorf("%d above, %d below: %v", above, below, err)
	}
	tall, deep, err := f.Extent("ur", true, s, "بچّے", "کھلتا ہے")
	if err != nil || tall+deep < 150 {
		t.Errorf("Nastaliq %d and %d: %v", tall, deep, err)
	}
	if _, _, err := f.Extent("en", false, s, "水"); err == nil {
		t.Error("what no font has was measured")
	}
}
