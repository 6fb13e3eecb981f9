package main

import (
	"errors"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

// flow says which constant strings can reach which field of a struct and which
// attribute of an event, by way of the program's own assignments, calls, maps,
// slices and channels. It tells more than may happen, never less: every instance
// of a struct type is one, and every call is thought to be made.
//
// What is only mentioned is not told: a word that is compared, that is a map's
// key, or that stands in a table that nothing reads does not reach anything.
type flow struct {
	program *ssa.Program
	places  map[any]*place // by node
	done    map[*ssa.Function]bool
	stored  map[field]bool
	added   map[[2]*place]bool // edges
	updates []update
	events  map[ssa.Value]*event
	due     []due
	ours    []*types.Named

	// attributes are, for each event and each of its attributes that are ever set, the
	// strings that reach it.
	attributes func() map[string]map[string]bool
}

// place is what is known of a node.
type place struct {
	atoms map[any]bool // strings, functions and maps that reach it
	parts []string     // of them those that a word may be made of
	to    []*place     // where they go
	calls []dynamic    // of the function that it is
	sums  []sum        // of which it is a term
}

// The nodes that are no ssa.Value: a field of any instance of a struct type, the
// result of a function, the keys of a map.
type (
	field struct {
		of   string // the struct type
		name string
	}
	result struct {
		of *ssa.Function
		i  int
	}
	keys struct{ of any }
)

// What an event was made with is told where it is made; a copy tells nothing new.
var (
	eventName       = field{"infobus/logbook.Event", "Name"}
	eventAttributes = field{"infobus/logbook.Event", "Attributes"}
)

type (
	// dynamic is a call of a function that is known only by what reaches it.
	dynamic struct {
		call  ssa.CallInstruction
		where ssa.Value // its value; nil for go and defer
	}
	// sum is x + y.
	sum struct{ x, y, z *place }
	// update is m[key] = value.
	update struct{ m, key, value any }
	// event is a place where a logbook.Event is made.
	event struct{ name, attributes any }
	due   struct {
		at   *place
		atom any
	}
	// joined is a string that was made of two; it is joined to no third.
	joined string
	// number is a constant of a type that has words of its own.
	number string
)

// flowIn reads the packages with those paths; what they import of others is known
// by its types only.
func flowIn(dir string, paths ...string) (*flow, error) {
	list, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax, Dir: dir}, paths...)
	if err != nil {
		return nil, err
	}
	var wrong error
	for _, p := range list {
		for _, e := range p.Errors {
			wrong = errors.Join(wrong, e)
		}
	}
	if wrong != nil {
		return nil, wrong
	}
	program, ours := ssautil.Packages(list, ssa.InstantiateGenerics)
	program.Build()
	return newFlow(program, ours), nil
}

func newFlow(program *ssa.Program, ours []*ssa.Package) *flow {
	f := &flow{program: program, places: map[any]*place{}, done: map[*ssa.Function]bool{},
		stored: map[field]bool{}, added: map[[2]*place]bool{}, events: map[ssa.Value]*event{}}
	for _, p := range ours {
		for _, m := range p.Members {
			if t, ok := m.(*ssa.Type); ok {
				if named, ok := t.Type().(*types.Named); ok && named.TypeParams() == nil {
					f.ours = append(f.ours, named)
				}
			}
		}
	}
	mine := map[*ssa.Package]bool{}
	for _, p := range ours {
		mine[p] = true
	}
	for fn := range ssautil.AllFunctions(program) {
		if origin := fn.Origin(); mine[fn.Pkg] || origin != nil && mine[origin.Pkg] || fn.Pkg == nil && fn.Parent() == nil {
			f.function(fn)
		}
	}
	for len(f.due) > 0 {
		d := f.due[len(f.due)-1]
		f.due = f.due[:len(f.due)-1]
		f.arrived(d.at, d.atom)
	}
	f.attributes = sync.OnceValue(f.allAttributes)
	return f
}

// at is the place of a node.
func (f *flow) at(node any) *place {
	p := f.places[node]
	if p == nil {
		p = &place{atoms: map[any]bool{}}
		f.places[node] = p
	}
	return p
}

