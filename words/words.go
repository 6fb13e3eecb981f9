// Package words holds every sentence and label that a volunteer reads: on the
// pages, in the command line, in the self-test and in the API's texts. Each has
// a key; a language is one file, LANGUAGE.yaml, with a sentence for every key.
// Words for people on the move are not here but in kiosk/locales.
//
// In: a key with its arguments, and the language asked for. Out: the sentence.
// Every room but the leaves may use it.
package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"infobus/yamlfile"
)

//go:embed *.yaml
var files embed.FS

// ownName is the key of a language's name.
const ownName = "language.name"

// Default is the language that is spoken where none that was asked for is known.
const Default = "en"

// Text is a sentence by its key, with what it is about. The zero Text is none.
// A plural's number is the argument "N".
type Text struct {
	Key  string         `json:"code"`
	Args map[string]any `json:"args,omitempty"`
}

// T makes a Text; args are names and values in turn.
func T(key string, args ...any) Text {
	t := Text{Key: key}
	if len(args) > 0 {
		t.Args = make(map[string]any, len(args)/2)
	}
	for i := 0; i+1 < len(args); i += 2 {
		t.Args[args[i].(string)] = args[i+1]
	}
	return t
}

// IsZero says whether there is nothing to say.
func (t Text) IsZero() bool { return t.Key == "" }

// Code is a code as it stands at the end of a key.
func Code(code string) string { return strings.ReplaceAll(code, " ", "-") }

// Language is one that the pages can be read in.
type Language struct {
	Tag  string // BCP 47
	Name string // in the language itself
	Dir  string // ltr or rtl
}

// rightToLeft are the scripts in use that are written so, by ISO 15924.
var rightToLeft = []string{"Adlm", "Arab", "Hebr", "Nkoo", "Rohg", "Syrc", "Thaa"}

// Book is a set of languages. Make it with Open.
type Book struct {
	bundle   *i18n.Bundle
	matcher  language.Matcher
	speakers []*Speaker // as the matcher has them
}

// Open reads every LANGUAGE.yaml at the top of each file system. A file that
// cannot be read, or has no name for its language ("language.name"), is an error.
func Open(systems ...fs.FS) (*Book, error) {
	b := &Book{bundle: i18n.NewBundle(language.Make(Default))}
	b.bundle.RegisterUnmarshalFunc("yaml", unmarshal)
	seen := map[string]bool{}
	tags := []string{Default} // the matcher falls back to its first
	for _, system := range systems {
		list, err := fs.Glob(system, "*.yaml")
		if err != nil {
			return nil, err
		}
		for _, file := range list {
			data, err := fs.ReadFile(system, file)
			if err != nil {
				return nil, err
			}
			parsed, err := b.bundle.ParseMessageFileBytes(data, file)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if !slices.ContainsFunc(parsed.Messages, func(m *i18n.Message) bool { return m.ID == ownName }) {
				return nil, fmt.Errorf("%s: no %s, the language's own name", file, ownName)
			}
			tag := strings.TrimSuffix(file, ".yaml")
			if !seen[tag] && tag != Default {
				tags = append(tags, tag)
			}
			seen[tag] = true
		}
	}
	if !seen[Default] {
		return nil, fmt.Errorf("there is no %s.yaml", Default)
	}
	var known []language.Tag
	for _, tag := range tags {
		parsed, err := language.Parse(tag)
		if err != nil {
			return nil, fmt.Errorf("%s.yaml: the name is no language tag: %w", tag, err)
		}
		dir := "ltr"
		if script, _ := parsed.Script(); slices.Contains(rightToLeft, script.String()) {
			dir = "rtl"
		}
		s := &Speaker{language: Language{Tag: tag, Dir: dir}, localizer: i18n.NewLocalizer(b.bundle, tag, Default), printer: message.NewPrinter(parsed)}
		s.language.Name = s.Say(ownName)
		known, b.speakers = append(known, parsed), append(b.speakers, s)
	}
	b.matcher = language.NewMatcher(known)
	return b, nil
}

