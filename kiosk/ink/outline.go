package ink

import (
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// Span is a run of black pixels: those of row Y from X0 up to but not X1.
type Span struct{ Y, X0, X1 int16 }

// Mask is a shape in pixels about an origin, from the top row down.
type Mask []Span

// Bounds is the smallest rectangle round all pixels; empty for none.
func (m Mask) Bounds() image.Rectangle {
	var r image.Rectangle
	for _, s := range m {
		r = r.Union(image.Rect(int(s.X0), int(s.Y), int(s.X1), int(s.Y)+1))
	}
	return r
}

// Outline collects closed contours in pixels, y down. Overlapping contours of
// one direction are one shape; contours of opposite directions cut holes.
type Outline struct {
	steps                  []step
	minX, minY, maxX, maxY float32
}

type step struct {
	op byte // m, l, q, c: as in SVG, absolute
	p  [6]float32
}

func (o *Outline) add(op byte, p ...float32) {
	s := step{op: op}
	copy(s.p[:], p)
	if len(o.steps) == 0 {
		o.minX, o.minY, o.maxX, o.maxY = p[0], p[1], p[0], p[1]
	}
	for i := 0; i < len(p); i += 2 {
		o.minX, o.maxX = min(o.minX, p[i]), max(o.maxX, p[i])
		o.minY, o.maxY = min(o.minY, p[i+1]), max(o.maxY, p[i+1])
	}
	o.steps = append(o.steps, s)
}

// Move begins a contour; the one before it is closed.
func (o *Outline) Move(x, y float32) { o.add('m', x, y) }

// Line goes straight to (x, y).
func (o *Outline) Line(x, y float32) { o.add('l', x, y) }

// Quad is a quadratic curve over the control point (ax, ay).
func (o *Outline) Quad(ax, ay, x, y float32) { o.add('q', ax, ay, x, y) }

// Cube is a cubic curve over two control points.
func (o *Outline) Cube(ax, ay, bx, by, x, y float32) { o.add('c', ax, ay, bx, by, x, y) }

// largest is the longest side of a mask in pixels: some frames, so that a
// broken font or a text of absurd length takes no memory.
const largest = 4 * Width

// Mask turns the outline into pixels.
func (o *Outline) Mask() Mask {
	if len(o.steps) == 0 {
		return nil
	}
	x0, y0 := int(math.Floor(float64(o.minX))), int(math.Floor(float64(o.minY)))
	x1, y1 := int(math.Ceil(float64(o.maxX))), int(math.Ceil(float64(o.maxY)))
	x0, y0, x1, y1 = max(x0, -largest), max(y0, -largest), min(x1, largest), min(y1, largest)
	w, h := x1-x0, y1-y0
	if w <= 0 || h <= 0 || w > largest || h > largest {
		return nil
	}
	r := vector.NewRasterizer(w, h)
	r.DrawOp = draw.Src
	dx, dy := float32(x0), float32(y0)
	open := false
	for _, s := range o.steps {
		p := s.p
		for i := 0; i < 6; i += 2 {
			p[i], p[i+1] = p[i]-dx, p[i+1]-dy
		}
		switch s.op {
		case 'm':
			if open {
				r.ClosePath()
			}
			open = true
			r.MoveTo(p[0], p[1])
		case 'l':
			r.LineTo(p[0], p[1])
		case 'q':
			r.QuadTo(p[0], p[1], p[2], p[3])
		case 'c':
			r.CubeTo(p[0], p[1], p[2], p[3], p[4], p[5])
		}
	}
	r.ClosePath()
	grey := image.NewAlpha(image.Rect(0, 0, w, h))
	r.Draw(grey, grey.Bounds(), image.Opaque, image.Point{})

	var m Mask
	for y := range h {
		row := grey.Pix[y*grey.Stride : y*grey.Stride+w]
		for x := 0; x < w; x++ {
			if row[x] < 0x80 {
				continue
			}
			start := x
			for x < w && row[x] >= 0x80 {
				x++
			}
			m = append(m, Span{int16(y0 + y), int16(x0 + start), int16(x0 + x)})
		}
	}
	return m
}
