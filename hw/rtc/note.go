package rtc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Note is where it is noted, for this boot, whether the chip's oscillator had stopped.
// Who may read the kernel's log and the chip's bus writes it; the daemon reads it.
type Note string

// Noted is the note of a running system.
const Noted Note = "/run/infobus-clock/chip"

// The words of a note.
const (
	stopped = "stopped\n"
	runs    = "runs\n"
)

// Read is what was noted; known is false where nothing was.
func (n Note) Read() (hadStopped, known bool, err error) {
	b, err := os.ReadFile(string(n))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, false, nil
	case err != nil:
		return false, false, fmt.Errorf("read what was noted of the clock chip: %w", err)
	}
	switch string(b) {
	case stopped:
		return true, true, nil
	case runs:
		return false, true, nil
	}
	return false, false, fmt.Errorf("read what was noted of the clock chip: %d bytes that are no note", len(b))
}

// Write notes it. That it had stopped stays so until it is set.
func (n Note) Write(hadStopped, set bool) error {
	if before, known, _ := n.Read(); known && before && !set {
		hadStopped = true
	}
	word := runs
	if hadStopped {
		word = stopped
	}
	if err := os.WriteFile(string(n), []byte(word), 0o644); err != nil {
		return fmt.Errorf("note how the clock chip is: %w", err)
	}
	return nil
}
