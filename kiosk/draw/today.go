package draw

import (
	"image"

	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	"infobus/timetable"
)

// today draws the rows of a page of today. They are of one height, but one whose
// letters reach far takes from the others.
func (c *canvas) today(list []timetable.Row) {
	if len(list) == 0 {
		return
	}
	room := ink.Height - c.top
	var (
		rows  []row
		takes []int
	)
	for _, r := range list {
		row := c.row(r, room/len(list))
		rows, takes = append(rows, row), append(takes, row.takes())
	}
	heights := shared(room, takes)
	for i := range heights {
		heights[i] = min(heights[i], rowHeight(c.langs)+airy)
	}
	c.ruled(heights, func(i, y0, y1 int) { c.set(rows[i], y0, y1) })
}

// row lays out a row of today: above, the opening hour, the pictogram and the
// names; below, the closing hour, the letter on the map and the place. height is
// what it may well take.
func (c *canvas) row(s timetable.Row, height int) (r row) {
	at := iconLeft
	local := c.localWidth()
	if local > 0 {
		at += local + 10
	}
	struck := s.State == timetable.Cancelled
	if s.State == timetable.AskUs {
		c.ask(&r, height, at-12)
	} else {
		c.hours(&r, s)
		if local > 0 && !s.WholeDay() { // both would be the same hour of the night
			c.localHours(&r, s, c.closingRoom(s, at, struck))
		}
	}
	r.piece(piece{canvas: c.part(func(c *canvas) {
		c.pictogram(string(s.Service.Category), icon, at+(boxSide-icon)/2, -icon)
	}), middle: -icon / 2})
	x := at + boxSide + 16
	if _, box := c.placeAt(s.Service.Place, at); local == 0 && !struck && s.State != timetable.Full {
		x = at + max(boxSide, box) + 16
	}
	list := c.each(func(l *locales.Locale) string { return l.ServiceName(s.Service) })
	for i, w := range list {
		// What was never checked may be too wide; the category's word is not.
		if c.width(label, true, w) > textRight-x {
			list[i].text = w.in.Category(s.Service.Category)
		}
	}
	c.labels(&r, list, x, textRight, struck)
	r.piece(piece{low: true, canvas: c.part(func(c *canvas) {
		switch s.State {
		case timetable.Cancelled:
			c.cancelled(at)
		case timetable.Full:
			c.full(at)
		default:
			c.place(s.Service.Place, at)
		}
	})})
	r.measure()
	return r
}

// labels lays out a text in the page's languages between x0 and x1: beside each
// other where there is room, else below each other.
func (c *canvas) labels(r *row, list []words, x0, x1 int, struck bool) {
	side := func(list ...words) *canvas {
		return c.part(func(c *canvas) {
			for _, s := range c.beside(list, x0, x1, 0) {
				if struck {
					c.strike(s.x0, s.x1, s.baseline-9, 3)
				}
			}
		})
	}
	a := reachOf(list[0].in.Tag)
	if len(list) == 1 || c.width(label, true, list...) <= x1-x0 {
		if len(list) == 2 {
			b := reachOf(list[1].in.Tag)
			a.above, a.below = max(a.above, b.above), max(a.below, b.below)
		}
		r.piece(piece{canvas: side(list...), middle: (a.below - a.above) / 2})
		return
	}
	b := reachOf(list[1].in.Tag)
	first := r.piece(piece{canvas: side(list[0]), least: b.above, apart: a.below + b.above})
	first.on = r.piece(piece{canvas: side(list[1]), least: midInk, middle: (b.below - a.height() - b.above) / 2})
}

// hours lays out opening and closing time; struck through if they do not hold.
func (c *canvas) hours(r *row, s timetable.Row) {
	time := func(t string, size, width, ink, thick int) *canvas {
		return c.part(func(c *canvas) {
			c.left(latin(t), margin, 0, size, true, false)
			if s.State == timetable.Cancelled {
				c.strike(margin, margin+width, -ink/2, thick)
			}
		})
	}
	r.piece(piece{canvas: time(s.OpensAt(), large, hours, largeInk, 7), middle: -largeInk / 2})
	r.piece(piece{low: true, canvas: time(s.ClosesAt(), mid, closes, midInk, 5)})
}

// closingRoom is how wide the closing time's local hour may be: where the place
// needs the room, the part of the day is left out.
func (c *canvas) closingRoom(r timetable.Row, at int, struck bool) int {
	if begins, _ := c.placeAt(r.Service.Place, at); !struck && r.State != timetable.Full && begins < at {
		return localHour
	}
	return at - margin - closes - 10 - 8
}

// localHours lays out the hours as they are said where they are counted from dawn,
// beside those on 24 hours: the part of the day, and below it the hour.
func (c *canvas) localHours(r *row, s timetable.Row, room int) {
	struck := s.State == timetable.Cancelled
	part, hour, _ := c.local(s, false)
	x := margin + hours + 10
	first := r.piece(piece{least: 20, apart: 29, canvas: c.part(func(c *canvas) { c.left(part, x, 0, label, false, false) })})
	first.on = r.piece(piece{middle: -25, canvas: c.part(func(c *canvas) {
		if end := c.left(hour, x, 0, label, true, false); struck {
			c.strike(x, end, -10, 3)
		}
	})})
	part, hour, _ = c.local(s, true)
	r.piece(piece{low: true, canvas: c.part(func(c *canvas) {
		x := margin + closes + 10
		second := x
		baseline := -(midInk - 20) / 2
		// The hour leads here as there; the part follows where there is room.
		if w := c.width(label, false, part) + 8 + c.width(label, true, hour); w <= room {
			x = c.left(part, x, baseline, label, false, false) + 8
		}
		if end := c.left(hour, x, baseline, label, true, false); struck {
			c.strike(second, end, -midInk/2, 3)
		}
	})})
}

