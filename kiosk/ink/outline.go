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
//
// The same outline gives the same pixels on every processor: coordinates are
// rounded to 1/256 of a pixel, and no product is added before it was rounded
// itself (a conversion in Go forbids fusing the two).
type Outline struct {
	contours               [][]point
	minX, minY, maxX, maxY float32
}

type point struct{ x, y float32 }

func (o *Outline) pen() point {
	c := o.contours[len(o.contours)-1]
	return c[len(c)-1]
}

func (o *Outline) to(x, y float32) {
	p := point{rounded(x), rounded(y)}
	c := &o.contours[len(o.contours)-1]
	*c = append(*c, p)
	if len(o.contours) == 1 && len(*c) == 1 {
		o.minX, o.minY, o.maxX, o.maxY = p.x, p.y, p.x, p.y
	}
	o.minX, o.maxX = min(o.minX, p.x), max(o.maxX, p.x)
	o.minY, o.maxY = min(o.minY, p.y), max(o.maxY, p.y)
}

// rounded is a coordinate as it is kept; none is farther out than a mask ever
// reaches twice over, so that the rasteriser's whole numbers hold it.
func rounded(v float32) float32 {
	return float32(math.Round(max(-2*widest, min(float64(v), 2*widest))*256) / 256)
}

// Move begins a contour; the one before it is closed.
func (o *Outline) Move(x, y float32) {
	o.contours = append(o.contours, nil)
	o.to(x, y)
}

// Line goes straight to (x, y).
func (o *Outline) Line(x, y float32) { o.to(x, y) }

// Quad is a quadratic curve over the control point (ax, ay).
func (o *Outline) Quad(ax, ay, x, y float32) {
	start, a, end := o.pen(), point{ax, ay}, point{x, y}
	n := pieces(start, a, end)
	for i := 1; i < n; i++ {
		t := float32(i) / float32(n)
		p := between(between(start, a, t), between(a, end, t), t)
		o.to(p.x, p.y)
	}
	o.to(x, y)
}

// Cube is a cubic curve over two control points.
func (o *Outline) Cube(ax, ay, bx, by, x, y float32) {
	start, a, b, end := o.pen(), point{ax, ay}, point{bx, by}, point{x, y}
	n := max(pieces(start, a, end), pieces(start, b, end))
	for i := 1; i < n; i++ {
		t := float32(i) / float32(n)
		m := between(a, b, t)
		p := between(between(between(start, a, t), m, t), between(m, between(b, end, t), t), t)
		o.to(p.x, p.y)
	}
	o.to(x, y)
}

func between(a, b point, t float32) point {
	return point{a.x + float32(t*(b.x-a.x)), a.y + float32(t*(b.y-a.y))}
}

// pieces is into how many straight ones a curve is cut: by the square root of
// how far its control point is off the line, as golang.org/x/image/vector does.
func pieces(a, b, c point) int {
	x, y := a.x-float32(2*b.x)+c.x, a.y-float32(2*b.y)+c.y
	off := float32(x*x) + float32(y*y)
	if !(off >= 0.333) {
		return 1
	}
	return 1 + int(math.Sqrt(math.Sqrt(3*float64(min(off, 1e6)))))
}

// Contours are the contours, each from its first point on, as x and y.
func (o *Outline) Contours() (all [][][2]float32) {
	for _, c := range o.contours {
		points := make([][2]float32, len(c))
		for i, p := range c {
			points[i] = [2]float32{p.x, p.y}
		}
		all = append(all, points)
	}
	return all
}

const (
	// strip is the width up to which the rasteriser works in whole numbers,
	// and so alike on every processor; it is also the greatest height.
	strip = 512
	// widest is the most columns of a mask: some frames, so that a broken font
	// or a text of absurd length takes no memory.
	widest = 4 * Width
)

// Mask turns the outline into pixels. What lies more than four frames' width
// from the origin, or makes it higher than 512 pixels, is left out.
func (o *Outline) Mask() Mask {
	if len(o.contours) == 0 {
		return nil
	}
	limit := func(v float64) int { return int(max(-widest, min(v, widest))) }
	x0, y0 := limit(math.Floor(float64(o.minX))), limit(math.Floor(float64(o.minY)))
	x1, y1 := limit(math.Ceil(float64(o.maxX))), limit(math.Ceil(float64(o.maxY)))
	x1, y1 = min(x1, x0+widest), min(y1, y0+strip)
	w, h := x1-x0, y1-y0
	if w <= 0 || h <= 0 {
		return nil
	}
	grey := image.NewAlpha(image.Rect(0, 0, w, h))
	for left := 0; left < w; left += strip {
		part := image.Rect(left, 0, min(left+strip, w), h)
		r := vector.NewRasterizer(part.Dx(), h)
		r.DrawOp = draw.Src
		dx, dy := float32(x0+left), float32(y0)
		for _, c := range o.contours {
			r.MoveTo(c[0].x-dx, c[0].y-dy)
			for _, p := range c[1:] {
				r.LineTo(p.x-dx, p.y-dy)
			}
			r.ClosePath()
		}
		r.Draw(grey, part, image.Opaque, image.Point{})
	}

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
