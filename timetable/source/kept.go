package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"infobus/timetable"
)

// kept is the last good timetable of a source that may be away: a stick that was
// pulled, an address without internet. It is one file of the state directory.
type kept struct {
	Source   string `json:"source"` // path or address, as configured
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"` // as the server said it
	Files    []File `json:"files"`
}

const keptName = "timetable.json"

// Kept is the last good timetable of a source that was kept in the state
// directory dir; nil where there is none.
func Kept(source, dir string, checks ...Check) *timetable.Timetable {
	k := readKept(source, dir)
	if len(k.Files) == 0 {
		return nil
	}
	t, err := ParseAll(k.Files, checks...)
	if err != nil {
		return nil
	}
	return t
}

func readKept(source, dir string) kept {
	var k kept
	data, err := os.ReadFile(filepath.Join(dir, keptName))
	if err != nil || json.Unmarshal(data, &k) != nil || k.Source != source {
		return kept{Source: source}
	}
	return k
}

// keep writes it aside, syncs, renames, and syncs the folder: after a power cut
// there is the old one or the new one, whole.
func (k kept) keep(dir string) error {
	data, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("keep the timetable: %w", err)
	}
	name := filepath.Join(dir, keptName)
	f, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("keep the timetable: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		return fmt.Errorf("keep the timetable: %w", err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keep the timetable: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
