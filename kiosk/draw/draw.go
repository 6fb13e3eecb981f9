// Package draw turns a page of the public screen into the panel's pixels.
//
// In: a kiosk.Page. Out: a Frame, the very bytes for the panel. Equal pages
// give equal frames. It decides nothing about what is shown, and nothing that
// is not on the page comes onto the frame.
//
// What needs no reading leads: the opening time large, the closing time smaller
// below it, so that there is no range to read backwards; a pictogram; the place
// once, in Latin as on street signs, with its letter on the map; the service's
// name in the page's languages. Nothing is ever shrunk to fit, and nothing is
// cut: what a row cannot hold at its size is refused when the timetable is
// checked.
package draw

import (
	"fmt"
	"image"
	"sync"

	"infobus/kiosk"
	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	"infobus/kiosk/text"
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

// Forget gives the memory back that fonts and drawn lines take, about 5 MB; the
// next Draw takes some 10 ms longer.
func Forget() {
	if f, err := fonts(); err == nil {
		f.Forget()
	}
}

// Draw draws a page. The error is of the fonts, or of a letter that none has.
func Draw(p kiosk.Page) (*Frame, error) {
	c, err := compose(p)
	if err != nil {
		return nil, err
	}
	return c.frame, nil
}

// Text is something that a page says.
type Text struct {
	Kind Kind
	Text string // words with their isolates, each line by itself; of a Code its content, of a Picture its name
	Lang string // of words: the tag of their language; what is as on street signs is "en"
}

// Kind is how a Text is said.
type Kind uint8

const (
	Words   Kind = iota // letters and digits
	Code                // a QR code
	Picture             // a pictogram
)

// Texts are all that Draw puts on the frame of a page, in the order in which it
// is painted. The error is Draw's.
func Texts(p kiosk.Page) ([]Text, error) {
	c, err := compose(p)
	if err != nil {
		return nil, err
	}
	return c.texts, nil
}

// compose draws a page and notes what was painted.
func compose(p kiosk.Page) (*canvas, error) {
	f, err := fonts()
	if err != nil {
		return nil, err
	}
	c := &canvas{frame: ink.White(), fonts: f}
	for _, tag := range p.Languages[:min(len(p.Languages), 2)] {
		c.langs = append(c.langs, locales.Get(tag))
	}
	if len(c.langs) == 0 {
		c.langs = []*locales.Locale{locales.Get("en")}
	}
	c.top = c.header(p)
	switch p.Name {
	case kiosk.Help:
		if b := p.Board; b.Phone != "" || b.Guide != "" || b.Map != "" {
			c.codes(b)
		} else {
			c.numbers(p)
		}
	case kiosk.SIM:
		if len(p.Board.Operators) > 0 {
			c.grid(p.Board)
		} else {
			c.bundles(p.Board)
		}
	case kiosk.Closing:
		c.closing(p)
	case kiosk.ClockNotSet:
		c.notice("clock-unset", locales.ClockNotSet)
	case kiosk.SettingUp:
		c.notice("van", locales.SettingUp)
	case kiosk.Box:
		c.notes(p)
	default:
		if len(p.Rows) == 0 {
			c.notice("ask", locales.Nothing)
		}
		c.today(p.Rows)
	}
	if c.err != nil {
		return nil, fmt.Errorf("draw page %s: %w", p.Name, c.err)
	}
	return c, nil
}

// canvas is a page in the making, or a part of one that is put in its place later.
type canvas struct {
	frame *ink.Frame // nil of a part
	fonts *text.Fonts
	langs []*locales.Locale // one or two
	top   int               // where the header ends
	marks []mark            // but QR codes
	texts []Text            // that were painted
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

// word is one of our own words in each of the page's languages.
func (c *canvas) word(w locales.Word) []words {
	return c.each(func(l *locales.Locale) string { return l.Word(w) })
}

func style(w words, size int, bold bool) text.Style {
	return text.Style{Size: size, Bold: bold && !reachOf(w.in.Tag).tall()}
}

func (c *canvas) fail(err error) {
	if err != nil && c.err == nil {
		c.err = err
	}
}

// line is words that were laid out.
type line struct {
	text.Line
	words words
}

func (c *canvas) line(w words, size int, bold bool) line {
	l, err := c.fonts.Line(w.text, w.in.Tag, w.in.RTL, style(w, size, bold))
	c.fail(err)
	return line{l, w}
}

// paint puts a line on the frame.
func (c *canvas) paint(l line, x, y int, white bool) {
	c.mark(mark{kind: letters, line: l, Rectangle: l.Ink.Bounds().Add(image.Pt(x, y)), at: image.Pt(x, y), white: white})
}

// fill paints a rectangle.
func (c *canvas) fill(kind kind, r image.Rectangle, white bool) {
	c.mark(mark{kind: kind, Rectangle: r, white: white})
}

// width is that of texts beside each other.
func (c *canvas) width(size int, bold bool, list ...words) int {
	sum := (len(list) - 1) * gap
	for _, w := range list {
		sum += c.line(w, size, bold).Width
	}
	return sum
}

// left draws words from x on and gives where they end.
func (c *canvas) left(w words, x, baseline, size int, bold, white bool) int {
	l := c.line(w, size, bold)
	c.paint(l, x, baseline, white)
	return x + l.Width
}

// right draws words that end at x and gives where they begin.
func (c *canvas) right(w words, x, baseline, size int, bold, white bool) int {
	l := c.line(w, size, bold)
	c.paint(l, x-l.Width, baseline, white)
	return x - l.Width
}

// span is where a text stands on its line.
type span struct{ x0, x1, baseline int }

// side draws a text at the side of a line on which its language begins.
func (c *canvas) side(w words, x0, x1, baseline int, bold bool) span {
	if w.in.RTL {
		return span{c.right(w, x1, baseline, label, bold, false), x1, baseline}
	}
	return span{x0, c.left(w, x0, baseline, label, bold, false), baseline}
}

// beside draws one label or two between x0 and x1, the second at the right.
func (c *canvas) beside(list []words, x0, x1, baseline int) []span {
	if len(list) == 1 {
		return []span{c.side(list[0], x0, x1, baseline, true)}
	}
	if list[0].in.RTL && !list[1].in.RTL {
		list = []words{list[1], list[0]}
	}
	end := c.left(list[0], x0, baseline, label, true, false)
	return []span{{x0, end, baseline}, {c.right(list[1], x1, baseline, label, true, false), x1, baseline}}
}

// names draws a text in the page's languages as labels between x0 and x1, in the
// middle of the height from y0 to y1: beside each other where there is room; else
// below each other.
func (c *canvas) names(list []words, x0, x1, y0, y1 int) {
	var r row
	c.labels(&r, list, x0, x1, false)
	r.measure()
	for _, p := range r.pieces {
		if p.on == nil {
			p.least = p.bounds().Max.Y // there is no lower line
		}
	}
	c.settle(r, y0, y1, (y0+y1)/2)
}

// strike draws a line through what stands from x0 to x1, its middle at y.
func (c *canvas) strike(x0, x1, y, thick int) {
	c.fill(struck, image.Rect(x0-4, y-thick/2, x1+4, y-thick/2+thick), false)
}

// header draws the band on top: the date in both languages, the site, when the
// page was drawn, and which of how many it is. It gives its height.
func (c *canvas) header(p kiosk.Page) int {
	if p.Date.IsZero() && p.Site == "" {
		return 0
	}
	x0, x1 := margin, ink.Width-margin
	if p.Date.IsZero() {
		r := reachOf("en")
		site := c.part(func(c *canvas) { c.left(latin(p.Site), x0, 4+r.above, label, true, true) })
		down := max(-site.bounds().Min.Y, 0)
		height := down + 4 + r.height() + 3
		c.fill(band, image.Rect(0, 0, ink.Width, height), false)
		c.put(site, down)
		return height
	}
	h := headerOf(c.langs)
	dates := c.each(func(l *locales.Locale) string { return l.Date(p.Date) })
	stamps := c.each(func(l *locales.Locale) string { return l.DrawnAt(p.Drawn) })
	part := 0
	if p.Parts > 1 {
		part = c.line(latin(parted(p)), label, true).Width + 2*boxPad
	}

	// First line: the first language's date, and the site at the other side.
	first := c.part(func(c *canvas) {
		if dates[0].in.RTL {
			c.right(dates[0], x1, h.baselines[0], label, true, true)
			c.left(latin(p.Site), x0, h.baselines[0], label, true, true)
		} else {
			c.left(dates[0], x0, h.baselines[0], label, true, true)
			c.right(latin(p.Site), x1, h.baselines[0], label, true, true)
		}
	})
	down := max(-first.bounds().Min.Y, 0) // a capital with a mark reaches far
	h.height += down
	c.fill(band, image.Rect(0, 0, ink.Width, h.height), false)
	c.put(first, down)
	boxed := func(x int) {
		box := c.part(func(c *canvas) { c.boxed(parted(p), x, h.baselines[1]) })
		c.put(box, max(first.over(box), 0)+down)
	}

	// Second line: the second language's date, and at the other side when the
	// page was drawn: in both languages where there is room and height for both.
	baseline := h.baselines[1] + down
	room, rtl := x1-x0, dates[0].in.RTL
	if len(dates) == 2 {
		rtl = dates[1].in.RTL
		bold := c.width(label, true, dates[1])+gap+c.width(label, false, stamps[0])+gap+part <= room
		room -= c.width(label, bold, dates[1]) + gap
		if rtl {
			c.right(dates[1], x1, baseline, label, bold, true)
		} else {
			c.left(dates[1], x0, baseline, label, bold, true)
		}
		if reachOf(stamps[0].in.Tag).tall() {
			stamps = stamps[1:]
		} else if reachOf(stamps[1].in.Tag).tall() || c.width(label, false, stamps...)+gap+part > room {
			stamps = stamps[:1]
		}
	}
	if len(dates) == 2 && rtl {
		for _, s := range stamps {
			x0 = c.left(s, x0, baseline, label, false, true) + gap
		}
		if part > 0 {
			boxed(x0)
		}
		return h.height
	}
	if part > 0 {
		x1 -= part
		boxed(x1)
		x1 -= gap
	}
	for i := len(stamps) - 1; i >= 0; i-- {
		x1 = c.right(stamps[i], x1, baseline, label, false, true) - gap
	}
	return h.height
}

func parted(p kiosk.Page) string { return fmt.Sprintf("%d/%d", p.Part, p.Parts) }

// boxed draws a label in a white box.
func (c *canvas) boxed(s string, x, baseline int) {
	l := c.line(latin(s), label, true)
	b := l.Ink.Bounds()
	c.fill(band, image.Rect(x, baseline+b.Min.Y-free, x+l.Width+2*boxPad, baseline+b.Max.Y+free), true)
	c.paint(l, x+boxPad+(l.Width-b.Dx())/2-b.Min.X, baseline, false)
}

// pictogram draws one of our pictograms into a square.
func (c *canvas) pictogram(name string, side, x, y int) {
	c.mark(mark{kind: picture, name: name, Rectangle: image.Rect(x, y, x+side, y+side)})
}
