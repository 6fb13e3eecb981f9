// Testsum reads what "go test -json" says on its standard input and says it
// shorter: a line for each package, the output of what failed, how long it all
// took with the slowest tests, what was skipped and why, and as the last line
//
//	N passed, N failed, N skipped
//
// It counts tests with their subtests' parents left out, and a package that
// does not build or dies as one failed test. It exits with 1 if anything failed,
// if nothing ran, or, with -no-skips, if anything was skipped.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	noSkips := flag.Bool("no-skips", false, "a skipped test is a failure")
	flag.Parse()
	begun := time.Now()
	s := sum(os.Stdin, os.Stdout)
	s.print(os.Stdout, time.Since(begun))
	failed := s.failed > 0 || s.passed == 0
	if *noSkips && s.skipped > 0 {
		fmt.Println("skipped tests count as failures here")
		failed = true
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	if failed {
		os.Exit(1)
	}
}

// event is a line of "go test -json"; see "go doc test2json".
type event struct {
	Action      string
	Package     string
	ImportPath  string // of a build-output
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

type counts struct{ passed, failed, skipped int }

// summary is what all packages together came to.
type summary struct {
	counts
	reasons map[string]int // why tests were skipped, without the place
	tests   []timed        // those that are no subtest and no fuzzing, as they ended
}

type timed struct {
	pkg, name string
	seconds   float64
}

// slowest is how many of the slowest tests are printed.
const slowest = 10

// print says how long everything took, with the slowest tests, and why tests were
// skipped, how many for each reason.
func (s summary) print(out io.Writer, took time.Duration) {
	fmt.Fprintf(out, "\n%.0f s (%.1f minutes); the slowest tests:\n", took.Seconds(), took.Minutes())
	slices.SortStableFunc(s.tests, func(a, b timed) int { return cmp.Compare(b.seconds, a.seconds) })
	for _, t := range s.tests[:min(slowest, len(s.tests))] {
		fmt.Fprintf(out, "%8.1f s  %s %s\n", t.seconds, t.pkg, t.name)
	}
	if len(s.reasons) > 0 {
		fmt.Fprintf(out, "\nskipped:\n")
	}
	reasons := slices.Sorted(maps.Keys(s.reasons))
	slices.SortStableFunc(reasons, func(a, b string) int { return s.reasons[b] - s.reasons[a] })
	for _, r := range reasons {
		fmt.Fprintf(out, "%6d  %s\n", s.reasons[r], r)
	}
	fmt.Fprintln(out)
}

// sum reads the events to the end. What is not one, such as a complaint of the
// go command, it copies.
func sum(in io.Reader, out io.Writer) (all summary) {
	all.reasons = map[string]int{}
	type test struct{ pkg, name string }
	var (
		said    = map[test]*strings.Builder{}
		parents = map[test]bool{}
		built   = map[string]*strings.Builder{} // by import path
		per     = map[string]*counts{}
		begun   = map[test]bool{}
	)
	write := func(to map[test]*strings.Builder, k test, text string) {
		if to[k] == nil {
			to[k] = &strings.Builder{}
		}
		to[k].WriteString(text)
	}
	of := func(pkg string) *counts {
		if per[pkg] == nil {
			per[pkg] = &counts{}
		}
		return per[pkg]
	}

	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil || e.Action == "" {
				fmt.Fprintf(out, "%s\n", line)
			} else {
				k := test{e.Package, e.Test}
				switch e.Action {
				case "run":
					begun[k] = true
					for p := e.Test; ; {
						i := strings.LastIndexByte(p, '/')
						if i < 0 {
							break
						}
						p = p[:i]
						parents[test{e.Package, p}] = true
					}
				case "output":
					write(said, k, e.Output)
				case "build-output":
					if built[e.ImportPath] == nil {
						built[e.ImportPath] = &strings.Builder{}
					}
					built[e.ImportPath].WriteString(e.Output)
				case "pass", "fail", "skip":
					if e.Test != "" {
						delete(begun, k)
						if e.Action == "fail" {
							fmt.Fprintf(out, "FAILED %s %s\n%s", e.Package, e.Test, orNone(said[k]))
						} else if e.Action == "skip" {
							why := reason(said[k])
							fmt.Fprintf(out, "skipped %s %s: %s\n", e.Package, e.Test, why)
							if !parents[k] {
								all.reasons[place.ReplaceAllString(why, "")]++
							}
						}
						if !strings.Contains(e.Test, "/") && !strings.HasPrefix(e.Test, "Fuzz") {
							all.tests = append(all.tests, timed{e.Package, e.Test, e.Elapsed})
						}
						// A parent that fails with its subtests is not one more.
						if !parents[k] {
							of(e.Package).count(e.Action)
						}
						delete(said, k)
						continue
					}
					c := of(e.Package)
					if e.Action == "fail" && c.failed == 0 {
						c.failed++ // it did not build, died, raced, or a parent failed alone
						fmt.Fprintf(out, "FAILED %s\n", e.Package)
						if b := built[e.FailedBuild]; b != nil {
							fmt.Fprint(out, b)
						}
						for t := range begun {
							if t.pkg == e.Package && said[t] != nil {
								fmt.Fprintf(out, "in %s:\n%s", t.name, said[t])
							}
						}
						fmt.Fprint(out, orNone(said[k]))
					}
					for t := range begun { // a benchmark that ended well does not say so
						if e.Action == "pass" && t.pkg == e.Package && strings.HasPrefix(t.name, "Benchmark") {
							c.passed++
						}
						if t.pkg == e.Package {
							delete(begun, t)
						}
					}
					if *c != (counts{}) {
						fmt.Fprintf(out, "%-4s %-40s %6.1f s  %d passed", e.Action, e.Package, e.Elapsed, c.passed)
						if c.failed > 0 {
							fmt.Fprintf(out, ", %d failed", c.failed)
						}
						if c.skipped > 0 {
							fmt.Fprintf(out, ", %d skipped", c.skipped)
						}
						fmt.Fprintln(out)
					}
					delete(said, k)
					all.passed += c.passed
					all.failed += c.failed
					all.skipped += c.skipped
					delete(per, e.Package)
				}
			}
		}
		if err != nil {
			break
		}
	}
	// Packages that never said how they ended: the stream broke off.
	for pkg, c := range per {
		fmt.Fprintf(out, "FAILED %s: it never ended\n", pkg)
		all.passed += c.passed
		all.failed += c.failed + 1
		all.skipped += c.skipped
	}
	return all
}

func (c *counts) count(action string) {
	switch action {
	case "pass":
		c.passed++
	case "fail":
		c.failed++
	case "skip":
		c.skipped++
	}
}

// place is where a test said something.
var place = regexp.MustCompile(`^\S+\.go:\d+: `)

// reason is what a skipped test said, without the frame around it.
func reason(said *strings.Builder) string {
	var words []string
	for line := range strings.Lines(orNone(said)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			words = append(words, line)
		}
	}
	if words == nil {
		return "it does not say why"
	}
	return strings.Join(words, " ")
}

func orNone(b *strings.Builder) string {
	if b == nil {
		return ""
	}
	return b.String()
}
