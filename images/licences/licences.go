// Licences writes down what the two programs are made of besides our own code, and under
// which licences: THIRD_PARTY.md for people, and images/deb/copyright as Debian has it.
//
// In: the go command's word on what is linked, and the licence files beside the sources.
// Out: the two files. A licence that it does not recognise is an error, not a guess.
//
//	go run ./images/licences
package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

// The files, below the project's folder.
const (
	forPeople = "THIRD_PARTY.md"
	forDebian = "images/deb/copyright"
)

func write(project string) error {
	parts, err := collect(project)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(project, forPeople), []byte(people(parts)), 0o644),
		os.WriteFile(filepath.Join(project, forDebian), []byte(debian(parts)), 0o644))
}

// part is something that is in the programs under one licence.
type part struct {
	name    string // a module, with the folder in it that has a licence of its own
	version string
	licence string // an SPDX expression
	text    string // as it stands in its source; "" where there is none to be passed on
	notice  string // what Apache's licence wants passed on beside it
}

//go:embed texts/Unicode-3.0
var unicode string

// data are the parts that are no module.
var data = []part{
	{name: "IANA's time zones, in Go's time/tzdata", licence: "LicenseRef-public-domain", text: "This database is in the public domain (RFC 6557, section 7).\n"},
	{name: "Unicode CLDR: names and dates in kiosk/locales and golang.org/x/text; Unicode's character data in golang.org/x/text and go-text/typesetting",
		version: "48.2", licence: "Unicode-3.0", text: unicode},
	{name: "SQLite, in github.com/ncruces/go-sqlite3-wasm", licence: "blessing", text: "The authors of SQLite disclaim copyright to it, and give a blessing in its place:\n\n" +
		"May you do good and not evil.\nMay you find forgiveness for yourself and forgive others.\nMay you share freely, never taking more than you give.\n"},
}

// collect is what is linked into the programs for each architecture, in the order of its
// name.
func collect(project string) ([]part, error) {
	type module struct {
		Path, Version, Dir string
		Main               bool
	}
	var all []part
	done := map[string]bool{}
	for _, arch := range []string{"arm64", "amd64"} {
		list := exec.Command("go", "list", "-deps", "-json=Dir,Module,Standard", "./cmd/infobusd", "./cmd/infobus")
		list.Dir = project
		list.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=")
		list.Stderr = os.Stderr
		out, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("ask go what is linked: %w", err)
		}
		for packages := json.NewDecoder(strings.NewReader(string(out))); ; {
			var p struct {
				Dir      string
				Module   *module
				Standard bool
			}
			if err := packages.Decode(&p); err == io.EOF {
				break
			} else if err != nil {
				return nil, fmt.Errorf("read go's list: %w", err)
			}
			if p.Module == nil || p.Module.Main {
				continue
			}
			// Its own folder's licence, and those of the folders above it.
			for dir := p.Dir; strings.HasPrefix(dir, p.Module.Dir); dir = filepath.Dir(dir) {
				name := path.Join(p.Module.Path, filepath.ToSlash(strings.TrimPrefix(dir, p.Module.Dir)))
				if done[name] {
					continue
				}
				done[name] = true
				found, err := read(dir)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				if found.text == "" && dir == p.Module.Dir {
					return nil, fmt.Errorf("%s: it has no licence", name)
				} else if found.text == "" {
					continue
				}
				found.name, found.version = name, p.Module.Version
				all = append(all, found)
			}
		}
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("ask go where it is: %w", err)
	}
	standard, err := read(strings.TrimSpace(string(root)))
	if err != nil || standard.text == "" {
		return nil, fmt.Errorf("go's own licence: %w", err)
	}
	standard.name = "Go's standard library and run time"
	all = append(all, standard)
	slices.SortFunc(all, func(a, b part) int { return strings.Compare(a.name, b.name) })
	return append(all, data...), nil
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)(\.(md|txt))?$`)

// read is the licence that stands in a folder, without name and version; an empty text
// says that none does.
func read(dir string) (part, error) {
	var p part
	files, err := os.ReadDir(dir)
	if err != nil {
		return p, err
	}
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		notice := strings.EqualFold(f.Name(), "NOTICE")
		if !notice && !licenceFile.MatchString(f.Name()) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return p, err
		}
		s := tidy(string(b))
		if notice {
			p.notice = s
			continue
		}
		if p.text != "" {
			return p, errors.New("it has several licences")
		}
		p.text = s
		if p.licence, err = recognise(s); err != nil {
			return p, err
		}
	}
	return p, nil
}

// tidy has the text's lines end as they do here, and leaves out empty ones around it.
func tidy(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \t\n\f") + "\n")
	}
	return strings.Trim(b.String(), "\n") + "\n"
}

var spdx = regexp.MustCompile(`SPDX-License-Identifier: (.+)`)

// recognise names a licence by SPDX, by the sentences that are its own.
func recognise(text string) (string, error) {
	if m := spdx.FindStringSubmatch(text); m != nil {
		return m[1], nil
	}
	s := strings.ToLower(strings.Join(strings.Fields(text), " "))
	has := func(sentences ...string) bool {
		return !slices.ContainsFunc(sentences, func(x string) bool { return !strings.Contains(s, x) })
	}
	switch {
	case has("apache license version 2.0, january 2004"):
		return "Apache-2.0", nil
	case has("redistribution and use in source and binary forms", "neither the name"):
		return "BSD-3-Clause", nil
	case has("redistribution and use in source and binary forms"):
		return "BSD-2-Clause", nil
	case has("permission is hereby granted, free of charge", "the above copyright notice and this permission notice"):
		return "MIT", nil
	case has("mit no attribution", "permission is hereby granted, free of charge"):
		return "MIT-0", nil
	case has("permission is hereby granted, without written agreement and without license or royalty fees"):
		return "MIT-Modern-Variant", nil
	}
	return "", errors.New("its licence is none that is known here: look at it, and have it recognised")
}

// holders are the lines of a licence that say whose it is.
func (p part) holders() []string {
	var all []string
	text := p.text + p.notice
	if p.licence == "Apache-2.0" {
		text = p.notice // the text has a form to be filled in
	}
	for line := range strings.Lines(text) {
		line = strings.Join(strings.Fields(line), " ")
		if whose.MatchString(line) && !slices.Contains(all, line) {
			all = append(all, line)
		}
	}
	if len(all) == 0 {
		return []string{"the authors of " + p.name}
	}
	return all
}

var whose = regexp.MustCompile(`^(?i:copyright) .*[0-9]{4}`)
