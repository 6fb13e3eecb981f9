package glass

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"infobus/days"
	"infobus/durable"
	"infobus/examples"
	"infobus/kiosk"
	"infobus/kiosk/draw"
	"infobus/logbook"
	"infobus/sim/day"
	"infobus/tally"
	"infobus/timetable"
	"infobus/timetable/source"
	"infobus/van"
	"infobus/van/kept"
)

// card is a file system of its own, as on a card: ext4 with blocks of 4 kB, on a
// loop device that counts what is written.
type card struct{ dir, device string }

// newCard needs root.
func newCard(t testing.TB) *card {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, for a file system of its own on a loop device: what an hour writes to the card was not measured")
	}
	image := filepath.Join(t.TempDir(), "card.img")
	c := &card{dir: t.TempDir()}
	run := func(name string, arguments ...string) string {
		t.Helper()
		out, err := exec.Command(name, arguments...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, 256<<20)); err != nil {
		t.Fatal(err)
	}
	// All is laid out now, so that nothing is while something is measured.
	run("mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
	c.device = run("losetup", "--find", "--show", image)
	t.Cleanup(func() { run("losetup", "--detach", c.device) })
	run("mount", c.device, c.dir)
	t.Cleanup(func() { run("umount", c.dir) })
	return c
}

// written is how many bytes were written to the device so far.
func (c *card) written(t testing.TB) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(c.device), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	sectors, err := strconv.Atoi(strings.Fields(string(text))[6]) // Documentation/block/stat.rst
	if err != nil {
		t.Fatal(err)
	}
	return 512 * sectors
}

