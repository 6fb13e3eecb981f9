// Package translator makes the workbook that a translator writes into, and reads it back: for
// people with a spreadsheet's program and nothing else.
//
// Out: a guide and a language, as .xlsx. In: the cells of such a workbook, as
// timetable/source/workbook reads them, and the guide as it is now; the texts that the
// guide takes over, or every mistake with its cell.
package translator

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"infobus/guide"
	"infobus/kiosk/locales"
)

const (
	sheetName = "Guide"
	helpName  = "How"
)

// The columns. Those of a source and of a translation have the language behind them.
const (
	columnID       = "id"
	columnSource   = "source"
	columnLast     = "last"
	columnChanged  = "changed"
	columnText     = "translation"
	columnReviewed = "reviewed, yes or no"
	columnWording  = "wording"
)

// headers are the first row of a language's sheet.
func headers(source, lang string) []string {
	return []string{columnID, columnSource + ": " + source, columnLast + ": " + lang, columnChanged, columnText + ": " + lang, columnReviewed, columnWording}
}

var help = []string{
	"Write your translation into the column \"translation\". Leave the other columns as they are.",
	"What stands in { } is filled in by the box: copy it as it is, each once or more, to where it belongs in your sentence.",
	"**Two stars** make letters bold. A line that begins with - and a blank is an entry of a list.",
	"Write numbers as words: hours and telephone numbers come from the timetable and the board.",
	"Where a text was translated before, \"changed\" says what is different now: [-taken out-] [+put in+]. Leave \"translation\" empty to keep the last one.",
	"\"reviewed\": yes, if somebody who reads the language every day has read the text and agrees to it. No names, please.",
	"",
	"Écrivez la traduction dans la colonne « translation ». Laissez les autres colonnes comme elles sont.",
	"Ce qui est entre { } est rempli par le boîtier : recopiez-le tel quel, là où il va dans votre phrase.",
	"**Deux étoiles** mettent en gras. Une ligne qui commence par - et un blanc est un élément d'une liste.",
	"Écrivez les nombres en lettres : les heures et les numéros de téléphone viennent de l'horaire et du tableau.",
	"Pour un texte déjà traduit, « changed » dit ce qui a changé : [-retiré-] [+ajouté+]. Laissez « translation » vide pour garder l'ancienne traduction.",
	"« reviewed » : yes, si une personne qui lit la langue tous les jours a lu le texte et l'approuve. Pas de noms.",
}

