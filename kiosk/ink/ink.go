// Package ink is the panel's picture: 800×480 pixels, each black or white, in
// the bytes that the panel takes, and outlines turned into such pixels.
//
// In: outlines in pixels, rectangles. Out: a Frame, its bytes, its PNG. There is
// no grey and no dithering: a pixel is black if at least half of it is covered.
package ink

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
)

// The panel's size in pixels, and that of its frame in bytes.
const (
	Width  = 800
	Height = 480
	Bytes  = Width * Height / 8
)

// Frame is one picture of the panel. Rows from the top, each of Width/8 bytes,
// the leftmost pixel in the most significant bit; 1 is white.
type Frame [Bytes]byte

// White is an empty frame.
func White() *Frame {
	f := new(Frame)
	for i := range f {
		f[i] = 0xff
	}
	return f
}

// FromBytes is the frame that the panel's bus was told; it has to be of the
// right size.
func FromBytes(b []byte) (*Frame, error) {
	if len(b) != Bytes {
		return nil, fmt.Errorf("a frame has %d bytes, not %d", Bytes, len(b))
	}
	return (*Frame)(append([]byte(nil), b...)), nil
}

// Fill makes the pixels of r black, or white. What lies outside the frame is
// left out.
func (f *Frame) Fill(r image.Rectangle, white bool) {
	r = r.Intersect(image.Rect(0, 0, Width, Height))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		f.run(y, r.Min.X, r.Max.X, white)
	}
}

// run paints the pixels from x0 up to but not x1 of row y, all within the frame.
func (f *Frame) run(y, x0, x1 int, white bool) {
	if x0 >= x1 {
		return
	}
	row := f[y*Width/8 : (y+1)*Width/8]
	first, last := x0/8, (x1-1)/8
	for i := first; i <= last; i++ {
		bits := byte(0xff)
		if i == first {
			bits &= 0xff >> (x0 % 8)
		}
		if i == last {
			bits &= 0xff << (7 - (x1-1)%8)
		}
		if white {
			row[i] |= bits
		} else {
			row[i] &^= bits
		}
	}
}

// Paint makes the pixels of m, moved to have its origin at (x, y), black, or
// white.
func (f *Frame) Paint(m Mask, x, y int, white bool) {
	for _, s := range m {
		if row := y + int(s.Y); row >= 0 && row < Height {
			f.run(row, max(x+int(s.X0), 0), min(x+int(s.X1), Width), white)
		}
	}
}

// IsWhite says whether the pixel at (x, y) is white; it has to be within the
// frame.
func (f *Frame) IsWhite(x, y int) bool { return f[(y*Width+x)/8]<<(x%8)&0x80 != 0 }

// Image is the frame as a picture of two colours, black and white.
func (f *Frame) Image() *image.Paletted {
	m := image.NewPaletted(image.Rect(0, 0, Width, Height), color.Palette{color.Black, color.White})
	for i := range m.Pix {
		m.Pix[i] = f[i/8] >> (7 - i%8) & 1
	}
	return m
}

// PNG writes the frame as a PNG of one bit a pixel, in the least time rather than
// the fewest bytes.
func (f *Frame) PNG(w io.Writer) error {
	return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, f.Image())
}
