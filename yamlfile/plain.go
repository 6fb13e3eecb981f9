package yamlfile

import (
	"bytes"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain reads a file that is written in the plainest way, some fifty times faster than a
// parser of all YAML: the words of every language are read before the box is ready.
// Lines are "key: value", or "key:" with such lines below, all as far in as the first; a
// value is a word, a text in quotes with nothing escaped, [value, …] or {key: value, …}.
// Out: texts, bools, map[string]any and []any, as YAML has them. false is a file that is
// not so plain, or is none.
func Plain(data []byte) (map[string]any, bool) {
	if !utf8.Valid(data) || bytes.ContainsFunc(data, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) {
		return nil, false
	}
	top := map[string]any{}
	var inner map[string]any // what the last key without a value has below it
	indent := 0
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		p := plain(strings.TrimLeft(line, " "))
		if p == "" || p[0] == '#' {
			continue
		}
		into, in := top, len(line)-len(p)
		switch {
		case in == 0 && inner != nil && len(inner) == 0:
			return nil, false // null
		case in == 0:
			inner = nil
		case inner == nil:
			return nil, false
		case len(inner) == 0:
			indent = in
			fallthrough
		default:
			into = inner
		}
		key, ok := p.key()
		if _, twice := into[key]; !ok || twice || in > 0 && in != indent {
			return nil, false
		}
		if p.end() {
			if in > 0 {
				return nil, false
			}
			inner = map[string]any{}
			into[key] = inner
			continue
		}
		if into[key], ok = p.value(""); !ok || !p.end() {
			return nil, false
		}
	}
	return top, len(top) > 0 && (inner == nil || len(inner) > 0)
}

// plain is what is left of a line.
type plain string

// end says whether nothing is left but a comment.
func (p plain) end() bool {
	rest := strings.TrimLeft(string(p), " ")
	return rest == "" || rest[0] == '#' && len(rest) < len(p)
}

func (p *plain) key() (key string, ok bool) {
	key, rest, ok := strings.Cut(string(*p), ":")
	if !ok || !isWord(key) || strings.Contains(key, " ") || rest != "" && rest[0] != ' ' {
		return "", false
	}
	*p = plain(rest)
	return key, true
}

// value takes the next value; until are the marks that end a word.
func (p *plain) value(until string) (any, bool) {
	s := strings.TrimLeft(string(*p), " ")
	if s == "" {
		return nil, false
	}
	switch s[0] {
	case '"', '\'':
		text, rest, ok := strings.Cut(s[1:], s[:1])
		if !ok || strings.Contains(text, "\\") || strings.HasPrefix(rest, s[:1]) {
			return nil, false
		}
		*p = plain(rest)
		return text, true
	case '[':
		var list []any
		*p = plain(s[1:])
		for {
			v, ok := p.value(",]")
			if !ok {
				return nil, false
			}
			list = append(list, v)
			if last, ok := p.next(']'); !ok || last {
				return list, ok
			}
		}
	case '{':
		all := map[string]any{}
		*p = plain(s[1:])
		for {
			*p = plain(strings.TrimLeft(string(*p), " "))
			key, ok := p.key()
			if _, twice := all[key]; !ok || twice {
				return nil, false
			}
			if all[key], ok = p.value(",}"); !ok {
				return nil, false
			}
			if last, ok := p.next('}'); !ok || last {
				return all, ok
			}
		}
	}
	end := len(s)
	if until != "" {
		end = strings.IndexAny(s, until)
	} else if i := strings.Index(s, " #"); i >= 0 {
		end = i
	}
	if end < 0 {
		return nil, false
	}
	word := strings.TrimRight(s[:end], " ")
	*p = plain(s[end:])
	switch word {
	case "true", "false":
		return word == "true", true
	}
	return word, isWord(word)
}

// next takes the comma, or the mark that ends a list or a mapping.
func (p *plain) next(last byte) (ended, ok bool) {
	s := strings.TrimLeft(string(*p), " ")
	if s == "" || s[0] != ',' && s[0] != last {
		return false, false
	}
	*p = plain(s[1:])
	return s[0] == last, true
}

// isWord says whether YAML takes a text for itself without quotes: a letter and then
// letters, digits, blanks and the marks that mean nothing to it.
func isWord(s string) bool {
	letter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }
	if s == "" || !letter(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !letter(c) && !(c >= '0' && c <= '9') && !strings.ContainsRune(" ./-_’()", rune(c)) {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return false
	}
	return true
}

// DecodePlain is Decode for a file that is known to be right, the fast way: into points to
// a struct with `yaml` tags, of texts, bools, structs, and lists and mappings of these.
// false is a file that is not as plain as Plain's, or not as the struct; then what into
// points to is of no use.
func DecodePlain(data []byte, into any) bool {
	all, ok := Plain(data)
	return ok && fill(reflect.ValueOf(into).Elem(), all)
}

func fill(field reflect.Value, to any) bool {
	switch to := to.(type) {
	case string, bool:
		v := reflect.ValueOf(to)
		if v.Kind() != field.Kind() {
			return false
		}
		field.Set(v.Convert(field.Type()))
	case []any:
		if field.Kind() != reflect.Slice {
			return false
		}
		field.Set(reflect.MakeSlice(field.Type(), len(to), len(to)))
		for i, v := range to {
			if !fill(field.Index(i), v) {
				return false
			}
		}
	case map[string]any:
		switch field.Kind() {
		case reflect.Struct:
			for key, v := range to {
				if of, ok := fieldNamed(field, key); !ok || !fill(of, v) {
					return false
				}
			}
		case reflect.Map:
			field.Set(reflect.MakeMapWithSize(field.Type(), len(to)))
			for key, v := range to {
				element := reflect.New(field.Type().Elem()).Elem()
				if !fill(element, v) {
					return false
				}
				field.SetMapIndex(reflect.ValueOf(key).Convert(field.Type().Key()), element)
			}
		default:
			return false
		}
	}
	return true
}
