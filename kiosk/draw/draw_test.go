package draw

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"infobus/examples"
	"infobus/kiosk"
	boards "infobus/kiosk/board"
	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	"infobus/timetable"
	"infobus/timetable/source"
)

var update = flag.Bool("update", false, "write the reference images anew")

var parsed = sync.OnceValues(func() (*timetable.Timetable, error) {
	return source.Parse("timetable.yaml", examples.Timetable, Check)
})

func example(t testing.TB) *timetable.Timetable {
	t.Helper()
	tt, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return tt
}

func board(t testing.TB) kiosk.Board {
	t.Helper()
	b, err := boards.Parse("board.yaml", examples.Board, CheckBoard)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// every is the pages of a name in a set, as the daemon makes them.
func every(t testing.TB, name kiosk.Name, at, site string, langs ...string) []kiosk.Page {
	t.Helper()
	tt, set := example(t), kiosk.Set(langs)
	now, err := time.ParseInLocation("2006-01-02 15:04", at, tt.Zone)
	if err != nil {
		t.Fatal(err)
	}
	o := kiosk.Options{Sets: []kiosk.Set{set}, Capacity: map[string]int{set.String(): Capacity(set)}, Board: board(t)}
	return o.Pages(name, kiosk.Content{Timetable: tt, Site: site, Now: now, Until: now.Add(150 * time.Minute)})
}

func page(t testing.TB, at, site string, langs ...string) kiosk.Page {
	return every(t, kiosk.Today, at, site, langs...)[0]
}

// wholeDay has rows that end at midnight: the whole day, an evening, and a night
// that goes on.
func wholeDay(t testing.TB, langs ...string) kiosk.Page {
	p := page(t, "2026-11-23 10:05", "moulin", langs...)
	p.Rows = append([]timetable.Row{}, p.Rows[:3]...)
	for i, hours := range [][2]time.Duration{{0, 24 * time.Hour}, {18 * time.Hour, 24 * time.Hour}, {20 * time.Hour, 32 * time.Hour}} {
		p.Rows[i].Opens, p.Rows[i].Closes = p.Date.Add(hours[0]), p.Date.Add(hours[1])
	}
	return p
}

// stated is a page whose second row is in a state.
func stated(s timetable.State, p kiosk.Page) kiosk.Page {
	p.Rows = append([]timetable.Row{}, p.Rows...)
	p.Rows[1].State = s
	return p
}

// longest are rows whose every text is as long as Check lets it be.
func longest(t testing.TB, langs ...string) kiosk.Page {
	p := page(t, "2026-11-23 10:05", "moulin", langs...)
	grow := func(field, lang, text string) string {
		for Check(field, lang, text+text[:1]) == nil {
			text += text[:1]
		}
		return text
	}
	p.Rows = append([]timetable.Row{}, p.Rows...)
	for i := range p.Rows {
		s := &p.Rows[i].Service
		s.Name = map[string]string{}
		for _, l := range langs {
			word := locales.Get(l).Category(s.Category)
			for Check("name", l, word+" "+word) == nil {
				word += " " + word
			}
			s.Name[l] = word
		}
		s.Place = timetable.Place{Name: grow("place", "en", "e Rue"), Map: grow("map", "en", "A")}
	}
	p.Site = grow("site", "en", "e Quai")
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

// pages are those with a reference image, by its name: every page in every
// language, and what a page of today can have on it.
func pages(t testing.TB) map[string]kiosk.Page {
	all := map[string]kiosk.Page{
		"nothing":      page(t, "2026-11-22 21:00", "nowhere", "en", "ar"),
		"english":      page(t, "2026-11-23 10:05", "moulin", "en"),
		"arabic":       page(t, "2026-11-23 10:05", "moulin", "ar"),
		"urdu":         page(t, "2026-11-23 10:05", "moulin", "ur"),
		"urdu-first":   page(t, "2026-11-23 10:05", "moulin", "ur", "en"),
		"pictograms-1": pictures(t, 0, 4),
		"pictograms-2": pictures(t, 4, 8),
		"pictograms-3": pictures(t, 8, 12),
		"pictograms-4": pictures(t, 12, len(timetable.Categories)),
		"night":        page(t, "2026-11-21 01:15", "quai", "en", "ar"),
		"whole-day":    wholeDay(t, "en", "ar"),
		"whole-day-ti": wholeDay(t, "ti", "ur"),
		"too-old":      page(t, "2027-02-02 09:00", "quai", "en", "ar"),
	}
	for _, set := range kiosk.Ten {
		for _, name := range kiosk.Names {
			for _, p := range every(t, name, "2026-11-23 10:05", "moulin", set...) {
				all[fmt.Sprintf("%s-%s-%d", set, name, p.Part)] = p
			}
		}
		next := every(t, kiosk.Closing, "2026-11-23 10:05", "moulin", set...)[0]
		next.Next = "Parking des Oyats"
		all[set.String()+"-next"] = next
		all[set.String()+"-cancelled"] = stated(timetable.Cancelled, page(t, "2026-11-23 10:05", "moulin", set...))
		all[set.String()+"-full"] = stated(timetable.Full, page(t, "2026-11-23 10:05", "moulin", set...))
		all[set.String()+"-longest"] = longest(t, set...)
	}
	return all
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

// same says whether a picture of two colours has exactly a frame's pixels.
func same(m image.Image, f *ink.Frame) bool {
	p, ok := m.(*image.Paletted)
	want := f.Image()
	return ok && p.Rect == want.Rect && p.Stride == want.Stride && bytes.Equal(p.Pix, want.Pix) &&
		len(p.Palette) == 2 && color.GrayModel.Convert(p.Palette[0]) == color.Gray{0} && color.GrayModel.Convert(p.Palette[1]) == color.Gray{255}
}

func TestTheComparisonFindsOnePixel(t *testing.T) {
	f, err := Draw(page(t, "2026-11-23 10:05", "moulin", "en", "ar"))
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

func TestEqualPagesGiveEqualFrames(t *testing.T) {
	for name, p := range map[string]kiosk.Page{
		"today": page(t, "2026-11-23 10:05", "moulin", "ti", "ur"),
		"help":  every(t, kiosk.Help, "2026-11-23 10:05", "moulin", "ti", "ur")[2],
	} {
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

func TestEveryPictogramStaysInItsBoxAndIsItsOwn(t *testing.T) {
	var all []string
	for _, c := range timetable.Categories {
		all = append(all, string(c))
	}
	all = append(all, "ask", "full", "phone", "guide", "map", "video", "call", "clock-unset", "tick", "cross", "question")
	for _, name := range kiosk.Pictures {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	if files, err := pictograms.ReadDir("pictograms"); err != nil || len(files) != len(all) {
		t.Errorf("%d pictograms, %d of them used (%v)", len(files), len(all), err)
	}
	seen := map[string]string{}
	for _, c := range all {
		layers, err := pictogram(c, icon)
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
		if share := float64(black) / icon / icon; share < 0.1 || share > 0.75 {
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
