// Package durabletest is a disk that forgets, tears, flips bits and errs: the
// one disk under every crash test of the house, the logbook's too.
//
// It promises what POSIX does (write, fsync, rename: IEEE Std 1003.1, "XSH"),
// with what fsync(2) of Linux says of errors, and no more; a file system
// promises more (ext4 orders names among each other, and data before the size).
//
//   - While the power stays, what was written is read back, and names are as they
//     were made, whatever was synced.
//   - After a Crash a file holds what it held at its last Sync, and of each sector
//     written since, or truncation, the new, the old, or what is torn at any byte
//     and goes on with the old or with what nobody wrote. They come to the disk in
//     any order. What was not being written is as it was, unless the disk is Brittle.
//   - After a Crash a name stands for what it did at the last SyncDir, and each
//     change since happened or did not, in any order. A rename is one change. A
//     file's Sync does not make its name durable.
//   - A Sync that fails leaves what was not written counting as clean: reads see
//     it until Settle or Crash, and no later Sync brings it to the disk.
//   - A write that fails may have written a part; a rename that fails may have
//     happened.
//
// What a crash leaves follows from the seed.
package durabletest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"infobus/durable"
)

// ErrDead is what a disk answers whose power went, until Crash.
var ErrDead = errors.New("the power is off")

// Sector is what the disk writes at once, in bytes.
const Sector = 512

// Disk is the disk. Make it with New.
type Disk struct {
	mu     sync.Mutex // guards the rest
	random *rand.Rand

	names   map[string]*inode // as they are now
	durable map[string]*inode // as their folders were synced last
	changes []change          // of names since

	operations int // that change something, so far
	cut        int // of these until the power goes; 0: it stays
	fail       int // of these until one fails; 0: none does
	err        error
	all        error // every operation fails with it; nil: none
	dead       bool
	deaf       bool // syncs do nothing
	brittle    bool
	crashes    int
	freed      [][]byte      // what stands in free blocks
	gone       []*inode      // files without a name: in free blocks, but those that are open can be written
	quota      int64         // bytes in all; 0: no bound
	hung       chan struct{} // closed when syncs return again; nil: they do
}

// inode is a file, whatever its name.
type inode struct {
	now     []byte // as it is read
	durable []byte
	pending []write // since the last sync
	bad     map[int64]bool
}

// free keeps what a disk has in free blocks. The caller holds mu.
func (d *Disk) free(b []byte) {
	if len(bytes.Trim(b, "\x00")) > 0 {
		d.freed = append(d.freed, bytes.Clone(b))
	}
}

// write is a sector's worth, or a truncation.
type write struct {
	at       int64
	data     []byte
	truncate bool
}

// change is one of names; nil: the name has gone.
type change struct {
	dir string
	to  map[string]*inode
}

// New is an empty disk.
func New(seed uint64) *Disk {
	return &Disk{random: rand.New(rand.NewPCG(seed, 1)), names: map[string]*inode{}, durable: map[string]*inode{}}
}

// IgnoreSyncs makes every sync return without having happened.
func (d *Disk) IgnoreSyncs() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deaf = true
}

// Brittle has a write that is cut damage all of its sector, also what was synced.
// SQLite's write-ahead log does not outlive that (https://sqlite.org/psow.html).
func (d *Disk) Brittle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.brittle = true
}

// CutAfter has the power go with the nth operation from now: it has not
// happened, or as far as a crash leaves it.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut = n
}

// FailAfter has the nth operation from now fail with err.
func (d *Disk) FailAfter(n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail, d.err = n, err
}

// FailAll has every operation that changes something fail with err, until mend is
// called: a dead card, or one that was mounted again to be read alone.
func (d *Disk) FailAll(err error) (mend func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = err
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.all = nil
	}
}

// Operations is how many opened a new file, wrote, truncated, synced, renamed or
// removed so far.
func (d *Disk) Operations() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.operations
}

// Dead says whether the power has gone.
func (d *Disk) Dead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
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
	for _, f := range d.names {
		n += int64(len(f.now))
	}
	return n
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

// Files is what is in each file.
func (d *Disk) Files() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[string][]byte{}
	for name, f := range d.names {
		all[name] = bytes.Clone(f.now)
	}
	return all
}

