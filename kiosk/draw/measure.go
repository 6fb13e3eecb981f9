package draw

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode"

	"infobus/kiosk"
	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	"infobus/kiosk/text"
	"infobus/timetable"
)

// Sizes are ems in pixels of the 800×480 panel, 0.204 mm each. In Noto's faces
// Latin capitals, digits, the Arabic alef and the body of Ethiopic letters have
// 0.714 of an em, the alef of Nastaliq 0.768.
const (
	large = 69 // opening hours: 49 px, 10 mm, read from 2 m
	mid   = 42 // closing hours, places and their letter: 30 px, 6 mm
	label = 28 // every other text: 20 px, 4 mm
)

// Ink of those sizes, in pixels.
const (
	largeInk = 49
	midInk   = 30
	midBelow = 9  // what reaches below the line: g, p, y
	lowBelow = 10 // as far as they reach
)

// The page's proportions, in pixels.
const (
	margin = 14
	rule   = 2  // between rows
	gap    = 20 // between two texts on one line
	boxPad = 6

	hours      = 178 // width of an opening hour
	closes     = 109 // width of a closing hour
	icon       = 52
	boxSide    = 52
	iconLeft   = margin + hours + 14
	textLeft   = iconLeft + boxSide + 16
	textRight  = ink.Width - margin
	localHour  = 70 // width of an hour alone, as it is said where hours are counted from dawn
	localParts = 136
	airy       = 24 // that a row may be higher than it has to be

	// What fits everywhere, also beside local hours.
	siteWidth  = 311
	nameWidth  = textRight - textLeft - localParts - 10
	mapWidth   = 88
	mapHeight  = 41
	placeWidth = textRight - (margin + closes + 10 + localHour + 10) - mapWidth - 2*boxPad - 14
)

// reach is what a line of labels takes above its baseline and below it: letters
// without the rarest marks, which meet nothing in the gap they reach into.
// dates is the same for dates.
type reach struct{ above, below, dateAbove, dateBelow int }

func (r reach) height() int { return r.above + r.below }

// tall says that two such lines take half as much again as others.
func (r reach) tall() bool { return r.height() > 50 }

// reachOf is a language's, by the first part of its tag. A test holds it to the
// ink of every text of ours.
func reachOf(tag string) reach {
	primary, _, _ := strings.Cut(tag, "-")
	switch primary {
	case "ar", "fa":
		return reach{21, 11, 22, 7}
	case "ps":
		return reach{21, 11, 20, 12}
	case "ur":
		return reach{40, 16, 51, 12}
	case "am", "ti":
		return reach{21, 3, 21, 3}
	case "vi":
		return reach{24, 7, 23, 7}
	}
	return reach{21, 7, 21, 7}
}

// header is where the band on top has its lines.
type header struct {
	baselines [2]int
	height    int
}

func headerOf(langs []*locales.Locale) header {
	first := reachOf(langs[0].Tag)
	second := reachOf("en")
	if len(langs) > 1 {
		second = reachOf(langs[1].Tag)
	} else if first.tall() {
		second = first
	}
	var h header
	h.baselines[0] = 4 + first.dateAbove
	h.baselines[1] = h.baselines[0] + first.dateBelow + 1 + second.dateAbove
	h.height = h.baselines[1] + second.dateBelow + 3
	return h
}

// rowHeight is what a row of today takes: the names below each other, or the
// opening hour, and below it closing hour and place.
func rowHeight(langs []*locales.Locale) int {
	names := 0
	for _, l := range langs {
		names += reachOf(l.Tag).height()
	}
	return max(names, largeInk+4) + 2 + midInk + midBelow + rule
}

// Capacity is how many rows a page of a set has: as many as fit by the measured
// height of its scripts, at the sizes they have.
func Capacity(set kiosk.Set) int {
	var langs []*locales.Locale
	for _, tag := range set[:min(len(set), 2)] {
		langs = append(langs, locales.Get(tag))
	}
	if len(langs) == 0 {
		langs = []*locales.Locale{locales.Get("en")}
	}
	return (ink.Height - headerOf(langs).height) / rowHeight(langs)
}

// Check says what is wrong with a text of the timetable in a language: a letter
// that no font has would be drawn as a box, and what is wider than its place
// would have to be shrunk or cut. field is source.Check's. Without fonts it
// finds no fault: that is theirs, and Ready and Draw say so.
func Check(field, lang, s string) error {
	switch field {
	case "site":
		return check(lang, s, label, true, siteWidth)
	case "name":
		return check(lang, s, label, true, nameWidth)
	case "place":
		return check(lang, s, mid, false, placeWidth)
	case "map":
		if err := check(lang, s, mid, true, mapWidth); err != nil {
			return err
		}
		return checkMap(lang, s)
	}
	return check(lang, s, 0, false, 0)
}

