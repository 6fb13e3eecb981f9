package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"infobus/durable"
)

// IsRemovable says whether a configured source is on a medium that comes and
// goes: a path with a *, or below where media are mounted.
func IsRemovable(source string) bool {
	return !IsURL(source) && (strings.Contains(source, "*") ||
		slices.ContainsFunc([]string{"/media/", "/mnt/", "/run/media/"}, func(root string) bool { return strings.HasPrefix(source, root) }))
}

// WatchMedia is Watch for a path that comes and goes with a medium. A * in it
// stands for any name: "/media/*/infobus" is that folder on whatever stick. What
// is good is copied into the state directory keep, and observed from there when
// the medium is away at the start; a medium that is pulled takes nothing with
// it. The kernel tells of mounts: at rest it does not wake.
func WatchMedia(ctx context.Context, pattern, keep string, observe func(Loaded), o Options) error {
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
	return watchMedia(ctx, pattern, keep, changed, observe, o)
}

// watchMedia is WatchMedia, told of changes by changed.
func watchMedia(ctx context.Context, pattern, keep string, changed <-chan struct{}, observe func(Loaded), o Options) error {
	k, err := readKept(durable.System, pattern, keep)
	if err != nil {
		slog.Warn("what was kept of the timetable is damaged", "why", err)
	}
	if len(k.Files) > 0 {
		if l := o.next(k.Files); l.Err == nil {
			observe(l)
		}
	}
	absent := false
	for {
		path := ""
		if list, _ := filepath.Glob(pattern); len(list) > 0 {
			path = list[0] // sorted: of two sticks the same one each time
		}
		if path == "" {
			if !absent {
				observe(Loaded{Err: fmt.Errorf("%s: no medium has it: %w", pattern, fs.ErrNotExist)})
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
		go func() {
			ended <- watch(there, path, nil, func(l Loaded) {
				if l.Err == nil {
					// Read again: a stick is small, and Watch keeps its bytes to itself.
					if files, err := Read(path); err == nil && digest(files) == l.Timetable.Digest {
						if err := (kept{Source: pattern, Files: files}).keep(durable.System, keep); err != nil {
							slog.Warn("the timetable is in use, and is lost with the power", "why", err)
						}
					}
				}
				observe(l)
			}, &o)
		}()
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
