// Package excel reads .xlsx workbooks in a program of its own, for
// timetable/source/workbook, which starts it.
//
// In: a workbook on the standard input. Out: its cells on the standard output, a
// workbook.Line each, dates and times as the cell's number format has them. It
// opens no file and no connection, and takes no more memory and time than its
// own bounds.
package excel

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
	"github.com/xuri/nfp"
	"golang.org/x/sys/unix"

	"infobus/timetable/source"
	"infobus/timetable/source/workbook"
	"infobus/yamlfile"
)

// What a workbook may hold at most, beside what source says.
const (
	maxUnzipped = 16 << 20 // bytes, of all its parts
	maxParts    = 300      // files in the archive
	maxMerged   = 2000     // a sheet
	maxAbove    = 12       // rows above those of the table
	maxCell     = 8000     // bytes of one cell's text: a paragraph of the guide in any script
)

// Bounds of the process: its private memory and the processor's time.
const (
	maxMemory  = 224 << 20 // bytes that may be mapped: three steps of 64 MB by which the heap grows, and what else there is
	maxSeconds = 25
)

// Serve reads the workbook on in, and writes its cells to out. The process is
// bound first: it can neither take more memory nor open anything any more.
func Serve(in io.Reader, out io.Writer) error {
	if err := confine(); err != nil {
		return fmt.Errorf("bound the reader of workbooks: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(in, yamlfile.MaxSize+1))
	if err != nil {
		return fmt.Errorf("read the workbook: %w", err)
	}
	w := bufio.NewWriter(out)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	last := workbook.Line{End: true}
	if err := read(data, func(l workbook.Line) error { return lines.Encode(l) }); err != nil {
		last = workbook.Line{Wrong: err.Error()}
	}
	lines.Encode(last)
	return w.Flush()
}

// confine bounds this process for good.
func confine() error {
	// Should memory run out all the same, it is this process that ends.
	os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	for _, l := range []struct {
		what int
		most uint64
	}{
		{unix.RLIMIT_DATA, maxMemory},
		{unix.RLIMIT_CPU, maxSeconds},
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_NOFILE, 3}, // what is open stays so; there is no file and no socket more
	} {
		if err := unix.Setrlimit(l.what, &unix.Rlimit{Cur: l.most, Max: l.most}); err != nil {
			return err
		}
	}
	return nil
}

var (
	errNone   = errors.New("it is no .xlsx workbook that can be read; save it again as .xlsx, or export it as CSV in UTF-8")
	errBeyond = fmt.Errorf("the workbook unpacks to more than the %d MB that are read; save only the timetable in it, or export it as CSV in UTF-8", maxUnzipped>>20)
)

// read gives the cells of a workbook. Its error is for whoever made it.
func read(data []byte, emit func(workbook.Line) error) (err error) {
	defer func() {
		if recover() != nil {
			err = errNone
		}
	}()
	if err := look(data); err != nil {
		return err
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped, RawCellValue: true})
	if err != nil {
		return errNone
	}
	defer f.Close()
	formulas := trim(f)
	b := &book{File: f, emit: emit, formats: map[int]format{}, formulas: formulas}
	if props, err := f.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		b.from1904 = *props.Date1904
	}
	names := f.GetSheetList()
	if len(names) > source.MaxSheets {
		return fmt.Errorf("%d sheets found, at most %d were expected", len(names), source.MaxSheets)
	}
	for i, name := range names {
		if err := b.sheet(i+1, name); err != nil {
			return err
		}
	}
	return nil
}

// look judges the archive before anything of it is unpacked. What its parts say
// of their size is held against them while they are unpacked.
func look(data []byte) error {
	if len(data) > yamlfile.MaxSize {
		return fmt.Errorf("the file has more than the %d bytes that are read", yamlfile.MaxSize)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return errNone
	}
	if len(z.File) > maxParts {
		return fmt.Errorf("%d parts found in the workbook, at most %d were expected", len(z.File), maxParts)
	}
	var all uint64
	for _, part := range z.File {
		if all += part.UncompressedSize64; part.UncompressedSize64 > maxUnzipped || all > maxUnzipped {
			return errBeyond
		}
	}
	return nil
}

