// Package kept saves and restores van.Kept, as JSON in one file of two slots
// (durable.Slots), and has the goroutine that does so while the daemon runs.
package kept

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"infobus/days"
	"infobus/durable"
	"infobus/netmon"
	"infobus/van"
)

// Name is the name of the file in the state directory.
const Name = "kept.slots"

// oldName is the file that earlier versions kept the same in: the JSON alone.
const oldName = "kept.json"

// File is where a van.Kept is saved. It is one goroutine's.
type File struct {
	slots *durable.Slots
	sites []string // of sessions that the file knows of
}

// Open reads what was kept in dir. Without a file it gives the zero Kept and
// false. An error says that of two copies one was damaged, with true, or that
// nothing can be read: then that is moved aside to a name that ends in .bad, and
// the van starts as a new one. The File can be used with either.
func Open(disk durable.Disk, dir string) (f *File, k van.Kept, restored bool, err error) {
	slots, b, err := durable.OpenSlots(disk, filepath.Join(dir, Name), func(b []byte) error {
		_, err := Parse(b)
		return err
	})
	f = &File{slots: slots}
	old := filepath.Join(dir, oldName)
	if b == nil {
		var unread error
		if k, restored, unread = parseOld(disk, old); unread != nil {
			err = errors.Join(err, durable.SetAside(disk, old, unread))
		}
	} else {
		k, _ = Parse(b) // it was checked
		restored = true
	}
	if restored {
		slots.Replaces(old)
		f.sites = sites(k)
	}
	if err != nil {
		err = fmt.Errorf("read what was kept: %w", err)
	}
	return f, k, restored, err
}

func parseOld(disk durable.Disk, path string) (van.Kept, bool, error) {
	b, err := durable.Read(disk, path, durable.MaxSlot)
	if errors.Is(err, fs.ErrNotExist) {
		return van.Kept{}, false, nil
	}
	if err != nil {
		return van.Kept{}, false, err
	}
	k, err := Parse(b)
	return k, err == nil, err
}

// Parse reads what Save wrote. Counters below zero are refused, and null, which
// would pass for a van of which nothing is known.
func Parse(b []byte) (van.Kept, error) {
	var k van.Kept
	if string(bytes.TrimSpace(b)) == "null" {
		return van.Kept{}, errors.New("null")
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return van.Kept{}, err
	}
	for i, g := range k.Generators {
		// A hundred years of running is no counter of ours.
		if g.Starts < 0 || g.Seconds < 0 || g.Seconds > 100*366*24*3600 {
			return van.Kept{}, fmt.Errorf("generator %d: counters out of range: %d starts, %d s", i+1, g.Starts, g.Seconds)
		}
	}
	if len(k.Days) > days.Kept {
		return van.Kept{}, fmt.Errorf("%d days; at most %d were expected", len(k.Days), days.Kept)
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

// Save replaces what is kept; when it returns nil, the new one is durable. Of a session
// that is over, or another's site, nothing is left in the file.
func (f *File) Save(k van.Kept) error {
	b, err := json.Marshal(k)
	if err == nil {
		write, now := f.slots.Write, sites(k)
		if slices.ContainsFunc(f.sites, func(s string) bool { return !slices.Contains(now, s) }) {
			write = f.slots.Replace
		}
		if err = write(b); err == nil {
			f.sites = now
		}
	}
	if err != nil {
		return fmt.Errorf("keep: %w", err)
	}
	return nil
}

// sites are where the sessions are that are kept, "" where nobody said.
func sites(k van.Kept) (list []string) {
	for _, s := range []*van.KeptSession{k.Session, k.Interrupted} {
		if s != nil {
			list = append(list, s.Site)
		}
	}
	return list
}
