package draw

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"infobus/kiosk"
)

func TestTextsAreWhatAPageSaysInItsOrder(t *testing.T) {
	for _, c := range []struct {
		page kiosk.Page
		want string
	}{
		{every(t, kiosk.ClockNotSet, "2026-11-23 10:05", "moulin", "en", "ur")[0], "en:Rue du Moulin Gris picture:clock-unset " +
			"en:This screen does not know the en:time. Ask us for the hours. ur:اس اسکرین کو وقت معلوم نہیں۔ اوقات ہم سے ur:پوچھیں۔"},
		{every(t, kiosk.Help, "2026-11-23 10:05", "moulin", "en")[2], "en:Monday 23 November 2026 en:Rue du Moulin Gris en:3/3 en:drawn 10:05 " +
			"code:http://10.44.0.2/today picture:phone en:Phone en:10.44.0.2 code:https://guide.example.org/ picture:guide en:Guide en:guide.example.org " +
			"code:https://map.example.org/ picture:map en:Map en:map.example.org"},
	} {
		texts, err := Texts(c.page)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range texts {
			kind := map[Kind]string{Words: s.Lang, Code: "code", Picture: "picture"}[s.Kind]
			got = append(got, kind+":"+strings.NewReplacer("\u2068", "", "\u2069", "").Replace(s.Text))
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s says\n%s\nwant\n%s", c.page.Name, got, c.want)
		}
	}
}

// Ink comes onto the frame in the functions that note it, and in none besides.
func TestNothingIsPaintedThatIsNotNoted(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch s, ok := n.(*ast.SelectorExpr); {
				case ok && slices.Contains([]string{"Paint", "Fill", "Encode", "texts"}, s.Sel.Name):
					found[s.Sel.Name] = append(found[s.Sel.Name], f.Name.Name)
				}
				return true
			})
		}
	}
	for _, names := range found {
		slices.Sort(names)
	}
	want := "map[Encode:[codes] Fill:[codes mark] Paint:[mark mark] texts:[Texts codes codes mark mark mark mark]]"
	if got := fmt.Sprint(found); got != want {
		t.Errorf("found %s, want %s", got, want)
	}
}