// trim takes the rows without anything in them out of the sheets, as which
// programs write formats that go down to the last row; formulas says that any
// cell has one.
func trim(f *excelize.File) (formulas bool) {
	f.Pkg.Range(func(name, content any) bool {
		text, ok := content.([]byte)
		if path, is := name.(string); !ok || !is || !strings.HasPrefix(path, "xl/worksheets/") {
			return true
		}
		formulas = formulas || bytes.Contains(text, []byte("<f"))
		f.Pkg.Store(name, trimmed(text)) // but for rows that only their order numbers
		return true
	})
	return formulas
}

func trimmed(text []byte) []byte {
	kept := make([]byte, 0, len(text))
	for {
		i := bytes.Index(text, []byte("<row "))
		if i < 0 {
			return append(kept, text...)
		}
		kept, text = append(kept, text[:i]...), text[i:]
		end := bytes.IndexByte(text, '>') + 1
		if end == 0 {
			return append(kept, text...)
		}
		if text[end-2] != '/' {
			n := bytes.Index(text, []byte("</row>"))
			if n < 0 {
				return append(kept, text...)
			}
			end = n + len("</row>")
		}
		if row := text[:end]; !bytes.Contains(row[:bytes.IndexByte(row, '>')], []byte(" r=")) || bytes.Contains(row, []byte("<v")) || bytes.Contains(row, []byte("<is")) || bytes.Contains(row, []byte("<f")) {
			kept = append(kept, row...)
		}
		text = text[end:]
	}
}

// book is a workbook in reading.
type book struct {
	*excelize.File
	emit     func(workbook.Line) error
	from1904 bool
	formulas bool
	formats  map[int]format // by style
	cells    int
}

