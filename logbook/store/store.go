// Package store makes events durable and numbers them: one SQLite file, and a
// small one beside it that says how far it is. A power cut at any instant leaves
// both whole, and damage costs the events that it hit and no other.
//
// In: Events. Out: the same with Log and Seq, once they are on the disk, and
// whatever was written before. It decides nothing of what happened; only what
// the schema admits gets in (logbook.Admit), and when the file has grown to its
// bound, or what is in it is old, the oldest go. The files are described in
// format.go.
//
// What it assumes of the disk: that a sync which returned has happened, and that
// a write which is cut damages no byte beside it (https://sqlite.org/psow.html).
// What it does not assume: that writes reach the disk in order, or whole; that
// what was written stays as it is. SQLite's write-ahead log (with
// synchronous=FULL: one sync a commit), the checksums of pages and records, and
// a mark that is written after each commit give the rest.
package store

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ncruces/go-sqlite3"

	"infobus/durable"
	"infobus/logbook"
)

// Options change how the files are kept. The zero value is the van's.
type Options struct {
	// MaxEvents is how many events are kept; 0: 100,000, some 40 MB.
	MaxEvents uint64
	// MaxBytes bounds the file; 0: 200 MB.
	MaxBytes int64
	// Board is the serial number of the board; "" where it has none that can be
	// read. On another one the log is drawn anew.
	Board string
	// Patience is how long after Open nothing that waits is removed for its age: a box that
	// was off for weeks may reach the receiver, and a wrong clock be set right.
	Patience time.Duration
	// Damaged is told of damage that is found once the store is open; nil for
	// nobody. It must not call the store.
	Damaged func(error)
	// Disk is where the files are; nil: the system's.
	Disk Disk
	// Unsafe switches syncing off, and Unchecked all checksums. They are for the
	// tests that show what either is worth.
	Unsafe, Unchecked bool
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
	opened  time.Time

	status atomic.Pointer[Status]

	mu      sync.Mutex // guards the rest
	layer   *layer     // nil while closed
	db      *sqlite3.Conn
	insert  *sqlite3.Stmt
	slots   *durable.Slots
	mark    Mark          // as it is on the disk
	first   uint64        // seq of the oldest kept; last+1 where there is none
	last    uint64        // seq of the last that was committed
	attempt uint32        // of transactions in this epoch
	latest  logbook.Event // the last that was appended, of whose time what the store tells is
	pending uint64        // events that the receiver does not have
	refused uint64        // events that it refused, which the mark does not say yet
	lostNow uint64        // since the store was opened
	broken  bool          // a transaction failed in a way that leaves the file in doubt
}

// Status is how far the logbook is.
type Status struct {
	Log          string
	Last         uint64 // seq of the last durable event; 0 before the first
	Acknowledged uint64 // seq up to which the receiver has everything
	Waiting      uint64 // events that the receiver does not have, of earlier logs too
	Lost         uint64 // events that were durable and are missing, since the store was opened
}

// ErrDamaged says that a file was found damaged. What could be read of it is in a
// new one; the old one was moved aside.
var ErrDamaged = errors.New("the logbook was damaged")

// ErrNewer says that a later version of the program wrote the file.
var ErrNewer = errors.New("the logbook is of a later version of this program")

// ErrUnmarked says that events were written, but not yet noted to be: they must
// not be appended again, and nobody is shown them before Settle has returned nil.
var ErrUnmarked = errors.New("the logbook's mark could not be written")

// ErrBeyond says that a receipt is for an event that there is not.
var ErrBeyond = errors.New("more is acknowledged than there is")

// Open opens the logbook in dir, or begins one. With ErrDamaged the store is
// open all the same. An error for want of space wraps syscall.ENOSPC.
func Open(dir string, o Options) (*Store, error) {
	if o.MaxEvents == 0 {
		o.MaxEvents = 100_000
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 200 << 20
	}
	if o.Disk == nil {
		o.Disk = system{durable.System}
	}
	s := &Store{path: filepath.Join(dir, File), options: o, opened: time.Now()}
	defer s.publish()
	err := s.begin(false)
	if err != nil && !errors.Is(err, ErrDamaged) {
		return nil, err
	}
	return s, err
}

