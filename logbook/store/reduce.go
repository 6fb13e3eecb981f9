package store

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ncruces/go-sqlite3"

	"infobus/durable"
	"infobus/logbook"
)

const (
	// keepAcknowledged is how long what the receiver has stays on the card, which
	// may be seized with the box.
	keepAcknowledged = 24 * time.Hour
	// removeFrom is how old what goes with it is at least: a removal rewrites what it
	// touches, so that one or two a day wear the card less than one for each event.
	removeFrom = 6 * time.Hour
	// keepWaiting is how long what it does not have does.
	keepWaiting = 30 * 24 * time.Hour
	// ahead is how far an event may be before the clock. One that is of a time still to come was
	// written by a clock that was wrong.
	ahead = time.Hour
	// mostOlder bounds the urgent events that outlive the trimming.
	mostOlder = 1000
)

// trim drops the oldest hundredth of what may be kept, once there is more. Of what
// the receiver does not have yet the urgent stays; the rest is a loss, which
// becomes an event.
func (s *Store) trim() {
	over := s.last-s.first+1 > s.options.MaxEvents
	if !over {
		var used int64
		s.query(`SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size`, nil,
			func(q *sqlite3.Stmt) error { used = q.ColumnInt64(0); return nil })
		over = used > s.options.MaxBytes
	}
	if !over {
		return
	}
	count := s.last - s.first + 1
	s.drop(s.first+count-min(count, s.options.MaxEvents)+min(count, s.options.MaxEvents)/100, "overflow")
}

// drop removes the events before that seq.
func (s *Store) drop(before uint64, reason string) error {
	before = min(before, s.last+1)
	mark := s.mark
	var rescued []logbook.Event
	losses := uint64(0)
	if err := s.each(max(mark.Acknowledged, s.first-1), before-1, func(e logbook.Event) bool {
		switch urgent := logbook.Urgent(e); {
		case urgent && e.Seq <= mark.Urgent:
		case urgent && reason == "overflow" && mark.Older+uint64(len(rescued)) < mostOlder:
			rescued = append(rescued, e)
		default:
			losses++
		}
		return true
	}); err != nil {
		s.doubt(err)
		return err
	}
	mark.Floor = before - 1
	if err := s.note(mark); err != nil {
		return err
	}
	next, order := s.last, s.order()
	err := s.transaction(func() error {
		for _, e := range rescued {
			body, err := encode(e, order)
			if err != nil {
				return err
			}
			if err := s.older(body); err != nil {
				return err
			}
		}
		if err := s.db.Exec(fmt.Sprintf(`DELETE FROM events WHERE seq < %d`, before)); err != nil || losses == 0 {
			return err
		}
		next++
		e := s.dropped(losses, reason)
		e.Log, e.Seq = mark.Log, next
		return s.put(e, order)
	})
	if err != nil {
		return err
	}
	s.first, s.last = before, next
	mark.Seq, mark.Acknowledged = next, max(mark.Acknowledged, mark.Floor)
	mark.Older += uint64(len(rescued))
	if mark != s.mark { // else it is noted already
		if err := s.note(mark); err != nil {
			return err
		}
	}
	return s.count()
}

// older puts a record behind those of earlier logs.
func (s *Store) older(body []byte) error {
	q, _, err := s.db.Prepare(`INSERT INTO older (body) VALUES (?)`)
	if err != nil {
		return err
	}
	defer q.Close()
	if err := q.BindBlob(1, body); err != nil {
		return err
	}
	return q.Exec()
}

// Reduce removes what need not be known any more: of what the receiver has, all
// that is older than six hours once any is older than a day, and of the rest what is older than 30 days, which is
// an event. now is the time by a clock that can be trusted. What is removed is
// overwritten, and seqs go on.
func (s *Store) Reduce(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.publish()
	if err := s.reduce(now); err != nil {
		return fmt.Errorf("remove what is old from the logbook: %w", err)
	}
	return nil
}

func (s *Store) reduce(now time.Time) error {
	if err := s.settle(); err != nil {
		return err
	}
	patient := time.Since(s.opened) < s.options.Patience
	removed, err := s.reduceOlder(now, patient)
	if err != nil {
		return err
	}
	// Events are in order: with one that says when, those before it are as old.
	var done, expired uint64
	due := false
	if err := s.whole(func() error {
		return s.each(0, s.mark.Seq, func(e logbook.Event) bool {
			age := now.Sub(e.At)
			switch {
			case e.At.IsZero() || age < -ahead:
			case age > removeFrom && e.Seq <= s.mark.Acknowledged:
				done = e.Seq
				due = due || age > keepAcknowledged
			case age > keepWaiting && !patient:
				expired = e.Seq
			default:
				return false
			}
			return true
		})
	}); err != nil {
		return err
	}
	if !due {
		done = 0
	}
	if s.latest.Boot == "" && expired > s.mark.Acknowledged {
		return nil // nothing says when the loss is told
	}
	if up := max(done, expired); up >= s.first {
		if err := s.drop(up+1, "old"); err != nil {
			return err
		}
		removed = true
	}
	s.wipeAside(now)
	if !removed {
		return nil
	}
	// What was freed is overwritten in the file once it is there, and not in the
	// write-ahead log alone.
	_, _, err = s.db.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	s.doubt(err)
	return full(err)
}

// reduceOlder removes of earlier logs what waits for longer than anything may.
func (s *Store) reduceOlder(now time.Time, patient bool) (removed bool, err error) {
	if patient || s.mark.Older == 0 || s.latest.Boot == "" {
		return false, nil
	}
	b := Batch{}
	if err := s.whole(func() error { b = Batch{}; return s.olderAfter(&b, 0, int(s.mark.Older)) }); err != nil {
		return false, err
	}
	n := 0
	for i, e := range b.Events {
		age := now.Sub(e.At)
		if e.At.IsZero() || age < -ahead {
			continue
		}
		if age <= keepWaiting {
			break
		}
		n = i + 1
	}
	if n == 0 {
		return false, nil
	}
	mark := s.mark
	mark.Older -= min(mark.Older, uint64(n))
	if err := s.note(mark); err != nil {
		return false, err
	}
	next, order := s.last+1, s.order()
	if err := s.transaction(func() error {
		if err := s.db.Exec(fmt.Sprintf(`DELETE FROM older WHERE n <= %d`, b.older[n-1])); err != nil {
			return err
		}
		e := s.dropped(uint64(n), "old")
		e.Log, e.Seq = mark.Log, next
		return s.put(e, order)
	}); err != nil {
		return false, err
	}
	s.last, mark.Seq = next, next
	if err := s.note(mark); err != nil {
		return false, err
	}
	return true, s.count()
}

// wipeAside removes what was set aside more than a day ago: all that could be read
// of it is in the file that took its place.
func (s *Store) wipeAside(now time.Time) {
	if s.options.Disk.VFS() != "" {
		return // files of a disk in memory have no time
	}
	for n := 1; n <= maxAside; n++ {
		for _, suffix := range []string{"-wal", ""} { // a log alone would be of one that is being set aside
			path := fmt.Sprintf("%s"+suffixAside+"%s", s.path, n, suffix)
			info, err := os.Lstat(path)
			if err == nil && now.Sub(info.ModTime()) > keepAcknowledged {
				if err := durable.Wipe(s.options.Disk, path); err != nil && !errors.Is(err, os.ErrNotExist) {
					return
				}
			}
		}
	}
}
