package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"infobus/card"
)

// Sizes in sectors. What is for an update to fill is as large as what is filled.
const (
	mib      = 1 << 20 / card.SectorSize
	fatSize  = 64 * mib
	bootSize = 64 * mib
	rootSize = 400 * mib
	dataSize = 64 * mib // it grows at the first boot
)

// part is a partition; in sectors.
type part struct {
	kind        byte
	start, size uint32
}

// layout is that of package card. A logical partition has its own table in the
// mebibyte before it.
func layout() (primary [4]part, logical [4]part) {
	at := uint32(mib)
	next := func(kind byte, size uint32) part {
		p := part{kind, at, size}
		at += size
		return p
	}
	primary[0] = next(0x0c, fatSize)
	start := at
	for i, size := range []uint32{bootSize, rootSize, bootSize, rootSize} {
		at += mib
		logical[i] = next(0x83, size)
	}
	primary[1] = part{0x05, start, at - start}
	primary[2] = next(0x83, dataSize)
	return primary, logical
}

// disk writes the card: FAT, boot and root of slot a, and data. Slot b stays empty.
func disk(out string, files [4]string) (err error) {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	primary, logical := layout()
	if err := f.Truncate(int64(primary[2].start+primary[2].size) * card.SectorSize); err != nil {
		return err
	}
	if _, err := f.WriteAt(table(primary, 0), 0); err != nil {
		return err
	}
	for i, p := range logical {
		chain := [4]part{{p.kind, mib, p.size}}
		if i+1 < len(logical) {
			n := logical[i+1]
			chain[1] = part{0x05, n.start - mib - primary[1].start, n.size + mib}
		}
		if _, err := f.WriteAt(table(chain, i+1), int64(p.start-mib)*card.SectorSize); err != nil {
			return err
		}
	}
	for _, sector := range card.Sectors {
		if _, err := f.WriteAt(card.Fresh().Encode(), sector*card.SectorSize); err != nil {
			return err
		}
	}
	for i, p := range []part{primary[0], logical[0], logical[1], primary[2]} {
		if err := put(f, p, files[i]); err != nil {
			return err
		}
	}
	return nil
}

// table is a sector with a partition table; the first, number 0, has the disk's
// signature.
func table(parts [4]part, number int) []byte {
	b := make([]byte, card.SectorSize)
	if number == 0 {
		binary.LittleEndian.PutUint32(b[440:], card.Signature)
	}
	for i, p := range parts {
		if p.size == 0 {
			continue
		}
		e := b[446+16*i:]
		// Cylinders, heads and sectors are of no use to anybody: the largest.
		copy(e[1:4], []byte{0xfe, 0xff, 0xff})
		e[4] = p.kind
		copy(e[5:8], []byte{0xfe, 0xff, 0xff})
		binary.LittleEndian.PutUint32(e[8:], p.start)
		binary.LittleEndian.PutUint32(e[12:], p.size)
	}
	b[510], b[511] = 0x55, 0xaa
	return b
}

// put copies a file into its partition; blocks of zeros stay holes.
func put(f *os.File, p part, name string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	b := make([]byte, 1<<16)
	for at := int64(0); ; {
		n, err := io.ReadFull(in, b)
		if at+int64(n) > int64(p.size)*card.SectorSize {
			return fmt.Errorf("%s is larger than its partition of %d MiB", name, p.size/mib)
		}
		if !zeros(b[:n]) {
			if _, err := f.WriteAt(b[:n], int64(p.start)*card.SectorSize+at); err != nil {
				return err
			}
		}
		at += int64(n)
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return nil
		case err != nil:
			return err
		}
	}
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
