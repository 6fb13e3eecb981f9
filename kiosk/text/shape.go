package text

import (
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"

	"infobus/kiosk/ink"
)

// run is a stretch of a line of one level, script and family.
type run struct {
	start, end int // in runes
	level      int
	script     language.Script
	family     int
}

// lay lays a line out. f.mu is held.
func (f *Fonts) lay(k lineKey) (Line, error) {
	runes := []rune(k.text)
	base := 0
	if k.rtl {
		base = 1
	}
	runs, err := f.split(runes, base, k.style.Bold)
	if err != nil {
		return Line{}, err
	}
	of := make([]int, len(runs))
	for i, r := range runs {
		of[i] = r.level
	}
	var outline ink.Outline
	pen := 0.0 // in pixels
	for _, i := range order(of) {
		if pen, err = f.shape(&outline, runes, runs[i], k, pen); err != nil {
			return Line{}, err
		}
	}
	return Line{Width: int(math.Ceil(pen)), Ink: outline.Mask()}, nil
}

// split cuts a line into runs, in the order of the text. f.mu is held.
func (f *Fonts) split(text []rune, base int, bold bool) ([]run, error) {
	level := levels(text, base)
	var runs []run
	script, family := language.Common, -1
	for i, r := range text {
		if unseen(r) && family >= 0 {
			// Isolates and joiners are seen by the runs about them alone.
			if last := &runs[len(runs)-1]; level[i] == last.level {
				last.end = i + 1
			}
			continue
		}
		own := language.LookupScript(r)
		if own.Strong() {
			script = own
		} else if script == language.Common {
			script = following(text[i:])
		}
		next, err := f.familyFor(r, own, script, family, bold)
		if err != nil {
			return nil, err
		}
		family = next
		s := script
		if families[family].script == language.Latin && !own.Strong() {
			s = language.Latin // digits and signs between Arabic words
		}
		if n := len(runs); n > 0 && runs[n-1].end == i && runs[n-1].level == level[i] &&
			runs[n-1].script == s && runs[n-1].family == family {
			runs[n-1].end = i + 1
			continue
		}
		runs = append(runs, run{i, i + 1, level[i], s, family})
	}
	return runs, nil
}

// unseen are the marks that steer direction and joining, and have no glyph.
func unseen(r rune) bool {
	return r == '\u200c' || r == '\u200d' || '\u2066' <= r && r <= '\u2069'
}

// following is the script of the first letter of a text; Latin without any.
func following(text []rune) language.Script {
	for _, r := range text {
		if s := language.LookupScript(r); s.Strong() {
			return s
		}
	}
	return language.Latin
}

// familyFor is the first family that has a letter: the script's own, then the
// others. ASCII digits and signs are always the first family's, so that a time
// looks the same in every language; marks and signs that are not stay with what
// stands before them. f.mu is held.
func (f *Fonts) familyFor(r rune, own, script language.Script, before int, bold bool) (int, error) {
	var candidates []int
	if own == language.Inherited && before >= 0 {
		candidates = append(candidates, before)
	}
	if r > ' ' && r < 0x80 {
		candidates = append(candidates, 0)
	}
	for i, family := range families {
		if family.script == script {
			candidates = append(candidates, i)
		}
	}
	for i := range families {
		candidates = append(candidates, i)
	}
	for _, i := range candidates {
		face, err := f.face(faceKey{i, bold})
		if err != nil {
			return 0, err
		}
		if _, ok := face.Face().NominalGlyph(r); ok || unseen(r) {
			return i, nil
		}
	}
	return 0, Missing{r}
}

// shape adds a run's glyphs to the outline, from the pen on, and gives where
// the pen is then. f.mu is held.
func (f *Fonts) shape(o *ink.Outline, text []rune, r run, k lineKey, pen float64) (float64, error) {
	face, err := f.face(faceKey{r.family, k.style.Bold})
	if err != nil {
		return 0, err
	}
	b := f.buffer
	b.Clear()
	b.AddRunes(text, r.start, r.end-r.start)
	b.Props = harfbuzz.SegmentProperties{Language: language.NewLanguage(k.lang), Script: r.script, Direction: harfbuzz.LeftToRight}
	if r.level%2 == 1 {
		b.Props.Direction = harfbuzz.RightToLeft
	}
	b.Shape(face, nil)

	scale := float64(k.style.Size) / float64(face.Face().Upem())
	x, y := 0.0, 0.0 // in font units
	for i, info := range b.Info {
		if info.Glyph == 0 {
			return 0, Missing{text[info.Cluster]}
		}
		p := b.Pos[i]
		gx, gy := pen+float64((x+float64(p.XOffset))*scale), -(y+float64(p.YOffset))*scale
		if !families[r.family].joined {
			// The same letter looks the same wherever it stands.
			gx, gy = math.Round(gx), math.Round(gy)
		}
		glyph(o, face.Face(), info.Glyph, float32(gx), float32(gy), float32(scale))
		x += float64(p.XAdvance)
		y += float64(p.YAdvance)
	}
	return pen + float64(x*scale), nil
}

// glyph adds the outline of a glyph, its origin at (x, y) in pixels.
func glyph(o *ink.Outline, face *font.Face, id font.GID, x, y, scale float32) {
	data, ok := face.GlyphData(id).(font.GlyphOutline)
	if !ok {
		return // a space
	}
	at := func(p opentype.SegmentPoint) (float32, float32) {
		return x + float32(p.X*scale), y - float32(p.Y*scale)
	}
	for _, s := range data.Segments {
		ax, ay := at(s.Args[0])
		bx, by := at(s.Args[1])
		cx, cy := at(s.Args[2])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			o.Move(ax, ay)
		case opentype.SegmentOpLineTo:
			o.Line(ax, ay)
		case opentype.SegmentOpQuadTo:
			o.Quad(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			o.Cube(ax, ay, bx, by, cx, cy)
		}
	}
}
