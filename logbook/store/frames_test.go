package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"infobus/durable"
	"infobus/logbook"
	"infobus/logbook/store/storetest"
)

const walPage = walFrame + 4096 // bytes

// fourCommits are the files of a logbook of which nothing was copied from the write-ahead
// log yet: four commits of three events, of which the first event was acknowledged.
func fourCommits(t *testing.T) (log string, files map[string][]byte) {
	t.Helper()
	s, disk := opened(t, nil, "")
	for i := range 4 {
		if _, err := s.Append([]logbook.Event{event(3*i + 1), event(3*i + 2), event(3*i + 3)}); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := s.Acknowledge(1); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s.Status().Log, disk.Files()
}

// hitNewestMark flips a bit in the newer copy of the mark.
func hitNewestMark(files map[string][]byte) {
	b := files[shelfDir+"/"+MarkFile]
	at := bytes.Index(b, []byte(`"seq":12`))
	b[at+1] ^= 1
}

// A mark that was hit may have been of more than the one before it tells.
func TestWhatOnlyADamagedMarkToldOfIsSent(t *testing.T) {
	wal := shelfDir + "/" + File + "-wal"
	record := func(b []byte, n int) int { // where the only copy of an event's JSON stands
		at := bytes.Index(b, fmt.Appendf(nil, `"generator":%d}`, n))
		if at < 0 || bytes.Contains(b[at+1:], fmt.Appendf(nil, `"generator":%d}`, n)) {
			t.Fatalf("not one copy of event %d", n)
		}
		return at
	}
	for _, c := range []struct {
		name    string
		hit     func(b []byte) // in the write-ahead log
		missing []int
		same    bool
	}{
		{"with the mark alone nothing is lost, and the log goes on", func([]byte) {}, nil, true},
		{"an earlier commit is hit", func(b []byte) { b[walHeader+walPage+walFrame+8] ^= 1 }, nil, false},
		{"the last commit is hit beside its events", func(b []byte) { b[walHeader+3*walPage+walFrame+2000] ^= 1 }, nil, false},
		{"the head of its frame is hit", func(b []byte) { b[walHeader+3*walPage+9] ^= 1 }, nil, false},
		{"the log's head is hit", func(b []byte) { b[20] ^= 1 }, nil, false},
		{"its first event is hit", func(b []byte) { b[record(b, 10)+2] ^= 1 }, []int{10}, false},
		{"its last event is hit", func(b []byte) { b[record(b, 12)+2] ^= 1 }, []int{12}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			log, files := fourCommits(t)
			hitNewestMark(files)
			c.hit(files[wal])
			s, _ := opened(t, files, "")
			if same := s.Status().Log == log; same != c.same {
				t.Errorf("it goes on with the same log: %v", same)
			}
			waiting, more := identities(t, s, 15)
			for n := 2; n <= 12; n++ {
				if id := fmt.Sprint(log, "/", n); waiting[id] == slices.Contains(c.missing, n) {
					t.Errorf("%s waits: %v", id, waiting[id])
				}
			}
			for id := range more {
				if waiting[id] || strings.HasPrefix(id, log) && !c.same {
					t.Errorf("%s is given again", id)
				}
			}
			// Of the last event of all nothing tells once it is gone.
			if lost := s.Status().Lost; lost != uint64(len(c.missing)) && !slices.Contains(c.missing, 12) {
				t.Errorf("%d are said to be lost, and %d are", lost, len(c.missing))
			}
		})
	}
}

// A logbook was being set aside, which the newer mark alone said: its write-ahead log has a
// new name already.
func TestALogbookThatWasHalfSetAsideIsReadWithoutItsMark(t *testing.T) {
	log, files := fourCommits(t)
	path := shelfDir + "/" + File
	files[path+fmt.Sprintf(suffixAside, 1)+"-wal"] = files[path+"-wal"]
	delete(files, path+"-wal")
	hitNewestMark(files)
	s, _ := opened(t, files, "")
	waiting, _ := identities(t, s, 0)
	for n := 2; n <= 12; n++ {
		if id := fmt.Sprint(log, "/", n); !waiting[id] {
			t.Errorf("%s does not wait", id)
		}
	}
	if s.Status().Lost != 0 {
		t.Errorf("%d are said to be lost", s.Status().Lost)
	}
}

// What a cut commit left is overwritten before the next mark: beside one that a second cut
// tears it would be taken for damage.
func TestWhatACutCommitLeavesIsOverwritten(t *testing.T) {
	wal := shelfDir + "/" + File + "-wal"
	log, files := fourCommits(t)
	end := walHeader + 4*walPage
	files[wal] = slices.Concat(files[wal][:end], files[wal][end-walPage:end-100], files[wal][end+walPage-100:])
	if _, clean, err := walEnd(put(t, files), wal); clean || err != nil {
		t.Fatalf("%v, %v", clean, err)
	}
	s, disk := opened(t, files, "")
	if at, clean, err := walEnd(disk, wal); at != int64(end) || !clean || err != nil {
		t.Errorf("it ends at %d, want %d; clean %v, %v", at, end, clean, err)
	}
	if list, err := s.After(0, 100); len(list) != 12 || err != nil || s.Status().Log != log {
		t.Errorf("%d events, %v", len(list), err)
	}
}

