package durabletest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

// A disk after what was done to it and a power cut, many times over: what there
// was of the file "/f", which held "old" for good. Each outcome that is listed
// happens, and no other.
func TestWhatACrashLeaves(t *testing.T) {
	do := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func(t *testing.T, d *Disk, name, text string) *File {
		f, err := d.OpenFile(name, os.O_RDWR|os.O_CREATE)
		do(t, err)
		_, err = f.WriteAt([]byte(text), 0)
		do(t, err)
		return f
	}
	for _, c := range []struct {
		name string
		do   func(t *testing.T, d *Disk)
		left string // of one byte each, "-" for no file
	}{
		{"nothing was done", func(t *testing.T, d *Disk) {}, "old"},
		{"written and synced", func(t *testing.T, d *Disk) { do(t, write(t, d, "/f", "new").Sync()) }, "new"},
		{"written, synced, and written again", func(t *testing.T, d *Disk) {
			f := write(t, d, "/f", "old")
			do(t, f.Sync())
			f.Truncate(0)
		}, "old|"},
		{"a new file, synced, its folder not", func(t *testing.T, d *Disk) {
			do(t, d.Remove("/f"))
			do(t, d.SyncDir("/"))
			do(t, write(t, d, "/f", "new").Sync())
		}, "new|-"},
		{"its folder too", func(t *testing.T, d *Disk) {
			do(t, d.Remove("/f"))
			do(t, write(t, d, "/f", "new").Sync())
			do(t, d.SyncDir("/"))
		}, "new"},
		{"another folder", func(t *testing.T, d *Disk) {
			do(t, d.Remove("/f"))
			do(t, d.SyncDir("/other"))
		}, "old|-"},
		{"renamed to, synced before", func(t *testing.T, d *Disk) {
			do(t, write(t, d, "/g", "new").Sync())
			do(t, d.Rename("/g", "/f"))
		}, "old|new"},
		{"renamed to, not synced before", func(t *testing.T, d *Disk) {
			write(t, d, "/g", "")
			do(t, d.Rename("/g", "/f"))
			do(t, d.SyncDir("/"))
		}, ""},
		{"a sync that failed, and one that did not", func(t *testing.T, d *Disk) {
			f := write(t, d, "/f", "new")
			d.FailAfter(1, syscall.EIO)
			if err := f.Sync(); !errors.Is(err, syscall.EIO) {
				t.Fatal(err)
			}
			do(t, f.Sync())
		}, "old|new"},
		{"a sync that did nothing", func(t *testing.T, d *Disk) {
			d.IgnoreSyncs()
			do(t, write(t, d, "/f", "").Truncate(0))
			do(t, d.SyncDir("/"))
		}, "old|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := map[string]bool{}
			for seed := range uint64(200) {
				d := New(seed)
				d.Put("/f", []byte("old"))
				c.do(t, d)
				d.Crash()
				b, there := d.Files()["/f"]
				if !there {
					b = []byte("-")
				}
				found[string(b)] = true
			}
			for _, want := range strings.Split(c.left, "|") {
				if !found[want] {
					t.Errorf("%q was never left", want)
				}
				delete(found, want)
			}
			if len(found) != 0 {
				t.Errorf("left was also %v", found)
			}
		})
	}
}

// What is written of two sectors may come to the disk in any part, and beside it
// nothing changes, unless the disk is brittle.
func TestAWriteIsTorn(t *testing.T) {
	for _, brittle := range []bool{false, true} {
		old := bytes.Repeat([]byte("o"), 4*Sector)
		kinds := map[string]int{}
		for seed := range uint64(2000) {
			d := New(seed)
			if brittle {
				d.Brittle()
			}
			d.Put("/f", old)
			f, _ := d.OpenFile("/f", os.O_RDWR)
			f.WriteAt(bytes.Repeat([]byte("n"), Sector+100), Sector/2)
			d.Crash()
			b := d.Files()["/f"]
			if !bytes.Equal(b[2*Sector:], old[2*Sector:]) {
				t.Fatal("a sector changed that nobody wrote")
			}
			head := string(b[:Sector/2])
			part := string(b[Sector/2 : Sector])
			switch n := strings.Count(part, "n"); {
			case head != string(old[:Sector/2]):
				kinds["what was not written changed"]++
			case n == len(part):
				kinds["new"]++
			case strings.Count(part, "o") == len(part):
				kinds["old"]++
			case n > 0 && strings.Trim(part, "no") == "":
				kinds["torn"]++
			default:
				kinds["garbage"]++
			}
			if strings.Contains(part, "n") && strings.Count(string(b[Sector:2*Sector]), "n") == 0 {
				kinds["the first sector alone"]++
			}
			if !strings.Contains(part, "n") && strings.Count(string(b[Sector:2*Sector]), "n") == 100+Sector/2 {
				kinds["the second sector alone"]++
			}
		}
		for _, kind := range []string{"new", "old", "torn", "garbage", "the first sector alone", "the second sector alone"} {
			if kinds[kind] == 0 {
				t.Errorf("brittle %v: never %s: %v", brittle, kind, kinds)
			}
		}
		if brittle != (kinds["what was not written changed"] > 0) {
			t.Errorf("brittle %v: %v", brittle, kinds)
		}
	}
}

func TestAnErrorIsGivenOnceAndAPowerCutUntilTheCrash(t *testing.T) {
	d := New(1)
	d.FailAfter(2, syscall.ENOSPC)
	f, err := d.OpenFile("/f", os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("text"), 0); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if _, err := f.WriteAt([]byte("text"), 0); err != nil {
		t.Error(err)
	}
	d.CutAfter(1)
	for range 2 {
		if err := f.Sync(); !errors.Is(err, ErrDead) {
			t.Error(err)
		}
	}
	d.Crash()
	if _, err := f.Size(); !errors.Is(err, ErrDead) {
		t.Errorf("a file that was open: %v", err)
	}
	if _, err := d.OpenFile("/g", os.O_RDONLY); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