// sheet gives one sheet. One that is no worksheet, such as a chart, has no cells.
func (b *book) sheet(n int, name string) error {
	visible, err := b.GetSheetVisible(name)
	if err != nil {
		return errNone
	}
	if err := b.emit(workbook.Line{Sheet: n, Name: &name, Hidden: !visible}); err != nil {
		return err
	}
	rows, err := b.values(name)
	if err != nil {
		return err
	}
	for _, r := range rows {
		for i, raw := range r.cells {
			text, err := b.cell(name, r.number, i+1, raw)
			if err != nil {
				return err
			}
			if text == "" {
				continue
			}
			if len(text) > maxCell {
				text = text[:maxCell] // too long for any column
			}
			if b.cells++; b.cells > source.MaxSheetCells {
				return fmt.Errorf("more than %d cells with something in them found, at most so many were expected", source.MaxSheetCells)
			}
			if err := b.emit(workbook.Line{Sheet: n, Cell: &[2]int{r.number, i + 1}, Text: strings.ToValidUTF8(text, "\ufffd")}); err != nil {
				return err
			}
		}
		if r.hidden {
			if err := b.emit(workbook.Line{Sheet: n, Unseen: r.number}); err != nil {
				return err
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	merged, err := b.GetMergeCells(name, true)
	if err != nil || len(merged) > maxMerged {
		return fmt.Errorf("sheet %q: more than %d merged cells found, or such as overlap", name, maxMerged)
	}
	for _, m := range merged {
		column, row, err := excelize.CellNameToCoordinates(m.GetStartAxis())
		lastColumn, lastRow, err2 := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err != nil || err2 != nil || row > source.MaxRow || lastRow < row || lastColumn < column {
			continue
		}
		if err := b.emit(workbook.Line{Sheet: n, Merged: &[4]int{row, column, lastRow, lastColumn}}); err != nil {
			return err
		}
	}
	return nil
}

type row struct {
	number int
	hidden bool
	cells  []string // as the file has them
}

// values are the rows with something in them, without their formats. It holds
// the sheet against its bounds before the whole of it is laid out in memory.
func (b *book) values(name string) (list []row, err error) {
	rows, err := b.Rows(name)
	if err != nil {
		return nil, nil // a chart
	}
	defer rows.Close()
	most, n := 0, 0
	for number := 1; rows.Next(); number++ {
		if number > excelize.TotalRows {
			break
		}
		cells, err := rows.Columns()
		if err != nil {
			return nil, errNone
		}
		if len(cells) == 0 {
			continue
		}
		if number > source.MaxRow {
			return nil, fmt.Errorf("sheet %q: something found in row %d, at most %d rows were expected", name, number, source.MaxRow)
		}
		if len(cells) > 200 {
			return nil, fmt.Errorf("sheet %q: something found in column %d of row %d, at most 200 were expected", name, len(cells), number)
		}
		if most, n = max(most, number), n+len(cells); n > 2*source.MaxSheetCells {
			return nil, fmt.Errorf("sheet %q: more than %d cells found, at most so many were expected", name, n)
		}
		if len(list) == source.MaxRows+maxAbove {
			return nil, fmt.Errorf("sheet %q: more than %d rows found, at most so many were expected", name, source.MaxRows)
		}
		list = append(list, row{number, rows.GetRowOpts().Hidden, cells})
	}
	if rows.Error() != nil {
		return nil, errNone
	}
	return list, nil
}

// cell is what a cell shows, as source.Cell has it.
func (b *book) cell(sheet string, row, column int, raw string) (string, error) {
	if raw == "" && !b.formulas {
		return "", nil
	}
	at, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		return "", errNone
	}
	if raw == "" {
		formula, err := b.GetCellFormula(sheet, at)
		if formula == "" || err != nil {
			return "", nil
		}
		if kind, err := b.GetCellType(sheet, at); err == nil && kind == excelize.CellTypeFormula {
			return "", nil // its value is a text without a letter
		}
		return "=" + strings.TrimPrefix(formula, "="), nil
	}
	value, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsInf(value, 0) || math.IsNaN(value) {
		return raw, nil
	}
	switch kind, err := b.GetCellType(sheet, at); {
	case err != nil:
		return "", errNone
	case kind == excelize.CellTypeBool:
		return map[bool]string{true: "TRUE", false: "FALSE"}[value != 0], nil
	case kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber:
		return raw, nil // a text of digits
	}
	style, err := b.GetCellStyle(sheet, at)
	if err != nil {
		return "", errNone
	}
	return b.format(style).show(value, b.from1904), nil
}

// format is what a number is shown as.
type format struct {
	date, time bool
	elapsed    bool // hours that go on after 24
}

func (b *book) format(style int) format {
	if f, ok := b.formats[style]; ok {
		return f
	}
	var f format
	if s, err := b.GetStyle(style); err == nil {
		f = formatOf(s.NumFmt, s.CustomNumFmt)
	}
	b.formats[style] = f
	return f
}

// formatOf tells dates and times by a number format: by its number, those of ECMA-376
// (18.8.30) that every program has built in, or by what is written in it.
func formatOf(number int, custom *string) (f format) {
	if custom == nil {
		switch {
		case number >= 14 && number <= 17, number >= 27 && number <= 31, number == 36, number >= 50 && number <= 54, number == 57, number == 58:
			return format{date: true}
		case number >= 18 && number <= 21, number >= 32 && number <= 35, number == 45, number == 47, number == 55, number == 56:
			return format{time: true}
		case number == 22:
			return format{date: true, time: true}
		case number == 46:
			return format{time: true, elapsed: true}
		}
		return format{}
	}
	parser := nfp.NumberFormatParser()
	sections := parser.Parse(*custom)
	if len(sections) == 0 {
		return format{}
	}
	months := false
	for _, item := range sections[0].Items {
		switch letters := strings.ToLower(item.TValue); item.TType {
		case nfp.TokenTypeElapsedDateTimes:
			f.time, f.elapsed = true, true
		case nfp.TokenTypeDateTimes:
			switch {
			case letters == "":
			case letters[0] == 'y', letters[0] == 'd', letters[0] == 'e', letters[0] == 'g', letters[0] == 'b':
				f.date = true
			case letters[0] == 'm':
				months = true
			default: // h, s, AM/PM
				f.time = true
			}
		}
	}
	if months && !f.time {
		f.date = true
	}
	return f
}

// show writes a number as its format has it, without what is a matter of taste.
func (f format) show(value float64, from1904 bool) string {
	seconds := int64(math.Round((value - math.Floor(value)) * 86400))
	clock := func(hours int64) string {
		return fmt.Sprintf("%02d:%02d:%02d", hours, seconds/60%60, seconds%60)
	}
	if !f.date && !f.time || value < 0 || value > 2958465.99 { // the last day of 9999
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	days := int64(math.Floor(value))
	if seconds == 86400 {
		days, seconds = days+1, 0
	}
	if f.elapsed {
		return clock(days*24 + seconds/3600)
	}
	if !f.date {
		return clock(seconds / 3600)
	}
	day, err := excelize.ExcelDateToTime(float64(days), from1904)
	if err != nil {
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	text := day.Format(time.DateOnly)
	if f.time {
		text += " " + clock(seconds/3600)
	}
	return text
}
