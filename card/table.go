package card

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// ErrNoTable says that the first sector is no partition table.
var ErrNoTable = errors.New("no partition table")

// Partition is a primary partition, in sectors.
type Partition struct {
	Kind         byte // 0 is none
	Start, Count uint32
}

// End is the sector behind it.
func (p Partition) End() int64 { return int64(p.Start) + int64(p.Count) }

// Table is a DOS partition table, as the first sector has it.
type Table struct {
	Signature  uint32
	Partitions [4]Partition // the first is number 1
}

const (
	signatureAt = 440
	entriesAt   = 446
	kindLinux   = 0x83
	// align is what the data partition's start and size are multiples of, in sectors: 1 MiB.
	align = 2048
	// least is the smallest data partition, in sectors: 16 MiB.
	least = 16 * align
)

// ParseTable reads the first sector of a disk.
func ParseTable(sector []byte) (Table, error) {
	if len(sector) != SectorSize || sector[510] != 0x55 || sector[511] != 0xaa {
		return Table{}, ErrNoTable
	}
	t := Table{Signature: binary.LittleEndian.Uint32(sector[signatureAt:])}
	for i := range t.Partitions {
		e := sector[entriesAt+16*i:]
		t.Partitions[i] = Partition{Kind: e[4], Start: binary.LittleEndian.Uint32(e[8:]), Count: binary.LittleEndian.Uint32(e[12:])}
	}
	return t, nil
}

// ErrTooSmall says that there is no room for data on the card.
var ErrTooSmall = errors.New("the card is too small")

// searched is how far behind the slots data is looked for whose entry is lost, in sectors:
// 64 MiB.
const searched = 64 * align

// Data is where the data partition is to be on a card of so many sectors: to its end, or
// to a partition behind it that is none of ours.
// same says that the table has it so. Where its entry is lost, it is where a file system
// begins behind the slots, as begins says of a sector, or else right behind them.
func (t Table) Data(sectors int64, begins func(sector int64) bool) (want Partition, same bool, err error) {
	is, slots := t.Partitions[PartitionData-1], t.Partitions[PartitionExtended-1]
	if slots.Kind == 0 {
		return want, false, fmt.Errorf("%w: it has no slots", ErrNoTable)
	}
	want = Partition{Kind: kindLinux, Start: is.Start}
	if is.Kind == 0 || int64(is.Start) < slots.End() {
		behind := (slots.End() + align - 1) / align * align
		start := behind
		for at := behind; at < behind+searched && at < sectors; at += align {
			if begins(at) {
				start = at
				break
			}
		}
		if start > 1<<32-1 {
			return want, false, ErrTooSmall
		}
		want.Start = uint32(start)
	}
	end := min(sectors, 1<<32-1)
	for i, p := range t.Partitions {
		// One that somebody put behind it is not grown into.
		if i != PartitionData-1 && p.Kind != 0 && p.Start > want.Start {
			end = min(end, int64(p.Start))
		}
	}
	count := end - int64(want.Start)
	count -= count % align
	if count < least {
		return want, false, fmt.Errorf("%w: %d MiB are left for data", ErrTooSmall, max(0, count/align))
	}
	want.Count = uint32(count)
	return want, is.Kind != 0 && is.Start == want.Start && is.Count >= want.Count, nil
}

// WithData is the first sector with that data partition; nothing else of it changes.
func WithData(sector []byte, p Partition) []byte {
	b := slices.Clone(sector)
	e := b[entriesAt+16*(PartitionData-1):]
	clear(e[:16])
	// Cylinders, heads and sectors: out of range, as everything beyond 8 GB has them.
	copy(e[1:], []byte{0xfe, 0xff, 0xff, p.Kind, 0xfe, 0xff, 0xff})
	binary.LittleEndian.PutUint32(e[8:], p.Start)
	binary.LittleEndian.PutUint32(e[12:], p.Count)
	return b
}
