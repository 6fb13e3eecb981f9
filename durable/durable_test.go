package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"infobus/durable"
	"infobus/durable/durabletest"
)

// checked refuses what is no number.
func checked(b []byte) error {
	_, err := strconv.Atoi(string(b[:min(6, len(b))]))
	return err
}

func number(b []byte) int {
	if b == nil {
		return 0
	}
	text := strings.TrimRight(string(b), " ")
	n, err := strconv.Atoi(text[:6])
	if err != nil || strings.Repeat(text[:6], len(text)/6) != text {
		return -1 // a part of one, and of another
	}
	return n
}

// payload is a number, so often that it fills so many bytes.
func payload(n, length int) []byte { return bytes.Repeat(fmt.Append(nil, n), max(1, length/6)) }

// slots keeps a number in Slots, with a payload of so many bytes; pair in a Pair.
func slots(length int) durabletest.Writer {
	return durabletest.Writer{Open: func(disk durable.Disk) (int, func(int) error, error) {
		s, b, err := durable.OpenSlots(disk, "/state/number", checked)
		return number(b), func(n int) error { return s.Write(payload(n, length)) }, err
	}}
}

func pair(length int) durabletest.Writer {
	return durabletest.Writer{Open: func(disk durable.Disk) (int, func(int) error, error) {
		p, b, err := durable.OpenPair(disk, "/state/number", checked)
		return number(b), func(n int) error { return p.Write(payload(n, length)) }, err
	}}
}

var writers = map[string]durabletest.Writer{
	"slots, one sector":     slots(6),
	"slots, several blocks": slots(3 * 4096),
	"slots, full":           slots(durable.MaxSlot),
	"a pair, one sector":    pair(6),
	"a pair, some sectors":  pair(10_000),
}

func brittle(d *durabletest.Disk) { d.Brittle() }

// Whatever the power and the disk do, and when: what was called durable is there.
func TestAPowerCutOrAnErrorAtAnyOperationLosesNothing(t *testing.T) {
	for name, w := range writers {
		t.Run(name, func(t *testing.T) {
			o, err := durabletest.Crashes(w, durabletest.Seeds(3, 100), brittle)
			if err != nil {
				t.Error(err)
			}
			t.Log(o)
		})
	}
}

// Without syncs, or without checksums, the test above must find a loss.
func TestTheTestOfPowerCutsFindsALoss(t *testing.T) {
	for name, w := range writers {
		if _, err := durabletest.Crashes(w, 6, (*durabletest.Disk).IgnoreSyncs); err == nil {
			t.Errorf("%s: without syncs nothing was lost", name)
		}
	}
	defer durable.IgnoreChecksums()()
	for name, w := range writers {
		if _, err := durabletest.Crashes(w, 6, brittle); err == nil && strings.HasPrefix(name, "slots") {
			t.Errorf("%s: without checksums nothing was lost", name)
		}
		if _, err := durabletest.Damages(w, 1); err == nil {
			t.Errorf("%s: without checksums no damage did any harm", name)
		}
	}
}

func TestOfADamagedCopyTheOtherStandsAndThatIsSaid(t *testing.T) {
	for name, w := range writers {
		t.Run(name, func(t *testing.T) {
			every := map[string]int{"slots, several blocks": 97, "slots, full": 997, "a pair, some sectors": 97}[name]
			if every == 0 || os.Getenv("INFOBUS_SOAK") != "" {
				every = every/50 + 1
			}
			o, err := durabletest.Damages(w, every)
			if err != nil {
				t.Error(err)
			}
			if o.Damages < 20 {
				t.Errorf("only %s", o)
			}
			t.Log(o)
		})
	}
}

// slotted is a file of Slots that held 111111, then 222222, and its other slot's offset.
func slotted(t *testing.T) (file []byte, slot int) {
	t.Helper()
	disk := durabletest.New(1)
	s, _, _ := durable.OpenSlots(disk, "/n", checked)
	for _, n := range []int{111111, 222222} {
		if err := s.Write(payload(n, 6)); err != nil {
			t.Fatal(err)
		}
	}
	file = disk.Files()["/n"]
	return file, len(file) / 2
}