// add says that an atom reaches a place.
func (f *flow) add(p *place, atom any) {
	if p.atoms[atom] {
		return
	}
	p.atoms[atom] = true
	if s, ok := atom.(string); ok && isPart(s) {
		p.parts = append(p.parts, s)
	}
	f.due = append(f.due, due{p, atom})
}

// edge says that what reaches one node reaches another.
func (f *flow) edge(from, to any) {
	if from == nil || to == nil || from == to || from == eventName || from == eventAttributes {
		return
	}
	a, b := f.at(from), f.at(to)
	if f.added[[2]*place{a, b}] {
		return
	}
	f.added[[2]*place{a, b}] = true
	a.to = append(a.to, b)
	for atom := range a.atoms {
		f.add(b, atom)
	}
	_, isKeys := from.(keys)
	_, areKeys := to.(keys)
	if !isKeys && !areKeys {
		f.edge(keys{from}, keys{to})
	}
}

// arrived does what follows from an atom that has reached a place.
func (f *flow) arrived(p *place, atom any) {
	for _, to := range p.to {
		f.add(to, atom)
	}
	for _, d := range p.calls {
		if fn, ok := atom.(*ssa.Function); ok {
			f.bind(d, fn, nil)
		}
	}
	part, ok := atom.(string)
	ok = ok && isPart(part)
	for _, s := range p.sums {
		switch {
		case atom == nil: // all that is there
			for _, x := range s.x.parts {
				for _, y := range s.y.parts {
					f.add(s.z, joined(x+y))
				}
			}
		case ok: // the new one, with all that is on the other side
			if s.x == p {
				for _, y := range s.y.parts {
					f.add(s.z, joined(part+y))
				}
			}
			if s.y == p {
				for _, x := range s.x.parts {
					f.add(s.z, joined(x+part))
				}
			}
		}
	}
}

// isPart says whether a documented word may have s in it: those that are made of
// two have no capitals, and are short.
func isPart(s string) bool {
	return len(s) < 24 && !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == ' ')
	})
}

// node is that of a value.
func (f *flow) node(v ssa.Value) any {
	switch v := v.(type) {
	case nil:
		return nil
	case *ssa.Const:
		if v.Value != nil && v.Value.Kind() == constant.String {
			if s := constant.StringVal(v.Value); len(s) < 30 && !strings.ContainsAny(s, "%\n<{:/") {
				f.add(f.at(v), s)
			}
		}
		if _, named := v.Type().(*types.Named); named && v.Value != nil && v.Value.Kind() == constant.Int {
			f.add(f.at(v), number(v.Value.ExactString()))
		}
	case *ssa.Function:
		f.add(f.at(v), v)
	case *ssa.FieldAddr:
		return fieldOf(v.X.Type(), v.Field)
	case *ssa.Field:
		return fieldOf(v.X.Type(), v.Field)
	case *ssa.IndexAddr:
		return f.node(v.X)
	case *ssa.UnOp:
		if v.Op == token.MUL || v.Op == token.ARROW {
			return f.node(v.X) // one node for what is pointed to and the pointer, a channel and what it carries
		}
	}
	return v
}

// fieldOf is the field of a struct, or of what points to one.
func fieldOf(t types.Type, i int) field {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	return field{types.TypeString(t, nil), t.Underlying().(*types.Struct).Field(i).Name()}
}

// function takes in a function's body, once.
func (f *flow) function(fn *ssa.Function) {
	if f.done[fn] {
		return
	}
	f.done[fn] = true
	for _, block := range fn.Blocks {
		for _, instruction := range block.Instrs {
			f.instruction(fn, instruction)
		}
	}
}