// The same of a commit for which there was no space.
func TestWhatAFailedCommitLeavesIsOverwritten(t *testing.T) {
	_, files := fourCommits(t)
	failed := 0
	for n := 1; n <= 12; n++ {
		s, disk := opened(t, files, "")
		disk.FailAfter(n, syscall.ENOSPC)
		if _, err := s.Append(slices.Repeat([]logbook.Event{event(1)}, 60)); err == nil || errors.Is(err, ErrUnmarked) {
			continue
		}
		failed++
		// Where the sync failed, the commit is there.
		if _, clean, err := walEnd(disk, shelfDir+"/"+File+"-wal"); !clean || err != nil {
			t.Errorf("write %d: clean %v, %v", n, clean, err)
		}
		if stored, err := s.Append([]logbook.Event{event(2)}); err != nil || stored[0].Seq != 13 {
			t.Errorf("write %d: then %+v, %v", n, stored, err)
		}
	}
	if failed < 3 {
		t.Errorf("only %d commits failed", failed)
	}
}

func put(t *testing.T, files map[string][]byte) durable.Disk {
	disk := storetest.New(1)
	t.Cleanup(disk.Close)
	for name, b := range files {
		disk.Put(name, b)
	}
	return disk
}

func TestWhereAWriteAheadLogEnds(t *testing.T) {
	_, files := fourCommits(t)
	log := files[shelfDir+"/"+File+"-wal"]
	frame := func(b []byte, n int) []byte { return b[walHeader+n*walPage:][:walPage] }
	for _, c := range []struct {
		name   string
		change func(b []byte) []byte
		frames int // below 0: no log
		clean  bool
	}{
		{"as it is", func(b []byte) []byte { return b }, 4, true},
		{"cut off behind its last frame", func(b []byte) []byte { return b[:walHeader+4*walPage] }, 4, true},
		{"cut off in it", func(b []byte) []byte { return b[:walHeader+4*walPage-1] }, 3, false},
		{"empty", func([]byte) []byte { return nil }, -1, true},
		{"zeros", func(b []byte) []byte { clear(b); return b }, -1, true},
		{"without a head", func(b []byte) []byte { clear(b[:walHeader]); return b }, -1, false},
		{"a head that is hit", func(b []byte) []byte { b[13] ^= 2; return b }, -1, false},
		{"its third frame is hit", func(b []byte) []byte { frame(b, 2)[700] ^= 2; return b }, 2, false},
		{"a salt of its third frame is hit", func(b []byte) []byte { frame(b, 2)[15] ^= 2; return b }, 2, false},
		{"the head of its third frame is gone", func(b []byte) []byte { clear(frame(b, 2)[:walFrame]); return b }, 2, false},
		{"its third frame is gone, and not what is behind it", func(b []byte) []byte { clear(frame(b, 2)); return b }, 2, false},
		{"a frame that does not end a commit", func(b []byte) []byte { return reframed(b, 3, 0) }, 3, false},
		{"behind it stands what an older log has left", func(b []byte) []byte {
			f := frame(b, 3)
			f[11]-- // its first salt
			f[12] ^= 0x55
			return b
		}, 3, true},
		{"behind it stands what nobody wrote", func(b []byte) []byte {
			f := frame(b, 4)
			for i := range f {
				f[i] = byte(i * 7)
			}
			return b
		}, 4, false},
	} {
		disk := put(t, map[string][]byte{"/wal": c.change(bytes.Clone(log))})
		end, clean, err := walEnd(disk, "/wal")
		want := int64(walHeader + c.frames*walPage)
		if c.frames < 0 {
			want = 0
		}
		if end != want || clean != c.clean || err != nil {
			t.Errorf("%s: it ends at %d, want %d; clean %v, want %v; %v", c.name, end, want, clean, c.clean, err)
		}
		if err := walClean(disk, "/wal"); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if again, clean, err := walEnd(disk, "/wal"); again != want || !clean || err != nil {
			t.Errorf("%s, cleaned: it ends at %d, want %d; clean %v, %v", c.name, again, want, clean, err)
		}
	}
	if end, clean, err := walEnd(put(t, nil), "/wal"); end != 0 || !clean || err != nil {
		t.Errorf("none: %d, %v, %v", end, clean, err)
	}
}

// reframed has a frame say that the database has so many pages: 0 does not end a commit.
func reframed(b []byte, n int, pages uint32) []byte {
	sum := walSum{}.add(b[:24])
	for i := range n {
		f := b[walHeader+i*walPage:]
		sum = sum.add(f[:8]).add(f[walFrame:walPage])
	}
	f := b[walHeader+n*walPage:]
	binary.BigEndian.PutUint32(f[4:], pages)
	sum = sum.add(f[:8]).add(f[walFrame:walPage])
	binary.BigEndian.PutUint32(f[16:], sum[0])
	binary.BigEndian.PutUint32(f[20:], sum[1])
	return b
}
