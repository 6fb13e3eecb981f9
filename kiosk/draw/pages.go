package draw

import (
	"fmt"
	"image"
	"net/url"
	"strconv"

	"rsc.io/qr"

	"infobus/kiosk"
	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	sentences "infobus/words"
)

// notice says one thing: a large pictogram, and below it a text in the page's
// languages.
func (c *canvas) notice(picture string, w locales.Word) {
	const side = 150
	list := c.word(w)
	lines, height := c.paragraphs(list, mid, ink.Width-4*margin)
	if c.top+side+30+height > ink.Height {
		lines, height = c.paragraphs(list, label, ink.Width-4*margin)
	}
	y := c.top + (ink.Height-c.top-side-20-height)/2
	c.pictogram(picture, side, (ink.Width-side)/2, y)
	c.centred(lines, y+side+20)
}

// notes says what the box says of itself, in each language of who looks after it; a rule
// stands between two languages.
func (c *canvas) notes(p kiosk.Page) {
	r := reachOf("en")
	height := r.height() + 12
	c.fill(band, image.Rect(0, 0, ink.Width, height), false)
	x := margin
	for _, l := range c.langs {
		x = c.left(words{sentences.In(l.Tag).Say("glass.box"), l}, x, 6+r.above, label, true, true) + 2*gap
	}
	if p.Parts > 1 {
		part := parted(p)
		width := c.line(latin(part), label, true).Width + 2*boxPad
		c.boxed(part, ink.Width-margin-width, 6+r.above)
	}
	y := height + 6
	for i, l := range c.langs {
		if i > 0 {
			y += 10
			c.fill(ruled, image.Rect(margin, y, ink.Width-margin, y+rule), false)
			y += rule
		}
		for _, note := range p.Notes {
			lines, _ := c.paragraphs([]words{{sentences.In(l.Tag).Text(note), l}}, label, ink.Width-2*margin)
			for _, line := range lines {
				y += line.before + line.above
				c.paint(line.line, margin, y, false)
				y += line.below
			}
			y += 6
		}
	}
	if y > ink.Height {
		c.fail(fmt.Errorf("the notes need %d pixels of %d", y, ink.Height))
	}
}

// set is a line that stands somewhere.
type set struct {
	line
	above, below int
	before       int // space above it
}

// paragraphs breaks a text in each language into lines, and gives their height.
func (c *canvas) paragraphs(list []words, size, width int) (lines []set, height int) {
	for i, w := range list {
		broken, err := c.fonts.Break(w.text, w.in.Tag, w.in.RTL, style(w, size, true), width)
		c.fail(err)
		for j, text := range broken {
			l := c.line(words{text, w.in}, size, true)
			b := l.Ink.Bounds()
			s := set{line: l, above: max(size*714/1000, -b.Min.Y), below: max(size/5, b.Max.Y), before: 4}
			if j == 0 && i > 0 {
				s.before = 14
			}
			lines = append(lines, s)
			height += s.before + s.above + s.below
		}
	}
	return lines, height
}

// centred draws lines below each other from y on, and gives where they end.
func (c *canvas) centred(lines []set, y int) int {
	for _, l := range lines {
		y += l.before + l.above
		c.paint(l.line, (ink.Width-l.Width)/2, y, false)
		y += l.below
	}
	return y
}

