package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"infobus/timetable"
	"infobus/yamlfile"
)

// Sources are where the timetable comes from, the main one first: its sites and its
// plan are the van's. The file has a list of them, or a single path or address.
type Sources []Source

// Source is one place that the timetable comes from.
type Source struct {
	// Source is the path of a file or a folder, which may have a * for a stick's
	// name, or an address.
	Source  string           `yaml:"source"`
	Form    string           `yaml:"form"`    // yaml, csv, xlsx or ics; "": by the file's name
	By      string           `yaml:"by"`      // the organisation that it speaks for, and for no other; "": for any
	Public  timetable.Public `yaml:"public"`  // which events of a calendar are for the screen
	Publish string           `yaml:"publish"` // at-once, after-tap; "": after-tap of a stick, else at-once
	Checked string           `yaml:"checked"` // the day of its check, or the cell in which that stands
	Mapping string           `yaml:"mapping"` // path or address of a file that says what titles stand for
	Sites   string           `yaml:"sites"`   // path or address of a YAML with sites and plan beside it
}

// What Publish may be.
const (
	atOnce   = "at-once"
	afterTap = "after-tap"
)

// maxSources is how many sources there may be: each is asked and kept by itself.
const maxSources = 20

// UnmarshalText reads a single source.
func (s *Sources) UnmarshalText(b []byte) error {
	*s = Sources{{Source: string(b)}}
	return nil
}

// IsExample says that it is the example's, which needs no file.
func (s Sources) IsExample() bool { return len(s) == 1 && s[0].Source == ExampleTimetable }

// AfterTap says whether what the source shows waits for a volunteer's tap.
func (s Source) AfterTap() bool {
	return s.Publish == afterTap || s.Publish == "" && timetable.IsRemovable(s.Source)
}

var unnamed = regexp.MustCompile(`[^a-z0-9]+`)

// Names tell the sources apart, each by its organisation, else by the last of its path
// or by its host: a to z, 0 to 9 and hyphens. They hold no more of an address, which
// may have a secret in it.
func (s Sources) Names() (names []string) {
	for _, source := range s {
		text := source.By
		if text == "" {
			path := strings.TrimRight(source.Source, "/")
			text = path[strings.LastIndexByte(path, '/')+1:]
			if i := strings.LastIndexByte(text, '.'); i > 0 {
				text = text[:i]
			}
			if u, err := url.Parse(source.Source); err == nil && timetable.IsAddress(source.Source) {
				text = u.Hostname()
			}
		}
		name := strings.Trim(unnamed.ReplaceAllString(timetable.Plainly(text), "-"), "-")
		if name == "" {
			name = "source"
		}
		for n, other := 2, name; slices.Contains(names, name); n++ {
			name = fmt.Sprintf("%s-%d", other, n)
		}
		names = append(names, name)
	}
	return names
}

// cell is a sheet's cell, as spreadsheets name it.
var cell = regexp.MustCompile(`^[A-Z]{1,3}[1-9][0-9]{0,6}$`)

func (c *Config) checkSources(src *yamlfile.Source) {
	if n := len(c.Timetable); n == 0 || n > maxSources {
		src.Add(fmt.Sprintf("%d sources found, 1 to %d were expected", n, maxSources), &c.Timetable)
	}
	single := len(c.Timetable) == 1 && !src.Is(&c.Timetable[0])
	for i := range c.Timetable {
		s := &c.Timetable[i]
		at := func(field any) []any {
			if single {
				return []any{&c.Timetable}
			}
			return []any{field, s}
		}
		for _, field := range []*string{&s.Source, &s.Mapping, &s.Sites} {
			if rest, web := strings.CutPrefix(*field, "webcal:"); web {
				*field = "https:" + rest
			}
		}
		for _, field := range []*string{&s.Mapping, &s.Sites} {
			if timetable.IsAddress(*field) {
				address(src, field)
			}
		}
		switch {
		case strings.TrimSpace(s.Source) == "":
			src.Add("a source is missing here: a file, a folder, a stick or an address", at(&s.Source)...)
		case timetable.IsAddress(s.Source) && single:
			address(src, &s.Source, &c.Timetable)
		case timetable.IsAddress(s.Source):
			address(src, &s.Source)
		}
		if slices.ContainsFunc(c.Timetable[:i], func(other Source) bool { return other.Source == s.Source }) {
			src.Add("this source a second time", at(&s.Source)...)
		}
		if s.Form != "" {
			oneOf(src, &s.Form, "yaml", "csv", "xlsx", "ics")
		}
		if s.Publish != "" {
			oneOf(src, &s.Publish, atOnce, afterTap)
		}
		if s.Publish == atOnce && timetable.IsRemovable(s.Source) {
			src.Add("at-once found beside a stick; what comes by a stick waits for a volunteer's tap", at(&s.Publish)...)
		}
		if _, err := timetable.ParseDate(s.Checked); s.Checked != "" && err != nil && !cell.MatchString(s.Checked) {
			src.Add(fmt.Sprintf("checked: %q found; a day such as 2026-11-20 was expected, or a cell such as B1", s.Checked), at(&s.Checked)...)
		}
		if single || !src.Is(&s.Public) {
			s.Public = c.Public
		}
	}
}
