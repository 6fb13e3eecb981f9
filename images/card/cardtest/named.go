package cardtest

import (
	"path"
	"regexp"
	"strings"
)

var quoted = regexp.MustCompile("`([^`]+)`")

// Names are the names in the list of docs/card.md, as patterns.
type Names []string

// Named reads the list in the document.
func Named(doc string) (all Names) {
	_, list, _ := strings.Cut(doc, "# What the box writes on its memory card")
	for row := range strings.Lines(list) {
		if cell, _, is := strings.Cut(strings.TrimPrefix(row, "| "), " | "); is && strings.HasPrefix(row, "| `") {
			for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
				all = append(all, m[1])
			}
		}
	}
	return all
}

// Of is the name by which a file of the data is in the list; "" where it is not.
func (n Names) Of(file string) string {
	file = strings.TrimSuffix(strings.TrimSuffix(file, ".new"), ".bad")
	for _, pattern := range n {
		if is, _ := path.Match(pattern, file); is {
			return pattern
		}
	}
	return ""
}
