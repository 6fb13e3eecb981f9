// Package storetest is a disk that forgets: a file layer under SQLite that
// keeps everything in memory, and at a crash loses what was not synced, or some
// of it, in any order, torn at the sector.
//
// It assumes that a file which was created stays in its folder, though it may
// be empty: the store syncs the folder itself, and a test on a real file system
// covers that.
package storetest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// sector is what a disk writes at once.
const sector = 512

var disks atomic.Int64

// Disk is a disk with its files. Make it with New.
type Disk struct {
	name   string
	random *rand.Rand

	mu          sync.Mutex // guards the rest
	files       map[string]*content
	crashes     int
	ignoreSyncs bool
	quota       int64         // bytes in all; 0: no bound
	cut         int           // writes, truncations and syncs until the power goes; 0: it stays
	dead        bool          // it went, and Crash is still to come
	hung        chan struct{} // closed when syncs return again; nil: they do
}

// content is a file: what is on the platter, and what was written since.
type content struct {
	synced  []byte
	pending []write
	current []byte
}

// write is one sector's worth, or a truncation.
type write struct {
	at       int64
	data     []byte
	truncate bool
}

// New makes an empty disk whose crashes follow from the seed, and registers it
// as a file layer.
func New(seed int64) *Disk {
	d := &Disk{name: fmt.Sprintf("storetest-%d", disks.Add(1)), random: rand.New(rand.NewSource(seed)), files: map[string]*content{}}
	vfs.Register(d.name, d)
	return d
}

// VFS is the name under which SQLite knows it.
func (d *Disk) VFS() string { return d.name }

// Close forgets the disk.
func (d *Disk) Close() { vfs.Unregister(d.name) }

// IgnoreSyncs makes every sync return without having happened.
func (d *Disk) IgnoreSyncs() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ignoreSyncs = true
}

// CutAfter has the power go in the middle of things: with the nth write,
// truncation or sync from now. That write may be there in part, that sync did
// not happen; then the disk answers with errors until Crash.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut = n
}

// cutNow counts one write or sync, and says whether the power goes with it.
func (d *Disk) cutNow() bool {
	if d.cut == 0 {
		return false
	}
	d.cut--
	d.dead = d.cut == 0
	return d.dead
}

// Hang makes every sync wait until release is called, as a dying card does.
func (d *Disk) Hang() (release func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	hung := make(chan struct{})
	d.hung = hung
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		close(hung)
		d.hung = nil
	}
}

// SetQuota bounds the bytes of all files together; 0 lifts the bound.
func (d *Disk) SetQuota(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.quota = bytes
}

// Used is how many bytes all files have together.
func (d *Disk) Used() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used()
}

func (d *Disk) used() (n int64) {
	for _, c := range d.files {
		n += int64(len(c.current))
	}
	return n
}

// Bytes is all that is in the files, one after the other.
func (d *Disk) Bytes() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []byte
	for _, c := range d.files {
		all = append(all, c.current...)
	}
	return all
}

// Crash cuts the power: of what was not synced, each sector is there or not, by
// chance. Files that are open are of no more use.
func (d *Disk) Crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crashes++
	d.cut, d.dead = 0, false
	for _, c := range d.files {
		keep := d.random.Float64() // of this file: from nothing to all
		for _, w := range c.pending {
			if d.random.Float64() < keep {
				c.synced = w.onto(c.synced)
			}
		}
		c.pending, c.current = nil, bytes.Clone(c.synced)
	}
}

func (w write) onto(b []byte) []byte {
	if w.truncate {
		if w.at < int64(len(b)) {
			return b[:w.at]
		}
		return b
	}
	if grow := w.at + int64(len(w.data)) - int64(len(b)); grow > 0 {
		b = append(b, make([]byte, grow)...)
	}
	copy(b[w.at:], w.data)
	return b
}

// Open implements vfs.VFS.
func (d *Disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.files[name]
	if c == nil {
		if flags&vfs.OPEN_CREATE == 0 {
			return nil, flags, sqlite3.CANTOPEN
		}
		c = &content{}
		d.files[name] = c
	}
	return &file{disk: d, content: c, crashes: d.crashes}, flags, nil
}

// Delete implements vfs.VFS. It is durable at once.
func (d *Disk) Delete(name string, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[name] == nil {
		return sqlite3.IOERR_DELETE_NOENT
	}
	delete(d.files, name)
	return nil
}

// Access implements vfs.VFS.
func (d *Disk) Access(name string, _ vfs.AccessFlag) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[name] != nil, nil
}

// FullPathname implements vfs.VFS.
func (d *Disk) FullPathname(name string) (string, error) { return name, nil }

// file is an open file.
type file struct {
	disk    *Disk
	content *content
	crashes int // of the disk when it was opened
}

// lost says that the power was cut since the file was opened. The caller holds
// the disk's mu.
func (f *file) lost() error {
	if f.disk.dead || f.crashes != f.disk.crashes {
		return sqlite3.IOERR
	}
	return nil
}

func (f *file) Close() error { return nil }

func (f *file) ReadAt(b []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.lost(); err != nil {
		return 0, err
	}
	if at >= int64(len(f.content.current)) {
		return 0, io.EOF
	}
	n := copy(b, f.content.current[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(b []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.lost(); err != nil {
		return 0, err
	}
	grow := max(at+int64(len(b))-int64(len(f.content.current)), 0)
	if f.disk.quota > 0 && grow > 0 && f.disk.used()+grow > f.disk.quota {
		return 0, sqlite3.FULL
	}
	for rest, to := b, at; len(rest) > 0; {
		n := min(int64(len(rest)), sector-to%sector)
		w := write{at: to, data: bytes.Clone(rest[:n])}
		f.content.pending = append(f.content.pending, w)
		f.content.current = w.onto(f.content.current)
		rest, to = rest[n:], to+n
	}
	if f.disk.cutNow() {
		return 0, sqlite3.IOERR
	}
	return len(b), nil
}

func (f *file) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.lost(); err != nil {
		return err
	}
	w := write{at: size, truncate: true}
	f.content.pending = append(f.content.pending, w)
	f.content.current = w.onto(f.content.current)
	if f.disk.cutNow() {
		return sqlite3.IOERR
	}
	return nil
}

func (f *file) Sync(vfs.SyncFlag) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if hung := f.disk.hung; hung != nil {
		f.disk.mu.Unlock()
		<-hung
		f.disk.mu.Lock()
	}
	if err := f.lost(); err != nil {
		return err
	}
	if f.disk.cutNow() {
		return sqlite3.IOERR
	}
	if f.disk.ignoreSyncs {
		return nil
	}
	for _, w := range f.content.pending {
		f.content.synced = w.onto(f.content.synced)
	}
	f.content.pending = nil
	return nil
}

func (f *file) Size() (int64, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return int64(len(f.content.current)), f.lost()
}

// One process has the disk: locks are always to be had.
func (f *file) Lock(vfs.LockLevel) error         { return nil }
func (f *file) Unlock(vfs.LockLevel) error       { return nil }
func (f *file) CheckReservedLock() (bool, error) { return false, nil }

func (f *file) SectorSize() int { return sector }

// DeviceCharacteristics promises nothing.
func (f *file) DeviceCharacteristics() vfs.DeviceCharacteristic { return 0 }
