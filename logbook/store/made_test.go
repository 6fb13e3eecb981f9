package store

import (
	"bytes"
	"errors"
	"testing"

	"infobus/durable/durabletest"
	"infobus/logbook/store/storetest"
)

// eachCut opens a logbook on a disk with the power cut at each step in turn, until one
// opening comes to its end, and has left look at what is on the disk then.
func eachCut(t *testing.T, least int, dir string, prepared func(step int) *storetest.Disk, want error, left func(step int, disk *storetest.Disk)) {
	t.Helper()
	cuts := 0
	for n := 1; ; n++ {
		disk := prepared(n)
		disk.CutAfter(n)
		s, err := Open(dir, Options{Disk: disk})
		whole := errors.Is(err, want) && !disk.Dead()
		disk.Crash()
		if s != nil {
			s.Close()
		}
		left(n, disk)
		disk.Close()
		if whole {
			break
		}
		cuts++
	}
	if cuts < least {
		t.Errorf("only %d cuts", cuts)
	}
	t.Logf("%d cuts", cuts)
}

// A power cut at any write of the first start is no damage: there was nothing to lose.
func TestACutWhileTheLogbookIsMadeIsNoDamage(t *testing.T) {
	eachCut(t, 10, "/first", func(n int) *storetest.Disk { return storetest.New(uint64(n)) }, nil, func(n int, disk *storetest.Disk) {
		s, err := Open("/first", Options{Disk: disk})
		if err != nil {
			t.Errorf("cut at write %d: %v", n, err)
		}
		if s != nil {
			s.Close()
		}
	})
}

// A power cut at any step of a damaged logbook's replacement costs none of its events, also
// of those that stand in its write-ahead log alone.
func TestACutWhileADamagedLogbookIsReplacedCostsNothing(t *testing.T) {
	x := newShelf(t, Options{})
	x.files[shelfDir+"/"+File][0] ^= 1 // its first page no longer says what it is
	all := x.intact(x.files)
	for seed := range uint64(durabletest.Seeds(3, 40)) {
		eachCut(t, 20, shelfDir, func(int) *storetest.Disk {
			disk := storetest.New(seed)
			for name, b := range x.files {
				disk.Put(name, bytes.Clone(b))
			}
			return disk
		}, ErrDamaged, func(n int, disk *storetest.Disk) {
			if err := x.sends(all, disk.Files(), Options{}, nothing); err != nil {
				t.Errorf("cut at step %d: %v", n, err)
			}
		})
	}
}
