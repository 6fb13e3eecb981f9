package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
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
	plain, err := os.MkdirTemp("", "infobus-modules-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(plain)
	for i, m := range order {
		name := fmt.Sprintf("%02d-%s", i+10, moduleName(m))
		if files["/modules/"+name], err = unpacked(filepath.Join(folder, m), filepath.Join(plain, name)); err != nil {
			return err
		}
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

// unpacked is the file of a module as the kernel loads it: a board need not unpack Debian's
// at each boot.
func unpacked(module, to string) (string, error) {
	if !strings.HasSuffix(module, ".xz") {
		return module, nil
	}
	f, err := os.Create(to)
	if err != nil {
		return "", err
	}
	defer f.Close()
	xz := exec.Command("xz", "-dc", module)
	xz.Stdout = f
	if err := xz.Run(); err != nil {
		return "", fmt.Errorf("unpack %s: %w", module, err)
	}
	return to, f.Close()
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