// rest is what the kernel does by itself while nothing is saved: the journal's
// transaction is committed after 5 s (ext4(5), commit=), and what is dirty is written
// within 35 s (vm.dirty_expire_centisecs).
func (c *card) rest(t testing.TB) {
	t.Helper()
	d, err := os.Open(c.dir)
	if err == nil {
		err = errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// way is how small state is written.
type way struct {
	save   func(van.Kept) error
	forget func() error
	keep   func(frame []byte) error
}

// now is what the daemon does.
func now(t testing.TB, dir string) way {
	k, _, _, err := kept.Open(durable.System, dir)
	if err != nil {
		t.Fatal(err)
	}
	f, _, _, err := open(durable.System, dir)
	if err != nil {
		t.Fatal(err)
	}
	return way{k.Save, f.forget, func(frame []byte) error { return f.keep("boot", frame) }}
}

// before is what the daemon did up to commit 938eaeb: aside, synced, renamed, its
// folder synced; the frame without a sync.
func before(dir string) way {
	syncDir := func() error {
		d, err := os.Open(dir)
		if err != nil {
			return err
		}
		return errors.Join(d.Sync(), d.Close())
	}
	return way{
		save: func(k van.Kept) error {
			b, err := json.Marshal(k)
			if err != nil {
				return err
			}
			path := filepath.Join(dir, "kept.json")
			f, err := os.Create(path + ".new")
			if err != nil {
				return err
			}
			_, err = f.Write(b)
			return errors.Join(err, f.Sync(), f.Close(), os.Rename(path+".new", path), syncDir())
		},
		forget: func() error {
			if os.Remove(filepath.Join(dir, "glass")) != nil {
				return nil
			}
			return syncDir()
		},
		keep: func(frame []byte) error {
			path := filepath.Join(dir, "glass")
			b := fmt.Appendf(nil, "boot %08x\n", crc32.ChecksumIEEE(frame))
			return errors.Join(os.WriteFile(path+".new", append(b, frame...), 0o600), os.Rename(path+".new", path))
		},
	}
}

// save is something that is saved at a moment.
type save struct {
	at time.Time
	do func(way) error
}

// parsed is a script's day, at the pace of the van, and the example timetable.
func parsed(t testing.TB, script string) (*day.Day, *timetable.Timetable) {
	t.Helper()
	table, err := source.Parse("timetable.yaml", examples.Timetable, draw.Check)
	if err != nil {
		t.Fatal(err)
	}
	d, err := day.Parse("day.yaml", []byte(script), table)
	if err != nil {
		t.Fatal(err)
	}
	d.Turn = 0 // as in the van
	return d, table
}

// hours is what the van saves in so many hours of the script's day, with a month of days
// behind it.
func hours(t testing.TB, script, begin string, n int, keepEvery time.Duration) (list []save) {
	t.Helper()
	d, table := parsed(t, script)
	from, err := time.ParseInLocation("2006-01-02 15:04", d.Start.Format("2006-01-02 ")+begin, table.Zone)
	if err != nil {
		t.Fatal(err)
	}
	o := van.DefaultOptions()
	o.KeepEvery = keepEvery
	d.Effects = func(at time.Time, effects []van.Effect) {
		if at.Before(from) || !at.Before(from.Add(time.Duration(n)*time.Hour)) {
			return
		}
		for _, e := range effects {
			switch e := e.(type) {
			case van.Keep:
				k := e.Kept
				k.Days = month(d.Start)
				list = append(list, save{at, func(w way) error { return w.save(k) }})
			case kiosk.Draw:
				frame, err := draw.Draw(e.Page)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, save{at, func(w way) error { return w.forget() }},
					save{at.Add(4200 * time.Millisecond), func(w way) error { return w.keep(frame[:]) }})
			}
		}
	}
	if err := d.Play(o, table, func(logbook.Event) {}); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(list, func(a, b save) int { return a.at.Compare(b.at) })
	return list
}

// month are the days before one.
func month(today time.Time) (month []days.Day) {
	for i := range days.Most - 1 {
		month = append(month, days.Day{Date: today.AddDate(0, 0, i-29).Format(time.DateOnly), Run: 5*time.Hour + 13*time.Millisecond, Starts: 4, Sessions: 2,
			Tally: tally.Tally{In: 1234.5678901234567, Out: 345.67890123456789, Measured: 15*time.Hour + 17*time.Millisecond,
				Judged: 5 * time.Hour, Internet: 4*time.Hour + 7*time.Millisecond, Devices: 23}})
	}
	return month
}

// cost is what an hour writes to the device, in bytes, once the files are there.
func (c *card) cost(t testing.TB, w way, list []save) int {
	t.Helper()
	for _, s := range list[:min(len(list), 3)] {
		if err := s.do(w); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.forget(), w.keep(make([]byte, 48000)), w.save(van.Kept{})); err != nil {
		t.Fatal(err)
	}
	c.rest(t)
	begun := c.written(t)
	for i, s := range list {
		if err := s.do(w); err != nil {
			t.Fatal(err)
		}
		if i+1 == len(list) || list[i+1].at.Sub(s.at) >= 5*time.Second {
			c.rest(t)
		}
	}
	return c.written(t) - begun
}

// measureCard measures hours at rest and a session hour, as it was before and as it is now.
func measureCard(t testing.TB, print func(format string, arguments ...any)) {
	monday, err := os.ReadFile("../../sim/day/testdata/monday.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []struct {
		name, script, begin string
		hours               int
		before              time.Duration // between two saves, of what only grows; at rest it is twelve times that
		least               int           // times less that it must be
	}{
		{"six hours at rest", atRest, "06:00", 6, 10 * time.Minute / 12, 4},
		{"a session hour", string(monday), "11:00", 1, time.Minute, 4},
	} {
		c := newCard(t)
		var bytes, saves [2]int
		for i, every := range []time.Duration{h.before, van.DefaultOptions().KeepEvery} {
			list := hours(t, h.script, h.begin, h.hours, every)
			dir := filepath.Join(c.dir, fmt.Sprint(i))
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			w := before(dir)
			if i == 1 {
				w = now(t, dir)
			}
			bytes[i], saves[i] = c.cost(t, w, list), len(list)
		}
		print("small state in %s, bytes at the block device (ext4): before, aside, synced and renamed: %d writes, %.0f kB; now, in place: %d writes, %.0f kB: %.1f times less\n",
			h.name, saves[0], float64(bytes[0])/1000, saves[1], float64(bytes[1])/1000, float64(bytes[0])/float64(bytes[1]))
		if bytes[1] == 0 || bytes[0] < h.least*bytes[1] {
			t.Errorf("%s: %d bytes were written before, %d are now", h.name, bytes[0], bytes[1])
		}
	}
	one, two := oneSave(t)
	print("one save of 3 kB, at once: before %.1f kB, now %.1f kB; what ext4 writes later of names and times: %.1f and %.1f kB\n",
		one[0], one[1], two[0], two[1])
}

// oneSave is what one save writes, in kB: at once, and later.
func oneSave(t testing.TB) (once, later [2]float64) {
	const n = 20
	c := newCard(t)
	k := van.Kept{Glass: strings.Repeat("x", 3000)}
	for i, w := range []way{before(c.dir), now(t, c.dir)} {
		for range 2 {
			if err := w.save(k); err != nil {
				t.Fatal(err)
			}
		}
		c.rest(t)
		var all [2]int
		for range n {
			begun := c.written(t)
			if err := w.save(k); err != nil {
				t.Fatal(err)
			}
			at := c.written(t)
			c.rest(t)
			all[0], all[1] = all[0]+at-begun, all[1]+c.written(t)-at
		}
		once[i], later[i] = float64(all[0])/n/1000, float64(all[1])/n/1000
	}
	return once, later
}

func TestSmallStateIsSparingOfTheCard(t *testing.T) {
	measureCard(t, t.Logf)
}

// BenchmarkCard prints what an hour writes to the card, as it was before and now.
func BenchmarkCard(b *testing.B) {
	for range b.N {
		measureCard(b, func(format string, arguments ...any) { fmt.Printf(format, arguments...) })
	}
}
