package store

import (
	"bytes"
	"errors"
	"testing"

	"infobus/durable/durabletest"
	"infobus/logbook/store/storetest"
)

// A power cut at any write of the first start is no damage: there was nothing to lose.
func TestACutWhileTheLogbookIsMadeIsNoDamage(t *testing.T) {
	cuts := 0
	for n := 1; ; n++ {
		disk := storetest.New(uint64(n))
		disk.CutAfter(n)
		s, err := Open("/first", Options{Disk: disk})
		whole := err == nil && !disk.Dead()
		disk.Crash()
		if s != nil {
			s.Close()
		}
		if s, err = Open("/first", Options{Disk: disk}); err != nil {
			t.Errorf("cut at write %d: %v", n, err)
		}
		if s != nil {
			s.Close()
		}
		disk.Close()
		if whole {
			break
		}
		cuts++
	}
	if cuts < 10 {
		t.Errorf("only %d cuts", cuts)
	}
	t.Logf("%d cuts", cuts)
}

// A power cut at any step of a damaged logbook's replacement costs none of its events, also
// of those that stand in its write-ahead log alone.
func TestACutWhileADamagedLogbookIsReplacedCostsNothing(t *testing.T) {
	x := newShelf(t, Options{})
	x.files[shelfDir+"/"+File][0] ^= 1 // its first page no longer says what it is
	all := x.intact(x.files)
	for seed := range uint64(durabletest.Seeds(3, 40)) {
		cuts := 0
		for n := 1; ; n++ {
			disk := storetest.New(seed)
			for name, b := range x.files {
				disk.Put(name, bytes.Clone(b))
			}
			disk.CutAfter(n)
			s, err := Open(shelfDir, Options{Disk: disk})
			whole := errors.Is(err, ErrDamaged) && !disk.Dead()
			disk.Crash()
			if s != nil {
				s.Close()
			}
			if err := x.sends(all, disk.Files(), Options{}, nothing); err != nil {
				t.Errorf("cut at step %d: %v", n, err)
			}
			disk.Close()
			if whole {
				break
			}
			cuts++
		}
		if cuts < 20 {
			t.Errorf("only %d cuts", cuts)
		}
		t.Logf("%d cuts", cuts)
	}
}
