package label

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// number is a length with a thousandth of its unit: less than a printer's dot.
func number(b []byte, v float64) []byte {
	b = strconv.AppendFloat(b, v, 'f', 3, 64)
	b = bytes.TrimRight(b, "0")
	return bytes.TrimRight(b, ".")
}

// SVG writes the label as a picture of the sheet's size.
func (l Label) SVG(w io.Writer) error {
	s, err := l.draw()
	if err != nil {
		return err
	}
	b := fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%gmm" height="%gmm" viewBox="0 0 %g %g">`+"\n"+
		`<rect width="100%%" height="100%%" fill="#fff"/>`+"\n", s.width, s.height, s.width, s.height)
	for _, shape := range s.shapes {
		b = append(b, `<path d="`...)
		for _, contour := range shape {
			for i, p := range contour {
				b = append(b, "ML"[min(i, 1)])
				b = append(number(b, p.x), ' ')
				b = number(b, p.y)
			}
			b = append(b, 'Z')
		}
		b = append(b, "\"/>\n"...)
	}
	_, err = w.Write(append(b, "</svg>\n"...))
	return err
}

// points are in a millimetre (PDF 32000-1, 8.3.2.3).
const points = 72 / 25.4

// PDF writes the label as a page: paths alone, which takes four objects of the format
// and no library.
func (l Label) PDF(w io.Writer) error {
	s, err := l.draw()
	if err != nil {
		return err
	}
	var page []byte
	for _, shape := range s.shapes {
		for _, contour := range shape {
			for i, p := range contour {
				page = append(number(page, p.x*points), ' ')
				page = append(number(page, (s.height-p.y)*points), ' ')
				page = append(page, "ml"[min(i, 1)], '\n')
			}
			page = append(page, "h\n"...)
		}
		page = append(page, "f\n"...)
	}
	b := []byte("%PDF-1.4\n")
	var at []int
	object := func(body string) {
		at = append(at, len(b))
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", len(at), body)
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.3f %.3f] /Resources << >> /Contents 4 0 R >>", s.width*points, s.height*points))
	object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(page), page))
	xref := len(b)
	b = fmt.Appendf(b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		b = fmt.Appendf(b, "%010d 00000 n \n", offset)
	}
	b = fmt.Appendf(b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, xref)
	_, err = w.Write(b)
	return err
}
