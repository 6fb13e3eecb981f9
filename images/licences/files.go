package main

import (
	"fmt"
	"slices"
	"strings"
)

// group is the parts that have the same text.
type group struct {
	parts []part
	part  // what they share
}

func grouped(parts []part) []group {
	var all []group
	for _, p := range parts {
		i := slices.IndexFunc(all, func(g group) bool {
			return g.text == p.text && (g.licence != "Apache-2.0" || g.notice == p.notice)
		})
		if i < 0 {
			all = append(all, group{part: p})
			i = len(all) - 1
		}
		all[i].parts = append(all[i].parts, p)
	}
	return all
}

// people is THIRD_PARTY.md.
func people(parts []part) string {
	var b strings.Builder
	b.WriteString(`# What is not ours

What is linked into ` + "`infobusd` and `infobus`" + ` besides our own code, and under which licence: written by
` + "`go run ./images/licences`" + ` from the sources that are linked. The texts stand below.

From Debian, beside the programs and not in the package: the faces of the screen (` + "`fonts-noto-core`" + `, SIL Open Font
License 1.1). The licences of Debian's packages are in each one's ` + "`/usr/share/doc/*/copyright`" + `.

| part | version | licence |
|---|---|---|
`)
	for _, p := range parts {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.name, p.version, p.licence)
	}
	b.WriteString("\n## Texts\n")
	var apache bool
	for _, g := range grouped(parts) {
		var names []string
		for _, p := range g.parts {
			names = append(names, p.name)
		}
		fmt.Fprintf(&b, "\n### %s\n%s\n", g.licence, strings.Join(names, ", "))
		if g.notice != "" {
			fmt.Fprintf(&b, "```\n%s```\n", g.notice)
		}
		if g.licence == "Apache-2.0" && apache {
			b.WriteString("The text stands above.\n")
			continue
		}
		apache = apache || g.licence == "Apache-2.0"
		fmt.Fprintf(&b, "```\n%s```\n", g.text)
	}
	return b.String()
}

// debian is the package's copyright file, in Debian's machine-readable form (DEP-5). As
// the package has no source, its parts are named by the module that they are.
func debian(parts []part) string {
	var b strings.Builder
	b.WriteString(`Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Infobus
Comment: Written by go run ./images/licences. The programs are linked statically: the
 paragraphs that follow the first are for what they hold besides Infobus itself,
 named by its Go module.

Files: *
Copyright: 2026 The Infobus authors
License: none-stated
 The authors of Infobus have not stated a licence.
`)
	for _, g := range grouped(parts) {
		var files, holders []string
		for _, p := range g.parts {
			files = append(files, fileName(p.name))
			for _, h := range p.holders() {
				if !slices.Contains(holders, h) {
					holders = append(holders, h)
				}
			}
		}
		fmt.Fprintf(&b, "\nFiles: %s\nCopyright: %s\nLicense: %s\n", strings.Join(files, "\n "), strings.Join(holders, "\n "),
			strings.ReplaceAll(g.licence, " OR ", " or "))
		if g.licence == "Apache-2.0" {
			b.WriteString(" On Debian systems, the text is in /usr/share/common-licenses/Apache-2.0.\n")
		} else {
			indent(&b, g.text)
		}
		if g.notice != "" {
			b.WriteString("Comment: its NOTICE says:\n")
			indent(&b, g.notice)
		}
	}
	return b.String()
}

// fileName is a part's place, which may have no blank.
func fileName(name string) string {
	if !strings.Contains(name, " ") {
		return name + "/*"
	}
	name, _, _ = strings.Cut(name, ",")
	name, _, _ = strings.Cut(name, ":")
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\'' {
			return '-'
		}
		return r
	}, strings.ToLower(name)) + "/*"
}

func indent(b *strings.Builder, text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line == "" {
			line = "."
		}
		b.WriteString(" " + line + "\n")
	}
}
