package kept

import (
	"errors"
	"os"
)

// Disk is what Load and Save need of a file system. What they rely on: bytes
// that were synced stay; a name that was renamed stands for the old or the new
// file, and for the new one once the folder was synced.
type Disk interface {
	// Read gives a file's content, or none of one that is larger than ours.
	Read(path string) ([]byte, error)
	// Create makes the file, or empties it.
	Create(path string) (File, error)
	Rename(from, to string) error
	SyncDir(dir string) error
}

// File is a file that is being written.
type File interface {
	Write(b []byte) (int, error)
	Sync() error
	Close() error
}

// System is the system's own.
var System Disk = system{}

type system struct{}

func (system) Read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSize {
		return nil, nil // not ours: Parse refuses it
	}
	return os.ReadFile(path)
}

func (system) Create(path string) (File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}

func (system) Rename(from, to string) error { return os.Rename(from, to) }

func (system) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
