package text

import (
	"slices"

	"golang.org/x/text/unicode/bidi"
)

// levels gives the embedding level of each rune of a line by the Unicode
// Bidirectional Algorithm (UAX #9), for a paragraph of level base: 0 left to
// right, 1 right to left. Isolates are followed; embeddings and overrides,
// which no text of ours has, are taken for boundary neutrals. golang.org/x/text
// has the classes of the runes, but keeps the levels to itself, and without
// them runs cannot be put in order.
func levels(text []rune, base int) []int {
	p := paragraph{text: text, class: make([]bidi.Class, len(text)), level: make([]int, len(text))}
	for i, r := range text {
		properties, _ := bidi.LookupRune(r)
		p.class[i] = properties.Class()
		switch p.class[i] {
		case bidi.LRE, bidi.RLE, bidi.LRO, bidi.RLO, bidi.PDF:
			p.class[i] = bidi.BN
		case bidi.B:
			p.class[i] = bidi.WS // one line: what separates paragraphs is a space
		}
	}
	original := slices.Clone(p.class)
	p.match()
	p.explicit(base)
	p.nest = slices.Clone(p.level)
	for _, sequence := range p.sequences() {
		p.resolve(sequence, base)
	}
	// L1: spaces at the end, and before a tab, are the paragraph's.
	trailing := true
	for i := len(text) - 1; i >= 0; i-- {
		switch original[i] {
		case bidi.S:
			trailing = true
			p.level[i] = base
		case bidi.WS, bidi.BN, bidi.LRI, bidi.RLI, bidi.FSI, bidi.PDI:
			if trailing {
				p.level[i] = base
			}
		default:
			trailing = false
		}
	}
	return p.level
}

type paragraph struct {
	text  []rune
	class []bidi.Class // as resolved so far
	level []int
	nest  []int       // levels before I1 and I2
	pair  map[int]int // of an isolate's initiator and its PDI (BD9), both ways
}

// maxDepth is max_depth of BD2.
const maxDepth = 125

func initiates(c bidi.Class) bool { return c == bidi.LRI || c == bidi.RLI || c == bidi.FSI }

func (p *paragraph) match() {
	p.pair = map[int]int{}
	var open []int
	for i, c := range p.class {
		if initiates(c) {
			open = append(open, i)
		} else if c == bidi.PDI && len(open) > 0 {
			start := open[len(open)-1]
			open = open[:len(open)-1]
			p.pair[start], p.pair[i] = i, start
		}
	}
}

// explicit is X1 to X8, isolates only.
func (p *paragraph) explicit(base int) {
	stack := []int{base}
	overflow := 0
	for i, c := range p.class {
		top := stack[len(stack)-1]
		switch {
		case initiates(c):
			p.level[i] = top
			next := top + 2 - top%2 // the next even level
			if c == bidi.RLI || c == bidi.FSI && p.firstStrong(i) == bidi.R {
				next = top + 1 + top%2 // the next odd level
			}
			if next > maxDepth || overflow > 0 {
				overflow++
				continue
			}
			stack = append(stack, next)
		case c == bidi.PDI:
			if overflow > 0 {
				overflow--
			} else if _, matched := p.pair[i]; matched {
				stack = stack[:len(stack)-1]
			}
			p.level[i] = stack[len(stack)-1]
		default:
			p.level[i] = top
		}
	}
}

// firstStrong is P2 and P3 between an initiator and its PDI.
func (p *paragraph) firstStrong(start int) bidi.Class {
	end, ok := p.pair[start]
	if !ok {
		end = len(p.text)
	}
	for i := start + 1; i < end; i++ {
		switch c := p.class[i]; {
		case c == bidi.L:
			return bidi.L
		case c == bidi.R || c == bidi.AL:
			return bidi.R
		case initiates(c):
			inner, ok := p.pair[i]
			if !ok {
				return bidi.L
			}
			i = inner
		}
	}
	return bidi.L
}