// What a file of Slots may look like one day, and what is made of it.
func TestSlots(t *testing.T) {
	good, slot := slotted(t)
	edit := func(change func(b []byte) []byte) []byte { return change(bytes.Clone(good)) }
	clear := func(from, to int) []byte {
		return edit(func(b []byte) []byte { clear(b[from:to]); return b })
	}
	for _, c := range []struct {
		name string
		file []byte
		n    int
		said string
	}{
		{"as it was written", good, 222222, ""},
		{"the newer slot zeroed", clear(slot, 2*slot), 111111, "one of two copies"},
		{"the older slot zeroed", clear(0, slot), 222222, "one of two copies"},
		{"both zeroed", clear(0, 2*slot), 0, "neither copy"},
		{"empty", nil, 0, "neither copy"},
		{"cut off in the second slot", good[:slot+10], 111111, "one of two copies"},
		{"cut off behind both payloads", good[:slot+4096], 222222, ""},
		{"cut off in the first slot", good[:10], 0, "neither copy"},
		{"longer than it was", append(bytes.Clone(good), 1, 2, 3), 222222, ""},
		{"the newer slot in both places", edit(func(b []byte) []byte { copy(b, b[slot:]); return b }), 222222, "it is the other one"},
		{"another program's file", bytes.Repeat([]byte("rain"), 40_000), 0, "no copy of ours"},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := durabletest.New(1)
			disk.Put("/n", c.file)
			s, b, err := durable.OpenSlots(disk, "/n", checked)
			if got := number(b); got != c.n {
				t.Errorf("%d is there, want %d", got, c.n)
			}
			if (err == nil) != (c.said == "") || err != nil && (!strings.Contains(err.Error(), c.said) || !errors.Is(err, durable.ErrDamaged)) {
				t.Errorf("said is %v, want %q", err, c.said)
			}
			if bad := disk.Files()["/n.bad"]; c.n == 0 && !bytes.Equal(bad, c.file) {
				t.Error("it was not moved aside")
			}
			for _, n := range []int{333333, 444444} {
				if err := s.Write(payload(n, 6)); err != nil {
					t.Fatal(err)
				}
				disk.Crash()
				if _, b, err := durable.OpenSlots(disk, "/n", checked); number(b) != n || err != nil {
					t.Errorf("after the next write %d, %v", number(b), err)
				}
			}
		})
	}
}