// Raw is what stands on the whole disk, once all of it was synced: files, and what
// was cut off them or was in those that have gone, and was not overwritten first.
func (d *Disk) Raw() (all []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.names {
		all = append(all, f.now...)
	}
	for _, f := range d.gone {
		all = append(all, f.now...)
	}
	for _, b := range d.freed {
		all = append(all, b...)
	}
	return all
}

// Put makes a file hold what it is given, for good: bits that flipped, and worse.
func (d *Disk) Put(path string, b []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := &inode{now: bytes.Clone(b), durable: bytes.Clone(b)}
	d.names[path], d.durable[path] = f, f
}

// Spoil makes the sector of a file's byte unreadable, until it is written again.
func (d *Disk) Spoil(path string, at int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.names[path]
	if f.bad == nil {
		f.bad = map[int64]bool{}
	}
	f.bad[at/Sector] = true
}

// Crash cuts the power, and gives it back. Files that are open are of no more
// use.
func (d *Disk) Crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Each crash is of its own kind, from one that loses all to one that loses nothing.
	kept := d.random.Float64()
	for _, i := range d.random.Perm(len(d.changes)) {
		if d.random.Float64() < kept {
			apply(d.durable, d.changes[i].to)
		}
	}
	d.names, d.changes = map[string]*inode{}, nil
	for name, f := range d.durable {
		f.crash(d.random, d.brittle)
		d.names[name] = f
	}
	d.cut, d.fail, d.dead = 0, 0, false
	d.crashes++
}

// crash leaves of what was not synced what a power cut does.
func (f *inode) crash(random *rand.Rand, brittle bool) {
	kept := random.Float64()
	for _, i := range random.Perm(len(f.pending)) {
		if w := f.pending[i]; random.Float64() < kept {
			if random.IntN(4) == 0 {
				w = w.torn(f.durable, random, brittle)
			}
			f.durable = w.onto(f.durable)
		}
	}
	f.pending, f.now = nil, bytes.Clone(f.durable)
}

// torn is a write of which only the first bytes came to the disk. Behind them is
// what was there, or what nobody wrote. On a brittle disk that is so of all of its
// sector, which the disk writes as one.
func (w write) torn(was []byte, random *rand.Rand, brittle bool) write {
	if w.truncate {
		return w
	}
	begin, data := w.at, bytes.Clone(w.data)
	if brittle {
		begin = w.at / Sector * Sector
		data = w.onto(bytes.Clone(was))[begin:]
		data = data[:min(Sector, len(data))]
	}
	garbage := random.IntN(2) == 0
	for i := random.IntN(len(data) + 1); i < len(data); i++ {
		switch at := begin + int64(i); {
		case garbage:
			data[i] = byte(random.Uint32())
		case at < int64(len(was)):
			data[i] = was[at]
		default:
			data[i] = 0
		}
	}
	return write{at: begin, data: data}
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

func apply(names map[string]*inode, to map[string]*inode) {
	for name, f := range to {
		if names[name] = f; f == nil {
			delete(names, name)
		}
	}
}

// begin counts an operation. An error says that it fails; with cut the power
// went with it. The caller holds mu.
func (d *Disk) begin() (err error) {
	if d.dead {
		return ErrDead
	}
	d.operations++
	if d.all != nil {
		return d.all
	}
	if d.fail > 0 {
		if d.fail--; d.fail == 0 {
			err = d.err
		}
	}
	if d.cut > 0 {
		if d.cut--; d.cut == 0 {
			d.dead, err = true, ErrDead
		}
	}
	return err
}

// turn changes names.
func (d *Disk) turn(dir string, to map[string]*inode) {
	apply(d.names, to)
	d.changes = append(d.changes, change{dir, to})
}

// Open implements durable.Disk.
func (d *Disk) Open(path string, flag int) (durable.File, error) {
	f, err := d.OpenFile(path, flag)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// OpenFile is Open, for who needs all that a File can do.
func (d *Disk) OpenFile(path string, flag int) (*File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return nil, ErrDead
	}
	f := d.names[path]
	if f == nil {
		if flag&os.O_CREATE == 0 {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		}
		err := d.begin()
		if err != nil && err != ErrDead {
			return nil, err
		}
		f = &inode{}
		d.turn(filepath.Dir(path), map[string]*inode{path: f})
		if err != nil {
			return nil, err
		}
	}
	return &File{disk: d, inode: f, crashes: d.crashes}, nil
}

// Rename implements durable.Disk, within one folder.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if filepath.Dir(from) != filepath.Dir(to) {
		return errors.New("durabletest: no rename from one folder to another")
	}
	f := d.names[from]
	if f == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	err := d.begin()
	if err == nil || d.random.IntN(2) == 0 {
		if was := d.names[to]; was != nil {
			d.gone = append(d.gone, was)
		}
		d.turn(filepath.Dir(to), map[string]*inode{from: nil, to: f})
	}
	return err
}

