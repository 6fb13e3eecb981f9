package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"infobus/durable"
	"infobus/logbook"
	"infobus/logbook/store/storetest"
)

// ageing is a card whose power goes in the middle of something, and of which bits flip
// while it lies there, again and again.
type ageing struct {
	random *rand.Rand
	files  map[string][]byte
	mark   int // of the last event that was to be appended

	stored map[string]logbook.Event // what Append called durable, by LOG/SEQ
	acked  map[string]uint64        // by log: up to where it may have been acknowledged
	gone   map[string]bool          // what no whole record is left of
	told   map[string]int           // how many events are lost, by what told of it
	blind  bool                     // a mark was hit: what it alone knew cannot be counted
	hit    int                      // flips
	cuts   int                      // in the middle of something
}

func identity(e logbook.Event) string { return fmt.Sprint(e.Log, "/", e.Seq) }

// life appends and acknowledges until the power goes.
func (a *ageing) life(o Options) error {
	disk := storetest.New(a.random.Uint64())
	defer disk.Close()
	for name, b := range a.files {
		disk.Put(name, b)
	}
	defer func() { disk.Crash(); a.files = disk.Files() }()
	if o.Disk = disk; a.random.IntN(3) == 0 {
		disk.CutAfter(1 + a.random.IntN(40)) // while it is being opened, or all is being copied
	}
	s, err := Open(shelfDir, o)
	if s == nil {
		if disk.Dead() {
			a.cuts++
			return nil
		}
		return fmt.Errorf("it does not open: %w", err)
	}
	defer s.Close()
	disk.CutAfter(1 + a.random.IntN(80))
	for range 20 {
		batch := make([]logbook.Event, 1+a.random.IntN(8))
		for i := range batch {
			a.mark++
			batch[i] = event(a.mark)
		}
		stored, err := s.Append(batch)
		if disk.Dead() {
			a.cuts++
			return nil
		}
		if err != nil {
			return fmt.Errorf("it takes no event: %w", err)
		}
		for _, e := range stored {
			if was, ok := a.stored[identity(e)]; ok {
				return fmt.Errorf("%s stands for two events: %+v and %+v", identity(e), was, e)
			}
			a.stored[identity(e)] = e
		}
		if log := s.Status().Log; a.random.IntN(6) == 0 {
			to := stored[0].Seq - min(stored[0].Seq, uint64(a.random.IntN(20)))
			// The receiver has been told, and will not be again.
			had, err := s.After(a.acked[log], 1<<20)
			if disk.Dead() {
				a.cuts++
				return nil
			}
			if err != nil {
				return fmt.Errorf("it cannot be read: %w", err)
			}
			for _, e := range had {
				if e.Seq <= to {
					a.hear(e)
				}
			}
			a.acked[log] = max(a.acked[log], to)
			if err := s.Acknowledge(to); err != nil && !disk.Dead() {
				return fmt.Errorf("acknowledge %d: %w", to, err)
			}
		}
	}
	return nil
}

// hear notes of how many losses an event tells.
func (a *ageing) hear(e logbook.Event) {
	if e.Name == logbook.LogbookDropped {
		a.told[identity(e)] = int(e.Attributes["events"].(float64))
	}
}

// age flips bits where anything stands, and notes of which events no whole record is left.
func (a *ageing) age(flips int) {
	x := shelf{files: a.files}
	for range flips {
		list := x.sectors()
		if len(list) == 0 {
			return // nothing has come to the disk yet
		}
		s := list[a.random.IntN(len(list))]
		b := bytes.Clone(a.files[s.name])
		bit := min(s.at*8+a.random.IntN(512*8), len(b)*8-1)
		b[bit/8] ^= 1 << (bit % 8)
		a.files[s.name] = b
		a.hit++
		a.blind = a.blind || strings.HasSuffix(s.name, MarkFile)
	}
	path := shelfDir + "/" + File
	log, aside := path+"-wal", path+fmt.Sprintf(suffixAside, 1)
	if _, ok := a.files[path]; !ok { // it was being replaced
		path, log = aside, aside+"-wal"
	} else if _, ok := a.files[aside]; !ok && len(a.files[log]) == 0 && len(a.files[aside+"-wal"]) > 0 {
		log = aside + "-wal"
	}
	for id, e := range a.stored {
		body, _ := json.Marshal(e)
		if !whole(a.files[path], body) && !whole(a.files[log], body) {
			a.gone[id] = true
		}
	}
}

// whole says whether a whole record with that body stands in b.
func whole(b, body []byte) bool {
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], body)
		if i < 0 {
			return false
		}
		if at += i; at < recordHead {
			continue
		}
		r := b[at-recordHead : at+len(body)]
		if string(r[:4]) == magic && int(binary.LittleEndian.Uint16(r[24:])) == len(body) && crc32.Checksum(r[8:], castagnoli) == binary.LittleEndian.Uint32(r[4:]) {
			return true
		}
	}
}

