package text

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"infobus/kiosk/ink"
)

func fonts(t testing.TB) *Fonts {
	t.Helper()
	f, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func line(t testing.TB, f *Fonts, text, lang string, rtl bool, s Style) Line {
	t.Helper()
	l, err := f.Line(text, lang, rtl, s)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return l
}

var plain = Style{Size: 40}

func TestMissingFontsAreAllNamed(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "NotoSans-Bold.ttf"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := open([]string{folder})
	if err == nil || !strings.Contains(err.Error(), "NotoSans-Regular.ttf, NotoSansArabic-Regular.ttf, NotoSansArabic-Bold.ttf, NotoSansEthiopic-Regular.ttf, NotoSansEthiopic-Bold.ttf, NotoNastaliqUrdu-Regular.ttf, NotoNastaliqUrdu-Bold.ttf") {
		t.Errorf("%v", err)
	}
	t.Setenv("INFOBUS_FONTS", folder)
	if got := folders()[0]; got != folder {
		t.Errorf("looks in %s first", got)
	}
}

func TestABrokenFontIsAnError(t *testing.T) {
	folder := t.TempDir()
	for _, family := range families {
		for _, weight := range []string{"Regular", "Bold"} {
			if err := os.WriteFile(filepath.Join(folder, family.name+"-"+weight+".ttf"), []byte("no font"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	f, err := open([]string{folder})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Line("a", "en", false, plain); err == nil {
		t.Error("a line was drawn with it")
	}
}

func TestArabicLettersJoin(t *testing.T) {
	f := fonts(t)
	// Joined, the four letters of "bbbb" touch: every column between the
	// outer ones has ink.
	joined := line(t, f, "بببب", "ar", true, Style{Size: 60})
	bounds := joined.Ink.Bounds()
	column := map[int]bool{}
	for _, s := range joined.Ink {
		for x := int(s.X0); x < int(s.X1); x++ {
			column[x] = true
		}
	}
	for x := bounds.Min.X; x < bounds.Max.X; x++ {
		if !column[x] {
			t.Fatalf("a gap at column %d of %v", x, bounds)
		}
	}
	if apart := line(t, f, "ب‌ب‌ب‌ب", "ar", true, Style{Size: 60}); apart.Width <= joined.Width {
		t.Errorf("non-joiners make it %d wide, joined it is %d", apart.Width, joined.Width)
	}
}

// A time in an Arabic line reads from left to right, with the Latin digits.
func TestATimeKeepsItsOrderInArabic(t *testing.T) {
	f := fonts(t)
	alone := line(t, f, "12:00", "en", false, plain)
	within := line(t, f, "ماء \u206812:00\u2069", "ar", true, plain)
	// The line is written from the right: the time stands at its left.
	var left ink.Mask
	for _, s := range within.Ink {
		if int(s.X1) <= alone.Width {
			left = append(left, s)
		}
	}
	if len(left) != len(alone.Ink) {
		t.Fatalf("%d runs of ink, alone %d", len(left), len(alone.Ink))
	}
	for i := range left {
		if left[i] != alone.Ink[i] {
			t.Fatalf("ink differs at %v, alone %v", left[i], alone.Ink[i])
		}
	}
}

func TestALineStandsOnItsOrigin(t *testing.T) {
	l := line(t, fonts(t), "H", "en", false, Style{Size: 100})
	if b := l.Ink.Bounds(); b.Max.Y != 0 || b.Dy() < 70 || b.Dy() > 73 || b.Min.X < 0 || b.Max.X > l.Width {
		t.Errorf("%v, width %d", b, l.Width)
	}
	if l := line(t, fonts(t), "", "en", false, plain); l.Width != 0 || len(l.Ink) != 0 {
		t.Errorf("an empty line: %+v", l)
	}
}

func TestWidthIsThatOfTheLine(t *testing.T) {
	f := fonts(t)
	for _, p := range mixed(published(t)) {
		for _, s := range []Style{{Size: 17}, {Size: 30, Bold: true}} {
			width, err := f.Width(p.text, p.lang, p.rtl, s)
			if l := line(t, f, p.text, p.lang, p.rtl, s); err != nil || l.Width != width {
				t.Errorf("%q is %d wide, measured %d: %v", p.text, l.Width, width, err)
			}
		}
	}
	if _, err := f.Width("水", "en", false, plain); err == nil {
		t.Error("what no font has was measured")
	}
}

func TestCheckRefusesWhatNoFontHas(t *testing.T) {
	f := fonts(t)
	for _, good := range []string{"Quai des Sternes", "Wi-Fi (2)", "وجبات ساخنة", "ماء 12:00–14:00", "Café, œuvre, «Ñ»", "Ngày", "پښتو", "اُردو", "ምግብ", "ሓገዝ፦", ""} {
		if err := f.Check(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"水", "Ꮳ", "Soup 🍲", "a\u0378", "a\tb", "a\uFFFF"} {
		err := f.Check(bad)
		var missing Missing
		if !errors.As(err, &missing) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestForgettingChangesNothing(t *testing.T) {
	f := fonts(t)
	before := line(t, f, "Quai ماء", "en", false, plain)
	f.Forget()
	after := line(t, f, "Quai ماء", "en", false, plain)
	if before.Width != after.Width || len(before.Ink) != len(after.Ink) {
		t.Error("the line differs")
	}
}

func TestKeptLinesAreBounded(t *testing.T) {
	f := fonts(t)
	for i := range 2*keptLines + 10 {
		line(t, f, string(rune('a'+i%26))+strings.Repeat("i", i/26), "en", false, Style{Size: 1})
	}
	if len(f.lines) > keptLines || len(f.shapes) > keptLines {
		t.Errorf("%d lines and %d shapes are kept", len(f.lines), len(f.shapes))
	}
}

// Whatever the text, it is shown whole or refused.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"Quai", "ماء \u206812:00\u2069", "a(ا[b])", "\u2067a\u2069\u2069", "e\u0301\u200d", "\u064e", "\u200c"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	all := fonts(f)
	f.Fuzz(func(t *testing.T, s string, rtl bool) {
		if len(s) > 200 || !utf8.ValidString(s) {
			return
		}
		l, err := all.Line(s, "ar", rtl, Style{Size: 20})
		var missing Missing
		if err != nil && !errors.As(err, &missing) {
			t.Fatal(err)
		}
		if l.Width < 0 {
			t.Fatalf("width %d", l.Width)
		}
		if checked := all.Check(s); (checked == nil) != (err == nil) {
			t.Fatalf("checked: %v; drawn: %v", checked, err)
		}
	})
}

func BenchmarkNewLine(b *testing.B) {
	f := fonts(b)
	for b.Loop() {
		clear(f.lines)
		clear(f.shapes)
		line(b, f, "شرائح هاتف مجانية", "ar", true, Style{Size: 30, Bold: true})
	}
}

// Who may not install fonts gets them from build.sh, all that are used.
func TestTheBuildUnpacksEveryFamily(t *testing.T) {
	script, err := os.ReadFile("../../images/build/needs.sh")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, family := range families {
		names = append(names, family.name)
	}
	if want := "for face in " + strings.Join(names, " ") + "; do"; !strings.Contains(string(script), want) {
		t.Errorf("needs.sh has not %q", want)
	}
}
