package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"infobus/durable"
	"infobus/logbook"
)

// Receipt says that the helpers have a log's events from one to another. On a stick it is
// a file beside the export, or where that was, that says the same as its name.
type Receipt struct {
	Log   string `json:"log"`
	First uint64 `json:"first"`
	Seq   uint64 `json:"seq"` // the last
	// Sum is the export's: CRC-32C.
	Sum uint32 `json:"sum"`
}

// receiptSuffix is what the name of an export goes on with in its receipt's.
const receiptSuffix = ".received"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// Name is that of the export's file.
func (r Receipt) Name() string {
	return fmt.Sprintf("infobus-%s-%d-%d-%08x.jsonl", r.Log, r.First, r.Seq, r.Sum)
}

// Has says whether the receipt is for that event.
func (r Receipt) Has(e logbook.Event) bool {
	return e.Log == r.Log && r.First <= e.Seq && e.Seq <= r.Seq
}

// named reads a Name.
func named(name string) (r Receipt, ok bool) {
	parts := strings.Split(strings.TrimSuffix(name, ".jsonl"), "-")
	if len(parts) != 5 {
		return r, false
	}
	r.Log = parts[1]
	_, err := fmt.Sscanf(strings.Join(parts[2:], " "), "%d %d %x", &r.First, &r.Seq, &r.Sum)
	return r, err == nil && r.Log != "" && r.First > 0 && r.First <= r.Seq && r.Name() == name
}

// The ways in which a stick fails.
var (
	ErrStickFull = errors.New("the stick is full")
	ErrStickGone = errors.New("the stick does not answer: it was pulled, or is broken")
	ErrReadOnly  = errors.New("the stick takes nothing: its switch is on, or it was pulled while it was written")
)

// stick makes an error one that says what to do.
func stick(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w (%w)", ErrStickFull, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w (%w)", ErrReadOnly, err)
	case errors.Is(err, syscall.EIO), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w (%w)", ErrStickGone, err)
	}
	return err
}

// Line is a line of an export: an event, and what the team calls the van, "" for nothing.
type Line struct {
	Van string `json:"van,omitempty"`
	logbook.Event
}

// ToStick writes the van's events, which follow the last that the helpers have, into a
// file in dir, and reads it back. It is there whole, under its name, or not at all.
func ToStick(disk durable.Disk, dir, van string, acknowledged uint64, events []logbook.Event) (name string, err error) {
	if len(events) == 0 {
		return "", errors.New("no event to write")
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	for _, e := range events {
		e, _ = logbook.Admit(e)
		if err := out.Encode(Line{van, e}); err != nil {
			return "", err
		}
	}
	last := events[len(events)-1]
	r := Receipt{Log: last.Log, First: acknowledged + 1, Seq: last.Seq, Sum: sum(b.Bytes())}
	path := filepath.Join(dir, r.Name())
	if err := durable.Replace(disk, path, b.Bytes()); err != nil {
		return "", fmt.Errorf("write %s: %w", r.Name(), stick(err))
	}
	f, err := disk.Open(path, os.O_RDWR)
	if err == nil {
		err = errors.Join(f.Settle(), same(f, b.Bytes()), f.Close())
	}
	if err != nil {
		return "", fmt.Errorf("read %s back: %w", r.Name(), stick(err))
	}
	return r.Name(), nil
}

func same(f durable.File, want []byte) error {
	n, err := f.Size()
	if err != nil {
		return err
	}
	got := make([]byte, n)
	if n > 0 {
		if _, err := f.ReadAt(got, 0); err != nil {
			return err
		}
	}
	if !bytes.Equal(got, want) {
		return errors.New("it is not what was written: take another stick")
	}
	return nil
}

// Receive checks an export as it came, keeps it in the folder keep, and writes its receipt
// beside it: box and stick give it up then. ok is false for a file that is none, or is the
// one that is kept.
func Receive(disk durable.Disk, path, keep string) (receipt string, ok bool, err error) {
	r, ok := named(filepath.Base(path))
	if !ok {
		return "", false, nil
	}
	from, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return "", true, err
	}
	to, err := os.Stat(keep)
	if err != nil {
		return "", true, err
	}
	if os.SameFile(from, to) {
		return "", false, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", true, err
	}
	if sum(b) != r.Sum {
		return "", true, fmt.Errorf("%s: not all of it is there, or it is damaged: no receipt", path)
	}
	if err := durable.Replace(disk, filepath.Join(keep, r.Name()), b); err != nil {
		return "", true, fmt.Errorf("keep %s: %w", r.Name(), err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return "", true, err
	}
	receipt = path + receiptSuffix
	return receipt, true, stick(durable.Replace(disk, receipt, append(text, '\n')))
}

// Receipts are those in dir, by their log's events in order. A file that says something
// else than its name is none, and is named in the error.
func Receipts(dir string) (list []Receipt, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, stick(err)
	}
	for _, e := range entries {
		name, is := strings.CutSuffix(e.Name(), receiptSuffix)
		want, ok := named(name)
		if !is || !ok {
			continue
		}
		b, unread := durable.Read(durable.System, filepath.Join(dir, e.Name()), 1<<10)
		var r Receipt
		if unread == nil && (json.Unmarshal(b, &r) != nil || r != want) {
			unread = errors.New("it does not say what its name does")
		}
		if unread != nil {
			err = errors.Join(err, fmt.Errorf("%s is no receipt: %w", e.Name(), unread))
			continue
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Receipt) int { return int(int64(a.First) - int64(b.First)) })
	return list, err
}

// Upto is the seq up to which the helpers have all of a log, by what was acknowledged and
// the receipts.
func Upto(list []Receipt, log string, acknowledged uint64) uint64 {
	for _, r := range list {
		if r.Log == log && r.First <= acknowledged+1 {
			acknowledged = max(acknowledged, r.Seq)
		}
	}
	return acknowledged
}

// Clear removes what of the log the helpers have, exports and receipts, from a stick.
func Clear(dir, log string, acknowledged uint64) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return stick(err)
	}
	for _, e := range entries {
		if r, ok := named(strings.TrimSuffix(e.Name(), receiptSuffix)); ok && r.Log == log && r.Seq <= acknowledged {
			err = errors.Join(err, stick(durable.Wipe(durable.System, filepath.Join(dir, e.Name()))))
		}
	}
	return err
}
