package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"infobus/logbook"
	"infobus/logbook/store/storetest"
)

// opened is the logbook of files on a board.
func opened(t *testing.T, files map[string][]byte, serial string) (*Store, *storetest.Disk) {
	t.Helper()
	disk := storetest.New(7)
	t.Cleanup(disk.Close)
	for name, b := range files {
		disk.Put(name, b)
	}
	s, err := Open(shelfDir, Options{Disk: disk, Board: serial})
	if s == nil || err != nil && !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, disk
}

// identities are those of all that is waiting to be sent, and of n events more.
func identities(t *testing.T, s *Store, n int) (waiting, more map[string]bool) {
	t.Helper()
	waiting, more = map[string]bool{}, map[string]bool{}
	for _, urgent := range []bool{true, false} {
		b, err := s.Next(urgent, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range b.Events {
			waiting[fmt.Sprint(e.Log, "/", e.Seq)] = true
		}
	}
	for i := range n {
		stored, err := s.Append([]logbook.Event{event(5000 + i)})
		if err != nil {
			t.Fatal(err)
		}
		more[fmt.Sprint(stored[0].Log, "/", stored[0].Seq)] = true
	}
	return waiting, more
}

// A card that was copied goes on as another log, and sends what it brought; the
// board that it is of goes on with the log.
func TestACopiedCard(t *testing.T) {
	first, disk := opened(t, nil, "10000000a1b2c3d4")
	if _, err := first.Append([]logbook.Event{event(1), event(2), event(3)}); err != nil {
		t.Fatal(err)
	}
	if err := first.Acknowledge(1); err != nil {
		t.Fatal(err)
	}
	first.Close()
	files := disk.Files()
	for name, b := range files {
		if strings.Contains(string(b), "a1b2c3d4") {
			t.Errorf("%s tells which board it is of", name)
		}
	}
	same, _ := opened(t, files, "10000000a1b2c3d4")
	waiting, a := identities(t, same, 5)
	if same.Status().Log != first.Status().Log || len(waiting) != 2 {
		t.Errorf("on its own board it is %+v, with %v", same.Status(), waiting)
	}
	copied, _ := opened(t, files, "10000000ffffffff")
	brought, b := identities(t, copied, 5)
	if !maps.Equal(waiting, brought) {
		t.Errorf("the copy sends %v, the card %v", brought, waiting)
	}
	for id := range b {
		if a[id] || waiting[id] {
			t.Errorf("%s stands for two events", id)
		}
	}
	// Where the serial number cannot be read, nothing says that it is another board.
	if unknown, _ := opened(t, files, ""); unknown.Status().Log != first.Status().Log {
		t.Error("a board without a number is taken for another")
	}
}

// The files without the mark, as somebody may copy them: no seq is given again.
func TestWithoutItsMarkALogIsDrawnAnew(t *testing.T) {
	x := newShelf(t, Options{})
	delete(x.files, shelfDir+"/"+MarkFile)
	s, _ := opened(t, x.files, "")
	waiting, more := identities(t, s, 70)
	if s.Status().Log == x.log || len(waiting) != len(x.events) {
		t.Errorf("%d of %d wait, the log is the old one: %v", len(waiting), len(x.events), s.Status().Log == x.log)
	}
	for id := range more {
		if strings.HasPrefix(id, x.log) {
			t.Errorf("%s is given again", id)
		}
	}
}

// What earlier logs have left can be read in parts, and is acknowledged by log and seqs,
// also over a restart.
func TestWhatEarlierLogsHaveLeftIsReadAndAcknowledged(t *testing.T) {
	x := newShelf(t, Options{})
	delete(x.files, shelfDir+"/"+MarkFile)
	s, disk := opened(t, x.files, "")
	var events []logbook.Event
	for last := uint64(0); ; {
		part, next, err := s.Earlier(last, 7)
		if err != nil {
			t.Fatal(err)
		}
		if len(part) == 0 {
			break
		}
		events, last = append(events, part...), next
	}
	if len(events) != len(x.events) || uint64(len(events)) != s.Status().Waiting {
		t.Fatalf("%d of %d events, %d wait", len(events), len(x.events), s.Status().Waiting)
	}
	for i, e := range events[1:] {
		if e.Log != x.log || e.Seq <= events[i].Seq {
			t.Fatalf("%s/%d after %d", e.Log, e.Seq, events[i].Seq)
		}
	}
	half := events[len(events)/2].Seq
	for _, c := range []struct {
		log        string
		first, seq uint64
		want       int
	}{
		{"another", 1, 1 << 40, 0},
		{x.log, half + 1, half, 0},
		{x.log, 1, half, len(events)/2 + 1},
		{x.log, 1, half, 0}, // again
	} {
		if n, err := s.AcknowledgeEarlier(c.log, c.first, c.seq); n != c.want || err != nil {
			t.Errorf("%s from %d to %d: %d, %v; want %d", c.log, c.first, c.seq, n, err, c.want)
		}
	}
	left := len(events) - len(events)/2 - 1
	if s.Status().Waiting != uint64(left) {
		t.Errorf("%d wait, want %d", s.Status().Waiting, left)
	}
	s.Close()
	again, _ := opened(t, disk.Files(), "")
	if rest, _, err := again.Earlier(0, 1000); len(rest) != left || err != nil || rest[0].Seq <= half {
		t.Errorf("after a restart %d are left, %v; want %d", len(rest), err, left)
	}
}

// More cannot be acknowledged than there is.
func TestAReceiptForWhatIsNotThereIsRefused(t *testing.T) {
	s, _ := opened(t, newShelf(t, Options{}).files, "")
	last := s.Status().Last
	if err := s.Acknowledge(last + 400); !errors.Is(err, ErrBeyond) || s.Status().Acknowledged != 8 {
		t.Errorf("%v; acknowledged are %d", err, s.Status().Acknowledged)
	}
	b, err := s.Next(false, 10)
	if err != nil {
		t.Fatal(err)
	}
	b.upTo = last + 400
	if err := s.Received(b, 0); !errors.Is(err, ErrBeyond) {
		t.Error(err)
	}
}

// A mark that says so is no mark.
func TestAMarkThatCannotBeTrueIsRefused(t *testing.T) {
	for _, text := range []string{`null`, `{}`, `{"log":"a","seq":5,"acknowledged":6}`, `{"log":"a","seq":5,"floor":6}`, `{"log":"a","seq":9223372036854775807}`, `{"log":"a","seq":-1}`} {
		if m, err := parseMark([]byte(text)); err == nil {
			t.Errorf("%s: %+v", text, m)
		}
	}
}

// A card that takes nothing: what is urgent can be sent all the same, says so, and is
// linked with what becomes durable later; and it is never said that nothing waits.
func TestUrgentEventsWithoutTheCard(t *testing.T) {
	critical := logbook.Event{Boot: "boot", Mono: 9, Name: logbook.BatteryLevel, Attributes: map[string]any{"level": "critical"}}
	for name, break_ := range map[string]func(*storetest.Disk) (mend func()){
		"full from the start": func(d *storetest.Disk) func() { d.SetQuota(1); return func() { d.SetQuota(0) } },
		"dead":                func(d *storetest.Disk) func() { return d.FailAll(syscall.EIO) },
		"read-only":           func(d *storetest.Disk) func() { return d.FailAll(syscall.EROFS) },
		"hangs":               func(d *storetest.Disk) func() { return d.Hang() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk := storetest.New(1)
				defer disk.Close()
				mend := break_(disk)
				r, _ := recorder(disk, time.Second)
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- r.Run(ctx) }()
				r.Record([]logbook.Event{event(1), critical, event(2)})
				time.Sleep(15 * time.Second)
				synctest.Wait()
				if w := r.Status().Waiting; w != 3 {
					t.Errorf("%d are said to wait", w)
				}
				b, err := r.Next(true, 10)
				if err != nil || len(b.Events) != 1 || !b.Events[0].Volatile || b.Events[0].Name != logbook.BatteryLevel || b.Events[0].Log == "" || b.Events[0].Seq != 1 {
					t.Fatalf("to be sent is %+v, %v", b.Events, err)
				}
				if shown := r.Volatile(); len(shown) != 1 || !shown[0].Volatile {
					t.Errorf("shown are %+v", shown)
				}
				if bulk, err := r.Next(false, 10); name != "hangs" && (err != nil || len(bulk.Events) != 0) {
					t.Errorf("not urgent: %+v, %v", bulk, err)
				}
				if err := r.Received(b, 0); err != nil {
					t.Fatal(err)
				}
				if again, _ := r.Next(true, 10); len(again.Events) != 0 {
					t.Errorf("once more: %+v", again.Events)
				}
				mend()
				time.Sleep(2 * time.Minute)
				if err := r.Flush(ctx); err != nil {
					t.Fatal(err)
				}
				if again, err := r.Next(true, 10); err != nil || len(again.Events) != 0 {
					t.Errorf("durable, and urgent once more: %+v, %v", again.Events, err)
				}
				bulk, err := r.Next(false, 10)
				if err != nil || len(bulk.Events) != 3 || bulk.Events[1].Also != b.Events[0].Log+"/1" || bulk.Events[1].Volatile {
					t.Errorf("durable are %+v, %v", bulk.Events, err)
				}
				cancel()
				<-ended
				synctest.Wait()
			})
		})
	}
}
