package store

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"infobus/logbook"
)

// The write-ahead log keeps its place, however much is written, and once what is old was
// removed it is zeros.
func TestTheWriteAheadLogKeepsItsPlace(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	path := filepath.Join(dir, File+"-wal")
	begun := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	size := func() []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for i := range 200 {
		e := event(i)
		e.At = begun
		if _, err := s.Append([]logbook.Event{e}); err != nil {
			t.Fatal(err)
		}
		if n := len(size()); n != walSize {
			t.Fatalf("after %d events it has %d bytes", i+1, n)
		}
	}
	// More than fits at once, and then it has its place again.
	if _, err := s.Append(make([]logbook.Event, 2000)); err != nil || len(size()) <= walSize {
		t.Fatalf("%v, %d bytes", err, len(size()))
	}
	if err := s.Acknowledge(200); err != nil {
		t.Fatal(err)
	}
	if err := s.Reduce(begun.Add(25 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	if b := size(); len(b) != walSize || len(bytes.Trim(b, "\x00")) > 0 {
		t.Errorf("%d bytes, %d of them not zeros", len(b), len(bytes.Trim(b, "\x00")))
	}
	if list, err := s.After(0, 1); err != nil || list[0].Seq != 201 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A power cut while the first page is copied from the write-ahead log leaves it torn: that is
// no damage, since the log has it.
func TestAFirstPageThatIsTornInACheckpointIsNoDamage(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	s, err := Open(from, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Append(make([]logbook.Event, 40)); err != nil { // the file grows, which its first page says
		t.Fatal(err)
	}
	for _, name := range []string{File, File + "-wal", MarkFile} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == File {
			copy(b, bytes.Repeat([]byte{0xa5}, 512))
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cut, err := Open(to, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer cut.Close()
	if list, err := cut.After(0, 100); err != nil || len(list) != 40 || cut.Status().Log != s.Status().Log {
		t.Errorf("%d events, %v", len(list), err)
	}
}

// steps notes what is done to a file.
type steps struct {
	vfs.File
	size  int64
	taken []string
	err   error
}

func (f *steps) WriteAt(b []byte, at int64) (int, error) {
	f.taken = append(f.taken, fmt.Sprintf("%d bytes at %d", len(b), at))
	f.size = max(f.size, at+int64(len(b)))
	return len(b), f.err
}
func (f *steps) Sync(vfs.SyncFlag) error { f.taken = append(f.taken, "sync"); return f.err }
func (f *steps) Size() (int64, error)    { return f.size, nil }

// A cut in the middle may leave any part of what is overwritten: nothing of it counts once
// the header is gone, which is durable first.
func TestTheWriteAheadLogLosesItsHeaderFirst(t *testing.T) {
	f := &steps{size: walSize}
	w := &wal{layered: layered{f, &layer{}}}
	if err := w.Truncate(0); err != nil {
		t.Fatal(err)
	}
	if want := []string{"32 bytes at 0", "sync", "65536 bytes at 0", "65536 bytes at 65536", "sync"}; !slices.Equal(f.taken, want) {
		t.Errorf("%q, want %q", f.taken, want)
	}
}

// As the system says it, and as the library's own layer does.
func TestAFullDiskIsCalledFull(t *testing.T) {
	for _, said := range []error{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, &fs.PathError{Op: "write", Path: "x", Err: syscall.EDQUOT}, sqlite3.FULL} {
		l := layered{&steps{err: said}, &layer{}}
		if _, err := l.WriteAt([]byte{1}, 0); err != error(sqlite3.FULL) {
			t.Errorf("%v is %v", said, err)
		}
		if err := l.Sync(vfs.SYNC_NORMAL); err != error(sqlite3.FULL) {
			t.Errorf("%v, at a sync, is %v", said, err)
		}
	}
}
