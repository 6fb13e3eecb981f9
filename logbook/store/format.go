package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"infobus/durable"
	"infobus/logbook"
)

// # The files
//
// logbook.db is a SQLite database with page checksums (cksumvfs) and a
// write-ahead log beside it:
//
//	events(seq, body)   the present log's, without a gap
//	older(n, body)      events of earlier logs that the receiver does not have yet
//
// A body is a record, which tells what it is wherever it is found; numbers are
// little endian:
//
//	bytes 0 to 3    "\xb5Ib\x02"
//	bytes 4 to 7    CRC-32C of byte 8 to the end
//	bytes 8 to 15   seq
//	bytes 16 to 23  order: of two records with one {log, seq} the higher was durable
//	bytes 24 to 25  length of the rest
//	bytes 26 on     the event as JSON; of one that was lost its identity alone
//
// logbook.mark is a Mark, in two slots (durable.Slots): what may have been given
// out is known without the database.
//
// logbook.db.damaged-N is what could not be used, 1 the newest. All that can be
// read of it is in the file that took its place.
const (
	// File is the name of the logbook in the state directory.
	File = "logbook.db"
	// MarkFile is the name of the file beside it that says how far it is.
	MarkFile = "logbook.mark"

	version = 2 // of the layout: PRAGMA user_version

	magic       = "\xb5Ib\x02"
	recordHead  = 26
	recordMost  = 3 << 10 // bytes: a record is in one page
	maxAside    = 3
	suffixAside = ".damaged-%d"
)

const tables = `
	CREATE TABLE events (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
	CREATE TABLE older (n INTEGER PRIMARY KEY, body BLOB NOT NULL);
	PRAGMA user_version = 2;`

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errRecord says that bytes are no record, or a damaged one.
var errRecord = errors.New("no whole record")

// lost is the name of what stands in the place of an event that was lost.
const lost logbook.Name = ""

// encode makes a record.
func encode(e logbook.Event, order uint64) ([]byte, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	if len(text) > recordMost {
		return nil, fmt.Errorf("event %s: %d bytes are too many", e.Name, len(text))
	}
	b := make([]byte, recordHead, recordHead+len(text))
	copy(b, magic)
	binary.LittleEndian.PutUint64(b[8:], e.Seq)
	binary.LittleEndian.PutUint64(b[16:], order)
	binary.LittleEndian.PutUint16(b[24:], uint16(len(text)))
	b = append(b, text...)
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[8:], castagnoli))
	return b, nil
}

// decode reads the record that b begins with. unchecked is for the test that
// shows what checksums are worth.
func decode(b []byte, unchecked bool) (e logbook.Event, order uint64, err error) {
	if len(b) < recordHead || string(b[:4]) != magic && !unchecked {
		return e, 0, errRecord
	}
	n := recordHead + int(binary.LittleEndian.Uint16(b[24:]))
	if n > len(b) {
		return e, 0, errRecord
	}
	b = b[:n]
	if crc32.Checksum(b[8:], castagnoli) != binary.LittleEndian.Uint32(b[4:]) && !unchecked {
		return e, 0, errRecord
	}
	if err := json.Unmarshal(b[recordHead:], &e); err != nil {
		return e, 0, errRecord
	}
	if seq := binary.LittleEndian.Uint64(b[8:]); e.Seq != seq && !unchecked || e.Seq == 0 || e.Log == "" {
		return e, 0, errRecord
	}
	return e, binary.LittleEndian.Uint64(b[16:]), nil
}

// carve gives every whole record in b, wherever it stands; whole says whether
// what follows b may belong to it no more. It gives how many bytes are done with.
func carve(b []byte, whole bool, found func(e logbook.Event, order uint64)) (done int) {
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte(magic))
		if i < 0 {
			return max(len(b)-len(magic)+1, at)
		}
		if at += i; !whole && len(b)-at < recordHead+recordMost {
			return at
		}
		if e, order, err := decode(b[at:], false); err == nil {
			found(e, order)
		}
		at += len(magic)
	}
}

