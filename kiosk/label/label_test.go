package label

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"golang.org/x/image/vector"

	"infobus/kiosk/locales"
)

const address = "http://192.168.128.2/today"

// painted is what a printer makes of shapes, each a list of contours: four dots a unit.
func painted(width, height float64, shapes [][][]point) image.Image {
	const k = 4
	r := image.Rect(0, 0, int(width*k), int(height*k))
	m := image.NewGray(r)
	draw.Draw(m, r, image.White, image.Point{}, draw.Src)
	v := vector.NewRasterizer(r.Dx(), r.Dy())
	for _, shape := range shapes { // none lies over another
		for _, contour := range shape {
			for i, p := range contour {
				if i == 0 {
					v.MoveTo(float32(p.x*k), float32(p.y*k))
				} else {
					v.LineTo(float32(p.x*k), float32(p.y*k))
				}
			}
			v.ClosePath()
		}
	}
	v.Draw(m, r, image.NewUniform(color.Gray{0}), image.Point{})
	return m
}

// read reads the QR code of a picture by another hand's decoder.
func read(t *testing.T, m image.Image) string {
	t.Helper()
	b, err := gozxing.NewBinaryBitmapFromImage(m)
	if err != nil {
		t.Fatal(err)
	}
	result, err := qrcode.NewQRCodeReader().Decode(b, nil)
	if err != nil {
		t.Fatalf("the QR code is not read: %v", err)
	}
	return result.GetText()
}

// svg reads a label's SVG, as far as a label needs it.
func svg(t *testing.T, text string) (width, height float64, shapes [][][]point) {
	t.Helper()
	if _, err := fmt.Sscanf(regexp.MustCompile(`viewBox="[^"]+"`).FindString(text), `viewBox="0 0 %g %g"`, &width, &height); err != nil {
		t.Fatal(err)
	}
	for _, path := range regexp.MustCompile(`<path d="([^"]+)"/>`).FindAllStringSubmatch(text, -1) {
		var shape [][]point
		for contour := range strings.SplitSeq(strings.TrimSuffix(path[1], "Z"), "Z") {
			var points []point
			for p := range strings.SplitSeq(strings.TrimPrefix(contour, "M"), "L") {
				points = append(points, pair(t, p))
			}
			shape = append(shape, points)
		}
		shapes = append(shapes, shape)
	}
	return width, height, shapes
}

func pair(t *testing.T, s string) (p point) {
	t.Helper()
	if _, err := fmt.Sscan(s, &p.x, &p.y); err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return p
}

// pdf reads a label's PDF: its table of objects, then the paths of its page.
func pdf(t *testing.T, text string) (width, height float64, shapes [][][]point) {
	t.Helper()
	at, err := strconv.Atoi(regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindStringSubmatch(text)[1])
	if err != nil || !strings.HasPrefix(text[at:], "xref\n0 5\n") {
		t.Fatalf("the table is not at %d: %v", at, err)
	}
	for n, entry := range regexp.MustCompile(`(\d{10}) 00000 n \n`).FindAllStringSubmatch(text[at:], -1) {
		offset, _ := strconv.Atoi(entry[1])
		if want := fmt.Sprintf("%d 0 obj\n", n+1); !strings.HasPrefix(text[offset:], want) {
			t.Errorf("object %d is not at %d", n+1, offset)
		}
	}
	if _, err := fmt.Sscanf(regexp.MustCompile(`MediaBox \[[^]]+\]`).FindString(text), "MediaBox [0 0 %g %g]", &width, &height); err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?s)/Length (\d+) >>\nstream\n(.*)\nendstream`).FindStringSubmatch(text)
	if m[1] != strconv.Itoa(len(m[2])) {
		t.Errorf("the page has %d bytes, and says %s", len(m[2]), m[1])
	}
	var shape [][]point
	for line := range strings.Lines(m[2]) {
		switch line := strings.TrimSpace(line); {
		case line == "f":
			shapes, shape = append(shapes, shape), nil
		case line == "h":
		case strings.HasSuffix(line, "m"):
			shape = append(shape, nil)
			fallthrough
		default:
			p := pair(t, strings.TrimRight(line, "ml"))
			shape[len(shape)-1] = append(shape[len(shape)-1], point{p.x, height - p.y})
		}
	}
	return width, height, shapes
}

func TestTheLabelsCodeIsReadByAnotherHand(t *testing.T) {
	for paper := range Papers {
		for _, wifi := range []string{"", "Infobus Calais"} {
			l := Label{Address: address, WiFi: wifi, Paper: paper}
			var a, b bytes.Buffer
			if err := l.SVG(&a); err != nil {
				t.Fatal(err)
			}
			if err := l.PDF(&b); err != nil {
				t.Fatal(err)
			}
			lines := 1 + 10 + 1 + 1 // sign, words, code, address
			if wifi != "" {
				lines++
			}
			width, height, shapes := svg(t, a.String())
			if width != Papers[paper] || len(shapes) != lines {
				t.Errorf("%s: %g mm wide with %d shapes, want %g and %d", paper, width, len(shapes), Papers[paper], lines)
			}
			for _, shape := range shapes {
				for _, contour := range shape {
					for _, p := range contour {
						if p.x < 0 || p.y < 0 || p.x > width || p.y > height {
							t.Fatalf("%s: %v is not on the sheet", paper, p)
						}
					}
				}
			}
			if got := read(t, painted(width, height, shapes)); got != address {
				t.Errorf("the SVG on %s opens %q", paper, got)
			}
			width, height, shapes = pdf(t, b.String())
			if len(shapes) != lines {
				t.Errorf("%s: %d shapes in the PDF, want %d", paper, len(shapes), lines)
			}
			if got := read(t, painted(width, height, shapes)); got != address {
				t.Errorf("the PDF on %s opens %q", paper, got)
			}
		}
	}
}

func TestTheLabelHasTheWordInEveryLanguage(t *testing.T) {
	for _, l := range locales.All() {
		if l.Word(locales.Information) == "" {
			t.Errorf("%s has no word for information", l.Tag)
		}
	}
	var b bytes.Buffer
	if err := (Label{Address: address, WiFi: "\U000e0041", Paper: "a4"}).SVG(&b); err == nil || b.Len() > 0 {
		t.Errorf("a Wi-Fi's name that no font has is drawn: %v", err)
	}
}