// ask lays out what stands in place of hours that may not be shown, up to x1.
func (c *canvas) ask(r *row, height, x1 int) {
	list := c.word(locales.AskUs)
	const side = 44
	x := margin + side + 6
	for _, bold := range []bool{true, false} {
		if reachOf(list[0].in.Tag).tall() || c.width(label, bold, list[0]) > x1-x || len(list) == 2 && c.width(label, bold, list[1]) > x1-margin {
			continue
		}
		r.piece(piece{middle: -side / 2, canvas: c.part(func(c *canvas) {
			c.pictogram("ask", side, margin, -side)
			c.left(list[0], x, (20-side)/2, label, bold, false)
		})})
		if len(list) == 2 {
			r.piece(piece{low: true, canvas: c.part(func(c *canvas) { c.left(list[1], margin, -5, label, bold, false) })})
		}
		return
	}
	room := height - rule - 2*free - 4
	for _, w := range list {
		room -= reachOf(w.in.Tag).height()
	}
	small := min(side, room)
	word := func(w words, baseline int) *canvas {
		return c.part(func(c *canvas) { c.left(w, margin, baseline, label, true, false) })
	}
	picture := r.piece(piece{least: reachOf(list[0].in.Tag).above, canvas: c.part(func(c *canvas) { c.pictogram("ask", small, margin, -small) })})
	first := reachOf(list[0].in.Tag)
	if len(list) == 1 {
		picture.on = r.piece(piece{low: true, canvas: word(list[0], lowBelow-max(first.below, lowBelow))})
		return
	}
	second := reachOf(list[1].in.Tag)
	picture.on = r.piece(piece{least: second.above, middle: (first.below - first.above - small) / 2, canvas: word(list[0], 0)})
	r.piece(piece{low: true, canvas: word(list[1], lowBelow-max(second.below, lowBelow))})
}

// cancelled says so in white on a black bar, in place of the place.
func (c *canvas) cancelled(x int) {
	list := c.word(locales.Cancelled)
	const pad = 12
	baseline := -(midInk - 20) / 2
	above, below, end := 22, 7, x
	for _, w := range list {
		l := c.line(w, label, true)
		b := l.Ink.Bounds()
		above, below = max(above, -b.Min.Y), max(below, b.Max.Y)
		end += l.Width + 2*pad
	}
	baseline = min(baseline, midBelow-below)
	c.fill(band, image.Rect(x, baseline-above-3, end, baseline+below+2), false)
	for _, w := range list {
		x = c.left(w, x+pad, baseline, label, true, true) + pad
	}
}

// full says that a service takes nobody more, with a picture of seats that are all
// taken, in place of the place: its hours stand, and nobody is to go there.
func (c *canvas) full(x int) {
	const side = 36
	baseline := -(midInk - 20) / 2
	list := c.word(locales.Full)
	for _, w := range list {
		baseline = min(baseline, midBelow-c.line(w, label, true).Ink.Bounds().Max.Y)
	}
	c.pictogram("full", side, x, baseline-(20+side)/2)
	x += side + 14
	for _, w := range list {
		x = c.left(w, x, baseline, label, true, false) + 28
	}
}

// placeAt is where a place begins, with the box round its letter on the map as wide
// as box: below the pictogram at x, and as far left of it as the name needs. A wide
// box is never below the names: it ends with the pictogram where local hours leave
// it room, and the names begin behind it where there are none.
func (c *canvas) placeAt(p timetable.Place, x int) (at, box int) {
	name := c.line(latin(p.Name), mid, false).Width
	if p.Map == "" {
		return min(x, textRight-name), 0
	}
	box = max(boxSide, c.line(latin(p.Map), mid, true).Width+2*boxPad)
	if c.localWidth() > 0 {
		x += boxSide - box
	}
	return min(x, textRight-box-16-name), box
}

// place draws a place's letter on the map, boxed, and its name.
func (c *canvas) place(p timetable.Place, x int) {
	at, width := c.placeAt(p, x)
	if at < margin+closes+10 {
		// Never checked, and too wide: who wants to go there has to ask.
		at, p.Name = x, ""
		list := c.word(locales.AskUs)
		c.names(list, x+boxSide+16, textRight, -midInk, 0)
	}
	if p.Map != "" {
		l := c.line(latin(p.Map), mid, true)
		b := l.Ink.Bounds()
		box := image.Rect(at, -midInk-5, at+width, max(5, b.Dy()+2*free-midInk-5))
		c.fill(band, box, false)
		c.paint(l, at+(width-b.Dx())/2-b.Min.X, box.Min.Y+(box.Dy()-b.Dy())/2-b.Min.Y, true)
		at += width + 16
	} else if at == x {
		at = min(x+boxSide+16, textRight-c.line(latin(p.Name), mid, false).Width)
	}
	c.left(latin(p.Name), at, 0, mid, false, false)
}
