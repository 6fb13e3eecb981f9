package text

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"

	"infobus/kiosk/ink"
)

// Every glyph of every face has the outline, and every character the glyph, that
// go-text finds when it reads the whole font.
func TestOutlinesAreThoseOfTheWholeFont(t *testing.T) {
	f := fonts(t)
	for k, path := range f.files {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := font.ParseTTF(file)
		if err != nil {
			t.Fatal(err)
		}
		file.Close()
		own, err := openFace(path)
		if err != nil {
			t.Fatal(err)
		}
		inked := 0
		for id := range len(own.loca) - 1 {
			var got, want ink.Outline
			if err := own.outline(&got, font.GID(id), 3, 5, 0.25); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			reference(&want, whole, font.GID(id), 3, 5, 0.25)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: glyph %d is %v, want %v", path, id, got, want)
			}
			if !reflect.DeepEqual(got, ink.Outline{}) {
				inked++
			}
		}
		if inked < 500 {
			t.Errorf("%s: %d glyphs were compared", path, inked)
		}
		for r := rune(0); r < 0x20000; r++ {
			want, _ := whole.NominalGlyph(r)
			if has, err := f.has(k, r); err != nil || !unseen(r) && has != (want != 0) {
				t.Fatalf("%s has %U: %v, %v, want %v", path, r, has, err, want != 0)
			}
		}
		own.file.Close()
	}
}

// reference adds the outline that go-text gives.
func reference(o *ink.Outline, face *font.Face, id font.GID, x, y, scale float32) {
	data, ok := face.GlyphData(id).(font.GlyphOutline)
	if !ok {
		return
	}
	at := func(p opentype.SegmentPoint) (float32, float32) {
		return x + float32(p.X*scale), y - float32(p.Y*scale)
	}
	for _, s := range data.Segments {
		ax, ay := at(s.Args[0])
		bx, by := at(s.Args[1])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			o.Move(ax, ay)
		case opentype.SegmentOpLineTo:
			o.Line(ax, ay)
		case opentype.SegmentOpQuadTo:
			o.Quad(ax, ay, bx, by)
		}
	}
}

// A font that would be drawn wrongly is refused, and a broken one is an error.
func TestAFontThatIsNotForUsIsRefused(t *testing.T) {
	data, err := os.ReadFile(fonts(t).files[faceKey{0, false}])
	if err != nil {
		t.Fatal(err)
	}
	// table is where a table's record in the directory begins.
	table := func(b []byte, tag string) int { return 12 + strings.Index(string(b[12:]), tag) }
	for what, c := range map[string]struct {
		spoil func(b []byte) []byte
		says  string
	}{
		"without outlines":      {func(b []byte) []byte { copy(b[table(b, "glyf"):], "none"); return b }, `"glyf"`},
		"without positions":     {func(b []byte) []byte { copy(b[table(b, "GPOS"):], "none"); return b }, `"GPOS"`},
		"variable":              {func(b []byte) []byte { copy(b[table(b, "post"):], "fvar"); return b }, "variable"},
		"moved to its bearings": {func(b []byte) []byte { b[binary.BigEndian.Uint32(b[table(b, "head")+8:])+17] &^= 2; return b }, "bearing"},
		"cut off":               {func(b []byte) []byte { return b[:2000] }, "EOF"},
		"empty":                 {func([]byte) []byte { return nil }, "EOF"},
		"another file":          {func([]byte) []byte { return []byte("%PDF-1.4, and so on, and so on") }, "unknown"},
	} {
		path := filepath.Join(t.TempDir(), "spoilt.ttf")
		if err := os.WriteFile(path, c.spoil(append([]byte(nil), data...)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openFace(path); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %s", what, err, c.says)
		}
	}
}

func BenchmarkFace(b *testing.B) {
	files := fonts(b).files
	for i, family := range families {
		b.Run(family.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, err := openFace(files[faceKey{i, true}])
				if err != nil {
					b.Fatal(err)
				}
				f.file.Close()
			}
		})
	}
}
