package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// modules are the files of these kernel modules and of what they need, each after what
// it needs; names in folder, which has what depmod made. What is built in has no file.
func modules(folder string, names []string) (files []string, err error) {
	needs, of := map[string][]string{}, map[string]string{}
	dep, err := os.ReadFile(filepath.Join(folder, "modules.dep"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(dep)) {
		file, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		needs[file] = strings.Fields(rest)
		of[moduleName(file)] = file
	}
	builtin, err := os.ReadFile(filepath.Join(folder, "modules.builtin"))
	if err != nil {
		return nil, err
	}
	in := map[string]bool{}
	for line := range bytes.Lines(builtin) {
		in[moduleName(strings.TrimSpace(string(line)))] = true
	}
	seen := map[string]bool{}
	var add func(file string)
	add = func(file string) {
		if seen[file] {
			return
		}
		seen[file] = true
		for _, n := range needs[file] {
			add(n)
		}
		files = append(files, file)
	}
	for _, name := range names {
		file, ok := of[moduleName(name)]
		switch {
		case ok:
			add(file)
		case !in[moduleName(name)]:
			return nil, fmt.Errorf("this kernel has no module %s", name)
		}
	}
	return files, nil
}

// moduleName is the module's name by that of its file, which may be spelt with dashes.
func moduleName(file string) string {
	name, _, _ := strings.Cut(path.Base(file), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}
