// Package workbook has a program of its own read .xlsx files, so that neither
// the library for them nor what a file makes of memory and time is the caller's.
//
// In: a file's bytes, handed to the program's standard input. Out: the sheets
// that the program writes to its standard output, a JSON object a line. The
// program bounds itself (excel.Serve); here its time and its output are bounded.
package workbook

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"infobus/timetable/source"
)

// Command is the argument with which the program reads a workbook.
const Command = "read-workbook"

const (
	// Patience is how long the program may take: some 0.1 s on a desk, ten times
	// that on a small board, and the largest that is read ten times again.
	Patience = 30 * time.Second
	// maxOutput is how much it may say, in bytes.
	maxOutput = 8 << 20
	maxLine   = 200 << 10
)

// Line is one line of what the program says. Of the fields but Sheet one is set;
// the last line has End or Wrong.
type Line struct {
	Sheet  int     `json:"sheet,omitempty"` // its number, from 1
	Name   *string `json:"name,omitempty"`  // it begins
	Hidden bool    `json:"hidden,omitempty"`
	Cell   *[2]int `json:"cell,omitempty"` // row and column
	Text   string  `json:"text,omitempty"`
	Merged *[4]int `json:"merged,omitempty"` // first row and column, last row and column
	Unseen int     `json:"unseen,omitempty"` // a hidden row
	End    bool    `json:"end,omitempty"`
	Wrong  string  `json:"wrong,omitempty"` // why the file cannot be read, for whoever made it
}

var errTooMuch = errors.New("the workbook holds more than is read")

// Decode reads what the program said.
func Decode(r io.Reader) ([]source.Sheet, error) {
	lines := bufio.NewScanner(io.LimitReader(r, maxOutput))
	lines.Buffer(nil, maxLine)
	var sheets []source.Sheet
	cells := 0
	for lines.Scan() {
		var l Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, errTorn // in the middle of a line
		}
		switch {
		case l.Wrong != "":
			return nil, errors.New(l.Wrong)
		case l.End:
			return sheets, nil
		case l.Name != nil:
			if len(sheets) == source.MaxSheets || l.Sheet != len(sheets)+1 {
				return nil, errTooMuch
			}
			sheets = append(sheets, source.Sheet{Name: *l.Name, Hidden: l.Hidden})
			continue
		case l.Sheet != len(sheets) || l.Sheet == 0:
			return nil, errors.New("what was read of the workbook is in disorder")
		}
		sheet := &sheets[l.Sheet-1]
		if cells++; cells > source.MaxSheetCells {
			return nil, errTooMuch
		}
		within := func(row, column int) bool {
			return row >= 1 && row <= source.MaxRow && column >= 1 && column <= 16384
		}
		switch c, m := l.Cell, l.Merged; {
		case c != nil && within(c[0], c[1]):
			sheet.Cells = append(sheet.Cells, source.Cell{Row: c[0], Column: c[1], Text: l.Text})
		case m != nil && within(m[0], m[1]) && m[2] >= m[0] && m[3] >= m[1]:
			sheet.Merged = append(sheet.Merged, source.Area{Row: m[0], Column: m[1], LastRow: m[2], LastColumn: m[3]})
		case l.Unseen > 0:
			sheet.Unseen = append(sheet.Unseen, l.Unseen)
		default:
			return nil, errors.New("what was read of the workbook is no cell of it")
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, errTooMuch
	}
	return nil, errTorn
}

// errTorn says that the program ended before its end.
var errTorn = errors.New("the workbook could not be read to its end")

// Reader is what source.Options.Workbook takes, with the program at that path.
func Reader(program string) func([]byte) ([]source.Sheet, error) {
	return func(data []byte) ([]source.Sheet, error) { return read(program, data) }
}

func read(program string, data []byte) ([]source.Sheet, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	c := exec.CommandContext(ctx, program, Command)
	c.Env = Environment
	c.Dir = "/"
	c.Stdin = bytes.NewReader(data)
	c.WaitDelay = time.Second
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("workbooks cannot be read here (%w); export it as CSV in UTF-8", err)
	}
	sheets, err := Decode(out)
	out.Close() // should it still say anything, that ends it
	ended := c.Wait()
	switch {
	case errors.Is(err, errTorn) && ctx.Err() != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return nil, fmt.Errorf("the workbook takes longer to read than %s; save only the timetable in it, or export it as CSV in UTF-8", Patience)
	case errors.Is(err, errTorn):
		return nil, fmt.Errorf("the workbook needs more memory than there is for it, or cannot be read (%v); save only the timetable in it, or export it as CSV in UTF-8", state(c, ended))
	}
	return sheets, err
}

// state is how the program ended, in a word.
func state(c *exec.Cmd, err error) string {
	if c.ProcessState != nil {
		return c.ProcessState.String()
	}
	return err.Error()
}

// Environment is all that the program is told: one thread of Go at a time, and
// to collect before it comes to its bound.
var Environment = []string{"GOMAXPROCS=1", "GOMEMLIMIT=48MiB", "GOTRACEBACK=none"}

// Program is the path of infobus: this program, if it is that, the one beside it,
// or the one on the path.
func Program() string {
	const name = "infobus"
	self, err := os.Executable()
	if err == nil {
		if filepath.Base(self) == name {
			return self
		}
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside
		}
	}
	if found, err := exec.LookPath(name); err == nil {
		return found
	}
	return name
}
