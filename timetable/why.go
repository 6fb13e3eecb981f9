package timetable

import (
	"strconv"

	"infobus/words"
)

// Why is the reason for a row's state: a code, and what its sentence is about. The
// zero Why is none.
type Why struct {
	Code string // words has its sentence, at "why."
	Days int    // ago
	Most int    // days that a check counts
	Line int    // of a file
	By   string // who checked
	On   string // a date, YYYY-MM-DD
	For  string // as the timetable says it
}

// because is a Why that its code says whole.
func because(code string) Why { return Why{Code: code} }

// Text is the reason, to be said in a language.
func (w Why) Text() words.Text {
	if w.Code == "" {
		return words.Text{}
	}
	return words.T("why."+w.Code, "N", w.Days, "Limit", w.Most, "Line", strconv.Itoa(w.Line), "By", w.By, "Date", w.On, "Reason", w.For)
}

// String is the reason in English, for programs and logs.
func (w Why) String() string { return words.In().Text(w.Text()) }
