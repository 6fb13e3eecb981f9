package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"infobus/systemd"
	"infobus/van"
)

const (
	// journalFirst is how long after the daemon's start the journal's warnings are
	// counted: what complains at a start has done so.
	journalFirst = 5 * time.Minute
	journalEvery = time.Hour
	// journalSoon is that of a desk.
	journalSoon = 3 * time.Second
	// journalUnit counts, with the moment from which on in microseconds.
	journalUnit = "infobus-journal@%d.service"
)

// journal has the warnings of the system's journal counted, by a unit that may read it.
func (a *appliance) journal(ctx context.Context, alive func()) error {
	if a.onDesk() {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := systemd.Loaded(ctx, fmt.Sprintf(journalUnit, 0)); err != nil {
		slog.Info("the journal's warnings are not counted", "why", err)
		<-ctx.Done()
		return ctx.Err()
	}
	var until time.Duration
	if before, err := systemd.ReadJournalNote(systemd.JournalNote); err == nil {
		until = before.Until // by an earlier process of this boot
	}
	wait := journalFirst
	if a.flags.hasty() {
		wait = journalSoon
	}
	first := time.NewTimer(wait)
	defer first.Stop()
	every := time.NewTicker(journalEvery)
	defer every.Stop()
	for {
		select {
		case <-first.C:
		case <-every.C:
		case <-a.complain:
		case <-ctx.Done():
			return ctx.Err()
		}
		counted, err := countJournal(until, startUnit, systemd.JournalNote)
		if err != nil {
			slog.Warn("the journal's warnings could not be counted", "why", err)
			continue
		}
		alive()
		until = max(until, counted.Until)
		seen := van.JournalSeen{}
		for _, k := range counted.Kinds {
			seen.Kinds = append(seen.Kinds, van.Complaint{Unit: k.Unit, Priority: k.Priority, MessageID: k.MessageID, Count: k.Count})
		}
		a.observe(seen)
	}
}

// countJournal has the warnings after since counted. Where there is no journal the unit
// does nothing, and there are none.
func countJournal(since time.Duration, start func(string) error, note string) (systemd.Counted, error) {
	if err := start(fmt.Sprintf(journalUnit, since/time.Microsecond)); err != nil {
		return systemd.Counted{}, err
	}
	counted, err := systemd.ReadJournalNote(note)
	if errors.Is(err, fs.ErrNotExist) {
		return systemd.Counted{}, nil
	}
	return counted, err
}
