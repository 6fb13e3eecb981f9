package export

import (
	"errors"
	"fmt"
	"path/filepath"

	"infobus/logbook/store"
)

// Repair does at once what the daemon does when it opens a damaged logbook: it
// begins a new file with every event that can be read, and moves the old one aside
// as logbook.db.damaged-1, those before it one further. The next event that is
// recorded is followed by one that counts those that are lost. A sound file is
// left as it is. The Report is that of the file afterwards. With no event and no
// identity left there is nothing to save, and the error says so.
func Repair(dir string) (Report, error) {
	path := filepath.Join(dir, store.File)
	if used, err := inUse(path); err != nil {
		return Report{}, fmt.Errorf("repair the logbook: %w", err)
	} else if used {
		return Report{}, ErrInUse
	}
	c, err := read(dir, store.File)
	if err != nil {
		return Report{}, err
	}
	if len(c.Damage) == 0 {
		return report(c, dir), nil
	}
	if c.Mark.Log == "" && len(c.Older) == 0 {
		return report(c, dir), errors.New("repair the logbook: there is nothing left to save")
	}
	s, err := store.Open(dir, store.Options{})
	if s == nil {
		return report(c, dir), fmt.Errorf("repair the logbook: %w", err)
	}
	if err := s.Close(); err != nil {
		return report(c, dir), fmt.Errorf("repair the logbook: %w", err)
	}
	return Verify(dir)
}
