package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"infobus/yamlfile"
)

// Reader reads files of one kind, wherever they are.
type Reader struct {
	What string                 // they are, for messages
	Ours func(name string) bool // says whether a folder's file of this name is one
	Most int                    // bytes of one that are read; of a file one more, by which it is seen
	Ends string                 // the endings of their names, for messages
	Name string                 // of what an address gives under another name, without its ending
}

// timetables reads a timetable's files.
var timetables = Reader{"timetable", isTimetable, yamlfile.MaxSize, ".yaml, .csv, .xlsx or .ics", "timetable"}

// isTimetable says whether a folder's file of this name belongs to the
// timetable. What editors and file managers leave about does not.
func isTimetable(name string) bool {
	return !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "~$") && slices.Contains([]string{".yaml", ".yml", ".csv", ".xlsx", ".ics"}, strings.ToLower(filepath.Ext(name)))
}

// Read gives the file at path or, of a folder, all files in it that end in
// .yaml, .yml, .csv, .xlsx or .ics, by name. Of each at most one byte more than a
// timetable may have.
func Read(path string) ([]File, error) { return timetables.Read(path) }

// Read is Read of the reader's files.
func (r Reader) Read(path string) ([]File, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		data, err := r.read(path)
		return []File{{path, data}}, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.What, err)
	}
	var files []File
	for _, e := range entries {
		if !r.Ours(e.Name()) {
			continue
		}
		if len(files) == maxFiles {
			return nil, fmt.Errorf("read %s: more than %d files in %s", r.What, maxFiles, path)
		}
		data, err := r.read(filepath.Join(path, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, File{filepath.Join(path, e.Name()), data})
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read %s: no file in %s ends in %s: %w", r.What, path, r.Ends, fs.ErrNotExist)
	}
	return files, nil
}

// Newest is the latest date of a file of the timetable at path, which may have a * as
// a medium's has; zero where there is none.
func Newest(path string) (newest time.Time) {
	list, _ := filepath.Glob(path)
	for _, at := range list {
		files := []string{at}
		if info, err := os.Stat(at); err == nil && info.IsDir() {
			files, _ = filepath.Glob(filepath.Join(at, "*"))
		}
		for _, f := range files {
			if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() && isTimetable(filepath.Base(f)) && info.ModTime().After(newest) {
				newest = info.ModTime()
			}
		}
	}
	return newest
}

// read gives at most one byte more than a file may have.
func (r Reader) read(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a named pipe must not hold us
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.What, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: %s is not a file", r.What, path)
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(r.Most)+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.What, err)
	}
	return data, nil
}

// followFile reads the file or the folder at path at once, whenever a file of it was
// written, replaced or taken away, and on each value from reload (which may be
// nil), until ctx ends; it then returns ctx's error. It gives what it read whenever
// that differs from before, and on each reload. The kernel tells of changes: at rest
// it does not wake.
func (r Reader) followFile(ctx context.Context, path string, reload <-chan struct{}, took func([]File, error)) error {
	folder, name := filepath.Split(filepath.Clean(path))
	if folder == "" {
		folder = "."
	}
	ours := func(entry string) bool { return entry == name }
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		folder, ours = path, r.Ours
	}
	changes, err := watchFolder(folder)
	if err != nil {
		return err
	}
	changed, failed, done := make(chan struct{}, 1), make(chan error, 1), make(chan struct{})
	go func() {
		defer close(done)
		failed <- changes.await(ours, changed)
	}()
	defer func() {
		changes.Close()
		<-done
	}()

	var last []File
	var lastErr string
	same := func(a, b File) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) }
	look := func(always bool) {
		files, err := r.Read(path)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if !always && slices.EqualFunc(files, last, same) && message == lastErr {
			return
		}
		last, lastErr = files, message
		took(files, err)
	}
	look(true)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return err
		case <-changed:
			look(false)
		case <-reload:
			look(true)
		}
	}
}

// folder is an inotify instance on one folder. Editors write a new file and
// rename it over the old one, so that a watch of the file itself would lose it.
type folder struct{ *os.File }

func watchFolder(path string) (folder, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return folder{}, fmt.Errorf("watch timetable: %w", err)
	}
	f := folder{os.NewFile(uintptr(fd), "inotify")}
	const events = unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR
	if _, err := unix.InotifyAddWatch(fd, path, events); err != nil {
		f.Close()
		return folder{}, fmt.Errorf("watch timetable: %s: %w", path, err)
	}
	return f, nil
}

// await signals changed whenever a file that is ours changed, until the folder
// is gone or closed.
func (f folder) await(ours func(name string) bool, changed chan<- struct{}) error {
	buf := make([]byte, 4096)
	for {
		n, err := f.Read(buf)
		if err != nil {
			return fmt.Errorf("watch timetable: %w", err)
		}
		touched, err := concerns(buf[:n], ours)
		if touched {
			select {
			case changed <- struct{}{}:
			default: // one is waiting already
			}
		}
		if err != nil {
			return err
		}
	}
}

// concerns says whether any of the kernel's records in b is of ours, or the
// record that tells of lost ones; the error, whether the folder is gone.
func concerns(b []byte, ours func(name string) bool) (touched bool, err error) {
	for len(b) >= unix.SizeofInotifyEvent {
		mask := binary.NativeEndian.Uint32(b[4:])
		length := int(binary.NativeEndian.Uint32(b[12:]))
		if length > len(b)-unix.SizeofInotifyEvent {
			break
		}
		entry := b[unix.SizeofInotifyEvent : unix.SizeofInotifyEvent+length]
		b = b[unix.SizeofInotifyEvent+length:]
		if mask&(unix.IN_DELETE_SELF|unix.IN_MOVE_SELF|unix.IN_IGNORED|unix.IN_UNMOUNT) != 0 {
			err = errors.New("watch timetable: its folder is gone")
		}
		if mask&unix.IN_Q_OVERFLOW != 0 || ours(string(bytes.TrimRight(entry, "\x00"))) {
			touched = true
		}
	}
	return touched, err
}
