package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// MaxFile is the largest payload of a Pair, in bytes.
const MaxFile = 64 << 20

// Pair is larger state that is rarely written.
type Pair struct {
	old
	disk       Disk
	path       string
	generation uint64 // of the newest copy; 0 while there is none
}

// OpenPair reads what was kept at path.0 and path.1, with results as OpenSlots
// has them.
func OpenPair(disk Disk, path string, check func([]byte) error) (p *Pair, payload []byte, err error) {
	p = &Pair{disk: disk, path: path}
	var both [2]found
	absent := 0
	for i := range both {
		f, err := disk.Open(p.name(uint64(i)), os.O_RDONLY)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			absent++
		case errors.Is(err, ErrNotRegular):
			err = SetAside(disk, p.name(uint64(i)), err)
		}
		if err != nil {
			both[i].err = err
			continue
		}
		both[i] = read(f, 0, MaxFile, i, check)
		f.Close()
	}
	was, err := newest(both)
	p.generation = was.generation
	if absent == 2 || was.generation == 1 && absent == 1 { // before the first, or the second
		return p, was.payload, nil
	}
	return p, was.payload, stands(path, was, err)
}

func (p *Pair) name(generation uint64) string { return fmt.Sprintf("%s.%d", p.path, generation%2) }

// Write replaces what is kept; when it returns nil, payload is durable. After an
// error it may be or not, and what was kept before is there.
func (p *Pair) Write(payload []byte) error {
	if len(payload) > MaxFile {
		return fmt.Errorf("%s: %w: %d bytes", p.path, ErrTooLarge, len(payload))
	}
	if err := Replace(p.disk, p.name(p.generation+1), encode(p.generation+1, payload)); err != nil {
		return err
	}
	p.generation++
	p.old.remove(p.disk)
	return nil
}