// CheckBoard is Check for a text of the board; field is board.Check's.
func CheckBoard(field, lang, s string) error {
	switch field {
	case "operator":
		return check(lang, s, label, true, operatorWidth-8)
	case "number":
		if err := check(lang, s, 0, false, 0); err != nil {
			return err
		}
		f, err := fonts()
		if err != nil {
			return nil
		}
		if _, err := numberLines(f, s); err != nil {
			return err
		}
		return nil
	}
	return Check(field, lang, s)
}

// millimetres of capitals in an em.
func millimetres(size int) int { return map[int]int{label: 4, mid: 6, large: 10}[size] }

// check says whether a text has its letters, and at a size, if that is not 0,
// stays within a width and within its line.
func check(lang, s string, size int, bold bool, width int) error {
	f, err := fonts()
	if err != nil {
		return nil
	}
	if err := f.Check(s); err != nil || size == 0 {
		return err
	}
	l := locales.Get(lang)
	marked := strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Mn, r) })
	if lines, err := f.Break(s, lang, l.RTL, style(words{s, l}, size, bold), width); err == nil && len(lines) == 1 && !marked {
		return nil // without its ink, which takes longer
	}
	line, err := f.Line(s, lang, l.RTL, style(words{s, l}, size, bold))
	var pathError *fs.PathError
	switch {
	case errors.As(err, &pathError):
		return nil // the font's fault, not the text's: drawing will say so
	case err != nil:
		return err
	case line.Width > width:
		return fmt.Errorf("%d pixels wide in letters of %d mm, and %d are there: make it shorter", line.Width, millimetres(size), width)
	}
	r, b := reachOf(lang), line.Ink.Bounds()
	above, below := r.above+8, r.below+7
	if size == mid {
		above, below = midInk+9, midBelow+3
	}
	if -b.Min.Y > above || b.Max.Y > below {
		return errors.New("marks upon marks reach out of the line: leave some out")
	}
	return nil
}

// local is the local hour of a page, if one of its languages has one: the first
// that has. It gives the part of the day and the hour by themselves.
func (c *canvas) local(t timetable.Row, closing bool) (part, hour words, ok bool) {
	at := t.Opens
	if closing {
		at = t.Closes
	}
	for _, l := range c.langs {
		s, has := l.LocalHour(at)
		if !has {
			continue
		}
		// The hour is isolated; what stands round it is the part of the day.
		before, rest, _ := strings.Cut(s, "\u2068")
		number, after, _ := strings.Cut(rest, "\u2069")
		return words{strings.TrimSpace(before + after), l}, words{number, l}, true
	}
	return words{}, words{}, false
}

// localWidth is how much room the parts of the day take on a page; 0 where no
// language of it counts hours from dawn.
func (c *canvas) localWidth() int {
	width := 0
	for hour := 3; hour < 24; hour += 6 {
		if part, _, ok := c.local(timetable.Row{Opens: time.Date(2000, 1, 1, hour, 0, 0, 0, time.UTC)}, false); ok {
			width = max(width, c.line(part, label, false).Width, localHour)
		}
	}
	return width
}

// checkMap says whether the letter on the map stays within the height of its box.
func checkMap(lang, s string) error {
	f, err := fonts()
	if err != nil || !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) {
		return nil
	}
	l := locales.Get(lang)
	line, err := f.Line(s, lang, l.RTL, style(words{s, l}, mid, true))
	if high := line.Ink.Bounds().Dy(); err == nil && high > mapHeight {
		return fmt.Errorf("%d pixels high in letters of %d mm, and %d are there: take another letter", high, millimetres(mid), mapHeight)
	}
	return nil
}

// numberLines are the lines of a telephone number: one of large digits, or up to
// two of middle ones.
func numberLines(f *text.Fonts, s string) ([]line, error) {
	if l, err := f.Line(s, "en", false, text.Style{Size: large, Bold: true}); err == nil && l.Width <= hours {
		return []line{{l, latin(s)}}, nil
	}
	var lines []line
	rest := strings.Fields(s)
	for len(rest) > 0 {
		n := len(rest)
		for ; n > 0; n-- {
			group := strings.Join(rest[:n], " ")
			l, err := f.Line(group, "en", false, text.Style{Size: mid, Bold: true})
			if err != nil {
				return nil, err
			}
			if l.Width <= hours+6 {
				lines = append(lines, line{l, latin(group)})
				break
			}
		}
		if n == 0 || len(lines) > 2 {
			return nil, fmt.Errorf("too wide for two lines of digits of %d mm: put blanks between groups of digits, or make it shorter", millimetres(mid))
		}
		rest = rest[n:]
	}
	return lines, nil
}
