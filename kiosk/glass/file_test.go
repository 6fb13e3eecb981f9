package glass

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"infobus/durable"
	"infobus/durable/durabletest"
	"infobus/hw"
	"infobus/hw/epaper"
)

// frameOf is a frame that stands for a number. It deflates to 10 kB, as a page does.
func frameOf(n int) []byte {
	b := make([]byte, epaper.FrameSize)
	r := rand.New(rand.NewPCG(uint64(n), 1))
	for i := range 10_000 {
		b[i] = byte(r.Uint32())
	}
	return b
}

var frames = func() map[int][]byte {
	m := map[int][]byte{}
	for n := 111111; n <= 888888; n += 111111 {
		m[n] = frameOf(n)
	}
	return m
}()

// numberOf is the number that a frame stands for; -1 for another frame.
func numberOf(frame []byte) int {
	if frame == nil {
		return 0
	}
	for n, f := range frames {
		if bytes.Equal(frame, f) {
			return n
		}
	}
	return -1
}

// writer replaces the frame on the glass as a refresh does.
var writer = durabletest.Writer{Forgets: true, Open: func(disk durable.Disk) (int, func(int) error, error) {
	f, frame, boot, said := open(disk, "/state")
	n := numberOf(frame)
	if n > 0 && boot != fmt.Sprint(n) {
		n = -1
	}
	return n, func(n int) error {
		if err := f.forget(); err != nil {
			return err
		}
		return f.keep(fmt.Sprint(n), frames[n])
	}, said
}}

func brittle(d *durabletest.Disk) { d.Brittle() }

// Whatever the power and the card do, and when: a frame is there whole, and only
// while no refresh was begun behind it.
func TestTheGlassIsKeptOverPowerCutsAndErrors(t *testing.T) {
	seeds := durabletest.Seeds(1, 40)
	o, err := durabletest.Crashes(writer, seeds, brittle)
	if err != nil {
		t.Error(err)
	}
	d, err := durabletest.Damages(writer, 503/seeds)
	if err != nil {
		t.Error(err)
	}
	o.Damages = d.Damages
	t.Log(o)
}

// Without syncs, or without checksums, the test above must find a loss.
func TestTheTestOfTheGlassFindsALoss(t *testing.T) {
	if _, err := durabletest.Crashes(writer, 1, (*durabletest.Disk).IgnoreSyncs); err == nil {
		t.Error("without syncs nothing was lost")
	}
	defer durable.IgnoreChecksums()()
	if _, err := durabletest.Crashes(writer, 3, brittle); err == nil {
		t.Error("without checksums nothing was lost")
	}
	if _, err := durabletest.Damages(writer, 101); err == nil {
		t.Error("without checksums no damage did any harm")
	}
}

// The file of earlier versions is taken over once, and is away once a refresh is begun.
func TestThePageThatAnEarlierVersionKeptIsTakenOver(t *testing.T) {
	frame := frameOf(1)
	good := append(fmt.Appendf(nil, "one %08x\n", crc32.ChecksumIEEE(frame)), frame...)
	for _, c := range []struct {
		what string
		old  []byte
		want []byte
	}{
		{"as it was written", good, frame},
		{"one bit is another", append(slices.Clone(good[:len(good)-1]), good[len(good)-1]^1), nil},
		{"cut off", good[:100], nil},
		{"larger than any", bytes.Repeat(good, 3), nil},
	} {
		disk := durabletest.New(1)
		disk.Put("/state/glass", c.old)
		f, got, boot, err := open(disk, "/state")
		if !bytes.Equal(got, c.want) || (c.want != nil) != (boot == "one") || (err == nil) != (c.want != nil) {
			t.Errorf("%s: %d bytes of boot %q, %v", c.what, len(got), boot, err)
		}
		if err := f.forget(); err != nil {
			t.Fatal(err)
		}
		disk.Crash()
		if _, there := disk.Files()["/state/glass"]; there {
			t.Errorf("%s: the old one is still there", c.what)
		}
		if _, got, _, err := open(disk, "/state"); got != nil || err != nil {
			t.Errorf("%s: after a refresh was begun %d bytes, %v", c.what, len(got), err)
		}
	}
}

// With one copy damaged nothing is certain; with both there is no picture either.
func TestOfADamagedFileNothingIsCertain(t *testing.T) {
	dir := t.TempDir()
	f, _, _, _ := open(durable.System, dir)
	for range 2 {
		if err := errors.Join(f.forget(), f.keep("one", frameOf(1))); err != nil {
			t.Fatal(err)
		}
	}
	start := func() *Screen { return New(Options{Disk: durable.System, Dir: dir, Boot: "one"}) }
	if !start().Certain() {
		t.Error("of a whole file nothing is certain")
	}
	path := filepath.Join(dir, name)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for slot := range 2 {
		b := slices.Clone(whole)
		b[slot*len(b)/2] ^= 1
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if start().Certain() {
			t.Errorf("slot %d is damaged, and something is certain", slot)
		}
	}
}

// hung is a disk on which nothing is written until it is released.
type hung struct {
	durable.Disk
	released chan struct{}
}

func (h hung) Open(path string, flag int) (durable.File, error) {
	if flag != os.O_RDONLY {
		<-h.released
	}
	return h.Disk.Open(path, flag)
}

// A page is shown, and the panel's part ends, on a card that takes no page.
func TestAPageThatTheCardDoesNotTakeIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := durabletest.New(1)
		card := hung{disk, make(chan struct{})}
		s := New(Options{Disk: card, Dir: "/state", Boot: "one"})
		for range 2 { // the second finds the first still stuck
			begun := time.Now()
			if err := s.keep(patience, frameOf(1)); !errors.Is(err, hw.ErrTimeout) || time.Since(begun) != patience {
				t.Errorf("got %v after %s", err, time.Since(begun))
			}
		}
		close(card.released)
		synctest.Wait()
		// What was left behind has come to its end.
		if _, frame, _, err := open(disk, "/state"); !bytes.Equal(frame, frameOf(1)) || err != nil {
			t.Errorf("%d bytes, %v", len(frame), err)
		}
	})
}

func TestWhatIsNoFileDoesNotHoldUpTheStart(t *testing.T) {
	for _, n := range []string{name, oldName} {
		dir := t.TempDir()
		if err := syscall.Mkfifo(filepath.Join(dir, n), 0o600); err != nil {
			t.Fatal(err)
		}
		if s := New(Options{Disk: durable.System, Dir: dir}); s.Certain() || s.frame != nil {
			t.Errorf("%s: something is known", n)
		}
		if _, err := os.Lstat(filepath.Join(dir, n+".bad")); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	disk := durabletest.New(1)
	file, _, _, _ := open(disk, "/state")
	file.keep("one", make([]byte, epaper.FrameSize))
	f.Add(disk.Files()["/state/"+name][24:200])
	f.Add([]byte("one\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, _, err := parse(b)
		if frame != nil && (len(frame) != epaper.FrameSize || err != nil) || len(b) > 0 && frame == nil && err == nil {
			t.Errorf("%d bytes, %v", len(frame), err)
		}
	})
}
