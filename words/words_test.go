package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// uses are the keys that a source tree says, and the beginnings of keys whose
// end is a code, such as "uplink.advice."; its tests do not count.
type uses struct{ said, prefixes map[string]bool }

var (
	inTemplate = regexp.MustCompile(`Say "([^"]+)"`)
	keyForm    = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	prefixForm = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.$`)
)

func usesIn(t *testing.T, tree fs.FS) uses {
	t.Helper()
	u := uses{map[string]bool{}, map[string]bool{}}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if name == "build" || name == ".git" || d.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		case path.Ext(name) == ".html":
			text, err := fs.ReadFile(tree, name)
			for _, m := range inTemplate.FindAllStringSubmatch(string(text), -1) {
				if strings.HasSuffix(m[1], ".") {
					u.prefixes[m[1]] = true
				} else {
					u.said[m[1]] = true
				}
			}
			return err
		case path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				// The first argument of Say and T is a key, whatever it looks like.
				called := ""
				switch f := n.Fun.(type) {
				case *ast.SelectorExpr:
					called = f.Sel.Name
					if x, ok := f.X.(*ast.Ident); called == "T" && (!ok || x.Name != "words") {
						called = ""
					}
				}
				if (called == "Say" || called == "T") && len(n.Args) > 0 {
					if key, ok := literal(n.Args[0]); ok && key != "" {
						u.said[key] = true
					}
				}
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Key" {
					if key, ok := literal(n.Value); ok && keyForm.MatchString(key) {
						u.said[key] = true
					}
				}
			case *ast.BinaryExpr:
				if prefix, ok := literal(n.X); ok && n.Op == token.ADD && prefixForm.MatchString(prefix) {
					u.prefixes[prefix] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func literal(e ast.Expr) (string, bool) {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		s, err := strconv.Unquote(l.Value)
		return s, err == nil
	}
	return "", false
}

// faults are the keys that are said and have no sentence, and those that have
// one and are never said.
func (u uses) faults(keys []string) (missing, unused []string) {
	for _, key := range slices.Sorted(maps.Keys(u.said)) {
		if !slices.Contains(keys, key) {
			missing = append(missing, key)
		}
	}
	for _, key := range keys {
		begins := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
		if !u.said[key] && !slices.ContainsFunc(slices.Collect(maps.Keys(u.prefixes)), begins) && key != "language.name" {
			unused = append(unused, key)
		}
	}
	return missing, unused
}

func TestEveryKeyThatIsSaidHasASentenceAndEverySentenceIsSaid(t *testing.T) {
	keys, err := Keys(files, Default)
	if err != nil {
		t.Fatal(err)
	}
	u := usesIn(t, os.DirFS(".."))
	if len(u.said) < 10 {
		t.Fatalf("only %d keys are said: the sources are read wrongly", len(u.said))
	}
	missing, unused := u.faults(keys)
	for _, key := range missing {
		t.Errorf("%s is said and has no sentence in %s.yaml", key, Default)
	}
	for _, key := range unused {
		t.Errorf("%s has a sentence in %s.yaml and is never said", key, Default)
	}
}

func TestTheCheckFindsAMissingAndAnUnusedKey(t *testing.T) {
	u := usesIn(t, fstest.MapFS{
		"room/room.go": {Data: []byte(`package room
import "infobus/words"
func say(s *words.Speaker, code string) { s.Say("room.open", "N", 3); _ = words.T("room.gone"); s.Say("room.reason."+code) }`)},
		"room/room_test.go": {Data: []byte(`package room
import "infobus/words"
var _ = words.T("room.only-tested")`)},
		"web/page.html": {Data: []byte(`<p>{{.Say "room.title"}}</p>`)},
	})
	missing, unused := u.faults([]string{"room.open", "room.title", "room.reason.cold", "room.only-tested", "room.forgotten"})
	if !slices.Equal(missing, []string{"room.gone"}) || !slices.Equal(unused, []string{"room.only-tested", "room.forgotten"}) {
		t.Errorf("missing %q, unused %q", missing, unused)
	}
}

var placeholder = regexp.MustCompile(`{{[^}]*}}`)

// sentences are the templates of a language by key, every plural form in one.
func sentences(t *testing.T, tag string) map[string]string {
	t.Helper()
	data, err := fs.ReadFile(files, tag+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	key := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !strings.HasPrefix(line, " ") {
			var rest string
			key, rest, _ = strings.Cut(line, ":")
			all[key] = rest
			continue
		}
		all[key] += " " + line
	}
	return all
}

func TestEveryLanguageSaysTheSame(t *testing.T) {
	english := sentences(t, Default)
	list, _ := fs.Glob(files, "*.yaml")
	if len(list) < 2 {
		t.Fatal("there is one language only")
	}
	for _, file := range list {
		tag := strings.TrimSuffix(file, ".yaml")
		theirs := sentences(t, tag)
		for key, sentence := range english {
			other, ok := theirs[key]
			if !ok {
				t.Errorf("%s has no %s", file, key)
				continue
			}
			set := func(s string) []string {
				list := placeholder.FindAllString(s, -1)
				slices.Sort(list)
				return slices.Compact(list)
			}
			if want, got := set(sentence), set(other); !slices.Equal(want, got) {
				t.Errorf("%s: %s has %q, English %q", file, key, got, want)
			}
		}
		for key := range theirs {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has %s, which English has not", file, key)
			}
		}
	}
}

// Before a colon and its like stands a no-break space, and the apostrophe is
// typographic.
func TestFrenchIsSetAsFrenchIs(t *testing.T) {
	wrong := regexp.MustCompile(`[\p{L}\d}»] [:;!?»%]|« |\p{L}'\p{L}`)
	for key, sentence := range sentences(t, "fr") {
		if found := wrong.FindString(sentence); found != "" {
			t.Errorf("%s: %q in %s", key, found, sentence)
		}
	}
}

