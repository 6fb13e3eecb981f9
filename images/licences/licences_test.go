package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is linked today is what the files say; every licence of it is known.
func TestTheFilesAreCurrent(t *testing.T) {
	const project = "../.."
	parts, err := collect(project)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) < 30 {
		t.Fatalf("only %d parts were found", len(parts))
	}
	for file, want := range map[string]string{forPeople: people(parts), forDebian: debian(parts)} {
		got, err := os.ReadFile(filepath.Join(project, file))
		if err != nil || string(got) != want {
			t.Errorf("%s does not tell of what is linked: go run ./images/licences (%v)", file, err)
		}
	}
}

func TestLicencesAreRecognised(t *testing.T) {
	const bsd = "Redistribution and use in source and\nbinary forms, with or without modification"
	for text, want := range map[string]string{
		bsd + "\nNeither   the name of": "BSD-3-Clause",
		bsd:                             "BSD-2-Clause",
		"Permission is hereby granted, free of charge … The above copyright notice and this permission notice shall": "MIT",
		"MIT No Attribution … Permission is hereby granted, free of charge":                                          "MIT-0",
		"  Apache License\n Version 2.0, January 2004":                                                               "Apache-2.0",
		"SPDX-License-Identifier: Unlicense OR BSD-3-Clause\n" + bsd:                                                 "Unlicense OR BSD-3-Clause",
	} {
		if got, err := recognise(text); got != want || err != nil {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	if got, err := recognise("You may not use this."); err == nil {
		t.Errorf("something else is %q", got)
	}
}

// A folder with a licence that nobody knows ends the run, and names what to do.
func TestAnUnknownLicenceIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "LICENSE.md"), []byte("Ask me first.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if p, err := read(dir); err == nil || !strings.Contains(err.Error(), "look at it") {
		t.Errorf("got %q, %v", p.licence, err)
	}
}
