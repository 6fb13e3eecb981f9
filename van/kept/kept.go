// Package kept saves and restores van.Kept: one small file, written aside,
// synced, renamed, its folder synced, so that a power cut leaves the old or the
// new one and nothing between.
package kept

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"infobus/days"
	"infobus/netmon"
	"infobus/van"
)

// Name is the name of the file in the state directory.
const Name = "kept.json"

// maxSize bounds what Load reads: a file of ours is below 10 kB.
const maxSize = 64 << 10

// Load reads what was kept in dir. Without a file it gives the zero Kept and
// false. A file that cannot be read as ours is moved aside to kept.json.bad,
// and the error says so: the van starts as a new one.
func Load(disk Disk, dir string) (van.Kept, bool, error) {
	path := filepath.Join(dir, Name)
	b, err := disk.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return van.Kept{}, false, nil
	}
	if err != nil {
		return van.Kept{}, false, fmt.Errorf("read what was kept: %w", err)
	}
	k, err := Parse(b)
	if err != nil {
		moved := path + ".bad"
		err = fmt.Errorf("what was kept in %s is damaged and was moved to %s: %w", path, moved, err)
		return van.Kept{}, false, errors.Join(err, disk.Rename(path, moved))
	}
	return k, true, nil
}

// Parse reads the file's content. Counters below zero are refused.
func Parse(b []byte) (van.Kept, error) {
	var k van.Kept
	if err := json.Unmarshal(b, &k); err != nil {
		return van.Kept{}, err
	}
	for i, g := range k.Generators {
		// A hundred years of running is no counter of ours.
		if g.Starts < 0 || g.Seconds < 0 || g.Seconds > 100*366*24*3600 {
			return van.Kept{}, fmt.Errorf("generator %d: counters out of range: %d starts, %d s", i+1, g.Starts, g.Seconds)
		}
	}
	if len(k.Days) > days.Most {
		return van.Kept{}, fmt.Errorf("%d days; at most %d were expected", len(k.Days), days.Most)
	}
	for _, d := range append(slices.Clone(k.Days), k.Today) {
		if d.Run < 0 || d.Starts < 0 || !(d.In >= 0) || !(d.Out >= 0) || d.Measured < 0 || d.Sessions < 0 || d.Judged < 0 || d.Internet < 0 || d.Devices < 0 {
			return van.Kept{}, fmt.Errorf("the day %.10q: a counter below 0", d.Date)
		}
	}
	if t := k.Traffic; t != nil && (t.PerHour < 0 || slices.ContainsFunc(t.Used, func(u netmon.Used) bool { return u.Bytes < 0 })) {
		return van.Kept{}, errors.New("traffic out of range: below zero")
	}
	if c := k.Charge; c != nil && !(0 <= c.Low && c.Low <= c.Percent && c.Percent <= c.High && c.High <= 100) {
		return van.Kept{}, fmt.Errorf("charge out of range: %g %%, between %g and %g %%", c.Percent, c.Low, c.High)
	}
	return k, nil
}

// Save replaces the file in dir; when it returns nil, the new one is durable.
func Save(disk Disk, dir string, k van.Kept) error {
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, Name)
	if err := write(disk, path+".new", b); err != nil {
		return fmt.Errorf("keep: %w", err)
	}
	if err := disk.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keep: %w", err)
	}
	if err := disk.SyncDir(dir); err != nil {
		return fmt.Errorf("keep: %w", err)
	}
	return nil
}

func write(disk Disk, path string, b []byte) error {
	f, err := disk.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}