// Mark says how far the logbook is. It is written after each commit, before
// anybody is told of it: no seq above it was ever shown or sent.
type Mark struct {
	Log          string `json:"log"`
	Seq          uint64 `json:"seq"`          // of the last durable event
	Floor        uint64 `json:"floor"`        // seqs up to it were removed on purpose
	Acknowledged uint64 `json:"acknowledged"` // the receiver has all up to it
	Urgent       uint64 `json:"urgent"`       // and the urgent ones up to it
	Older        uint64 `json:"older"`        // how many events of earlier logs wait
	Lost         uint64 `json:"lost"`         // events that were durable, went missing, and are no event yet
	Refused      uint64 `json:"refused"`      // events that the receiver refused for good, and are no event yet
	Epoch        uint32 `json:"epoch"`        // of the processes: the order of records
	// Renewing says that a new file was about to take the place of a damaged one.
	Renewing bool `json:"renewing,omitempty"`
	// Board is of the board's serial number, by a key of its own: 16 bits, which
	// tell another board and do not tell which one.
	Board string `json:"board,omitempty"`
	Salt  string `json:"salt"`
}

// parseMark reads a Mark. What cannot be true is refused.
func parseMark(b []byte) (m Mark, err error) {
	if err := json.Unmarshal(b, &m); err != nil {
		return Mark{}, err
	}
	switch {
	case m.Log == "":
		return Mark{}, errors.New("it names no log")
	case m.Acknowledged > m.Seq, m.Urgent > m.Seq, m.Floor > m.Seq:
		return Mark{}, fmt.Errorf("acknowledged up to %d, urgent up to %d, removed up to %d, and the last event is %d", m.Acknowledged, m.Urgent, m.Floor, m.Seq)
	case m.Seq > 1<<62 || m.Older > 1<<32 || m.Lost > 1<<32:
		return Mark{}, errors.New("a count out of range")
	}
	return m, nil
}

// setAside moves a logbook and its write-ahead log out of the way, those before it one
// further. Each step is durable before the next: what a power cut leaves is told by halfAside,
// and gone on with.
func setAside(disk durable.Disk, path string) error {
	move := func(from, to string) error {
		// A log that belongs to another file would be taken for this one's.
		if err := durable.Wipe(disk, to); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("move the damaged logbook aside: %w", err)
		}
		if err := disk.Rename(from, to); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("move the damaged logbook aside: %w", err)
		}
		return nil
	}
	sync := func() error { return disk.SyncDir(filepath.Dir(path)) }
	aside := func(n int) string { return path + fmt.Sprintf(suffixAside, n) }
	if !halfAside(disk, path) {
		for n := maxAside; n > 1; n-- {
			for _, suffix := range []string{"-wal", ""} {
				if err := move(aside(n-1)+suffix, aside(n)+suffix); err != nil {
					return err
				}
			}
		}
		if err := sync(); err != nil {
			return err
		}
		if err := errors.Join(move(path+"-wal", aside(1)+"-wal"), sync()); err != nil {
			return err
		}
	} else if err := durable.Wipe(disk, path+"-wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("move the damaged logbook aside: %w", err)
	}
	return errors.Join(move(path, aside(1)), sync())
}

// halfAside says whether a logbook's write-ahead log was moved aside, and the logbook not
// yet. Who has looked at it since may have left an empty log.
func halfAside(disk durable.Disk, path string) bool {
	size := func(path string) int64 { // below 0: it is not there
		f, err := disk.Open(path, os.O_RDONLY)
		if err != nil {
			return -1
		}
		defer f.Close()
		n, err := f.Size()
		if err != nil {
			return -1
		}
		return n
	}
	aside := path + fmt.Sprintf(suffixAside, 1)
	return size(path) >= 0 && size(path+"-wal") <= 0 && size(aside) < 0 && size(aside+"-wal") > 0
}
