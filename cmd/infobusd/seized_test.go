package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"infobus/durable"
	"infobus/logbook"
	"infobus/private"
	"infobus/van"
	"infobus/wall"
)

// A boot of TestACardThatIsSeizedTellsNothing is a process of its own: filters and what is
// freed are the whole process's, and so is the state directory's lock.
const seizedBoot = "INFOBUS_SEIZED"

// seized is what such a process is told.
type seized struct {
	Dir, State, Found string
	Ahead             time.Duration // of its clock
	Site              string        // of its session; "" for none: then what is old is to go
	Unguarded         bool
}

// seizedSites are yesterday's, in no timetable of today.
var seizedSites = [][2]string{{"ponton9", "Ponton Aigrette"}, {"hangar7", "Hangar du Phare"}, {"lavoir3", "Lavoir Bleu"}}

const seizedTag = "Q71"

func TestSeizedAlone(t *testing.T) {
	var do seized
	if text := os.Getenv(seizedBoot); text == "" {
		return
	} else if err := json.Unmarshal([]byte(text), &do); err != nil {
		t.Fatal(err)
	}
	if do.Unguarded {
		defer private.WithholdNothing()()
		defer durable.LeaveFreed()()
	}
	a, p := inside(t, flags{config: filepath.Join(do.Dir, "infobus.yaml"), stateDir: do.State, keepOld: do.Unguarded})
	a.clock.Shift(do.Ahead)
	a.sampler.least = 0
	a.parts.clock = func(ctx context.Context, observe func(van.ClockSeen)) error {
		observe(van.ClockSeen{Trusted: true, Source: wall.Network})
		<-ctx.Done()
		return ctx.Err()
	}
	end := p.run(a)
	defer func() {
		if t.Failed() {
			t.Log(p.output)
		}
	}()
	act := func(name string, form url.Values) {
		if code, body := p.local("/api/v1/actions/"+name, form); code != http.StatusOK && code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", name, code, body)
		}
	}
	p.becomes("clock.trusted", true)
	p.wait("the timetable", func() bool { return a.loop.State().Timetable != nil })
	if do.Site != "" {
		if err := a.parts.world.Do("generator", "on"); err != nil {
			t.Fatal(err)
		}
		p.becomes("session.active", true)
		act("confirm-site", url.Values{"site": {do.Site}})
		p.becomes("session.site", do.Site)
		act("timetable-cancel", url.Values{"service": {"told"}})
		act("end-session", nil)
		p.becomes("session.active", false)
		if err := a.parts.world.Do("generator", "off"); err != nil {
			t.Fatal(err)
		}
		p.becomes("power.source", "battery")
	}
	var events []logbook.Event
	p.wait("the logs to be sent", func() bool {
		events, _ = a.recorder.After(0, 1<<20)
		return len(events) > 0 && events[len(events)-1].Boot == events[0].Boot && a.recorder.Status().Waiting == 0 &&
			a.clock.Now().Wall.Sub(events[len(events)-1].At) < time.Hour
	})
	if do.Site == "" && !do.Unguarded {
		p.wait("what is old to go", func() bool {
			left, err := a.recorder.After(0, 1<<20)
			return err == nil && !slices.ContainsFunc(left, func(e logbook.Event) bool { return !e.At.IsZero() && a.clock.Now().Wall.Sub(e.At) > time.Hour })
		})
	}
	end()
	text, err := json.Marshal(events)
	if err == nil {
		err = os.WriteFile(do.Found, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// mounted is a new ext4 file system in a file, as the card's data part is made, and
// gives what stands on all of it once it is no longer mounted, and which of the moments
// from one to another the file system itself tells: as an inode's time, and in its journal.
func mounted(t *testing.T) (dir string, raw func(from, to time.Time) (all []byte, inodes, journal []string)) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it mounts a file system; what a card tells that is seized was not looked at")
	}
	if _, err := exec.LookPath("mke2fs"); err != nil {
		t.Fatal("the card needs mke2fs: ./build.sh test installs it")
	}
	base := t.TempDir()
	image, dir := filepath.Join(base, "data.ext4"), filepath.Join(base, "data")
	run := func(name string, arguments ...string) error {
		if out, err := exec.Command(name, arguments...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, out)
		}
		return nil
	}
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = run("mke2fs", "-q", "-t", "ext4", "-J", "size=1", image, "64M")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := run("mount", "-o", "loop,noatime", image, dir); err != nil {
		t.Skipf("no loop device can be mounted here; what a card tells that is seized was not looked at: %v", err)
	}
	t.Cleanup(func() { run("umount", dir) })
	// Each namespace that another test makes meanwhile has the file system mounted too, and
	// keeps it after umount, with its inodes not yet written where they belong.
	held := exec.Command("unshare", "--mount", "--propagation", "unchanged", "sleep", "infinity")
	if err := held.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { held.Process.Kill(); held.Wait() })
	return dir, func(from, to time.Time) (all []byte, inodes, journal []string) {
		t.Helper()
		if err := run("mount", "-o", "remount,ro", dir); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		inodes, journal = fileTimes(t, image, b, from, to)
		const block = 4096
		for ; len(b) >= block; b = b[block:] {
			if len(bytes.Trim(b[:block], "\x00")) > 0 {
				all = append(all, b[:block]...)
			}
		}
		return all, inodes, journal
	}
}

