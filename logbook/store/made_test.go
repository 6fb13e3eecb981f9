package store

import (
	"testing"

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
