package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"infobus/card"
	"infobus/images/card/cardtest"
	"infobus/logbook"
	"infobus/logbook/store"
)

// recorded is a card's first boot, its growth and a session hour, as the writes that the
// card was given.
type recorded struct {
	before string // the card as it was
	writes []cardtest.Write
}

func soak() bool { return os.Getenv("INFOBUS_SOAK") != "" }

// record boots a card for the first time and keeps things on it.
func record(t *testing.T, p parts) recorded {
	t.Helper()
	work := t.TempDir()
	r := recorded{before: filepath.Join(work, "before")}
	spec := cardtest.Spec{Size: 64 * mib, Data: 16 * mib, Root: p.root, State: [2]card.State{card.Fresh()},
		Settings: map[string]string{"INFOBUS TXT": "name = Moulin\n"}}
	if err := cardtest.Make(r.before, spec); err != nil {
		t.Fatal(err)
	}
	after, log := filepath.Join(work, "after"), filepath.Join(work, "log")
	run(t, exec.Command("cp", "--sparse=always", r.before, after))
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.files["/keeper"] = program(t, "keeper")
	rounds := 10
	if soak() {
		rounds = 40
	}
	v := boot(t, p, map[string]disk{"cut": {file: after, log: log, keeper: rounds}})["cut"]
	if v.word != "run" || v.report.Data.State != card.DataMounted || !v.report.Data.Grown {
		t.Fatalf("%+v", v)
	}
	writes, err := cardtest.ReadWrites(log)
	if err != nil {
		t.Fatal(err)
	}
	r.writes = writes
	// The record is whole if it makes of the card before it the card after it.
	whole := open(t, r.before)
	for _, w := range writes {
		apply(t, whole, w)
	}
	made, err := os.ReadFile(whole.Name())
	is, err2 := os.ReadFile(after)
	if err := errors.Join(err, err2); err != nil || !bytes.Equal(made, is) {
		t.Fatalf("the record is not whole: %v", err)
	}
	return r
}

// scratch is a folder that no disk stands behind, where there is one: what is judged is
// copied and checked many times.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "infobus-cut-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// open opens a copy of a card.
func open(t *testing.T, file string) *os.File {
	t.Helper()
	name := filepath.Join(scratch(t), "card")
	run(t, exec.Command("cp", "--sparse=always", file, name))
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func apply(t *testing.T, f *os.File, w cardtest.Write) {
	t.Helper()
	if _, err := f.WriteAt(w.Data, w.At); err != nil {
		t.Fatal(err)
	}
}

// judge looks at a card as a cut has left it, as the next boot would: the slot rules, the
// table, e2fsck, what is kept, the logbook. All that was noted as durable must be there.
func judge(dir, file string, noted cardtest.Noted) error {
	head, err := cardtest.Read(file, 0, cardtest.At(card.PartitionFAT))
	if err != nil {
		return err
	}
	var copies [2][]byte
	for i, at := range card.Sectors {
		copies[i] = head[at*card.SectorSize : (at+1)*card.SectorSize]
	}
	if s, _, _ := card.Read(copies); s != card.Fresh() {
		return fmt.Errorf("the slot state is %+v", s)
	}
	table, err := card.ParseTable(head[:card.SectorSize])
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	want, _, err := table.Data(info.Size()/card.SectorSize, func(int64) bool { return false })
	if err != nil || int64(want.Start)*card.SectorSize != cardtest.At(card.PartitionData) {
		return fmt.Errorf("the data is at %+v, %v", want, err)
	}

	data := filepath.Join(dir, "data")
	if err := exec.Command("dd", "if="+file, "of="+data, "bs=1M", "conv=sparse", "status=none", fmt.Sprintf("skip=%d", cardtest.At(card.PartitionData)/mib)).Run(); err != nil {
		return err
	}
	defer os.Remove(data)
	out, err := exec.Command("e2fsck", "-p", data).CombinedOutput()
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		return err
	}
	if fit, _ := card.AfterCheck(code); !fit {
		return fmt.Errorf("e2fsck ended with %d: %s", code, out)
	}
	kept := filepath.Join(dir, "kept")
	os.RemoveAll(kept)
	if err := os.Mkdir(kept, 0o700); err != nil {
		return err
	}
	if out, err := exec.Command("debugfs", "-R", "rdump / "+kept, data).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	k, err := cardtest.OpenKept(kept)
	if err != nil {
		return err
	}
	if slots, pair := k.Has(); slots < noted.Slots || pair < noted.Pair || k.Said != nil {
		return fmt.Errorf("kept are %d and %d of %+v (said: %v)", slots, pair, noted, k.Said)
	}
	log, err := store.Open(kept, store.Options{Unsafe: true}) // of a copy: it need not last
	if begun := noted.Events > 0; err != nil && (begun || !errors.Is(err, store.ErrDamaged)) {
		// One that was cut while it was made says so; there was nothing in it yet.
		return fmt.Errorf("the logbook: %w", err)
	}
	defer log.Close()
	events, err := log.After(0, 1000)
	if err != nil {
		return err
	}
	n := 0
	for _, e := range events {
		if e.Name == logbook.SystemTested {
			if n++; e.Attributes["checks"] != float64(n) {
				return fmt.Errorf("event %d is %+v", n, e)
			}
		}
	}
	if n < noted.Events {
		return fmt.Errorf("the logbook has %d events of %d", n, noted.Events)
	}
	return nil
}