// unmarshal reads a file of words.
func unmarshal(data []byte, into any) error {
	if v, ok := into.(*any); ok {
		if plain, ok := yamlfile.Plain(data); ok {
			*v = plain
			return nil
		}
	}
	return yaml.Unmarshal(data, into)
}

// With are the shipped languages and those of more file systems; see Open.
func With(more ...fs.FS) (*Book, error) { return Open(slices.Insert(more, 0, fs.FS(files))...) }

// Shipped are the languages that are part of the program.
var Shipped = sync.OnceValue(func() *Book {
	b, err := Open(files)
	if err != nil {
		panic(err) // a test opens them
	}
	return b
})

// In is who speaks the language that was asked for: each of asked is a BCP 47 tag
// or an Accept-Language header, the first that says anything counts. English
// where none is known.
func (b *Book) In(asked ...string) *Speaker {
	for _, a := range asked {
		if wanted, _, err := language.ParseAcceptLanguage(a); err == nil && len(wanted) > 0 {
			_, i, confidence := b.matcher.Match(wanted...)
			if confidence == language.No {
				i = 0
			}
			return b.speakers[i]
		}
	}
	return b.speakers[0]
}

// Languages are all of them, English first.
func (b *Book) Languages() []Language {
	var all []Language
	for _, s := range b.speakers {
		all = append(all, s.language)
	}
	return all
}

// In is who speaks one of the shipped languages; see Book.In.
func In(asked ...string) *Speaker { return Shipped().In(asked...) }

// Speaker says things in one language. Make it with In.
type Speaker struct {
	language  Language
	localizer *i18n.Localizer
	printer   *message.Printer
}

// Language is the one that it speaks.
func (s *Speaker) Language() Language { return s.language }

// Say is the sentence; args are names and values in turn, "N" a plural's number.
// A key that no file has is said as it is.
func (s *Speaker) Say(key string, args ...any) string { return s.Text(T(key, args...)) }

// Word is what a code is called, where key is a prefix and Code of the code; the
// code itself where no file has it.
func (s *Speaker) Word(key string) string {
	if said := s.Say(key); said != key {
		return said
	}
	return key[strings.LastIndexByte(key, '.')+1:]
}

// Text is the sentence in words; "" for the zero Text. An argument that is a
// Text itself is said too, and a float64 written with at most two decimal places.
func (s *Speaker) Text(t Text) string {
	if t.IsZero() {
		return ""
	}
	args := t.Args
	for name, value := range t.Args {
		var said string
		switch value := value.(type) {
		case Text:
			said = s.Text(value)
		case float64:
			said = s.Number(value, 2)
		default:
			continue
		}
		args = maps.Clone(args)
		args[name] = said
	}
	config := &i18n.LocalizeConfig{MessageID: t.Key, TemplateData: args}
	if n, ok := args["N"]; ok {
		config.PluralCount = n
	}
	said, err := s.localizer.Localize(config)
	if said == "" && config.PluralCount != nil { // a form that the language's file lacks
		config.PluralCount = nil
		said, err = s.localizer.Localize(config)
	}
	if said == "" && err != nil {
		return t.Key
	}
	return said
}

// Number is v with at most so many decimal places, as the language writes it.
func (s *Speaker) Number(v float64, places int) string {
	return s.printer.Sprint(number.Decimal(v, number.MaxFractionDigits(places), number.NoSeparator()))
}

// MarshalJSON leaves a zero Text null.
func (t Text) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	type plain Text
	return json.Marshal(plain(t))
}

// Keys are those of a file of words, sorted.
func Keys(system fs.FS, tag string) ([]string, error) {
	data, err := fs.ReadFile(system, tag+".yaml")
	if err != nil {
		return nil, err
	}
	b := i18n.NewBundle(language.Make(Default))
	b.RegisterUnmarshalFunc("yaml", unmarshal)
	file, err := b.ParseMessageFileBytes(data, tag+".yaml")
	if err != nil {
		return nil, fmt.Errorf("%s.yaml: %w", tag, err)
	}
	var keys []string
	for _, m := range file.Messages {
		keys = append(keys, m.ID)
	}
	slices.Sort(keys)
	return keys, nil
}
