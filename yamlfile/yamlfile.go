// Package yamlfile reads a YAML file strictly into a struct, and says where
// every mistake is: not only the first, and with the line and column that an
// editor shows.
//
// In: the file's bytes and a struct with `yaml` tags. Out: the struct filled
// as far as it was right, and the mistakes; a Source, which knows where each
// field stood, for the checks that only the caller can make. It reads no file
// itself and knows nothing of what the fields mean.
package yamlfile

import (
	"bytes"
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"golang.org/x/text/encoding/unicode"
)

// MaxSize is the largest file that is read, in bytes.
const MaxSize = 1 << 20

// Mistake is one thing that is wrong in a file, and where: line and column
// count from 1; both are 0 where the file as a whole is meant.
type Mistake struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	What   string `json:"what"` // what was found, and what was expected
}

func (m Mistake) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.What)
}

// Mistakes are all that is wrong in a file, in the order of its lines.
type Mistakes []Mistake

func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// Entry stands for one value of a map[string]string: what Add and its kin take
// for it in place of a pointer to a field.
type Entry struct {
	Map any // pointer to the map field
	Key string
}

// Source remembers where each field of a decoded struct stood.
type Source struct {
	file     string
	at       map[any]*token.Position // by pointer to the field
	mistakes Mistakes
	unparsed bool
}

// Unparsed says that the text is no YAML: nothing of it was read.
func (s *Source) Unparsed() bool { return s.unparsed }

// Decode reads data into the struct that into points to. A key that the struct
// does not have, a key twice, a value of another kind than the field's are
// mistakes. Fields are strings, bools, integers, floats, time.Duration (with a
// unit), what has UnmarshalText or Set(string), structs, slices and
// map[string]string; a slice with UnmarshalText may be a list or a single value. Is says whether a field was in the file at all.
func Decode(file string, data []byte, into any) *Source {
	s := &Source{file: file, at: map[any]*token.Position{}}
	if len(data) > MaxSize {
		s.add(nil, fmt.Sprintf("the file has %d bytes, more than the %d that are read", len(data), MaxSize))
		return s
	}
	data = plainText(data)
	if m := TooMuch(data); m.What != "" {
		s.add(&token.Position{Line: m.Line, Column: m.Column}, m.What)
		return s
	}
	f, err := parse(data)
	if err != nil {
		s.unparsed = true
		s.syntax(err)
		return s
	}
	if len(f.Docs) > 1 {
		// An empty one has no body to tell where it stands.
		var at *token.Position
		if start := f.Docs[1].Start; start != nil {
			at = start.Position
		} else if f.Docs[1].Body != nil {
			at = f.Docs[1].GetToken().Position
		}
		s.add(at, "a second document begins here; one was expected")
	}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil {
		return s
	}
	s.node(f.Docs[0].Body, reflect.ValueOf(into).Elem(), "")
	return s
}

// plainText gives the bytes of a file as YAML takes them, whatever editor wrote it: without
// the mark of UTF-8 that Windows' editors put first, out of UTF-16, and with plain blanks
// before a line.
func plainText(data []byte) []byte {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		if text, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(data); err == nil {
			data = text
		}
	}
	return indent.ReplaceAllFunc(bytes.TrimPrefix(data, []byte("\ufeff")), func(blanks []byte) []byte {
		return bytes.Repeat([]byte(" "), utf8.RuneCount(blanks))
	})
}

// indent is blanks before a line of which some do not break, as a web page and a phone's
// keyboard have them.
var indent = regexp.MustCompile(`(?m)^ *\x{a0}[ \x{a0}]*`)

