// Package deb tests the Debian package as a file: that the same sources give the same
// bytes, what lintian says of it, and that what it refers to is in it. What it does to a
// machine is tested in images/lab/debian.
package deb

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const project = "../.."

// built is the package of a copy of the sources in a folder of its own.
func built(t *testing.T, folder string, environment ...string) string {
	t.Helper()
	run(t, project, nil, "sh", "-c", `git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --no-dereference --target-directory "$0" 2>/dev/null || true`, folder)
	run(t, folder, append(environment, "SOURCE_DATE_EPOCH=1790000000", "GIT_DIR=/nonexistent"), "./build.sh", "deb", "arm64")
	debs, err := filepath.Glob(filepath.Join(folder, "build", "infobus_*_arm64.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("the packages are %v, %v; one was expected", debs, err)
	}
	return debs[0]
}

func run(t *testing.T, folder string, environment []string, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir = folder
	c.Env = append(os.Environ(), environment...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// needed skips, in -short, where a tool is missing.
func needed(t *testing.T, tools ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: builds packages")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v: apt-get install %s", err, tool)
		}
	}
}

func TestThePackage(t *testing.T) {
	needed(t, "dpkg-deb", "lintian")
	deb := built(t, t.TempDir())

	t.Run("lintian has nothing to say but what is overridden", func(t *testing.T) {
		c := exec.CommandContext(t.Context(), "lintian", "--allow-root", "--display-info", "--fail-on=error,warning,info", "--tag-display-limit=0", deb)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("lintian: %v\n%s", err, out)
		}
	})
	tree := t.TempDir()
	run(t, ".", nil, "dpkg-deb", "--raw-extract", deb, tree)
	t.Run("no file is one that dpkg asks about", func(t *testing.T) {
		if _, err := os.Stat(filepath.Join(tree, "DEBIAN/conffiles")); !errors.Is(err, fs.ErrNotExist) {
			t.Error("there are conffiles")
		}
		err := filepath.WalkDir(filepath.Join(tree, "etc"), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				t.Errorf("%s is in the package", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("what is copied into place is there", func(t *testing.T) { copies(t, tree) })
	t.Run("the documents that are named are in it", func(t *testing.T) { documents(t, tree) })

	// A second time: another folder, mask, language and time zone.
	if testing.Short() {
		return
	}
	other := filepath.Join(t.TempDir(), "another folder", "far", "down")
	if err := os.MkdirAll(other, 0o700); err != nil {
		t.Fatal(err)
	}
	again := built(t, other, "TZ=Asia/Kathmandu", "LC_ALL=C.UTF-8")
	a, err := os.ReadFile(deb)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(deb) != filepath.Base(again) || !bytes.Equal(a, b) {
		t.Errorf("two builds differ: %s of %d bytes, %s of %d", filepath.Base(deb), len(a), filepath.Base(again), len(b))
	}
}

// copies looks for the source of every line of tmpfiles that copies.
func copies(t *testing.T, tree string) {
	b, err := os.ReadFile(filepath.Join(tree, "usr/lib/tmpfiles.d/infobus.conf"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 7 && f[0] == "C" {
			n++
			if _, err := os.Stat(filepath.Join(tree, f[6])); err != nil {
				t.Error(err)
			}
		}
	}
	if n != 2 {
		t.Errorf("%d files are copied into place, 2 were expected", n)
	}
}

var (
	link  = regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)
	named = regexp.MustCompile(`(?:file://)?/usr/share/(?:doc|infobus)[a-zA-Z0-9/._-]*[a-zA-Z0-9/]`)
)

// documents looks for every document that a document or a unit refers to.
func documents(t *testing.T, tree string) {
	n := 0
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Base(filepath.Dir(path)) == "bin" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if filepath.Ext(path) == ".md" {
			for _, m := range link.FindAllSubmatch(b, -1) {
				n++
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), string(m[1]))); err != nil {
					t.Errorf("%s: %v", strings.TrimPrefix(path, tree), err)
				}
			}
		}
		for _, m := range named.FindAll(b, -1) {
			n++
			at := strings.TrimPrefix(string(m), "file://")
			if !strings.HasPrefix(at, "/usr/share/doc/infobus") && !strings.HasPrefix(at, "/usr/share/infobus") {
				continue
			}
			if _, err := os.Stat(filepath.Join(tree, at)); err != nil {
				t.Errorf("%s: %v", strings.TrimPrefix(path, tree), err)
			}
		}
		return nil
	})
	if err != nil || n < 50 {
		t.Errorf("%d references were found, %v", n, err)
	}
}
