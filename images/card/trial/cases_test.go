package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"infobus/card"
	"infobus/images/card/cardtest"
)

const mib = 1 << 20

// A damage is done to a copy of a whole card.
type damage func(t *testing.T, file string)

func zero(at, n int64) damage {
	return func(t *testing.T, file string) { put(t, file, at, make([]byte, n)) }
}

// flip inverts a sector.
func flip(at int64) damage {
	return func(t *testing.T, file string) {
		b, err := cardtest.Read(file, at, card.SectorSize)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b {
			b[i] = ^b[i]
		}
		put(t, file, at, b)
	}
}

func both(list ...damage) damage {
	return func(t *testing.T, file string) {
		for _, d := range list {
			d(t, file)
		}
	}
}

// grownInUse has the copy of the data's superblock be as the kernel leaves it where a file
// system grows while it is mounted: with the mark that its journal is to be replayed
// (Documentation/filesystems/ext4/super.rst; the checksum is crc32c without its last
// inversion).
func grownInUse(t *testing.T, file string) {
	const copyAt, group, incompat, recover, sum = 8193 * 1024, 0x5a, 0x60, 4, 0x3fc
	b, err := cardtest.Read(file, data+1024, 1024)
	if err != nil {
		t.Fatal(err)
	}
	b[group], b[incompat] = 1, b[incompat]|recover
	binary.LittleEndian.PutUint32(b[sum:], ^crc32.Checksum(b[:sum], crc32.MakeTable(crc32.Castagnoli)))
	put(t, file, data+copyAt, b)
}

