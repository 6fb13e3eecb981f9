package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"

	"infobus/logbook"
)

// tables are the sections of docs/api.md that describe JSON, and the type of
// package status that each is.
var tables = map[string]string{"## State": "View", "### POST /api/v1/selftest": "Check", "### GET /api/v1/days": "Day"}

// toCome marks a word or an attribute that nothing says yet.
const toCome = "(to come)"

// docRow is a row of one of these tables.
type docRow struct {
	of    string // the type
	paths []string
	kind  string
	says  string
}

var code = regexp.MustCompile("`([^`]*)`")

// codes are what stands between backticks.
func codes(s string) (all []string) {
	for _, m := range code.FindAllStringSubmatch(s, -1) {
		all = append(all, m[1])
	}
	return all
}

// rowsOf are the rows of the tables.
func rowsOf(doc string) (all []docRow) {
	section := ""
	for line := range strings.Lines(doc) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			section = line
		}
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if of := tables[section]; of != "" && strings.HasPrefix(line, "| `") && len(cells) == 3 {
			all = append(all, docRow{of, codes(cells[0]), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])})
		}
	}
	return all
}

// words are those of an enumeration: what stands between backticks, but for the
// names of fields, which have a dot, and for "", null and options.
func (r docRow) words() []string {
	if r.kind != "word" {
		return nil
	}
	return slices.DeleteFunc(codes(r.says), func(w string) bool {
		return strings.ContainsAny(w, `."`) || w == "null" || strings.HasPrefix(w, "-")
	})
}

func (r docRow) later(word string) bool { return strings.Contains(r.says, "`"+word+"` "+toCome) }

