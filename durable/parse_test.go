package durable

import (
	"bytes"
	"errors"
	"testing"
)

// Whatever stands in a slot, parsing it ends, and what it takes is what encode makes.
func FuzzParse(f *testing.F) {
	good := encode(7, []byte(`{"boot":"b"}`))
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(append(bytes.Clone(good), make([]byte, block)...))
	f.Add(encode(1, nil))
	f.Add(encode(1<<63+1, []byte("x")))
	f.Add(make([]byte, block))
	long := bytes.Clone(good)
	long[19] = 0xff
	f.Add(long)
	f.Fuzz(func(t *testing.T, b []byte) {
		generation, payload, err := parse(b, MaxSlot)
		if err != nil {
			if !errors.Is(err, ErrDamaged) || payload != nil || generation != 0 {
				t.Errorf("%d, %q, %v", generation, payload, err)
			}
			return
		}
		if len(payload) > MaxSlot || !bytes.HasPrefix(b, encode(generation, payload)) {
			t.Errorf("%d, %q was taken of %q", generation, payload, b)
		}
	})
}

// Each bit of a copy is under its checksum.
func TestABitThatFlippedIsFound(t *testing.T) {
	good := encode(7, []byte(`{"boot":"b"}`))
	for i := range 8 * len(good) {
		b := bytes.Clone(good)
		b[i/8] ^= 1 << (i % 8)
		if _, _, err := parse(b, MaxSlot); err == nil {
			t.Errorf("bit %d", i)
		}
	}
}
