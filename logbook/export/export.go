// Package export reads a logbook without the daemon: it writes all events out,
// says whether the file is sound, and saves what can be read of one that is
// not.
//
// In: the state directory. Out: JSON lines, a Report, a new file. Dump and
// Verify change nothing and work while the daemon runs; Repair refuses then.
// Nothing is shown that logbook.Schema does not name.
package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/private"
)

// Report says how a logbook is.
type Report struct {
	Log    string `json:"log"` // the identity of the log; "": it is not known
	Events int    `json:"events"`
	First  uint64 `json:"first"` // seq; 0 without events
	Last   uint64 `json:"last"`
	Gaps   uint64 `json:"gaps"`  // how many events between First and Last were lost
	Older  int    `json:"older"` // events of earlier logs that the receiver does not have
	// Acknowledged is the seq up to which the receiver has everything.
	Acknowledged uint64   `json:"acknowledged"`
	Integrity    []string `json:"integrity"` // what is wrong, in words; none: the file is sound
	Aside        []string `json:"aside"`     // names of damaged files that were moved aside
}

// Sound says that nothing is wrong with the file. Gaps are nothing wrong with
// it: a repaired one has some.
func (r Report) Sound() bool { return len(r.Integrity) == 0 }

// ErrInUse says that a daemon has the logbook open.
var ErrInUse = errors.New("the logbook is in use: stop the daemon first")

// Dump writes every event that can be read as a line of JSON, in order, each
// once: those of files that were moved aside first, oldest file first. Without
// any file the error wraps os.ErrNotExist.
func Dump(w io.Writer, dir string) error {
	files := aside(dir)
	slices.Reverse(files)
	type key struct {
		log string
		seq uint64
	}
	seen := map[key]bool{}
	out := json.NewEncoder(w)
	for _, name := range append(files, store.File) {
		c, err := read(dir, name)
		if errors.Is(err, os.ErrNotExist) && len(files) > 0 {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range append(c.Older, c.Events...) {
			if seen[key{e.Log, e.Seq}] {
				continue
			}
			seen[key{e.Log, e.Seq}] = true
			e, _ = logbook.Admit(e)
			if err := out.Encode(e); err != nil {
				return fmt.Errorf("write event %d: %w", e.Seq, err)
			}
		}
	}
	return nil
}

// Verify says how the logbook in dir is.
func Verify(dir string) (Report, error) {
	c, err := read(dir, store.File)
	if err != nil {
		return Report{}, err
	}
	return report(c, dir), nil
}

// aside are the names of the files that were moved aside, newest first.
func aside(dir string) (names []string) {
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s.damaged-%d", store.File, n)
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			return names
		}
		names = append(names, name)
	}
}

func report(c store.Contents, dir string) Report {
	r := Report{Log: c.Mark.Log, Events: len(c.Events), Older: len(c.Older), Acknowledged: c.Mark.Acknowledged, Aside: aside(dir)}
	if n := len(c.Events); n > 0 {
		r.First, r.Last = c.Events[0].Seq, c.Events[n-1].Seq
		r.Gaps = r.Last - r.First + 1 - uint64(n)
	}
	for _, wrong := range c.Damage {
		r.Integrity = append(r.Integrity, private.Redact(wrong.Error()))
	}
	if len(c.Damage) > 0 && c.Lost > 0 {
		r.Integrity = append(r.Integrity, fmt.Sprintf("%d events are lost", c.Lost))
	}
	return r
}

// read reads a file with its write-ahead log and, of the logbook itself, its mark,
// from a copy: reading the file itself would disturb the daemon, and change a
// damaged file.
func read(dir, name string) (store.Contents, error) {
	to, err := os.MkdirTemp("", "infobus-logbook-")
	if err != nil {
		return store.Contents{}, fmt.Errorf("copy the logbook: %w", err)
	}
	defer os.RemoveAll(to)
	mark := ""
	if name == store.File {
		mark = filepath.Join(dir, store.MarkFile)
	}
	if err := snapshot(filepath.Join(dir, name), mark, to); err != nil {
		return store.Contents{}, fmt.Errorf("copy the logbook: %w", err)
	}
	c, err := store.Inspect(to)
	if err != nil {
		return c, fmt.Errorf("read the logbook: %w", err)
	}
	return c, nil
}

// snapshot copies the file, its log and its mark as they were at one instant:
// again, if any of them changed meanwhile. mark is "" for none.
func snapshot(from, mark, to string) error {
	files := [][2]string{{from, filepath.Join(to, store.File)}, {from + "-wal", filepath.Join(to, store.File+"-wal")}}
	if mark != "" {
		files = append(files, [2]string{mark, filepath.Join(to, store.MarkFile)})
	}
	for range 20 {
		before, err := states(files)
		if err != nil {
			return err
		}
		for i, f := range files {
			os.Remove(f[1])
			if err := copyFile(f[0], f[1]); err != nil && (i == 0 || !errors.Is(err, os.ErrNotExist)) {
				return err
			}
		}
		after, err := states(files)
		if err != nil {
			return err
		}
		if slices.Equal(before, after) {
			return nil
		}
	}
	return errors.New("it changes all the time")
}

// states are the files' inode, size, and time of the last change. The first one
// must be there.
func states(files [][2]string) (list [][5]int64, err error) {
	for i, f := range files {
		var st unix.Stat_t
		err := unix.Stat(f[0], &st)
		if i > 0 && errors.Is(err, unix.ENOENT) {
			list = append(list, [5]int64{})
			continue
		}
		if err != nil {
			return nil, &os.PathError{Op: "stat", Path: f[0], Err: err}
		}
		list = append(list, [5]int64{int64(st.Ino), st.Size, int64(st.Mtim.Sec), int64(st.Mtim.Nsec), 1})
	}
	return list, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// inUse says whether another process, or another part of this one, holds a
// lock on the file as SQLite's locks are.
func inUse(path string) (bool, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: 0x40000000, Len: 512}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
		return false, err
	}
	return lock.Type != unix.F_UNLCK, nil
}
