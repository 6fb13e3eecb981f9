package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// MaxSlot is the largest payload of Slots, in bytes.
const MaxSlot = 64 << 10

const (
	block    = 4 << 10
	slotSize = (header + MaxSlot + block - 1) / block * block
	bothSize = 2 * slotSize
)

// Slots is small state that is written often.
type Slots struct {
	old
	disk  Disk
	path  string
	check func([]byte) error

	generation uint64 // of the newest copy that is on the disk
	settled    bool   // it is known
}

// OpenSlots reads what was kept in the file at path, which need not exist: then
// payload is nil, and so is the error. An error with a payload says that a copy
// was damaged, without one that there is none; with either, Slots can be
// written. check refuses what is no payload of the caller's.
func OpenSlots(disk Disk, path string, check func([]byte) error) (s *Slots, payload []byte, err error) {
	s = &Slots{disk: disk, path: path, check: check}
	f, err := disk.Open(path, os.O_RDONLY)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, nil, nil
	case errors.Is(err, ErrNotRegular):
		return s, nil, SetAside(disk, path, err)
	case err != nil:
		return s, nil, err
	}
	defer f.Close()
	was, err := s.read(f)
	if was.generation == 0 {
		return s, nil, SetAside(disk, path, err)
	}
	return s, was.payload, err
}

// read reads the newest copy.
func (s *Slots) read(f File) (found, error) {
	was, err := newest([2]found{read(f, 0, MaxSlot, 0, s.check), read(f, slotSize, MaxSlot, 1, s.check)})
	return was, stands(s.path, was, err)
}

// Write replaces what is kept; when it returns nil, payload is durable. After an
// error it may be or not, and what was kept before is there.
func (s *Slots) Write(payload []byte) error { return s.write(payload, 1, block) }

// Replace is Write, after which neither of the two copies, nor what may be left behind a
// shorter one, holds anything that was kept before.
func (s *Slots) Replace(payload []byte) error { return s.write(payload, 2, slotSize) }

// write writes a payload so many times, each time over a multiple of unit bytes.
func (s *Slots) write(payload []byte, times, unit int) error {
	if len(payload) > MaxSlot {
		return fmt.Errorf("%s: %w: %d bytes", s.path, ErrTooLarge, len(payload))
	}
	f, err := s.open()
	if err != nil {
		return err
	}
	if f == nil {
		err = s.create(payload)
	} else {
		for ; times > 0 && err == nil; times-- {
			err = s.put(f, payload, unit)
		}
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return err
	}
	s.old.remove(s.disk)
	return nil
}

// open gives the file, settled; nil where it is to be made.
func (s *Slots) open() (File, error) {
	f, err := s.disk.Open(s.path, os.O_RDWR)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, ErrNotRegular):
		return nil, SetAside(s.disk, s.path, err) // said once; the next Write makes the file
	case err != nil:
		return nil, err
	}
	n, err := f.Size()
	if err == nil && n == bothSize {
		if err = s.settle(f); err == nil {
			return f, nil
		}
	}
	return nil, errors.Join(err, f.Close())
}

// settle finds, once a process, the newest copy that is on the disk: what was
// read at the start may have been on its way.
func (s *Slots) settle(f File) error {
	if s.settled {
		return nil
	}
	if err := f.Settle(); err != nil {
		return err
	}
	if err := s.disk.SyncDir(filepath.Dir(s.path)); err != nil {
		return err
	}
	was, err := s.read(f)
	if was.generation == 0 {
		return SetAside(s.disk, s.path, err)
	}
	s.generation, s.settled = was.generation, true
	return nil
}

// put writes the next copy over the older one, a multiple of unit bytes.
func (s *Slots) put(f File, payload []byte, unit int) error {
	generation := s.generation + 1
	b := encode(generation, payload)
	b = append(b, make([]byte, (unit-len(b)%unit)%unit)...)
	if _, err := f.WriteAt(b, int64(generation%2)*slotSize); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	s.generation = generation
	return nil
}

// create makes the file, with payload in both slots.
func (s *Slots) create(payload []byte) error {
	s.settled = false // after an error nobody knows which file is there
	b := make([]byte, bothSize)
	copy(b[slotSize:], encode(1, payload))
	copy(b, encode(2, payload))
	if err := Replace(s.disk, s.path, b); err != nil {
		return err
	}
	s.generation, s.settled = 2, true
	return nil
}
