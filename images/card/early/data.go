package early

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"infobus/card"
	"infobus/card/disk"
)

const (
	dataAt = "/var/lib/infobus"
	asideP = "/run/infobus-card/aside"
	// checkLimit is how long a file system may be checked.
	checkLimit = 15 * time.Minute
)

// Data mounts the data, whatever has become of it, in the root that was entered: as it
// was left, repaired, made anew, or in memory.
//
// What is damaged is not kept aside: it has the whole partition, and there is nowhere
// else. What of its files can still be read is brought over.
func (c *Card) Data() {
	d := &c.report.Data
	why := c.mountData(d)
	if why != card.DataAsLeft {
		d.State, d.Why = card.DataInMemory, why
		c.salvage(c.partition(card.PartitionData))
		if err := unix.Mount("tmpfs", dataAt, "tmpfs", dataFlags, "mode=0755,size=64m"); err != nil {
			c.say("mount memory for the data: %v", err)
		}
		if err := c.bring(d, asideP, dataAt); err != nil {
			c.say("bring the data over: %v", err)
		}
	}
	os.RemoveAll(asideP)
	var s unix.Statfs_t
	if err := unix.Statfs(dataAt, &s); err == nil {
		d.Bytes, d.Free = int64(s.Blocks)*s.Bsize, int64(s.Bavail)*s.Bsize
	}
}

const dataFlags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME

// mountData mounts the data partition, or says why it cannot.
func (c *Card) mountData(d *card.Data) card.DataWhy {
	if why := c.place(d); why != card.DataAsLeft {
		return why
	}
	p := c.partition(card.PartitionData)
	head, err := disk.ReadAt(p, 0, card.HeadSize)
	if err != nil {
		c.say("data: %v", err)
		return card.DataNoRead
	}
	before, is := card.ParseExt4(head)
	if is && int64(before.Bytes) > disk.Size(p) {
		// Never made anew: the rest of it may be behind a wrong entry.
		return card.DataTooSmall
	}
	if readOnly(p) {
		return card.DataReadOnly
	}
	d.State = card.DataMounted
	fit, repaired, dropped, err := c.repair(p)
	switch {
	case err != nil:
		c.say("data: %v", err)
		d.Why = card.DataUnchecked
	case !fit:
		return c.anew(d, p)
	case repaired:
		d.State = card.DataRepaired
		if dropped {
			d.Why = card.DataBroken
		}
	}
	if err := c.mount(p); err != nil {
		c.say("data: %v", err)
		if errors.Is(err, unix.EIO) {
			return card.DataNoRead
		}
		return card.DataNoMount
	}
	if after, ok := c.superblock(p); ok && is && after.Mounts == before.Mounts && !repaired {
		// Mounting counts it: this card forgets what is written, and says nothing.
		unix.Unmount(dataAt, 0)
		return card.DataReadOnly
	}
	if err := try(dataAt); err != nil {
		c.say("data: %v", err)
		unix.Unmount(dataAt, 0)
		return card.DataNoRead
	}
	if fresh := is && before.Mounts <= 1; repaired && !fresh && empty(dataAt) {
		d.State, d.Why = card.DataAnew, card.DataBroken // nothing of it was left
	}
	c.fill(d, p)
	return card.DataAsLeft
}

// try looks at all that a file system has, and writes to it, as it will be written: a card
// that gives errors does so when it is asked, which a check of a file system that seems
// clean does not. What is written has no name, and is gone if the power goes.
func try(folder string) error {
	err := filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err == nil {
			_, err = e.Info()
		}
		return err
	})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(folder, unix.O_TMPFILE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.Write(make([]byte, card.SectorSize))
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if errors.Is(err, unix.ENOSPC) { // the daemon says so
		return nil
	}
	return err
}

// empty says whether there is nothing in a file system.
func empty(folder string) bool {
	entries, err := os.ReadDir(folder)
	return err == nil && !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() != "lost+found" })
}

func (c *Card) superblock(p string) (card.Ext4, bool) {
	head, err := disk.ReadAt(p, 0, card.HeadSize)
	if err != nil {
		return card.Ext4{}, false
	}
	return card.ParseExt4(head)
}

