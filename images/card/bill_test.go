package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The bill has each package of the lock and each module of a program, with what their
// own copyright file says of licences.
func TestTheBillHasPackagesAndModules(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	lock := write("lock", "dash 0.5.12-12 abcd 95648\nold 1+2 ef01 1\n")
	write("doc/dash/copyright", "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: BSD-3-clause\n text\n\nFiles: mksignames.c\nLicense: GPL-2+\n")
	write("doc/old/copyright", "This is free.\nLicense: not of that form\n")
	out := filepath.Join(dir, "bill")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeBill(out, lock, filepath.Join(dir, "doc"), time.Unix(0, 0), []string{self}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var b bill
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	of := map[string]material{}
	for _, m := range b.Packages {
		of[m.Name] = m
	}
	if m := of["dash"]; m.Version != "0.5.12-12" || m.Checksums[0].Value != "abcd" || !strings.HasSuffix(m.Comments, ": BSD-3-clause; GPL-2+") {
		t.Errorf("dash is %+v", m)
	}
	if m := of["old"]; m.Comments != "" || m.Refs[0].Locator != "pkg:deb/debian/old@1%2B2?arch=arm64&distro=trixie" {
		t.Errorf("a package whose copyright file no machine reads is %+v", m)
	}
	if of["stdlib"].Version == "" || len(b.Relationships) != len(b.Packages) {
		t.Errorf("%d packages, %d relationships, Go %q", len(b.Packages), len(b.Relationships), of["stdlib"].Version)
	}
}