// Remove implements durable.Disk.
func (d *Disk) Remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return ErrDead
	}
	if d.names[path] == nil {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrNotExist}
	}
	err := d.begin()
	if err == nil || d.random.IntN(2) == 0 {
		d.gone = append(d.gone, d.names[path])
		d.turn(filepath.Dir(path), map[string]*inode{path: nil})
	}
	return err
}

// SyncDir implements durable.Disk.
func (d *Disk) SyncDir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wait()
	if err := d.begin(); err != nil || d.deaf {
		return err
	}
	var others []change
	for _, c := range d.changes {
		if c.dir == dir {
			apply(d.durable, c.to)
		} else {
			others = append(others, c)
		}
	}
	d.changes = others
	return nil
}

// wait waits while syncs hang. The caller holds mu.
func (d *Disk) wait() {
	if hung := d.hung; hung != nil {
		d.mu.Unlock()
		<-hung
		d.mu.Lock()
	}
}

// File is an open file.
type File struct {
	disk    *Disk
	inode   *inode
	crashes int // of the disk when it was opened
}

// lost says that the power was cut since the file was opened.
func (f *File) lost() error {
	if f.disk.dead || f.crashes != f.disk.crashes {
		return ErrDead
	}
	return nil
}

// ReadAt implements durable.File.
func (f *File) ReadAt(b []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.lost(); err != nil {
		return 0, err
	}
	if at >= int64(len(f.inode.now)) {
		return 0, io.EOF
	}
	for s := at / Sector; s*Sector < at+int64(len(b)); s++ {
		if f.inode.bad[s] {
			return 0, syscall.EIO
		}
	}
	n := copy(b, f.inode.now[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements durable.File.
func (f *File) WriteAt(b []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.lost(); err != nil {
		return 0, err
	}
	if grow := at + int64(len(b)) - int64(len(f.inode.now)); f.disk.quota > 0 && grow > 0 && f.disk.used()+grow > f.disk.quota {
		return 0, syscall.ENOSPC
	}
	err := f.disk.begin()
	if err != nil && err != ErrDead {
		b = b[:f.disk.random.IntN(len(b)+1)]
	}
	for rest, to := b, at; len(rest) > 0; {
		n := min(int64(len(rest)), Sector-to%Sector)
		f.do(write{at: to, data: bytes.Clone(rest[:n])})
		delete(f.inode.bad, to/Sector)
		rest, to = rest[n:], to+n
	}
	if err != nil {
		return len(b), err
	}
	return len(b), nil
}

func (f *File) do(w write) {
	f.inode.pending = append(f.inode.pending, w)
	f.inode.now = w.onto(f.inode.now)
}

// Truncate makes the file so short.
func (f *File) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.lost(); err != nil {
		return err
	}
	err := f.disk.begin()
	if err == nil || err == ErrDead {
		if size < int64(len(f.inode.now)) {
			f.disk.free(f.inode.now[size:])
		}
		f.do(write{at: size, truncate: true})
	}
	return err
}

// Size implements durable.File.
func (f *File) Size() (int64, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return int64(len(f.inode.now)), f.lost()
}

// Sync implements durable.File.
func (f *File) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return f.sync()
}

func (f *File) sync() error {
	d, i := f.disk, f.inode
	d.wait()
	if err := f.lost(); err != nil {
		return err
	}
	err := d.begin()
	if err == ErrDead || err == nil && d.deaf {
		return err
	}
	for _, w := range i.pending {
		if err == nil || d.random.IntN(2) == 0 {
			i.durable = w.onto(i.durable)
		}
	}
	i.pending = nil
	return err
}

// Settle implements durable.File.
func (f *File) Settle() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.sync(); err != nil {
		return err
	}
	if f.inode.pending == nil { // nothing is dirty
		f.inode.now = bytes.Clone(f.inode.durable)
	}
	return nil
}

// Close implements durable.File. It syncs nothing.
func (f *File) Close() error { return nil }