// parse runs the YAML parser; its panics on malformed input become errors.
func parse(data []byte) (f *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("not YAML")
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

func (s *Source) syntax(err error) {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil {
		what := e.GetMessage()
		switch {
		case strings.Contains(what, "'\t'"):
			what = "a tab found; lines are indented with spaces"
		case strings.Contains(what, "flow mapping end token"):
			what = "a { that is not closed; } was expected"
		case strings.Contains(what, "sequence end token"):
			what = "a [ that is not closed; ] was expected"
		}
		s.add(e.GetToken().Position, what)
		return
	}
	s.add(nil, err.Error())
}

func (s *Source) add(at *token.Position, what string) {
	m := Mistake{File: s.file, What: what}
	if at != nil {
		m.Line, m.Column = at.Line, at.Column
	}
	s.mistakes = append(s.mistakes, m)
}

// Add notes a mistake at the field that the pointer points to; where the field
// was not in the file, at the nearest of the outer ones given after it.
func (s *Source) Add(what string, fields ...any) {
	for _, f := range fields {
		if at, ok := s.at[f]; ok {
			s.add(at, what)
			return
		}
	}
	s.add(&token.Position{Line: 1, Column: 1}, what)
}

// Is says whether the field that the pointer points to stood in the file.
func (s *Source) Is(field any) bool { return s.at[field] != nil }

// Line is the line of the field that the pointer points to; 0 if it was not in
// the file.
func (s *Source) Line(field any) int {
	if at := s.at[field]; at != nil {
		return at.Line
	}
	return 0
}

// At is the line and column of the first of these fields that was in the file;
// 1 and 1 if none was.
func (s *Source) At(fields ...any) (line, column int) {
	for _, f := range fields {
		if at := s.at[f]; at != nil {
			return at.Line, at.Column
		}
	}
	return 1, 1
}

// Err is all mistakes as Mistakes in the order of the lines, or nil.
func (s *Source) Err() error {
	if len(s.mistakes) == 0 {
		return nil
	}
	slices.SortStableFunc(s.mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return s.mistakes
}

var duration = reflect.TypeFor[time.Duration]()

// setter is what units have, such as periph's physic types and flags.
type setter interface{ Set(string) error }

// node reads n into v, which is addressable. name is the field's, for messages.
func (s *Source) node(n ast.Node, v reflect.Value, name string) {
	at := n.GetToken().Position
	if v.CanAddr() {
		s.at[v.Addr().Interface()] = at
	}
	switch n.(type) {
	case *ast.AliasNode, *ast.AnchorNode, *ast.TagNode:
		s.add(at, fmt.Sprintf("%s: anchors, aliases and tags are not used here", name))
		return
	}
	if v.Type() != duration && v.CanAddr() {
		switch u := v.Addr().Interface().(type) {
		case encoding.TextUnmarshaler:
			if _, list := n.(*ast.SequenceNode); list && v.Kind() == reflect.Slice {
				break
			}
			s.text(n, name, func(t string) error { return u.UnmarshalText([]byte(t)) })
			return
		case setter:
			s.text(n, name, u.Set)
			return
		}
	}
	switch {
	case v.Type() == duration:
		s.text(n, name, func(t string) error {
			d, err := time.ParseDuration(t)
			if err != nil {
				return errors.New("a duration with its unit was expected, such as 50ms, 30s or 2h30m")
			}
			v.SetInt(int64(d))
			return nil
		})
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		s.node(n, v.Elem(), name)
	case v.Kind() == reflect.Struct:
		s.mapping(n, name, func(key string, at *token.Position, value ast.Node) {
			field, ok := fieldNamed(v, key)
			if !ok {
				s.add(at, fmt.Sprintf("unknown key %q; expected one of: %s", key, strings.Join(keys(v.Type()), ", ")))
				return
			}
			s.node(value, field, key)
		})
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		s.mapping(n, name, func(key string, _ *token.Position, value ast.Node) {
			element := reflect.New(v.Type().Elem()).Elem()
			s.node(value, element, key)
			s.at[Entry{v.Addr().Interface(), key}] = value.GetToken().Position
			v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), element)
		})
	case v.Kind() == reflect.Slice:
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			s.add(at, fmt.Sprintf("%s: %s found, a list was expected", name, found(n)))
			return
		}
		// Made whole at once: the fields' addresses must not move.
		v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
		for i, value := range list.Values {
			s.node(value, v.Index(i), fmt.Sprintf("%s, item %d", name, i+1))
		}
	default:
		s.scalar(n, v, name)
	}
}

func (s *Source) scalar(n ast.Node, v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.String:
		s.text(n, name, func(t string) error { v.SetString(t); return nil })
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			s.add(n.GetToken().Position, fmt.Sprintf("%s: %s found, true or false was expected", name, found(n)))
			return
		}
		v.SetBool(b.Value)
	case reflect.Int, reflect.Int64:
		s.text(n, name, func(t string) error {
			i, err := strconv.ParseInt(t, 0, 64)
			if err != nil {
				return errors.New("a whole number was expected")
			}
			v.SetInt(i)
			return nil
		})
	case reflect.Float64:
		s.text(n, name, func(t string) error {
			f, err := strconv.ParseFloat(t, 64)
			if err != nil {
				return errors.New("a number was expected")
			}
			v.SetFloat(f)
			return nil
		})
	default:
		panic(fmt.Sprintf("yamlfile: no way to read a %s", v.Type())) // a programmer's mistake, found by the first test
	}
}

// text gives a scalar's characters to set, and notes what set says of them.
func (s *Source) text(n ast.Node, name string, set func(string) error) {
	var t string
	switch n := n.(type) {
	case *ast.StringNode:
		t = n.Value
	case *ast.LiteralNode:
		t = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		t = n.GetToken().Value
	default:
		s.add(n.GetToken().Position, fmt.Sprintf("%s: %s found, a single value was expected", name, found(n)))
		return
	}
	if err := set(t); err != nil {
		s.add(n.GetToken().Position, fmt.Sprintf("%s: %q found: %v", name, shorten(t), err))
	}
}

// mapping calls each for every entry of a mapping.
func (s *Source) mapping(n ast.Node, name string, each func(key string, at *token.Position, value ast.Node)) {
	var entries []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		entries = n.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{n}
	default:
		what := name
		if what == "" {
			what = "the file"
		}
		s.add(n.GetToken().Position, fmt.Sprintf("%s: %s found, keys with values were expected", what, found(n)))
		return
	}
	seen := map[string]int{}
	for _, e := range entries {
		at := e.Key.GetToken().Position
		key := e.Key.GetToken().Value
		if line, twice := seen[key]; twice {
			s.add(at, fmt.Sprintf("key %q a second time; the first is on line %d", key, line))
			continue
		}
		seen[key] = at.Line
		if e.Value == nil || e.Value.Type() == ast.NullType {
			s.add(at, fmt.Sprintf("%s: no value found; leave the key out, or give it one", key))
			continue
		}
		each(key, at, e.Value)
	}
}

// found names a node's kind in plain words.
func found(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys with values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.StringNode:
		return strconv.Quote(shorten(n.Value))
	default:
		return strconv.Quote(shorten(n.GetToken().Value))
	}
}

func shorten(t string) string {
	if r := []rune(t); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return t
}

// fieldNamed is the field of v whose yaml tag is key.
func fieldNamed(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") == key {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func keys(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}
