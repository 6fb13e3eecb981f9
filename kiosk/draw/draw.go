// Package draw turns a page of the public screen into the panel's pixels.
//
// In: a kiosk.Page. Out: a Frame, the very bytes for the panel. Equal pages
// give equal frames. It decides nothing about what is shown, and nothing that
// is not on the page comes onto the frame.
//
// What needs no reading leads: the opening time large, the closing time smaller
// below it, so that there is no range to read backwards; a pictogram; the place
// once, in Latin as on street signs, with its letter on the map; the service's
// name in the page's languages.
package draw

import (
	"fmt"
	"image"
	"sync"
	"time"

	"infobus/kiosk"
	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	"infobus/kiosk/text"
	"infobus/timetable"
)

// Frame is the picture that the panel takes.
type Frame = ink.Frame

var loaded struct {
	sync.Mutex
	fonts *text.Fonts // nil until they were found
}

// fonts are the fonts; where they are missing they are looked for each time.
func fonts() (*text.Fonts, error) {
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.fonts == nil {
		f, err := text.Open()
		if err != nil {
			return nil, err
		}
		loaded.fonts = f
	}
	return loaded.fonts, nil
}

// Ready says whether the fonts are there; the error names those that are not.
func Ready() error {
	_, err := fonts()
	return err
}

// Check says what is wrong with a text of the timetable in a language: a letter
// that no font has would be drawn as a box. Without fonts it finds no fault:
// that is theirs, and Ready and Draw say so.
func Check(_, lang, text string) error {
	f, err := fonts()
	if err != nil {
		return nil
	}
	return f.Check(text)
}

// CheckBoard is Check for a text of the board.
func CheckBoard(field, lang, text string) error { return Check(field, lang, text) }

// Capacity is how many rows a page of a set has: as many as fit by the height
// of its scripts.
func Capacity(kiosk.Set) int { return kiosk.Rows }

// Forget gives the memory back that fonts and drawn lines take, about 5 MB; the
// next Draw takes some 10 ms longer.
func Forget() {
	if f, err := fonts(); err == nil {
		f.Forget()
	}
}

// The page's proportions, in pixels of the 800×480 panel, 0.204 mm each.
const (
	header  = 55                                 // height of the black band on top
	content = (ink.Height - header) / kiosk.Rows // height of what stands in a row
	airy    = content + 30                       // height that a row has at most, where there are few
	margin  = 14
	rule    = 2 // between rows

	// An em of these has capitals and digits of 0.714 of it.
	opening = 69 // 49 px of digits: 10 mm, read from 2 m
	closing = 28 // 20 px: 4 mm
	label   = 30 // names of services, where they fit
	street  = 27 // names of places
	small   = 20 // below this, texts rather take a line of their own
	least   = 6  // that any text is shrunk to, so that it is whole

	icon     = 60
	iconLeft = 214
	textLeft = iconLeft + icon + 18
	gap      = 24 // between two texts on one line
)

// Draw draws a page. The error is of the fonts, or of a letter that none has.
func Draw(p kiosk.Page) (*Frame, error) {
	f, err := fonts()
	if err != nil {
		return nil, err
	}
	c := &canvas{frame: ink.White(), fonts: f, langs: []*locales.Locale{locales.Get("en")}}
	if len(p.Languages) > 0 {
		c.langs = nil
		for _, tag := range p.Languages[:min(len(p.Languages), 2)] {
			c.langs = append(c.langs, locales.Get(tag))
		}
	}
	c.header(p)
	switch n := len(p.Rows); {
	case n == 0:
		c.nothing()
	default:
		height := min((ink.Height-header)/n, airy)
		for i := range n {
			top := header + i*height
			if i > 0 {
				c.frame.Fill(image.Rect(margin, top-rule/2, ink.Width-margin, top-rule/2+rule), false)
			}
			top += (height - content) / 2
			c.row(top, p.Rows[i])
		}
	}
	if c.err != nil {
		return nil, fmt.Errorf("draw page %s: %w", p.Name, c.err)
	}
	return c.frame, nil
}

// canvas is a page in the making.
type canvas struct {
	frame *ink.Frame
	fonts *text.Fonts
	langs []*locales.Locale // one or two
	err   error             // the first
}

// words is a text in a language.
type words struct {
	text string
	in   *locales.Locale
}

