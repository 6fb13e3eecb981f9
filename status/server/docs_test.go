package server

import (
	"os"
	"strings"
	"testing"

	"infobus/logbook"
)

// Every event, its attributes and their words stand in the event's row; so do
// the metrics somewhere, and the limits in numbers.
func TestEventsMetricsAndActionsAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	_, events, _ := strings.Cut(doc, "\n## Events\n")
	for name, fields := range logbook.Schema {
		_, row, found := strings.Cut(events, "\n| `"+string(name)+"` |")
		row, _, _ = strings.Cut(row, "\n")
		if !found {
			t.Errorf("docs/api.md has no row for the event %s", name)
			continue
		}
		for _, f := range fields {
			if !strings.Contains(row, "`"+f.Key+"`") {
				t.Errorf("the row of %s does not say %s", name, f.Key)
			}
			if f.Unit != "" && f.Unit != "1" && !strings.Contains(row, "("+f.Unit+")") {
				t.Errorf("the row of %s does not say that %s is in %s", name, f.Key, f.Unit)
			}
			for _, w := range f.Words {
				if !strings.Contains(doc, "`"+w+"`") {
					t.Errorf("docs/api.md does not say %s, which %s of %s may be", w, f.Key, name)
				}
			}
		}
	}

	s := New(options())
	s.Publish(session())
	families, err := s.metrics().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		name := f.GetName()
		if strings.HasPrefix(name, "infobus_") && !strings.Contains(doc, "`"+name+"`") && !strings.Contains(doc, "`"+name+"{") {
			t.Errorf("docs/api.md does not say %s", name)
		}
	}
}
