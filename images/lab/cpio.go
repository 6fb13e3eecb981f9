package lab

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
)

// Pack writes an initial RAM file system to file: a cpio archive in the "newc"
// form, as the kernel's Documentation/driver-api/early-userspace/buffer-format.rst
// has it. All files are executable and root's.
func Pack(file string, files map[string]string) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := &archive{w: bufio.NewWriter(f)}

	dirs := map[string]bool{"/dev": true, "/proc": true, "/sys": true, "/root": true, "/run": true, "/tmp": true, "/var": true}
	for name := range files {
		for d := path.Dir(path.Clean("/" + name)); d != "/"; d = path.Dir(d) {
			dirs[d] = true
		}
	}
	// Sorted, a directory comes before what is in it.
	for _, d := range slices.Sorted(maps.Keys(dirs)) {
		w.entry(d[1:], 0o040755, nil)
	}
	// The kernel opens /dev/console before devtmpfs is there.
	w.device("dev/console", 5, 1)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content, err := os.ReadFile(files[name])
		if err != nil {
			return err
		}
		w.entry(path.Clean("/" + name)[1:], 0o100755, content)
	}
	w.entry("TRAILER!!!", 0, nil)
	if w.err != nil {
		return w.err
	}
	return w.w.Flush()
}

type archive struct {
	w     *bufio.Writer
	inode int
	err   error
}

func (a *archive) entry(name string, mode int, content []byte) {
	a.header(name, mode, len(content), 0, 0)
	a.write(content)
	a.pad(len(content))
}

func (a *archive) device(name string, major, minor int) {
	a.header(name, 0o020600, 0, major, minor)
}

func (a *archive) header(name string, mode, size, major, minor int) {
	a.inode++
	// ino mode uid gid nlink mtime size devmajor devminor rdevmajor rdevminor namesize check
	a.write(fmt.Appendf(nil, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		a.inode, mode, 0, 0, 1, 0, size, 0, 0, major, minor, len(name)+1, 0))
	a.write(append([]byte(name), 0))
	a.pad(110 + len(name) + 1)
}

// pad fills up to a multiple of 4.
func (a *archive) pad(n int) { a.write(make([]byte, -n&3)) }

func (a *archive) write(p []byte) {
	if a.err == nil {
		_, a.err = a.w.Write(p)
	}
}
