// Package early is what the card's initramfs does between the kernel and systemd.
//
// In: what U-Boot said on the kernel's command line, and the card. Out: a root with its
// data mounted and a report of both (card.Report); or the word that the other slot is to
// be started, or that nothing can be. It writes the slot state, the data partition and
// that one's entry in the partition table, and nothing else of the card. What is decided
// is card's; here is what touches the disk.
package early

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"infobus/card"
	"infobus/card/disk"
	"infobus/card/sum"
)

// Options are what Start goes by.
type Options struct {
	Boot card.Boot
	Disk string        // such as /dev/mmcblk0; "" is the one with Boot's signature
	Wait time.Duration // for the disk
	Late bool          // the fixed page was shown meanwhile
	Say  func(format string, arguments ...any)
}

// Card is a card as the initramfs has it in its hands.
type Card struct {
	disk    string
	say     func(string, ...any)
	boot    card.Boot
	sectors int64
	state   card.State
	next    int
	report  card.Report
}

// root is where the new root is mounted until it is entered.
const root = "/root"

// Open finds the card, and reads its slot state.
func Open(o Options) (*Card, error) {
	c := &Card{say: o.Say, boot: o.Boot, disk: o.Disk}
	for end := time.Now().Add(o.Wait); c.disk == ""; time.Sleep(20 * time.Millisecond) {
		var err error
		if c.disk, err = disk.Find(o.Boot.Signature); err != nil && time.Now().After(end) {
			return nil, err
		}
	}
	c.sectors = disk.Size(c.disk) / card.SectorSize
	var (
		health card.Health
		err    error
	)
	if c.state, c.next, health, err = disk.ReadState(c.disk); err != nil {
		c.say("%v", err)
	}
	if c.boot.Slot == card.None {
		c.boot.Slot = c.state.Primary()
	}
	c.report = card.Report{Slot: c.boot.Slot, Why: c.state.WhyRuns(c.boot.Slot, health), State: health,
		Card: c.sectors * card.SectorSize, Late: o.Late, Clock: card.StopUnknown}
	return c, nil
}

// partition is the path of a partition.
func (c *Card) partition(number int) string {
	if last := c.disk[len(c.disk)-1]; last >= '0' && last <= '9' {
		return fmt.Sprintf("%sp%d", c.disk, number)
	}
	return fmt.Sprintf("%s%d", c.disk, number)
}

// waitFor waits until the partition is there: the kernel finds it a moment after the
// disk.
func (c *Card) waitFor(number int) error {
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		_, err := os.Stat(c.partition(number))
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}

// write writes the slot state.
func (c *Card) write(s card.State) error {
	if err := disk.WriteState(c.disk, c.next, s); err != nil {
		return err
	}
	c.state, c.next = s, 1-c.next
	return nil
}

// Choose looks at the root, mounts it on /root if it is whole, and says what is to be
// done: card.Switch means restart.
func (c *Card) Choose() card.Verdict {
	slot := c.boot.Slot
	err := c.mountRoot()
	if err != nil {
		c.say("the root of slot %s: %v", slot, err)
	}
	filled := card.Filled(c.head(slot.Other().Boot()), c.head(slot.Other().Root()))
	d := card.Decide(c.state, slot, err == nil, filled, true)
	if d.Verdict == card.Switch || d.Verdict == card.RunMark {
		if err := c.write(d.State); err != nil {
			c.say("%v", err)
			d = card.Decide(c.state, slot, d.Verdict == card.RunMark, filled, false)
		}
	}
	if d.Verdict == card.RunMark {
		d.Verdict = card.Run
	}
	c.report.Bad, c.report.Left = c.state.Bad.String(), c.state.Left
	return d.Verdict
}

// head is the beginning of a partition; nil where it cannot be read.
func (c *Card) head(number int) []byte {
	b, err := disk.ReadAt(c.partition(number), 0, card.HeadSize)
	if err != nil {
		return nil
	}
	return b
}

