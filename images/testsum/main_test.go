package main

import (
	"strings"
	"testing"
)

func TestSum(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     counts
		says     []string
	}{
		{"passes and a skip", `
{"Action":"run","Package":"a","Test":"T"}
{"Action":"output","Package":"a","Test":"T","Output":"    t_test.go:9: no chip\n"}
{"Action":"skip","Package":"a","Test":"T"}
{"Action":"run","Package":"a","Test":"U"}
{"Action":"pass","Package":"a","Test":"U"}
{"Action":"pass","Package":"a","Elapsed":1}`,
			counts{passed: 1, skipped: 1}, []string{"skipped a T: t_test.go:9: no chip\n", "1 passed, 1 skipped\n"}},
		{"a subtest counts, not its parent", `
{"Action":"run","Package":"a","Test":"T"}
{"Action":"run","Package":"a","Test":"T/x/y"}
{"Action":"output","Package":"a","Test":"T/x/y","Output":"why\n"}
{"Action":"fail","Package":"a","Test":"T/x/y"}
{"Action":"fail","Package":"a","Test":"T"}
{"Action":"fail","Package":"a"}`,
			counts{failed: 1}, []string{"FAILED a T/x/y\nwhy\n"}},
		{"a parent that fails alone", `
{"Action":"run","Package":"a","Test":"T"}
{"Action":"run","Package":"a","Test":"T/x"}
{"Action":"pass","Package":"a","Test":"T/x"}
{"Action":"output","Package":"a","Test":"T","Output":"leak\n"}
{"Action":"fail","Package":"a","Test":"T"}
{"Action":"fail","Package":"a"}`,
			counts{passed: 1, failed: 1}, []string{"leak\n"}},
		{"no build", `
{"ImportPath":"a [a.test]","Action":"build-output","Output":"x.go:1: undefined: y\n"}
{"ImportPath":"a [a.test]","Action":"build-fail"}
{"Action":"start","Package":"a"}
{"Action":"fail","Package":"a","FailedBuild":"a [a.test]"}`,
			counts{failed: 1}, []string{"FAILED a\nx.go:1: undefined: y\n"}},
		{"a panic", `
{"Action":"run","Package":"a","Test":"T"}
{"Action":"output","Package":"a","Test":"T","Output":"panic: x\n"}
{"Action":"fail","Package":"a"}`,
			counts{failed: 1}, []string{"in T:\npanic: x\n"}},
		{"the stream breaks off", `
{"Action":"run","Package":"a","Test":"T"}
{"Action":"pass","Package":"a","Test":"T"}
go: something else`,
			counts{passed: 1, failed: 1}, []string{"go: something else\n", "it never ended"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			if got := sum(strings.NewReader(c.in), &out); got != c.want {
				t.Errorf("counted %+v, want %+v", got, c.want)
			}
			for _, s := range c.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("it says %q, want in it %q", out.String(), s)
				}
			}
		})
	}
}

func FuzzSum(f *testing.F) {
	f.Add(`{"Action":"fail","Package":"a","Test":"T/"}`)
	f.Add("not json\n{}")
	f.Fuzz(func(t *testing.T, in string) {
		var out strings.Builder
		if c := sum(strings.NewReader(in), &out); c.passed+c.failed+c.skipped > 2*strings.Count(in, "{") {
			t.Errorf("counted %+v in %q", c, in)
		}
	})
}
