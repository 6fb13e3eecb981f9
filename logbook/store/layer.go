package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"infobus/durable"
)

var layers atomic.Int64

// layer is a file layer under SQLite: what is cut off or removed is overwritten
// first, since the card keeps it in free blocks; nothing is written at all while a
// file is only looked at; and the write-ahead log is written over and over in one place,
// so that ext4 has no new size and no new blocks to write beside each commit.
type layer struct {
	vfs.VFS
	base   durable.Disk
	name   string
	frozen atomic.Bool
}

// newLayer registers a layer over the one of that name; "" is the system's.
func newLayer(disk Disk) *layer {
	l := &layer{VFS: vfs.Find(disk.VFS()), base: disk, name: fmt.Sprintf("infobus-logbook-%d", layers.Add(1))}
	vfs.Register(l.name, l)
	return l
}

func (l *layer) close() { vfs.Unregister(l.name) }

// Open implements vfs.VFS.
func (l *layer) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := l.VFS.Open(name, flags)
	return l.file(f, flags), flags, err
}

// OpenFilename implements vfs.VFSFilename.
func (l *layer) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	base, ok := l.VFS.(vfs.VFSFilename)
	if !ok {
		return l.Open(name.String(), flags)
	}
	f, flags, err := base.OpenFilename(name, flags)
	return l.file(f, flags), flags, err
}

func (l *layer) file(f vfs.File, flags vfs.OpenFlag) vfs.File {
	if f == nil {
		return nil
	}
	if flags&vfs.OPEN_WAL == 0 {
		return &layered{f, l}
	}
	return &wal{layered: layered{f, l}}
}

// Delete implements vfs.VFS.
func (l *layer) Delete(name string, syncDir bool) error {
	if l.frozen.Load() {
		return sqlite3.IOERR_DELETE
	}
	if strings.HasSuffix(name, "-wal") {
		if err := l.blank(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return sqlite3.IOERR_DELETE
		}
	}
	return l.VFS.Delete(name, syncDir)
}

// blank overwrites a write-ahead log.
func (l *layer) blank(name string) error {
	f, err := l.base.Open(name, os.O_RDWR)
	if err != nil {
		return err
	}
	if err := errors.Join(behead(f, f.Sync), f.Close()); err != nil {
		return err
	}
	return durable.Blank(l.base, name)
}

// behead has a write-ahead log that was copied be none, before the rest is overwritten: of
// that a power cut may leave any part, and its first frames alone would bring old pages back.
func behead(log io.WriterAt, sync func() error) error {
	const header = 32 // bytes: sqlite.org/fileformat2.html#walformat
	if _, err := log.WriteAt(make([]byte, header), 0); err != nil {
		return err
	}
	return sync()
}

// layered is vfs.File.
type layered struct {
	vfs.File
	layer *layer
}

// WriteAt implements vfs.File.
func (f *layered) WriteAt(b []byte, at int64) (int, error) {
	if f.layer.frozen.Load() {
		return 0, sqlite3.READONLY
	}
	n, err := f.File.WriteAt(b, at)
	return n, noSpace(err)
}

// Sync implements vfs.File.
func (f *layered) Sync(flags vfs.SyncFlag) error { return noSpace(f.File.Sync(flags)) }

// noSpace is SQLite's word for a full disk: what the system says otherwise, it takes for any
// error of the disk, and the file for damaged.
func noSpace(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return sqlite3.FULL
	}
	return err
}

// Truncate implements vfs.File.
func (f *layered) Truncate(size int64) error {
	if f.layer.frozen.Load() {
		return sqlite3.READONLY
	}
	was, err := f.File.Size()
	if err != nil {
		return err
	}
	if err := durable.Zero(f.File, size, was); err != nil {
		return err
	}
	if size < was {
		if err := f.File.Sync(vfs.SYNC_NORMAL); err != nil {
			return err
		}
	}
	return f.File.Truncate(size)
}

// walSize is how long the write-ahead log is at least, in bytes, and walPages after how
// many pages it is copied: so many fit.
const (
	walSize  = 128 << 10
	walPages = 28
)

// wal is the write-ahead log. What is behind its frames is zeros, or an older log's
// frames: SQLite tells either by checksums and a salt.
type wal struct {
	layered
	known bool  // used is
	used  int64 // bytes that may be other than zeros
}

// WriteAt implements vfs.File.
func (w *wal) WriteAt(b []byte, at int64) (int, error) {
	if w.layer.frozen.Load() {
		return 0, sqlite3.READONLY
	}
	if err := w.extend(); err != nil {
		return 0, err
	}
	w.used = max(w.used, at+int64(len(b)))
	return w.layered.WriteAt(b, at)
}

// extend makes the file as long as it is to be, once.
func (w *wal) extend() error {
	if w.known {
		return nil
	}
	size, err := w.Size()
	if err != nil {
		return err
	}
	if size < walSize {
		nothing := make([]byte, walSize-size)
		if _, err := w.layered.WriteAt(nothing, size); err != nil {
			return err
		}
	}
	w.known, w.used = true, size
	return nil
}

// Truncate implements vfs.File: up to walSize what is cut off is zeros, and stays.
func (w *wal) Truncate(size int64) error {
	if w.layer.frozen.Load() {
		return sqlite3.READONLY
	}
	if err := w.extend(); err != nil {
		return err
	}
	if size == 0 {
		if err := behead(&w.layered, func() error { return w.layered.Sync(vfs.SYNC_NORMAL) }); err != nil {
			return err
		}
	}
	if err := durable.Zero(w.File, size, min(w.used, walSize)); err != nil {
		return err
	}
	w.used = min(w.used, size)
	if is, err := w.Size(); err != nil || is > walSize {
		return errors.Join(err, w.layered.Truncate(max(size, walSize)))
	}
	return w.layered.Sync(vfs.SYNC_NORMAL)
}
