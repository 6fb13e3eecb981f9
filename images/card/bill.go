package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bill is the card's bill of materials: a document in SPDX 2.3's form.
// https://spdx.github.io/spdx-spec/v2.3/
type bill struct {
	Version       string         `json:"spdxVersion"`
	License       string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      creation       `json:"creationInfo"`
	Packages      []material     `json:"packages"`
	Relationships []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type material struct {
	ID        string     `json:"SPDXID"`
	Name      string     `json:"name"`
	Version   string     `json:"versionInfo"`
	Location  string     `json:"downloadLocation"`
	Analyzed  bool       `json:"filesAnalyzed"`
	Checksums []checksum `json:"checksums,omitempty"`
	Concluded string     `json:"licenseConcluded"`
	Declared  string     `json:"licenseDeclared"`
	Comments  string     `json:"licenseComments,omitempty"`
	Copyright string     `json:"copyrightText"`
	Refs      []ref      `json:"externalRefs,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type ref struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Kind string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

const unsaid = "NOASSERTION"

// writeBill writes the bill of the packages that lock names, whose copyright files are
// below doc, and of the modules that the programs were built of; at is when it was made.
// It says of a licence what the package says itself, and concludes nothing.
func writeBill(out, lock, doc string, at time.Time, programs []string) error {
	b := bill{Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: "infobus-card",
		Creation: creation{at.UTC().Format(time.RFC3339), []string{"Tool: infobus-images-card"}}}
	f, err := os.Open(lock)
	if err != nil {
		return err
	}
	lines, err := words(f)
	f.Close()
	if err != nil {
		return err
	}
	for _, line := range lines {
		w := strings.Fields(line)
		if len(w) != 4 {
			return fmt.Errorf("%s: %q is not a name, a version, a hash and a size", lock, line)
		}
		m := newMaterial(w[0], w[1], fmt.Sprintf("pkg:deb/debian/%s@%s?arch=arm64&distro=trixie", w[0], strings.ReplaceAll(w[1], "+", "%2B")))
		m.Checksums = []checksum{{"SHA256", w[2]}}
		if named := licences(filepath.Join(doc, w[0], "copyright")); named != "" {
			m.Comments = "named in the package's copyright file: " + named
		}
		b.Packages = append(b.Packages, m)
	}
	modules := map[string]material{}
	for _, p := range programs {
		info, err := buildinfo.ReadFile(p)
		if err != nil {
			return err
		}
		modules["stdlib"] = newMaterial("stdlib", info.GoVersion, "pkg:golang/stdlib@"+strings.TrimPrefix(info.GoVersion, "go"))
		for _, d := range info.Deps {
			if d.Replace != nil {
				d = d.Replace
			}
			m := newMaterial(d.Path, d.Version, "pkg:golang/"+d.Path+"@"+d.Version)
			m.Comments = "its text is in THIRD_PARTY.md"
			modules[d.Path] = m
		}
	}
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		b.Packages = append(b.Packages, modules[name])
	}
	for i := range b.Packages {
		b.Packages[i].ID = fmt.Sprintf("SPDXRef-%d", i+1)
		b.Relationships = append(b.Relationships, relationship{b.ID, "DESCRIBES", b.Packages[i].ID})
	}
	// It is unique to what it says.
	body, err := json.Marshal(b)
	if err != nil {
		return err
	}
	b.Namespace = fmt.Sprintf("https://infobus.invalid/spdx/%x", sha256.Sum256(body))
	body, err = json.MarshalIndent(b, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(body, '\n'), 0o644)
}

func newMaterial(name, version, locator string) material {
	return material{Name: name, Version: version, Location: unsaid, Concluded: unsaid, Declared: unsaid, Copyright: unsaid,
		Refs: []ref{{"PACKAGE-MANAGER", "purl", locator}}}
}

// licences are the short names in a copyright file that a machine can read, in the form
// of DEP-5; "" where it is none.
func licences(file string) string {
	text, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(text[:min(len(text), 500)], []byte("Format:")) {
		return ""
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "License:"); ok {
			names[strings.TrimSpace(name)] = true
		}
	}
	delete(names, "")
	return strings.Join(slices.Sorted(maps.Keys(names)), "; ")
}