// begin opens the files as they are, or what can be read of them in a new one.
// distrust: not as they are, since a sync failed.
func (s *Store) begin(distrust bool) (err error) {
	s.shut()
	s.layer = newLayer(s.options.Disk)
	defer func() {
		if err != nil && !errors.Is(err, ErrDamaged) {
			s.shut()
		}
	}()
	slots, payload, unread := durable.OpenSlots(s.options.Disk, filepath.Join(filepath.Dir(s.path), MarkFile),
		func(b []byte) error { _, err := parseMark(b); return err })
	if payload == nil && unread != nil && !errors.Is(unread, durable.ErrDamaged) && !errors.Is(unread, durable.ErrNotRegular) {
		return fmt.Errorf("open the logbook: %w", unread)
	}
	s.slots = slots
	var mark Mark
	if payload != nil {
		mark, _ = parseMark(payload) // it was checked
	}
	state, why := s.look(mark)
	if why != nil && !salvageable(why) {
		return fmt.Errorf("open the logbook: %w", full(why))
	}
	moved := mark.Board != "" && s.options.Board != "" && mark.Board != board(mark.Salt, s.options.Board)
	if distrust && why == nil {
		why = errors.New("it could not be synced")
	}
	if why == nil && state == there && unread != nil && s.last <= mark.Seq {
		// The mark that cannot be read may have been of a commit that cannot be read either. With
		// an event above the older mark that commit is there: between two marks is one.
		if _, clean, err := walEnd(s.options.Disk, s.path+"-wal"); err != nil || !clean {
			why = errors.Join(errors.New("the newest mark cannot be read, and the write-ahead log ends in what is no commit"), err)
		}
	}
	if why == nil && state == there && !moved {
		s.layer.frozen.Store(false)
		// Before the mark is written: what stands there beside a mark that cannot be read is damage.
		_ = walClean(s.options.Disk, s.path+"-wal")
		return s.adopt(mark)
	}
	s.disconnect()
	s.layer.frozen.Store(false)
	if state == absent {
		if mark.Seq == mark.Floor && mark.Older == 0 && unread == nil {
			next := s.anew(mark, mark.Log != "" && !moved)
			return s.renew(content{}, next, false)
		}
		why = errors.New("its file is not there")
	}
	// Which seq was the last one is proven by the mark, unless that is not there,
	// or an older one of two stands beside a file that is damaged too.
	proven := mark.Log != "" && !moved && (unread == nil || why == nil)
	found, err := s.salvage(mark, unread == nil)
	if err != nil {
		return err
	}
	next := s.anew(mark, proven)
	missing, floor := found.settle(mark, proven, s.options.MaxEvents)
	if proven {
		next.Floor = floor
	}
	if mark.Renewing {
		next.Lost = 0 // of the salvage that was cut, whose losses are these
	}
	next.Lost += missing
	next.Older = uint64(len(found.older))
	if err := s.renew(found, next, state == there); err != nil {
		return err
	}
	s.lostNow += missing
	if why == nil || errors.Is(why, errOld) && missing == 0 {
		return nil // moved, or of an earlier version: nothing is wrong with it
	}
	return fmt.Errorf("%w, %d events are lost: %w", ErrDamaged, missing, why)
}

// errOld says that an earlier version of the program wrote the file.
var errOld = errors.New("it is of an earlier version")

// salvageable says whether what is wrong is the file, and not that it cannot be
// had just now.
func salvageable(err error) bool {
	for _, not := range []error{ErrNewer, sqlite3.BUSY, sqlite3.LOCKED, sqlite3.NOMEM, sqlite3.FULL, sqlite3.PERM, sqlite3.AUTH, sqlite3.CANTOPEN, os.ErrPermission} {
		if errors.Is(err, not) {
			return false
		}
	}
	return true
}

