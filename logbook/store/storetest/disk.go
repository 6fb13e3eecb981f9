// Package storetest puts the disk of the crash tests (durabletest) under SQLite,
// as a file layer. It syncs folders where SQLite's own layer for Linux does.
package storetest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"infobus/durable/durabletest"
)

var disks atomic.Int64

// Disk is a disk that SQLite can use. Make it with New.
type Disk struct {
	*durabletest.Disk
	name string
}

// New is an empty disk, registered as a file layer.
func New(seed uint64) *Disk {
	d := &Disk{Disk: durabletest.New(seed), name: fmt.Sprintf("storetest-%d", disks.Add(1))}
	vfs.Register(d.name, layer{d.Disk})
	return d
}

// VFS is the name under which SQLite knows it.
func (d *Disk) VFS() string { return d.name }

// Close forgets the disk.
func (d *Disk) Close() { vfs.Unregister(d.name) }

// Bytes is all that is in the files, one after the other.
func (d *Disk) Bytes() (all []byte) {
	for _, b := range d.Files() {
		all = append(all, b...)
	}
	return all
}

// code is an error in SQLite's words.
func code(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return sqlite3.FULL
	}
	return sqlite3.IOERR
}

// layer is vfs.VFS.
type layer struct{ disk *durabletest.Disk }

func (l layer) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	flag := os.O_RDWR
	if flags&vfs.OPEN_CREATE != 0 {
		flag |= os.O_CREATE
	}
	f, err := l.disk.OpenFile(name, flag)
	if err != nil {
		return nil, flags, sqlite3.CANTOPEN
	}
	journal := flags&(vfs.OPEN_MAIN_JOURNAL|vfs.OPEN_SUPER_JOURNAL|vfs.OPEN_WAL) != 0
	return &file{File: f, layer: l, name: name, fresh: journal && flags&vfs.OPEN_CREATE != 0}, flags, nil
}

func (l layer) Delete(name string, syncDir bool) error {
	err := l.disk.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return sqlite3.IOERR_DELETE_NOENT
	}
	if err == nil && syncDir {
		err = l.disk.SyncDir(filepath.Dir(name))
	}
	return code(err)
}

func (l layer) Access(name string, _ vfs.AccessFlag) (bool, error) {
	_, err := l.disk.OpenFile(name, os.O_RDONLY)
	return err == nil, nil
}

func (l layer) FullPathname(name string) (string, error) { return name, nil }

// file is vfs.File.
type file struct {
	*durabletest.File
	layer layer
	name  string
	fresh bool // a journal whose folder is to be synced with it
}

func (f *file) ReadAt(b []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		return n, err
	}
	return n, code(err)
}

func (f *file) WriteAt(b []byte, at int64) (int, error) {
	n, err := f.File.WriteAt(b, at)
	return n, code(err)
}

func (f *file) Truncate(size int64) error { return code(f.File.Truncate(size)) }

func (f *file) Sync(vfs.SyncFlag) error {
	err := f.File.Sync()
	if err == nil && f.fresh {
		f.fresh = false
		err = f.layer.disk.SyncDir(filepath.Dir(f.name))
	}
	return code(err)
}

func (f *file) Size() (int64, error) {
	n, err := f.File.Size()
	return n, code(err)
}

// One process has the disk: locks are always to be had.
func (f *file) Lock(vfs.LockLevel) error         { return nil }
func (f *file) Unlock(vfs.LockLevel) error       { return nil }
func (f *file) CheckReservedLock() (bool, error) { return false, nil }

func (f *file) SectorSize() int { return durabletest.Sector }

// DeviceCharacteristics are what SQLite's own layer for Linux assumes of any disk.
func (f *file) DeviceCharacteristics() vfs.DeviceCharacteristic { return vfs.IOCAP_POWERSAFE_OVERWRITE }
