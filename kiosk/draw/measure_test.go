package draw

import (
	"fmt"
	"image"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/kiosk"
	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	"infobus/kiosk/text"
	"infobus/timetable"
)

// What the sizes promise, in pixels of ink: 10, 6 and 4 mm at 0.204 mm a pixel,
// rounded up.
const (
	tenMillimetres  = 49
	sixMillimetres  = 30
	fourMillimetres = 20
)

// inkOf is the smallest rectangle round all black pixels within r.
func inkOf(f *ink.Frame, r image.Rectangle) image.Rectangle {
	var b image.Rectangle
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if !f.IsWhite(x, y) {
				b = b.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return b
}

// upright is a letter of each script that stands on the line and has nothing
// above it: what the size of its letters is measured by.
var upright = map[string]string{"en": "H", "fr": "H", "om": "H", "vi": "H", "ar": "ا", "fa": "ا", "ps": "ا", "ur": "ا", "am": "ሀ", "ti": "ሀ"}

func TestLettersHaveTheirSizeInEveryLanguage(t *testing.T) {
	f, err := fonts()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range locales.All() {
		for _, bold := range []bool{false, true} {
			line, err := f.Line(upright[l.Tag], l.Tag, l.RTL, style(words{"", l}, label, bold))
			if err != nil {
				t.Fatal(err)
			}
			if got := line.Ink.Bounds().Dy(); got < fourMillimetres {
				t.Errorf("%s: %s has %d px as a label", l.Tag, upright[l.Tag], got)
			}
		}
	}
	for size, want := range map[int]int{large: tenMillimetres, mid: sixMillimetres} {
		for _, s := range strings.Split("0 1 2 3 4 5 6 7 8 9 H", " ") {
			line, err := f.Line(s, "en", false, text.Style{Size: size, Bold: s != "H"})
			if err != nil {
				t.Fatal(err)
			}
			if got := line.Ink.Bounds().Dy(); got < want {
				t.Errorf("%s has %d px at %d", s, got, size)
			}
		}
	}
}

// On the frame itself: of the row with the longest label of each language, the
// ink of the opening hour, of the closing hour, of the place and of the label.
func TestWhatIsDrawnIsLegible(t *testing.T) {
	for _, l := range locales.All() {
		p := page(t, "2026-11-23 10:05", "moulin", l.Tag)
		r := p.Rows[0]
		longest := 0
		f, err := fonts()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range timetable.Categories {
			if line, err := f.Line(l.Category(c), l.Tag, l.RTL, style(words{"", l}, label, true)); err != nil {
				t.Fatal(err)
			} else if line.Width > longest {
				longest, r.Service.Category = line.Width, c
			}
		}
		r.Service.Name, r.Service.Place = nil, timetable.Place{Name: "Hangar Bleu", Map: "D"}
		p.Rows = []timetable.Row{r}
		frame, err := Draw(p)
		if err != nil {
			t.Fatal(err)
		}
		c := &canvas{fonts: f, langs: []*locales.Locale{l}}
		left := textLeft
		if w := c.localWidth(); w > 0 {
			left += w + 10
		}
		top := headerOf(c.langs).height
		bottom := top + rowHeight(c.langs) + airy
		lower := bottom - midBelow - rule - midInk
		for _, part := range []struct {
			what string
			in   image.Rectangle
			want int
		}{
			{"opening hour", image.Rect(margin, top, margin+hours, lower-2), tenMillimetres},
			{"closing hour", image.Rect(margin, lower-2, margin+closes, bottom), sixMillimetres},
			{"place", image.Rect(left, lower-2, textRight, bottom), sixMillimetres},
			{"label " + l.Category(r.Service.Category), image.Rect(left, top, textRight, lower-2), fourMillimetres},
		} {
			if got := inkOf(frame, part.in).Dy(); got < part.want {
				t.Errorf("%s: %s has %d px, want %d", l.Tag, part.what, got, part.want)
			}
		}
	}
}

// No line of labels takes more height than it is given, but for rare marks.
func TestReachIsThatOfTheInk(t *testing.T) {
	f, err := fonts()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range locales.All() {
		var dates, labels []string
		for week := range 53 {
			dates = append(dates, l.Date(time.Date(2028, 1, 1+8*week, 0, 0, 0, 0, time.UTC)))
		}
		for _, c := range timetable.Categories {
			labels = append(labels, l.Category(c))
		}
		r := reachOf(l.Tag)
		for _, m := range []struct {
			what         string
			texts        []string
			above, below int
		}{{"dates", dates, r.dateAbove, r.dateBelow}, {"labels", labels, r.above, r.below}} {
			above, below, err := f.Extent(l.Tag, l.RTL, style(words{"", l}, label, true), m.texts...)
			if err != nil {
				t.Fatal(err)
			}
			if above > m.above+7 || below > m.below+6 || above < m.above-5 || below < m.below-5 {
				t.Errorf("%s: ink of %s reaches %d+%d, given are %d+%d", l.Tag, m.what, above, below, m.above, m.below)
			}
		}
	}
}

// What Check lets pass is drawn whole, within the margins and clear of every line,
// in every set; what it does not is not put on the page cut or shrunk.
func TestWhatIsCheckedFits(t *testing.T) {
	letters := []rune("abcMWÉgqyj0123 ملابسوحذيةخچگሰላምẪộ ")
	base := map[string]kiosk.Page{}
	for _, set := range kiosk.Ten {
		base[set.String()] = page(t, "2026-11-23 10:05", "moulin", set...)
	}
	rapid.Check(t, func(t *rapid.T) {
		set := rapid.SampledFrom(kiosk.Ten).Draw(t, "set")
		p := base[set.String()]
		made := func(field, lang string, most int) string {
			s := strings.TrimSpace(string(rapid.SliceOfN(rapid.SampledFrom(letters), 1, most).Draw(t, field)))
			for r := []rune(s); len(r) > 0; r = r[:len(r)-1] {
				if Check(field, lang, string(r)) == nil {
					return string(r)
				}
			}
			return "A"
		}
		p.Site = made("site", "en", 40)
		rows := append([]timetable.Row{}, p.Rows...)
		for i := range rows {
			rows[i].State = rapid.SampledFrom([]timetable.State{timetable.Confirmed, timetable.AskUs, timetable.Cancelled}).Draw(t, "state")
			rows[i].Service.Name = map[string]string{}
			for _, lang := range set {
				rows[i].Service.Name[lang] = made("name", lang, 50)
			}
			rows[i].Service.Place = timetable.Place{Name: made("place", "en", 40), Map: made("map", "en", 3)}
		}
		p.Rows = rows
		c, err := compose(p)
		if err != nil {
			t.Fatal(err)
		}
		if near := touching(c); len(near) > 0 {
			t.Fatal(strings.Join(near, "; "))
		}
		f := c.frame
		for y := c.top; y < ink.Height; y++ {
			for _, x := range []int{0, 1, 2, 3, 4, 5, ink.Width - 4, ink.Width - 3, ink.Width - 2, ink.Width - 1} {
				if !f.IsWhite(x, y) {
					t.Fatalf("ink at (%d, %d)", x, y)
				}
			}
		}
	})
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	for _, c := range []struct{ field, lang, text, want string }{
		{"name", "en", "Clothes, shoes and blankets", "pixels wide in letters of 4 mm, and 366 are there: make it shorter"},
		{"place", "en", "Ancien entrepôt du Quai des Sternes", "pixels wide in letters of 6 mm, and 459 are there: make it shorter"},
		{"site", "en", "Rue du Moulin Gris et du Canal", "pixels wide in letters of 4 mm, and 311 are there: make it shorter"},
		{"map", "en", "WWW", "pixels wide in letters of 6 mm, and 88 are there: make it shorter"},
		{"map", "en", "Ég", "pixels high in letters of 6 mm, and 41 are there: take another letter"},
		{"name", "vi", "A\u0302\u0303\u0302\u0303\u0302\u0303\u0302\u0303", "marks upon marks"},
		{"operator", "en", "Montagne Bleue", "pixels wide in letters of 4 mm, and 116 are there: make it shorter"},
		{"number", "en", "00 33 6 39 98 01 23 45 67", "too wide for two lines of digits of 6 mm"},
	} {
		check := Check
		if c.field == "operator" || c.field == "number" {
			check = CheckBoard
		}
		if err := check(c.field, c.lang, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v", c.field, c.text, err)
		}
	}
	// Our own words fit wherever they may come, or are broken at spaces.
	for _, l := range locales.All() {
		for _, c := range timetable.Categories {
			if err := Check("name", l.Tag, l.Category(c)); err != nil {
				t.Errorf("%s: %v", l.Tag, err)
			}
		}
	}
}

// A row that nobody checked has the category's word, and says to ask for the
// place: nothing is cut.
func TestWhatWasNeverCheckedIsNotCut(t *testing.T) {
	p := page(t, "2026-11-23 10:05", "moulin", "en", "ar")
	p.Rows = append([]timetable.Row{}, p.Rows[0])
	plain := p
	plain.Rows = append([]timetable.Row{}, p.Rows[0])
	plain.Rows[0].Service.Name, plain.Rows[0].Service.Place = nil, timetable.Place{Map: "C"}
	wide := strings.Repeat("W", 60)
	p.Rows[0].Service.Name = map[string]string{"en": wide}
	p.Rows[0].Service.Place.Name = wide
	a, err := Draw(p)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Draw(plain)
	if err != nil {
		t.Fatal(err)
	}
	top := headerOf([]*locales.Locale{locales.Get("en"), locales.Get("ar")}).height
	names := image.Rect(textLeft, top, ink.Width, top+60)
	if inkOf(a, names) != inkOf(b, names) {
		t.Error("a name that is too wide was drawn otherwise than the category's word")
	}
}

// The table of docs/screen.md is the measured one.
func TestTheDocumentedRowsAreThoseThatFit(t *testing.T) {
	doc, err := os.ReadFile("../../docs/screen.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range append(kiosk.Ten, kiosk.Set{"en"}, kiosk.Set{"ur"}, kiosk.Set{"en", "ur"}) {
		var langs []*locales.Locale
		for _, tag := range set {
			langs = append(langs, locales.Get(tag))
		}
		row := fmt.Sprintf("| %s | %d px | %d px | %d |", set, headerOf(langs).height, rowHeight(langs), Capacity(set))
		if !strings.Contains(string(doc), row) {
			t.Errorf("docs/screen.md has no row %s", row)
		}
	}
}