// send has all of it sent, and says what is wrong.
func (a *ageing) send(o Options) error {
	disk := storetest.New(a.random.Uint64())
	defer disk.Close()
	for name, b := range a.files {
		disk.Put(name, b)
	}
	o.Disk = disk
	s, err := Open(shelfDir, o)
	if s == nil {
		return fmt.Errorf("it does not open: %w", err)
	}
	defer s.Close()
	sent := map[string]bool{}
	if _, err := s.Append([]logbook.Event{{Boot: "boot", Name: logbook.SystemStarted}}); err != nil { // which tells what is lost
		return err
	}
	for _, urgent := range []bool{true, false} {
		for {
			b, err := s.Next(urgent, 50)
			if err != nil {
				return fmt.Errorf("it cannot be sent: %w", err)
			}
			if len(b.Events) == 0 {
				break
			}
			for _, e := range b.Events {
				id := identity(e)
				switch want, known := a.stored[id]; {
				case sent[id]:
					return fmt.Errorf("%s is sent twice", id)
				case known && !same(want, e):
					return fmt.Errorf("sent is %+v, and it was %+v", e, want)
				case e.Name == logbook.LogbookDropped:
					a.hear(e)
				case e.Name == logbook.GeneratorStarted:
					if e.Boot != "boot" || e.Mono < 1 || int(e.Mono) > a.mark || e.Attributes["generator"] != float64(e.Mono) {
						return fmt.Errorf("sent is %+v, and there was no such event", e)
					}
				case e.Name != logbook.SystemStarted:
					return fmt.Errorf("sent is %+v, and there was no such event", e)
				}
				sent[id] = true
			}
			if err := s.Received(b, 0); err != nil {
				return fmt.Errorf("a receipt: %w", err)
			}
		}
	}
	missing, told := 0, 0
	for _, n := range a.told {
		told += n
	}
	for id, e := range a.stored {
		switch {
		case sent[id] || e.Seq <= a.acked[e.Log] || e.Name == logbook.LogbookDropped:
		case !a.gone[id]:
			return fmt.Errorf("%s is whole on the disk, and was not sent", id)
		default:
			missing++
		}
	}
	if told < missing && !a.blind || told > a.mark+len(a.gone) {
		return fmt.Errorf("%d events are missing, said are %d", missing, told)
	}
	return nil
}

// aged tries one card, and says what is wrong with it.
func aged(seed uint64, o Options) (*ageing, error) {
	a := &ageing{random: rand.New(rand.NewPCG(seed, 6)), files: map[string][]byte{}, stored: map[string]logbook.Event{}, acked: map[string]uint64{}, gone: map[string]bool{}, told: map[string]int{}}
	for range 2 + a.random.IntN(3) {
		if err := a.life(o); err != nil {
			return a, err
		}
		if len(a.files) > 0 {
			a.age(a.random.IntN(4))
		}
	}
	return a, a.send(o)
}

// spread does f for 0 to n-1 on all cores.
func spread(n int, f func(i int)) {
	var next atomic.Int64
	var cores sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		cores.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				f(int(i))
			}
		})
	}
	cores.Wait()
}

// Flips and cuts come together: of a card whose power goes in the middle of commits, of
// openings and of what mends it, and of which bits flip at rest in between, all that is
// whole is sent, as it was, and what is not is counted.
func TestFlipsBetweenPowerCutsCostNothingElse(t *testing.T) {
	seeds := 60
	if os.Getenv("INFOBUS_SOAK") != "" {
		seeds = 10_000
	}
	var mu sync.Mutex // guards the rest
	var flips, cuts, events, gone, wrong int
	spread(seeds, func(seed int) {
		a, err := aged(uint64(seed), Options{})
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			wrong++
			t.Errorf("seed %d, %d flips: %v", seed, a.hit, err)
		}
		flips, cuts, events, gone = flips+a.hit, cuts+a.cuts, events+len(a.stored), gone+len(a.gone)
	})
	t.Logf("%d of %d cards are wrong", wrong, seeds)
	t.Logf("%d cards, %d power cuts in the middle of something, %d flips; of %d events %d were hit in every copy", seeds, cuts, flips, events, gone)
	if cuts < seeds || flips < seeds || gone == 0 {
		t.Error("this test shows little")
	}
}

// With the checksums off the same finds what is wrong.
func TestWithoutChecksumsFlipsBetweenPowerCutsDoHarm(t *testing.T) {
	defer durable.IgnoreChecksums()()
	harm := 0
	for seed := range uint64(60) {
		if _, err := aged(seed, Options{Unchecked: true}); err != nil {
			harm++
		}
	}
	t.Logf("%d of 60 cards came to harm", harm)
	if harm < 10 {
		t.Errorf("only %d of 60 cards came to harm: the test above shows little", harm)
	}
}
