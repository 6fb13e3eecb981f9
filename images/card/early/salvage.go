package early

import (
	"cmp"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"infobus/card"
)

// brought is how much is brought over from damaged data, in bytes: configuration, PIN,
// what is kept, timetables, and a logbook of some weeks.
const brought = 48 << 20

// salvage copies what can be read of a file system that cannot be used into memory.
func (c *Card) salvage(p string) {
	const at = "/run/infobus-card/damaged"
	if err := os.MkdirAll(at, 0o700); err != nil {
		return
	}
	defer os.Remove(at)
	if err := unix.Mount(p, at, "ext4", unix.MS_RDONLY|dataFlags, "noload,errors=continue"); err != nil {
		c.say("nothing can be read of the data: %v", err)
		return
	}
	defer unix.Unmount(at, unix.MNT_DETACH)
	if err := c.bring(nil, at, asideP); err != nil {
		c.say("not all could be read of the data: %v", err)
	}
}

// bring copies files and folders, the smallest first, and counts the files in d.
func (c *Card) bring(d *card.Data, from, to string) error {
	type file struct {
		name string
		info fs.FileInfo
	}
	var (
		files []file
		first error
	)
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	err := filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			if name == from {
				return fs.SkipAll
			}
			note(err)
			return nil
		}
		info, err := e.Info()
		if err != nil {
			note(err)
			return nil
		}
		relative, _ := filepath.Rel(from, name)
		switch {
		case relative == "lost+found":
			return fs.SkipDir
		case e.IsDir():
			if err := os.MkdirAll(filepath.Join(to, relative), 0o750); err != nil {
				note(err)
			}
			if relative != "." {
				keep(filepath.Join(to, relative), info)
			}
		case e.Type().IsRegular():
			files = append(files, file{relative, info})
		}
		return nil
	})
	if err != nil {
		note(err)
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.info.Size(), b.info.Size()) })
	var total int64
	for _, f := range files {
		if total += f.info.Size(); total > brought {
			break
		}
		if err := copyFile(filepath.Join(from, f.name), filepath.Join(to, f.name), f.info); err != nil {
			note(err)
			continue
		}
		if d != nil {
			d.Salvaged++
		}
	}
	return first
}

func copyFile(from, to string, info fs.FileInfo) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.CopyN(out, in, info.Size()); err == nil {
		err = out.Sync()
	}
	if e := out.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(to) // half a file is worse than none
		return err
	}
	keep(to, info)
	return nil
}

// keep gives a copy the owner and mode of what it was copied from.
func keep(path string, info fs.FileInfo) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		os.Chown(path, int(s.Uid), int(s.Gid))
	}
	os.Chmod(path, info.Mode().Perm())
}
