package store

import (
	"fmt"
	"math/rand"
	"os"
	"syscall"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/logbook/store/storetest"
)

// cut appends and acknowledges on one disk that errs now and then, and has the power go in the middle
// of a commit, a checkpoint, a trimming or an opening, again and again. After
// each cut, everything that had been called durable is there, a batch under way
// is there whole or not at all, and no number is missing or given twice.
func cut(rounds int, seed int64, change func(*storetest.Disk, *Options)) (inTheMiddle, erred int, err error) {
	disk := storetest.New(uint64(seed))
	defer disk.Close()
	options := Options{Disk: disk, MaxEvents: 300}
	change(disk, &options)
	random := rand.New(rand.NewSource(seed))

	var (
		log   string
		marks = map[uint64]time.Duration{} // by seq: what was called durable
		last  uint64
		acked uint64
		mark  time.Duration
		hurt  bool // the disk erred: what it holds may be salvaged, and all of it is there
		drawn int  // logs that went on as another
		older = map[string]time.Duration{}
	)
	for round := range rounds {
		wrong := func(format string, arguments ...any) error {
			return fmt.Errorf("seed %d, round %d: %s", seed, round, fmt.Sprintf(format, arguments...))
		}
		if random.Intn(4) == 0 {
			disk.CutAfter(1 + random.Intn(12)) // while it is being opened
		}
		s, err := Open("/cut", options)
		switch {
		case err == nil:
		case disk.Dead() || s == nil && !damaged(err): // the power went: nobody hears what it says
			inTheMiddle++
			disk.Crash()
			if s != nil {
				s.Close()
			}
			continue
		case !hurt:
			return inTheMiddle, erred, wrong("%v", err)
		case s == nil:
			disk.Crash()
			continue
		}
		status := s.Status()
		if hurt && log != "" && status.Log != log {
			// The disk erred in a commit, and the cut tore the mark of what mended that: which
			// seq was the last cannot be proven, and all that waits is sent as an earlier log's.
			if drawn++; drawn > 1+rounds/100 {
				return inTheMiddle, erred, wrong("%d logs were drawn", drawn)
			}
			for seq, at := range marks {
				if seq > max(acked, last-min(last, 250)) && seq <= last { // the rest may be trimmed
					older[fmt.Sprint(log, "/", seq)] = at
				}
			}
			log, last, acked, marks = status.Log, 0, 0, map[uint64]time.Duration{}
		}
		if len(older) > 0 {
			earlier, _, err := s.Earlier(0, 1<<20)
			found := map[string]time.Duration{}
			for _, e := range earlier {
				found[identity(e)] = e.Mono
			}
			for id, want := range older {
				if at, ok := found[id]; err == nil && (!ok || at != want) {
					return inTheMiddle, erred, wrong("%s is %d of an earlier log, and was %d", id, at, want)
				}
			}
		}
		if status.Last < last || status.Acknowledged < acked || log != "" && status.Log != log {
			return inTheMiddle, erred, wrong("%+v; durable were %d of %s, acknowledged %d", status, last, log, acked)
		}
		log = status.Log
		events, err := s.After(0, 1<<30)
		if err != nil {
			disk.Crash()
			s.Close()
			continue // the power went meanwhile
		}
		for i, e := range events {
			if i > 0 && e.Seq != events[i-1].Seq+1 {
				return inTheMiddle, erred, wrong("event %d stands behind %d", e.Seq, events[i-1].Seq)
			}
			if want, known := marks[e.Seq]; known && want != e.Mono {
				return inTheMiddle, erred, wrong("event %d says %d, and was %d", e.Seq, e.Mono, want)
			}
			marks[e.Seq] = e.Mono
		}
		if last > 0 && (len(events) == 0 || events[len(events)-1].Seq != status.Last) {
			return inTheMiddle, erred, wrong("the newest is not there: %+v, %d events", status, len(events))
		}
		// Of the batch that was under way: all or nothing, nothing twice.
		seen := map[time.Duration]bool{}
		for _, e := range events {
			if e.Name == logbook.GeneratorStarted {
				if seen[e.Mono] {
					return inTheMiddle, erred, wrong("%d is there twice", e.Mono)
				}
				seen[e.Mono] = true
			}
		}
		last, acked, hurt = status.Last, status.Acknowledged, false

		disk.CutAfter(1 + random.Intn(60))
		if random.Intn(2) == 0 {
			hurt = true
			disk.FailAfter(1+random.Intn(30), []error{syscall.EIO, syscall.ENOSPC}[random.Intn(2)])
		}
		mend := func() {}
		remount := random.Intn(120)
		for i := range 30 {
			if i == remount { // to be read alone, until the power goes or somebody mends it
				hurt = true
				mend = disk.FailAll(syscall.EROFS)
			} else if i > remount+3 {
				mend()
			}
			batch := make([]logbook.Event, 1+random.Intn(20))
			for i := range batch {
				mark++
				batch[i] = event(int(mark))
			}
			stored, err := s.Append(batch)
			if err != nil {
				if disk.Dead() {
					inTheMiddle++
					break
				}
				erred++
				continue
			}
			for _, e := range stored {
				marks[e.Seq] = e.Mono
			}
			last = max(last, stored[len(stored)-1].Seq)
			if random.Intn(3) == 0 {
				to := last - uint64(random.Intn(5))
				if err := s.Acknowledge(to); err != nil {
					if disk.Dead() {
						inTheMiddle++
						break
					}
					erred++
					continue
				}
				acked = max(acked, to)
			}
		}
		mend()
		disk.Crash()
		s.Close()
	}
	return inTheMiddle, erred, nil
}

func TestAPowerCutInTheMiddleOfACommitLosesNothing(t *testing.T) {
	rounds := 300
	if os.Getenv("INFOBUS_SOAK") != "" {
		rounds = 10_000
	}
	all, erred := 0, 0
	for _, seed := range []int64{1, 2} {
		n, e, err := cut(rounds/2, seed, func(*storetest.Disk, *Options) {})
		if err != nil {
			t.Fatal(err)
		}
		all, erred = all+n, erred+e
	}
	t.Logf("%d power cuts, %d of them in the middle of something; %d errors of the disk before them", rounds, all, erred)
	if erred < rounds/10 {
		t.Errorf("only %d errors: this test shows little", erred)
	}
	if all < rounds/2 {
		t.Errorf("only %d of %d cuts were in the middle of something: this test shows little", all, rounds)
	}
}

// Without syncing the same test must find a loss.
func TestTheTestOfPowerCutsFindsALoss(t *testing.T) {
	for name, change := range map[string]func(*storetest.Disk, *Options){
		"SQLite does not sync":           func(_ *storetest.Disk, o *Options) { o.Unsafe = true },
		"the disk does not":              func(d *storetest.Disk, _ *Options) { d.IgnoreSyncs() },
		"neither the disk nor SQLite do": func(d *storetest.Disk, o *Options) { d.IgnoreSyncs(); o.Unsafe = true },
	} {
		for seed := range int64(3) {
			if _, _, err := cut(60, seed, change); err == nil {
				t.Errorf("%s, seed %d: nothing was lost", name, seed)
			}
		}
	}
}
