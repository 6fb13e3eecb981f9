package draw

import (
	"embed"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"

	"infobus/kiosk/ink"
)

//go:embed pictograms/*.svg
var pictograms embed.FS

// box is the side of every pictogram's viewBox.
const box = 48

// layer is a shape of a pictogram in pixels, painted over the ones before.
type layer struct {
	mask  ink.Mask
	white bool
}

type sized struct {
	name string
	side int
}

var drawn sync.Map // of sized: []layer; thirteen pictograms in a few sizes

// Pictogram is the SVG of a pictogram, black and white on a viewBox of 48; "" where there
// is none of that name.
func Pictogram(name string) string {
	b, err := pictograms.ReadFile("pictograms/" + name + ".svg")
	if err != nil {
		return ""
	}
	return string(b)
}

// pictogram gives the layers of a pictogram at a size in pixels.
func pictogram(name string, side int) ([]layer, error) {
	if l, ok := drawn.Load(sized{name, side}); ok {
		return l.([]layer), nil
	}
	f, err := pictograms.Open("pictograms/" + name + ".svg")
	if err != nil {
		return nil, fmt.Errorf("pictogram: %w", err)
	}
	defer f.Close()
	layers, err := parseSVG(f, float64(side)/box)
	if err != nil {
		return nil, fmt.Errorf("pictogram %s: %w", name, err)
	}
	drawn.Store(sized{name, side}, layers)
	return layers, nil
}

// parseSVG reads the little of SVG that our pictograms are drawn in: path, rect
// and circle, filled and stroked in black and white, with round joins and round
// or butt caps. Whatever else it finds is an error.
func parseSVG(r io.Reader, scale float64) ([]layer, error) {
	var layers []layer
	d := xml.NewDecoder(r)
	for {
		token, err := d.Token()
		if err == io.EOF {
			return layers, nil
		}
		if err != nil {
			return nil, err
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		a := attributes(e)
		var shape []contour
		switch e.Name.Local {
		case "svg":
			if want := fmt.Sprintf("0 0 %d %d", box, box); a.text["viewBox"] != want {
				return nil, fmt.Errorf("viewBox %q, expected %q", a.text["viewBox"], want)
			}
			continue
		case "path":
			if shape, err = parsePath(a.text["d"]); err != nil {
				return nil, err
			}
		case "circle":
			x, y, r := a.number("cx"), a.number("cy"), a.number("r")
			shape = []contour{{closed: true, points: arc(nil, point{x + r, y}, point{x, y}, r, 0, 2*math.Pi)}}
		case "rect":
			shape = []contour{roundRect(a.number("x"), a.number("y"), a.number("width"), a.number("height"), a.number("rx"))}
		default:
			return nil, fmt.Errorf("element %q is not one we draw", e.Name.Local)
		}
		if a.err != nil {
			return nil, a.err
		}
		if fill := a.text["fill"]; fill != "none" {
			layers = append(layers, layer{filled(shape, scale), fill == "white"})
		}
		if stroke := a.text["stroke"]; stroke != "" {
			layers = append(layers, layer{stroked(shape, a.number("stroke-width"), a.text["stroke-linecap"] != "butt", scale), stroke == "white"})
		}
		if a.err != nil {
			return nil, a.err
		}
	}
}

type attributeSet struct {
	text map[string]string
	err  error // the first number that was none
}

func attributes(e xml.StartElement) *attributeSet {
	a := &attributeSet{text: map[string]string{}}
	for _, x := range e.Attr {
		a.text[x.Name.Local] = x.Value
	}
	return a
}

// number is an attribute's value; 0 where there is none.
func (a *attributeSet) number(name string) float64 {
	s := a.text[name]
	if s == "" {
		return 0
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("%s=%q is no number", name, s)
	}
	return v
}

type point struct{ x, y float64 }

// contour is a line of straight pieces; curves are cut into many.
type contour struct {
	points []point
	closed bool
}

// pieces is into how many a curve is cut: below a tenth of a pixel's error at
// our sizes.
const pieces = 24

func roundRect(x, y, w, h, r float64) contour {
	if r == 0 {
		return contour{closed: true, points: []point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}}
	}
	var p []point
	for i, c := range []point{{x + w - r, y + r}, {x + w - r, y + h - r}, {x + r, y + h - r}, {x + r, y + r}} {
		p = arc(p, point{}, c, r, float64(i-1)*math.Pi/2, math.Pi/2)
	}
	return contour{closed: true, points: p}
}

// arc appends points of a circle, from angle start over sweep (positive is
// clockwise on the page); first, if not zero, replaces the first point.
func arc(to []point, first, centre point, r, start, sweep float64) []point {
	for i := range pieces + 1 {
		sin, cos := math.Sincos(start + sweep*float64(i)/pieces)
		p := point{centre.x + r*cos, centre.y + r*sin}
		if i == 0 && first != (point{}) {
			p = first
		}
		to = append(to, p)
	}
	return to
}

