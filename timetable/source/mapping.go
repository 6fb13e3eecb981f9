package source

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"infobus/timetable"
	"infobus/yamlfile"
)

const (
	maxTitles       = 500 // of a mapping
	maxTranslations = 500
)

// mappingFile says what titles of a calendar's events, or names in a sheet, stand
// for.
type mappingFile struct {
	Titles []titled `yaml:"titles"`
}

type titled struct {
	Title    string            `yaml:"title"` // whole, or with a * before or after it
	Category category          `yaml:"category"`
	Name     map[string]string `yaml:"name"`
	Sites    []string          `yaml:"sites"`
	Show     show              `yaml:"show"`
}

// meaning is what one title stands for.
type meaning struct {
	at       spot
	title    string // plainly, without its *
	begins   bool   // a text may follow
	ends     bool   // a text may go before
	category timetable.Category
	name     map[string]string
	sites    []string
	show     timetable.Show
	shows    bool // it says where
	met      bool
}

// titles are plainly, with one blank between their words.
func plainTitle(title string) string {
	return strings.Join(strings.Fields(timetable.Plainly(title)), " ")
}

func (m *meaning) has(title string) bool {
	switch {
	case m.begins && m.ends:
		return strings.Contains(title, m.title)
	case m.begins:
		return strings.HasPrefix(title, m.title)
	case m.ends:
		return strings.HasSuffix(title, m.title)
	}
	return title == m.title
}

// beside reads a file that the source's options name. The mistake is that it cannot
// be read.
func (b *book) beside(key, path string) (f File, n int, ok bool) {
	n = len(b.files)
	f, err := b.readBeside(key, path)
	b.files = append(b.files, f.Name)
	if err != nil {
		b.add(spot{n, 0, 0}, err.Error())
		b.v.Unread = append(b.v.Unread, timetable.Unread{}) // nobody knows what it would say of all the others
		return File{}, n, false
	}
	return f, n, true
}

// openMapping reads the mapping. An entry with a mistake is none.
func (b *book) openMapping(n int, f File) {
	var list mappingFile
	src := yamlfile.Decode(f.Name, f.Data, &list)
	wrong := map[int]bool{} // entries, by their index
	var mistakes Mistakes
	if errors.As(src.Err(), &mistakes) {
		for _, m := range mistakes {
			b.add(spot{n, m.Line, m.Column}, m.What)
			last := -1
			for i := range list.Titles {
				if line, _ := src.At(&list.Titles[i]); line <= m.Line {
					last = i
				}
			}
			wrong[last] = true
		}
	}
	at := func(fields ...any) spot {
		line, column := src.At(fields...)
		return spot{n, line, column}
	}
	if len(list.Titles) > maxTitles {
		b.add(at(&list.Titles), fmt.Sprintf("titles: %d found, at most %d were expected", len(list.Titles), maxTitles))
		return
	}
	if !src.Is(&list.Titles) && len(mistakes) == 0 {
		b.add(spot{n, 1, 1}, "titles: missing; a list was expected, each with title, and category, name, sites or show")
	}
	for i := range list.Titles {
		t := &list.Titles[i]
		m := meaning{at: at(t), title: plainTitle(strings.Trim(t.Title, "*")), begins: strings.HasSuffix(t.Title, "*"), ends: strings.HasPrefix(t.Title, "*"),
			category: timetable.Category(t.Category), show: timetable.Show(t.Show), shows: src.Is(&t.Show)}
		before := b.wrong
		switch {
		case !src.Is(&t.Title):
			b.add(m.at, "title: missing")
		case m.title == "":
			b.add(at(&t.Title), fmt.Sprintf("title: %q found, a title was expected, which may have a * before or after it", shorten(t.Title)))
		case slices.ContainsFunc(b.mapping, func(o *meaning) bool { return o.title == m.title && o.begins == m.begins && o.ends == m.ends }):
			b.add(at(&t.Title), fmt.Sprintf("title: %q a second time", shorten(t.Title)))
		}
		for _, lang := range slices.Sorted(maps.Keys(t.Name)) {
			where := at(yamlfile.Entry{Map: &t.Name, Key: lang})
			tag, err := timetable.LanguageTag(lang)
			if err != nil {
				b.add(where, fmt.Sprintf("name: %q found, %v", lang, err))
			} else if b.text(where, "name", "name", tag, t.Name[lang]) {
				if m.name == nil {
					m.name = map[string]string{}
				}
				m.name[tag] = t.Name[lang]
			}
		}
		for j := range t.Sites {
			if id, ok := b.site(t.Sites[j], at(&t.Sites[j])); ok && !slices.Contains(m.sites, id) {
				m.sites = append(m.sites, id)
			}
		}
		if b.wrong == before && !wrong[i] {
			b.mapping = append(b.mapping, &m)
		}
	}
}

// meaning is what a title stands for; nil where the mapping does not have it.
func (b *book) meaning(title string) *meaning {
	title = plainTitle(title)
	for _, m := range b.mapping {
		if title != "" && m.has(title) {
			m.met = true
			return m
		}
	}
	return nil
}

// unmapped notes a title that the mapping does not have. One that is not for the
// screen may be of a person, and is not said.
func (b *book) unmapped(at spot, title string, shown bool) {
	if b.Mapping == "" || title == "" || b.unmet[plainTitle(title)] {
		return
	}
	if b.unmet == nil {
		b.unmet = map[string]bool{}
	}
	b.unmet[plainTitle(title)] = true
	if shown {
		b.warn(at, 0, fmt.Sprintf("%q is no title of the mapping: it is taken as it stands", shorten(title)))
	} else {
		b.warn(at, 0, "a title that the mapping does not have; it is not for the screen")
	}
}

// unused says which titles of the mapping nothing has.
func (b *book) unused() {
	for _, m := range b.mapping {
		if !m.met {
			b.warn(m.at, 0, fmt.Sprintf("title: nothing is called %q", shorten(m.title)))
		}
	}
	for _, t := range b.translations {
		if !t.met {
			b.warn(t.at, 0, fmt.Sprintf("translations: no service is called %q", shorten(t.of)))
		}
	}
}

// translation is a service's name in other languages than where it was read.
type translation struct {
	at   spot
	of   string
	name map[string]string
	met  bool
}

// translate gives the services of sheets and calendars their names in other
// languages.
func (b *book) translate() {
	for _, t := range b.translations {
		of := plainTitle(t.of)
		is := func(names map[string]string) bool {
			for _, name := range names {
				if plainTitle(name) == of {
					return true
				}
			}
			return false
		}
		with := func(names map[string]string) map[string]string {
			names = maps.Clone(names)
			maps.Copy(names, t.name)
			return names
		}
		for i := range b.t.Services {
			s := &b.t.Services[i]
			for j := range s.Slots {
				if slot := &s.Slots[j]; slot.Name != nil && is(slot.Name) {
					slot.Name, t.met = with(slot.Name), true
				}
			}
			if is(s.Name) {
				s.Name, t.met = with(s.Name), true
			}
		}
	}
}
