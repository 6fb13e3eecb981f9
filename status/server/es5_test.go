package server

import (
	"strings"
	"testing"

	"github.com/robertkrimen/otto/parser"
)

// The script that a person takes along runs on browsers of 2014: it is ECMAScript 5,
// which is all that this parser knows.
func TestTheFileHasAnES5ScriptAlone(t *testing.T) {
	v := visitWith(3)
	s := visiting(t, &v)
	_, file := s.network("GET", "/take/en.html", "")
	_, rest, found := strings.Cut(file, "<script>")
	script, after, closed := strings.Cut(rest, "</script>")
	if !found || !closed || strings.Contains(after, "<script") {
		t.Fatalf("not one script: %.200s", rest)
	}
	if _, err := parser.ParseFile(nil, "take.js", script, 0); err != nil {
		t.Error(err)
	}
	for _, newer := range []string{"const a = 1", "let a = 1", "var f = () => 1", "var s = `a`", "for (var a of b) {}", "class A {}", "var {a} = b", "a?.b", "var o = {f() {}}", "f(...a)"} {
		if _, err := parser.ParseFile(nil, "newer.js", newer, 0); err == nil {
			t.Errorf("the parser takes %q", newer)
		}
	}
}