// Of an inode as mke2fs makes them, in bytes: its size, and where the moment stands at
// which the file was made.
const inodeSize, inodeMade = 256, 0x90

// fileTimes are the seconds between from and to that stand in the image of an ext4 file
// system as it writes times: of inodes little endian, of its journal's commits big endian.
// When a file was made is left out: no program can change it (docs/privacy.md).
func fileTimes(t *testing.T, image string, b []byte, from, to time.Time) (inodes, journal []string) {
	t.Helper()
	out, err := exec.Command("debugfs", "-R", "blocks <8>", image).Output()
	if err != nil {
		t.Fatal(err)
	}
	out2, err := exec.Command("dumpe2fs", "-h", image).Output()
	if err != nil {
		t.Fatal(err)
	}
	var size int
	for line := range strings.Lines(string(out2)) {
		if rest, ok := strings.CutPrefix(line, "Block size:"); ok {
			fmt.Sscan(rest, &size)
		}
	}
	of := map[int]bool{} // blocks of the journal
	for text := range strings.FieldsSeq(string(out)) {
		n := 0
		fmt.Sscan(text, &n)
		of[n] = true
	}
	if size == 0 || len(of) < 100 {
		t.Fatalf("blocks of %d bytes, %d of them the journal's", size, len(of))
	}
	first, last := uint32(from.Unix()+1), uint32(to.Unix()-1)
	for at := 0; at+4 <= len(b); at += 4 {
		little, big := binary.LittleEndian.Uint32(b[at:]), binary.BigEndian.Uint32(b[at:])
		if in := of[at/size]; in && (little >= first && little <= last || big >= first && big <= last) {
			journal = append(journal, fmt.Sprintf("block %d at %d", at/size, at%size))
		} else if !in && little >= first && little <= last && at%inodeSize != inodeMade {
			inodes = append(inodes, fmt.Sprintf("block %d, byte %d of an inode: %s", at/size, at%inodeSize, time.Unix(int64(little), 0).Format(time.TimeOnly)))
		}
	}
	return inodes, journal
}

