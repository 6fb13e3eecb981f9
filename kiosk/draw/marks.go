package draw

import (
	"image"
	"math"

	"infobus/kiosk/ink"
)

// free is how many pixels stay white at least between letters and rules, bands,
// boxes and pictograms, and between two lines where there is room.
const free = 2

// mark is something that is painted: nothing but QR codes comes onto the frame in
// another way.
type mark struct {
	image.Rectangle // what it takes
	kind            kind
	line            line        // of letters
	at              image.Point // origin of the line
	name            string      // of a picture
	white           bool
}

// kind is what a mark is.
type kind uint8

const (
	letters kind = iota
	picture      // a pictogram, with the square that it stands in
	ruled        // a line between texts
	band         // what texts stand on
	struck       // a line through a text
)

// mark paints a mark, or notes it for when its part is put in its place.
func (c *canvas) mark(m mark) {
	c.marks = append(c.marks, m)
	if c.frame == nil {
		return
	}
	switch m.kind {
	case letters:
		if m.line.words.text != "" {
			c.texts = append(c.texts, Text{Words, m.line.words.text, m.line.words.in.Tag})
		}
		c.frame.Paint(m.line.Ink, m.at.X, m.at.Y, m.white)
	case picture:
		layers, err := pictogram(m.name, m.Dx())
		c.fail(err)
		c.texts = append(c.texts, Text{Kind: Picture, Text: m.name})
		for _, l := range layers {
			c.frame.Paint(l.mask, m.Min.X, m.Min.Y, l.white)
		}
	default:
		c.frame.Fill(m.Rectangle, m.white)
	}
}

// part is what draw draws, to be put in its place later.
func (c *canvas) part(draw func(*canvas)) *canvas {
	p := &canvas{fonts: c.fonts, langs: c.langs}
	draw(p)
	c.fail(p.err)
	return p
}

// put paints a part, moved down by dy.
func (c *canvas) put(p *canvas, dy int) {
	for _, m := range p.marks {
		m.Rectangle, m.at.Y = m.Add(image.Pt(0, dy)), m.at.Y+dy
		c.mark(m)
	}
}

// bounds is what a part takes; empty where it has no marks.
func (c *canvas) bounds() image.Rectangle {
	var r image.Rectangle
	for _, m := range c.marks {
		r = r.Union(m.Rectangle)
	}
	return r
}

// each calls f for each stretch of a mark that is taken: from x0 up to but not
// x1, from y0 up to but not y1.
func (m mark) each(f func(x0, x1, y0, y1 int)) {
	if m.kind != letters {
		f(m.Min.X, m.Max.X, m.Min.Y, m.Max.Y)
		return
	}
	for _, s := range m.line.Ink {
		f(m.at.X+int(s.X0), m.at.X+int(s.X1), m.at.Y+int(s.Y), m.at.Y+int(s.Y)+1)
	}
}

// over is by how much a part has to be moved up to stand clear above another; the
// least number where they do not meet. Pictograms and boxes may meet each other.
func (c *canvas) over(below *canvas) int {
	const never = math.MinInt32
	var letter, other [ink.Width]int // where, by x, a letter or another mark may begin below c
	for x := range other {
		letter[x], other[x] = never, never
	}
	reach := func(limit *[ink.Width]int, x0, x1, y int) {
		for x := max(x0, 0); x < min(x1, ink.Width); x++ {
			limit[x] = max(limit[x], y)
		}
	}
	for _, m := range c.marks {
		m.each(func(x0, x1, _, y1 int) {
			reach(&letter, x0-free, x1+free, y1+free)
			if m.kind == letters {
				reach(&other, x0-free, x1+free, y1+free)
			} else {
				reach(&other, x0, x1, y1)
			}
		})
	}
	up := never
	for _, m := range below.marks {
		limit := &other
		if m.kind == letters {
			limit = &letter
		}
		m.each(func(x0, x1, y0, _ int) {
			for x := max(x0, 0); x < min(x1, ink.Width); x++ {
				up = max(up, limit[x]-y0)
			}
		})
	}
	return up
}
