package durabletest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"

	"infobus/durable"
)

// Writer is a writer under test, which keeps a number in its own format.
type Writer struct {
	// Open reads the number as a process does that begins, and gives what saves
	// another; said is the error beside it. 0 is none; what is there and is none of
	// those that were saved is any other.
	Open func(disk durable.Disk) (n int, save func(n int) error, said error)
	// Forgets: from when the next is to be saved until it is, there is none.
	Forgets bool
}

// numbers are what is saved: no part of one and rest of another is a third.
var numbers = []int{111111, 222222, 333333, 444444, 555555, 666666, 777777}

// Seeds is how many disks are tried for each operation, as the tests are run:
// short, as ever, or with INFOBUS_SOAK=1 at length.
func Seeds(usual, soak int) int {
	switch {
	case os.Getenv("INFOBUS_SOAK") != "":
		return soak
	case testing.Short():
		return 1
	}
	return usual
}

// Outcome is how much a crash test has tried.
type Outcome struct{ Cuts, Errors, Damages int }

func (o Outcome) String() string {
	return fmt.Sprintf("%d power cuts, %d errors of the disk, %d kinds of damage", o.Cuts, o.Errors, o.Damages)
}

// run is a writer on a disk, some processes long.
type run struct {
	writer Writer
	disk   *Disk
	random *rand.Rand
	next   int // of numbers, to be saved

	durable int   // the last number that Save said to be durable; 0 for none
	may     []int // those on their way since
	said    error // when it was loaded last
}

// begin starts a process, and says what is wrong with what it finds.
func (r *run) begin() (save func(int) error, wrong error) {
	n, save, said := r.writer.Open(r.disk)
	if r.disk.Dead() {
		return save, nil
	}
	r.said = said
	if n != r.durable && !slices.Contains(r.may, n) {
		return save, fmt.Errorf("%d is there; durable was %d, on its way %d (said: %v)", n, r.durable, r.may, said)
	}
	// What a process has seen it may go on from, but only what it saved is durable.
	r.may = append(r.may, n)
	return save, nil
}

// save saves the next number; on an error again, or in another process.
func (r *run) save(save func(int) error) (func(int) error, error) {
	n := numbers[r.next%len(numbers)]
	r.next++
	for range 4 {
		if r.may = append(r.may, n); r.writer.Forgets {
			r.may = append(r.may, 0)
		}
		err := save(n)
		switch {
		case err == nil:
			r.durable, r.may = n, nil
			return save, nil
		case r.disk.Dead():
			return save, nil
		}
		if r.random.IntN(2) == 0 {
			var wrong error
			if save, wrong = r.begin(); wrong != nil {
				return save, wrong
			}
		}
	}
	return save, errors.New("it cannot be saved after an error of the disk that has gone")
}

