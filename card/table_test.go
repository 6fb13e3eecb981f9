package card

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

const mib = 2048 // sectors

func tableOf(signature uint32, list ...Partition) []byte {
	b := make([]byte, SectorSize)
	binary.LittleEndian.PutUint32(b[440:], signature)
	for i, p := range list {
		e := b[446+16*i:]
		e[4] = p.Kind
		binary.LittleEndian.PutUint32(e[8:], p.Start)
		binary.LittleEndian.PutUint32(e[12:], p.Count)
	}
	b[510], b[511] = 0x55, 0xaa
	return b
}

func TestWhereTheDataGoes(t *testing.T) {
	fat, slots := Partition{0xc, mib, 64 * mib}, Partition{5, 65 * mib, 900 * mib}
	data := Partition{0x83, 970 * mib, 64 * mib}
	for _, c := range []struct {
		name    string
		list    []Partition
		sectors int64
		found   int64 // where a file system begins
		want    Partition
		same    bool
		wrong   error
	}{
		{"to the end of the card", []Partition{fat, slots, data}, 8000 * mib, 0, Partition{0x83, 970 * mib, 7030 * mib}, false, nil},
		{"to what somebody has put behind it", []Partition{fat, slots, data, {0x83, 4000 * mib, mib}}, 8000 * mib, 0, Partition{0x83, 970 * mib, 3030 * mib}, false, nil},
		{"no further, where somebody has put something right behind it", []Partition{fat, slots, data, {0x83, 1034 * mib, mib}}, 8000 * mib, 0, Partition{0x83, 970 * mib, 64 * mib}, true, nil},
		{"it goes there", []Partition{fat, slots, {0x83, 970 * mib, 7030 * mib}}, 8000*mib + 7, 0, Partition{0x83, 970 * mib, 7030 * mib}, true, nil},
		{"it goes beyond the card's end: nothing is written", []Partition{fat, slots, {0x83, 970 * mib, 9000 * mib}}, 8000 * mib, 0, Partition{0x83, 970 * mib, 7030 * mib}, true, nil},
		{"its entry is lost", []Partition{fat, slots}, 8000 * mib, 970 * mib, Partition{0x83, 970 * mib, 7030 * mib}, false, nil},
		{"its entry is lost, and no file system is found", []Partition{fat, slots}, 8000 * mib, 0, Partition{0x83, 965 * mib, 7035 * mib}, false, nil},
		{"its entry lies in a slot", []Partition{fat, slots, {0x83, 70 * mib, mib}}, 8000 * mib, 970 * mib, Partition{0x83, 970 * mib, 7030 * mib}, false, nil},
		{"the card is too small", []Partition{fat, slots, data}, 975 * mib, 0, Partition{}, false, ErrTooSmall},
		{"the card ends before it", []Partition{fat, slots, data}, 100 * mib, 0, Partition{}, false, ErrTooSmall},
		{"there are no slots", []Partition{fat}, 8000 * mib, 0, Partition{}, false, ErrNoTable},
		{"a card beyond what a table can say", []Partition{fat, slots, data}, 1 << 33, 0, Partition{0x83, 970 * mib, (1<<32 - 1 - 970*mib) / mib * mib}, false, nil},
	} {
		b, err := ParseTable(tableOf(Signature, c.list...))
		if err != nil || b.Signature != Signature {
			t.Fatalf("%s: %+v, %v", c.name, b, err)
		}
		got, same, err := b.Data(c.sectors, func(s int64) bool { return s == c.found })
		if c.wrong != nil {
			if !errors.Is(err, c.wrong) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil || got != c.want || same != c.same {
			t.Errorf("%s: %+v, %t, %v; want %+v", c.name, got, same, err, c.want)
		}
	}
}

func TestOnlyTheDatasEntryIsWritten(t *testing.T) {
	before := tableOf(7, Partition{0xc, 1, 2}, Partition{5, 3, 4}, Partition{0x83, 5, 6}, Partition{1, 7, 8})
	after := WithData(before, Partition{0x83, 5, 60})
	for i := range before {
		if in := i >= 478 && i < 494; !in && before[i] != after[i] {
			t.Errorf("byte %d was written", i)
		}
	}
	if b, err := ParseTable(after); err != nil || b.Partitions[2] != (Partition{0x83, 5, 60}) {
		t.Errorf("%+v, %v", b, err)
	}
}

func FuzzParseTable(f *testing.F) {
	f.Add(tableOf(1, Partition{0xc, 1, 2}, Partition{5, 3, 4}), int64(1<<20))
	f.Add(bytes.Repeat([]byte{0xff}, SectorSize), int64(1<<40))
	f.Fuzz(func(t *testing.T, b []byte, sectors int64) {
		table, err := ParseTable(b)
		if err != nil {
			return
		}
		p, _, err := table.Data(sectors, func(int64) bool { return false })
		if err == nil && (p.End() > sectors || int64(p.Start) < table.Partitions[1].End()) {
			t.Errorf("%+v on a card of %d sectors with %+v", p, sectors, table)
		}
	})
}

func ext4Head(blocks uint32, shift byte) []byte {
	b := make([]byte, HeadSize)
	binary.LittleEndian.PutUint32(b[1024+4:], blocks)
	b[1024+0x18] = shift
	binary.LittleEndian.PutUint16(b[1024+0x34:], 3)
	binary.LittleEndian.PutUint16(b[1024+0x38:], 0xef53)
	return b
}

func TestFileSystemsAreKnownByTheirBeginning(t *testing.T) {
	if e, ok := ParseExt4(ext4Head(1000, 2)); !ok || e.Bytes != 4096*1000 || e.Mounts != 3 {
		t.Errorf("%+v, %t", e, ok)
	}
	erofs := make([]byte, HeadSize)
	copy(erofs[1024:], "\xe2\xe1\xf5\xe0")
	if !IsErofs(erofs) || IsErofs(ext4Head(1, 0)) || IsErofs(nil) || !Filled(ext4Head(1, 0), erofs) || Filled(nil, erofs) || Filled(ext4Head(1, 0), nil) {
		t.Error("an erofs was not known, or something else taken for one")
	}
	for name, b := range map[string][]byte{"nothing": nil, "zeros": make([]byte, HeadSize), "a block size that is none": ext4Head(1, 9)} {
		if _, ok := ParseExt4(b); ok {
			t.Errorf("%s was taken for an ext4", name)
		}
	}
}

func FuzzParseExt4(f *testing.F) {
	f.Add(ext4Head(1<<30, 2))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, ok := ParseExt4(b); ok && e.Bytes > 1<<57 {
			t.Errorf("%+v", e)
		}
	})
}

func TestWhatFollowsACheck(t *testing.T) {
	for code, want := range map[int][2]bool{0: {true, false}, 1: {true, true}, 2: {true, false}, 3: {true, true},
		4: {false, false}, 5: {false, true}, 8: {false, false}, 16: {false, false}, -1: {false, true}} {
		if fit, repaired := AfterCheck(code); fit != want[0] || fit && repaired != want[1] {
			t.Errorf("e2fsck ended with %d: %t, %t", code, fit, repaired)
		}
	}
}