// closing says until when the van was here, and where it is next if the team
// says so.
func (c *canvas) closing(p kiosk.Page) {
	const side = 104
	next := p.Next != ""
	y := c.top + 10
	if !next {
		y += 60
	}
	if p.Until.IsZero() {
		c.pictogram("van", side, (ink.Width-side)/2, y)
	} else {
		until := c.line(latin(p.Until.Format("15:04")), 2*large, true)
		x := (ink.Width - side - 40 - until.Width) / 2
		c.pictogram("van", side, x, y)
		c.paint(until, x+side+40, y+(side+2*largeInk)/2, false)
		lines, _ := c.paragraphs(c.each(func(l *locales.Locale) string { return l.WasHereUntil(p.Until) }), label, ink.Width-4*margin)
		y = c.centred(lines, y+side+10) - side
	}
	if !next {
		return
	}
	y += side + 10
	c.fill(ruled, image.Rect(margin, y, ink.Width-margin, y+rule), false)
	lines, _ := c.paragraphs(c.word(locales.NextPlace), label, ink.Width-4*margin)
	if c.width(label, true, c.word(locales.NextPlace)...) <= ink.Width-4*margin && len(lines) == 2 {
		b := max(lines[0].above, lines[1].above)
		x := (ink.Width - lines[0].Width - lines[1].Width - 2*gap) / 2
		c.paint(lines[0].line, x, y+8+b, false)
		c.paint(lines[1].line, x+lines[0].Width+2*gap, y+8+b, false)
		y += 8 + b + max(lines[0].below, lines[1].below)
	} else {
		y = c.centred(lines, y+8)
	}
	place := c.line(latin(p.Next), mid, true)
	c.paint(place, (ink.Width-place.Width)/2, y+10+midInk, false)
}

// numbers draws telephone numbers as rows: the number, a pictogram, whose it is.
// 112 leads on the first page.
func (c *canvas) numbers(p kiosk.Page) {
	type entry struct {
		number, picture string
		names           []words
	}
	var list []entry
	if p.Part <= 1 {
		list = append(list, entry{"112", "emergency", c.word(locales.Emergency)})
	}
	for _, n := range p.Board.Numbers {
		list = append(list, entry{n.Number, n.Picture, c.each(func(l *locales.Locale) string {
			if name, ok := n.Name[l.Tag]; ok {
				return name
			}
			return n.Name["en"]
		})})
	}
	c.rows(len(list), func(i, y0, y1 int) {
		e := list[i]
		lines, err := numberLines(c.fonts, e.number)
		c.fail(err)
		total := -10
		for _, l := range lines {
			total += l.Ink.Bounds().Dy() + 10
		}
		baseline := y0 + (y1-y0-total)/2
		for _, l := range lines {
			b := l.Ink.Bounds()
			baseline += b.Dy()
			c.paint(l, margin, baseline-b.Max.Y, false)
			baseline += 10
		}
		c.pictogram(e.picture, icon+8, iconLeft, y0+(y1-y0-icon-8)/2)
		c.names(e.names, textLeft+8, textRight, y0, y1)
	})
}

// codes draws the QR codes side by side, each with a pictogram and a word above
// it, and below it where it leads.
func (c *canvas) codes(b kiosk.Board) {
	type entry struct {
		address, picture string
		word             locales.Word
	}
	var list []entry
	for _, e := range []entry{{b.Phone, "phone", locales.Phone}, {b.Guide, "guide", locales.Guide}, {b.Map, "map", locales.Map}} {
		if e.address != "" {
			list = append(list, e)
		}
	}
	width := (ink.Width - 2*margin) / len(list)
	names := 0
	for _, l := range c.langs {
		names += reachOf(l.Tag).height() + 2
	}
	head := max(icon, names)
	for i, e := range list {
		x := margin + i*width
		code, err := qr.Encode(e.address, qr.M)
		if err != nil {
			c.fail(fmt.Errorf("QR code of %s: %w", e.address, err))
			return
		}
		c.texts = append(c.texts, Text{Kind: Code, Text: e.address})
		room := min(width-40, ink.Height-c.top-head-60)
		module := max(room/(code.Size+2), 1)
		side := module * code.Size
		y := c.top + (ink.Height-c.top-head-20-side-36)/2
		left := x + (width-side)/2
		c.pictogram(e.picture, icon, left, y+(head-icon)/2)
		baseline := y + (head-names)/2
		for _, w := range c.word(e.word) {
			r := reachOf(w.in.Tag)
			c.left(w, left+icon+12, baseline+r.above+1, label, true, false)
			baseline += r.height() + 2
		}
		y += head + 20
		for row := range code.Size {
			for column := range code.Size {
				if code.Black(column, row) {
					c.frame.Fill(image.Rect(0, 0, module, module).Add(image.Pt(left+column*module, y+row*module)), false)
				}
			}
		}
		if u, err := url.Parse(e.address); err == nil {
			host := c.line(latin(u.Host), label, false)
			if host.Width <= width-8 {
				c.paint(host, x+(width-host.Width)/2, y+side+34, false)
			}
		}
	}
}

