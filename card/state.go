package card

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// Trials is how many times a slot on trial is started before it is given up.
const Trials = 3

// ErrDamaged says that a copy of the slot state cannot be used.
var ErrDamaged = errors.New("damaged")

// State is the slot state. The zero value is not a state: see Fresh.
type State struct {
	Seq  uint64
	Good Slot
	Try  Slot // None where none is on trial
	Left int  // how many more times Try is started
	Bad  Bad
}

// Bad are the slots that must not be fallen back to.
type Bad struct{ A, B bool }

// Has says whether it has the slot.
func (b Bad) Has(s Slot) bool { return s == A && b.A || s == B && b.B }

// With is it with the slot in or out.
func (b Bad) With(s Slot, in bool) Bad {
	switch s {
	case A:
		b.A = in
	case B:
		b.B = in
	}
	return b
}

func (b Bad) String() string {
	switch b {
	case Bad{A: true}:
		return "a"
	case Bad{B: true}:
		return "b"
	case Bad{A: true, B: true}:
		return "ab"
	}
	return ""
}

// Fresh is what counts where no copy is right, and what is on a new card.
func Fresh() State { return State{Good: A} }

// Encode is a copy of the state: one sector.
func (s State) Encode() []byte {
	b := make([]byte, 4, SectorSize)
	add := func(name, value string) { b = append(b, name+"="+value+"\x00"...) }
	add("ib_bad", s.Bad.String())
	add("ib_good", string(s.Good))
	add("ib_left", strconv.FormatInt(int64(s.Left), 16))
	add("ib_seq", strconv.FormatUint(s.Seq, 16))
	add("ib_try", string(s.Try))
	b = b[:SectorSize]
	binary.LittleEndian.PutUint32(b, crc32.ChecksumIEEE(b[4:]))
	return b
}

// DecodeState reads a copy. A name that it does not know is ignored: a later program may
// have written it.
func DecodeState(b []byte) (State, error) {
	if len(b) != SectorSize {
		return State{}, fmt.Errorf("%w: %d bytes", ErrDamaged, len(b))
	}
	if binary.LittleEndian.Uint32(b) != crc32.ChecksumIEEE(b[4:]) {
		return State{}, fmt.Errorf("%w: wrong checksum", ErrDamaged)
	}
	values := map[string]string{}
	for _, entry := range strings.Split(string(b[4:]), "\x00") {
		if entry == "" {
			break // what stands behind the last string has no meaning
		}
		name, value, _ := strings.Cut(entry, "=")
		values[name] = value
	}
	var s State
	var err error
	if s.Seq, err = strconv.ParseUint(values["ib_seq"], 16, 63); err != nil {
		return State{}, fmt.Errorf("%w: no sequence number", ErrDamaged)
	}
	var ok bool
	if s.Good, ok = ParseSlot(values["ib_good"]); !ok {
		return State{}, fmt.Errorf("%w: no good slot", ErrDamaged)
	}
	if try := values["ib_try"]; try != "" {
		if s.Try, ok = ParseSlot(try); !ok {
			return State{}, fmt.Errorf("%w: no such slot on trial", ErrDamaged)
		}
		left, err := strconv.ParseUint(values["ib_left"], 16, 16)
		if err != nil {
			return State{}, fmt.Errorf("%w: no number of trials", ErrDamaged)
		}
		s.Left = int(left)
	}
	for _, bad := range values["ib_bad"] {
		slot, ok := ParseSlot(string(bad))
		if !ok {
			return State{}, fmt.Errorf("%w: no such bad slot", ErrDamaged)
		}
		s.Bad = s.Bad.With(slot, true)
	}
	return s, nil
}

// Health is how many copies of the slot state are right.
type Health string

// The kinds of Health.
const (
	BothRight   Health = "ok"
	OneRight    Health = "one-damaged"
	NoneRight   Health = "both-damaged"
	NeitherRead Health = "unreadable" // the card does not give its sectors
)

// Read is the state of a card by its two copies, and the index in Sectors of the copy
// that is written next. A copy that could not be read is nil.
func Read(copies [2][]byte) (s State, next int, health Health) {
	one, err1 := DecodeState(copies[0])
	two, err2 := DecodeState(copies[1])
	switch {
	case err1 != nil && err2 != nil:
		if copies[0] == nil && copies[1] == nil {
			return Fresh(), 0, NeitherRead
		}
		return Fresh(), 0, NoneRight
	case err1 != nil:
		return two, 0, OneRight
	case err2 != nil:
		return one, 1, OneRight
	case one.Seq >= two.Seq:
		return one, 1, BothRight
	}
	return two, 0, BothRight
}
