package sum

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
)

func TestEachByteOfARootCounts(t *testing.T) {
	root := bytes.Repeat([]byte("root"), 700_000) // three chunks, the last one short
	want, err := Of(bytes.NewReader(root), int64(len(root)))
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := sha256.Sum256(root[:chunk]), sha256.Sum256(root[chunk:2*chunk]), sha256.Sum256(root[2*chunk:])
	if by := sha256.Sum256(append(append(a[:], b[:]...), c[:]...)); by != want {
		t.Errorf("%x, by hand %x", want, by)
	}
	for _, at := range []int{0, chunk - 1, chunk, len(root) - 1} {
		root[at] ^= 1
		if is, err := Of(bytes.NewReader(root), int64(len(root))); err != nil || is == want {
			t.Errorf("byte %d does not count: %v", at, err)
		}
		root[at] ^= 1
	}
	if _, err := Of(bytes.NewReader(root), int64(len(root))+1); err == nil {
		t.Error("a root that is cut short has a sum")
	}
	if _, err := Of(bytes.NewReader(nil), 0); err == nil {
		t.Error("no root has a sum")
	}
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

var errBroken = errors.New("broken")

func TestACardThatGivesErrorsHasNoSum(t *testing.T) {
	if _, err := Of(broken{}, 5<<20); !errors.Is(err, errBroken) {
		t.Error(err)
	}
}
