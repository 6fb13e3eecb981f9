// Package disk reads and writes the card past the kernel's cache, so that what is read is
// what the card has. It finds the card, and keeps its slot state.
package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"infobus/card"
)

// aligned is memory that O_DIRECT takes.
func aligned(n int) ([]byte, func(), error) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, nil, err
	}
	return b, func() { unix.Munmap(b) }, nil
}

// ReadAt reads part of a disk or partition.
func ReadAt(path string, at int64, n int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, free, err := aligned(n)
	if err != nil {
		return nil, err
	}
	defer free()
	got, err := f.ReadAt(b, at)
	if got < n {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read %s at %d: %w", path, at, err)
	}
	return append([]byte(nil), b...), nil
}

// WriteAt writes part of a disk, and waits until it is there.
func WriteAt(path string, at int64, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_DIRECT|unix.O_SYNC, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	b, free, err := aligned(len(content))
	if err != nil {
		return err
	}
	defer free()
	copy(b, content)
	if _, err := f.WriteAt(b, at); err != nil {
		return err
	}
	return f.Sync()
}

// Size is a disk's or partition's, in bytes; 0 where it cannot be asked.
func Size(path string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	n, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0
	}
	return n
}

// ErrNoCard says that no disk has the card's signature.
var ErrNoCard = errors.New("the box does not run from a card of its own")

// Find is the disk with that signature. A card in the board's own slot comes before one
// in a reader.
func Find(signature uint32) (string, error) {
	for _, kind := range []string{"mmcblk*", "vd*", "sd*"} {
		disks, _ := filepath.Glob("/sys/block/" + kind)
		for _, d := range disks {
			path := "/dev/" + filepath.Base(d)
			head, err := ReadAt(path, 0, card.SectorSize)
			if err != nil {
				continue
			}
			if t, err := card.ParseTable(head); err == nil && t.Signature == signature {
				return path, nil
			}
		}
	}
	return "", ErrNoCard
}

// ReadState reads the slot state; next is the copy that is written next.
func ReadState(path string) (s card.State, next int, health card.Health, err error) {
	var copies [2][]byte
	for i, at := range card.Sectors {
		b, e := ReadAt(path, at*card.SectorSize, card.SectorSize)
		if e != nil {
			err = errors.Join(err, fmt.Errorf("slot state: %w", e))
			continue
		}
		copies[i] = b
	}
	s, next, health = card.Read(copies)
	return s, next, health, err
}

// WriteState writes the slot state as the copy next, and looks whether the card has it.
func WriteState(path string, next int, s card.State) error {
	if err := WriteAt(path, card.Sectors[next]*card.SectorSize, s.Encode()); err != nil {
		return fmt.Errorf("write the slot state: %w", err)
	}
	if is, _, _, err := ReadState(path); is != s {
		return errors.Join(errors.New("write the slot state: the card does not keep it"), err)
	}
	return nil
}
