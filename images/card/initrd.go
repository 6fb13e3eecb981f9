package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"infobus/images/lab"
)

// initrd packs the program init, the modules that list names, numbered in the order in
// which they are loaded, and more files, each PATH=FILE.
func initrd(out, folder, init, list string, more []string) error {
	f, err := os.Open(list)
	if err != nil {
		return err
	}
	names, err := words(f)
	f.Close()
	if err != nil {
		return err
	}
	order, err := modules(folder, names)
	if err != nil {
		return err
	}
	files := map[string]string{"/init": init}
	for i, m := range order {
		files[fmt.Sprintf("/modules/%02d-%s", i+10, moduleName(m))] = filepath.Join(folder, m)
	}
	for _, m := range more {
		name, file, ok := strings.Cut(m, "=")
		if !ok {
			return fmt.Errorf("%s is not PATH=FILE", m)
		}
		files[name] = file
	}
	archive := out + ".cpio"
	if err := lab.Pack(archive, files); err != nil {
		return err
	}
	defer os.Remove(archive)
	return compress(out, archive)
}

func compress(out, plain string) error {
	in, err := os.Open(plain)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := io.Copy(z, in); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}
