package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
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

// unpackAll has each of Debian's modules in a folder as the kernel loads it, so that a board
// need not unpack it, nor look at its signature, at each boot: a root is checked whole, and
// no kernel of a card demands signatures.
func unpackAll(folder string) error {
	return filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, ".ko.xz") {
			return err
		}
		packed, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		xz := exec.Command("xz", "-dc")
		xz.Stdin = bytes.NewReader(packed)
		plain, err := xz.Output()
		if err != nil {
			return fmt.Errorf("unpack %s: %w", file, err)
		}
		if err := os.WriteFile(strings.TrimSuffix(file, ".xz"), unsigned(plain), 0o644); err != nil {
			return err
		}
		return os.Remove(file)
	})
}

// unsigned is a module without what Debian has appended to it: a signature, its length in
// the last four bytes of a head of twelve, and a mark (the kernel's
// include/linux/module_signature.h).
func unsigned(module []byte) []byte {
	const head = 12
	rest, ok := bytes.CutSuffix(module, []byte("~Module signature appended~\n"))
	if !ok || len(rest) < head {
		return module
	}
	n := int64(len(rest)) - head - int64(binary.BigEndian.Uint32(rest[len(rest)-4:]))
	if n < 0 {
		return module
	}
	return rest[:n]
}
