package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/durable"
	"infobus/durable/durabletest"
	"infobus/logbook"
	"infobus/logbook/store/storetest"
)

// shelf is a small logbook as a power cut leaves it: in the file, in its
// write-ahead log, and in its mark.
type shelf struct {
	files  map[string][]byte
	log    string
	events map[uint64]logbook.Event
	acked  uint64
	copies []place
}

// place is where a whole record stands on the disk.
type place struct {
	seq      uint64
	name     string
	from, to int
}

const shelfDir = "/damage"

func newShelf(t testing.TB, o Options) shelf {
	t.Helper()
	disk := storetest.New(1)
	t.Cleanup(disk.Close)
	o.Disk = disk
	x := shelf{events: map[uint64]logbook.Event{}}
	bodies := map[uint64][]byte{}
	write := func(s *Store, from, to int) {
		for n := from; n <= to; n++ {
			e := event(n)
			e.At = time.Date(2026, 11, 23, 9, 0, n, 0, time.UTC)
			if n%10 == 0 {
				e.Name, e.Attributes = logbook.BatteryLevel, map[string]any{"level": "critical", "percent": float64(n)}
			}
			stored, err := s.Append([]logbook.Event{e})
			if err != nil {
				t.Fatal(err)
			}
			body, err := json.Marshal(stored[0])
			if err != nil {
				t.Fatal(err)
			}
			x.events[stored[0].Seq], bodies[stored[0].Seq] = stored[0], body
		}
	}
	s, err := Open(shelfDir, o)
	if err != nil {
		t.Fatal(err)
	}
	write(s, 1, 45)
	if err := s.Acknowledge(8); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s, err = Open(shelfDir, o); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write(s, 46, 60)
	x.log, x.acked, x.files = s.Status().Log, 8, disk.Files()
	for seq, body := range bodies {
		for name, b := range x.files {
			for at := 0; ; at++ {
				i := bytes.Index(b[at:], body)
				if i < 0 {
					break
				}
				at += i
				x.copies = append(x.copies, place{seq, name, at - recordHead, at + len(body)})
			}
		}
	}
	return x
}

// intact are the events of which a whole record stands somewhere in the files.
func (x shelf) intact(files map[string][]byte) map[uint64]bool {
	list := map[uint64]bool{}
	for _, c := range x.copies {
		if was, is := x.files[c.name], files[c.name]; len(is) >= c.to && bytes.Equal(is[c.from:c.to], was[c.from:c.to]) {
			list[c.seq] = true
		}
	}
	return list
}

// try opens the logbook after damage, has it sent, and says what is wrong.
func (x shelf) try(files map[string][]byte, o Options, spoil func(*storetest.Disk)) error {
	return x.sends(x.intact(files), files, o, spoil)
}

// sends opens the logbook, has it sent, and says what is wrong, such as an intact event
// that was not sent.
func (x shelf) sends(intact map[uint64]bool, files map[string][]byte, o Options, spoil func(*storetest.Disk)) error {
	disk := storetest.New(2)
	defer disk.Close()
	for name, b := range files {
		disk.Put(name, b)
	}
	spoil(disk)
	o.Disk = disk
	s, err := Open(shelfDir, o)
	if s == nil {
		return fmt.Errorf("it does not open: %w", err)
	}
	defer func() { s.Close() }()
	damaged := errors.Is(err, ErrDamaged)
	o.Damaged = func(error) { damaged = true }
	now := event(1000)
	now.Name, now.Attributes = logbook.SystemStarted, nil
	stored, err := s.Append([]logbook.Event{now})
	if err != nil {
		return fmt.Errorf("it takes no event: %w", err)
	}
	if _, known := x.events[stored[0].Seq]; known && stored[0].Log == x.log {
		return fmt.Errorf("%s/%d stands for two events", x.log, stored[0].Seq)
	}
	sent, told := map[uint64]bool{}, 0.0
	for _, urgent := range []bool{true, false} {
		last := uint64(0)
		for {
			b, err := s.Next(urgent, 7)
			if err != nil {
				return fmt.Errorf("it cannot be sent: %w", err)
			}
			if len(b.Events) == 0 {
				break
			}
			for _, e := range b.Events {
				if e.Name == logbook.LogbookDropped {
					told += e.Attributes["events"].(float64)
					continue
				}
				if e.Name == logbook.SystemStarted {
					continue
				}
				want, known := x.events[e.Seq]
				if e.Log != x.log || !known || !same(e, want) {
					return fmt.Errorf("sent is %+v", e)
				}
				if sent[e.Seq] || e.Seq <= last {
					return fmt.Errorf("event %d is sent after %d, twice %v", e.Seq, last, sent[e.Seq])
				}
				sent[e.Seq], last = true, e.Seq
			}
			if err := s.Received(b, 0); err != nil {
				return fmt.Errorf("a receipt: %w", err)
			}
		}
	}
	missing := 0.0
	for seq := range x.events {
		switch {
		case sent[seq] || seq <= x.acked:
		case intact[seq]:
			return fmt.Errorf("event %d is whole on the disk, and was not sent", seq)
		default:
			missing++
		}
	}
	if told != missing {
		return fmt.Errorf("%v events are missing, said are %v", missing, told)
	}
	if missing > 0 && !damaged {
		return errors.New("nothing was said of the damage")
	}
	if w := s.Status().Waiting; w != 0 {
		return fmt.Errorf("all is sent, and %d wait", w)
	}
	s.Close()
	if s, err = Open(shelfDir, o); err != nil {
		return fmt.Errorf("opened once more: %w", err)
	}
	return nil
}

