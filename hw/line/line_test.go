package line_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"infobus/hw"
	"infobus/hw/line"
	"infobus/hw/line/linetest"
)

const debounce = 50 * time.Millisecond

var (
	generator = line.Config{Name: "generator-1", Line: "GPIO27", ActiveLow: true, PullUp: true, Debounce: debounce}
	raw       = line.Config{Name: "generator-2", Line: "GPIO22"}
)

// watch is a Watch under way in a synctest bubble, with what was seen so far.
type watch struct {
	mu     sync.Mutex
	seen   []line.Seen
	cancel context.CancelFunc
	err    error
	ended  chan struct{}
}

func (w *watch) observe(s line.Seen) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, s)
}

// take gives what was seen since the last take, once nothing moves any more.
func (w *watch) take() []line.Seen {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.seen
	w.seen = nil
	return s
}

func (w *watch) stop(t *testing.T) error {
	t.Helper()
	w.cancel()
	<-w.ended
	return w.err
}

func start(t *testing.T, watcher *line.Watcher) *watch {
	ctx, cancel := context.WithCancel(t.Context())
	w := &watch{cancel: cancel, ended: make(chan struct{})}
	go func() {
		w.err = watcher.Watch(ctx, w.observe)
		close(w.ended)
	}()
	return w
}

// bubble runs f in fake time, with a chip whose clock is that time.
func bubble(t *testing.T, f func(t *testing.T, chip *linetest.Chip, now func() time.Duration)) {
	synctest.Test(t, func(t *testing.T) {
		zero := time.Now().Add(-time.Hour)
		now := func() time.Duration { return time.Since(zero) }
		f(t, linetest.New([]string{"GPIO22", "GPIO27"}, linetest.WithClock(now)), now)
	})
}

func want(t *testing.T, got []line.Seen, want ...line.Seen) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("seen\n%v, want\n%v", got, want)
	}
}

func TestLevelsAreSeenAtStartAndAgainEveryTenSeconds(t *testing.T) {
	bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
		chip.Drive("GPIO27", false) // active
		w := start(t, line.New(chip, generator, raw))
		want(t, w.take(), line.Seen{Name: "generator-1", Active: true, At: time.Hour},
			line.Seen{Name: "generator-2", At: time.Hour})
		time.Sleep(line.RereadEvery)
		want(t, w.take(), line.Seen{Name: "generator-1", Active: true, At: time.Hour + line.RereadEvery},
			line.Seen{Name: "generator-2", At: time.Hour + line.RereadEvery})
		if err := w.stop(t); !errors.Is(err, context.Canceled) {
			t.Fatalf("Watch gave %v", err)
		}
		if chip.Watched("GPIO27") {
			t.Fatal("the lines were not given back")
		}
	})
}

func TestAnUndrivenLineFollowsItsBias(t *testing.T) {
	bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
		w := start(t, line.New(chip, generator, raw))
		got := w.take()
		if got[0].Active || got[1].Active {
			t.Fatalf("pulled up and active low, or low and active high: both must be inactive, got %v", got)
		}
		chip.Drive("GPIO27", false)
		time.Sleep(time.Second)
		chip.Release("GPIO27")
		time.Sleep(time.Second)
		if got := w.take(); len(got) != 2 || !got[0].Active || got[1].Active {
			t.Fatalf("driven low and released: got %v", got)
		}
		w.stop(t)
	})
}

func TestABounceIsOneEdgeStampedAtTheEndOfThePeriod(t *testing.T) {
	bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
		w := start(t, line.New(chip, generator))
		w.take()
		for i := range 5 { // ends low
			chip.Drive("GPIO27", i%2 == 1)
			time.Sleep(debounce / 2)
		}
		last := now() - debounce/2
		time.Sleep(time.Second)
		want(t, w.take(), line.Seen{Name: "generator-1", Active: true, At: last + debounce, Edge: true})

		chip.Drive("GPIO27", true) // a glitch, shorter than the period
		time.Sleep(debounce - 1)
		chip.Drive("GPIO27", false)
		time.Sleep(time.Second)
		want(t, w.take())
		w.stop(t)
	})
}

func TestEdgesKeepOrderAndTheKernelsStamps(t *testing.T) {
	bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
		w := start(t, line.New(chip, generator, raw))
		w.take()
		time.Sleep(time.Second)
		chip.HoldUp(true) // delivered late
		var expect []line.Seen
		for i := range 20 {
			at := now() - time.Millisecond + time.Duration(i)
			chip.DriveAt("GPIO22", i%2 == 0, at)
			expect = append(expect, line.Seen{Name: "generator-2", Active: i%2 == 0, At: at, Edge: true})
		}
		time.Sleep(time.Second)
		chip.HoldUp(false)
		want(t, w.take(), expect...)
		w.stop(t)
	})
}

