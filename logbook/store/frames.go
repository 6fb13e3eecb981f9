package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"

	"infobus/durable"
)

// The write-ahead log as in sqlite.org/fileformat2.html#walformat, with the checksums of a
// machine that is little endian, which SQLite's WebAssembly is everywhere.
const (
	walMagic   = 0x377f0682
	walHeader  = 32      // bytes
	walFrame   = 24      // bytes before each page
	walRestart = 1 << 16 // more often a log is not begun anew
)

// walEnd finds where the last commit in a write-ahead log ends, in bytes. clean says that
// behind it stands nothing, or what an older log has left there. Else it is of a commit that
// was not finished, or was damaged since: SQLite reads neither, and says nothing.
func walEnd(disk durable.Disk, path string) (end int64, clean bool, err error) {
	f, err := disk.Open(path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, true, nil
	}
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	head := make([]byte, walHeader)
	if n, err := f.ReadAt(head, 0); n < len(head) {
		return 0, errors.Is(err, io.EOF), notEOF(err)
	}
	if blank(head) {
		clean, err := blankFrom(f, walHeader)
		return 0, clean, err
	}
	be := binary.BigEndian
	size := be.Uint32(head[8:])
	sum := walSum{}.add(head[:24])
	if be.Uint32(head) != walMagic || !sum.is(head[24:]) || size < 512 || size > 64<<10 {
		return 0, false, nil
	}
	end, clean = walHeader, true
	slot := make([]byte, walFrame+size)
	for at, valid := end, true; ; at += int64(len(slot)) {
		n, err := f.ReadAt(slot, at)
		if n == 0 || err != nil && !errors.Is(err, io.EOF) {
			return end, clean && errors.Is(err, io.EOF), notEOF(err)
		}
		frame := slot[:n]
		if valid = valid && n == len(slot) && bytes.Equal(frame[8:16], head[16:24]); valid {
			sum = sum.add(frame[:8]).add(frame[walFrame:])
			valid = sum.is(frame[16:])
		}
		if valid {
			if clean = be.Uint32(frame[4:]) != 0; clean { // else a commit goes on
				end = at + int64(n)
			}
			continue
		}
		clean = clean && (blank(frame) || n >= walFrame && stale(frame, head))
	}
}

// stale says that a frame is an older log's. Each log's first salt is one more than the one
// before has.
func stale(frame, head []byte) bool {
	older := binary.BigEndian.Uint32(head[16:]) - binary.BigEndian.Uint32(frame[8:])
	return older > 0 && older <= walRestart && !bytes.Equal(frame[12:16], head[20:24])
}

// walSum is a checksum of the write-ahead log.
type walSum [2]uint32

func (s walSum) add(b []byte) walSum {
	for ; len(b) >= 8; b = b[8:] {
		s[0] += binary.LittleEndian.Uint32(b) + s[1]
		s[1] += binary.LittleEndian.Uint32(b[4:]) + s[0]
	}
	return s
}

func (s walSum) is(b []byte) bool {
	return s == walSum{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

func blank(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// blankFrom says whether there is nothing but zeros behind a byte.
func blankFrom(f io.ReaderAt, at int64) (bool, error) {
	b := make([]byte, 4096)
	for {
		n, err := f.ReadAt(b, at)
		if !blank(b[:n]) {
			return false, nil
		}
		if err != nil || n == 0 {
			return errors.Is(err, io.EOF), notEOF(err)
		}
		at += int64(n)
	}
}

func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// walClean overwrites what stands behind the last commit of a write-ahead log. Nobody was
// told of it; left there it would be taken for damage later, or what was written in its
// place, once damaged, for what it was.
func walClean(disk durable.Disk, path string) error {
	end, clean, err := walEnd(disk, path)
	if err != nil || clean {
		return err
	}
	f, err := disk.Open(path, os.O_RDWR)
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err == nil && end == 0 {
		err = behead(f, f.Sync)
	}
	if err == nil {
		err = durable.Zero(f, end, size)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