func (f *flow) instruction(fn *ssa.Function, instruction ssa.Instruction) {
	switch i := instruction.(type) {
	case *ssa.Store:
		f.edge(f.node(i.Val), f.node(i.Addr))
		if a, ok := i.Addr.(*ssa.FieldAddr); ok {
			to := fieldOf(a.X.Type(), a.Field)
			f.stored[to] = true
			if f.events[a.X] == nil {
				f.events[a.X] = &event{}
			}
			switch to {
			case eventName:
				f.events[a.X].name = f.node(i.Val)
			case eventAttributes:
				f.events[a.X].attributes = f.node(i.Val)
			}
		}
	case *ssa.MapUpdate:
		m, key, value := f.node(i.Map), f.node(i.Key), f.node(i.Value)
		f.edge(key, keys{m})
		f.edge(value, m)
		f.updates = append(f.updates, update{m, key, value})
	case *ssa.Send:
		f.edge(f.node(i.X), f.node(i.Chan))
	case *ssa.Select:
		for _, s := range i.States {
			if s.Dir == types.SendOnly {
				f.edge(f.node(s.Send), f.node(s.Chan))
			} else {
				f.edge(f.node(s.Chan), i)
			}
		}
	case *ssa.Return:
		for n, v := range i.Results {
			f.edge(f.node(v), result{fn, n})
		}
	case *ssa.MakeMap:
		f.add(f.at(i), i)
	case *ssa.MakeClosure:
		body := i.Fn.(*ssa.Function)
		f.add(f.at(i), body)
		for n, b := range i.Bindings {
			f.edge(f.node(b), body.FreeVars[n])
			f.edge(body.FreeVars[n], f.node(b))
		}
	case *ssa.Phi:
		for _, e := range i.Edges {
			f.edge(f.node(e), i)
		}
	case *ssa.BinOp:
		if i.Op == token.ADD {
			s := sum{f.at(f.node(i.X)), f.at(f.node(i.Y)), f.at(i)}
			s.x.sums, s.y.sums = append(s.x.sums, s), append(s.y.sums, s)
			f.due = append(f.due, due{s.x, nil})
		}
	case *ssa.ChangeType:
		f.converted(i.X, i)
	case *ssa.Convert:
		f.converted(i.X, i)
	case *ssa.ChangeInterface:
		f.edge(f.node(i.X), i)
	case *ssa.MakeInterface:
		f.edge(f.node(i.X), i)
	case *ssa.TypeAssert:
		f.edge(f.node(i.X), i)
	case *ssa.Slice:
		f.edge(f.node(i.X), i)
		f.edge(i, f.node(i.X))
	case *ssa.Index:
		f.edge(f.node(i.X), i)
	case *ssa.Lookup:
		f.edge(f.node(i.X), i)
	case *ssa.Range:
		f.edge(f.node(i.X), i)
	case *ssa.Next:
		f.edge(f.node(i.Iter), i)
	case *ssa.Extract:
		switch of := i.Tuple.(type) {
		case *ssa.Call:
			if fn := of.Call.StaticCallee(); fn != nil && fn.Blocks != nil {
				f.edge(result{fn, i.Index}, i)
				return
			}
			f.edge(result{nil, i.Index}, i)
			f.edge(of, i)
		case *ssa.Next:
			if i.Index == 1 {
				f.edge(keys{of}, i)
			} else {
				f.edge(of, i)
			}
		default:
			if i.Index != 1 || !isBool(i.Type()) {
				f.edge(i.Tuple, i)
			}
		}
	case *ssa.Call:
		f.call(i, i)
	case *ssa.Go:
		f.call(i, nil)
	case *ssa.Defer:
		f.call(i, nil)
	}
}

func isBool(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Bool
}

// converted is x of another type; the fields of a struct stay what they are.
func (f *flow) converted(x, y ssa.Value) {
	f.edge(f.node(x), y)
	s, ok1 := x.Type().Underlying().(*types.Struct)
	_, ok2 := y.Type().Underlying().(*types.Struct)
	if ok1 && ok2 {
		for i := range s.NumFields() {
			f.edge(fieldOf(x.Type(), i), fieldOf(y.Type(), i))
		}
	}
}