// unproduced are the words and attributes that the document or the schema has and
// that no part of the program says, and those that are marked to come and are said.
func unproduced(f *flow, doc string, schema map[logbook.Name][]logbook.Field) (wrong []string) {
	judge := func(what string, produced, later bool) {
		switch {
		case !produced && !later:
			wrong = append(wrong, what+": nothing says it, and it is not marked to come")
		case produced && later:
			wrong = append(wrong, what+": it is said, and marked to come")
		}
	}
	documented := map[string]docRow{} // of the state
	for _, r := range rowsOf(doc) {
		for _, path := range r.paths {
			documented[path] = r
			at, of, ok := f.field(r.of, path)
			if !ok {
				wrong = append(wrong, path+": there is no such field")
				continue
			}
			if at != (field{}) {
				judge(path, f.stored[at], strings.HasPrefix(r.says, toCome))
			}
			said := f.said(at, of)
			for _, w := range r.words() {
				produced := said[w]
				if strings.HasSuffix(w, "-") { // the beginning of several
					for s := range said {
						produced = produced || strings.HasPrefix(s, w) && s != w
					}
				}
				judge(path+" "+w, produced, r.later(w))
			}
		}
	}

	_, events, _ := strings.Cut(doc, "\n## Events\n")
	said := f.attributes()
	for name, fields := range schema {
		_, row, _ := strings.Cut(events, "\n| `"+string(name)+"` |")
		row, _, _ = strings.Cut(row, "\n")
		for _, a := range fields {
			at := string(name) + " " + a.Key
			_, text, _ := strings.Cut(row, "`"+a.Key+"`")
			text, _, _ = strings.Cut(text, "; `")
			judge(at, said[at] != nil, strings.Contains(row, "`"+a.Key+"` "+toCome))
			same := docRow{} // the field whose words it has
			if _, path, ok := strings.Cut(text, ": as `"); ok {
				path, _, _ = strings.Cut(path, "`")
				same = documented[path]
			}
			for _, w := range a.Words {
				judge(at+" "+w, said[at][w], same.later(w) || strings.Contains(text, "`"+w+"` "+toCome))
				if !slices.Contains(codes(text), w) && !slices.Contains(same.words(), w) {
					wrong = append(wrong, at+" "+w+": it is not documented")
				}
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

// field is the one, and its type, behind a path such as uplink.ladder[].rung of a type of package
// status; the zero field for an object or a list of objects, which has fields of
// its own.
func (f *flow) field(of, path string) (at field, t types.Type, ok bool) {
	t = f.program.ImportedPackage(module + "status").Type(of).Type()
	for name := range strings.SplitSeq(path, ".") {
		s, isStruct := t.Underlying().(*types.Struct)
		if !isStruct {
			return field{}, nil, false
		}
		i := 0
		for ; i < s.NumFields(); i++ {
			tag, _, _ := strings.Cut(reflect.StructTag(s.Tag(i)).Get("json"), ",")
			if tag == strings.TrimSuffix(name, "[]") {
				break
			}
		}
		if i == s.NumFields() {
			return field{}, nil, false
		}
		at, t = fieldOf(t, i), s.Field(i).Type()
		for done := false; !done; {
			switch u := t.Underlying().(type) {
			case *types.Pointer:
				t = u.Elem()
			case *types.Slice:
				t = u.Elem()
			default:
				done = true
			}
		}
	}
	if _, object := t.Underlying().(*types.Struct); object && types.TypeString(t, nil) != "time.Time" {
		return field{}, t, true
	}
	return at, t, true
}

// ourFlow is that of both programs, without the models of --sim: what only a model
// says is said by no van.
var ourFlow = sync.OnceValues(func() (*flow, error) {
	out, err := exec.Command("go", "list", "-deps", module+"cmd/infobusd", module+"cmd/infobus").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var paths []string
	for p := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(p, module) && !strings.HasPrefix(p, module+"sim") {
			paths = append(paths, p)
		}
	}
	return flowIn("../..", paths...)
})

func TestEveryWordOfTheVocabularyIsSaidOrMarkedToCome(t *testing.T) {
	doc, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ourFlow()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range rowsOf(string(doc)) {
		n += len(r.words())
	}
	if n < 80 || len(f.attributes()) < 45 {
		t.Fatalf("%d words in the tables and %d attributes in the program: they are read wrongly", n, len(f.attributes()))
	}
	for _, w := range unproduced(f, string(doc), logbook.Schema) {
		t.Error(w)
	}
}

// Words that nothing says are planted, and marks that are not true.
func TestAPlantedWordWithoutAProducerIsFound(t *testing.T) {
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ourFlow()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		old, new string // in the document
		schema   logbook.Field
		want     string
	}{
		// "gateway" is a rung: it is another field's word.
		"a word that is another field's":            {old: "`volunteer`, `sim`", new: "`volunteer`, `gateway`, `sim`", want: "clock.source gateway: nothing says it, and it is not marked to come"},
		"a name of a device that is a rung's":       {old: "`gateway` (to come)", new: "`gateway`", want: "devices[].name gateway: nothing says it, and it is not marked to come"},
		"a word that nobody knows":                  {old: "`timesyncd`, ", new: "`timesyncd`, `sundial`, ", want: "clock.source sundial: nothing says it, and it is not marked to come"},
		"a field that is never set":                 {old: "| `clock.boot` |", new: "| `clock.face` |", want: "clock.face: there is no such field"},
		"a mark that is not true any more":          {old: "`timesyncd`, ", new: "`timesyncd` (to come), ", want: "clock.source timesyncd: it is said, and marked to come"},
		"an attribute of an event":                  {schema: logbook.Field{Key: "phase", Unit: "1"}, want: "clock.trusted phase: nothing says it, and it is not marked to come"},
		"a word of an event":                        {schema: logbook.Field{Key: "source", Words: []string{"sundial"}}, want: "clock.trusted source sundial: nothing says it, and it is not marked to come"},
		"a word of an event that is in no document": {schema: logbook.Field{Key: "source", Words: []string{"sundial"}}, want: "clock.trusted source sundial: it is not documented"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := string(text)
			if c.old != "" && strings.Count(doc, c.old) != 1 {
				t.Fatalf("docs/api.md has %q %d times", c.old, strings.Count(doc, c.old))
			}
			doc = strings.Replace(doc, c.old, c.new, 1)
			schema := map[logbook.Name][]logbook.Field{}
			if c.schema.Key != "" {
				schema[logbook.ClockTrusted] = []logbook.Field{c.schema}
			}
			if got := unproduced(f, doc, schema); !slices.Contains(got, c.want) {
				t.Errorf("found %q, want %q among them", got, c.want)
			}
		})
	}
}

// A word reaches a field by way of what the program does, and not by being
// mentioned.
func TestAWordIsToldByWhatTheProgramDoes(t *testing.T) {
	const source = `package p
type S struct{ Word, Other string }
type any = interface{}
const named = "by a constant"
var table = map[string]string{"a key": "by a table"}
var unread = []string{"in a table that nothing reads"}
func pick(i int) string { if i > 0 { return "by a call" }; return "" }
func give(to func(any)) { to(S{Word: "by a callback"}) }
func ask(s S, x string, c chan string) string {
	if x == "compared" || s.Word == "compared too" { panic("in a panic") }
	switch x { case "a case": x = "overwritten by nothing" }
	say := func(w string) { s.Word = w }
	say("by a closure")
	c <- "by a channel"
	return "nobody takes it"
}
type sayer interface{ say() string }
type one struct{}
func (one) say() string { return "by a method" }
func Run(i int, x string, c chan string, who sayer) []S {
	list := []string{"by a list"}
	all := []S{{Word: named}, {Word: table[x]}, {Word: pick(i)}, {Word: "joined " + list[i]}, {Word: list[i]}, {Word: <-c}, {Word: who.say()}}
	all[0].Other = "another field's"
	give(func(v any) { all = append(all, v.(S)) })
	ask(all[0], x, c)
	return all
}
`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, _, err := ssautil.BuildPackage(&types.Config{}, fset, types.NewPackage("p", "p"), []*ast.File{file}, ssa.InstantiateGenerics)
	if err != nil {
		t.Fatal(err)
	}
	f := newFlow(pkg.Prog, []*ssa.Package{pkg})
	said := f.reach(field{"p.S", "Word"})
	want := []string{"", "by a call", "by a callback", "by a channel", "by a closure", "by a constant", "by a list", "by a method", "by a table", "joined by a list"}
	var got []string
	for w := range said {
		got = append(got, w)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("\ngot  %q\nwant %q", got, want)
	}
}
