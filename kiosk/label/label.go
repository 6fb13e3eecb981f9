// Package label draws the label that is printed and put on the van: how visitors come
// to the box's pages, for people who read any of the ten languages.
//
// In: the address that is to be opened, and the Wi-Fi's name. Out: a page of filled
// shapes, as SVG or PDF. Letters are outlines: a printer needs no font. Words are those of
// kiosk/locales.
package label

import (
	"fmt"
	"math"
	"slices"

	"rsc.io/qr"

	"infobus/kiosk"
	"infobus/kiosk/locales"
	"infobus/kiosk/text"
)

// Label is what one says.
type Label struct {
	Address string // a URL, in numbers: the public Wi-Fi has no name for the box
	WiFi    string // its name, which phones have to choose first; "" leaves it out
	Paper   Paper
}

// Paper is a sheet's size.
type Paper string

// Papers are the sheets, with their width in millimetres. They have one shape.
var Papers = map[Paper]float64{"a4": 210, "a5": 148, "a6": 105}

// The label on A4, in millimetres; on smaller sheets all is smaller.
const (
	width, height = 210, 297
	margin        = 15
	signAt        = 29.0 // the middle of the sign for information
	signRadius    = 14.0
	wordsAt       = 50.0
	rowHeight     = 19.0
	wordSize      = 13.0 // of an em
	codeAt        = 149.0
	codeSide      = 100.0 // with its margin
	wifiAt        = 262.0 // a baseline
	addressAt     = 281.0
	lineSize      = 14.0
)

// em is the size at which letters are shaped: the largest, so that a curve is cut into
// more pieces than any printer shows.
const em = 200

// point is in millimetres, from the sheet's upper left corner.
type point struct{ x, y float64 }

// sheet is closed contours that are black: those of opposite directions cut holes.
type sheet struct {
	width, height float64 // mm
	shapes        [][][]point
}

// draw lays the label out.
func (l Label) draw() (*sheet, error) {
	across, ok := Papers[l.Paper]
	if !ok {
		return nil, fmt.Errorf("paper %q is not known", l.Paper)
	}
	fonts, err := text.Open()
	if err != nil {
		return nil, err
	}
	d := drawing{fonts: fonts}
	d.sign()
	for row, set := range kiosk.Ten {
		for column, tag := range set {
			in := locales.Get(tag)
			d.line(in.Word(locales.Information), in, wordSize, centred{x: width / 4 * float64(1+2*column), y: wordsAt + rowHeight*(float64(row)+0.5), most: width/2 - margin - 4})
		}
	}
	d.code(l.Address)
	latin := locales.Get("en")
	if l.WiFi != "" {
		d.line("Wi-Fi: "+l.WiFi, latin, lineSize, centred{x: width / 2, y: wifiAt, most: width - 2*margin})
	}
	d.line(l.Address, latin, lineSize, centred{x: width / 2, y: addressAt, most: width - 2*margin})
	if d.err != nil {
		return nil, d.err
	}
	k := across / width
	for _, shape := range d.shapes {
		for _, contour := range shape {
			for i := range contour {
				contour[i].x *= k
				contour[i].y *= k
			}
		}
	}
	return &sheet{across, height * k, d.shapes}, nil
}

type drawing struct {
	fonts  *text.Fonts
	shapes [][][]point
	err    error // the first
}

// centred is where the middle of a line's ink is, and how wide that is at most.
type centred struct{ x, y, most float64 }

// line draws a line of text, smaller where it would be too wide.
func (d *drawing) line(s string, in *locales.Locale, size float64, at centred) {
	_, o, err := d.fonts.Outline(s, in.Tag, in.RTL, text.Style{Size: em, Bold: true})
	if err != nil {
		if d.err == nil {
			d.err = fmt.Errorf("%s: %w", in.Tag, err)
		}
		return
	}
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range o.Contours() {
		for _, p := range c {
			x0, x1 = min(x0, float64(p[0])), max(x1, float64(p[0]))
			y0, y1 = min(y0, float64(p[1])), max(y1, float64(p[1]))
		}
	}
	k := min(size/em, at.most/(x1-x0), rowHeight*0.9/(y1-y0))
	var shape [][]point
	for _, c := range o.Contours() {
		contour := make([]point, len(c))
		for i, p := range c {
			contour[i] = point{at.x + (float64(p[0])-(x0+x1)/2)*k, at.y + (float64(p[1])-(y0+y1)/2)*k}
		}
		shape = append(shape, contour)
	}
	d.shapes = append(d.shapes, shape)
}

// sign draws the sign for information: an i in a disc.
func (d *drawing) sign() {
	rect := func(x, y, w, h float64) []point { // against the disc's direction: a hole
		return []point{{x, y}, {x, y + h}, {x + w, y + h}, {x + w, y}}
	}
	const x, y, r = width / 2.0, signAt, signRadius
	dot := disc(x, y-0.45*r, 0.15*r)
	slices.Reverse(dot)
	d.shapes = append(d.shapes, [][]point{disc(x, y, r), dot, rect(x-0.13*r, y-0.17*r, 0.26*r, 0.8*r)})
}

// disc is so nearly round that a printer of 1200 dots an inch shows no corner.
func disc(x, y, r float64) []point {
	const corners = 256
	c := make([]point, corners)
	for i := range c {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		c[i] = point{x + r*cos, y + r*sin}
	}
	return c
}

// code draws the QR code, with the margin of four modules that readers want (ISO/IEC
// 18004). It is one shape, so that no seam shows between its modules; M, as on the
// screen, still reads with 15 % of it torn off.
func (d *drawing) code(address string) {
	code, err := qr.Encode(address, qr.M)
	if err != nil {
		d.err = fmt.Errorf("QR code of %s: %w", address, err)
		return
	}
	module := codeSide / float64(code.Size+8)
	left, top := (width-codeSide)/2+4*module, codeAt+4*module
	var shape [][]point
	for row := range code.Size {
		for from := 0; from < code.Size; from++ {
			to := from
			for code.Black(to, row) {
				to++
			}
			if to > from {
				x0, x1 := left+float64(from)*module, left+float64(to)*module
				y0, y1 := top+float64(row)*module, top+float64(row+1)*module
				shape = append(shape, []point{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}})
			}
			from = to
		}
	}
	d.shapes = append(d.shapes, shape)
}
