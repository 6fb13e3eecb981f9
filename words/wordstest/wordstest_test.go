package wordstest

import (
	"flag"
	"os"
	"slices"
	"testing"

	"infobus/words"
)

var update = flag.Bool("update", false, "write the made-up language anew")

// The file is words/en.yaml in brackets; what it lacked would be said in English.
func TestTheMadeUpLanguageHasEverySentence(t *testing.T) {
	english, err := os.ReadFile("../en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := MadeUp(string(english))
	const path = "testdata/" + Tag + ".yaml"
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not words/en.yaml in brackets; write it anew: go test ./words/wordstest -update", path)
	}
}

func TestASentenceOutsideOfTheBracketsIsFound(t *testing.T) {
	s := Book().In(Tag)
	if s.Language().Tag != Tag {
		t.Fatalf("who is asked for %s speaks %+v", Tag, s.Language())
	}
	inWords := s.Say("age.at", "At", words.T("fault.timeout"), "Age", words.T("age.now"))
	for _, c := range []struct {
		name, text string
		data       []string
		want       []string
	}{
		{"a sentence of words", inWords, nil, nil},
		{"one put into another", s.Say("tile.power.off-at", "When", "when it likes to"), nil, []string{"when it likes to"}},
		{"one beside it", inWords + " and nobody knows why", nil, []string{"and nobody knows why"}},
		{"one with numbers in it", "some 6 h of it", nil, []string{"some 6 h of it"}},
		{"two words", "Example 4 Mobile", nil, nil},
		{"a name", "Rue du Moulin Gris", []string{"Rue du Moulin Gris"}, nil},
		{"a name with a sentence", "at Rue du Moulin Gris as it was planned", []string{"Moulin", "Rue du Moulin Gris"}, []string{"as it was planned"}},
		{"another language", "Où est le camion ?", nil, []string{"Où est le camion"}},
		{"in a page", Page(`<p title="Where is it now">A <b>B</b> C</p><script>not read by anybody</script><p data-done="It is done">⟦One two three⟧`), nil,
			[]string{"Where is it now", "It is done"}},
	} {
		if got := Strays(c.text, c.data...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
