package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/ncruces/go-sqlite3"

	"infobus/durable"
	"infobus/logbook"
)

// content is what was read of damaged files.
type content struct {
	events map[uint64]logbook.Event // of the mark's log
	last   uint64                   // seq of the last of it that somebody may have been told of
	older  []logbook.Event          // of any other log, in order
	unread bool                     // some of the files could not be read at all
}

// salvage takes every record that it finds in the files, wherever it stands. What
// is above the mark was never told of, and is left; unless a newer mark cannot be read.
func (s *Store) salvage(mark Mark, newest bool) (content, error) {
	type identity struct {
		log string
		seq uint64
	}
	orders := map[identity]uint64{}
	found := map[identity]logbook.Event{}
	var logs []string
	c := content{events: map[uint64]logbook.Event{}, last: mark.Seq}
	limit := mark.Seq
	if !newest {
		limit += s.options.MaxEvents // no commit has more
	}
	take := func(e logbook.Event, order uint64) {
		if e.Name == lost || e.Log == mark.Log && (e.Seq <= mark.Floor || e.Seq > limit) {
			return
		}
		id := identity{e.Log, e.Seq}
		if was, ok := orders[id]; ok && was >= order {
			return
		}
		orders[id], found[id] = order, e
		if !slices.Contains(logs, e.Log) {
			logs = append(logs, e.Log)
		}
	}
	for _, path := range s.sources(mark.Renewing || !newest) {
		unread, err := carveFile(s.options.Disk, path, take)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return c, fmt.Errorf("read the damaged logbook: %w", err)
		}
		c.unread = c.unread || unread
	}
	for _, e := range s.first1() {
		take(e, 0)
	}
	first := uint64(math.MaxUint64) // order of the first commit above the mark: the newer mark was of no later one
	for id, e := range found {
		if id.log == mark.Log {
			c.events[id.seq] = e
			if order := orders[id]; id.seq > mark.Seq && order <= first {
				if order < first {
					c.last = mark.Seq
				}
				first, c.last = order, max(c.last, id.seq)
			}
		} else {
			c.older = append(c.older, e)
		}
	}
	slices.SortFunc(c.older, func(a, b logbook.Event) int {
		if a.Log != b.Log {
			return slices.Index(logs, a.Log) - slices.Index(logs, b.Log)
		}
		if a.Seq < b.Seq {
			return -1
		}
		return 1
	})
	return c, nil
}

// sources are the files to read. Where the logbook is not there, or its write-ahead log
// alone was moved, it was being replaced, and is set aside now. renewing: it may have been.
func (s *Store) sources(renewing bool) []string {
	path := s.path
	if renewing && halfAside(s.options.Disk, path) {
		return []string{path, path + fmt.Sprintf(suffixAside, 1) + "-wal"}
	}
	if f, err := s.options.Disk.Open(path, os.O_RDONLY); errors.Is(err, os.ErrNotExist) {
		path += fmt.Sprintf(suffixAside, 1)
	} else if err == nil {
		f.Close()
	}
	return []string{path, path + "-wal"}
}

// carveFile gives the records in a file. unread says that parts of it cannot be
// read.
func carveFile(disk durable.Disk, path string, found func(logbook.Event, uint64)) (unread bool, err error) {
	f, err := disk.Open(path, os.O_RDONLY)
	if err != nil {
		return false, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return false, err
	}
	const chunk, sector = 256 << 10, 512
	var b []byte
	for at := int64(0); at < size; {
		part := make([]byte, min(chunk, size-at))
		n, err := f.ReadAt(part, at)
		if n < len(part) && err != nil && !errors.Is(err, io.EOF) {
			// Sector by sector, past those that cannot be read.
			for i := 0; i < len(part); i += sector {
				one := part[i:min(i+sector, len(part))]
				if _, err := f.ReadAt(one, at+int64(i)); err != nil && !errors.Is(err, io.EOF) {
					clear(one)
					unread = true
				}
			}
		}
		at += int64(len(part))
		b = append(b, part...)
		b = b[carve(b, at >= size, found):]
	}
	return unread, nil
}