func (c *Card) mountRoot() error {
	number := c.boot.Slot.Root()
	if err := c.waitFor(number); err != nil {
		return err
	}
	if !card.IsErofs(c.head(number)) {
		return errors.New("it is no erofs")
	}
	c.report.Root = card.RootUnchecked
	if c.boot.Size > 0 {
		is, err := sumOf(c.partition(number), c.boot.Size)
		if err != nil {
			return err
		}
		if is != c.boot.Sum {
			return errors.New("its checksum is wrong")
		}
		c.report.Root = card.RootChecked
	}
	if err := unix.Mount(c.partition(number), root, "erofs", unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	return nil
}

// sumOf reads past the kernel's cache, where it can: the whole root would fill the memory
// of the smallest board.
func sumOf(partition string, size int64) (s [32]byte, err error) {
	for _, flags := range []int{unix.O_DIRECT, 0} {
		var f *os.File
		if f, err = os.OpenFile(partition, os.O_RDONLY|flags, 0); err == nil {
			s, err = sum.Of(f, size)
			f.Close()
		}
		if !errors.Is(err, unix.EINVAL) {
			break
		}
	}
	return s, err
}

// Mounts mounts what the kernel gives programs.
func Mounts() {
	for _, m := range [][3]string{{"devtmpfs", "/dev", "mode=0755"}, {"proc", "/proc", ""}, {"sysfs", "/sys", ""}, {"tmpfs", "/run", "mode=0755,size=96m"}} {
		os.MkdirAll(m[1], 0o755)
		unix.Mount(m[0], m[1], m[0], unix.MS_NOSUID, m[2])
	}
	os.MkdirAll(root, 0o755)
}

// Enter makes the mounted root the process's own: /dev, /proc, /sys and /run go along,
// /var is empty.
func Enter() error {
	for _, m := range []string{"/dev", "/proc", "/sys", "/run"} {
		if err := unix.Mount(m, root+m, "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("move %s: %w", m, err)
		}
	}
	if err := errors.Join(unix.Chdir(root), unix.Mount(".", "/", "", unix.MS_MOVE, ""), unix.Chroot("."), unix.Chdir("/")); err != nil {
		return fmt.Errorf("change over to the root: %w", err)
	}
	if err := unix.Mount("tmpfs", "/var", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=64m"); err != nil {
		return fmt.Errorf("mount /var: %w", err)
	}
	// What is made in it later is for root alone; the daemon reads the report, and is not.
	return errors.Join(os.MkdirAll(dataAt, 0o755), os.MkdirAll(card.Folder, 0o755))
}

// Report is what was found so far.
func (c *Card) Report() card.Report { return c.report }

// Leave writes the report, with how long it all took since the kernel's start, for the
// daemon.
func (c *Card) Leave(clock card.Stop, watchdog bool) error {
	c.report.Clock, c.report.Watchdog = clock, watchdog
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err == nil {
		c.report.Seconds = float64(now.Nano()/1e7) / 100
	}
	return os.WriteFile(card.ReportFile, c.report.Encode(), 0o644)
}

// OneLine is a report for the console.
func OneLine(r card.Report) string {
	var b bytes.Buffer
	json.Compact(&b, r.Encode())
	return b.String()
}

// contents reads a small file of the kernel's; "" where it cannot be read.
func contents(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// Count is what U-Boot's script does: it counts a trial down, and says in which order it
// tries the slots. Only tests call it.
func (c *Card) Count() ([2]card.Slot, error) {
	after, order := c.state.Counted()
	if after != c.state {
		if err := c.write(after); err != nil { // it cannot count, and stays with the good one
			return [2]card.Slot{c.state.Good, c.state.Good.Other()}, nil
		}
	}
	return order, nil
}

// HasKernel says whether there may be a kernel for the slot. Only tests call it.
func (c *Card) HasKernel(s card.Slot) bool {
	_, ok := card.ParseExt4(c.head(s.Boot()))
	return ok
}