// life is some processes, with so many saves each, until the power goes.
func (r *run) life(saves ...int) error {
	for _, n := range saves {
		save, err := r.begin()
		for range n {
			if err == nil && !r.disk.Dead() {
				save, err = r.save(save)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// crash cuts the power, and looks at what is left: from now on it is durable.
func (r *run) crash() error {
	r.disk.Crash()
	_, err := r.begin()
	if err == nil {
		r.durable, r.may = r.may[len(r.may)-1], nil // what it found
	}
	return err
}

// Crashes has the power go, and the disk fail, at each operation of the writer:
// while it saves for the first time, the times after, in a new process and after
// a cut. With each, what Save called durable must be there, or what was on its
// way; and whatever happened, the next can be saved. seeds is how many disks are
// tried for each operation. The error is the first loss.
func Crashes(w Writer, seeds int, change func(*Disk)) (o Outcome, err error) {
	script := []int{3, 2}
	count := func() int {
		r := &run{writer: w, disk: New(0), random: rand.New(rand.NewPCG(0, 0))}
		change(r.disk)
		r.life(script...)
		return r.disk.Operations()
	}()
	if count < 10 {
		return o, fmt.Errorf("only %d operations: this test shows nothing", count)
	}
	for _, fault := range []error{nil, syscall.EIO, syscall.ENOSPC} {
		for n := 1; n <= count; n++ {
			for seed := range seeds {
				disk := New(uint64(seed*count + n))
				change(disk)
				r := &run{writer: w, disk: disk, random: rand.New(rand.NewPCG(uint64(seed), uint64(n)))}
				wrong := func(err error) (Outcome, error) {
					return o, fmt.Errorf("operation %d of %d, seed %d, fault %v: %w", n, count, seed, fault, err)
				}
				if fault == nil {
					disk.CutAfter(n)
				} else {
					disk.FailAfter(n, fault)
					disk.CutAfter(n + r.random.IntN(count))
					o.Errors++
				}
				// Three lives, each of which is cut; the later ones anywhere, some while they end well.
				for life := range 3 {
					if err := r.life(script...); err != nil {
						return wrong(err)
					}
					o.Cuts++
					if err := r.crash(); err != nil {
						return wrong(fmt.Errorf("after cut %d: %w", life+1, err))
					}
					disk.CutAfter(1 + r.random.IntN(count))
				}
			}
		}
	}
	return o, nil
}

// Damages has each file of the writer torn at each byte between what it was
// before a save and after it, each byte's bits flipped in turn, and each sector
// unreadable: one at a time. The number that was saved last is there, or the one
// before; where it is not the last, that is said; and the next save makes it
// good. Of the bytes every every'th is tried. The error is the first loss.
func Damages(w Writer, every int) (o Outcome, err error) {
	disk := New(1)
	r := &run{writer: w, disk: disk, random: rand.New(rand.NewPCG(1, 1))}
	if err := r.life(4); err != nil {
		return o, err
	}
	before, last := disk.Files(), r.durable
	if w.Forgets {
		last = 0
	}
	if err := r.life(1); err != nil {
		return o, err
	}
	after := disk.Files()

	// try looks at the disk with one file changed.
	try := func(name, what string, at int, b []byte, change func(*Disk)) error {
		o.Damages++
		wrong := func(format string, arguments ...any) error {
			return fmt.Errorf("%s %s at byte %d: %w", name, what, at, fmt.Errorf(format, arguments...))
		}
		disk := New(uint64(o.Damages))
		for other, content := range after {
			disk.Put(other, content)
		}
		disk.Put(name, b)
		change(disk)
		n, save, said := w.Open(disk)
		if n != r.durable && n != last || n != r.durable && said == nil {
			return wrong("%d is there, said is %v; %d was saved last, %d before", n, said, r.durable, last)
		}
		if err := save(888888); err != nil {
			return wrong("the next cannot be saved: %w", err)
		}
		disk.Crash()
		if n, _, said := w.Open(disk); n != 888888 || said != nil {
			return wrong("after the next save %d is there, said is %v", n, said)
		}
		return nil
	}
	nothing := func(*Disk) {}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		was, is := before[name], after[name]
		for i := 0; i < len(is); i += every {
			if i < len(was) && was[i] != is[i] {
				torn := append(slices.Clone(is[:i]), was[i:]...)
				if !bytes.Equal(torn, was) { // else nothing of the write came to the disk
					if err := try(name, "torn", i, torn, nothing); err != nil {
						return o, err
					}
				}
			}
			if is[i] != 0 { // what is not may be padding
				flipped := slices.Clone(is)
				flipped[i] ^= 1 << (i / every % 8)
				if err := try(name, "flipped", i, flipped, nothing); err != nil {
					return o, err
				}
			}
		}
		for i := 0; i < len(is); i += Sector {
			if err := try(name, "unreadable", i, is, func(d *Disk) { d.Spoil(name, int64(i)) }); err != nil {
				return o, err
			}
		}
	}
	return o, nil
}
