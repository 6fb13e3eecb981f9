package guide

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"infobus/kiosk/locales"
)

// maxNames is how many names of a folder are looked at.
const maxNames = 1000

// Load reads the guide of a folder: its files LANGUAGE.md. Other files, such as PDFs,
// are not looked at. A guide with mistakes is not to be shown: the last good one stays.
func Load(folder fs.FS) (Guide, Mistakes) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return Guide{}, Mistakes{{File: ".", What: fmt.Sprintf("the guide's folder cannot be read: %v", cmp.Or(errors.Unwrap(err), err))}}
	}
	if len(entries) > maxNames {
		return Guide{}, Mistakes{{File: ".", What: fmt.Sprintf("%d files found, at most %d were expected in a guide's folder", len(entries), maxNames)}}
	}
	var files []File
	var wrong, warnings Mistakes
	for _, e := range entries {
		name := e.Name()
		if path.Ext(name) != ".md" {
			continue
		}
		if !slices.Contains(locales.Tags(), strings.TrimSuffix(name, ".md")) {
			warnings = append(warnings, Mistake{File: name, Line: 1, Column: 1, What: "not read: the names of a guide's files are " + strings.Join(locales.Tags(), ".md, ") + ".md"})
			continue
		}
		data, err := readFile(folder, name)
		if err != nil {
			wrong = append(wrong, Mistake{File: name, Line: 1, Column: 1, What: err.Error()})
			continue
		}
		f, mistakes := Parse(name, data)
		wrong = append(wrong, mistakes...)
		files = append(files, f)
	}
	if len(wrong) == 0 && len(files) == 0 {
		wrong = Mistakes{{File: ".", What: "no guide found; a file such as en.md was expected"}}
	}
	if len(wrong) > 0 {
		return Guide{}, wrong
	}
	g, wrong := New(files)
	g.Warnings = append(warnings, g.Warnings...)
	return g, wrong
}

// readFile reads a file that is no larger than one may be.
func readFile(folder fs.FS, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, errors.New("the file cannot be read")
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil || !info.Mode().IsRegular():
		return nil, errors.New("no file that can be read; a file of text was expected")
	case info.Size() > MaxFile:
		return nil, fmt.Errorf("%d bytes found, at most %d were expected in a file of a guide", info.Size(), MaxFile)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, errors.New("the file cannot be read")
	}
	return data, nil
}

// New makes a guide of its files, each of another language.
func New(files []File) (Guide, Mistakes) {
	g := Guide{files: map[string]*File{}}
	var wrong Mistakes
	for i := range files {
		f := &files[i]
		if g.Source = cmp.Or(g.Source, f.Source); f.Source != g.Source {
			wrong = append(wrong, Mistake{File: f.Name, Line: 1, Column: 1, What: fmt.Sprintf("source: %s found, and %s has %s; one language was expected from which all are made", f.Source, files[0].Name, g.Source)})
		}
		if g.files[f.Lang] != nil {
			wrong = append(wrong, Mistake{File: f.Name, Line: 1, Column: 1, What: fmt.Sprintf("language: %s a second time", f.Lang)})
		}
		g.files[f.Lang] = f
		f.Texts, f.at = slices.Clone(f.Texts), map[string]int{}
		for k := range f.Texts {
			t := &f.Texts[k]
			t.plain, t.hash = typed(t.Items), Hash(t.Items)
			f.at[t.ID] = k
		}
	}
	if len(wrong) > 0 {
		return Guide{}, wrong
	}
	if g.files[g.Source] == nil {
		return Guide{}, Mistakes{{File: g.Source + ".md", What: fmt.Sprintf("missing: %s is the language from which the others are made", g.Source)}}
	}
	for _, tag := range g.Languages() {
		f := g.files[tag]
		for _, t := range f.Texts {
			warn := func(what string) {
				g.Warnings = append(g.Warnings, Mistake{File: f.Name, Line: t.line, Column: 1, What: t.ID + ": " + what})
			}
			if tag == g.Source {
				if t.From != "" || t.Reviewed {
					warn("the source says of what wording it is, or that it is reviewed; only translations do")
				}
				continue
			}
			source := g.text(g.Source, t.ID)
			if source == nil {
				warn("not shown: " + g.Source + ".md has no such section or paragraph")
				continue
			}
			if t.From != source.hash {
				continue
			}
			if what := SameRefs(source.Items, t.Items); what != "" {
				wrong = append(wrong, Mistake{File: f.Name, Line: t.line, Column: 1, What: t.ID + ": " + what})
			}
		}
	}
	if len(wrong) > 0 {
		return Guide{}, wrong
	}
	return g, nil
}

// SameRefs says how the references of a translation differ from its source's; "" where
// they do not.
func SameRefs(source, translation []Item) string {
	want, got := Refs(source), Refs(translation)
	var said []string
	for _, r := range got {
		if !slices.Contains(want, r) {
			said = append(said, r+" found, which the source does not have")
		}
	}
	for _, r := range want {
		if !slices.Contains(got, r) {
			said = append(said, r+" is missing, which the source has")
		}
	}
	return strings.Join(said, "; ")
}