// latin are words as they stand on street signs.
func latin(s string) words { return words{s, locales.Get("en")} }

// each is one text in each of the page's languages.
func (c *canvas) each(text func(*locales.Locale) string) []words {
	var list []words
	for _, l := range c.langs {
		list = append(list, words{text(l), l})
	}
	return list
}

func (c *canvas) line(w words, size int, bold bool) text.Line {
	l, err := c.fonts.Line(w.text, w.in.Tag, w.in.RTL, text.Style{Size: size, Bold: bold})
	if err != nil && c.err == nil {
		c.err = err
	}
	return l
}

// left draws words from x on and gives where they end.
func (c *canvas) left(w words, x, baseline, size int, bold, white bool) int {
	l := c.line(w, size, bold)
	c.frame.Paint(l.Ink, x, baseline, white)
	return x + l.Width
}

// right draws words that end at x and gives where they begin.
func (c *canvas) right(w words, x, baseline, size int, bold, white bool) int {
	l := c.line(w, size, bold)
	c.frame.Paint(l.Ink, x-l.Width, baseline, white)
	return x - l.Width
}

// fit is the largest size up to most, and down to floor, at which texts stand
// beside each other within a width; ok says whether there is one.
func (c *canvas) fit(width, most, floor int, bold bool, list ...words) (size int, ok bool) {
	for size = most; ; size-- {
		sum := (len(list) - 1) * gap
		for _, w := range list {
			sum += c.line(w, size, bold).Width
		}
		if sum <= width || size <= floor {
			return size, sum <= width
		}
	}
}

// beside draws one text at the left of a line or, with a second, that at its
// right; one alone that is written from the right stands there too. It gives
// where the left one ends and the right one begins.
func (c *canvas) beside(list []words, x0, x1, baseline, most int, bold, white bool) (end, begin int) {
	size, _ := c.fit(x1-x0, most, least, bold, list...)
	end, begin = x0, x1
	for i, w := range list {
		if i == 1 || len(list) == 1 && w.in.RTL {
			begin = c.right(w, x1, baseline, size, bold, white)
		} else {
			end = c.left(w, x0, baseline, size, bold, white)
		}
	}
	return end, begin
}

func (c *canvas) header(p kiosk.Page) {
	c.frame.Fill(image.Rect(0, 0, ink.Width, header), false)
	dates := c.each(func(l *locales.Locale) string { return l.Date(p.Date) })
	c.beside(dates, margin, ink.Width-margin, 25, 27, true, true)

	const baseline, stamp = 48, 18
	x := ink.Width - margin
	stamps := c.each(func(l *locales.Locale) string { return l.DrawnAt(p.Drawn) })
	for i := len(stamps) - 1; i >= 0; i-- {
		x = c.right(stamps[i], x, baseline, stamp, false, true) - stamp
	}
	if p.Site != "" {
		size, _ := c.fit(x-margin, 20, least, true, latin(p.Site))
		c.left(latin(p.Site), margin, baseline, size, true, true)
	}
}

// row draws one row; y is the top of its content.
func (c *canvas) row(y int, r timetable.Row) {
	switch r.State {
	case timetable.AskUs:
		c.pictogram("ask", margin, y+(content-icon)/2)
		list := c.each(func(l *locales.Locale) string { return l.Word(locales.AskUs) })
		c.stacked(list, margin+icon+10, iconLeft-14, y)
	default:
		c.hours(y, r.Opens, r.Closes, r.State == timetable.Cancelled)
	}
	c.pictogram(string(r.Service.Category), iconLeft, y+(content-icon)/2)
	c.service(y, r)
}

// hours draws opening and closing time; struck through if they do not hold.
func (c *canvas) hours(y int, opens, closes time.Time, struck bool) {
	const first, second = 54, 79 // baselines
	end := c.left(latin(opens.Format("15:04")), margin, y+first, opening, true, false)
	l := c.line(latin(closes.Format("15:04")), closing, true)
	x := end - l.Width
	c.frame.Paint(l.Ink, x, y+second, false)
	if struck {
		c.strike(margin, end, y+first-25, 7)
		c.strike(x, end, y+second-10, 3)
	}
}

// strike draws a line through what stands from x0 to x1.
func (c *canvas) strike(x0, x1, y, thick int) {
	c.frame.Fill(image.Rect(x0-4, y-thick/2, x1+4, y-thick/2+thick), false)
}

