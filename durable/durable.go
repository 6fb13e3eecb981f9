// Package durable keeps what must outlive a power cut and is no history. There
// are two ways, and no third:
//
//   - Slots: small state, up to 64 kB, written often: two fixed slots in one file.
//   - Pair: larger and rarely written: two whole files.
//
// In: a payload, which is any bytes. Out: after whatever happened to the disk,
// the newest payload whose Write returned nil, or one that was on its way; where
// that copy is damaged, the one before it, and an error that says so. Neither
// way knows what a payload means; the caller's check tells a payload that is
// none, such as "null", from one that is. Neither is safe for concurrent use.
//
// # A copy
//
// Numbers are little endian.
//
//	bytes 0 to 7    "Infobus" and 1, the version of this layout
//	bytes 8 to 15   generation: 1 for the first payload, one more for each
//	bytes 16 to 19  length of the payload
//	bytes 20 to 23  CRC-32C of bytes 0 to 19 and the payload
//	bytes 24 on     payload
//
// There are two copies, and generation g is in copy g modulo 2: a Write replaces
// the older one and never touches the newer. Whole, they are one generation
// apart. What differs from that is damage: Open says it, and the next Write
// replaces the damaged copy.
//
// # Slots
//
// The file has two slots of 68 kB. Each holds one copy; what stands behind it has
// no meaning. The file is made whole, both slots filled: written aside, synced, renamed, its folder synced. From then on
// neither its size nor its blocks ever change, so that a Write is one write of
// the 4 kB blocks that the payload fills, and one fdatasync, which waits for
// nothing else. ext4 writes the inode's new time some seconds later, with whatever
// else is in its journal by then (16 kB where nothing is; lazytime spares none of
// it). A Write needs no free space: a full card takes it.
//
// A file that has lost its size is made anew, as is one that has gone. One with no
// good copy is moved to NAME.bad.
//
// # Pair
//
// NAME.0 and NAME.1 are a copy each. A Write writes the next one aside, syncs it,
// renames it over the older of the two, and syncs the folder.
//
// What is no regular file, with either, is never waited for, and is moved to a
// name that ends in .bad.
//
// # What is assumed of the disk
//
//   - What was written before a Sync that returned nil is there after a power cut,
//     and so is a rename before a SyncDir that did.
//   - A rename happens as a whole or not at all.
//   - A cut damages no sector but those being written. Of these nothing is assumed:
//     they may be old, new, torn at any byte, or hold what nobody wrote.
//
// Not assumed: any order among writes, or among renames; that a file's Sync makes
// its name durable; that a Sync which failed can be tried again. After one Linux
// takes what was not written for clean: a reader sees it until the power
// goes. A Write after an error therefore writes all of its copy again, and the
// first Write of a process asks the disk which copy is the newer one: what was
// read at the start may never have come there.
package durable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
)

var (
	// ErrDamaged says that a copy could not be used.
	ErrDamaged = errors.New("damaged")
	// ErrTooLarge says that a payload is larger than its file may hold.
	ErrTooLarge = errors.New("too large to be kept")
)

const (
	magic  = "Infobus\x01"
	header = 24
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var unchecked atomic.Bool

// IgnoreChecksums has damage go unnoticed until undo is called: a crash test is
// believed once it fails without what it guards.
func IgnoreChecksums() (undo func()) {
	unchecked.Store(true)
	return func() { unchecked.Store(false) }
}

// encode makes a copy.
func encode(generation uint64, payload []byte) []byte {
	b := make([]byte, header, header+len(payload))
	copy(b, magic)
	binary.LittleEndian.PutUint64(b[8:], generation)
	binary.LittleEndian.PutUint32(b[16:], uint32(len(payload)))
	b = append(b, payload...)
	binary.LittleEndian.PutUint32(b[20:], checksum(b))
	return b
}

func checksum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:20], castagnoli), castagnoli, b[header:])
}

// size reads a copy's header: its length, header and payload, in bytes.
func size(head []byte, most int) (int, error) {
	if string(head[:8]) != magic {
		return 0, fmt.Errorf("%w: no copy of ours", ErrDamaged)
	}
	if n := binary.LittleEndian.Uint32(head[16:]); uint64(n) <= uint64(most) {
		return header + int(n), nil
	}
	return 0, fmt.Errorf("%w: its length is out of range", ErrDamaged)
}

// parse reads a copy; what stands behind it is ignored.
func parse(b []byte, most int) (generation uint64, payload []byte, err error) {
	if len(b) < header {
		return 0, nil, fmt.Errorf("%w: cut short", ErrDamaged)
	}
	n, err := size(b, most)
	switch {
	case err != nil:
		return 0, nil, err
	case len(b) < n:
		return 0, nil, fmt.Errorf("%w: cut short", ErrDamaged)
	case binary.LittleEndian.Uint32(b[20:]) != checksum(b[:n]) && !unchecked.Load():
		return 0, nil, fmt.Errorf("%w: wrong checksum", ErrDamaged)
	}
	generation = binary.LittleEndian.Uint64(b[8:])
	if generation == 0 || generation > 1<<63 {
		return 0, nil, fmt.Errorf("%w: its generation is out of range", ErrDamaged)
	}
	return generation, b[header:n:n], nil
}

// found is a copy as it was read.
type found struct {
	generation uint64 // 0 where err is not nil
	payload    []byte
	err        error
}

