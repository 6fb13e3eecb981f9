package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// followMedia is followFile for a path that comes and goes with a medium. A * in it
// stands for any name: "/media/*/infobus" is that folder on whatever stick. The
// kernel tells of mounts: at rest it does not wake.
func (r Reader) followMedia(ctx context.Context, pattern string, took func([]File, error)) error {
	mounts, err := watchMounts()
	if err != nil {
		return err
	}
	changed, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(done)
		mounts.await(changed)
	}()
	defer func() {
		mounts.stop()
		<-done
		mounts.close()
	}()
	return r.whileThere(ctx, pattern, changed, took)
}

// whileThere is followMedia, told of changes by changed.
func (r Reader) whileThere(ctx context.Context, pattern string, changed <-chan struct{}, took func([]File, error)) error {
	absent := false
	for {
		path := ""
		if list, _ := filepath.Glob(pattern); len(list) > 0 {
			path = list[0] // sorted: of two sticks the same one each time
		}
		if path == "" {
			if !absent {
				took(nil, fmt.Errorf("%s: no medium has it: %w", pattern, fs.ErrNotExist))
			}
			absent = true
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-changed:
			}
			continue
		}
		absent = false
		there, gone := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- r.followFile(there, path, nil, took) }()
		for watching := true; watching; {
			select {
			case <-ctx.Done():
			case <-changed:
				if list, _ := filepath.Glob(pattern); len(list) > 0 && list[0] == path {
					continue
				}
			case err := <-ended: // the medium is gone, or the watch failed
				ended <- err
				if _, there := os.Stat(path); there == nil && ctx.Err() == nil {
					gone()
					<-ended
					return err
				}
			}
			watching = false
		}
		gone()
		<-ended
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// mounts is the kernel's table of mounts, which signals its changes (proc(5),
// /proc/pid/mounts), and an event to stop waiting for them.
type mounts struct{ table, end int }

func watchMounts() (*mounts, error) {
	table, err := unix.Open("/proc/self/mountinfo", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("watch mounts: %w", err)
	}
	end, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(table)
		return nil, fmt.Errorf("watch mounts: %w", err)
	}
	return &mounts{table, end}, nil
}

// await signals changed at each change, until stop.
func (m *mounts) await(changed chan<- struct{}) {
	for {
		fds := []unix.PollFd{{Fd: int32(m.table), Events: unix.POLLPRI}, {Fd: int32(m.end), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		if fds[1].Revents != 0 {
			return
		}
		if fds[0].Revents != 0 {
			select {
			case changed <- struct{}{}:
			default: // one is waiting already
			}
		}
	}
}

func (m *mounts) stop() { unix.Write(m.end, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

func (m *mounts) close() {
	unix.Close(m.table)
	unix.Close(m.end)
}