// bundles draws what bundles of data are worth: a legend of the two pictograms,
// then a row for each.
func (c *canvas) bundles(b kiosk.Board) {
	y := c.top + 4
	for _, e := range []struct {
		picture string
		word    locales.Word
	}{{"video", locales.Video}, {"call", locales.Call}} {
		list := c.word(e.word)
		x := margin + 44 + 14
		height := 0
		beside := c.width(label, true, list...) <= textRight-x
		for _, w := range list {
			if h := reachOf(w.in.Tag).height(); beside {
				height = max(height, h)
			} else {
				height += h
			}
		}
		height = max(height, 46)
		c.pictogram(e.picture, 44, margin, y+(height-44)/2)
		c.names(list, x, textRight, y, y+height)
		y += height + 4
	}
	c.fill(ruled, image.Rect(0, y, ink.Width, y+2*rule), false)
	y += 2 * rule
	n := len(b.Bundles)
	if n == 0 {
		return
	}
	height := min((ink.Height-y)/n, 96)
	for i, megabytes := range b.Bundles {
		top := y + i*height
		if i > 0 {
			c.fill(ruled, image.Rect(margin, top-rule/2, ink.Width-margin, top+rule-rule/2), false)
		}
		baseline := top + (height+largeInk)/2
		x := c.left(latin(strconv.Itoa(megabytes)), margin, baseline, large, true, false)
		c.left(latin("MB"), x+8, baseline, label, true, false)
		video, call := b.Worth.Of(megabytes)
		if b.Worth == (kiosk.Worth{}) {
			c.pictogram("ask", 48, 330, top+(height-48)/2)
			c.names(c.word(locales.AskUs), 400, textRight, top, top+height)
			continue
		}
		for _, e := range []struct {
			picture string
			x       int
			minutes int
		}{{"video", 276, video}, {"call", 512, call}} {
			c.pictogram(e.picture, 48, e.x, top+(height-48)/2)
			x := c.left(latin(strconv.Itoa(e.minutes)), e.x+48+14, baseline, large, true, false)
			c.left(latin("min"), x+8, baseline, label, true, false)
		}
	}
}

// The grid of operators and countries, in pixels.
const (
	operatorWidth = 124
	operatorsLeft = textRight - 3*operatorWidth
)

// grid draws which operator calls which country: a tick, a cross, or a question
// mark where nobody knows.
func (c *canvas) grid(b kiosk.Board) {
	column := func(i int) int { return operatorsLeft + i*operatorWidth }
	can := c.word(locales.CanCall)
	if c.width(label, true, can...) > operatorsLeft-margin-68 {
		can = can[:1]
	}
	line := c.part(func(c *canvas) { c.beside(can, margin+58, operatorsLeft-10, 0) })
	head := max(54, line.bounds().Dy()+2*free)
	c.pictogram("call", 44, margin, c.top+(head-44)/2)
	c.names(can, margin+58, operatorsLeft-10, c.top+free, c.top+head-free)
	for i, o := range b.Operators {
		name := c.line(latin(o.Name), label, true)
		c.paint(name, column(i)+(operatorWidth-name.Width)/2, c.top+(head+20)/2, false)
	}
	y := c.top + head
	c.fill(ruled, image.Rect(0, y, ink.Width, y+2*rule), false)
	y += 2 * rule
	if len(b.Countries) == 0 {
		return
	}
	height := min((ink.Height-y)/len(b.Countries), 90)
	for j, country := range b.Countries {
		top := y + j*height
		if j > 0 {
			c.fill(ruled, image.Rect(margin, top-rule/2, ink.Width-margin, top+rule-rule/2), false)
		}
		names := c.each(func(l *locales.Locale) string { return l.Country(country) })
		c.names(names, margin, operatorsLeft-10, top, top+height)
		for i, o := range b.Operators {
			picture := "question"
			if can, known := o.Calls[country]; known && can {
				picture = "tick"
			} else if known {
				picture = "cross"
			}
			const side = 44
			c.pictogram(picture, side, column(i)+(operatorWidth-side)/2, top+(height-side)/2)
		}
	}
}