// Write makes a translator's workbook for a language.
func Write(g guide.Guide, lang string) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	w := writer{File: f}
	w.do(f.SetSheetName("Sheet1", sheetName))
	rtl := locales.Get(lang).RTL
	head := w.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDDDDD"}}})
	plain := w.style(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	own := &excelize.Alignment{WrapText: true, Vertical: "top"}
	if rtl {
		own.ReadingOrder = 2
	}
	last := w.style(&excelize.Style{Alignment: own})
	// A text, whatever it begins with, and not what a program takes for a sum or a day.
	write := w.style(&excelize.Style{Alignment: own, NumFmt: 49, Protection: &excelize.Protection{Locked: false}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFF8D8"}}})
	for i, name := range headers(g.Source, lang) {
		w.text(i+1, 1, name, head)
	}
	row := 1
	for _, p := range g.Pairs(lang) {
		row++
		w.text(1, row, p.Source.ID, plain)
		w.text(2, row, guide.Markdown(p.Source.Items), plain)
		if p.Own != nil {
			w.text(3, row, guide.Markdown(p.Own.Items), last)
		} else {
			w.text(3, row, "", last)
		}
		w.changed(row, p, plain)
		w.text(5, row, "", write)
		w.text(6, row, reviewed(p), write)
		w.text(7, row, guide.Hash(p.Source.Items), plain)
	}
	for column, width := range map[string]float64{"A": 18, "B": 50, "C": 40, "D": 40, "E": 50, "F": 12, "G": 10} {
		w.do(f.SetColWidth(sheetName, column, column, width))
	}
	w.do(f.SetPanes(sheetName, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	yesNo := excelize.NewDataValidation(true)
	yesNo.SetSqref(fmt.Sprintf("F2:F%d", row))
	w.do(yesNo.SetDropList([]string{"yes", "no"}))
	w.do(f.AddDataValidation(sheetName, yesNo))
	w.do(f.ProtectSheet(sheetName, &excelize.SheetProtectionOptions{SelectLockedCells: true, SelectUnlockedCells: true, FormatCells: true, FormatColumns: true, FormatRows: true}))
	_, err := f.NewSheet(helpName)
	w.do(err)
	w.do(f.SetColWidth(helpName, "A", "A", 120))
	for i, line := range help {
		w.do(f.SetCellStr(helpName, fmt.Sprintf("A%d", i+1), line))
		w.do(f.SetCellStyle(helpName, fmt.Sprintf("A%d", i+1), fmt.Sprintf("A%d", i+1), plain))
	}
	var b bytes.Buffer
	w.do(f.Write(&b))
	return b.Bytes(), w.err
}

// reviewed is what the last translation says, for what is still one of this wording.
func reviewed(p guide.Pair) string {
	switch p.State {
	case guide.OK:
		return "yes"
	case guide.Unreviewed:
		return "no"
	}
	return ""
}

// writer keeps the first error.
type writer struct {
	*excelize.File
	err error
}

func (w *writer) do(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) style(s *excelize.Style) int {
	n, err := w.NewStyle(s)
	w.do(err)
	return n
}

func (w *writer) text(column, row int, text string, style int) {
	at := cell(column, row)
	if text != "" {
		w.do(w.SetCellStr(sheetName, at, text))
	}
	w.do(w.SetCellStyle(sheetName, at, at, style))
}

// changed says what is different since the last translation.
func (w *writer) changed(row int, p guide.Pair, style int) {
	at := cell(4, row)
	w.do(w.SetCellStyle(sheetName, at, at, style))
	switch {
	case p.State == guide.Missing:
		w.do(w.SetCellStr(sheetName, at, "new"))
	case p.State != guide.Stale:
	case p.Own.Wording == "":
		w.do(w.SetCellStr(sheetName, at, "changed, or of a wording that is not known"))
	default:
		var runs []excelize.RichTextRun
		for _, d := range diff(p.Own.Wording, guide.Markdown(p.Source.Items)) {
			run := excelize.RichTextRun{Text: d.text}
			switch d.kind {
			case '-':
				run.Text, run.Font = "[-"+d.text+"-]", &excelize.Font{Strike: true, Color: "A00000"}
			case '+':
				run.Text, run.Font = "[+"+d.text+"+]", &excelize.Font{Bold: true, Color: "006000"}
			}
			runs = append(runs, run)
		}
		w.do(w.SetCellRichText(sheetName, at, runs))
	}
}

// cell is the name of a cell, from its column and row.
func cell(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		return "?"
	}
	return name
}

// piece is some words of both texts, or of one: kind is a blank, - for the older or +
// for the newer.
type piece struct {
	kind rune
	text string
}

// diff says by words what is different in the newer of two texts.
func diff(older, newer string) (list []piece) {
	a, b := splitWords(older), splitWords(newer)
	// common[i][j] is how many words a[i:] and b[j:] have in common, in order.
	common := make([][]int16, len(a)+1)
	for i := range common {
		common[i] = make([]int16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	add := func(kind rune, word string) {
		if n := len(list) - 1; n >= 0 && list[n].kind == kind {
			list[n].text += word
		} else {
			list = append(list, piece{kind, word})
		}
	}
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			add(' ', a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			add('-', a[i])
			i++
		default:
			add('+', b[j])
			j++
		}
	}
	return list
}

// splitWords are a text's words, each with the blanks or line break behind it.
func splitWords(s string) []string {
	return strings.FieldsFunc(strings.NewReplacer(" ", " \x00", "\n", "\n\x00").Replace(s), func(c rune) bool { return c == 0 })
}
