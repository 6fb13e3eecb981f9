// Command house prints which package imports which, room by room from the top,
// and says where that breaks the order of the rooms (order, in rules.go): an
// arrow up, a circle between folders, a pure room that touches the world, a
// package that has no place. It exits with 1 if anything does. Tests and what
// only they import are left out.
//
//	./build.sh graph
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	list := flag.Bool("alone", false, "print the import paths in which the race detector has nothing to find, and nothing else")
	flag.Parse()
	g, dirs, err := load()
	if err == nil && *list {
		var paths []string
		if paths, err = g.alone(dirs); err == nil {
			for _, p := range paths {
				fmt.Println(module + p)
			}
			return
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "house:", err)
		os.Exit(2)
	}
	g.print(os.Stdout)
	mistakes := g.mistakes()
	for _, m := range mistakes {
		fmt.Println("WRONG:", m)
	}
	if len(mistakes) > 0 {
		os.Exit(1)
	}
	fmt.Println("no arrow up, no circle")
}

// module is the beginning of our own import paths.
const module = "infobus/"

// graph is what each package of ours imports, of ours and of others. Our own
// stand without the module's name: "hw/line".
type graph map[string][]string

// load asks the go command; dirs are the packages' folders.
func load() (g graph, dirs map[string]string, err error) {
	list := exec.Command("go", "list", "-json=ImportPath,Dir,Imports", module+"...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("go list: %w", err)
	}
	g, dirs = graph{}, map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Dir string
			Imports         []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return g, dirs, nil
		} else if err != nil {
			return nil, nil, fmt.Errorf("what go list prints: %w", err)
		}
		for i := range p.Imports {
			p.Imports[i] = strings.TrimPrefix(p.Imports[i], module)
		}
		path := strings.TrimPrefix(p.ImportPath, module)
		g[path], dirs[path] = p.Imports, p.Dir
	}
}

// ours are the packages of ours that a package imports.
func (g graph) ours(path string) (list []string) {
	for _, p := range g[path] {
		if _, ok := g[p]; ok {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	return list
}

// print shows the rooms from the top, each package with what it imports of ours.
func (g graph) print(out io.Writer) {
	arrows := 0
	for _, row := range slices.Backward(order[""]) {
		for room := range strings.FieldsSeq(row) {
			for _, path := range slices.Sorted(maps.Keys(g)) {
				if path == room || strings.HasPrefix(path, room+"/") {
					list := g.ours(path)
					arrows += len(list)
					fmt.Fprintln(out, strings.TrimSpace(fmt.Sprintf("%-26s %s", path, strings.Join(list, " "))))
				}
			}
		}
	}
	fmt.Fprintf(out, "%d packages, %d arrows\n", len(g), arrows)
}

// mistakes are all places where the graph breaks the rules, sorted.
func (g graph) mistakes() []string {
	found := map[string]bool{}
	mistake := func(format string, a ...any) { found[fmt.Sprintf(format, a...)] = true }
	folders := map[string]graph{} // for each folder, which of what is inside it imports which
	for path := range g {
		for inside := path; inside != ""; {
			folder, name := parent(inside)
			if row(folder, name) < 0 {
				mistake("%s has no place in the order of %s", inside, cmp.Or(folder, "the rooms"))
			}
			inside = folder
		}
		for _, p := range g.ours(path) {
			switch folder, from, to := fork(path, p); {
			case from == "":
				mistake("%s imports %s, which is inside it", path, p)
			case to == "": // a folder that it stands in
			default:
				if folders[folder] == nil {
					folders[folder] = graph{}
				}
				folders[folder][from] = append(folders[folder][from], to)
				if row(folder, to) >= row(folder, from) {
					mistake("%s imports %s: an arrow up, %s is not below %s", path, p, to, from)
				}
			}
			if room, _, _ := strings.Cut(p, "/"); strings.HasPrefix(path, drivers+"/") && !slices.Contains(driversImport, room) {
				mistake("%s imports %s: a driver knows no room", path, p)
			}
		}
	}
	for folder, inside := range folders {
		if c := inside.circle(); c != nil {
			mistake("a circle in %s: %s", cmp.Or(folder, "the house"), strings.Join(c, " imports "))
		}
	}
	for _, p := range pure {
		for _, world := range outsideWorld {
			if way := g.way(p, world, map[string]bool{}); way != nil {
				mistake("%s is pure: %s", p, strings.Join(way, " imports "))
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// parent is the folder that a folder stands in, and its name there.
func parent(path string) (folder, name string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

// row is where a folder's row gives something of that name a place; -1: nowhere.
func row(folder, name string) int {
	return slices.IndexFunc(order[folder], func(row string) bool { return slices.Contains(strings.Fields(row), name) })
}

// fork is the folder that two packages have in common, and the two names inside
// it that lead to each; a name is "" where the package is the folder itself.
func fork(a, b string) (folder, from, to string) {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < len(as) && n < len(bs) && as[n] == bs[n] {
		n++
	}
	at := func(s []string) string {
		if n < len(s) {
			return s[n]
		}
		return ""
	}
	return strings.Join(as[:n], "/"), at(as), at(bs)
}

// way is how a package comes to import another; nil: it does not.
func (g graph) way(from, to string, seen map[string]bool) []string {
	if from == to {
		return []string{to}
	}
	seen[from] = true
	for _, p := range g[from] {
		if !seen[p] {
			if way := g.way(p, to, seen); way != nil {
				return append([]string{from}, way...)
			}
		}
	}
	return nil
}

// circle is a way from a package back to itself; nil: there is none.
func (g graph) circle() []string {
	for _, from := range slices.Sorted(maps.Keys(g)) {
		for _, p := range g[from] {
			if way := g.way(p, from, map[string]bool{}); way != nil {
				return append([]string{from}, way...)
			}
		}
	}
	return nil
}