// anew is the mark to go on with: of the same log, or of one drawn now.
func (s *Store) anew(was Mark, same bool) Mark {
	m := Mark{Log: draw(8), Epoch: was.Epoch, Lost: was.Lost, Refused: was.Refused, Salt: was.Salt}
	if same {
		m = was
	}
	if m.Salt == "" {
		m.Salt = draw(16)
	}
	if s.options.Board != "" {
		m.Board = board(m.Salt, s.options.Board)
	} else {
		m.Board = was.Board
	}
	return m
}

// draw draws so many bytes at random, in hexadecimal digits.
func draw(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// board is what is kept of a board's serial number: too little to tell which of
// the world's boards it is, also for who tries them all.
func board(salt, serial string) string {
	h := hmac.New(sha256.New, []byte(salt))
	h.Write([]byte(serial))
	return hex.EncodeToString(h.Sum(nil)[:2])
}

// state is what look has found.
type state int

const (
	absent state = iota
	there
)

// look opens the file and reads it whole. An error says what is wrong with it. The
// layer is frozen from then on: what is wrong is read again, as it is.
func (s *Store) look(mark Mark) (state, error) {
	f, err := s.options.Disk.Open(s.path, os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return absent, nil
	}
	if err != nil {
		return there, err
	}
	n, err := f.Size()
	f.Close()
	if n == 0 && err == nil {
		return absent, nil
	}
	s.layer.frozen.Store(true)
	if err := s.connect(s.path, sqlite3.OPEN_READWRITE); err != nil {
		return there, err
	}
	if err := s.db.Exec(pragmas); err != nil {
		return there, err
	}
	err = s.sound(mark)
	if errors.Is(err, errUnverified) {
		// A cut in the middle of a checkpoint may have left the file's first page torn, and
		// whole in the write-ahead log: it is copied once more.
		s.layer.frozen.Store(false)
		_, _, copied := s.db.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE)
		s.layer.frozen.Store(true)
		if copied == nil {
			err = s.sound(mark)
		}
	}
	return there, err
}

// errUnverified says that a file was not made with checksums, or its first page does not say so.
var errUnverified = errors.New("its pages have no checksums")

// pragmas: one connection holds the file for itself: no shared memory, and nobody
// writes beside us. What is deleted is overwritten.
const pragmas = `
	PRAGMA locking_mode = EXCLUSIVE;
	PRAGMA secure_delete = ON;
	PRAGMA cache_size = -512;`

