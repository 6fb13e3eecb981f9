package draw

import (
	"image"
	"slices"

	"infobus/kiosk/ink"
)

// rows divides what is below the header into n rows of one height with rules
// between them, and has each drawn: from y0 to y1.
func (c *canvas) rows(n int, each func(i, y0, y1 int)) {
	heights := make([]int, n)
	for i := range heights {
		heights[i] = min((ink.Height-c.top)/n, rowHeight(c.langs)+airy)
	}
	c.ruled(heights, each)
}

// ruled has rows of these heights drawn below the header, with rules between
// them. What is drawn from y0 to y1 stands free of the rules.
func (c *canvas) ruled(heights []int, each func(i, y0, y1 int)) {
	y := c.top
	for i, height := range heights {
		y0 := y + free
		if i > 0 {
			c.fill(ruled, image.Rect(margin, y-rule/2, ink.Width-margin, y-rule/2+rule), false)
			y0 = y - rule/2 + rule + free
		}
		y += height
		each(i, y0, y-rule/2-free)
	}
}

// shared is the height of each row. Where there is room for what they take they are
// of one height, but those that take more; else of what they take, but those that
// take too much.
func shared(room int, takes []int) []int {
	height := func(takes, equal int) int { return max(takes, equal) }
	sum := 0
	for _, h := range takes {
		sum += h
	}
	if sum > room {
		height = func(takes, equal int) int { return min(takes, equal) }
	}
	for equal := room; ; equal-- {
		heights := make([]int, len(takes))
		sum := 0
		for i, h := range takes {
			heights[i] = height(h, equal)
			sum += heights[i]
		}
		if sum <= room {
			return heights
		}
	}
}

// row is a row of today in the making.
type row struct {
	pieces       []*piece // in the order in which they are painted
	above, below int      // how far it reaches from its lower line at least
}

// piece is a part of a row. The baseline of its last line is at 0.
type piece struct {
	*canvas
	low    bool   // it stands on the row's lower line
	on     *piece // else above this one; nil: above the lower line alone
	least  int    // how far above at least
	apart  int    // how far above on where there is room
	middle int    // of it and those that stand on it, from its baseline
	lift   int    // above the lower line
}

// piece adds a part to a row.
func (r *row) piece(p piece) *piece {
	r.pieces = append(r.pieces, &p)
	return &p
}

// measure works out how far each piece has to be above what it stands on at least,
// and how far the row reaches then.
func (r *row) measure() {
	for _, p := range r.pieces {
		if p.low {
			r.below = max(r.below, p.bounds().Max.Y)
			r.above = max(r.above, -p.bounds().Min.Y)
		}
	}
	for _, p := range r.pieces {
		if p.low || p.on != nil {
			continue
		}
		for _, o := range r.pieces {
			if o.low {
				p.least = max(p.least, p.over(o.canvas))
			}
		}
		r.above = max(r.above, p.least-p.bounds().Min.Y)
	}
	for _, p := range r.pieces {
		if p.on != nil {
			p.least = max(p.least, p.over(p.on.canvas))
			r.above = max(r.above, p.on.least+p.least-p.bounds().Min.Y)
		}
	}
}

// takes is the row's height, with its rule and what stays free.
func (r row) takes() int { return r.above + r.below + rule + 2*free }

// set puts a row in its place from y0 to y1. What is above its lower line stands in
// the middle of the room where it can.
func (c *canvas) set(r row, y0, y1 int) {
	base := y1 - max(lowBelow, r.below)
	if base-r.above < y0 {
		base = min(y0+r.above, y1-r.below)
	}
	c.settle(r, y0, base, (y0+base-midInk)/2)
}

// settle puts a row in its place from y0 on, its lower line at base, and the middle
// of what is above that at middle where it can.
func (c *canvas) settle(r row, y0, base, middle int) {
	for _, p := range r.pieces {
		if !p.low && p.on == nil {
			p.lift = min(max(base+p.middle-middle, p.least), base+p.bounds().Min.Y-y0)
			if m := &p.marks[0]; m.kind == picture && p.lift < p.least {
				m.Min = m.Min.Add(image.Pt((p.least-p.lift)/2, p.least-p.lift))
				m.Max.X = m.Min.X + m.Dy()
				p.lift = p.least
			}
		}
	}
	for _, p := range r.pieces {
		if p.on != nil {
			most := base + p.bounds().Min.Y - y0
			p.lift = min(p.on.lift+max(p.apart, p.least), most)
			p.on.lift = max(min(p.on.lift, p.lift-p.least), min(p.on.lift, p.on.least))
			if p.lift-p.on.lift < p.least { // too near: a line through one would meet the other
				for _, c := range []*canvas{p.canvas, p.on.canvas} {
					c.marks = slices.DeleteFunc(c.marks, func(m mark) bool { return m.kind == struck })
				}
			}
		}
	}
	for _, p := range r.pieces {
		c.put(p.canvas, base-p.lift)
	}
}
