package draw

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/kiosk"
	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	"infobus/timetable"
)

// enlarged is a part of a frame, black on white, three times its size, with a
// white border: what an OCR program likes to read.
func enlarged(f *ink.Frame, r image.Rectangle, inverted bool) image.Image {
	const scale, border = 3, 40
	m := image.NewGray(image.Rect(0, 0, r.Dx()*scale+2*border, r.Dy()*scale+2*border))
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			p := image.Pt((x-border)/scale, (y-border)/scale).Add(r.Min)
			white := x < border || y < border || !p.In(r) || f.IsWhite(p.X, p.Y) != inverted
			if white {
				m.SetGray(x, y, color.Gray{255})
			}
		}
	}
	return m
}

// tesseract reads pictures, one text each, in one run of the program.
func tesseract(t *testing.T, pictures []image.Image, args ...string) []string {
	t.Helper()
	dir := t.TempDir()
	var list strings.Builder
	for i, m := range pictures {
		name := filepath.Join(dir, fmt.Sprintf("%04d.png", i))
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, m); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&list, name)
	}
	names := filepath.Join(dir, "list.txt")
	if err := os.WriteFile(names, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tesseract", append([]string{names, "-", "-l", "eng"}, args...)...)
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tesseract: %v", err)
	}
	texts := strings.Split(string(out), "\f")
	if len(texts) < len(pictures) {
		t.Fatalf("%d texts of %d pictures", len(texts), len(pictures))
	}
	for i := range texts {
		texts[i] = strings.Join(strings.Fields(texts[i]), " ")
	}
	return texts[:len(pictures)]
}

// hoursOf are the parts of a frame on which the hours of a page stand, opening
// and closing in turn.
func hoursOf(p kiosk.Page) []image.Rectangle {
	var langs []*locales.Locale
	for _, tag := range p.Languages {
		langs = append(langs, locales.Get(tag))
	}
	top := headerOf(langs).height
	height := min((ink.Height-top)/len(p.Rows), rowHeight(langs)+airy)
	var list []image.Rectangle
	for i := range p.Rows {
		y := top + i*height
		lower := y + height - midBelow - rule - midInk
		list = append(list, image.Rect(margin-2, y+rule, margin+hours+2, lower-2),
			image.Rect(margin-2, lower-2, margin+closes+2, y+height-rule))
	}
	return list
}

// dateOf is the part of a frame with the date, which the header begins with: up
// to the first gap that is wider than one between words, and above what reaches
// up from the second line.
func dateOf(f *ink.Frame) image.Rectangle {
	r := image.Rect(8, 0, ink.Width, headerOf([]*locales.Locale{locales.Get("en")}).baselines[0]+6)
	blank := 0
	for x := margin; x < r.Max.X && blank < 24; x++ {
		blank++
		for y := range r.Max.Y {
			if f.IsWhite(x, y) { // of white on black
				blank = 0
			}
		}
		if blank == 24 {
			r.Max.X = x - 16
		}
	}
	return r
}

// A reader that shares no code with us reads date and hours of random pages.
func TestTesseractReadsDateAndHours(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: tesseract reads 40 pages")
	}
	count := 40
	if os.Getenv("INFOBUS_SOAK") != "" {
		count = 500
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("%d pages, seed %d", count, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	base := page(t, "2026-11-23 10:05", "moulin", "en", "ar")
	minute := func() time.Time {
		return time.Date(2026, 11, 23, random.IntN(24), random.IntN(60), 0, 0, base.Date.Location())
	}
	var dates, hours []image.Image
	var wantDates, wantHours []string
	for range count {
		p := base
		p.Languages = kiosk.Set{"en", locales.Tags()[1+random.IntN(9)]}
		if random.IntN(10) == 0 {
			p.Languages = kiosk.Set{"en"}
		}
		p.Date = time.Date(2026+random.IntN(10), 1, 1+random.IntN(365), 0, 0, 0, 0, base.Date.Location())
		p.Rows = nil
		for range 1 + random.IntN(Capacity(p.Languages)) {
			r := base.Rows[random.IntN(len(base.Rows))]
			r.Opens, r.Closes, r.State = minute(), minute(), timetable.Confirmed
			p.Rows = append(p.Rows, r)
		}
		f, err := Draw(p)
		if err != nil {
			t.Fatal(err)
		}
		dates = append(dates, enlarged(f, dateOf(f), true))
		wantDates = append(wantDates, p.Date.Format("Monday 2 January 2006"))
		for i, r := range hoursOf(p) {
			hours = append(hours, enlarged(f, r, false))
			at := p.Rows[i/2].Opens
			if i%2 == 1 {
				at = p.Rows[i/2].Closes
			}
			wantHours = append(wantHours, at.Format("15:04"))
		}
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 "
	gotDates := tesseract(t, dates, "--psm", "7", "-c", "tessedit_char_whitelist="+letters)
	gotHours := tesseract(t, hours, "--psm", "7", "-c", "tessedit_char_whitelist=0123456789:")
	wrong := 0
	for i, got := range gotDates {
		if got != wantDates[i] {
			t.Errorf("date %q is read as %q", wantDates[i], got)
			wrong++
		}
	}
	for i, got := range gotHours {
		if got != wantHours[i] {
			t.Errorf("hour %s is read as %q", wantHours[i], got)
			wrong++
		}
	}
	t.Logf("%d dates and %d hours read, %d wrong", len(dates), len(hours), wrong)

	// The reader tells two hours apart that differ in one digit; it does not
	// say what it is expected to.
	if slices.Equal(gotHours, slices.Repeat(gotHours[:1], len(gotHours))) {
		t.Error("every hour is read alike")
	}
	f, err := Draw(func() kiosk.Page {
		p := base
		r := p.Rows[0]
		r.Opens = r.Opens.Add(10 * time.Minute)
		p.Rows = []timetable.Row{r}
		return p
	}())
	if err != nil {
		t.Fatal(err)
	}
	one := base
	one.Rows = base.Rows[:1]
	read := tesseract(t, []image.Image{enlarged(f, hoursOf(one)[0], false)}, "--psm", "7", "-c", "tessedit_char_whitelist=0123456789:")[0]
	if read == base.Rows[0].Opens.Format("15:04") {
		t.Errorf("a page with another hour is read as the one before: %s", read)
	}
}