func same(a, b logbook.Event) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// with gives the files with one changed.
func (x shelf) with(name string, change func(b []byte)) map[string][]byte {
	files := maps.Clone(x.files)
	files[name] = bytes.Clone(files[name])
	change(files[name])
	return files
}

// sectors are those of the files that hold anything, and one that does not.
func (x shelf) sectors() (list []struct {
	name string
	at   int
}) {
	empty := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(x.files)) {
		b := x.files[name]
		for at := 0; at < len(b); at += durabletest.Sector {
			if len(bytes.Trim(b[at:min(at+durabletest.Sector, len(b))], "\x00")) == 0 {
				if empty[name] {
					continue
				}
				empty[name] = true
			}
			list = append(list, struct {
				name string
				at   int
			}{name, at})
		}
	}
	return list
}

func nothing(*storetest.Disk) {}

func TestAnySectorMayBeDestroyed(t *testing.T) {
	x := newShelf(t, Options{})
	random := rand.New(rand.NewPCG(3, 3))
	n := 0
	for _, s := range x.sectors() {
		for how, change := range map[string]func(b []byte){
			"zero": func(b []byte) { clear(b) },
			"garbage": func(b []byte) {
				for i := range b {
					b[i] = byte(random.Uint32())
				}
			},
			"unreadable": nil,
		} {
			n++
			var files map[string][]byte
			spoil := nothing
			if change != nil {
				files = x.with(s.name, func(b []byte) { change(b[s.at:min(s.at+durabletest.Sector, len(b))]) })
			} else {
				// What cannot be read is not there for the oracle either.
				spoil = func(d *storetest.Disk) {
					d.Put(s.name, x.files[s.name])
					d.Spoil(s.name, int64(s.at))
				}
				files = x.with(s.name, func(b []byte) { clear(b[s.at:min(s.at+durabletest.Sector, len(b))]) })
			}
			if err := x.try(files, Options{}, spoil); err != nil {
				t.Errorf("%s, sector at %d %s: %v", s.name, s.at, how, err)
			}
		}
	}
	t.Logf("%d damages of %d sectors", n, len(x.sectors()))
}

func TestAnyBitMayFlip(t *testing.T) {
	x := newShelf(t, Options{})
	random := rand.New(rand.NewPCG(4, 4))
	list := x.sectors()
	type place struct {
		name string
		bit  int
	}
	var flips []place
	n := 2000
	if os.Getenv("INFOBUS_SOAK") != "" {
		n = 20_000
		for name, b := range x.files { // each bit of one page of each kind
			at := 0
			if strings.HasSuffix(name, "-wal") {
				at = 32 // with a frame's head
			}
			for page := range map[int]bool{at: true, at + 4096: true, at + 2*4096: true} {
				for bit := page * 8; bit < min(page+4096+24, len(b))*8; bit++ {
					if name != shelfDir+"/"+MarkFile || page == 0 {
						flips = append(flips, place{name, bit})
					}
				}
			}
		}
	}
	for range n {
		s := list[random.IntN(len(list))]
		flips = append(flips, place{s.name, min(s.at*8+random.IntN(durabletest.Sector*8), len(x.files[s.name])*8-1)})
	}
	spread(len(flips), func(i int) {
		f := flips[i]
		if err := x.try(x.with(f.name, func(b []byte) { b[f.bit/8] ^= 1 << (f.bit % 8) }), Options{}, nothing); err != nil {
			t.Errorf("%s, bit %d: %v", f.name, f.bit, err)
		}
	})
	t.Logf("%d flips, one by one", len(flips))
}

// With the checksums off the same finds what is wrong.
func TestWithoutChecksumsDamageIsSent(t *testing.T) {
	o := Options{Unchecked: true}
	x := newShelf(t, o)
	defer durable.IgnoreChecksums()()
	random := rand.New(rand.NewPCG(5, 5))
	list, found := x.sectors(), 0
	for range 200 {
		s := list[random.IntN(len(list))]
		bit := min(s.at*8+random.IntN(durabletest.Sector*8), len(x.files[s.name])*8-1)
		if x.try(x.with(s.name, func(b []byte) { b[bit/8] ^= 1 << (bit % 8) }), o, nothing) != nil {
			found++
		}
	}
	if found < 20 {
		t.Errorf("only %d of 200 flips did harm: the tests above show little", found)
	}
	t.Logf("%d of 200 flips did harm", found)
}