// sequences are the isolating run sequences (BD13): indices, without what X9
// removes.
func (p *paragraph) sequences() [][]int {
	var list [][]int
	waiting := map[int]int{} // by the index of a PDI: the sequence that it continues
	current, before := -1, -1
	for i := range p.text {
		if p.class[i] == bidi.BN {
			continue
		}
		continued, isContinued := waiting[i]
		switch {
		case isContinued:
			current = continued
		case before < 0 || p.level[before] != p.level[i] || initiates(p.class[before]) && p.hasPDI(before):
			list = append(list, nil)
			current = len(list) - 1
		}
		list[current] = append(list[current], i)
		if end, ok := p.pair[i]; ok && initiates(p.class[i]) {
			waiting[end] = current
		}
		before = i
	}
	return list
}

func (p *paragraph) hasPDI(i int) bool {
	_, ok := p.pair[i]
	return ok
}

// resolve is X10, W1 to W7, N0 to N2 and I1, I2 for one sequence.
func (p *paragraph) resolve(seq []int, base int) {
	level := p.level[seq[0]]
	own := direction(level)
	sos := direction(max(level, p.levelNextTo(seq[0], -1, base)))
	last := seq[len(seq)-1]
	after := base // an isolate that is never closed reaches to the end
	if !initiates(p.class[last]) || p.hasPDI(last) {
		after = p.levelNextTo(last, 1, base)
	}
	eos := direction(max(level, after))

	c := make([]bidi.Class, len(seq))
	for i, at := range seq {
		c[i] = p.class[at]
	}
	weak(c, sos)
	p.brackets(seq, c, own, sos)
	neutral(c, own, sos, eos)
	for i, at := range seq {
		switch {
		case level%2 == 0 && c[i] == bidi.R:
			p.level[at] = level + 1
		case level%2 == 0 && (c[i] == bidi.AN || c[i] == bidi.EN):
			p.level[at] = level + 2
		case level%2 == 1 && c[i] != bidi.R:
			p.level[at] = level + 1
		}
	}
}

// levelNextTo is the level of the nearest rune before or after i that X9 keeps.
func (p *paragraph) levelNextTo(i, step, base int) int {
	for i += step; i >= 0 && i < len(p.text); i += step {
		if p.class[i] != bidi.BN {
			return p.nest[i]
		}
	}
	return base
}

// direction is the embedding direction of a level.
func direction(level int) bidi.Class {
	if level%2 == 1 {
		return bidi.R
	}
	return bidi.L
}

// weak is W1 to W7.
func weak(c []bidi.Class, sos bidi.Class) {
	before := sos
	for i := range c { // W1
		if c[i] == bidi.NSM {
			c[i] = before
			if initiates(before) || before == bidi.PDI {
				c[i] = bidi.ON
			}
		}
		before = c[i]
	}
	strong := sos
	for i := range c { // W2
		switch c[i] {
		case bidi.L, bidi.R, bidi.AL:
			strong = c[i]
		case bidi.EN:
			if strong == bidi.AL {
				c[i] = bidi.AN
			}
		}
	}
	for i := range c { // W3
		if c[i] == bidi.AL {
			c[i] = bidi.R
		}
	}
	for i := 1; i+1 < len(c); i++ { // W4
		if c[i-1] == c[i+1] && (c[i] == bidi.CS && (c[i-1] == bidi.EN || c[i-1] == bidi.AN) || c[i] == bidi.ES && c[i-1] == bidi.EN) {
			c[i] = c[i-1]
		}
	}
	for i := 0; i < len(c); i++ { // W5
		if c[i] != bidi.ET {
			continue
		}
		end := i
		for end < len(c) && c[end] == bidi.ET {
			end++
		}
		if i > 0 && c[i-1] == bidi.EN || end < len(c) && c[end] == bidi.EN {
			for j := i; j < end; j++ {
				c[j] = bidi.EN
			}
		}
		i = end - 1
	}
	for i := range c { // W6
		if c[i] == bidi.ES || c[i] == bidi.ET || c[i] == bidi.CS {
			c[i] = bidi.ON
		}
	}
	strong = sos
	for i := range c { // W7
		switch c[i] {
		case bidi.L, bidi.R:
			strong = c[i]
		case bidi.EN:
			if strong == bidi.L {
				c[i] = bidi.L
			}
		}
	}
}

