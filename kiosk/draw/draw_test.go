package draw

import (
	"bytes"
	"flag"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"infobus/examples"
	"infobus/kiosk"
	"infobus/kiosk/ink"
	"infobus/timetable"
	"infobus/timetable/source"
)

var update = flag.Bool("update", false, "write the reference images anew")

func example(t testing.TB) *timetable.Timetable {
	t.Helper()
	tt, err := source.Parse("timetable.yaml", examples.Timetable, Check)
	if err != nil {
		t.Fatal(err)
	}
	return tt
}

func page(t testing.TB, at, site string, langs ...string) kiosk.Page {
	t.Helper()
	tt := example(t)
	now, err := time.ParseInLocation("2006-01-02 15:04", at, tt.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return kiosk.Options{Sets: []kiosk.Set{langs}}.Pages(kiosk.Today, kiosk.Input{Timetable: tt, Site: site, Now: now})[0]
}

// long is a row whose every text is as long as a timetable allows.
func long(p kiosk.Page) kiosk.Page {
	r := p.Rows[0]
	r.Service.Name = map[string]string{
		"en": "Clothes, shoes, blankets and tents for men and women at once",
		"ar": "ملابس وأحذية وبطانيات وخيام للرجال والنساء في نفس المكان",
	}
	r.Service.Place = timetable.Place{Name: "Ancien entrepôt du Quai des Sternes, entrée par la cour nord", Map: "A12"}
	p.Rows = append([]timetable.Row{r}, p.Rows[1:]...)
	p.Site = r.Service.Place.Name
	return p
}

func cancelled(p kiosk.Page) kiosk.Page {
	p.Rows = append([]timetable.Row{}, p.Rows...)
	p.Rows[1].State = timetable.Cancelled
	return p
}

func pictures(t testing.TB, from, to int) kiosk.Page {
	p := page(t, "2026-11-23 10:05", "moulin", "en", "ar")
	r := p.Rows[0]
	p.Rows = nil
	for _, c := range timetable.Categories[from:to] {
		r.Service.Category, r.Service.Name = c, nil
		p.Rows = append(p.Rows, r)
	}
	return p
}

// pages are those with a reference image, by its name.
func pages(t testing.TB) map[string]kiosk.Page {
	monday := page(t, "2026-11-23 10:05", "moulin", "en", "ar")
	return map[string]kiosk.Page{
		"today":        monday,
		"ask-us":       page(t, "2026-11-23 18:30", "quai", "en", "ar"),
		"nothing":      page(t, "2026-11-22 21:00", "nowhere", "en", "ar"),
		"long":         long(monday),
		"cancelled":    cancelled(monday),
		"english":      page(t, "2026-11-23 10:05", "moulin", "en"),
		"arabic":       page(t, "2026-11-23 10:05", "moulin", "ar"),
		"pictograms-1": pictures(t, 0, 4),
		"pictograms-2": pictures(t, 4, 8),
		"pictograms-3": pictures(t, 8, 12),
		"night":        page(t, "2026-11-21 01:15", "quai", "en", "ar"),
		"too-old":      page(t, "2027-02-02 09:00", "quai", "en", "ar"),
	}
}

func TestPagesLookAsTheyDid(t *testing.T) {
	for name, p := range pages(t) {
		f, err := Draw(p)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var b bytes.Buffer
		if err := f.PNG(&b); err != nil {
			t.Fatal(err)
		}
		path, bad := filepath.Join("testdata", name+".png"), filepath.Join("testdata", name+"-bad.png")
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		reference, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := png.Decode(bytes.NewReader(reference)); err != nil || !same(want, f) {
			if err := os.WriteFile(bad, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			t.Errorf("%s differs from %s; see %s (decode: %v)", name, path, bad, err)
		}
	}
}

func same(m image.Image, f *ink.Frame) bool {
	if m.Bounds() != image.Rect(0, 0, ink.Width, ink.Height) {
		return false
	}
	for y := range ink.Height {
		for x := range ink.Width {
			if r, _, _, _ := m.At(x, y).RGBA(); (r > 0) != f.IsWhite(x, y) {
				return false
			}
		}
	}
	return true
}

func TestTheComparisonFindsOnePixel(t *testing.T) {
	f, err := Draw(pages(t)["today"])
	if err != nil {
		t.Fatal(err)
	}
	m := f.Image()
	if !same(m, f) {
		t.Error("a frame differs from itself")
	}
	m.Pix[123*ink.Width+456] ^= 1
	if same(m, f) {
		t.Error("another pixel went unseen")
	}
}

// Digits of opening hours are 10 mm on the glass, closing hours 4 mm.
func TestHoursAreLegible(t *testing.T) {
	f, err := Draw(pages(t)["today"])
	if err != nil {
		t.Fatal(err)
	}
	heights := inkHeights(f, margin, iconLeft-10, header, header+content-rule)
	if len(heights) != 2 || heights[0] < 49 || heights[1] < 20 {
		t.Errorf("heights of ink in the first row's hours: %v px", heights)
	}
}

// inkHeights are the heights of the stacks of rows with ink in a rectangle.
func inkHeights(f *ink.Frame, x0, x1, y0, y1 int) []int {
	var heights []int
	n := 0
	for y := y0; y <= y1; y++ {
		black := false
		for x := x0; x < x1 && y < y1; x++ {
			black = black || !f.IsWhite(x, y)
		}
		if black {
			n++
		} else if n > 0 {
			heights = append(heights, n)
			n = 0
		}
	}
	return heights
}

// Nothing is drawn over the edge, whatever the names: the margins stay white.
func TestMarginsStayWhite(t *testing.T) {
	base := page(t, "2026-11-23 10:05", "moulin", "en", "ar")
	letters := []rune("abcMW Égqyj0123 ملابسوحذيةخ ")
	rapid.Check(t, func(t *rapid.T) {
		text := func(what string, most int) string {
			return string(rapid.SliceOfN(rapid.SampledFrom(letters), 1, most).Draw(t, what))
		}
		p := base
		p.Site = text("site", 60)
		r := base.Rows[0]
		r.State = rapid.SampledFrom([]timetable.State{timetable.Confirmed, timetable.AskUs, timetable.Cancelled}).Draw(t, "state")
		r.Service.Name = map[string]string{"en": text("en", 60), "ar": text("ar", 60)}
		r.Service.Place = timetable.Place{Name: text("place", 60), Map: text("map", 3)}
		if rapid.IntRange(0, 9).Draw(t, "extreme") == 0 {
			wide := strings.Repeat("W", 60)
			r.Service.Name = map[string]string{"en": wide, "ar": wide}
			r.Service.Place, p.Site = timetable.Place{Name: wide, Map: "WWW"}, wide
		}
		p.Rows = []timetable.Row{r, r, r, r}
		f, err := Draw(p)
		if err != nil {
			t.Fatal(err)
		}
		for y := header; y < ink.Height; y++ {
			for _, x := range []int{0, 1, 2, 3, 4, 5, ink.Width - 4, ink.Width - 3, ink.Width - 2, ink.Width - 1} {
				if !f.IsWhite(x, y) {
					t.Fatalf("ink at (%d, %d)", x, y)
				}
			}
		}
	})
}

func TestEqualPagesGiveEqualFrames(t *testing.T) {
	for name, p := range pages(t) {
		first, err := Draw(p)
		if err != nil {
			t.Fatal(err)
		}
		Forget()
		second, err := Draw(p)
		if err != nil {
			t.Fatal(err)
		}
		if *first != *second {
			t.Errorf("%s differs when drawn again", name)
		}
	}
}

func TestATextThatNoFontHasIsAnError(t *testing.T) {
	p := page(t, "2026-11-23 10:05", "moulin", "en", "ar")
	p.Site = "水"
	if _, err := Draw(p); err == nil || !strings.Contains(err.Error(), "U+6C34") {
		t.Errorf("%v", err)
	}
	if Check("name", "en", "水") == nil || Check("name", "en", "Quai") != nil || Ready() != nil {
		t.Error("the check says otherwise")
	}
	_, err := source.Parse("t", []byte("sites: [{id: a, name: 水}]\nservices: []\n"), Check)
	if err == nil || !strings.HasPrefix(err.Error(), "t:1:23: name: no font has the character") {
		t.Errorf("%v", err)
	}
}

func TestEveryCategoryHasItsPictogram(t *testing.T) {
	seen := map[string]timetable.Category{}
	for _, c := range timetable.Categories {
		layers, err := pictogram(string(c), icon)
		if err != nil {
			t.Fatal(err)
		}
		f := ink.White()
		for _, l := range layers {
			f.Paint(l.mask, 20, 20, l.white)
		}
		if other, twice := seen[string(f[:])]; twice {
			t.Errorf("%s looks like %s", c, other)
		}
		seen[string(f[:])] = c
		black := 0
		for y := range 100 {
			for x := range 100 {
				if !f.IsWhite(x, y) {
					black++
					if x < 20 || y < 20 || x >= 20+icon || y >= 20+icon {
						t.Fatalf("%s reaches out of its box at (%d, %d)", c, x-20, y-20)
					}
				}
			}
		}
		if share := float64(black) / icon / icon; share < 0.12 || share > 0.75 {
			t.Errorf("%s: %.0f %% of its box is black", c, 100*share)
		}
	}
}

func TestWhatIsNotOurSVGIsRefused(t *testing.T) {
	const head = `<svg viewBox="0 0 48 48">`
	for what, s := range map[string]string{
		"another element":     head + `<text>a</text></svg>`,
		"another viewBox":     `<svg viewBox="0 0 24 24"></svg>`,
		"a relative command":  head + `<path d="m1 1"/></svg>`,
		"numbers after Z":     head + `<path d="M1 1 L2 2 Z 3 3"/></svg>`,
		"half a command":      head + `<path d="M1"/></svg>`,
		"no M":                head + `<path d="L1 1"/></svg>`,
		"no number":           head + `<path d="M1 x"/></svg>`,
		"an ellipse's arc":    head + `<path d="M1 1 A2 3 0 0 1 4 4"/></svg>`,
		"an attribute's word": head + `<circle cx="a" cy="1" r="1"/></svg>`,
		"no XML":              head + `<path`,
	} {
		if _, err := parseSVG(strings.NewReader(s), 1); err == nil {
			t.Errorf("%s was drawn", what)
		}
	}
}

func BenchmarkDrawWarm(b *testing.B) {
	p := page(b, "2026-11-23 10:05", "moulin", "en", "ar")
	if _, err := Draw(p); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Draw(p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDrawCold(b *testing.B) {
	p := page(b, "2026-11-23 10:05", "moulin", "en", "ar")
	b.ReportAllocs()
	for b.Loop() {
		Forget()
		if _, err := Draw(p); err != nil {
			b.Fatal(err)
		}
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-heap")
	Forget()
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-heap-forgotten")
}
