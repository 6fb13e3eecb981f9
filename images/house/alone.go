package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// starters are the functions that start a goroutine, or may have one started.
var starters = []string{"Go", "Parallel", "AfterFunc", "RunParallel"}

// starterImports are packages whose use is to have several goroutines.
var starterImports = []string{"net/http", "net/http/httptest", "testing/synctest"}

// alone are the packages in which the race detector has nothing to find: neither they nor
// what they import of ours start a goroutine, and nor do their own tests. What only their
// tests import starts some in its own tests too, which are run with the detector. Dirs has
// each package's folder.
func (g graph) alone(dirs map[string]string) (list []string, err error) {
	starts := map[string][2]bool{} // the package, its tests
	for path := range g {
		var in [2]bool
		files, err := filepath.Glob(filepath.Join(dirs[path], "*.go"))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("%s: %d files, %w", path, len(files), err)
		}
		for _, name := range files { // those of other systems and tags too
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			test := 0
			if strings.HasSuffix(name, "_test.go") {
				test = 1
			}
			in[test] = in[test] || startsGoroutine(file)
		}
		starts[path] = in
	}
	for _, path := range slices.Sorted(maps.Keys(g)) {
		begun := func(p string) bool { return starts[p][0] && g.way(path, p, map[string]bool{}) != nil }
		if !starts[path][1] && !slices.ContainsFunc(slices.Collect(maps.Keys(g)), begun) {
			list = append(list, path)
		}
	}
	return list, nil
}

// startsGoroutine says whether a file may; rather once too often.
func startsGoroutine(file *ast.File) (found bool) {
	for _, i := range file.Imports {
		found = found || slices.Contains(starterImports, strings.Trim(i.Path.Value, `"`))
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = true
		case *ast.CallExpr:
			called, ok := n.Fun.(*ast.SelectorExpr)
			found = found || ok && slices.Contains(starters, called.Sel.Name)
		}
		return !found
	})
	return found
}