// A re-read that comes between the change and its edge must neither report the
// change (the edge has the better time) nor report it twice.
func TestAnEdgeThatIsLateIsReportedOnceAndWithItsOwnTime(t *testing.T) {
	bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
		w := start(t, line.New(chip, raw))
		w.take()
		time.Sleep(line.RereadEvery - time.Millisecond)
		chip.HoldUp(true)
		chip.Drive("GPIO22", true)
		edge := now()
		time.Sleep(10 * time.Millisecond) // the re-read is in between
		want(t, w.take())
		chip.HoldUp(false)
		want(t, w.take(), line.Seen{Name: "generator-2", Active: true, At: edge, Edge: true})
		time.Sleep(time.Second)
		want(t, w.take()[:1], line.Seen{Name: "generator-2", Active: true, At: edge + time.Millisecond + 100*time.Millisecond})
		w.stop(t)
	})
}

func TestAnEdgeForAStateAlreadyReadIsNoSecondChange(t *testing.T) {
	bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
		w := start(t, line.New(chip, raw))
		w.take()
		time.Sleep(line.RereadEvery - time.Millisecond)
		chip.HoldUp(true)
		chip.Drive("GPIO22", true)
		read := now() + time.Millisecond
		time.Sleep(time.Second) // longer than any edge takes: believed, from the first reading
		want(t, w.take(), line.Seen{Name: "generator-2", Active: true, At: read})
		chip.HoldUp(false)
		want(t, w.take())
		chip.Drive("GPIO22", false)
		want(t, w.take(), line.Seen{Name: "generator-2", Active: false, At: now(), Edge: true})
		w.stop(t)
	})
}

func TestALevelInDoubtIsForgottenWhenAnEdgeComes(t *testing.T) {
	bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
		w := start(t, line.New(chip, raw))
		w.take()
		time.Sleep(line.RereadEvery - time.Millisecond)
		chip.HoldUp(true)
		chip.Drive("GPIO22", true)
		time.Sleep(10 * time.Millisecond) // read, and in doubt
		chip.HoldUp(false)
		time.Sleep(10 * time.Millisecond)
		chip.Drive("GPIO22", false)
		if got := w.take(); len(got) != 2 {
			t.Fatalf("seen %v, want two edges", got)
		}
		chip.HoldUp(true)
		chip.Drive("GPIO22", true)
		third := now()
		time.Sleep(100 * time.Millisecond) // read again: in doubt anew, for the edge is new
		chip.HoldUp(false)
		want(t, w.take(), line.Seen{Name: "generator-2", Active: true, At: third, Edge: true})
		w.stop(t)
	})
}

func TestEdgesBeforeTheFirstLevelsAreNotSeen(t *testing.T) {
	bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
		w := start(t, line.New(busyStart{chip}, raw))
		time.Sleep(time.Second)
		want(t, w.take(), line.Seen{Name: "generator-2", At: time.Hour + time.Millisecond})
		w.stop(t)
	})
}

// busyStart has a pulse just after its lines were requested.
type busyStart struct{ *linetest.Chip }

func (c busyStart) Inputs(l []line.Config, edge func(line.Edge), gone func(error)) (line.Inputs, error) {
	in, err := c.Chip.Inputs(l, edge, gone)
	c.Drive("GPIO22", true)
	c.Drive("GPIO22", false)
	time.Sleep(time.Millisecond)
	return in, err
}

func TestEdgesLostAreFoundThroughTheirNumbers(t *testing.T) {
	bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
		w := start(t, line.New(chip, generator, raw))
		w.take()
		time.Sleep(time.Second)
		chip.HoldUp(true)
		chip.Drive("GPIO27", false) // its only edge will be pushed out
		time.Sleep(2 * debounce)
		for i := range 64 { // the buffer holds 32
			chip.Drive("GPIO22", i%2 == 0)
		}
		resume := now()
		chip.HoldUp(false)
		time.Sleep(time.Second)
		var generator1 []line.Seen
		changes := 0
		for _, s := range w.take() {
			if s.Name == "generator-1" {
				generator1 = append(generator1, s)
			} else if s.Edge {
				changes++
			}
		}
		want(t, generator1, line.Seen{Name: "generator-1", Active: true, At: resume})
		if changes != 32 {
			t.Fatalf("%d edges came through a buffer of 32", changes)
		}
		w.stop(t)
	})
}