// A payload that the caller does not take for its own is damage too.
func TestAPayloadThatIsNoneIsDamage(t *testing.T) {
	for name, open := range map[string]func(disk durable.Disk, check func([]byte) error) (interface{ Write([]byte) error }, []byte, error){
		"slots": func(disk durable.Disk, check func([]byte) error) (interface{ Write([]byte) error }, []byte, error) {
			return open3(durable.OpenSlots(disk, "/n", check))
		},
		"a pair": func(disk durable.Disk, check func([]byte) error) (interface{ Write([]byte) error }, []byte, error) {
			return open3(durable.OpenPair(disk, "/n", check))
		},
	} {
		disk := durabletest.New(1)
		w, _, _ := open(disk, checked)
		for _, text := range []string{"111111", "222222", "null"} {
			if err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if _, b, err := open(disk, checked); string(b) != "222222" || !errors.Is(err, durable.ErrDamaged) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

func open3[W interface{ Write([]byte) error }](w W, b []byte, err error) (interface{ Write([]byte) error }, []byte, error) {
	return w, b, err
}

func TestWhatIsTooLargeIsRefusedAndChangesNothing(t *testing.T) {
	disk := durabletest.New(1)
	s, _, _ := durable.OpenSlots(disk, "/n", checked)
	if err := s.Write(payload(111111, 6)); err != nil {
		t.Fatal(err)
	}
	before := disk.Operations()
	if err := s.Write(make([]byte, durable.MaxSlot+1)); !errors.Is(err, durable.ErrTooLarge) || disk.Operations() != before {
		t.Error(err)
	}
}

// The file is written in place: a card that is full takes it.
func TestAFullCardTakesSmallState(t *testing.T) {
	disk := durabletest.New(1)
	s, _, _ := durable.OpenSlots(disk, "/n", checked)
	disk.SetQuota(1)
	if err := s.Write(payload(111111, 6)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a file that is not there yet: %v", err)
	}
	if len(disk.Files()) != 0 {
		t.Error("what there was no space for is still there")
	}
	disk.SetQuota(0)
	if err := s.Write(payload(111111, 6)); err != nil {
		t.Fatal(err)
	}
	disk.SetQuota(1)
	if err := s.Write(payload(222222, durable.MaxSlot)); err != nil {
		t.Error(err)
	}
}

// A sync that failed leaves what looks newer than it is on the disk; the next
// process must not replace the copy before it while that is so.
func TestWhatASyncThatFailedLeftInMemoryIsNotTakenForDurable(t *testing.T) {
	for seed := range uint64(40) {
		for cut := 1; cut <= 8; cut++ {
			disk := durabletest.New(seed)
			s, _, _ := durable.OpenSlots(disk, "/n", checked)
			for _, n := range []int{111111, 222222} {
				if err := s.Write(payload(n, 6)); err != nil {
					t.Fatal(err)
				}
			}
			disk.FailAfter(2, syscall.EIO) // the sync behind the write
			if err := s.Write(payload(333333, 6)); !errors.Is(err, syscall.EIO) {
				t.Fatal(err)
			}
			s, b, err := durable.OpenSlots(disk, "/n", checked)
			if number(b) != 333333 || err != nil {
				t.Fatalf("%d, %v", number(b), err)
			}
			disk.CutAfter(cut)
			s.Write(payload(444444, 6))
			disk.Crash()
			if _, b, err := durable.OpenSlots(disk, "/n", checked); number(b) < 222222 {
				t.Fatalf("seed %d, cut %d: %d is there: %v", seed, cut, number(b), err)
			}
		}
	}
}

// A file that is taken away from a running process, or cut off, is made anew; also
// where that fails at first.
func TestAFileThatWasTakenAwayIsMadeAnew(t *testing.T) {
	for name, harm := range map[string]func(*durabletest.Disk) error{
		"removed": func(d *durabletest.Disk) error { return errors.Join(d.Remove("/n"), d.SyncDir("/")) },
		"cut off": func(d *durabletest.Disk) error { d.Put("/n", d.Files()["/n"][:100]); return nil },
	} {
		for fails := range 10 {
			disk := durabletest.New(uint64(fails))
			s, _, _ := durable.OpenSlots(disk, "/n", checked)
			for range 5 {
				if err := s.Write(payload(111111, 6)); err != nil {
					t.Fatal(err)
				}
			}
			if err := harm(disk); err != nil {
				t.Fatal(err)
			}
			disk.FailAfter(fails, syscall.EIO) // 0: it does not
			for i := range 2 {
				err := s.Write(payload(222222, 6))
				if err == nil {
					break
				} else if i == 1 {
					t.Errorf("%s, operation %d failed: %v", name, fails, err)
				}
			}
			disk.Crash()
			if _, b, err := durable.OpenSlots(disk, "/n", checked); number(b) != 222222 || err != nil {
				t.Errorf("%s, operation %d failed: %d is there, said is %v", name, fails, number(b), err)
			}
		}
	}
}

// What is no file neither hangs nor stays in the way, on a real file system.
func TestWhatIsNoFileIsMovedAsideAndSaid(t *testing.T) {
	kinds := map[string]func(path string) error{
		"a FIFO":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a folder":    func(path string) error { return os.MkdirAll(filepath.Join(path, "full"), 0o700) },
		"a link":      func(path string) error { return os.Symlink("/dev/zero", path) },
		"a dead link": func(path string) error { return os.Symlink("gone", path) },
		"a socket": func(path string) error {
			fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			if err != nil {
				return err
			}
			defer syscall.Close(fd)
			return syscall.Bind(fd, &syscall.SockaddrUnix{Name: path})
		},
	}
	for name, make := range kinds {
		t.Run("slots, "+name, func(t *testing.T) {
			within(t, func() {
				path := filepath.Join(t.TempDir(), "n")
				if err := make(path); err != nil {
					t.Fatal(err)
				}
				s, b, err := durable.OpenSlots(durable.System, path, checked)
				if b != nil || !errors.Is(err, durable.ErrNotRegular) {
					t.Errorf("%q, %v", b, err)
				}
				if _, err := os.Lstat(path + ".bad"); err != nil {
					t.Error(err)
				}
				if err := s.Write(payload(111111, 6)); err != nil {
					t.Error(err)
				}
				// While the process runs it is said by the write, and the next one is well.
				if err := errors.Join(os.RemoveAll(path+".bad"), os.Remove(path), make(path)); err != nil {
					t.Fatal(err)
				}
				if err := s.Write(payload(222222, 6)); !errors.Is(err, durable.ErrNotRegular) {
					t.Errorf("written to it: %v", err)
				}
				if err := s.Write(payload(222222, 6)); err != nil {
					t.Error(err)
				}
				if _, b, err := durable.OpenSlots(durable.System, path, checked); number(b) != 222222 || err != nil {
					t.Errorf("%q, %v", b, err)
				}
			})
		})
		t.Run("a pair, "+name, func(t *testing.T) {
			within(t, func() {
				path := filepath.Join(t.TempDir(), "n")
				p, _, _ := durable.OpenPair(durable.System, path, checked)
				for _, n := range []int{111111, 222222} {
					if err := p.Write(payload(n, 6)); err != nil {
						t.Fatal(err)
					}
				}
				if err := errors.Join(os.Remove(path+".0"), make(path+".0")); err != nil {
					t.Fatal(err)
				}
				p, b, err := durable.OpenPair(durable.System, path, checked)
				if number(b) != 111111 || !errors.Is(err, durable.ErrNotRegular) {
					t.Errorf("%q, %v", b, err)
				}
				if _, err := os.Lstat(path + ".0.bad"); err != nil {
					t.Error(err)
				}
				if err := p.Write(payload(333333, 6)); err != nil {
					t.Error(err)
				}
				if _, b, err := durable.OpenPair(durable.System, path, checked); number(b) != 333333 || err != nil {
					t.Errorf("%q, %v", b, err)
				}
			})
		})
	}
}

// within fails a test that hangs.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it hangs")
	}
}

// The system's disk, on a real file system, through a few processes.
func TestOnTheSystemsDisk(t *testing.T) {
	dir := t.TempDir()
	disk := at{durable.System, dir}
	for name, w := range writers {
		for i, n := range []int{0, 111111, 222222, 333333} {
			was, save, err := w.Open(disk)
			if was != n || err != nil {
				t.Errorf("%s: %d, %v", name, was, err)
			}
			if err := save((i + 1) * 111111); err != nil {
				t.Error(err)
			}
		}
		if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
			t.Fatal(err)
		}
	}
	s, _, _ := durable.OpenSlots(durable.System, filepath.Join(dir, "gone", "n"), checked)
	if err := s.Write(payload(111111, 6)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// at has paths stand for those in a folder.
type at struct {
	durable.Disk
	dir string
}

func (a at) in(path string) string { return filepath.Join(a.dir, filepath.Base(path)) }

func (a at) Open(path string, flag int) (durable.File, error) { return a.Disk.Open(a.in(path), flag) }
func (a at) Rename(from, to string) error                     { return a.Disk.Rename(a.in(from), a.in(to)) }
func (a at) Remove(path string) error                         { return a.Disk.Remove(a.in(path)) }
func (a at) SyncDir(string) error                             { return a.Disk.SyncDir(a.dir) }

// What an earlier version kept in its own way is removed once the new is durable,
// and not before.
func TestTheFileThatIsReplacedGoesOnceTheNewOneIsDurable(t *testing.T) {
	for _, fails := range []bool{false, true} {
		disk := durabletest.New(1)
		disk.Put("/old", []byte("111111"))
		if b, err := durable.Read(disk, "/old", 100); string(b) != "111111" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		if _, err := durable.Read(disk, "/old", 5); !errors.Is(err, durable.ErrTooLarge) {
			t.Error(err)
		}
		s, _, _ := durable.OpenSlots(disk, "/n", checked)
		s.Replaces("/old")
		if fails {
			disk.FailAfter(3, syscall.EIO)
		}
		err := s.Write(payload(222222, 6))
		disk.Crash()
		if _, there := disk.Files()["/old"]; there != fails || (err != nil) != fails {
			t.Errorf("fails: %v; the old one is there: %v, %v", fails, there, err)
		}
	}
}

// After Replace, neither copy and nothing behind them holds what was kept before.
func TestWhatIsReplacedIsNowhereInTheFile(t *testing.T) {
	d := durabletest.New(1)
	s, _, err := durable.OpenSlots(d, "/state", checked)
	if err != nil {
		t.Fatal(err)
	}
	old := []byte(strings.Repeat("1: rue du Moulin Gris ", 900))
	for range 3 {
		if err := s.Write(old); err != nil {
			t.Fatal(err)
		}
	}
	whole := func() []byte {
		f, err := d.Open("/state", os.O_RDONLY)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		n, _ := f.Size()
		b := make([]byte, n)
		f.ReadAt(b, 0)
		return b
	}
	if err := s.Write([]byte("2")); err != nil || !bytes.Contains(whole(), []byte("Moulin")) {
		t.Fatalf("%v: this test sees too little: what is written over is gone", err)
	}
	if err := s.Replace([]byte("3")); err != nil || bytes.Contains(whole(), []byte("Moulin")) {
		t.Errorf("%v: it is still there", err)
	}
	if _, b, err := durable.OpenSlots(d, "/state", checked); string(b) != "3" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// What a file held that was replaced is not in the disk's free blocks either.
func TestWhatIsReplacedIsNowhereOnTheDisk(t *testing.T) {
	replaced := func() bool {
		d := durabletest.New(1)
		p, _, err := durable.OpenPair(d, "/table", func([]byte) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"rue du Moulin Gris", "rue du Moulin Gris", "nothing", "nothing"} {
			if err := p.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		d.Put("/table.1.new", []byte("rue du Moulin Gris")) // as a power cut left it
		if err := p.Write([]byte("nothing")); err != nil {
			t.Fatal(err)
		}
		return !bytes.Contains(d.Raw(), []byte("Moulin"))
	}
	if !replaced() {
		t.Error("it is still there")
	}
	defer durable.LeaveFreed()()
	if replaced() {
		t.Error("it is gone though nothing was overwritten: this test sees too little")
	}
}

// Of a file that Undate was at nobody can tell when it was written, and what is in it stays.
func TestUndateTakesTheMomentsAtWhichFilesWereWritten(t *testing.T) {
	dir := t.TempDir()
	aside := "logbook.db.damaged-1"
	for _, name := range []string{"kept.slots", "folder/texts", aside} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "outside")
	if err := errors.Join(os.WriteFile(outside, nil, 0o600), os.Symlink(outside, filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	times := func() (told []string) {
		for _, path := range []string{dir, filepath.Join(dir, "kept.slots"), filepath.Join(dir, "folder"), filepath.Join(dir, "folder/texts"), filepath.Join(dir, aside), outside} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if !info.ModTime().Equal(durable.Undated) {
				told = append(told, filepath.Base(path))
			}
		}
		return told
	}
	undo := durable.LeaveFreed()
	if err := durable.Undate(dir); err != nil || len(times()) != 6 {
		t.Errorf("switched off: %v, %q", err, times())
	}
	undo()
	if err := durable.Undate(dir); err != nil || fmt.Sprint(times()) != "["+aside+" outside]" {
		t.Errorf("%v; these tell when they were written: %q", err, times())
	}
	if b, err := os.ReadFile(filepath.Join(dir, "folder/texts")); err != nil || string(b) != "folder/texts" {
		t.Errorf("%q, %v", b, err)
	}
	if err := durable.Undate(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a folder that is not there is not said")
	}
}
