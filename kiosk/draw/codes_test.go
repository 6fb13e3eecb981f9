package draw

import (
	"image"
	"image/draw"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"infobus/kiosk"
)

// The QR codes of a help page are read by another hand's decoder, from the frame's pixels.
func TestTheCodesOfTheHelpPageAreRead(t *testing.T) {
	all := []string{"http://192.168.128.2:8080/today", "https://guide.example.org/", "https://map.example.org/a-longer-address?with=more"}
	for n := 1; n <= len(all); n++ {
		page := every(t, kiosk.Help, "2026-11-23 10:05", "moulin", "ti", "ur")[2]
		page.Board = kiosk.Board{}
		for i, to := range []*string{&page.Board.Phone, &page.Board.Guide, &page.Board.Map}[:n] {
			*to = all[i]
		}
		f, err := Draw(page)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			width := f.Image().Rect.Dx() / n
			m := image.NewGray(image.Rect(0, 0, width, f.Image().Rect.Dy()))
			draw.Draw(m, m.Rect, f.Image(), image.Pt(i*width, 0), draw.Src)
			b, err := gozxing.NewBinaryBitmapFromImage(m)
			if err != nil {
				t.Fatal(err)
			}
			result, err := qrcode.NewQRCodeReader().Decode(b, nil)
			if err != nil || result.GetText() != all[i] {
				t.Errorf("code %d of %d: %v, %v; want %s", i+1, n, result, err, all[i])
			}
		}
	}
}
