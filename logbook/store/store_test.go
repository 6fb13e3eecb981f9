package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/logbook/store/storetest"
	"infobus/private"
)

func event(n int) logbook.Event {
	return logbook.Event{Boot: "boot", Mono: time.Duration(n), Name: logbook.GeneratorStarted, Attributes: map[string]any{"generator": n}}
}

func all(t testing.TB, s *Store) []logbook.Event {
	t.Helper()
	var list []logbook.Event
	for {
		after := uint64(0)
		if len(list) > 0 {
			after = list[len(list)-1].Seq
		}
		more, err := s.After(after, 7)
		if err != nil {
			t.Fatal(err)
		}
		if len(more) == 0 {
			return list
		}
		list = append(list, more...)
	}
}

func TestWhatIsAppendedIsNumberedAndComesBack(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 20; n += 2 {
		stored, err := s.Append([]logbook.Event{event(n), event(n + 1)})
		if err != nil || stored[1].Seq != uint64(n+1) || stored[1].Log == "" {
			t.Fatalf("%+v, %v", stored, err)
		}
	}
	if err := s.Acknowledge(15); err != nil {
		t.Fatal(err)
	}
	before := s.Status()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.After(0, 1); err == nil {
		t.Error("a closed store answers")
	}
	s, err = Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if after := s.Status(); after != before || after.Last != 20 || after.Acknowledged != 15 {
		t.Errorf("%+v, before %+v", after, before)
	}
	for i, e := range all(t, s) {
		if e.Seq != uint64(i+1) || e.Log != before.Log || e.Mono != time.Duration(i+1) || e.Attributes["generator"] != float64(i+1) || e.Name != logbook.GeneratorStarted {
			t.Errorf("%+v", e)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, File)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// Only the store's own admission stands between an attribute and the disk.
func TestWhatIsNotAdmittedIsNotOnTheDisk(t *testing.T) {
	disk := storetest.New(1)
	defer disk.Close()
	write := func() []byte {
		s, err := Open("/admitted", Options{Disk: disk})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		e := event(1)
		e.Attributes["person"] = "Jean Dupont"
		if _, err := s.Append([]logbook.Event{e}); err != nil {
			t.Fatal(err)
		}
		return disk.Bytes()
	}
	if bytes.Contains(write(), []byte("Jean")) {
		t.Error("it is there")
	}
	defer private.WithholdNothing()()
	if !bytes.Contains(write(), []byte("Jean")) {
		t.Error("with the filter off it is not there: this test shows nothing")
	}
}

func TestTheOldestGoAndALossIsAnEvent(t *testing.T) {
	s, err := Open(t.TempDir(), Options{MaxEvents: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := range 150 {
		if _, err := s.Append([]logbook.Event{event(n)}); err != nil {
			t.Fatal(err)
		}
	}
	list, lost := all(t, s), 0.0
	for i, e := range list {
		if i > 0 && e.Seq != list[i-1].Seq+1 {
			t.Errorf("event %d behind %d", e.Seq, list[i-1].Seq)
		}
	}
	// Those that were dropped are counted, also where the count itself was.
	dropped := list[0].Seq - 1
	for _, e := range list {
		if e.Name == logbook.LogbookDropped {
			lost += e.Attributes["events"].(float64)
		}
	}
	if len(list) > 101 || len(list) < 90 || lost == 0 || lost > float64(dropped) {
		t.Errorf("%d events are left, %v of %d are said to be lost", len(list), lost, dropped)
	}
	if err := s.Acknowledge(s.Status().Last); err != nil {
		t.Fatal(err)
	}
	before := s.Status().Last
	for n := range 60 {
		if _, err := s.Append([]logbook.Event{event(n)}); err != nil {
			t.Fatal(err)
		}
	}
	if last := s.Status().Last; last != before+60 {
		t.Errorf("dropping what was acknowledged made %d events", last-before-60)
	}
}

func TestADamagedFileIsMovedAsideAndANewOneBegun(t *testing.T) {
	for name, c := range map[string]struct {
		damage      func(b []byte) []byte // nil: the mark has gone
		same, saved bool                  // the log goes on; the event is there
	}{
		"not a database":   {func([]byte) []byte { return bytes.Repeat([]byte("rain"), 5000) }, true, false},
		"a torn header":    {func(b []byte) []byte { copy(b[100:], bytes.Repeat([]byte{0xff}, 3000)); return b }, true, true},
		"its numbers gone": {nil, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := Open(dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Append([]logbook.Event{event(1)}); err != nil {
				t.Fatal(err)
			}
			log := s.Status().Log
			s.Close()
			path := filepath.Join(dir, File)
			if c.damage == nil {
				if err := os.Remove(filepath.Join(dir, MarkFile)); err != nil {
					t.Fatal(err)
				}
			} else {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, c.damage(b), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s, err = Open(dir, Options{})
			if s == nil || !errors.Is(err, ErrDamaged) {
				t.Fatalf("%v, %v", s, err)
			}
			defer s.Close()
			stored, err := s.Append([]logbook.Event{event(2)})
			if err != nil || (stored[0].Log == log) != c.same || c.same && stored[0].Seq != 2 || !c.same && stored[0].Seq != 1 {
				t.Errorf("%+v, %v", stored, err)
			}
			b, err := s.Next(false, 10)
			if saved := err == nil && len(b.Events) > 0 && b.Events[0].Log == log && b.Events[0].Seq == 1; saved != c.saved {
				t.Errorf("to be sent are %+v, %v", b.Events, err)
			}
			if _, err := os.Stat(path + ".damaged-1"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAFileOfALaterVersionIsRefusedAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.db.Exec(`PRAGMA user_version = 3`); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s, err := Open(dir, Options{}); s != nil || !errors.Is(err, ErrNewer) {
		t.Errorf("%v, %v", s, err)
	}
}

// A card that is full refuses, loses nothing that was there, and works again
// once there is room.
func TestAFullCard(t *testing.T) {
	disk := storetest.New(1)
	defer disk.Close()
	s, err := Open("/full", Options{Disk: disk})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Append([]logbook.Event{event(1)}); err != nil {
		t.Fatal(err)
	}
	disk.SetQuota(disk.Used())
	n := 1
	for ; ; n++ { // the log may still have room in it
		if _, err = s.Append([]logbook.Event{event(n + 1)}); err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	if got := len(all(t, s)); got != n {
		t.Errorf("%d events, want %d", got, n)
	}
	disk.SetQuota(0)
	if stored, err := s.Append([]logbook.Event{event(n + 1)}); err != nil || stored[0].Seq != uint64(n+1) {
		t.Errorf("%+v, %v", stored, err)
	}
}

// crash appends and cuts the power, again and again. Whatever Append had
// called durable is there afterwards, in order, without a gap or a repeat.
func crash(rounds int, seed int64, change func(*storetest.Disk, *Options)) error {
	disk := storetest.New(uint64(seed))
	defer disk.Close()
	options := Options{Disk: disk}
	change(disk, &options)
	random := rand.New(rand.NewSource(seed))
	durable, acked := 0, uint64(0)
	log := ""
	for round := range rounds {
		s, err := Open("/crash", options)
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if log == "" {
			log = s.Status().Log
		}
		events, err := s.After(0, 1<<30)
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if status := s.Status(); status.Log != log && durable > 0 || len(events) < durable || status.Acknowledged < acked {
			return fmt.Errorf("round %d: %d events of %d are there; acknowledged %d of %d; the log is %s, was %s",
				round, len(events), durable, status.Acknowledged, acked, status.Log, log)
		}
		for i, e := range events {
			if e.Seq != uint64(i+1) || e.Mono != time.Duration(i+1) {
				return fmt.Errorf("round %d: event %d stands in place %d and says %d", round, e.Seq, i+1, e.Mono)
			}
		}
		log, durable = s.Status().Log, len(events)
		for range random.Intn(12) {
			batch := make([]logbook.Event, 1+random.Intn(5))
			for i := range batch {
				batch[i] = event(durable + i + 1)
			}
			if _, err := s.Append(batch); err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
			durable += len(batch)
			if random.Intn(4) == 0 {
				acked = uint64(random.Intn(durable) + 1)
				acked = max(acked, s.Status().Acknowledged)
				if err := s.Acknowledge(acked); err != nil {
					return fmt.Errorf("round %d: %w", round, err)
				}
			}
		}
		disk.Crash()
		s.Close() // of no more use: what it held is gone
	}
	return nil
}

func TestAPowerCutLosesNothingThatWasDurable(t *testing.T) {
	rounds := 40
	if os.Getenv("INFOBUS_SOAK") != "" {
		rounds = 500
	}
	for seed := range int64(10) {
		if err := crash(rounds, seed, func(*storetest.Disk, *Options) {}); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	t.Logf("%d power cuts", 10*rounds)
}

// The same, with syncing switched off in SQLite or in the disk, must fail:
// otherwise the test above shows nothing.
func TestWithoutSyncingAPowerCutLosesEvents(t *testing.T) {
	for name, change := range map[string]func(*storetest.Disk, *Options){
		"SQLite does not sync": func(_ *storetest.Disk, o *Options) { o.Unsafe = true },
		"the disk does not":    func(d *storetest.Disk, _ *Options) { d.IgnoreSyncs() },
	} {
		failed := 0
		for seed := range int64(5) {
			if err := crash(20, seed, change); err != nil {
				failed++
				if seed == 0 {
					t.Logf("%s: %.200s", name, err)
				}
			}
		}
		if failed != 5 {
			t.Errorf("%s: only %d of 5 runs lost something", name, failed)
		}
	}
}

func TestTheRecorderOutlivesACardThatIsFull(t *testing.T) {
	disk := storetest.New(1)
	defer disk.Close()
	var (
		mu     sync.Mutex
		health []error
		told   = make(chan struct{}, 1000)
	)
	r := NewRecorder(RecorderOptions{
		Open:    func() (*Store, error) { return Open("/recorder", Options{Disk: disk}) },
		Durable: func(Status) {},
		Health: func(err error) {
			mu.Lock()
			defer mu.Unlock()
			health = append(health, err)
			told <- struct{}{}
		},
		Retry: time.Millisecond,
	})
	disk.SetQuota(1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.Run(ctx); close(ended) }()
	const more = 10
	for n := range maxWaiting + more {
		r.Record([]logbook.Event{event(n + 1)})
	}
	<-told
	disk.SetQuota(0)
	if err := r.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	events := all(t, r.Store())
	last := events[len(events)-1]
	if len(events) != maxWaiting+1 || last.Name != logbook.LogbookDropped || last.Attributes["events"] != float64(more) {
		t.Errorf("%d events, the last %+v", len(events), last)
	}
	cancel()
	<-ended
	if len(health) < 2 || !errors.Is(health[0], syscall.ENOSPC) || health[len(health)-1] != nil {
		t.Errorf("health was said to be %v", health)
	}
}

func BenchmarkAppendOne(b *testing.B) {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for n := range b.N {
		if _, err := s.Append([]logbook.Event{event(n)}); err != nil {
			b.Fatal(err)
		}
	}
}
