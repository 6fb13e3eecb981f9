package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"infobus/card"
)

// The card is laid out as the initramfs and U-Boot's script look for it.
func TestTheDiskIsLaidOutAsPackageCardSays(t *testing.T) {
	dir := t.TempDir()
	var files [4]string
	for i, name := range []string{"fat", "boot", "root", "data"} {
		files[i] = filepath.Join(dir, name)
		// With a hole, and an end that is no full block.
		if err := os.WriteFile(files[i], append(append([]byte(name), make([]byte, 100_000)...), "end"...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	image := filepath.Join(dir, "image")
	if err := disk(image, files); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sector := func(n int64) []byte {
		b := make([]byte, card.SectorSize)
		if _, err := f.ReadAt(b, n*card.SectorSize); err != nil {
			t.Fatal(err)
		}
		return b
	}
	table, err := card.ParseTable(sector(0))
	if err != nil {
		t.Fatal(err)
	}
	if table.Signature != card.Signature {
		t.Errorf("the disk's signature is %#x", table.Signature)
	}
	// The logical partitions are found as the kernel and U-Boot find them.
	starts := map[int]int64{card.PartitionFAT: int64(table.Partitions[0].Start), card.PartitionData: int64(table.Partitions[2].Start)}
	extended := int64(table.Partitions[card.PartitionExtended-1].Start)
	for number, at := 5, extended; ; number++ {
		record := sector(at)
		starts[number] = at + int64(binary.LittleEndian.Uint32(record[446+8:]))
		if end := starts[number] + int64(binary.LittleEndian.Uint32(record[446+12:])); end > table.Partitions[card.PartitionExtended-1].End() {
			t.Errorf("partition %d ends at %d, behind the extended one", number, end)
		}
		next := int64(binary.LittleEndian.Uint32(record[462+8:]))
		if next == 0 {
			break
		}
		at = extended + next
	}
	if len(starts) != 6 {
		t.Errorf("partitions begin at %v, want FAT, data and four logical ones", starts)
	}
	for partition, want := range map[int]string{card.PartitionFAT: "fat", card.A.Boot(): "boot", card.A.Root(): "root", card.PartitionData: "data"} {
		if got := sector(starts[partition]); !bytes.HasPrefix(got, []byte(want)) {
			t.Errorf("partition %d begins with %q, want %q", partition, got[:8], want)
		}
		end := make([]byte, 3)
		if _, err := f.ReadAt(end, starts[partition]*card.SectorSize+int64(len(want))+100_000); err != nil || string(end) != "end" {
			t.Errorf("partition %d ends with %q: %v", partition, end, err)
		}
	}
	for _, partition := range []int{card.B.Boot(), card.B.Root()} {
		if !zeros(sector(starts[partition])) {
			t.Errorf("partition %d is not empty", partition)
		}
	}
	state, _, health := card.Read([2][]byte{sector(card.Sectors[0]), sector(card.Sectors[1])})
	if health != card.BothRight || state.Good != card.A || state.Try != card.None {
		t.Errorf("the slot state is %+v, %s", state, health)
	}
	// Data is the last: it grows.
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if end := table.Partitions[card.PartitionData-1].End(); end*card.SectorSize != info.Size() {
		t.Errorf("data ends at sector %d, the card at %d", end, info.Size()/card.SectorSize)
	}
}

func TestWhatIsLargerThanItsPartitionIsNotWritten(t *testing.T) {
	dir := t.TempDir()
	big, small := filepath.Join(dir, "big"), filepath.Join(dir, "small")
	if err := os.WriteFile(small, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(big)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(bootSize*card.SectorSize, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := disk(filepath.Join(dir, "image"), [4]string{small, big, small, small}); err == nil {
		t.Error("a boot slot that does not fit was written")
	}
}