func TestWhoIsAskedAnswersInThatLanguage(t *testing.T) {
	for _, c := range []struct {
		name  string
		asked []string
		want  string
	}{
		{"nothing", nil, "en"},
		{"a header", []string{"fr-CA,fr;q=0.9,en;q=0.5"}, "fr"},
		{"a header of a language that nobody speaks", []string{"xh"}, "en"},
		{"the parameter before the header", []string{"en", "fr"}, "en"},
		{"an empty parameter", []string{"", "fr"}, "fr"},
		{"nonsense", []string{"\x00;;q=", "fr"}, "fr"},
	} {
		if got := In(c.asked...).Language().Tag; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestALanguageIsOneFileMore(t *testing.T) {
	b, err := Open(files, fstest.MapFS{"eo.yaml": {Data: []byte("language.name: Made up\nuplink.advice.ok: \"⟦all {{.Missing}} well⟧\"\n")}})
	if err == nil {
		s := b.In("eo")
		if got := s.Say("uplink.advice.slow"); !strings.Contains(got, "slow") {
			t.Errorf("a sentence that it lacks is %q, not the English one", got)
		}
		if got := s.Say("no.such-key"); got != "no.such-key" {
			t.Errorf("an unknown key is said as %q", got)
		}
		return
	}
	t.Fatal(err)
}

func TestAFileWithoutItsNameIsRefused(t *testing.T) {
	for name, data := range map[string]string{"de.yaml": "a.b: c\n", "no tag.yaml": "language.name: X\n", "it.yaml": "language.name: [\n"} {
		if _, err := Open(files, fstest.MapFS{name: {Data: []byte(data)}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPluralsAndNumbersAreTheLanguages(t *testing.T) {
	b, err := Open(fstest.MapFS{
		"en.yaml": {Data: []byte("language.name: English\nlogs.wait:\n  one: \"{{.N}} record waits\"\n  other: \"{{.N}} records wait\"\nouter.text: \"Do: {{.What}}\"\n")},
		"fr.yaml": {Data: []byte("language.name: Français\nlogs.wait:\n  one: \"{{.N}} ligne attend\"\n  other: \"{{.N}} lignes attendent\"\nouter.text: \"Faites : {{.What}}\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tag  string
		n    int
		want string
	}{{"en", 0, "0 records wait"}, {"en", 1, "1 record waits"}, {"fr", 0, "0 ligne attend"}, {"fr", 2, "2 lignes attendent"}} {
		if got := b.In(c.tag).Say("logs.wait", "N", c.n); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.tag, c.n, got, c.want)
		}
	}
	if got := b.In("fr").Number(12.56, 1); got != "12,6" {
		t.Errorf("a French number: %q", got)
	}
	if got := b.In("en").Number(12345, 0); got != "12345" {
		t.Errorf("an English number: %q", got)
	}
	inner := T("outer.text", "What", T("logs.wait", "N", 1))
	if got := b.In("fr").Text(inner); got != "Faites : 1 ligne attend" {
		t.Errorf("a text in a text: %q", got)
	}
}

func TestAFormThatALanguageLeavesOutIsTheOtherOne(t *testing.T) {
	b, err := Open(fstest.MapFS{
		"en.yaml": {Data: []byte("language.name: English\nlogs.wait:\n  one: \"{{.N}} record waits\"\n  other: \"{{.N}} records wait\"\nlogs.all: \"all {{.N}}\"\n")},
		"ar.yaml": {Data: []byte("language.name: العربية\nlogs.wait:\n  other: \"⟦{{.N}}⟧\"\nlogs.all: \"⟦{{.N}}⟧\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 12 { // Arabic has forms for 0, 1, 2, 3 and 11
		for _, key := range []string{"logs.wait", "logs.all"} {
			if got, want := b.In("ar").Say(key, "N", n), "⟦"+strconv.Itoa(n)+"⟧"; got != want {
				t.Errorf("%s of %d: %q, want %q", key, n, got, want)
			}
		}
	}
	if en, ar := b.In("en").Language().Dir, b.In("ar").Language().Dir; en != "ltr" || ar != "rtl" {
		t.Errorf("English is written %s, Arabic %s", en, ar)
	}
}

func TestACodeWithoutAWordIsSaidAsItIs(t *testing.T) {
	for key, want := range map[string]string{"cli.verdict.ok": "ok", "cli.rung." + Code("sign-in page"): "sign-in page", "device.panel": "Screen", "device.new-part": "new-part"} {
		if got := In().Word(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}
