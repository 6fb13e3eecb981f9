//go:build soak

package main

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// From two folders with the same commit and the same packages comes the same image:
// from that which was made before and a clone, or, where something is not committed, from
// two clones. It takes minutes: ./build.sh soak has it.
func TestAnotherFolderGivesTheSameImage(t *testing.T) {
	dir := made(t)
	status, err := exec.Command("git", "status", "--porcelain").Output()
	if err != nil {
		t.Fatal(err)
	}
	sum := func(file string) []byte {
		t.Helper()
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			t.Fatal(err)
		}
		return h.Sum(nil)
	}
	var folders [2]string
	if len(status) == 0 {
		folders[1] = filepath.Dir(filepath.Dir(dir))
	}
	for i := range folders {
		if folders[i] != "" {
			continue
		}
		// A clone: what is not committed is in neither.
		folders[i] = filepath.Join(t.TempDir(), "infobus")
		for _, line := range [][]string{
			{"git", "clone", "--quiet", "--no-hardlinks", "../..", folders[i]},
			{"bash", "-c", `cd "$0" && ./build.sh image`, folders[i]},
		} {
			if out, err := exec.CommandContext(t.Context(), line[0], line[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", line, err, out)
			}
		}
	}
	for _, name := range []string{"infobus.img", "infobus.img.xz", "infobus.spdx.json"} {
		if !bytes.Equal(sum(filepath.Join(folders[0], "build/card", name)), sum(filepath.Join(folders[1], "build/card", name))) {
			t.Errorf("%s differs", name)
		}
	}
}