// place sees to it that the data partition goes to the end of the card.
func (c *Card) place(d *card.Data) card.DataWhy {
	sector, err := disk.ReadAt(c.disk, 0, card.SectorSize)
	if err != nil {
		c.say("partition table: %v", err)
		return card.DataNoRead
	}
	t, err := card.ParseTable(sector)
	if err != nil {
		c.say("partition table: %v", err)
		return card.DataMissing
	}
	want, same, err := t.Data(c.sectors, func(sector int64) bool {
		head, err := disk.ReadAt(c.disk, sector*card.SectorSize, card.HeadSize)
		_, is := card.ParseExt4(head)
		return err == nil && is
	})
	switch {
	case errors.Is(err, card.ErrTooSmall):
		return card.DataTooSmall
	case err != nil:
		c.say("partition table: %v", err)
		return card.DataMissing
	}
	there := t.Partitions[card.PartitionData-1]
	added := there.Start != want.Start
	if !same && !readOnly(c.disk) {
		d.Grown = true
		if err := disk.WriteAt(c.disk, 0, card.WithData(sector, want)); err != nil {
			c.say("partition table: %v", err)
		} else if added {
			err = tell(c.disk, blkpgAdd, card.PartitionData, want)
			if err != nil {
				c.say("%v", err)
			}
		} else if err := tell(c.disk, blkpgResize, card.PartitionData, want); err != nil {
			c.say("%v", err)
		}
	}
	if err := c.waitFor(card.PartitionData); err != nil {
		return card.DataMissing
	}
	return card.DataAsLeft
}

// repair has the file system checked, and repaired where that is needed: fit is that it can
// be mounted, dropped that files or parts of them were taken away.
func (c *Card) repair(p string) (fit, repaired, dropped bool, err error) {
	fit, repaired, dropped, err = c.check(p, "-p")
	// Twice: with the first it stops halfway where it needed the copy of a superblock that
	// was written while the file system grew in use, as all of ours were.
	for range 2 {
		if err == nil && !fit {
			var more bool
			fit, _, more, err = c.check(p, "-f", "-y")
			repaired, dropped = true, dropped || more
		}
	}
	return fit, repaired, dropped, err
}

// check runs e2fsck. The error is that it could not be run.
func (c *Card) check(p string, flags ...string) (fit, repaired, dropped bool, err error) {
	code, said, err := c.run("e2fsck", append(flags, p)...)
	if err != nil {
		return false, false, false, err
	}
	fit, repaired = card.AfterCheck(code)
	return fit, repaired, card.Dropped(said), nil
}

// run runs a program of the root, and gives its exit status and what it said.
func (c *Card) run(name string, arguments ...string) (code int, said string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), checkLimit)
	defer cancel()
	path := "/usr/sbin/" + name
	if _, err := os.Stat(path); err != nil {
		path = "/sbin/" + name
	}
	cmd := exec.CommandContext(ctx, path, arguments...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"}
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		c.say("%s: %s", name, strings.TrimSpace(line))
	}
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return e.ExitCode(), string(out), nil
	}
	return 0, string(out), err
}

// dataOptions: without the second the kernel writes zeros over all inode tables at the
// first boot after it has grown, 2 GB on a card of 32.
const dataOptions = "errors=remount-ro,noinit_itable"

func (c *Card) mount(p string) error {
	if err := unix.Mount(p, dataAt, "ext4", dataFlags, dataOptions); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	return nil
}

// anew makes a new file system in the place of one that cannot be repaired, unless the
// card gives errors: what it does not give today it may tomorrow.
func (c *Card) anew(d *card.Data, p string) card.DataWhy {
	if err := readable(p); err != nil {
		c.say("data: %v", err)
		return card.DataNoRead
	}
	c.salvage(p)
	if code, _, err := c.run("mke2fs", "-q", "-F", "-t", "ext4", "-J", "size=4", "-L", "data", "-m", "1", p); err != nil || code != 0 {
		c.say("mke2fs: %d, %v", code, err)
		return card.DataNotMade
	}
	if err := c.mount(p); err != nil {
		c.say("data: %v", err)
		return card.DataNoMount
	}
	d.State, d.Why = card.DataAnew, card.DataBroken
	if err := c.bring(d, asideP, dataAt); err != nil {
		c.say("bring the data over: %v", err)
	}
	return card.DataAsLeft
}

// readable reads what a file system has at its beginning, and here and there behind.
func readable(p string) error {
	const piece = 1 << 20
	whole := disk.Size(p)
	for at := int64(0); at+piece <= whole; at += max(piece, whole/64/piece*piece) {
		if _, err := disk.ReadAt(p, at, piece); err != nil {
			return err
		}
	}
	return nil
}

// fill has the file system fill its partition.
func (c *Card) fill(d *card.Data, p string) {
	var s unix.Statfs_t
	e, ok := c.superblock(p)
	if err := unix.Statfs(dataAt, &s); err != nil || !ok || s.Bsize <= 0 {
		return
	}
	if whole := disk.Size(p); whole-int64(e.Bytes) > 1<<20 {
		if err := resize(dataAt, uint64(whole/s.Bsize)); err != nil {
			c.say("data: %v", err)
			return
		}
		d.Grown = true
	}
}
