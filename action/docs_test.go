package action_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"infobus/action"
	"infobus/words"
)

var update = flag.Bool("update", false, "write the tables of actions to docs/api.md")

const (
	docs  = "../docs/api.md"
	begin = "<!-- actions: made by go test ./action -update -->\n"
	end   = "<!-- /actions -->\n"
)

// in is the document with the tables between its markers.
func in(doc, tables string) (string, bool) {
	before, rest, found := strings.Cut(doc, begin)
	_, after, found2 := strings.Cut(rest, end)
	return before + begin + tables + end + after, found && found2
}

func TestTheTablesInTheDocsAreThoseOfTheRows(t *testing.T) {
	b, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	want, ok := in(string(b), action.All.Docs(words.In("en")))
	switch {
	case !ok:
		t.Fatalf("%s has no place for the tables", docs)
	case want == string(b):
	case *update:
		if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s has other tables: go test ./action -update writes them", docs)
	}
}
