package yamlfile

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
)

// The marks are never fewer than a quarter of what the parser's own lexer finds,
// whatever the text is: so much may be made of each at most.
func FuzzMarks(f *testing.F) {
	for _, name := range []string{"../examples/timetable.yaml", "../examples/infobus.yaml", "../examples/board.yaml"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	for _, text := range []string{"a: 1", "[1,2,3]", "- - - 1", "{a: {b: c}}", `["a" "b"]`, `{"a":1,'b':2}`, "? a\n: b", "&a *a !x y", "a: |\n  b: c\n", "a: \"b\n  # c\", d: e\n", "''''''", "%YAML 1.2\n---\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if TooMuch([]byte(text)).What != "" {
			return
		}
		func() {
			defer func() { recover() }() // the lexer's own
			if n := len(lexer.Tokenize(text)); n > 4*Marks([]byte(text))+4 {
				t.Errorf("%d tokens of %d marks: %.200q", n, Marks([]byte(text)), text)
			}
		}()
		parsed, err := parse([]byte(text))
		if err != nil {
			return
		}
		nodes := 0
		for _, d := range parsed.Docs {
			if d.Body != nil {
				ast.Walk(count{&nodes}, d.Body)
			}
		}
		if nodes > 6*Marks([]byte(text))+6 {
			t.Errorf("%d nodes of %d marks: %.200q", nodes, Marks([]byte(text)), text)
		}
	})
}

type count struct{ n *int }

func (c count) Visit(ast.Node) ast.Visitor { *c.n++; return c }

func TestTooMuchForTheParserIsSaid(t *testing.T) {
	for what, c := range map[string]struct {
		text string
		line int
		want string
	}{
		"values":                         {"a: [" + strings.Repeat("1,", MaxMarks) + "]", 1, "at most 25000"},
		"brackets":                       {"a:\n  - " + strings.Repeat("[", maxDepth+1), 2, "within each other"},
		"brackets on many lines":         {"a:\n" + strings.Repeat("  [\n", maxDepth+1), maxDepth + 2, "within each other"},
		"lists that begin on one line":   {"a:\n  " + strings.Repeat("- ", maxDashes+1) + "1", 2, "begin on one line"},
		"blanks":                         {"a:\n" + strings.Repeat(" ", maxIndent+1) + "b: 1", 2, "blanks"},
		"keys":                           {"a:\n" + strings.Repeat("  b: 1\n", maxKeys+1), maxKeys + 2, "keys in one place"},
		"keys with what belongs to them": {"a:\n" + strings.Repeat("  b:\n    c: 1\n", maxKeys+1), 2*maxKeys + 2, "keys in one place"},
		"as many as there may be":        {"a:\n" + strings.Repeat("  b: 1\n", maxKeys) + "c:\n" + strings.Repeat("  - b: 1\n", 5000) + strings.Repeat("# c\n", 2000), 0, ""},
	} {
		m := TooMuch([]byte(c.text))
		if m.Line != c.line || !strings.Contains(m.What, c.want) || (m.What == "") != (c.want == "") {
			t.Errorf("%s: %+v, want line %d: %s", what, m, c.line, c.want)
		}
		if err := Decode("f.yaml", []byte(c.text), &struct{}{}).Err(); c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
