package early

import (
	"bytes"
	"compress/gzip"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	"infobus/kiosk/text"
)

var update = flag.Bool("update", false, "draw the fixed page anew")

// fixedWords are for volunteers; that there are no hours is said in the screen's own
// languages.
var fixedWords = []struct{ lang, title, todo string }{
	{"en", "The box cannot start", "Its memory card is damaged. Put in the spare card, or tell the team."},
	{"fr", "Le boîtier ne démarre pas", "Sa carte mémoire est abîmée. Mettez la carte de secours, ou prévenez l’équipe."},
}

// drawn is the fixed page.
func drawn(t *testing.T) *ink.Frame {
	t.Helper()
	fonts, err := text.Open()
	if err != nil {
		t.Fatal(err)
	}
	f := ink.White()
	y := 4
	put := func(s, lang string, rtl, bold bool, size, above, below int) {
		l, err := fonts.Line(s, lang, rtl, text.Style{Size: size, Bold: bold})
		if err != nil {
			t.Fatal(err)
		}
		b := l.Ink.Bounds()
		if l.Width > ink.Width-20 {
			t.Errorf("%q is %d pixels wide", s, l.Width)
		}
		y += max(above, -b.Min.Y)
		f.Paint(l.Ink, (ink.Width-l.Width)/2, y, false)
		y += max(below, b.Max.Y)
	}
	for _, w := range fixedWords {
		put(w.title, w.lang, false, true, 42, 40, 10)
		lines, err := fonts.Break(w.todo, w.lang, false, text.Style{Size: 28}, ink.Width-60)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			put(l, w.lang, false, false, 28, 26, 6)
		}
		y += 6
	}
	others := []string{"ar", "fa", "ps", "ur", "am", "ti", "vi", "om"}
	if all := locales.Tags(); len(fixedWords)+len(others) != len(all) {
		t.Errorf("it does not speak all of %q", all)
	}
	for _, tag := range others {
		l := locales.Get(tag)
		put(l.Word(locales.SettingUp), tag, l.RTL, false, 20, 20, 6)
	}
	if y > ink.Height {
		t.Errorf("it takes %d pixels", y)
	}
	return f
}

// The frame that the initramfs has is the one that would be drawn today.
func TestTheFixedPageIsAsItIsDrawn(t *testing.T) {
	want := drawn(t)
	if *update {
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		z.Write(want[:])
		z.Close()
		if err := os.WriteFile("page.gz", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		page = b.Bytes()
	}
	got, err := fixedPage()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want[:]) {
		file := filepath.Join(os.TempDir(), "fixed-page.png")
		if f, err := os.Create(file); err == nil {
			want.PNG(f)
			f.Close()
		}
		t.Errorf("it is another one: look at %s, then go test ./images/card/early -update", file)
	}
}

func TestWhatIsNoFrameIsNotShown(t *testing.T) {
	was := page
	defer func() { page = was }()
	for _, b := range [][]byte{nil, []byte("page"), was[:len(was)/2]} {
		if page = b; func() error { _, err := fixedPage(); return err }() == nil {
			t.Errorf("%d bytes are a frame", len(b))
		}
	}
}
