package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Disk is what is needed of a file system. What may be relied on is said in the
// package comment; durabletest has one that keeps to that, and to no more.
type Disk interface {
	// Open opens the regular file at path. flag is os.O_RDONLY or os.O_RDWR, the
	// latter perhaps with os.O_CREATE. Of what is no regular file, a link among
	// them, the error is ErrNotRegular; it never waits for one.
	Open(path string, flag int) (File, error)
	// Rename replaces what is at to, if anything.
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir makes the names in a folder durable.
	SyncDir(dir string) error
}

// File is an open file.
type File interface {
	ReadAt(b []byte, at int64) (int, error)
	WriteAt(b []byte, at int64) (int, error)
	Size() (int64, error)
	// Sync makes content and size durable: fdatasync(2).
	Sync() error
	// Settle is Sync; after it reads give what the disk has, and not what a Sync
	// that failed left in memory.
	Settle() error
	Close() error
}

// ErrNotRegular says that something other than a file has a file's name.
var ErrNotRegular = errors.New("no regular file")

// System is the system's own disk.
var System Disk = system{}

type system struct{}

func (system) Open(path string, flag int) (File, error) {
	// A FIFO is opened at once, and a link not at all.
	f, err := os.OpenFile(path, flag|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0o600)
	switch {
	case errors.Is(err, unix.ELOOP), errors.Is(err, unix.EISDIR), errors.Is(err, unix.ENXIO):
		return nil, fmt.Errorf("%s: %w", path, ErrNotRegular)
	case err != nil:
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w: %s", path, ErrNotRegular, info.Mode().Type())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return file{f}, nil
}

func (system) Rename(from, to string) error { return os.Rename(from, to) }

func (system) Remove(path string) error { return os.Remove(path) }

func (system) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type file struct{ *os.File }

func (f file) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f file) Sync() error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if err == nil {
			return nil
		}
		if err != unix.EINTR {
			return &fs.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
		}
	}
}

func (f file) Settle() error {
	if err := f.Sync(); err != nil {
		return err
	}
	// What is clean now is dropped; a file system that cannot do that has no disk.
	unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	return nil
}