// prefixes has the power go after the writes, one more each time; at every one of them, or
// after those that end with a sync. lag is by how many of them a card lies: they are lost,
// though it had said that they were durable.
func (r recorded) prefixes(t *testing.T, every bool, most, lag int) (tried int, lost error) {
	t.Helper()
	cuts := []int{}
	for i, w := range r.writes {
		if every || w.Flush || i == len(r.writes)-1 {
			cuts = append(cuts, i)
		}
	}
	step := max(1, (len(cuts)+most-1)/most)
	f, dir := open(t, r.before), scratch(t)
	var noted cardtest.Noted
	done := 0
	for c := step - 1; c < len(cuts); c += step {
		for ; done <= cuts[c]; done++ {
			if w := r.writes[done]; w.At == cardtest.NoteSector*card.SectorSize && len(w.Data) == card.SectorSize {
				noted = cardtest.ParseNote(w.Data)
			}
			if honest := done - lag; honest >= 0 {
				apply(t, f, r.writes[honest])
			}
		}
		tried++
		if err := judge(dir, f.Name(), noted); err != nil {
			return tried, fmt.Errorf("cut after write %d of %d: %w", cuts[c]+1, len(r.writes), err)
		}
	}
	return tried, nil
}

// The first boot, the growth, a settings change and a session hour are written down as
// the card was given them; a card that was cut there is whole, and has all that was
// durable.
func TestACutAnywhereLosesNothingThatWasDurable(t *testing.T) {
	p := need(t)
	r := record(t, p)
	flushes := 0
	for i, w := range r.writes {
		if w.Flush {
			flushes++
		}
		entry := w.At == 0 && len(w.Data) == card.SectorSize
		note := w.At == cardtest.NoteSector*card.SectorSize && len(w.Data) == card.SectorSize
		if len(w.Data) > 0 && w.At < data && !entry && !note {
			t.Errorf("write %d is outside the data: %d bytes at %d", i+1, len(w.Data), w.At)
		}
	}
	most := 24
	if soak() {
		most = len(r.writes)
	}
	tried, err := r.prefixes(t, soak(), most, 0)
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d writes, %d syncs: %d cuts", len(r.writes), flushes, tried)

	// A card that lies about its last writes must be found out.
	if _, err := r.prefixes(t, false, most, 12); err == nil {
		t.Error("a card that lost what it called durable was not found out")
	} else {
		t.Logf("a card that lies: %v", err)
	}
	if !soak() {
		return
	}
	r.booted(t, p, 4, 25)
}

// booted boots cards that were cut, many in each machine.
func (r recorded) booted(t *testing.T, p parts, machines, each int) {
	t.Helper()
	f, done := open(t, r.before), 0
	for m := range machines {
		cards := map[string]disk{}
		for i := range each {
			cut := (m*each + i + 1) * len(r.writes) / (machines * each)
			for ; done < cut; done++ {
				apply(t, f, r.writes[done])
			}
			file := filepath.Join(t.TempDir(), fmt.Sprint("card", cut))
			run(t, exec.Command("cp", "--sparse=always", f.Name(), file))
			cards[fmt.Sprint("cut", cut)] = disk{file: file}
		}
		for name, v := range boot(t, p, cards) {
			if v.word != "run" || v.report.Slot != card.A || v.report.Data.State == card.DataInMemory || v.report.Data.State == card.DataAnew {
				t.Errorf("%s: %s %+v", name, v.word, v.report)
			}
		}
	}
	t.Logf("%d booted", machines*each)
}
