package draw

import (
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"

	"infobus/kiosk"
	"infobus/kiosk/ink"
	"infobus/kiosk/locales"
	"infobus/timetable"
)

// touching says which letters of a page have less than two pixels of its ground
// between them and a rule, the edge of a band or box, a pictogram's square or a line
// through another text, or are cut off by the panel's edge.
func touching(c *canvas) (list []string) {
	const between = 2
	for _, l := range c.marks {
		if l.kind != letters {
			continue
		}
		say := func(format string, a ...any) {
			list = append(list, fmt.Sprintf("%q "+format, append([]any{l.line.words.text}, a...)...))
		}
		if !l.In(image.Rect(0, 0, ink.Width, ink.Height)) {
			say("is cut off at %v", l.Rectangle)
		}
		near := func(r image.Rectangle) bool {
			for _, s := range l.line.Ink {
				if image.Rect(int(s.X0), int(s.Y), int(s.X1), int(s.Y)+1).Add(l.at).Overlaps(r.Inset(-between)) {
					return true
				}
			}
			return false
		}
		for _, m := range c.marks {
			r := m.Rectangle
			switch m.kind {
			case ruled:
				if near(r) {
					say("touches the rule at %d", r.Min.Y)
				}
			case picture:
				if near(r) {
					say("touches the pictogram %s", m.name)
				}
			case struck:
				if near(r) && !l.Overlaps(r) {
					say("touches the line through another text at %v", r)
				}
			case band:
				if r.Min == (image.Point{}) {
					r.Min = image.Pt(-between, -between) // the panel's own edge is no line
					r.Max.X += between
				}
				if middle := l.Min.Add(l.Size().Div(2)); middle.In(r) {
					if !l.In(r.Inset(between)) {
						say("touches the edge of its band %v", r)
					}
				} else if near(r) {
					say("touches the band %v", r)
				}
			}
		}
	}
	return list
}

// overlapping says which lines of letters of a page have no pixel between them.
func overlapping(c *canvas) (list []string) {
	for i, a := range c.marks {
		for _, b := range c.marks[:i] {
			if a.kind != letters || b.kind != letters || !a.Inset(-1).Overlaps(b.Rectangle) {
				continue
			}
			hit := false
			a.each(func(ax0, ax1, ay0, ay1 int) {
				b.each(func(bx0, bx1, by0, by1 int) {
					hit = hit || image.Rect(ax0-1, ay0-1, ax1+1, ay1+1).Overlaps(image.Rect(bx0, by0, bx1, by1))
				})
			})
			if hit {
				list = append(list, fmt.Sprintf("%q meets %q", a.line.words.text, b.line.words.text))
			}
		}
	}
	return list
}

// everySet is all sets that a team is likely to choose: the default ones, each
// language alone, and Urdu, the tallest, beside others.
func everySet() []kiosk.Set {
	sets := append(slices.Clone(kiosk.Ten), kiosk.Set{"en", "ur"}, kiosk.Set{"ur", "ar"}, kiosk.Set{"ur", "vi"}, kiosk.Set{"ar", "fa"}, kiosk.Set{"vi", "fr"})
	for _, l := range locales.All() {
		sets = append(sets, kiosk.Set{l.Tag})
	}
	return sets
}

// deep are letters that reach far above the line and below it, in each script.
var deep = map[string]string{"en": "Ég Ẫy Çj ", "ar": "أغ إج ", "fa": "آج گچ ", "ps": "آې ګځ ", "ur": "آج ٹگے ", "am": "ሻቿ ጁሟ ", "ti": "ሻቿ ቻፏ "}

// far is a text of a page with letters that reach as far as Check lets them, and
// as long as it lets them.
func far(check func(field, lang, text string) error, field, lang string) (text string) {
	letters := deep[lang]
	if letters == "" {
		letters = deep["en"]
	}
	for _, r := range strings.Repeat(letters, 10) {
		if longer := text + string(r); r == ' ' || check(field, lang, longer) == nil {
			text = longer
		}
	}
	return strings.TrimSpace(text)
}

// reaching is a page with its rows' texts of letters that reach far: one row as it
// is, one to ask for, one cancelled.
func reaching(p kiosk.Page) kiosk.Page {
	p.Site = far(Check, "site", "en")
	p.Rows = slices.Clone(p.Rows)
	for i := range p.Rows {
		r := &p.Rows[i]
		r.State = []timetable.State{timetable.Confirmed, timetable.Cancelled, timetable.AskUs, timetable.Confirmed}[i%4]
		r.Service.Name = map[string]string{}
		for _, l := range p.Languages {
			r.Service.Name[l] = far(Check, "name", l)
		}
		r.Service.Place = timetable.Place{Name: far(Check, "place", "en"), Map: "Qg"}
	}
	p.Board.Numbers = slices.Clone(p.Board.Numbers)
	for i := range p.Board.Numbers {
		name := map[string]string{}
		for _, l := range append(p.Languages, "en") {
			name[l] = far(CheckBoard, "name", l)
		}
		p.Board.Numbers[i].Name = name
	}
	p.Board.Operators = slices.Clone(p.Board.Operators)
	for i := range p.Board.Operators {
		p.Board.Operators[i].Name = far(CheckBoard, "operator", "en")
	}
	if p.Next != "" {
		p.Next = far(Check, "place", "en")
	}
	return p
}

const reachingFar = " with letters that reach far"

// No letter touches a line, whatever the team writes; nor another text's letter, as
// long as letters do not reach far in all rows of a page.
func TestNoLetterTouchesALine(t *testing.T) {
	all := pages(t)
	for _, set := range everySet() {
		for _, name := range kiosk.Names {
			for _, p := range every(t, name, "2026-11-23 10:05", "moulin", set...) {
				if name == kiosk.Closing {
					p.Next = "Parking des Oyats"
				}
				name := fmt.Sprintf("%s %s %d", set, name, p.Part)
				all[name], all[name+reachingFar] = p, reaching(p)
			}
		}
	}
	for name, p := range all {
		c, err := compose(p)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		found := touching(c)
		if !strings.HasSuffix(name, reachingFar) {
			found = append(found, overlapping(c)...)
		}
		for _, s := range found {
			t.Errorf("%s: %s", name, s)
		}
	}
}

// What the test above finds is found where it is planted.
func TestATouchingLetterIsFound(t *testing.T) {
	p := page(t, "2026-11-23 10:05", "moulin", "om", "vi")
	for name, c := range map[string]struct {
		kind kind
		dy   int
		want string
	}{
		"nothing moved":               {ruled, 0, ""},
		"rules a pixel higher":        {ruled, -1, `"Parking des Oyats" touches the rule`},
		"pictograms a line lower":     {picture, 20, `"C" touches the pictogram`},
		"bands lower":                 {band, 4, `touches the band`},
		"bands higher":                {band, -4, `touches the edge of its band`},
		"letters below the panel":     {letters, 20, `is cut off at`},
		"lines through other letters": {struck, 24, `touches the line through another text`},
	} {
		t.Run(name, func(t *testing.T) {
			page := p
			if c.kind == struck {
				page = stated(timetable.Cancelled, p)
			}
			canvas, err := compose(page)
			if err != nil {
				t.Fatal(err)
			}
			for i := range canvas.marks {
				if m := &canvas.marks[i]; m.kind == c.kind {
					m.Rectangle, m.at = m.Add(image.Pt(0, c.dy)), m.at.Add(image.Pt(0, c.dy))
				}
			}
			if got := strings.Join(touching(canvas), "; "); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
