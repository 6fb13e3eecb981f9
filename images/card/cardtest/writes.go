package cardtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Write is one request that a disk was given.
type Write struct {
	At    int64 // in bytes
	Data  []byte
	Flush bool // what was written before is to be durable
}

// Log's flags, as dm-log-writes has them.
const (
	flagFlush   = 1
	flagDiscard = 4
	flagMark    = 8
)

// ReadWrites reads what QEMU's blklogwrites recorded, in the form of the kernel's
// dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst).
func ReadWrites(file string) (all []Write, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var super struct {
		Magic, Version, Entries uint64
		Sector                  uint32
	}
	if err := binary.Read(f, binary.LittleEndian, &super); err != nil {
		return nil, err
	}
	if super.Magic != 0x6a736677736872 || super.Version != 1 || super.Sector != 512 {
		return nil, fmt.Errorf("no record of writes: %+v", super)
	}
	at := int64(super.Sector)
	for range super.Entries {
		var e struct{ Sector, Count, Flags, Length uint64 }
		if err := binary.Read(io.NewSectionReader(f, at, 32), binary.LittleEndian, &e); err != nil {
			return nil, err
		}
		at += int64(super.Sector)
		w := Write{At: int64(e.Sector) * 512, Flush: e.Flags&flagFlush != 0}
		n := int64(e.Count) * 512
		switch {
		case e.Flags&flagMark != 0:
			continue
		case e.Flags&flagDiscard != 0:
			return nil, errors.New("something was discarded")
		case n > 0:
			w.Data = make([]byte, n)
			if _, err := f.ReadAt(w.Data, at); err != nil {
				return nil, err
			}
			at += n
		}
		all = append(all, w)
	}
	return all, nil
}
