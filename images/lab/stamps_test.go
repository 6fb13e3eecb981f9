package lab_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"infobus/hw/line"
	"infobus/images/lab"
	"infobus/logbook"
)

// When a generator started is when the kernel saw it, not when the daemon got
// round to it: the daemon is halted while its generator starts and stops, and
// a second program, on other lines of the same chip, witnesses what the kernel
// stamped before and after each change.
func TestEventsBearTheKernelsTime(t *testing.T) {
	const generator, halt, marker, changes = 1, 5, 6, 12
	// The marker's debounce is twice the generator's: its edge comes later.
	lines, err := json.Marshal([]line.Config{
		{Name: "halt", Line: "5", Debounce: debounce},
		{Name: "marker", Line: "6", Debounce: 2 * debounce},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := daemon(t)
	o.Files["/halt"] = build(t, "infobus/images/lab/halt")
	o.Programs = append(o.Programs, lab.Program{Name: "halt", Command: []string{"/halt", lab.Chip, string(lines), "infobusd"}})
	c := boot(t, o)

	// next is the next change of the generator, or the next edge that was
	// witnessed, whichever comes first.
	var seq uint64
	next := func() (logbook.Event, line.Seen) {
		t.Helper()
		for l := range c.m.Lines() {
			c.log = append(c.log, l)
			name, said, _ := strings.Cut(l, ": ")
			switch name {
			case "event":
				var e logbook.Event
				if json.Unmarshal([]byte(said), &e) != nil || e.Seq <= seq {
					continue // a complaint, or one that was said before
				}
				seq = e.Seq
				if e.Name == logbook.GeneratorStarted || e.Name == logbook.GeneratorStopped {
					return e, line.Seen{}
				}
			case "halt":
				var s line.Seen
				if err := json.Unmarshal([]byte(said), &s); err != nil {
					t.Fatalf("halt said %q", said)
				}
				return logbook.Event{}, s
			}
		}
		t.Fatal("the machine ended")
		return logbook.Event{}, line.Seen{}
	}
	witness := func(offset int, to bool) time.Duration {
		t.Helper()
		c.drive(offset, to)
		e, s := next()
		if e.Name != "" || s.Active != to {
			t.Fatalf("event %+v, witnessed %+v; waited for line %d to become %v", e, s, offset, to)
		}
		return s.At
	}

	c.drive(generator, true)
	if e, s := next(); e.Name != logbook.GeneratorStarted {
		t.Fatalf("event %+v, witnessed %+v; waited for the generator to start", e, s)
	}

	// seen[k] and seen[k+1] are before and after change k.
	seen := []time.Duration{witness(halt, true)}
	for k := range changes {
		c.drive(generator, k%2 == 1)
		seen = append(seen, witness(marker, k%2 == 0))
	}
	c.drive(halt, false)

	released := time.Duration(0)
	for k := 0; k < changes || released == 0; {
		e, s := next()
		if e.Name == "" {
			released = s.At
			continue
		}
		want := logbook.GeneratorStopped
		if k%2 == 1 {
			want = logbook.GeneratorStarted
		}
		if e.Name != want {
			t.Fatalf("change %d: %+v, want %s", k, e, want)
		}
		if e.Mono <= seen[k] || e.Mono >= seen[k+1] {
			t.Errorf("change %d is said to have been at %v; the kernel saw it between %v and %v", k, e.Mono, seen[k], seen[k+1])
		}
		k++
	}
	if last := seen[changes]; released <= last {
		t.Fatalf("halted until %v, and saw a change at %v", released, last)
	}
}