// parsePath reads path data of absolute commands M L H V C A and Z; arcs are
// circles'.
func parsePath(d string) ([]contour, error) {
	fields := strings.Fields(d)
	var shape []contour
	var at point
	command := byte(0)
	var number func() float64
	var failed error
	number = func() float64 {
		if len(fields) == 0 {
			failed = errors.New("path data ends within a command")
			return 0
		}
		v, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			failed = fmt.Errorf("path data: %q is no number", fields[0])
		}
		fields = fields[1:]
		return v
	}
	add := func(p ...point) {
		if len(shape) == 0 {
			failed = errors.New("path data does not begin with M")
			return
		}
		c := &shape[len(shape)-1]
		c.points = append(c.points, p...)
		at = p[len(p)-1]
	}
	for len(fields) > 0 && failed == nil {
		if c := fields[0][0]; c >= 'A' && c <= 'Z' {
			command = c
			if fields[0] = fields[0][1:]; fields[0] == "" {
				fields = fields[1:]
			}
		}
		switch command {
		case 'M':
			shape = append(shape, contour{})
			add(point{number(), number()})
			command = 'L'
		case 'L':
			add(point{number(), number()})
		case 'H':
			add(point{number(), at.y})
		case 'V':
			add(point{at.x, number()})
		case 'C':
			a, b, c, e := at, point{number(), number()}, point{number(), number()}, point{number(), number()}
			for i := 1; i <= pieces; i++ {
				t := float64(i) / pieces
				u := 1 - t
				add(point{
					u*u*u*a.x + 3*u*u*t*b.x + 3*u*t*t*c.x + t*t*t*e.x,
					u*u*u*a.y + 3*u*u*t*b.y + 3*u*t*t*c.y + t*t*t*e.y})
			}
		case 'A':
			r, ry, turned := number(), number(), number()
			large, clockwise := number() != 0, number() != 0
			end := point{number(), number()}
			if r != ry || turned != 0 || r <= 0 {
				return nil, errors.New("path data: an arc is not a circle's")
			}
			add(circular(at, end, r, large, clockwise)...)
		case 'Z':
			if len(shape) == 0 {
				return nil, errors.New("path data does not begin with M")
			}
			shape[len(shape)-1].closed, command = true, 0
		default:
			return nil, fmt.Errorf("path data: %q is not a command we draw", fields[0])
		}
	}
	return shape, failed
}

// circular is the arc from a to b of SVG's implementation notes B.2.4, for
// circles.
func circular(a, b point, r float64, large, clockwise bool) []point {
	dx, dy := (a.x-b.x)/2, (a.y-b.y)/2
	half := math.Hypot(dx, dy)
	if half == 0 {
		return []point{b}
	}
	r = max(r, half)
	k := math.Sqrt(r*r-half*half) / half
	if large == clockwise {
		k = -k
	}
	c := point{(a.x+b.x)/2 + k*dy, (a.y+b.y)/2 - k*dx}
	start := math.Atan2(a.y-c.y, a.x-c.x)
	sweep := math.Atan2(b.y-c.y, b.x-c.x) - start
	if clockwise && sweep < 0 {
		sweep += 2 * math.Pi
	} else if !clockwise && sweep > 0 {
		sweep -= 2 * math.Pi
	}
	points := arc(nil, a, c, r, start, sweep)[1:]
	points[len(points)-1] = b
	return points
}

func filled(shape []contour, scale float64) ink.Mask {
	var o ink.Outline
	for _, c := range shape {
		trace(&o, c.points, scale)
	}
	return o.Mask()
}

func trace(o *ink.Outline, points []point, scale float64) {
	for i, p := range points {
		x, y := float32(p.x*scale), float32(p.y*scale)
		if i == 0 {
			o.Move(x, y)
		} else {
			o.Line(x, y)
		}
	}
}

// stroked is the line of a width along the contours: a box for each piece, all
// of one direction, and a disc where pieces meet.
func stroked(shape []contour, width float64, roundCaps bool, scale float64) ink.Mask {
	var o ink.Outline
	r := width / 2
	for _, c := range shape {
		points := c.points
		if c.closed {
			points = append(points, points[0])
		}
		for i, p := range points {
			if inner := i > 0 && i < len(points)-1; inner || roundCaps {
				trace(&o, arc(nil, point{}, p, r, 0, 2*math.Pi), scale)
			}
			if i == 0 {
				continue
			}
			q := points[i-1]
			length := math.Hypot(p.x-q.x, p.y-q.y)
			if length == 0 {
				continue
			}
			nx, ny := -(p.y-q.y)/length*r, (p.x-q.x)/length*r
			trace(&o, []point{{q.x - nx, q.y - ny}, {p.x - nx, p.y - ny}, {p.x + nx, p.y + ny}, {q.x + nx, q.y + ny}}, scale)
		}
	}
	return o.Mask()
}
