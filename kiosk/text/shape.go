package text

import (
	"math"
	"strings"

	"github.com/go-text/typesetting/font"
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
	var outline ink.Outline
	width, err := f.place(k, func(r run, face *face, g glyph, x, y, scale float64) error {
		if !families[r.family].joined {
			// The same letter looks the same wherever it stands.
			x, y = math.Round(x), math.Round(y)
		}
		return face.outline(&outline, g.id, float32(x), float32(y), float32(scale))
	})
	if err != nil {
		return Line{}, err
	}
	return Line{Width: width, Ink: outline.Mask()}, nil
}

// place shapes a line run by run, from left to right, and hands each glyph on
// with its origin in pixels, y down, and the pixels that a font unit is. It gives
// the line's width. f.mu is held.
func (f *Fonts) place(k lineKey, each func(r run, face *face, g glyph, x, y, scale float64) error) (int, error) {
	runs, err := f.shaped(k)
	if err != nil {
		return 0, err
	}
	pen := 0.0 // in pixels
	for _, r := range runs {
		scale := float64(k.style.Size) / float64(r.face.shaper.Face().Upem())
		x, y := 0.0, 0.0 // in font units
		for _, g := range r.glyphs {
			if err := each(r.run, r.face, g, pen+float64((x+float64(g.dx))*scale), -(y+float64(g.dy))*scale, scale); err != nil {
				return 0, err
			}
			x += float64(g.advance)
			y += float64(g.rise)
		}
		pen += float64(x * scale)
	}
	return int(math.Ceil(pen)), nil
}

// shapedRun is a run with its glyphs, from left to right.
type shapedRun struct {
	run
	face   *face
	glyphs []glyph
}

// shaped are a line's runs, from left to right, shaped. They are the same in every
// size, and kept: a size that fits is found by trying many. f.mu is held.
func (f *Fonts) shaped(k lineKey) ([]shapedRun, error) {
	k.style.Size = 0
	if runs, ok := f.shapes[k]; ok {
		return runs, nil
	}
	text := []rune(k.text)
	runs, err := f.runs(text, k)
	if err != nil {
		return nil, err
	}
	list := make([]shapedRun, len(runs))
	for i, r := range runs {
		list[i].run = r
		if list[i].face, list[i].glyphs, err = f.shape(text, r, k); err != nil {
			return nil, err
		}
	}
	if len(f.shapes) >= keptLines {
		clear(f.shapes)
	}
	f.shapes[k] = list
	return list, nil
}

// measure is the width that a line would have, in pixels. f.mu is held.
func (f *Fonts) measure(k lineKey) (int, error) {
	if l, ok := f.lines[k]; ok {
		return l.Width, nil
	}
	return f.place(k, func(run, *face, glyph, float64, float64, float64) error { return nil })
}

// runs are a line's runs, from left to right. f.mu is held.
func (f *Fonts) runs(text []rune, k lineKey) ([]run, error) {
	base := 0
	if k.rtl {
		base = 1
	}
	logical, err := f.split(text, base, k)
	if err != nil {
		return nil, err
	}
	of := make([]int, len(logical))
	for i, r := range logical {
		of[i] = r.level
	}
	visual := make([]run, len(logical))
	for i, at := range order(of) {
		visual[i] = logical[at]
	}
	return visual, nil
}

// split cuts a line into runs, in the order of the text. f.mu is held.
func (f *Fonts) split(text []rune, base int, k lineKey) ([]run, error) {
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
		next, err := f.familyFor(r, own, script, family, k)
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

// familyFor is the first family that has a letter: the language's own, the
// script's, then the others. ASCII digits and signs are always the first
// family's, so that a time looks the same in every language; marks and signs
// that are not stay with what stands before them. f.mu is held.
func (f *Fonts) familyFor(r rune, own, script language.Script, before int, k lineKey) (int, error) {
	var candidates []int
	if own == language.Inherited && before >= 0 {
		candidates = append(candidates, before)
	}
	if r > ' ' && r < 0x80 {
		candidates = append(candidates, 0)
	}
	primary, _, _ := strings.Cut(k.lang, "-")
	for _, mine := range []string{primary, ""} {
		for i, family := range families {
			if family.script == script && family.lang == mine {
				candidates = append(candidates, i)
			}
		}
	}
	for i := range families {
		candidates = append(candidates, i)
	}
	for _, i := range candidates {
		if has, err := f.has(faceKey{i, k.style.Bold}, r); has || err != nil {
			return i, err
		}
	}
	return 0, Missing{r}
}

// glyph is one glyph of a run, in font units, y up.
type glyph struct {
	id            font.GID
	cluster       int // index in the line of the first rune that it stands for
	dx, dy        int32
	advance, rise int32
}

// shape gives a run's glyphs from left to right. f.mu is held.
func (f *Fonts) shape(text []rune, r run, k lineKey) (*face, []glyph, error) {
	face, err := f.face(faceKey{r.family, k.style.Bold})
	if err != nil {
		return nil, nil, err
	}
	b := f.buffer
	b.Clear()
	b.AddRunes(text, r.start, r.end-r.start)
	b.Props = harfbuzz.SegmentProperties{Language: language.NewLanguage(k.lang), Script: r.script, Direction: harfbuzz.LeftToRight}
	if r.level%2 == 1 {
		b.Props.Direction = harfbuzz.RightToLeft
	}
	b.Shape(face.shaper, nil)
	glyphs := make([]glyph, 0, len(b.Info))
	for i, info := range b.Info {
		if info.Glyph == 0 {
			return nil, nil, Missing{text[info.Cluster]}
		}
		p := b.Pos[i]
		glyphs = append(glyphs, glyph{info.Glyph, info.Cluster, p.XOffset, p.YOffset, p.XAdvance, p.YAdvance})
	}
	return face, glyphs, nil
}
