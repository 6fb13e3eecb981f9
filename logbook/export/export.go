// Package export reads a logbook without the daemon: it writes all events out,
// says whether the file is sound, and saves what can be read of one that is
// not.
//
// In: the state directory. Out: JSON lines, a Report, a new file. Dump and
// Verify change nothing and work while the daemon runs; Repair refuses then.
// Nothing is shown that logbook.Schema does not name.
package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/sys/unix"

	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/private"
)

// Report says how a logbook is.
type Report struct {
	Logs    []string `json:"logs"` // the identity of the log; more than one is an error
	Events  int      `json:"events"`
	First   uint64   `json:"first"` // seq; 0 without events
	Last    uint64   `json:"last"`
	Gaps    uint64   `json:"gaps"`    // how many seqs between First and Last are missing
	Repeats uint64   `json:"repeats"` // how many events claim a seq that is another's
	// Acknowledged is the seq up to which the receiver has everything.
	Acknowledged uint64   `json:"acknowledged"`
	Integrity    []string `json:"integrity"` // what is wrong, in words; none: the file is sound
	Aside        []string `json:"aside"`     // names of damaged files that were moved aside
}

// Sound says that nothing is wrong with the file. Gaps are nothing wrong with
// it: a repaired one has some.
func (r Report) Sound() bool {
	return len(r.Integrity) == 0 && len(r.Logs) <= 1 && r.Repeats == 0
}

// ErrInUse says that a daemon has the logbook open.
var ErrInUse = errors.New("the logbook is in use: stop the daemon first")

// Dump writes every event that can be read as a line of JSON, in order, each
// once: those of files that were moved aside first, oldest file first. Without
// any file the error wraps os.ErrNotExist.
func Dump(w io.Writer, dir string) error {
	files := aside(dir)
	slices.Reverse(files)
	type key struct {
		log string
		seq uint64
	}
	seen := map[key]bool{}
	out := json.NewEncoder(w)
	for _, name := range append(files, store.File) {
		c, err := read(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) && len(files) > 0 {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range c.sorted() {
			if seen[key{e.Log, e.Seq}] {
				continue
			}
			seen[key{e.Log, e.Seq}] = true
			if err := out.Encode(e); err != nil {
				return fmt.Errorf("write event %d: %w", e.Seq, err)
			}
		}
	}
	return nil
}

// Verify says how the logbook in dir is.
func Verify(dir string) (Report, error) {
	c, err := read(filepath.Join(dir, store.File))
	if err != nil {
		return Report{}, err
	}
	return c.report(dir), nil
}

// aside are the names of the files that were moved aside, newest first.
func aside(dir string) (names []string) {
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s.damaged-%d", store.File, n)
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			return names
		}
		names = append(names, name)
	}
}

// content is what could be read of a file.
type content struct {
	log        string // as the file's own numbers have it; "": unknown
	acked      uint64
	ackedKnown bool
	events     map[uint64]logbook.Event
	repeats    uint64
	integrity  []string
}

func (c *content) wrong(format string, arguments ...any) {
	if len(c.integrity) < 20 {
		c.integrity = append(c.integrity, private.Redact(fmt.Sprintf(format, arguments...)))
	}
}

func (c *content) sorted() []logbook.Event {
	list := make([]logbook.Event, 0, len(c.events))
	for _, e := range c.events {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b logbook.Event) int {
		if a.Seq < b.Seq {
			return -1
		}
		return 1
	})
	return list
}

func (c *content) report(dir string) Report {
	r := Report{Events: len(c.events), Repeats: c.repeats, Acknowledged: c.acked, Integrity: c.integrity, Aside: aside(dir)}
	if c.log != "" {
		r.Logs = []string{c.log}
	}
	for _, e := range c.sorted() {
		if r.First == 0 {
			r.First = e.Seq
		} else {
			r.Gaps += e.Seq - r.Last - 1
		}
		r.Last = e.Seq
		if e.Log != "" && !slices.Contains(r.Logs, e.Log) {
			r.Logs = append(r.Logs, e.Log)
		}
	}
	return r
}

// add takes an event's body into the content; rowid is the seq that the table
// has for it.
func (c *content) add(rowid int64, body []byte) bool {
	var e logbook.Event
	if err := json.Unmarshal(body, &e); err != nil || rowid <= 0 || e.Name == "" || e.Seq != 0 && e.Seq != uint64(rowid) {
		return false
	}
	if e.Log == "" {
		e.Log = c.log
	}
	e.Seq = uint64(rowid)
	e, _ = logbook.Admit(e)
	if was, ok := c.events[e.Seq]; ok {
		a, _ := json.Marshal(was)
		if b, _ := json.Marshal(e); string(a) != string(b) {
			c.repeats++
		}
		return true
	}
	c.events[e.Seq] = e
	return true
}

