package yamlfile

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/goccy/go-yaml"
)

// parsed is what the parser of all YAML makes of a text.
func parsed(text []byte) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			v = nil
		}
	}()
	err = yaml.Unmarshal(text, &v)
	return v, err
}

// What a volunteer and a visitor read is read the fast way, and says the same.
func TestTheFilesOfWordsArePlain(t *testing.T) {
	var all []string
	for _, pattern := range []string{"../words/*.yaml", "../kiosk/locales/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		all = append(all, files...)
	}
	for _, file := range all {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := Plain(data)
		if !ok {
			t.Errorf("%s is not written plainly", file)
			continue
		}
		if want, err := parsed(data); err != nil || !reflect.DeepEqual(any(got), want) {
			t.Errorf("%s says something else to a parser of all YAML (%v)", file, err)
		}
	}
}

func TestWhatIsNotPlainIsLeftToTheParser(t *testing.T) {
	for what, text := range map[string]string{
		"nothing":                      "# a comment\n",
		"null":                         "a:\nb: c\n",
		"null at the end":              "b: c\na:\n",
		"a key twice":                  "a: b\na: c\n",
		"a key twice in a mapping":     "a: {b: c, b: d}\n",
		"a number":                     "a: 1\n",
		"an escape":                    "a: \"b\\n\"\n",
		"a quote in quotes":            "a: 'b''c'\n",
		"a text of two lines":          "a: \"b\n  c\"\n",
		"a word of two lines":          "a: b\n  c\n",
		"a block":                      "a: |\n  b\n",
		"deeper than the first":        "a:\n  b: c\n    d: e\n",
		"less deep than the first":     "a:\n    b: c\n  d: e\n",
		"three levels":                 "a:\n  b:\n    c: d\n",
		"a list of lines":              "a:\n  - b\n",
		"an anchor":                    "a: &b c\n",
		"null in words":                "a: null\n",
		"a value behind the value":     "a: \"b\" c\n",
		"no blank behind the colon":    "a:b\n",
		"a list that is not closed":    "a: [b, c\n",
		"a carriage return":            "a: b\r\n",
		"a tab":                        "a:\tb\n",
		"a word with a colon":          "a: b: c\n",
		"a comment without its blank":  "a: \"b\"#c\n",
		"a value below one with words": "a: b\n  c: d\n",
	} {
		if got, ok := Plain([]byte(text)); ok {
			t.Errorf("%s: %q is %v", what, text, got)
		}
	}
}

// What is taken for plain, the parser of all YAML reads in the same way.
func FuzzPlain(f *testing.F) {
	for _, text := range []string{"a: b\n", "a:\n  b: \"c d\"\n  c: 'd'\n# e\nf: {g: \"h\", i: false} # j\nk: [l, m n, \"o\"]\n", "é.b-c: \u200cسه‌شنبه / x\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := Plain([]byte(text))
		if !ok {
			return
		}
		if want, err := parsed([]byte(text)); err != nil || !reflect.DeepEqual(any(got), want) {
			t.Errorf("%q is %#v, by the parser of all YAML %#v, %v", text, got, want, err)
		}
	})
}

func TestAPlainFileFillsAStruct(t *testing.T) {
	type inner struct {
		Text string `yaml:"text"`
		Is   bool   `yaml:"is"`
	}
	type file struct {
		Name string           `yaml:"name"`
		All  []string         `yaml:"all"`
		By   map[string]inner `yaml:"by"`
	}
	const text = "name: a\nall: [b, c]\nby:\n  d: {text: \"e\", is: true}\n"
	var got file
	if want := (file{"a", []string{"b", "c"}, map[string]inner{"d": {"e", true}}}); !DecodePlain([]byte(text), &got) || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for what, other := range map[string]string{
		"a key that there is not": "other: a\n",
		"another kind":            "name: [a]\n",
		"a text for a mapping":    "by: a\n",
		"a bool for a text":       "all: [true]\n",
		"no plain file":           "name: |\n  a\n",
	} {
		if DecodePlain([]byte(other), new(file)) {
			t.Errorf("%s is taken", what)
		}
	}
}
