package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"

	"infobus/durable"
	"infobus/timetable"
)

// kept is the last good timetable of a source that may be away: a stick that was
// pulled, an address without internet. It is a durable.Pair in the state directory.
type kept struct {
	Source   string `json:"source"` // path or address, as configured
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"` // as the server said it
	Files    []File `json:"files"`
}

const (
	keptName = "timetable"
	oldName  = "timetable.json" // the file that earlier versions kept the same in
)

// Kept is the last good timetable of a source that was kept in the state
// directory dir; nil where there is none. Whoever watches the source says what
// of it is damaged.
func Kept(source, dir string, o Options) *timetable.Timetable {
	k, _ := readKept(durable.System, source, dir)
	if len(k.Files) == 0 {
		return nil
	}
	return o.load(k.Files).Timetable
}

// readKept reads what was kept of that source. The error says that a copy was
// damaged; then it is the one before, if there is one.
func readKept(disk durable.Disk, source, dir string) (kept, error) {
	_, k, err := openKept(disk, dir)
	if k.Source != source {
		k = kept{Source: source}
	}
	return k, err
}

func openKept(disk durable.Disk, dir string) (*durable.Pair, kept, error) {
	pair, b, err := durable.OpenPair(disk, filepath.Join(dir, keptName), func(b []byte) error {
		_, err := parseKept(b)
		return err
	})
	old := filepath.Join(dir, oldName)
	pair.Replaces(old)
	if b == nil {
		var unread error
		if b, unread = durable.Read(disk, old, durable.MaxFile); unread != nil && !errors.Is(unread, fs.ErrNotExist) {
			err = errors.Join(err, unread)
		}
	}
	if b == nil {
		return pair, kept{}, err
	}
	k, unread := parseKept(b)
	return pair, k, errors.Join(err, unread)
}

func parseKept(b []byte) (k kept, err error) {
	if err = json.Unmarshal(b, &k); err == nil && k.Source == "" {
		err = errors.New("no source")
	}
	if err != nil {
		return kept{}, err
	}
	return k, nil
}

// keep makes it durable.
func (k kept) keep(disk durable.Disk, dir string) error {
	data, err := json.Marshal(k)
	if err == nil {
		pair, _, damage := openKept(disk, dir)
		if damage != nil {
			slog.Warn("what was kept of the timetable is damaged", "why", damage)
		}
		err = pair.Write(data)
	}
	if err != nil {
		return fmt.Errorf("keep the timetable: %w", err)
	}
	return nil
}
