// Package store makes events durable and numbers them: one SQLite file that a
// power cut at any instant leaves whole.
//
// In: Events. Out: the same with Log and Seq, once they are on the disk, and
// whatever was written before. It decides nothing of what happened; only what
// the schema admits gets in (logbook.Admit), and when the file has grown to its
// bound, the oldest go.
//
// What it assumes of the disk: that a sync which returned has happened, and that
// a write which is cut damages no byte beside it (https://sqlite.org/psow.html).
// What it does not assume: that writes reach the disk in order, or whole. SQLite's
// write-ahead log (with synchronous=FULL: one sync a commit) gives the rest.
package store

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"infobus/durable"
	"infobus/logbook"
)

// File is the name of the logbook in the state directory.
const File = "logbook.db"

// schema is the layout's version: events(seq, body), meta(key, value) with the
// keys log, acknowledged and schema.
const schema = "1"

// Options change how the file is kept. The zero value is the van's.
type Options struct {
	// MaxEvents is how many events are kept; 0: 100,000, some 40 MB.
	MaxEvents uint64
	// Disk is where the file is; nil: the system's.
	Disk Disk
	// Unsafe switches syncing off. It is for the test that shows what syncing
	// is worth.
	Unsafe bool
}

// Disk is a disk that SQLite knows as a file layer.
type Disk interface {
	durable.Disk
	VFS() string // the layer's name; "": the system's
}

// system is the system's disk.
type system struct{ durable.Disk }

func (system) VFS() string { return "" }

// Store is an open logbook. It may be used by many goroutines.
type Store struct {
	path    string
	options Options

	mu     sync.Mutex // guards the rest
	db     *sqlite3.Conn
	insert *sqlite3.Stmt
	log    string
	first  uint64 // oldest kept; last+1 where there is none
	last   uint64
	acked  uint64
	broken bool // a transaction failed in a way that leaves last in doubt
}

// Status is how far the logbook is.
type Status struct {
	Log          string
	Last         uint64 // seq of the last durable event; 0 before the first
	Acknowledged uint64 // seq up to which the receiver has everything
}

// ErrDamaged says that a file was found damaged. It was moved aside, and a new
// one begun; the events in it are for "infobus logbook repair".
var ErrDamaged = errors.New("the logbook was damaged")

// ErrNewer says that a later version of the program wrote the file.
var ErrNewer = errors.New("the logbook is of a later version of this program")

