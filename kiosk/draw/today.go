package draw

import (
	"image"

	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	"infobus/timetable"
)

// rows divides what is below the header into n rows with rules between them, and
// has each drawn: y is its top, height what it may fill.
func (c *canvas) rows(n int, each func(i, y, height int)) {
	if n == 0 {
		return
	}
	height := min((ink.Height-c.top)/n, rowHeight(c.langs)+airy)
	for i := range n {
		y := c.top + i*height
		if i > 0 {
			c.frame.Fill(image.Rect(margin, y-rule/2, ink.Width-margin, y-rule/2+rule), false)
		}
		each(i, y, height)
	}
}

// row draws one row of today: above, the opening hour, the pictogram and the
// names; below, the closing hour, the letter on the map and the place.
func (c *canvas) row(y, height int, r timetable.Row) {
	bottom := y + height - midBelow - rule // the lower baseline
	lower := bottom - midInk               // where the lower line begins
	at := iconLeft
	local := c.localWidth()
	if local > 0 {
		at += local + 10
	}
	struck := r.State == timetable.Cancelled
	if r.State == timetable.AskUs {
		c.ask(y, height, at-12)
	} else {
		c.hours(r, y, lower, bottom)
		if local > 0 {
			c.localHours(r, y, lower, bottom, c.closingRoom(r, at, struck))
		}
	}
	c.pictogram(string(r.Service.Category), icon, at+(boxSide-icon)/2, y+(lower-y-icon)/2)
	x := at + boxSide + 16
	list := c.each(func(l *locales.Locale) string { return l.ServiceName(r.Service) })
	for i, w := range list {
		// What was never checked may be too wide; the category's word is not.
		if c.width(label, true, w) > textRight-x {
			list[i].text = w.in.Category(r.Service.Category)
		}
	}
	for _, s := range c.names(list, x, textRight, y+1, lower-1) {
		if struck {
			c.strike(s.x0, s.x1, s.baseline-9, 3)
		}
	}
	if struck {
		c.cancelled(at, y, bottom)
		return
	}
	c.place(r.Service.Place, at, bottom)
}

// hours draws opening and closing time; struck through if they do not hold.
func (c *canvas) hours(r timetable.Row, y, lower, bottom int) {
	upper := y + (lower-y+largeInk)/2 - 1
	c.left(latin(r.Opens.Format("15:04")), margin, upper, large, true, false)
	c.left(latin(r.Closes.Format("15:04")), margin, bottom, mid, true, false)
	if r.State == timetable.Cancelled {
		c.strike(margin, margin+hours, upper-largeInk/2, 7)
		c.strike(margin, margin+closes, bottom-midInk/2, 5)
	}
}

// closingRoom is how wide the closing time's local hour may be: where the place
// needs the room, the part of the day is left out.
func (c *canvas) closingRoom(r timetable.Row, at int, struck bool) int {
	if !struck && c.placeAt(r.Service.Place, at) < at {
		return localHour
	}
	return at - margin - closes - 10 - 8
}

// localHours draws the hours as they are said where they are counted from dawn,
// beside those on 24 hours: the part of the day, and below it the hour.
func (c *canvas) localHours(r timetable.Row, y, lower, bottom, room int) {
	part, hour, _ := c.local(r, false)
	x := margin + hours + 10
	middle := y + 1 + (lower-y)/2
	c.left(part, x, middle-4, label, false, false)
	end := c.left(hour, x, middle+25, label, true, false)
	part, hour, _ = c.local(r, true)
	x2 := margin + closes + 10
	second := x2
	// The hour leads here as there; the part follows where there is room.
	if w := c.width(label, false, part) + 8 + c.width(label, true, hour); w <= room {
		x2 = c.left(part, x2, bottom-(midInk-20)/2, label, false, false) + 8
	}
	end2 := c.left(hour, x2, bottom-(midInk-20)/2, label, true, false)
	if r.State == timetable.Cancelled {
		c.strike(x, end, middle+15, 3)
		c.strike(second, end2, bottom-midInk/2, 3)
	}
}

// ask draws what stands in place of hours that may not be shown, up to x1.
func (c *canvas) ask(y, height, x1 int) {
	list := c.word(locales.AskUs)
	bottom := y + height - midBelow - rule
	lower := bottom - midInk
	const side = 44
	x := margin + side + 6
	for _, bold := range []bool{true, false} {
		if reachOf(list[0].in.Tag).tall() || c.width(label, bold, list[0]) > x1-x || len(list) == 2 && c.width(label, bold, list[1]) > x1-margin {
			continue
		}
		c.pictogram("ask", side, margin, y+1+(lower-y-side)/2)
		c.left(list[0], x, y+(lower-y+20)/2, label, bold, false)
		if len(list) == 2 {
			c.left(list[1], margin, bottom-5, label, bold, false)
		}
		return
	}
	room := height - rule - 4
	for _, w := range list {
		room -= reachOf(w.in.Tag).height()
	}
	small := min(side, room)
	c.pictogram("ask", small, margin, y+2)
	baseline := y + small + 4
	for _, w := range list {
		r := reachOf(w.in.Tag)
		c.left(w, margin, baseline+r.above, label, true, false)
		baseline += r.height()
	}
}

// cancelled says so in white on a black bar, in place of the place.
func (c *canvas) cancelled(x, y, bottom int) {
	list := c.word(locales.Cancelled)
	const pad = 12
	baseline := bottom - (midInk-20)/2
	above, below, end := 22, 7, x
	for _, w := range list {
		l := c.line(w, label, true)
		b := l.Ink.Bounds()
		above, below = max(above, -b.Min.Y), max(below, b.Max.Y)
		end += l.Width + 2*pad
	}
	baseline = min(baseline, bottom+midBelow-below)
	c.frame.Fill(image.Rect(x, baseline-above-3, end, baseline+below+2), false)
	for _, w := range list {
		x = c.left(w, x+pad, baseline, label, true, true) + pad
	}
}

// placeAt is where a place begins with its letter: below the pictogram at x, or
// as far left of it as it needs.
func (c *canvas) placeAt(p timetable.Place, x int) int {
	box := 0
	if p.Map != "" {
		box = max(boxSide, c.line(latin(p.Map), mid, true).Width+2*boxPad) + 16
	}
	return min(x, textRight-box-c.line(latin(p.Name), mid, false).Width)
}

// place draws a place's letter on the map, boxed, and its name.
func (c *canvas) place(p timetable.Place, x, baseline int) {
	at := c.placeAt(p, x)
	if at < margin+closes+10 {
		// Never checked, and too wide: who wants to go there has to ask.
		at, p.Name = x, ""
		list := c.word(locales.AskUs)
		c.names(list, x+boxSide+16, textRight, baseline-midInk, baseline)
	}
	if p.Map != "" {
		width := max(boxSide, c.line(latin(p.Map), mid, true).Width+2*boxPad)
		l := c.line(latin(p.Map), mid, true)
		c.frame.Fill(image.Rect(at, baseline-midInk-5, at+width, baseline+5), false)
		b := l.Ink.Bounds()
		c.paint(l, at+(width-b.Dx())/2-b.Min.X, baseline, true)
		at += width + 16
	} else if at == x {
		at = min(x+boxSide+16, textRight-c.line(latin(p.Name), mid, false).Width)
	}
	c.left(latin(p.Name), at, baseline, mid, false, false)
}