func put(t *testing.T, file string, at int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// cut has the card be of another size.
func cut(size int64) damage {
	return func(t *testing.T, file string) {
		if err := os.Truncate(file, size); err != nil {
			t.Fatal(err)
		}
	}
}

func state(s card.State) damage {
	return func(t *testing.T, file string) { put(t, file, card.Sectors[1]*card.SectorSize, s.Encode()) }
}

// inData does something to the data's file system by debugfs.
func inData(commands ...string) damage {
	return func(t *testing.T, file string) {
		for _, c := range commands {
			debugfs(t, file, c)
		}
	}
}

func debugfs(t *testing.T, file, command string) string {
	t.Helper()
	out, err := exec.Command("debugfs", "-w", "-R", command, fmt.Sprintf("%s?offset=%d", file, data)).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
	return string(out)
}

// unreadable has the card give errors where those bytes are read.
func unreadable(at ...int64) func(*testing.T, string) string {
	return func(*testing.T, string) string {
		var rules strings.Builder
		for _, a := range at {
			fmt.Fprintf(&rules, "[inject-error]\nevent = \"read_aio\"\niotype = \"read\"\nerrno = \"5\"\nsector = \"%d\"\n", a/card.SectorSize)
		}
		return rules.String()
	}
}

// noWrites has the card give an error for each write.
func noWrites(*testing.T, string) string {
	return "[inject-error]\nevent = \"write_aio\"\niotype = \"write\"\nerrno = \"5\"\n"
}

// inDataUnreadable has the card give errors where a block of the data's file system is read:
// the first that debugfs says when it is asked that.
func inDataUnreadable(question string) func(*testing.T, string) string {
	return func(t *testing.T, file string) string {
		t.Helper()
		said := debugfs(t, file, question)
		block, err := strconv.ParseInt(blockSaid.FindStringSubmatch(said)[1], 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", said, err)
		}
		return unreadable(data+block*1024)(t, file)
	}
}

// blockSaid is the number of a block in what debugfs says.
var blockSaid = regexp.MustCompile(`(?m)(?:block |bitmap at |^)(\d+)`)

// wholeBut is what a report of a whole card says, changed.
func wholeBut(change func(*card.Report)) card.Report {
	r := card.Report{Version: 1, Slot: card.A, Why: card.WhyGood, State: card.OneRight, Root: card.RootChecked,
		Data: card.Data{State: card.DataMounted}, Clock: card.StopUnknown, Setting: card.FileFound}
	change(&r)
	return r
}

type row struct {
	name   string // at most 20 letters: it is the disk's serial number
	about  string
	soak   bool // it is tried in soak alone
	damage damage
	fails  func(t *testing.T, file string) (rules string) // what the card gives errors for, as QEMU's blkdebug has it
	disk   disk
	image  string // "first": as it was written; else as it is after its first boot

	want     string // run, give-up, dead
	restarts int
	report   func(*card.Report) // how it differs from a whole card's
	why      string
}

var (
	data   = cardtest.At(card.PartitionData)
	fat    = cardtest.At(card.PartitionFAT)
	rootA  = cardtest.At(6)
	slotB  = func(why card.Why) func(*card.Report) { return func(r *card.Report) { r.Slot, r.Why = card.B, why } }
	badA   = func(r *card.Report) { r.Slot, r.Why, r.Bad, r.State = card.B, card.WhyRoot, "a", card.BothRight }
	memory = func(why card.DataWhy) func(*card.Report) {
		return func(r *card.Report) { r.Data = card.Data{State: card.DataInMemory, Why: why} }
	}
	saved = func(why card.DataWhy) func(*card.Report) {
		return func(r *card.Report) { memory(why)(r); r.Data.Salvaged = 1 }
	}
	onTrial = card.State{Seq: 7, Good: card.A, Try: card.B, Left: 2}
)

func TestEachDamageHasItsVerdict(t *testing.T) {
	p := need(t)
	work := t.TempDir()
	first := filepath.Join(work, "first")
	spec := cardtest.Spec{Size: 128 * mib, Data: 32 * mib, Root: p.root, State: [2]card.State{card.Fresh()},
		Settings: map[string]string{"INFOBUS TXT": "name = Moulin\r\n", "CONFIG  TXT": "arm_64bit=1\n"}}
	if err := cardtest.Make(first, spec); err != nil {
		t.Fatal(err)
	}
	spec.Data = spec.Size - data
	grown := filepath.Join(work, "grown")
	if err := cardtest.Make(grown, spec); err != nil {
		t.Fatal(err)
	}
	one := filepath.Join(work, "one")
	spec.OneSlot = true
	if err := cardtest.Make(one, spec); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(work, "kept")
	if err := os.WriteFile(kept, []byte("kept\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inData("write "+kept+" kept")(t, grown)
	images := map[string]string{"first": first, "one": one, "": grown}

	cards := map[string]disk{}
	rows := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.soak && !soak() })
	for i, r := range rows {
		d := r.disk
		d.file = filepath.Join(work, fmt.Sprintf("card%d", i))
		run(t, exec.Command("cp", "--sparse=always", images[r.image], d.file))
		if r.damage != nil {
			r.damage(t, d.file)
		}
		if r.fails != nil {
			rules := filepath.Join(work, fmt.Sprintf("errors%d", i))
			if err := os.WriteFile(rules, []byte(r.fails(t, d.file)), 0o600); err != nil {
				t.Fatal(err)
			}
			d.file = "blkdebug:" + rules + ":" + d.file
		}
		cards[r.name] = d
	}
	verdicts := boot(t, p, cards)
	for i, r := range rows {
		t.Run(r.about, func(t *testing.T) {
			v := verdicts[r.name]
			if v.word != r.want || v.restarts != r.restarts || v.why != r.why {
				t.Errorf("%s %s after %d restarts, want %s %s after %d", v.word, v.why, v.restarts, r.want, r.why, r.restarts)
			}
			if r.want == "run" {
				want := wholeBut(r.report)
				got := v.report
				got.Seconds, got.Card, got.Data.Bytes, got.Data.Free = 0, 0, 0, 0
				if got != want {
					t.Errorf("it reports\n%+v, want\n%+v", got, want)
				}
			}
			if t.Failed() {
				for _, line := range v.said {
					t.Log(line)
				}
			}
			file := filepath.Join(work, fmt.Sprintf("card%d", i))
			before := filepath.Join(work, "before")
			run(t, exec.Command("cp", "--sparse=always", images[r.image], before))
			if r.damage != nil {
				r.damage(t, before)
			}
			untouched(t, before, file, r)
		})
	}
}

// untouched looks that a boot has written nothing but the data partition, its entry in the
// table and the slot state, and these only where it says so.
func untouched(t *testing.T, before, after string, r row) {
	t.Helper()
	was, err := cardtest.Read(before, 0, data)
	if err != nil {
		return // it has no data at all
	}
	is, err := cardtest.Read(after, 0, data)
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < data; at += card.SectorSize {
		if bytes.Equal(was[at:at+card.SectorSize], is[at:at+card.SectorSize]) {
			continue
		}
		grows := r.report != nil && wholeBut(r.report).Data.Grown
		switch {
		case at == 0 && grows && bytes.Equal(was[:478], is[:478]) && bytes.Equal(was[494:512], is[494:512]):
		case (at == card.Sectors[0]*card.SectorSize || at == card.Sectors[1]*card.SectorSize) && (r.restarts > 0 || r.writes()):
		default:
			t.Errorf("sector %d was written", at/card.SectorSize)
		}
	}
}

// writes says whether a trial is counted.
func (r row) writes() bool {
	return r.report != nil && wholeBut(r.report).Why == card.WhyTrial || r.name == "trial-kernel"
}