// sound reads all there is, and says what is wrong.
func (s *Store) sound(mark Mark) error {
	ask := func(pragma string) (text string, err error) {
		err = s.query(`PRAGMA `+pragma, nil, func(q *sqlite3.Stmt) error { text = q.ColumnText(0); return nil })
		return text, err
	}
	if !s.options.Unchecked {
		// The first page is read before it is asked whether there are checksums.
		check, err := ask("quick_check(1)")
		if err == nil && check != "ok" {
			err = fmt.Errorf("its pages are not in order: %.100s", check)
		}
		if err != nil {
			return err
		}
	}
	v, err := ask("user_version")
	if err != nil {
		return err
	}
	if v == "0" || v == "1" {
		if s.query(`SELECT value FROM meta WHERE key = 'schema' AND value != '1'`, nil, func(*sqlite3.Stmt) error { return ErrNewer }) == ErrNewer {
			return ErrNewer
		}
		return errOld
	}
	if verified, err := ask("checksum_verification"); !s.options.Unchecked && (err != nil || verified != "1") {
		return errors.Join(errUnverified, err)
	}
	if v != fmt.Sprint(version) {
		return fmt.Errorf("%w: layout %.20q, this one knows %d", ErrNewer, v, version)
	}
	s.first, s.last = 0, 0
	err = s.query(`SELECT seq, body FROM events ORDER BY seq`, nil, func(q *sqlite3.Stmt) error {
		seq := uint64(q.ColumnInt64(0))
		e, order, err := decode(q.ColumnRawBlob(1), s.options.Unchecked)
		switch {
		case err != nil:
			return fmt.Errorf("event %d: %w", seq, err)
		case e.Log != mark.Log || e.Seq != seq:
			return fmt.Errorf("event %d is another's", seq)
		case s.last != 0 && seq != s.last+1:
			return fmt.Errorf("event %d stands behind %d", seq, s.last)
		case uint32(order>>32) > mark.Epoch:
			return fmt.Errorf("event %d is newer than the mark", seq)
		}
		if s.first == 0 {
			s.first = seq
		}
		s.last = seq
		return nil
	})
	if s.last == 0 {
		s.first, s.last = mark.Floor+1, mark.Floor
	}
	var older uint64
	if err == nil {
		err = s.query(`SELECT body FROM older`, nil, func(q *sqlite3.Stmt) error {
			older++
			_, _, err := decode(q.ColumnRawBlob(0), s.options.Unchecked)
			return err
		})
	}
	switch {
	case err != nil || s.options.Unchecked:
		return err
	case mark.Log == "":
		return errors.New("its mark is not there")
	case s.last < mark.Seq:
		return fmt.Errorf("it ends with event %d, and had %d", s.last, mark.Seq)
	case s.first > mark.Floor+1:
		return fmt.Errorf("it begins with event %d, and had %d", s.first, mark.Floor+1)
	case older < mark.Older:
		return fmt.Errorf("it has %d events of earlier logs, and had %d", older, mark.Older)
	}
	return nil
}

// adopt goes on with the file that look has opened.
func (s *Store) adopt(mark Mark) error {
	next := s.anew(mark, true)
	next.Renewing = false
	if err := s.query(`SELECT count(*) FROM older`, nil, func(q *sqlite3.Stmt) error {
		next.Older = uint64(q.ColumnInt64(0))
		return nil
	}); err != nil {
		return fmt.Errorf("read the logbook: %w", err)
	}
	// A loss that is an event already, of which the mark came too late.
	if err := s.each(mark.Seq, s.last, func(e logbook.Event) bool {
		if e.Name == logbook.LogbookDropped && e.Attributes["reason"] == "damaged" {
			next.Lost = 0
		}
		return true
	}); err != nil {
		return fmt.Errorf("read the logbook: %w", err)
	}
	return s.live(next)
}

// live makes the open connection one that is written by, and notes that this
// process goes on with mark.
func (s *Store) live(mark Mark) error {
	synchronous := "FULL"
	if s.options.Unsafe {
		synchronous = "OFF"
	}
	if err := s.db.Exec(pragmas + `
		PRAGMA synchronous = ` + synchronous + `;
		PRAGMA journal_mode = WAL;
		PRAGMA wal_autocheckpoint = ` + strconv.Itoa(walPages) + `;
		PRAGMA journal_size_limit = 1048576;`); err != nil {
		return fmt.Errorf("open the logbook: %w", full(err))
	}
	var err error
	if s.insert, _, err = s.db.PrepareFlags(`INSERT INTO events VALUES (?, ?)`, sqlite3.PREPARE_PERSISTENT); err != nil {
		return fmt.Errorf("open the logbook: %w", full(err))
	}
	mark.Seq = max(mark.Seq, s.last)
	mark.Epoch++
	s.attempt = 0
	if err := s.note(mark); err != nil {
		return err
	}
	if err := s.count(); err != nil {
		return fmt.Errorf("read the logbook: %w", err)
	}
	// SQLite syncs what it writes; that the files are in the folder is ours.
	if err := s.options.Disk.SyncDir(filepath.Dir(s.path)); err != nil {
		return fmt.Errorf("sync the logbook's folder: %w", err)
	}
	if s.options.Disk.VFS() == "" {
		for _, name := range []string{s.path, s.path + "-wal"} { // the events are in both
			if err = os.Chmod(name, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("keep the logbook private: %w", err)
			}
		}
	}
	return nil
}