func (f *flow) call(i ssa.CallInstruction, where ssa.Value) {
	c := i.Common()
	d := dynamic{i, where}
	switch callee := c.Value.(type) {
	case *ssa.Builtin:
		for _, a := range c.Args {
			if where != nil {
				f.edge(f.node(a), where)
			}
			if callee.Name() == "copy" {
				f.edge(f.node(c.Args[1]), f.node(c.Args[0]))
			}
		}
		return
	}
	if c.IsInvoke() {
		for _, t := range f.ours {
			for _, t := range []types.Type{t, types.NewPointer(t)} {
				if types.IsInterface(t) || !types.Implements(t, c.Value.Type().Underlying().(*types.Interface)) {
					continue
				}
				if fn := f.program.LookupMethod(t, c.Method.Pkg(), c.Method.Name()); fn != nil {
					f.bind(d, fn, c.Value)
				}
			}
		}
		return
	}
	if fn := c.StaticCallee(); fn != nil {
		f.bind(d, fn, nil)
		return
	}
	p := f.at(f.node(c.Value))
	p.calls = append(p.calls, d)
	for atom := range p.atoms {
		f.due = append(f.due, due{p, atom})
	}
}

// passing are the packages whose functions give what they are given.
var passing = []string{"slices", "maps", "cmp", "strings"}

// bind makes a call of fn. One whose body is not ours gives what it is given, as
// slices.Clone and cmp.Or do.
func (f *flow) bind(d dynamic, fn *ssa.Function, receiver ssa.Value) {
	args := d.call.Common().Args
	if receiver != nil {
		args = append([]ssa.Value{receiver}, args...)
	}
	if fn.Blocks == nil {
		if fn.Pkg == nil || !slices.Contains(passing, fn.Pkg.Pkg.Path()) {
			return
		}
		for _, a := range args {
			if d.where != nil {
				f.edge(f.node(a), d.where)
			}
		}
		return
	}
	f.function(fn)
	for n, p := range fn.Params {
		if n < len(args) {
			f.edge(f.node(args[n]), p)
			switch p.Type().Underlying().(type) {
			case *types.Chan, *types.Map, *types.Slice, *types.Pointer:
				f.edge(p, f.node(args[n])) // what is put in there is the caller's too
			}
		}
	}
	if d.where == nil {
		return
	}
	if fn.Signature.Results().Len() == 1 {
		f.edge(result{fn, 0}, d.where)
		return
	}
	for _, user := range *d.where.Referrers() {
		if e, ok := user.(*ssa.Extract); ok {
			f.edge(result{fn, e.Index}, e)
		}
	}
}

// reach are the strings that reach a node.
func (f *flow) reach(node any) map[string]bool {
	all := map[string]bool{}
	for atom := range f.at(node).atoms {
		switch s := atom.(type) {
		case string:
			all[s] = true
		case joined:
			all[string(s)] = true
		}
	}
	return all
}

// said are the strings that reach a field. Those of a number are what its type's
// MarshalText gives, if as many numbers reach it.
func (f *flow) said(at field, of types.Type) map[string]bool {
	named, ok := of.(*types.Named)
	if !ok || at == (field{}) {
		return f.reach(at)
	}
	words := types.NewMethodSet(named).Lookup(named.Obj().Pkg(), "MarshalText")
	if words == nil {
		return f.reach(at)
	}
	all, numbers := f.reach(result{f.program.MethodValue(words), 0}), 0
	for atom := range f.at(at).atoms {
		if _, ok := atom.(number); ok {
			numbers++
		}
	}
	if numbers < len(all) {
		return nil
	}
	return all
}

func (f *flow) allAttributes() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, e := range f.events {
		for name := range f.reach(e.name) {
			for m := range f.at(e.attributes).atoms {
				if _, ok := m.(*ssa.MakeMap); !ok {
					continue
				}
				for _, u := range f.updates {
					if !f.at(u.m).atoms[m] {
						continue
					}
					for key := range f.reach(u.key) {
						at := name + " " + key
						if all[at] == nil {
							all[at] = map[string]bool{}
						}
						for word := range f.reach(u.value) {
							all[at][word] = true
						}
					}
				}
			}
		}
	}
	return all
}
