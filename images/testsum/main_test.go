package main

import (
	"io"
	"strings"
	"testing"
	"time"
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
		{"a benchmark", `
{"Action":"run","Package":"a","Test":"BenchmarkX"}
{"Action":"output","Package":"a","Test":"BenchmarkX","Output":"BenchmarkX 1 12 ns/op\n"}
{"Action":"pass","Package":"a","Elapsed":1}`,
			counts{passed: 1}, []string{"1 passed\n"}},
		{"a benchmark that fails", `
{"Action":"run","Package":"a","Test":"BenchmarkX"}
{"Action":"output","Package":"a","Test":"BenchmarkX","Output":"no page came\n"}
{"Action":"fail","Package":"a","Test":"BenchmarkX"}
{"Action":"fail","Package":"a"}`,
			counts{failed: 1}, []string{"FAILED a BenchmarkX\nno page came\n"}},
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
			if got := sum(strings.NewReader(c.in), &out).counts; got != c.want {
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

// A person sees at the end what took long, and what was left out and why.
func TestTheEndSaysWhatWasSlowAndWhatWasSkipped(t *testing.T) {
	const in = `
{"Action":"run","Package":"a","Test":"T"}
{"Action":"output","Package":"a","Test":"T","Output":"    t_test.go:9: needs root\n"}
{"Action":"skip","Package":"a","Test":"T"}
{"Action":"run","Package":"a","Test":"P"}
{"Action":"run","Package":"a","Test":"P/x"}
{"Action":"output","Package":"a","Test":"P/x","Output":"    t_test.go:70: no chip\n"}
{"Action":"skip","Package":"a","Test":"P/x"}
{"Action":"run","Package":"a","Test":"P/y"}
{"Action":"output","Package":"a","Test":"P/y","Output":"    u_test.go:12: needs root\n"}
{"Action":"skip","Package":"a","Test":"P/y"}
{"Action":"pass","Package":"a","Test":"P","Elapsed":2.5}
{"Action":"run","Package":"a","Test":"Q"}
{"Action":"skip","Package":"a","Test":"Q","Elapsed":0}
{"Action":"run","Package":"a","Test":"R"}
{"Action":"pass","Package":"a","Test":"R","Elapsed":70}
{"Action":"run","Package":"a","Test":"FuzzR"}
{"Action":"pass","Package":"a","Test":"FuzzR","Elapsed":99}
{"Action":"pass","Package":"a","Elapsed":171}`
	var out strings.Builder
	sum(strings.NewReader(in), io.Discard).print(&out, 171*time.Second)
	const want = `
171 s (2.9 minutes); the slowest tests:
    70.0 s  a R
     2.5 s  a P
     0.0 s  a T
     0.0 s  a Q

skipped:
     2  needs root
     1  it does not say why
     1  no chip

`
	if out.String() != want {
		t.Errorf("it says %s\nwant %s", out.String(), want)
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
