package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// errNoStick says that nobody put a stick in.
var errNoStick = errors.New("no USB stick was put in")

// onStick has do write into the root of the first USB stick that can be written, and takes
// the stick off again, so that it can be pulled. It waits for one; the error is the last
// stick's then.
func onStick(ctx context.Context, wait time.Duration, do func(dir string) error) error {
	last := errNoStick
	for end := time.Now().Add(wait); ; {
		for _, name := range usbDisks("/sys/class/block") {
			err := mounted(name, do)
			if err == nil {
				return nil
			}
			last = fmt.Errorf("%s: %w", name, err)
		}
		if time.Now().After(end) {
			return last
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// usbDisks are the partitions on USB in the kernel's folder, and the disks that have none.
func usbDisks(folder string) (names []string) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		at, err := filepath.EvalSymlinks(filepath.Join(folder, e.Name()))
		if err != nil || !strings.Contains(at, "/usb") {
			continue
		}
		if parts, _ := filepath.Glob(filepath.Join(at, e.Name()+"*", "partition")); len(parts) == 0 {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}

// mounted has do work in a disk's file system, which may be mounted already to be read.
func mounted(name string, do func(dir string) error) error {
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	dir, err := os.MkdirTemp("/run", "infobus-stick-")
	if err != nil {
		return err
	}
	defer os.Remove(dir)
	for _, kind := range []string{"vfat", "exfat", "ext4"} {
		if err = unix.Mount("/dev/"+name, dir, kind, flags, ""); err == nil {
			defer unix.Unmount(dir, 0)
			break
		} else if !errors.Is(err, unix.EBUSY) {
			continue
		}
		table, _ := os.ReadFile("/proc/self/mountinfo")
		if dir = mountedAt(string(table), "/dev/"+name); dir == "" {
			return err
		}
		if err = unix.Mount("", dir, "", unix.MS_REMOUNT|flags, ""); err == nil {
			defer unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY|flags, "")
		}
		break
	}
	if err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "boot.scr")); err == nil {
		return errors.New("that is a box's card, and no stick")
	}
	return do(dir)
}

// mountedAt is where the kernel's table has a device; "" for nowhere.
func mountedAt(table, device string) string {
	for line := range strings.Lines(table) {
		before, after, _ := strings.Cut(line, " - ")
		fields, source := strings.Fields(before), strings.Fields(after)
		if len(fields) > 4 && len(source) > 1 && source[1] == device {
			return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`).Replace(fields[4])
		}
	}
	return ""
}