// read reads a file, and its write-ahead log, from a copy: reading the file
// itself would disturb the daemon, and change a damaged file.
func read(path string) (*content, error) {
	dir, err := os.MkdirTemp("", "infobus-logbook-")
	if err != nil {
		return nil, fmt.Errorf("copy the logbook: %w", err)
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, store.File)
	if err := snapshot(path, copied); err != nil {
		return nil, fmt.Errorf("copy the logbook: %w", err)
	}
	c := &content{events: map[uint64]logbook.Event{}}
	// The scan first takes the bytes as they are: opening changes the copy.
	main, err := os.ReadFile(copied)
	if err != nil {
		return nil, fmt.Errorf("read the logbook: %w", err)
	}
	wal, err := os.ReadFile(copied + "-wal")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the logbook: %w", err)
	}
	c.ask(copied)
	if len(c.integrity) > 0 {
		c.scan(main)
		c.scanLog(wal)
	}
	return c, nil
}

// snapshot copies the file and its log as they were at one instant: again, if
// either changed meanwhile.
func snapshot(from, to string) error {
	for range 20 {
		before, err := states(from)
		if err != nil {
			return err
		}
		if err := copyFile(from+"-wal", to+"-wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := copyFile(from, to); err != nil {
			return err
		}
		after, err := states(from)
		if err != nil {
			return err
		}
		if before == after {
			return nil
		}
		os.Remove(to + "-wal")
	}
	return errors.New("it changes all the time")
}

// states are the two files' inode, size, and time of the last change.
func states(path string) (s [2][5]int64, err error) {
	for i, name := range []string{path, path + "-wal"} {
		var st unix.Stat_t
		err := unix.Stat(name, &st)
		if i == 1 && errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return s, &os.PathError{Op: "stat", Path: name, Err: err}
		}
		s[i] = [5]int64{int64(st.Ino), st.Size, int64(st.Mtim.Sec), int64(st.Mtim.Nsec), 1}
	}
	return s, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// ask reads the copy by way of SQLite.
func (c *content) ask(path string) {
	db, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READWRITE)
	if err != nil {
		c.wrong("it cannot be opened: %v", err)
		return
	}
	defer db.Close()
	if err := db.Exec(`PRAGMA locking_mode = EXCLUSIVE`); err != nil {
		c.wrong("it cannot be opened: %v", err)
		return
	}
	meta := map[string]string{}
	c.query(db, `SELECT key, value FROM meta`, func(q *sqlite3.Stmt) {
		meta[q.ColumnText(0)] = q.ColumnText(1)
	})
	if c.log = meta["log"]; c.log == "" {
		c.wrong("the log's identity is not there")
	}
	c.acked, err = strconv.ParseUint(meta["acknowledged"], 10, 64)
	if c.ackedKnown = err == nil; !c.ackedKnown {
		c.wrong("how far it is acknowledged is not there")
	}
	if meta["schema"] != "1" {
		c.wrong("its layout is not the one that this program knows")
	}
	c.query(db, `PRAGMA integrity_check(10)`, func(q *sqlite3.Stmt) {
		if text := q.ColumnText(0); text != "ok" {
			c.wrong("%s", text)
		}
	})
	// From both ends, since a damaged page ends a walk.
	for _, order := range []string{"ASC", "DESC"} {
		if c.query(db, `SELECT seq, body FROM events ORDER BY seq `+order, func(q *sqlite3.Stmt) {
			if !c.add(q.ColumnInt64(0), q.ColumnRawText(1)) {
				c.wrong("event %d cannot be read", q.ColumnInt64(0))
			}
		}) {
			break
		}
	}
}

func (c *content) query(db *sqlite3.Conn, sql string, row func(*sqlite3.Stmt)) bool {
	q, _, err := db.Prepare(sql)
	if err != nil {
		c.wrong("it cannot be read: %v", err)
		return false
	}
	defer q.Close()
	for q.Step() {
		row(q)
	}
	if err := q.Err(); err != nil {
		c.wrong("it cannot be read: %v", err)
		return false
	}
	return true
}

// inUse says whether another process, or another part of this one, holds a
// lock on the file as SQLite's locks are.
func inUse(path string) (bool, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: 0x40000000, Len: 512}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
		return false, err
	}
	return lock.Type != unix.F_UNLCK, nil
}