// Open opens the logbook in dir, or begins one. With ErrDamaged the store is
// open all the same, on a new file. An error for want of space wraps
// syscall.ENOSPC.
func Open(dir string, o Options) (*Store, error) {
	if o.MaxEvents == 0 {
		o.MaxEvents = 100_000
	}
	if o.Disk == nil {
		o.Disk = system{durable.System}
	}
	s := &Store{path: filepath.Join(dir, File), options: o}
	err := s.open()
	if err == nil || !damaged(err) {
		return s.orNil(err)
	}
	was := err
	if err := s.aside(); err != nil {
		return nil, errors.Join(was, err)
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, fmt.Errorf("%w and moved aside: %w", ErrDamaged, was)
}

func (s *Store) orNil(err error) (*Store, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// open opens the file as it is.
func (s *Store) open() (err error) {
	name, flags := s.path, sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE
	layer := s.options.Disk.VFS()
	if layer != "" {
		name, flags = "file:"+s.path+"?vfs="+layer, flags|sqlite3.OPEN_URI
	}
	if s.db, err = sqlite3.OpenFlags(name, flags); err != nil {
		return fmt.Errorf("open the logbook: %w", full(err))
	}
	defer func() {
		if err != nil {
			s.shut()
		}
	}()
	synchronous := "FULL"
	if s.options.Unsafe {
		synchronous = "OFF"
	}
	// One connection holds the file for itself: no shared memory, and nobody
	// writes beside us. What is deleted is overwritten.
	if err = s.db.Exec(`
		PRAGMA locking_mode = EXCLUSIVE;
		PRAGMA secure_delete = ON;
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = ` + synchronous + `;
		PRAGMA wal_autocheckpoint = 200;
		PRAGMA journal_size_limit = 1048576;
		PRAGMA cache_size = -512;
		BEGIN IMMEDIATE;
		CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL);
		CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
		INSERT OR IGNORE INTO meta VALUES ('log', '` + newLog() + `'), ('acknowledged', '0'), ('schema', '` + schema + `');
		COMMIT`); err != nil {
		return fmt.Errorf("prepare the logbook: %w", full(err))
	}
	if err = s.recall(); err != nil {
		return err
	}
	// SQLite syncs what it writes; that the files are in the folder is ours.
	if err = s.options.Disk.SyncDir(filepath.Dir(s.path)); err != nil {
		return fmt.Errorf("sync the logbook's folder: %w", err)
	}
	if layer == "" {
		for _, name := range []string{s.path, s.path + "-wal"} { // the events are in both
			if err = os.Chmod(name, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("keep the logbook private: %w", err)
			}
		}
	}
	s.insert, _, err = s.db.PrepareFlags(`INSERT INTO events VALUES (?, ?)`, sqlite3.PREPARE_PERSISTENT)
	return full(err)
}

// recall reads where the file stands.
func (s *Store) recall() error {
	meta := map[string]string{}
	if err := s.query(`SELECT key, value FROM meta`, nil, func(q *sqlite3.Stmt) error {
		meta[q.ColumnText(0)] = q.ColumnText(1)
		return nil
	}); err != nil {
		return fmt.Errorf("read the logbook: %w", err)
	}
	if meta["schema"] != schema {
		return fmt.Errorf("%w: layout %.20q, this one knows %s", ErrNewer, meta["schema"], schema)
	}
	s.log = meta["log"]
	acked, err := strconv.ParseUint(meta["acknowledged"], 10, 64)
	if err != nil || s.log == "" {
		return fmt.Errorf("read the logbook: %w: its own numbers are not there", sqlite3.CORRUPT)
	}
	s.acked = acked
	err = s.query(`SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM events`, nil, func(q *sqlite3.Stmt) error {
		s.first, s.last = uint64(q.ColumnInt64(0)), uint64(q.ColumnInt64(1))
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the logbook: %w", err)
	}
	return nil
}

func newLog() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Append makes the events durable, and gives them with Log and Seq. Either all
// are, or, with an error, none.
func (s *Store) Append(events []logbook.Event) ([]logbook.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.healthy(); err != nil {
		return nil, err
	}
	stored := make([]logbook.Event, len(events))
	next := s.last
	err := s.transaction(func() error {
		for i, e := range events {
			// What was taken out is no loss: it must not be here.
			e, _ = logbook.Admit(e)
			next++
			e.Log, e.Seq = s.log, next
			if err := s.put(e); err != nil {
				return err
			}
			stored[i] = e
		}
		return nil
	})
	if err != nil {
		// A commit whose sync failed may be there all the same: written again,
		// each event would stand there twice.
		log := s.log
		if !s.broken || s.healthy() != nil || s.log != log || s.last != next {
			return nil, fmt.Errorf("append to the logbook: %w", err)
		}
	}
	s.last = next
	if s.last-s.first+1 > s.options.MaxEvents && len(stored) > 0 {
		s.trim(stored[len(stored)-1]) // if it fails: with the next one
	}
	return stored, nil
}

func (s *Store) put(e logbook.Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if err := errors.Join(s.insert.BindInt64(1, int64(e.Seq)), s.insert.BindRawText(2, body)); err != nil {
		return err
	}
	return errors.Join(s.insert.Exec(), s.insert.ClearBindings())
}

// trim drops the oldest hundredth of what may be kept. What the receiver did
// not have yet is a loss, which becomes an event of its own.
func (s *Store) trim(latest logbook.Event) {
	before := s.last - s.options.MaxEvents + 1 + s.options.MaxEvents/100
	before = min(before, s.last) // the last one keeps the count
	next := s.last
	err := s.transaction(func() error {
		if err := s.db.Exec(fmt.Sprintf(`DELETE FROM events WHERE seq < %d`, before)); err != nil {
			return err
		}
		if before <= s.acked+1 {
			return nil
		}
		next++
		lost := before - max(s.first, s.acked+1)
		return s.put(logbook.Event{Log: s.log, Seq: next, Boot: latest.Boot, Mono: latest.Mono, At: latest.At, Name: logbook.LogbookDropped,
			Attributes: map[string]any{"events": float64(lost), "reason": "overflow"}})
	})
	if err == nil {
		s.first, s.last = before, next
	}
}

// transaction commits what f did, or undoes it.
func (s *Store) transaction(f func() error) error {
	if err := s.db.Exec(`BEGIN IMMEDIATE`); err != nil {
		return full(err)
	}
	err := f()
	if err == nil {
		err = s.db.Exec(`COMMIT`)
	}
	if err == nil {
		return nil
	}
	// After some errors SQLite has rolled back by itself.
	if !s.db.GetAutocommit() {
		if undo := s.db.Exec(`ROLLBACK`); undo != nil {
			s.broken = true
		}
	}
	// A commit whose sync failed may or may not be there.
	if errors.Is(err, sqlite3.IOERR) {
		s.broken = true
	}
	return full(err)
}

// healthy opens the file anew after an error that left it in doubt, and begins
// another where it turns out to be damaged.
func (s *Store) healthy() error {
	if s.db != nil && !s.broken {
		return nil
	}
	s.shut()
	s.broken = false
	err := s.open()
	if err == nil || !damaged(err) {
		return err
	}
	if err := s.aside(); err != nil {
		return err
	}
	return s.open()
}

// After gives at most limit events with a seq above seq, in order.
func (s *Store) After(seq uint64, limit int) ([]logbook.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return nil, errors.New("read the logbook: it is closed")
	}
	events := []logbook.Event{}
	err := s.query(`SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?`, []uint64{seq, uint64(max(limit, 0))}, func(q *sqlite3.Stmt) error {
		var e logbook.Event
		if err := json.Unmarshal(q.ColumnRawText(1), &e); err != nil {
			return fmt.Errorf("event %d: %w: %w", q.ColumnInt64(0), sqlite3.CORRUPT, err)
		}
		events = append(events, e)
		return nil
	})
	if err != nil {
		s.broken = s.broken || damaged(err)
		return nil, fmt.Errorf("read the logbook: %w", err)
	}
	return events, nil
}

func (s *Store) query(sql string, arguments []uint64, row func(*sqlite3.Stmt) error) error {
	q, _, err := s.db.Prepare(sql)
	if err != nil {
		return err
	}
	defer q.Close()
	for i, a := range arguments {
		if err := q.BindInt64(i+1, int64(min(a, 1<<63-1))); err != nil {
			return err
		}
	}
	for q.Step() {
		if err := row(q); err != nil {
			return err
		}
	}
	return q.Err()
}

// Acknowledge notes, durably, that the receiver has every event up to seq.
func (s *Store) Acknowledge(seq uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.healthy(); err != nil {
		return err
	}
	if seq <= s.acked || seq > s.last {
		return nil
	}
	err := s.transaction(func() error {
		return s.db.Exec(fmt.Sprintf(`UPDATE meta SET value = '%d' WHERE key = 'acknowledged'`, seq))
	})
	if err != nil {
		return fmt.Errorf("acknowledge in the logbook: %w", err)
	}
	s.acked = seq
	return nil
}

// Status is how far the logbook is.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{Log: s.log, Last: s.last, Acknowledged: s.acked}
}

// Close closes the file.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shut()
}

func (s *Store) shut() error {
	if s.db == nil {
		return nil
	}
	var err error
	if s.insert != nil {
		err = s.insert.Close()
	}
	err = errors.Join(err, s.db.Close())
	s.db, s.insert = nil, nil
	return err
}

// maxAside is how many damaged files are kept: they may be seized with the box.
const maxAside = 3

// aside moves a damaged file and its log out of the way.
func (s *Store) aside() error {
	for n := maxAside; n > 0; n-- {
		for _, suffix := range []string{"", "-wal"} {
			from := fmt.Sprintf("%s.damaged-%d%s", s.path, n-1, suffix)
			if n == 1 {
				from = s.path + suffix
			}
			err := s.options.Disk.Rename(from, fmt.Sprintf("%s.damaged-%d%s", s.path, n, suffix))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("move the damaged logbook aside: %w", err)
			}
		}
	}
	return s.options.Disk.SyncDir(filepath.Dir(s.path))
}

// damaged says whether the file itself is what is wrong.
func damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB)
}

// full makes SQLite's word for a full disk the system's.
func full(err error) error {
	if errors.Is(err, sqlite3.FULL) {
		return fmt.Errorf("%w: %w", syscall.ENOSPC, err)
	}
	return err
}
