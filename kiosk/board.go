package kiosk

import "time"

// Board is what the team shows beside the timetable: telephone numbers, links, what a
// bundle of data is worth. The zero Board shows only the European emergency number.
type Board struct {
	// Phone, Guide and Map are the URLs of the QR codes; "" for none. Phone has the box's
	// address in numbers: the public network has no name for it. Where it is "", it is the
	// box's own, once that is known.
	Phone, Guide, Map string
	Numbers           []Number // after 112, in this order
	Worth             Worth
	Bundles           []int // megabytes, in this order
	Operators         []Operator
	Countries         []string // ISO 3166-1, two capitals; in this order
	// MaxAge is the age at which a check expires; 0: never.
	MaxAge time.Duration
}

// Number is a telephone number.
type Number struct {
	Number  string            // as it is dialled
	Picture string            // one of Pictures
	Name    map[string]string // by BCP 47 language tag; "en" is always there
	Checked time.Time         // midnight UTC of the day
}

// Pictures are those that a Number may have.
var Pictures = []string{"emergency", "health", "home", "sea", "child", "women", "legal", "van"}

// Worth is what so many megabytes are worth: minutes of video, or minutes of a call over
// the internet.
type Worth struct {
	Megabytes, Video, Call int
	Checked                time.Time // midnight UTC of the day
}

// Of is the minutes that a bundle is worth, rounded down; from a hundred on to tens.
func (w Worth) Of(megabytes int) (video, call int) {
	if w.Megabytes < 1 {
		return 0, 0
	}
	minutes := func(n int) int {
		m := n * megabytes / w.Megabytes
		if m >= 100 {
			m -= m % 10
		}
		return m
	}
	return minutes(w.Video), minutes(w.Call)
}

// Operator sells SIM cards.
type Operator struct {
	Name    string
	Calls   map[string]bool // by country: whether it can be called; absent where that is not known
	Checked time.Time       // midnight UTC of the day
}

// At is the board as it may be shown on a day. A number whose check has expired is left
// out: it may be somebody else's by then. Of an operator whose check has expired no
// country is known; an expired worth is zero.
func (b Board) At(day time.Time) Board {
	y, m, d := day.Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	holds := func(checked time.Time) bool { return b.MaxAge == 0 || today.Sub(checked) <= b.MaxAge }
	at := b
	at.Numbers, at.Operators = nil, nil
	for _, n := range b.Numbers {
		if holds(n.Checked) {
			at.Numbers = append(at.Numbers, n)
		}
	}
	for _, o := range b.Operators {
		if !holds(o.Checked) {
			o.Calls = nil
		}
		at.Operators = append(at.Operators, o)
	}
	if !holds(b.Worth.Checked) {
		at.Worth = Worth{}
	}
	return at
}

// The size of the grid of operators and countries on one page.
const (
	gridOperators = 3
	gridCountries = 5
)

// help are the pages of Help in one set: the numbers, 112 first, spread evenly over as
// many pages as they need, then the QR codes, if there are any. Each page's Board is
// what it shows.
func (o Options) help(p Page, b Board) []Page {
	var boards []Board
	capacity, numbers := o.capacity(p.Languages), b.Numbers
	pages := (len(numbers) + 1 + capacity - 1) / capacity
	even := (len(numbers) + 1 + pages - 1) / pages
	for first := true; first || len(numbers) > 0; first = false {
		n := even
		if first {
			n-- // 112
		}
		n = min(n, len(numbers))
		boards = append(boards, Board{Numbers: numbers[:n]})
		numbers = numbers[n:]
	}
	if b.Phone != "" || b.Guide != "" || b.Map != "" {
		boards = append(boards, Board{Phone: b.Phone, Guide: b.Guide, Map: b.Map})
	}
	return parts(p, boards)
}

// sim are the pages of SIM in one set: the bundles, on as many pages as they need, then
// the grid of operators and countries.
func (o Options) sim(p Page, b Board) []Page {
	var boards []Board
	capacity := o.capacity(p.Languages)
	for i := 0; i < len(b.Bundles); i += capacity {
		boards = append(boards, Board{Worth: b.Worth, Bundles: b.Bundles[i:min(i+capacity, len(b.Bundles))]})
	}
	for i := 0; i < len(b.Operators); i += gridOperators {
		for j := 0; j < len(b.Countries); j += gridCountries {
			boards = append(boards, Board{
				Operators: b.Operators[i:min(i+gridOperators, len(b.Operators))],
				Countries: b.Countries[j:min(j+gridCountries, len(b.Countries))],
			})
		}
	}
	if len(boards) == 0 {
		boards = []Board{{}}
	}
	return parts(p, boards)
}

// parts makes a page of each board.
func parts(p Page, boards []Board) []Page {
	pages := make([]Page, len(boards))
	for i, b := range boards {
		p.Board, p.Part, p.Parts = b, i+1, len(boards)
		pages[i] = p
	}
	return pages
}