// first1 reads a file of the first layout, in which an event was its JSON alone
// and had no mark: those that were not acknowledged.
func (s *Store) first1() (events []logbook.Event) {
	s.layer.frozen.Store(true)
	defer s.layer.frozen.Store(false)
	if s.connect(s.path, sqlite3.OPEN_READWRITE) != nil {
		return nil
	}
	defer s.disconnect()
	if s.db.Exec(pragmas) != nil {
		return nil
	}
	meta := map[string]string{}
	if s.query(`SELECT key, value FROM meta`, nil, func(q *sqlite3.Stmt) error {
		meta[q.ColumnText(0)] = q.ColumnText(1)
		return nil
	}); meta["log"] == "" {
		return nil
	}
	acknowledged, _ := strconv.ParseUint(meta["acknowledged"], 10, 64)
	// From both ends, since a damaged page ends a walk.
	for _, order := range []string{"ASC", "DESC"} {
		if s.query(`SELECT seq, body FROM events ORDER BY seq `+order, nil, func(q *sqlite3.Stmt) error {
			var e logbook.Event
			if json.Unmarshal(q.ColumnRawText(1), &e) == nil && e.Seq == uint64(q.ColumnInt64(0)) && e.Log == meta["log"] && e.Seq > acknowledged {
				if e, err := logbook.Admit(e); err == nil {
					events = append(events, e)
				}
			}
			return nil
		}) == nil {
			break
		}
	}
	return events
}

// settle decides what becomes of the content: same, the log goes on, and what is
// missing keeps its place; else all of it is an earlier log's. It gives how many
// events are missing that the receiver does not have.
func (c *content) settle(mark Mark, same bool, most uint64) (missing uint64, floor uint64) {
	if n := uint64(len(c.older)); n < mark.Older {
		missing = mark.Older - n
	}
	floor = mark.Floor
	if mark.Seq-floor > most {
		floor = mark.Seq - most
	}
	for seq := max(floor, mark.Acknowledged) + 1; seq <= c.last; seq++ {
		if _, ok := c.events[seq]; !ok {
			missing++
		}
	}
	if same {
		for seq := floor + 1; seq <= mark.Seq; seq++ {
			if _, ok := c.events[seq]; !ok {
				c.events[seq] = logbook.Event{Log: mark.Log, Seq: seq, Name: lost}
			}
		}
		return missing, floor
	}
	for _, seq := range slices.Sorted(maps.Keys(c.events)) {
		if e := c.events[seq]; seq > max(floor, mark.Acknowledged) && !(logbook.Urgent(e) && seq <= mark.Urgent) {
			c.older = append(c.older, e)
		}
	}
	c.events = nil
	return missing, floor
}

// renew begins a new file with the content, under next, in the place of the one
// that is there, if any.
func (s *Store) renew(c content, next Mark, replaces bool) error {
	disk, fresh := s.options.Disk, s.path+".new"
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if err := durable.Wipe(disk, fresh+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("begin a logbook: %w", err)
		}
	}
	next.Epoch++
	if err := s.fill(fresh, c, uint64(next.Epoch)<<32); err != nil {
		return fmt.Errorf("begin a logbook: %w", full(err))
	}
	next.Renewing = replaces
	if err := s.note(next); err != nil {
		return err
	}
	if replaces {
		if err := setAside(disk, s.path); err != nil {
			return err
		}
	}
	if err := disk.Rename(fresh, s.path); err != nil {
		return fmt.Errorf("begin a logbook: %w", err)
	}
	if err := s.connect(s.path, sqlite3.OPEN_READWRITE); err != nil {
		return err
	}
	next.Renewing = false
	s.first, s.last = next.Floor+1, next.Seq
	return s.live(next)
}

// fill writes a new file.
func (s *Store) fill(path string, c content, order uint64) (err error) {
	if err := s.connect(path, sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.disconnect()) }()
	if !s.options.Unchecked {
		if err := s.db.EnableChecksums("main"); err != nil {
			return err
		}
	}
	if err := s.db.Exec(pragmas + `PRAGMA synchronous = FULL; BEGIN IMMEDIATE;` + tables); err != nil {
		return err
	}
	write := func(table string, n uint64, e logbook.Event) error {
		body, err := encode(e, order)
		if err != nil {
			return err
		}
		q, _, err := s.db.Prepare(`INSERT INTO ` + table + ` VALUES (?, ?)`)
		if err != nil {
			return err
		}
		defer q.Close()
		if err := errors.Join(q.BindInt64(1, int64(n)), q.BindBlob(2, body)); err != nil {
			return err
		}
		return q.Exec()
	}
	for _, seq := range slices.Sorted(maps.Keys(c.events)) {
		if err := write("events", seq, c.events[seq]); err != nil {
			return err
		}
	}
	for i, e := range c.older {
		if err := write("older", uint64(i+1), e); err != nil {
			return err
		}
	}
	// Its write-ahead log is switched on before it has its name: a rollback journal beside
	// the logbook, left by a cut, could not be undone by who only looks.
	return s.db.Exec(`COMMIT; PRAGMA journal_mode = WAL`)
}