// connect opens a database file by way of the layer.
func (s *Store) connect(path string, flags sqlite3.OpenFlag) (err error) {
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?vfs=" + s.layer.name
	s.db, err = sqlite3.OpenFlags(name, flags|sqlite3.OPEN_URI)
	if err != nil {
		return fmt.Errorf("open the logbook: %w", full(err))
	}
	return nil
}

// note makes a mark durable.
func (s *Store) note(m Mark) error {
	b, err := json.Marshal(m)
	if err == nil && !s.options.Unsafe {
		err = s.slots.Write(b)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnmarked, err)
	}
	s.mark = m
	return nil
}

// order is that of the records of the next transaction.
func (s *Store) order() uint64 {
	s.attempt++
	return uint64(s.mark.Epoch)<<32 | uint64(s.attempt)
}

// Append makes the events durable, and gives them with Log and Seq. Either all
// are, or, with an error, none; but see ErrUnmarked. What the store itself has to
// tell goes with them, also where there are none.
func (s *Store) Append(events []logbook.Event) ([]logbook.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.publish()
	if err := s.settle(); err != nil {
		return nil, err
	}
	if len(events) > 0 {
		s.latest = events[len(events)-1]
	}
	told := s.tellings()
	if len(events)+len(told) == 0 {
		return nil, nil
	}
	stored := make([]logbook.Event, 0, len(events)+len(told))
	log, next, order := s.mark.Log, s.last, s.order()
	err := s.transaction(func() error {
		for _, e := range append(events[:len(events):len(events)], told...) {
			// What was taken out is no loss: it must not be here.
			e, _ = logbook.Admit(e)
			next++
			e.Log, e.Seq = log, next
			if err := s.put(e, order); err != nil {
				return err
			}
			stored = append(stored, e)
		}
		return nil
	})
	if err != nil {
		// A commit whose sync failed may be there all the same: written again,
		// each event would stand there twice.
		if !s.broken || s.healthy() != nil || s.mark.Log != log || s.last != next {
			return nil, fmt.Errorf("append to the logbook: %w", err)
		}
	}
	s.last = next
	mark := s.mark
	mark.Seq = next
	if told != nil {
		mark.Lost, mark.Refused = 0, 0
	}
	for _, e := range stored {
		if !logbook.Rides(e) {
			s.pending++
		}
	}
	if err := s.note(mark); err != nil {
		return stored[:len(events)], err
	}
	s.trim() // if it fails: with the next one
	return stored[:len(events)], nil
}

// tellings are the events that the store itself has to tell: of what was lost,
// and what the receiver refused.
func (s *Store) tellings() (list []logbook.Event) {
	if s.latest.Boot == "" && s.latest.Name == "" {
		return nil // nothing says when
	}
	for _, loss := range []struct {
		events uint64
		reason string
	}{{s.mark.Lost, "damaged"}, {s.mark.Refused, "refused"}} {
		if loss.events > 0 {
			list = append(list, s.dropped(loss.events, loss.reason))
		}
	}
	return list
}

func (s *Store) dropped(events uint64, reason string) logbook.Event {
	l := s.latest
	return logbook.Event{Boot: l.Boot, Mono: l.Mono, At: l.At, Name: logbook.LogbookDropped,
		Attributes: map[string]any{"events": float64(events), "reason": reason}}
}

func (s *Store) put(e logbook.Event, order uint64) error {
	body, err := encode(e, order)
	if err != nil {
		return err
	}
	if err := errors.Join(s.insert.BindInt64(1, int64(e.Seq)), s.insert.BindBlob(2, body)); err != nil {
		return err
	}
	return errors.Join(s.insert.Exec(), s.insert.ClearBindings())
}