// A card that is seized a day after three sessions at three sites tells neither where nor
// when they were, also in free blocks, nor who was in the timetable: the sites are not in
// today's. Unguarded, it tells all of it.
func TestACardThatIsSeizedTellsNothing(t *testing.T) {
	waits(t)
	t.Parallel()
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	live := func(t *testing.T, unguarded bool) (cards [][]byte, times []time.Time, inodes, journal []string) {
		sampled := 0
		state, raw := mounted(t)
		dir := t.TempDir()
		put := func(name, text string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		// A desk's receiver writes beside the state, which no van does.
		if err := os.Symlink(filepath.Join(dir, "received.jsonl"), filepath.Join(state, "received.jsonl")); err != nil {
			t.Fatal(err)
		}
		yesterday, plan := whole("yaml", seizedTag), "sites:\n"
		for _, s := range seizedSites {
			plan += fmt.Sprintf("  - {id: %s, name: %s}\n", s[0], s[1])
		}
		put("infobus.yaml", "timetable: "+filepath.Join(dir, "timetable.yaml")+"\n")
		put("timetable.yaml", yesterday+plan)
		boot := func(n int, ahead time.Duration, site string) (events []logbook.Event) {
			do := seized{Dir: dir, State: state, Found: filepath.Join(dir, fmt.Sprint("events-", n)), Ahead: ahead, Site: site, Unguarded: unguarded}
			text, err := json.Marshal(do)
			if err != nil {
				t.Fatal(err)
			}
			c := exec.Command(os.Args[0], "-test.run", "^TestSeizedAlone$")
			c.Env = append(os.Environ(), seizedBoot+"="+string(text), "PATH="+built+":"+os.Getenv("PATH"))
			if out, err := c.CombinedOutput(); err != nil {
				t.Fatalf("boot %d: %v: %.3000s", n, err, out)
			}
			if text, err = os.ReadFile(do.Found); err == nil {
				err = json.Unmarshal(text, &events)
			}
			if err != nil {
				t.Fatal(err)
			}
			return events
		}
		begun := time.Now()
		for n, ahead := range []time.Duration{time.Hour, 5 * time.Hour, 9 * time.Hour} {
			if err := os.WriteFile(filepath.Join(state, "only-yesterday"), []byte(fmt.Sprint(n)), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, e := range boot(n, ahead, seizedSites[n][0]) {
				if !e.At.IsZero() {
					times = append(times, e.At)
				}
				if e.Name == logbook.VanSampled {
					sampled++
				}
			}
		}
		over := time.Now()
		if sampled < 3 {
			t.Errorf("only %d samples were taken of the sessions", sampled)
		}
		put("timetable.yaml", strings.ReplaceAll(yesterday, seizedTag, "Q72")+"sites:\n  - {id: today1, name: Quai de ce Jour}\n")
		boot(3, 35*time.Hour, "")
		card, inodes, journal := raw(begun, over)
		return append(unpacked(card), card), times, inodes, journal
	}
	// search gives what is found, and what there is to be found.
	search := func(t *testing.T, unguarded bool) (names, when, found []string) {
		cards, times, inodes, journal := live(t, unguarded)
		if (len(inodes) > 0) != unguarded {
			t.Errorf("when files were written yesterday is told %d times: %q", len(inodes), inodes[:min(10, len(inodes))])
		}
		t.Logf("the file system's journal tells %d times when something was written", len(journal))
		names = append(people(seizedTag), hiddenPlaces(seizedTag)...)
		for _, s := range seizedSites {
			names = append(names, s[0], s[1])
		}
		for _, s := range names {
			for _, form := range inForms(s) {
				if slices.ContainsFunc(cards, func(b []byte) bool { return bytes.Contains(b, form) }) {
					found = append(found, s)
					break
				}
			}
		}
		for _, at := range times {
			seconds := at.UTC().Format("2006-01-02T15:04:05")
			if !slices.Contains(when, seconds) {
				when = append(when, seconds)
			}
			for _, trace := range writtenAs(at) {
				if slices.ContainsFunc(cards, func(b []byte) bool { return bytes.Contains(b, trace) }) && !slices.Contains(found, seconds) {
					found = append(found, seconds)
				}
			}
		}
		return names, when, found
	}
	t.Run("as it is", func(t *testing.T) {
		t.Parallel()
		names, when, found := search(t, false)
		if len(found) > 0 || len(names) != 66 || len(when) < 3 {
			t.Errorf("of %d names and %d moments these are found: %q", len(names), len(when), found)
		}
	})
	t.Run("unguarded", func(t *testing.T) {
		t.Parallel()
		names, when, found := search(t, true)
		for _, s := range slices.Concat(names, when) {
			if !slices.Contains(found, s) {
				t.Errorf("%q is not to be found: that it is not on a guarded card shows nothing", s)
			}
		}
	})
}

// writtenAs are the ways in which a moment may stand on a card: as text, as the digits of
// a number, as an integer of either order, and as a varint.
func writtenAs(at time.Time) (all [][]byte) {
	for _, zone := range []*time.Location{time.UTC, time.Local} {
		all = append(all, []byte(at.In(zone).Format("2006-01-02T15:04:05")), []byte(at.In(zone).Format("2006-01-02 15:04:05")), []byte(at.In(zone).Format("20060102T150405")))
	}
	for _, n := range []int64{at.Unix(), at.UnixMilli(), at.UnixMicro(), at.UnixNano()} {
		all = append(all, fmt.Append(nil, n), binary.BigEndian.AppendUint64(nil, uint64(n))[1:], binary.LittleEndian.AppendUint64(nil, uint64(n))[:7], binary.AppendUvarint(nil, uint64(n)), sqliteVarint(uint64(n)))
	}
	// Of a whole second four bytes: that many stand anywhere by chance once in a thousand cards.
	seconds := uint32(at.Unix())
	return append(all, binary.BigEndian.AppendUint32(nil, seconds), binary.LittleEndian.AppendUint32(nil, seconds))
}

// sqliteVarint is https://sqlite.org/fileformat2.html#varint of a number below 2^56.
func sqliteVarint(n uint64) []byte {
	b := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		b = append([]byte{byte(n&0x7f) | 0x80}, b...)
	}
	return b
}
