package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"infobus/timetable"
	"infobus/yamlfile"
)

// Loaded is what became of reading the file. On an error Timetable is nil, and
// the last good one stays in use.
type Loaded struct {
	Timetable *timetable.Timetable
	Mistakes  int   // in the file; 0 where it could not be read at all
	Err       error // Mistakes, or why the file could not be read
}

// Load reads the timetable at path once.
func Load(path string, checks ...Check) Loaded {
	data, err := read(path)
	if err != nil {
		return Loaded{Err: err}
	}
	return parsed(path, data, checks)
}

func parsed(path string, data []byte, checks []Check) Loaded {
	t, err := Parse(path, data, checks...)
	var mistakes Mistakes
	errors.As(err, &mistakes)
	return Loaded{Timetable: t, Mistakes: len(mistakes), Err: err}
}

// read gives at most one byte more than a timetable may have.
func read(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a named pipe must not hold us
	if err != nil {
		return nil, fmt.Errorf("read timetable: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read timetable: %s is not a file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, yamlfile.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read timetable: %w", err)
	}
	return data, nil
}

// Watch reads the timetable at path at once, whenever the file was written or
// replaced, and on each value from reload (which may be nil), until ctx ends;
// it then returns ctx's error. It observes what it read whenever that differs
// from before, and on each reload. The kernel tells of changes: at rest it does
// not wake.
func Watch(ctx context.Context, path string, reload <-chan struct{}, observe func(Loaded), checks ...Check) error {
	folder, name := filepath.Split(filepath.Clean(path))
	if folder == "" {
		folder = "."
	}
	changes, err := watchFolder(folder)
	if err != nil {
		return err
	}
	changed, failed, done := make(chan struct{}, 1), make(chan error, 1), make(chan struct{})
	go func() {
		defer close(done)
		failed <- changes.await(name, changed)
	}()
	defer func() {
		changes.Close()
		<-done
	}()

	var last []byte
	var lastErr string
	look := func(always bool) {
		data, err := read(path)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if !always && bytes.Equal(data, last) && message == lastErr {
			return
		}
		last, lastErr = data, message
		if err != nil {
			observe(Loaded{Err: err})
			return
		}
		observe(parsed(path, data, checks))
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

// await signals changed whenever the file of this name changed, until the
// folder is gone or closed.
func (f folder) await(name string, changed chan<- struct{}) error {
	buf := make([]byte, 4096)
	for {
		n, err := f.Read(buf)
		if err != nil {
			return fmt.Errorf("watch timetable: %w", err)
		}
		touched, err := concerns(buf[:n], name)
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

// concerns says whether any of the kernel's records in b is of this name, or
// the record that tells of lost ones; the error, whether the folder is gone.
func concerns(b []byte, name string) (touched bool, err error) {
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
		if mask&unix.IN_Q_OVERFLOW != 0 || string(bytes.TrimRight(entry, "\x00")) == name {
			touched = true
		}
	}
	return touched, err
}
