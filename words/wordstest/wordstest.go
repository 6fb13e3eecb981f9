// Package wordstest shows that what volunteers read comes from words: in a
// made-up third language every sentence stands in brackets, and so a sentence
// outside of them was made elsewhere.
package wordstest

import (
	"embed"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/html"

	"infobus/words"
)

//go:embed testdata/eo.yaml
var files embed.FS

// Tag is the made-up language's.
const Tag = "eo"

// Book is the shipped languages and the made-up one.
var Book = sync.OnceValue(func() *words.Book {
	dir, err := fs.Sub(files, "testdata")
	if err != nil {
		panic(err)
	}
	b, err := words.With(dir)
	if err != nil {
		panic(err)
	}
	return b
})

// MadeUp is a file of words in which every sentence is in brackets: what is put
// into a sentence stands outside of them.
func MadeUp(english string) string {
	var b strings.Builder
	for line := range strings.Lines(english) {
		key, quoted, ok := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		switch {
		case strings.HasPrefix(line, "#"):
		case key == "language.name":
			b.WriteString("language.name: Brackets\n")
		case !ok || len(quoted) < 2:
			b.WriteString(line)
		default:
			quote, said := quoted[:1], quoted[1:len(quoted)-1]
			said = "⟦" + placeholder.ReplaceAllString(said, "⟧$0⟦") + "⟧"
			b.WriteString(key + ": " + quote + strings.ReplaceAll(said, "⟦⟧", "") + quote + "\n")
		}
	}
	return b.String()
}

var (
	placeholder = regexp.MustCompile(`{{[^}]*}}`)
	bracketed   = regexp.MustCompile(`⟦[^⟦⟧]*⟧`)
	// row is three words and more, with the numbers and commas between them.
	row = regexp.MustCompile(`\p{L}[\p{L}\p{M}’'/-]*(?:,?[ \x{a0}]+(?:\d[\d.,:]*[ \x{a0}]+)*\p{L}[\p{L}\p{M}’'/-]*){2,}`)
)

// Strays are the rows of three words and more that stand outside of the brackets
// and are none of data: names of sites and the like.
func Strays(text string, data ...string) []string {
	data = slices.Clone(data)
	slices.SortFunc(data, func(a, b string) int { return len(b) - len(a) }) // a name before one that is part of it
	for _, d := range data {
		if d != "" {
			text = strings.ReplaceAll(text, d, "|")
		}
	}
	for bracketed.MatchString(text) {
		text = bracketed.ReplaceAllString(text, "|")
	}
	return row.FindAllString(text, -1)
}

// read are the attributes of HTML that people read, or hear.
var read = []string{"alt", "aria-label", "content", "placeholder", "title"}

// Page is what people read of a page of HTML, a piece a line.
func Page(page string) string {
	var pieces []string
	silent := ""
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return strings.Join(pieces, "\n")
		case html.TextToken:
			if silent == "" {
				pieces = append(pieces, strings.TrimSpace(string(z.Text())))
			}
		default:
			t := z.Token()
			if t.Data == "script" || t.Data == "style" {
				silent = ""
				if kind == html.StartTagToken {
					silent = t.Data
				}
			}
			for _, a := range t.Attr {
				if strings.HasPrefix(a.Key, "data-") || slices.Contains(read, a.Key) {
					pieces = append(pieces, a.Val)
				}
			}
		}
	}
}
