package store

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"infobus/durable"
	"infobus/logbook"
)

// Contents is what a logbook has, as it is.
type Contents struct {
	Mark   Mark            // the zero Mark where there is none that can be read
	Events []logbook.Event // of the present log, in order; of those that were lost none
	Older  []logbook.Event // of earlier logs, in order
	Lost   int             // events that are missing, in the middle or at the end
	Damage []error         // what is wrong
}

// Inspect reads the logbook in dir, which must be a copy that nobody uses. All that
// can be read of a damaged one is in what it gives.
func Inspect(dir string) (c Contents, err error) {
	s := &Store{path: filepath.Join(dir, File), options: Options{Disk: system{durable.System}, MaxEvents: 100_000}}
	s.layer = newLayer(s.options.Disk)
	defer s.shut()
	_, payload, unread := durable.OpenSlots(s.options.Disk, filepath.Join(dir, MarkFile),
		func(b []byte) error { _, err := parseMark(b); return err })
	if payload != nil {
		c.Mark, _ = parseMark(payload)
	}
	if unread != nil {
		c.Damage = append(c.Damage, fmt.Errorf("the mark: %w", unread))
	}
	_, why := s.look(c.Mark)
	switch {
	case why != nil && !salvageable(why):
		return c, why
	case why == nil:
		c.Mark.Seq = max(c.Mark.Seq, s.last)
		err := errors.Join(s.each(0, s.last, func(e logbook.Event) bool { c.Events = append(c.Events, e); return true }), s.eachOlder(&c))
		c.Lost = int(s.last-s.first+1) - len(c.Events)
		return c, err
	}
	c.Damage = append(c.Damage, why)
	s.disconnect() // frozen: it is a copy, but of what is damaged
	found, err := s.salvage(c.Mark, unread == nil)
	if err != nil {
		return c, err
	}
	c.Older = found.older
	if len(found.events) == 0 && len(found.older) == 0 && c.Mark.Log == "" {
		return c, nil
	}
	c.Lost = int(found.last - c.Mark.Floor)
	for _, seq := range slices.Sorted(maps.Keys(found.events)) {
		if c.Events = append(c.Events, found.events[seq]); seq <= found.last {
			c.Lost--
		}
	}
	return c, nil
}

func (s *Store) eachOlder(c *Contents) error {
	b := Batch{}
	err := s.nextOlder(&b, int(^uint(0)>>1))
	c.Older = b.Events
	return err
}
