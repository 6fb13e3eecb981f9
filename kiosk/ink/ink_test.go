package ink

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"pgregory.net/rapid"
)

func TestTheFrameIsWhatThePanelTakes(t *testing.T) {
	f := White()
	f.Fill(image.Rect(0, 0, 1, 1), false)
	f.Fill(image.Rect(15, 1, 17, 2), false)
	f.Fill(image.Rect(799, 479, 900, 900), false)
	for i, want := range map[int]byte{0: 0x7f, 1: 0xff, 101: 0xfe, 102: 0x7f, Bytes - 1: 0xfe} {
		if f[i] != want {
			t.Errorf("byte %d: %#x, want %#x", i, f[i], want)
		}
	}
	if f.IsWhite(0, 0) || !f.IsWhite(1, 0) || f.IsWhite(16, 1) || f.IsWhite(799, 479) {
		t.Error("a pixel is read from another place than it is written to")
	}
	if _, err := FromBytes(f[1:]); err == nil {
		t.Error("a frame that is too short was taken")
	}
	if g, err := FromBytes(f[:]); err != nil || *g != *f {
		t.Errorf("%v", err)
	}
}

func TestFillTouchesTheRectangleAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.IntRange(-20, 60)
		r := image.Rect(side.Draw(t, "x0"), side.Draw(t, "y0"), side.Draw(t, "x1"), side.Draw(t, "y1"))
		white := rapid.Bool().Draw(t, "white")
		f := White()
		if white {
			f = new(Frame)
		}
		f.Fill(r, white)
		for y := range 64 {
			for x := range 64 {
				if f.IsWhite(x, y) == white != image.Pt(x, y).In(r) {
					t.Fatalf("(%d, %d) of %v", x, y, r)
				}
			}
		}
	})
}

func TestPNGHasTheSamePixelsAtOneBit(t *testing.T) {
	f := White()
	f.Fill(image.Rect(3, 5, 77, 200), false)
	var b bytes.Buffer
	if err := f.PNG(&b); err != nil {
		t.Fatal(err)
	}
	if depth := b.Bytes()[24]; depth != 1 {
		t.Errorf("%d bits a pixel", depth)
	}
	m, err := png.Decode(&b)
	if err != nil || m.Bounds() != image.Rect(0, 0, Width, Height) {
		t.Fatalf("%v, %v", m.Bounds(), err)
	}
	for y := range Height {
		for x := range Width {
			if r, _, _, _ := m.At(x, y).RGBA(); (r > 0) != f.IsWhite(x, y) {
				t.Fatalf("(%d, %d)", x, y)
			}
		}
	}
}

func TestAPixelIsBlackIfHalfOfItIsCovered(t *testing.T) {
	box := func(x0, y0, x1, y1 float32) *Outline {
		o := new(Outline)
		o.Move(x0, y0)
		o.Line(x1, y0)
		o.Line(x1, y1)
		o.Line(x0, y1)
		return o
	}
	for _, c := range []struct {
		o    *Outline
		want image.Rectangle
	}{
		{box(2, 3, 5, 7), image.Rect(2, 3, 5, 7)},
		{box(-2, -3, 5, 7), image.Rect(-2, -3, 5, 7)},
		{box(2.4, 3.4, 5.6, 7.6), image.Rect(2, 3, 6, 8)},
		{box(2.6, 3.6, 5.4, 7.4), image.Rect(3, 4, 5, 7)},
		{box(1, 1, 1.3, 5), image.Rectangle{}},
		{box(-5, 0, 1200, 20), image.Rect(-5, 0, 1200, 20)}, // of several strips
		{new(Outline), image.Rectangle{}},
		{box(0, 0, 1e9, 1e9), image.Rect(0, 0, widest, strip)},
	} {
		if got := c.o.Mask().Bounds(); got != c.want {
			t.Errorf("%v: %v, want %v", c.o.contours, got, c.want)
		}
	}
	if m := box(-5, 0, 1200, 20).Mask(); len(m) != 20 {
		t.Errorf("a box of 20 rows has %d runs", len(m))
	}
	hole := box(0, 0, 10, 10)
	hole.Move(2, 2)
	hole.Line(2, 8)
	hole.Line(8, 8)
	hole.Line(8, 2)
	f := White()
	f.Paint(hole.Mask(), 0, 0, false)
	if f.IsWhite(1, 1) || !f.IsWhite(5, 5) {
		t.Error("a contour of the other direction cuts no hole")
	}
	f.Paint(hole.Mask(), -5, 475, false)
	f.Paint(hole.Mask(), 795, -5, false)
	if f.IsWhite(4, 479) || f.IsWhite(799, 4) {
		t.Error("what reaches over the edge is not painted up to it")
	}
}

// A disc of curves is as round as one of many straight pieces, wherever its
// strips meet.
func TestCurvesAreRound(t *testing.T) {
	const r, k = 40, 0.5522847 * 40
	for _, x := range []float32{0, 500, 511.5, 1023} {
		var far, curved Outline
		far.Move(-100, 0)
		far.Line(-100, 0)
		for _, o := range []*Outline{&far, &curved} {
			o.Move(x-r, 0)
			o.Cube(x-r, -k, x-k, -r, x, -r)
			o.Cube(x+k, -r, x+r, -k, x+r, 0)
			o.Cube(x+r, k, x+k, r, x, r)
			o.Cube(x-k, r, x-r, k, x-r, 0)
		}
		area := func(m Mask) (n int) {
			for _, s := range m {
				n += int(s.X1 - s.X0)
			}
			return n
		}
		a, b := area(far.Mask()), area(curved.Mask())
		if a != b || b < 4990 || b > 5060 { // π·40² is 5027
			t.Errorf("at %v: %d and %d pixels", x, a, b)
		}
	}
}
