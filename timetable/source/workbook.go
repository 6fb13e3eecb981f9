package source

import (
	"fmt"
	"slices"
	"strings"

	"infobus/timetable"
)

// How the files of workbooks begin: .xlsx is a ZIP archive; .xls and what is
// locked with a password is a compound file.
const (
	zipped   = "PK\x03\x04"
	compound = "\xd0\xcf\x11\xe0"
)

// What a workbook may hold at most.
const (
	MaxSheets     = 20
	MaxRows       = maxRows // of a sheet, that have something in them
	MaxSheetCells = maxRows * 30
	// MaxRow is the last row in which something may stand.
	MaxRow = 20000
)

// Sheet is one sheet of a workbook. Rows and columns count from 1.
type Sheet struct {
	Name   string
	Hidden bool
	Cells  []Cell // those with something in them, by rows and columns
	Merged []Area
	Unseen []int // rows that are hidden and have something in them
}

// Cell is what stands in one cell. A date is written 2026-11-20, a time 09:30:00;
// a formula whose value was not saved as it is, with its =; anything else as it
// is shown.
type Cell struct {
	Row, Column int
	Text        string
}

// Area is a rectangle of cells, from its first to its last.
type Area struct{ Row, Column, LastRow, LastColumn int }

// part is a sheet of a workbook, as a file of its own.
type part struct {
	file int // the workbook's number
	name string
}

// address is a cell as spreadsheets name it, such as Sheet1!C5.
func (p part) address(row, column int) string {
	letters := ""
	for ; column > 0; column = (column - 1) / 26 {
		letters = string(rune('A'+(column-1)%26)) + letters
	}
	return fmt.Sprintf("%s!%s%d", p.name, letters, row)
}

// workbook reads the sheets that are a table, each as a CSV file is read. What is
// hidden or has no columns' names is set aside, and said.
func (b *book) workbook(n int, data []byte) {
	refuse := func(what string) {
		b.add(spot{n, 1, 1}, what)
		b.unread(n, timetable.Unread{})
	}
	switch {
	case strings.HasPrefix(string(data[:min(len(data), 4)]), compound):
		refuse("an .xls file, or a workbook with a password; save it as .xlsx, without one")
		return
	case b.Workbook == nil:
		refuse("workbooks are not read here; export it as CSV in UTF-8")
		return
	}
	sheets, err := b.Workbook(data)
	if err != nil {
		refuse(err.Error())
		return
	}
	tables := 0
	for i, sh := range sheets {
		// The name of a sheet that is not read may be of a person.
		number := part{n, fmt.Sprintf("sheet %d", i+1)}
		k := len(b.files)
		b.files = append(b.files, b.files[n])
		if b.sheets == nil {
			b.sheets = map[int]part{}
		}
		b.sheets[k] = part{n, shorten(sh.Name)}
		if len(sh.Cells) == 0 {
			continue
		}
		if sh.Hidden {
			b.sheets[k] = number
			b.warn(spot{k, 1, 1}, 0, "the sheet is hidden, and is not read")
			continue
		}
		if b.checkedOn == 0 {
			b.checkedOn = b.checkedIn(k, sh)
		}
		if b.table(k, sh) {
			tables++
		} else {
			b.sheets[k] = number
		}
	}
	if tables == 0 {
		refuse("no sheet found that is a table and not hidden; a first row with the columns' names was expected: " + strings.Join(columnNames, ", "))
	}
}

// checkedIn is the day in the cell that the source names; 0 for none.
func (b *book) checkedIn(k int, sh Sheet) timetable.Date {
	for _, c := range sh.Cells {
		if at := (part{}).address(c.Row, c.Column); at == "!"+b.Checked {
			return b.checkedDay(spot{k, c.Row, c.Column}, c.Text)
		}
	}
	return 0
}

// checkedDay is the day that the source's cell says; 0 where it is empty, or says none.
func (b *book) checkedDay(at spot, text string) timetable.Date {
	text = cell(text)
	if text == "" {
		return 0
	}
	day, err := sheetDate(text)
	if err != nil {
		b.add(at, fmt.Sprintf("checked: %q found: %v", shorten(text), err))
	}
	return day
}

// maxTitle is how many rows may stand above the columns' names.
const maxTitle = 10

// wide is how many cells a row has that may be of a table.
const wide = 4

// table reads one sheet; false where it is none. Cells that are merged say the
// same in each of their rows.
func (b *book) table(k int, sh Sheet) bool {
	cells := slices.Clone(sh.Cells)
	for _, m := range sh.Merged {
		i := slices.IndexFunc(cells, func(c Cell) bool { return c.Row == m.Row && c.Column == m.Column })
		for row := m.Row + 1; i >= 0 && row <= min(m.LastRow, m.Row+maxRows) && len(cells) < 2*MaxSheetCells; row++ {
			cells = append(cells, Cell{Row: row, Column: m.Column, Text: cells[i].Text})
		}
	}
	slices.SortStableFunc(cells, func(x, y Cell) int {
		if x.Row != y.Row {
			return x.Row - y.Row
		}
		return x.Column - y.Column
	})
	type line struct {
		row    int
		record []string
	}
	var lines []line
	widest := 0
	for _, c := range cells {
		if len(lines) == 0 || lines[len(lines)-1].row != c.Row {
			lines = append(lines, line{row: c.Row})
		}
		if c.Column > maxColumns {
			b.add(spot{k, c.Row, c.Column}, fmt.Sprintf("column %d found, at most %d were expected", c.Column, maxColumns))
			b.unread(k, timetable.Unread{})
			return true
		}
		l := &lines[len(lines)-1]
		for len(l.record) < c.Column {
			l.record = append(l.record, "")
		}
		l.record[c.Column-1] = c.Text
	}
	head := -1
	for i, l := range lines {
		if n := namesColumns(l.record); n >= 2 && head < 0 && i <= maxTitle {
			head = i
		}
		full := 0
		for _, v := range l.record {
			if cell(v) != "" {
				full++
			}
		}
		widest = max(widest, full)
	}
	first := spot{k, lines[0].row, 1}
	switch {
	case head < 0 && widest < wide:
		b.warn(first, 0, "no columns' names found: the sheet is taken for notes, and is not read")
		return false
	case head < 0:
		b.add(first, "a table without the columns' names; they were expected in its first row, or the sheet hidden if it is no timetable: "+strings.Join(columnNames, ", "))
		b.unread(k, timetable.Unread{})
		return true
	case head > 0:
		b.warn(first, 0, fmt.Sprintf("what stands above the columns' names, in row %d, is not read", lines[head].row))
	}
	if len(sh.Unseen) > 0 {
		b.warn(spot{k, sh.Unseen[0], 1}, 0, fmt.Sprintf("hidden rows, %d of them, are read like the others", len(sh.Unseen)))
	}
	s := &sheet{book: b, n: k, firm: true}
	for _, l := range lines[head:] {
		for s.header != nil && len(l.record) < len(s.header) {
			l.record = append(l.record, "")
		}
		if !s.take(l.record, func(i int) spot { return spot{k, l.row, i + 1} }) {
			break
		}
	}
	s.finish()
	return true
}

// namesColumns is how many of a row's cells name a column.
func namesColumns(record []string) (n int) {
	for _, name := range record {
		if _, _, ok := column(cell(name)); ok {
			n++
		}
	}
	return n
}