// Settle notes what was written and not noted.
func (s *Store) Settle() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.publish()
	return s.settle()
}

func (s *Store) settle() error {
	if err := s.healthy(); err != nil {
		return err
	}
	if s.mark.Seq == s.last {
		return nil
	}
	mark := s.mark
	mark.Seq = s.last
	return s.note(mark)
}

// transaction commits what f did, or undoes it.
func (s *Store) transaction(f func() error) error {
	if err := s.db.Exec(`BEGIN IMMEDIATE`); err != nil {
		s.doubt(err)
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
	s.doubt(err)
	if !s.broken {
		_ = walClean(s.options.Disk, s.path+"-wal") // of what it wrote
	}
	return full(err)
}

// doubt: a commit whose sync failed may or may not be there, and what is damaged
// must not be written to.
func (s *Store) doubt(err error) {
	s.broken = s.broken || damaged(err)
}

// healthy opens the files anew after an error that left them in doubt.
func (s *Store) healthy() error {
	if s.db != nil && !s.broken {
		return nil
	}
	distrust := s.broken
	err := s.begin(distrust)
	if errors.Is(err, ErrDamaged) {
		if s.options.Damaged != nil {
			s.options.Damaged(err)
		}
		err = nil
	}
	if s.broken = distrust && err != nil; err != nil {
		return err
	}
	return nil
}

// whole does f, and once more where what it met was damaged, after that was
// cleared away.
func (s *Store) whole(f func() error) error {
	if s.layer == nil {
		return errors.New("the logbook is closed")
	}
	if err := s.healthy(); err != nil {
		return err
	}
	err := f()
	if err == nil || !damaged(err) {
		return err
	}
	s.broken = true
	if err := s.healthy(); err != nil {
		return err
	}
	return f()
}

// each calls f with the events above seq up to last, in order, until it gives
// false. Events that were lost are left out.
func (s *Store) each(seq, last uint64, f func(logbook.Event) bool) error {
	enough := errors.New("enough")
	err := s.query(`SELECT seq, body FROM events WHERE seq > ? AND seq <= ? ORDER BY seq`, []uint64{seq, last}, func(q *sqlite3.Stmt) error {
		e, _, err := decode(q.ColumnRawBlob(1), s.options.Unchecked)
		switch {
		case err != nil:
			return fmt.Errorf("event %d: %w: %w", q.ColumnInt64(0), sqlite3.CORRUPT, err)
		case e.Name == lost || f(e):
			return nil
		}
		return enough
	})
	if err == enough {
		return nil
	}
	return err
}

// After gives at most limit events with a seq above seq, in order.
func (s *Store) After(seq uint64, limit int) (events []logbook.Event, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.publish()
	err = s.whole(func() error {
		events = []logbook.Event{}
		return s.each(seq, s.mark.Seq, func(e logbook.Event) bool {
			if len(events) < limit {
				events = append(events, e)
			}
			return len(events) < limit
		})
	})
	if err != nil {
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

// Status is how far the logbook is. It waits for no card.
func (s *Store) Status() Status { return *s.status.Load() }

// publish has Status say how it is now.
func (s *Store) publish() {
	m := s.mark
	s.status.Store(&Status{Log: m.Log, Last: m.Seq, Acknowledged: m.Acknowledged, Waiting: s.pending, Lost: s.lostNow})
}

// Close closes the file.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.publish()
	return s.shut()
}

func (s *Store) shut() error {
	err := s.disconnect()
	if s.layer != nil {
		s.layer.close()
		s.layer = nil
	}
	return err
}

func (s *Store) disconnect() error {
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

// damaged says whether the file itself is what is wrong.
func damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.IOERR)
}

// full makes SQLite's word for a full disk the system's.
func full(err error) error {
	if errors.Is(err, sqlite3.FULL) {
		return fmt.Errorf("%w: %w", syscall.ENOSPC, err)
	}
	return err
}