func TestAChipThatGoesEndsTheWatchAndServesAgainWhenItIsBack(t *testing.T) {
	bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
		watcher := line.New(chip, generator)
		w := start(t, watcher)
		w.take()
		chip.SetFault(linetest.Absent)
		<-w.ended
		if !errors.Is(w.err, hw.ErrAbsent) {
			t.Fatalf("Watch of a chip that went gave %v", w.err)
		}
		if err := watcher.Watch(t.Context(), w.observe); !errors.Is(err, hw.ErrAbsent) {
			t.Fatalf("Watch of a chip that is not there gave %v", err)
		}
		chip.SetFault(linetest.OK)
		w = start(t, watcher)
		if got := w.take(); len(got) != 1 {
			t.Fatalf("after it came back: seen %v", got)
		}
		w.stop(t)
	})
}

func TestAChipThatHangsIsATimeoutAndLeavesOneCallBehind(t *testing.T) {
	bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
		counted := &counter{Chip: chip}
		watcher := line.New(counted, generator)
		w := start(t, watcher)
		w.take()
		chip.SetFault(linetest.Stuck)
		<-w.ended
		if !errors.Is(w.err, hw.ErrTimeout) {
			t.Fatalf("Watch of a chip that hangs gave %v", w.err)
		}
		for range 5 {
			if err := watcher.Watch(t.Context(), w.observe); !errors.Is(err, hw.ErrTimeout) {
				t.Fatalf("another Watch gave %v", err)
			}
		}
		if counted.requests != 1 {
			t.Fatalf("%d requests to a chip that hangs, want only the one before", counted.requests)
		}
		chip.SetFault(linetest.OK)
		synctest.Wait()
		if chip.Watched("GPIO27") {
			t.Fatal("the lines were not given back when the chip answered again")
		}
		w = start(t, watcher)
		if got := w.take(); len(got) != 1 {
			t.Fatalf("after it answered again: seen %v", got)
		}
		w.stop(t)
	})
}

type counter struct {
	*linetest.Chip
	requests int
}

func (c *counter) Inputs(l []line.Config, edge func(line.Edge), gone func(error)) (line.Inputs, error) {
	c.requests++
	return c.Chip.Inputs(l, edge, gone)
}

func TestALineThatIsNotThereIsNamed(t *testing.T) {
	chip := linetest.New([]string{"GPIO22"})
	err := line.New(chip, generator).Watch(t.Context(), nil)
	if !errors.Is(err, hw.ErrAbsent) || !strings.Contains(err.Error(), "generator-1") {
		t.Fatalf("got %v", err)
	}
}

// The kernel's own chips: this machine may have some, but none of that name.
func TestAChipThatIsNotThereIsNamed(t *testing.T) {
	err := line.New(line.Find("no-such-chip"), generator).Watch(t.Context(), nil)
	if !errors.Is(err, hw.ErrAbsent) || !strings.Contains(err.Error(), "no-such-chip") {
		t.Fatalf("got %v", err)
	}
	if _, _, err := line.Locate("/dev/no-such-chip", "0"); !errors.Is(err, hw.ErrAbsent) {
		t.Fatalf("Locate gave %v", err)
	}
}

// Whatever is driven, and however edges are delayed and lost: the edges of a
// line alternate, times of edges do not go back, and the last that is seen is
// the level that is there.
func TestWhatIsSeenEndsAtTheTruth(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{
			"low", "high", "release", "hold", "go", "1ms", "30ms", "60ms", "10s", "burst"}), 1, 60).Draw(rt, "steps")
		var failure string
		bubble(t, func(t *testing.T, chip *linetest.Chip, now func() time.Duration) {
			w := start(t, line.New(chip, generator, raw))
			for i, s := range steps {
				name := []string{"GPIO22", "GPIO27"}[i%2]
				switch s {
				case "low", "high":
					chip.Drive(name, s == "high")
				case "release":
					chip.Release(name)
				case "hold", "go":
					chip.HoldUp(s == "hold")
				case "burst":
					for j := range 40 {
						chip.Drive(name, j%2 == 0)
					}
				default:
					d, _ := time.ParseDuration(s)
					time.Sleep(d)
				}
			}
			chip.HoldUp(false)
			time.Sleep(2 * line.RereadEvery)
			last, known := map[string]line.Seen{}, map[string]bool{}
			for _, s := range w.take() {
				if s.Edge {
					if !known[s.Name] || last[s.Name].Active == s.Active {
						failure = fmt.Sprintf("edge %v after %v", s, last[s.Name])
					}
				}
				last[s.Name], known[s.Name] = s, true
			}
			w.stop(t)
			// What a new watch reads is the truth.
			truth := start(t, line.New(chip, generator, raw))
			for _, s := range truth.take() {
				if last[s.Name].Active != s.Active {
					failure = fmt.Sprintf("last seen %v, but it is %v", last[s.Name], s)
				}
			}
			truth.stop(t)
		})
		if failure != "" {
			rt.Fatal(failure)
		}
	})
}