// stacked draws texts below each other, each as large as fits.
func (c *canvas) stacked(list []words, x0, x1, y int) {
	baseline := 52
	if len(list) == 2 {
		baseline = 35
	}
	for _, w := range list {
		size, _ := c.fit(x1-x0, 28, least, true, w)
		c.left(w, x0, y+baseline, size, true, false)
		baseline += 34
	}
}

// service draws the names of a service and its place. Where both names do not
// fit on the first line, the second stands beside the place; where that does not
// fit either, each has a line of its own.
func (c *canvas) service(y int, r timetable.Row) {
	const first, second = 34, 69 // baselines
	x0, x1 := textLeft, ink.Width-margin
	names := c.each(func(l *locales.Locale) string { return l.ServiceName(r.Service) })
	cancelled := r.State == timetable.Cancelled
	name := func(list []words, baseline, size int) {
		end, begin := c.beside(list, x0, x1, y+baseline, size, true, false)
		if cancelled && end > x0 {
			c.strike(x0, end, y+baseline-9, 3)
		}
		if cancelled && begin < x1 {
			c.strike(begin, x1, y+baseline-9, 3)
		}
	}
	place := func(baseline int, beside ...words) {
		if cancelled {
			c.notice(c.each(func(l *locales.Locale) string { return l.Word(locales.Cancelled) }), x0, y+baseline)
			return
		}
		left := x0
		if r.Service.Place.Map != "" {
			left = c.mapLetter(r.Service.Place.Map, x0, y+baseline) + 10
		}
		c.beside(append([]words{latin(r.Service.Place.Name)}, beside...), left, x1, y+baseline, street, false, false)
	}

	if _, ok := c.fit(x1-x0, label, label-8, true, names...); ok || len(names) == 1 {
		name(names, first, label)
		place(second)
		return
	}
	if _, ok := c.fit(x1-x0-mapBox-20, street, small, false, latin(r.Service.Place.Name), names[1]); ok && !cancelled {
		name(names[:1], first, label)
		place(second, names[1])
		return
	}
	name(names[:1], 20, small)
	name(names[1:], 43, small)
	place(76)
}

// mapBox is the least side of the box round a map letter.
const mapBox = 30

// mapLetter draws a letter in a box, as on the team's map, and gives where the
// box ends.
func (c *canvas) mapLetter(letter string, x, baseline int) int {
	const side, size, capital = mapBox, 25, 18
	l := c.line(latin(letter), size, true)
	width := max(side, l.Width+10)
	top := baseline - capital - (side-capital)/2
	c.frame.Fill(image.Rect(x, top, x+width, top+side), false)
	bounds := l.Ink.Bounds()
	c.frame.Paint(l.Ink, x+(width-bounds.Dx())/2-bounds.Min.X, baseline, true)
	return x + width
}

// notice draws texts in white on a black bar.
func (c *canvas) notice(list []words, x, baseline int) {
	const size, pad = 25, 12
	end := x + pad
	for _, w := range list {
		end += c.line(w, size, true).Width + 2*pad
	}
	c.frame.Fill(image.Rect(x, baseline-25, end-pad, baseline+9), false)
	for x += pad; len(list) > 0; list = list[1:] {
		x = c.left(list[0], x, baseline, size, true, true) + 2*pad
	}
}

// nothing says that the day has no rows.
func (c *canvas) nothing() {
	const large = 2 * icon
	c.pictogramOf("ask", large, (ink.Width-large)/2, header+50)
	baseline := header + 50 + large + 70
	for _, w := range c.each(func(l *locales.Locale) string { return l.Word(locales.Nothing) }) {
		size, _ := c.fit(ink.Width-2*margin, label, least, true, w)
		l := c.line(w, size, true)
		c.frame.Paint(l.Ink, (ink.Width-l.Width)/2, baseline, false)
		baseline += 60
	}
}

func (c *canvas) pictogram(name string, x, y int) { c.pictogramOf(name, icon, x, y) }

func (c *canvas) pictogramOf(name string, side, x, y int) {
	layers, err := pictogram(name, side)
	if err != nil && c.err == nil {
		c.err = err
	}
	for _, l := range layers {
		c.frame.Paint(l.mask, x, y, l.white)
	}
}
