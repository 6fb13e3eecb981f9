package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"infobus/logbook"
	"infobus/logbook/store"
)

// maxAside is how many damaged files are kept, as the store does.
const maxAside = 3

// A damaged file may have lost its last events, which the receiver may have
// though: their seqs must not be given again. So the repaired log goes on above
// them: by more than one upload, or, where the file does not say how far that
// went, by more than a damaged end holds. The store bounds its file by the range
// of seqs, 100,000: much more would cost old events.
const (
	skipKnown   = 1_000
	skipUnknown = 20_000
	// Further above the last event nobody can have acknowledged.
	maxLost = 50_000
)

// Repair begins a new file with every event that can be read of a damaged one,
// under the same log and seq, and moves the old one aside as
// logbook.db.damaged-1, those before it one further. An event logbook.dropped
// at the end keeps seqs from being given twice. A sound file is left as it is.
// The Report is that of the file afterwards. With no event and no identity left
// there is nothing to save, and the error says so.
func Repair(dir string) (Report, error) {
	path := filepath.Join(dir, store.File)
	if used, err := inUse(path); err != nil {
		return Report{}, fmt.Errorf("repair the logbook: %w", err)
	} else if used {
		return Report{}, ErrInUse
	}
	c, err := read(path)
	if err != nil {
		return Report{}, err
	}
	if len(c.integrity) == 0 {
		return c.report(dir), nil
	}
	fresh := path + ".repaired"
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if err := os.Remove(fresh + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return c.report(dir), fmt.Errorf("repair the logbook: %w", err)
		}
	}
	if err := c.write(fresh); err != nil {
		os.Remove(fresh)
		return c.report(dir), fmt.Errorf("repair the logbook: %w", err)
	}
	if err := moveAside(path); err != nil {
		return c.report(dir), fmt.Errorf("move the damaged logbook aside: %w", err)
	}
	if err := errors.Join(os.Rename(fresh, path), syncDir(dir)); err != nil {
		return c.report(dir), fmt.Errorf("repair the logbook: %w", err)
	}
	return Verify(dir)
}

// write makes a new file of what was read.
func (c *content) write(path string) (err error) {
	events := c.sorted()
	log := c.identity(events)
	if log == "" {
		return errors.New("there is nothing left to save")
	}
	last := logbook.Event{}
	kept := events[:0]
	for _, e := range events {
		if e.Log == log || e.Log == "" {
			e.Log = log
			kept = append(kept, e)
			last = e
		}
	}
	// What cannot be true is no help, and what arrives twice does no harm.
	acked := c.acked
	skip := uint64(skipKnown)
	if !c.ackedKnown || acked > last.Seq+maxLost {
		acked, skip = 0, skipUnknown
	}
	mark := logbook.Event{Log: log, Seq: max(last.Seq, acked) + skip, Boot: last.Boot, Mono: last.Mono, At: last.At, Name: logbook.LogbookDropped,
		Attributes: map[string]any{"reason": "error"}}
	kept = append(kept, mark)

	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	db, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READWRITE)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Exec(`
		PRAGMA locking_mode = EXCLUSIVE;
		PRAGMA synchronous = FULL;
		BEGIN IMMEDIATE;
		CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL);
		CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;`); err != nil {
		return err
	}
	if err := insert(db, `INSERT INTO meta VALUES ('acknowledged', ?1), ('schema', '1'), ('log', ?2)`, fmt.Sprint(acked), log); err != nil {
		return err
	}
	for _, e := range kept {
		body, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if err := insert(db, fmt.Sprintf(`INSERT INTO events VALUES (%d, ?1)`, e.Seq), string(body)); err != nil {
			return err
		}
	}
	return db.Exec(`COMMIT`)
}

// identity is the log's, as its own numbers or else most events have it.
func (c *content) identity(events []logbook.Event) string {
	count := map[string]int{}
	log := c.log
	for _, e := range events {
		if e.Log != "" {
			count[e.Log]++
			if c.log == "" && count[e.Log] > count[log] {
				log = e.Log
			}
		}
	}
	return log
}

func insert(db *sqlite3.Conn, sql string, texts ...string) error {
	q, _, err := db.Prepare(sql)
	if err != nil {
		return err
	}
	defer q.Close()
	for i, text := range texts {
		if err := q.BindText(i+1, text); err != nil {
			return err
		}
	}
	return q.Exec()
}

func moveAside(path string) error {
	for n := maxAside; n > 0; n-- {
		for _, suffix := range []string{"", "-wal"} {
			from := fmt.Sprintf("%s.damaged-%d%s", path, n-1, suffix)
			if n == 1 {
				from = path + suffix
			}
			to := fmt.Sprintf("%s.damaged-%d%s", path, n, suffix)
			// A log that belongs to another file would be taken for this one's.
			if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			if err := os.Rename(from, to); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