// read reads copy i of two, which stands in the file at that offset.
func read(f File, at int64, most, i int, check func([]byte) error) found {
	head := make([]byte, header)
	if err := readFull(f, head, at); err != nil {
		return found{err: err}
	}
	n, err := size(head, most)
	if err != nil {
		return found{err: err}
	}
	b := make([]byte, n)
	if err := readFull(f, b, at); err != nil {
		return found{err: err}
	}
	generation, payload, err := parse(b, most)
	if err == nil && generation%2 != uint64(i) {
		err = fmt.Errorf("%w: it is the other one", ErrDamaged)
	}
	if err == nil {
		if err = check(payload); err != nil {
			err = fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	if err != nil {
		return found{err: err}
	}
	return found{generation: generation, payload: payload}
}

func readFull(f File, b []byte, at int64) error {
	n, err := f.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: cut short", ErrDamaged)
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// newest is the better of two copies. The error is that of the other one; of
// both where neither is good, and then generation is 0.
func newest(both [2]found) (found, error) {
	a, b := both[0], both[1]
	if a.generation < b.generation {
		a, b = b, a
	}
	switch {
	case a.generation == 0:
		return found{}, fmt.Errorf("%w; %w", both[0].err, both[1].err)
	case b.generation == 0:
		return a, b.err
	case a.generation-b.generation != 1:
		return a, fmt.Errorf("%w: it is of generation %d", ErrDamaged, b.generation)
	}
	return a, nil
}

// stands says of which copy an error is: one that does not matter to what was read.
func stands(path string, was found, err error) error {
	if err == nil {
		return nil
	}
	if was.generation == 0 {
		return fmt.Errorf("%s: neither copy can be used: %w", path, err)
	}
	return fmt.Errorf("%s: one of two copies cannot be used, generation %d stands: %w", path, was.generation, err)
}

// Replace writes a file aside, and renames it once it is on the disk. What the file
// held before is overwritten then: a card keeps what was freed.
func Replace(disk Disk, path string, content []byte) error {
	aside := path + ".new"
	if err := Wipe(disk, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := disk.Open(aside, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(content, 0); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		// A full card gets its space back.
		if gone := Wipe(disk, aside); gone != nil {
			err = errors.Join(err, gone)
		}
		return err
	}
	was, absent := disk.Open(path, os.O_RDWR)
	err = disk.Rename(aside, path)
	if err == nil {
		err = disk.SyncDir(filepath.Dir(path))
	}
	if absent != nil {
		return err // what is no regular file has no content of ours
	}
	if err == nil && !unwiped.Load() {
		// What was to be kept is: an error here is the disk's, and the next write says so.
		_ = overwrite(was)
	}
	return errors.Join(err, was.Close())
}

var unwiped atomic.Bool

// LeaveFreed has what is freed stay on the disk, and files keep their times, until undo is
// called: a search for what must not be there is believed once it finds it so.
func LeaveFreed() (undo func()) {
	unwiped.Store(true)
	return func() { unwiped.Store(false) }
}

// Wipe removes a file after overwriting it; one that cannot be written is removed all
// the same.
func Wipe(disk Disk, path string) error {
	_ = Blank(disk, path)
	return disk.Remove(path)
}

// Blank overwrites all of a file with zeros.
func Blank(disk Disk, path string) error {
	if unwiped.Load() {
		return nil
	}
	f, err := disk.Open(path, os.O_RDWR)
	if err != nil {
		return err
	}
	return errors.Join(overwrite(f), f.Close())
}

func overwrite(f File) error {
	size, err := f.Size()
	if err != nil || size == 0 {
		return err
	}
	if err := Zero(f, 0, size); err != nil {
		return err
	}
	return f.Sync()
}

// Zero writes zeros over the bytes of a file from one to another.
func Zero(f io.WriterAt, from, to int64) error {
	if unwiped.Load() {
		return nil
	}
	nothing := make([]byte, min(64<<10, max(0, to-from)))
	for from < to {
		n, err := f.WriteAt(nothing[:min(int64(len(nothing)), to-from)], from)
		if err != nil {
			return err
		}
		from += int64(n)
	}
	return nil
}

// SetAside moves what cannot be used to NAME.bad. The error says that it was,
// and why.
func SetAside(disk Disk, path string, why error) error {
	_ = Wipe(disk, path+".bad") // where none is, or one that cannot go, the rename says so
	if err := disk.Rename(path, path+".bad"); err != nil {
		return fmt.Errorf("%w; it cannot be moved aside: %w", why, err)
	}
	return fmt.Errorf("%w; it was moved to %s.bad", why, path)
}

// Read reads a regular file of at most that many bytes which is no copy of
// ours: what an earlier version of the program kept in its own way.
func Read(disk Disk, path string, most int64) ([]byte, error) {
	f, err := disk.Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n, err := f.Size()
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, n)
	}
	b := make([]byte, n)
	if err := readFull(f, b, 0); n > 0 && err != nil {
		return nil, err
	}
	return b, nil
}

// old is a file that an earlier version wrote.
type old struct{ path string }

// Replaces says that the file at path, in which an earlier version kept the
// same, is to be removed once a Write is durable.
func (o *old) Replaces(path string) { o.path = path }

// remove removes it. One that stays does no harm: the copies come before it,
// and the next Write tries again.
func (o *old) remove(disk Disk) {
	if o.path == "" {
		return
	}
	err := Wipe(disk, o.path)
	if err == nil {
		err = disk.SyncDir(filepath.Dir(o.path))
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		o.path = ""
	}
}