// closing gives the closing bracket of each opening one that our texts use.
var closing = map[rune]rune{'(': ')', '[': ']', '{': '}'}

// brackets is N0.
func (p *paragraph) brackets(seq []int, c []bidi.Class, own, sos bidi.Class) {
	type opened struct {
		close rune
		at    int
	}
	var stack []opened
	var pairs [][2]int
	for i, at := range seq {
		r := p.text[at]
		if c[i] != bidi.ON {
			continue
		}
		if end := closing[r]; end != 0 {
			if len(stack) == 63 { // BD16
				break
			}
			stack = append(stack, opened{end, i})
			continue
		}
		for j := len(stack) - 1; j >= 0; j-- {
			if stack[j].close == r {
				pairs = append(pairs, [2]int{stack[j].at, i})
				stack = stack[:j]
				break
			}
		}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return a[0] - b[0] })
	for _, pair := range pairs {
		found := bidi.ON
		for i := pair[0] + 1; i < pair[1]; i++ {
			if s := strongOf(c[i]); s == own {
				found = own
				break
			} else if s != bidi.ON {
				found = s
			}
		}
		if found == bidi.ON {
			continue
		}
		if found != own {
			before := sos
			for i := pair[0] - 1; i >= 0; i-- {
				if s := strongOf(c[i]); s != bidi.ON {
					before = s
					break
				}
			}
			if before != found {
				found = own
			}
		}
		for _, i := range pair {
			c[i] = found
			for j := i + 1; j < len(seq); j++ { // marks on the bracket follow it
				if properties, _ := bidi.LookupRune(p.text[seq[j]]); properties.Class() != bidi.NSM {
					break
				}
				c[j] = found
			}
		}
	}
}

// strongOf is the direction of a class for N0 to N2, in which numbers are right
// to left; ON for none.
func strongOf(c bidi.Class) bidi.Class {
	switch c {
	case bidi.L:
		return bidi.L
	case bidi.R, bidi.EN, bidi.AN:
		return bidi.R
	}
	return bidi.ON
}

// neutral is N1 and N2.
func neutral(c []bidi.Class, own, sos, eos bidi.Class) {
	for i := 0; i < len(c); i++ {
		if strongOf(c[i]) != bidi.ON {
			continue
		}
		end := i
		for end < len(c) && strongOf(c[end]) == bidi.ON {
			end++
		}
		before, after := sos, eos
		if i > 0 {
			before = strongOf(c[i-1])
		}
		if end < len(c) {
			after = strongOf(c[end])
		}
		to := own
		if before == after {
			to = before
		}
		for j := i; j < end; j++ {
			c[j] = to
		}
		i = end - 1
	}
}

// order puts runs, given by the level of each, in the order in which they stand
// from left to right (L2).
func order(levels []int) []int {
	visual := make([]int, len(levels))
	highest, lowestOdd := 0, maxDepth+2
	for i, l := range levels {
		visual[i] = i
		highest = max(highest, l)
		if l%2 == 1 {
			lowestOdd = min(lowestOdd, l)
		}
	}
	for l := highest; l >= lowestOdd; l-- {
		for i := 0; i < len(visual); i++ {
			if levels[visual[i]] < l {
				continue
			}
			end := i
			for end < len(visual) && levels[visual[end]] >= l {
				end++
			}
			slices.Reverse(visual[i:end])
			i = end
		}
	}
	return visual
}
