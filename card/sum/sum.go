// Package sum reads a whole root and gives its checksum.
package sum

import (
	"crypto/sha256"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// chunk is what is hashed by itself, so that all processors can.
const chunk = 1 << 20

// Of is the checksum of a root: the SHA-256 of the SHA-256s of its chunks of 1 MiB, the
// last of which may be shorter. The whole root is read at each boot (1.5 to 3 s of a real
// card's time): dm-verity looks at a block only when something needs it, which for the
// daemon's own program is after the last moment at which the other slot could be named.
func Of(r io.ReaderAt, size int64) (sum [32]byte, err error) {
	if size <= 0 {
		return sum, fmt.Errorf("a root of %d bytes", size)
	}
	sums := make([][32]byte, (size+chunk-1)/chunk)
	var (
		wait  sync.WaitGroup
		next  = make(chan int)
		first sync.Once
	)
	for range runtime.NumCPU() + 1 { // one reads while the others reckon
		wait.Go(func() {
			b := make([]byte, chunk)
			for i := range next {
				at := int64(i) * chunk
				n := min(chunk, size-at)
				if read, e := r.ReadAt(b[:n], at); int64(read) < n {
					first.Do(func() { err = fmt.Errorf("read at %d: %w", at, e) })
					continue
				}
				sums[i] = sha256.Sum256(b[:n])
			}
		})
	}
	for i := range sums {
		next <- i
	}
	close(next)
	wait.Wait()
	h := sha256.New()
	for _, s := range sums {
		h.Write(s[:])
	}
	h.Sum(sum[:0])
	return sum, err
}
