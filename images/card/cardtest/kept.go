package cardtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"infobus/card"
	"infobus/durable"
)

// NoteSector is nobody's: it stands before the first partition.
const NoteSector = 2000

// Noted is what is durable: how far each kind of thing that is kept had come.
type Noted struct{ Events, Slots, Pair int }

// Note is the sector that says what is durable.
type Note struct {
	file   *os.File
	memory []byte
}

// OpenNote opens a disk's.
func OpenNote(disk string) (*Note, error) {
	f, err := os.OpenFile(disk, os.O_WRONLY|unix.O_DIRECT, 0)
	if err != nil {
		return nil, err
	}
	b, err := unix.Mmap(-1, 0, card.SectorSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	return &Note{f, b}, err
}

// Write writes it, past every cache.
func (n *Note) Write(v Noted) error {
	clear(n.memory)
	copy(n.memory, fmt.Sprintf("noted %d %d %d\n", v.Events, v.Slots, v.Pair))
	_, err := n.file.WriteAt(n.memory, NoteSector*card.SectorSize)
	return err
}

// ParseNote reads it; the zero Noted where there is none.
func ParseNote(sector []byte) (v Noted) {
	if _, err := fmt.Sscanf(string(sector), "noted %d %d %d\n", &v.Events, &v.Slots, &v.Pair); err != nil {
		return Noted{}
	}
	return v
}

// Kept are the two ways in which the daemon keeps what is no history.
type Kept struct {
	Slots *durable.Slots
	Pair  *durable.Pair
	Said  error // damage that was found and got over

	slots, pair int
}

// Payload is what is kept the n-th time: no part of one and rest of another is a third.
func Payload(n int) []byte { return []byte(strings.Repeat(fmt.Sprintf("%8d\n", n), 100+n)) }

func check(b []byte) error {
	if number(b) < 0 {
		return errors.New("no payload")
	}
	return nil
}

// number is a payload's; -1 where it is none, 0 where there is nothing.
func number(b []byte) int {
	if b == nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), "\n")
	n, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || string(b) != string(Payload(n)) {
		return -1
	}
	return n
}

// OpenKept opens what is kept in a folder. What was damaged is in Said.
func OpenKept(folder string) (*Kept, error) {
	k := &Kept{}
	var one, two []byte
	var err1, err2 error
	k.Slots, one, err1 = durable.OpenSlots(durable.System, filepath.Join(folder, "slots"), check)
	k.Pair, two, err2 = durable.OpenPair(durable.System, filepath.Join(folder, "pair"), check)
	k.slots, k.pair, k.Said = number(one), number(two), errors.Join(err1, err2)
	if k.Slots == nil || k.Pair == nil {
		return nil, k.Said
	}
	return k, nil
}

// Has is how far each had come.
func (k *Kept) Has() (slots, pair int) { return k.slots, k.pair }
