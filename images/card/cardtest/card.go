// Package cardtest makes small cards for tests: laid out as the real one, with a root of a
// few megabytes and no kernel.
package cardtest

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"

	"infobus/card"
)

const mib = 1 << 20

// Where the partitions of a small card are, in MiB: the start of each, and the end of the
// last but data.
var starts = map[int]int64{card.PartitionFAT: 1, card.PartitionExtended: 5, 5: 6, 6: 9, 7: 18, 8: 21, card.PartitionData: 30}

// sizes are in MiB. Between two logical ones there is 1 MiB, at whose beginning the next
// one's record stands.
var sizes = map[int]int64{card.PartitionFAT: 4, card.PartitionExtended: 24, 5: 2, 6: 8, 7: 2, 8: 8}

// At is where a partition begins, in bytes.
func At(partition int) int64 { return starts[partition] * mib }

// Size is a partition's, in bytes; not of data.
func Size(partition int) int64 { return sizes[partition] * mib }

// Spec is what is on a card.
type Spec struct {
	Size     int64             // of the card, in bytes
	Data     int64             // of the data partition as the image has it, in bytes
	Root     string            // an erofs of 8 MiB at the most
	OneSlot  bool              // b is empty
	State    [2]card.State     // its copies; the zero State is none
	Settings map[string]string // files of the FAT, by their names of eight and three letters
}

// Make writes a card to file. It takes mke2fs.
func Make(file string, s Spec) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(s.Size); err != nil {
		return err
	}
	put := func(at int64, b []byte) {
		if err == nil {
			_, err = f.WriteAt(b, at)
		}
	}
	put(0, table(s.Data))
	logical := []int{5, 6, 7, 8}
	for i, p := range logical {
		record := make([]byte, card.SectorSize)
		entry(record[446:], 0x83, (starts[p]-chained(p))*mib, sizes[p]*mib)
		if i+1 < len(logical) {
			next := logical[i+1]
			entry(record[462:], 5, (chained(next)-starts[card.PartitionExtended])*mib, (sizes[next]+1)*mib)
		}
		record[510], record[511] = 0x55, 0xaa
		put(chained(p)*mib, record)
	}
	for i, state := range s.State {
		if state.Good != card.None {
			put(card.Sectors[i]*card.SectorSize, state.Encode())
		}
	}
	put(At(card.PartitionFAT), fat(s.Settings))
	root, e := os.ReadFile(s.Root)
	if e != nil {
		return e
	}
	if int64(len(root)) > Size(6) {
		return fmt.Errorf("a root of %d bytes", len(root))
	}
	put(At(6), root)
	if !s.OneSlot {
		put(At(8), root)
	}
	if err != nil {
		return err
	}
	boot := []string{"-O", "^has_journal"}
	if err := ext4(file, At(5), Size(5), boot...); err != nil {
		return err
	}
	if !s.OneSlot {
		if err := ext4(file, At(7), Size(7), boot...); err != nil {
			return err
		}
	}
	return ext4(file, At(card.PartitionData), s.Data, "-L", "data", "-J", "size=4")
}

// chained is where the record of a logical partition stands, in MiB.
func chained(partition int) int64 { return starts[partition] - 1 }

func table(data int64) []byte {
	b := make([]byte, card.SectorSize)
	binary.LittleEndian.PutUint32(b[440:], card.Signature)
	entry(b[446:], 0x0c, At(card.PartitionFAT), Size(card.PartitionFAT))
	entry(b[462:], 0x05, At(card.PartitionExtended), Size(card.PartitionExtended))
	entry(b[478:], 0x83, At(card.PartitionData), data)
	b[510], b[511] = 0x55, 0xaa
	return b
}

func entry(b []byte, kind byte, start, size int64) {
	b[4] = kind
	binary.LittleEndian.PutUint32(b[8:], uint32(start/card.SectorSize))
	binary.LittleEndian.PutUint32(b[12:], uint32(size/card.SectorSize))
}

func ext4(file string, at, size int64, flags ...string) error {
	arguments := append([]string{"-q", "-F", "-t", "ext4", "-E", fmt.Sprintf("offset=%d,resize=%d", at, 1<<24)}, flags...)
	arguments = append(arguments, file, fmt.Sprintf("%dk", size/1024))
	if out, err := exec.Command("mke2fs", arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("mke2fs: %w: %s", err, out)
	}
	return nil
}

// fat is a FAT12 (Microsoft's "FAT: General Overview of On-Disk Format", 1.03) with these
// files in its root.
func fat(files map[string]string) []byte {
	const (
		sector, cluster, reserved, tables, entries = 512, 2048, 1, 6, 512
		folder                                     = (reserved + 2*tables) * sector
		first                                      = folder + entries*32
	)
	b := make([]byte, Size(card.PartitionFAT))
	copy(b, "\xeb\x3c\x90INFOBUS ")
	binary.LittleEndian.PutUint16(b[11:], sector)
	b[13] = cluster / sector
	binary.LittleEndian.PutUint16(b[14:], reserved)
	b[16] = 2
	binary.LittleEndian.PutUint16(b[17:], entries)
	binary.LittleEndian.PutUint16(b[19:], uint16(len(b)/sector))
	b[21] = 0xf8
	binary.LittleEndian.PutUint16(b[22:], tables)
	b[36], b[38] = 0x80, 0x29
	copy(b[43:], "INFOBUS    FAT12   ")
	b[510], b[511] = 0x55, 0xaa
	set := func(n, value int) {
		for i := range 2 {
			at := (reserved+i*tables)*sector + n*3/2
			was := int(binary.LittleEndian.Uint16(b[at:]))
			if n%2 == 0 {
				was = was&0xf000 | value
			} else {
				was = was&0x000f | value<<4
			}
			binary.LittleEndian.PutUint16(b[at:], uint16(was))
		}
	}
	set(0, 0xff8)
	set(1, 0xfff)
	next, at := 2, folder
	for name, content := range files {
		copy(b[at:], name)
		b[at+11], b[at+12] = 0x20, 0x18 // lower case
		binary.LittleEndian.PutUint16(b[at+26:], uint16(next))
		binary.LittleEndian.PutUint32(b[at+28:], uint32(len(content)))
		at += 32
		copy(b[first+(next-2)*cluster:], content)
		for left := len(content); left > cluster; left -= cluster {
			set(next, next+1)
			next++
		}
		set(next, 0xfff)
		next++
	}
	return b
}

// Read is part of a card.
func Read(file string, at, n int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, n)
	_, err = io.ReadFull(io.NewSectionReader(f, at, n), b)
	return b, err
}
