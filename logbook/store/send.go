package store

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"infobus/logbook"
)

// Batch is what is to be sent in one go: events of one lane, in order. The zero
// Batch holds nothing.
type Batch struct {
	Events []logbook.Event

	urgent bool
	older  []uint64 // of events of earlier logs: their places
	memory bool     // events that are in memory only
	log    string   // else the log
	upTo   uint64   // and the seq up to which the lane is done with it
}

// Head is the batch's first n events.
func (b Batch) Head(n int) Batch {
	if n >= len(b.Events) {
		return b
	}
	b.Events = b.Events[:n]
	if b.older != nil {
		b.older = b.older[:n]
	} else if n > 0 {
		b.upTo = b.Events[n-1].Seq
	}
	return b
}

// Next gives what the receiver does not have yet, at most limit events: of the
// lane of urgent events or, with bulk, of all others. Those of earlier logs come
// first. The lanes are told of by different receipts: each event is in one.
func (s *Store) Next(urgent bool, limit int) (b Batch, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.publish()
	err = s.whole(func() error {
		b = Batch{urgent: urgent, log: s.mark.Log}
		if s.mark.Older > 0 {
			if err := s.nextOlder(&b, limit); err != nil || len(b.Events) > 0 {
				return err
			}
			b.older = nil
		}
		m := s.mark
		from := m.Acknowledged
		if urgent {
			from = max(from, m.Urgent)
		}
		b.upTo = m.Seq
		return s.each(from, m.Seq, func(e logbook.Event) bool {
			if is := logbook.Urgent(e); is != urgent && (urgent || e.Seq <= m.Urgent) {
				return true
			}
			if len(b.Events) == limit {
				b.upTo = b.Events[limit-1].Seq
				return false
			}
			b.Events = append(b.Events, e)
			return true
		})
	})
	if err != nil {
		return Batch{}, fmt.Errorf("read what waits to be sent: %w", err)
	}
	if len(b.Events) == 0 && !urgent && b.upTo > s.mark.Acknowledged {
		// Nothing is left but urgent events that the receiver has.
		return Batch{}, s.receive(b)
	}
	return b, nil
}

// Earlier gives at most limit of the events of earlier logs that the receiver does not
// have, those behind the place after, and the place of the last of them.
func (s *Store) Earlier(after uint64, limit int) (events []logbook.Event, last uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.publish()
	err = s.whole(func() error {
		b := Batch{}
		if err := s.olderAfter(&b, after, limit); err != nil {
			return err
		}
		if events = b.Events; len(events) > 0 {
			last = b.older[len(events)-1]
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read the events of earlier logs: %w", err)
	}
	return events, last, nil
}

// AcknowledgeEarlier notes, durably, that the helpers have the events of an earlier log
// from first to seq, and gives how many there were.
func (s *Store) AcknowledgeEarlier(log string, first, seq uint64) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.publish()
	err = s.whole(func() error {
		all, b := Batch{}, Batch{}
		if err := s.olderAfter(&all, 0, int(s.mark.Older)); err != nil {
			return err
		}
		for i, e := range all.Events {
			if e.Log == log && e.Seq >= first && e.Seq <= seq {
				b.Events, b.older = append(b.Events, e), append(b.older, all.older[i])
			}
		}
		if n = len(b.older); n == 0 {
			return nil
		}
		return s.receive(b)
	})
	if err != nil {
		return 0, fmt.Errorf("note what the helpers have of an earlier log: %w", err)
	}
	return n, nil
}

func (s *Store) nextOlder(b *Batch, limit int) error { return s.olderAfter(b, 0, limit) }

func (s *Store) olderAfter(b *Batch, after uint64, limit int) error {
	enough := errors.New("enough")
	err := s.query(`SELECT n, body FROM older WHERE n > ? ORDER BY n`, []uint64{after}, func(q *sqlite3.Stmt) error {
		e, _, err := decode(q.ColumnRawBlob(1), s.options.Unchecked)
		if err != nil {
			return fmt.Errorf("event of an earlier log: %w: %w", sqlite3.CORRUPT, err)
		}
		if b.urgent && !logbook.Urgent(e) {
			return nil
		}
		if len(b.Events) == limit {
			return enough
		}
		b.Events, b.older = append(b.Events, e), append(b.older, uint64(q.ColumnInt64(0)))
		return nil
	})
	if err == enough {
		return nil
	}
	return err
}

// Received notes, durably, that the receiver has a batch; of it so many events it
// has refused for good, which becomes an event. A batch of a log that has been
// replaced meanwhile is none: its events are sent again.
func (s *Store) Received(b Batch, refused int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.publish()
	if err := s.healthy(); err != nil {
		return err
	}
	if b.log != s.mark.Log {
		return nil
	}
	if b.upTo > s.mark.Seq {
		return fmt.Errorf("%w: %d of %d", ErrBeyond, b.upTo, s.mark.Seq)
	}
	s.refused += uint64(refused)
	if err := s.receive(b); err != nil {
		return fmt.Errorf("note what was sent: %w", err)
	}
	return nil
}

func (s *Store) receive(b Batch) error {
	m := s.mark
	m.Refused += s.refused
	switch {
	case b.older != nil:
		m.Older -= min(m.Older, uint64(len(b.older)))
	case b.urgent:
		m.Urgent = max(m.Urgent, b.upTo)
	default:
		m.Acknowledged = max(m.Acknowledged, b.upTo)
	}
	if err := s.note(m); err != nil {
		return err
	}
	s.refused = 0
	for _, e := range b.Events {
		if !logbook.Rides(e) && s.pending > 0 {
			s.pending--
		}
	}
	if b.older == nil {
		return nil
	}
	return s.transaction(func() error {
		for _, n := range b.older {
			if err := s.db.Exec(fmt.Sprintf(`DELETE FROM older WHERE n = %d`, n)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Acknowledge notes, durably, that the receiver has every event up to seq.
func (s *Store) Acknowledge(seq uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.publish()
	if err := s.healthy(); err != nil {
		return err
	}
	if seq > s.mark.Seq {
		return fmt.Errorf("%w: %d of %d", ErrBeyond, seq, s.mark.Seq)
	}
	if seq <= s.mark.Acknowledged {
		return nil
	}
	m := s.mark
	m.Acknowledged = seq
	if err := s.note(m); err != nil {
		return fmt.Errorf("acknowledge in the logbook: %w", err)
	}
	return s.count()
}

// count counts anew how many events wait. That an upload went well is no news.
func (s *Store) count() error {
	s.pending = s.mark.Older
	return s.each(s.mark.Acknowledged, s.mark.Seq, func(e logbook.Event) bool {
		if !logbook.Rides(e) && !(logbook.Urgent(e) && e.Seq <= s.mark.Urgent) {
			s.pending++
		}
		return true
	})
}
