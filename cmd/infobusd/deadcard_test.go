package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"infobus/hw"
	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/van"
	"infobus/van/kept"
	"infobus/van/kept/kepttest"
)

// hungCard takes no file until it is released.
type hungCard struct {
	kept.Disk
	asked    chan struct{} // a token: somebody wants to write
	released chan struct{}
}

func newHungCard(disk kept.Disk) hungCard {
	return hungCard{Disk: disk, asked: make(chan struct{}, 1), released: make(chan struct{})}
}

func (h hungCard) Create(path string) (kept.File, error) {
	token(h.asked)
	<-h.released
	return h.Disk.Create(path)
}

func TestAKeeperWhoseCardHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := kepttest.New(1)
		card := newHungCard(disk)
		k := newKeeper("/", func(any) {})
		k.disk = card

		// It says so, and asks no more of the card until that came back.
		begun := time.Now()
		k.keep(van.Kept{Glass: "first"})
		if err := k.run(t.Context(), func() {}); !errors.Is(err, hw.ErrTimeout) || time.Since(begun) != stuckAfter {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		// The part ends at once when it is to.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		if err := k.run(ctx, func() {}); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("the part ended %s after it began, with %v; it was stopped after 1s", time.Since(begun), err)
		}
		// What is to be kept at the end is given up in time.
		end, cancel := context.WithTimeout(t.Context(), cardWait)
		defer cancel()
		begun = time.Now()
		k.finish(end, van.Kept{Glass: "second"})
		if took := time.Since(begun); took != cardWait {
			t.Errorf("the end was held up for %s", took)
		}
		// A card that comes back gets the write that was left behind, and then the next.
		close(card.released)
		k.finish(t.Context(), van.Kept{Glass: "third"})
		if got, ok, err := kept.Load(disk, "/"); got.Glass != "third" || !ok || err != nil {
			t.Errorf("kept %+v, %v, %v", got, ok, err)
		}
	})
}

// The whole daemon ends, though the card takes nothing of what must be kept, and
// its last events are durable.
func TestTheEndOnACardThatHangs(t *testing.T) {
	waits(t)
	log, state := &output{}, t.TempDir()
	a, _, err := prepare(flags{sim: models, stateDir: state, listen: "127.0.0.1:0", log: log})
	if err != nil {
		t.Fatal(err)
	}
	card := newHungCard(a.keeper.disk)
	a.keeper.disk = card
	defer func() { // what was left behind comes to its end
		close(card.released)
		a.keeper.finish(t.Context(), van.Kept{})
	}()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { a.run(ctx); close(ended) }()
	wait := func(what string, c <-chan struct{}) {
		t.Helper()
		select {
		case <-c:
		case <-time.After(hangGuard):
			t.Fatalf("waited in vain for %s; it printed: %s", what, log)
		}
	}
	wait("a write to the card", card.asked)
	begun := time.Now()
	stop()
	wait("the end", ended)
	t.Logf("ended %s after the stop; a dead card may take %s of it", time.Since(begun).Round(time.Millisecond), cardWait)

	said := log.String()
	lost, asleep := strings.Index(said, "what must outlive a power cut was not kept"), strings.Index(said, "panel: powered off")
	if lost < 0 || asleep < lost {
		t.Errorf("that something was not kept is to be said, before the end: %s", said)
	}
	if strings.Contains(said, "last events are lost") {
		t.Errorf("the logbook was given up for the other file: %s", said)
	}
	book, err := store.Open(state, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	events, err := book.After(0, 1000)
	if err != nil || !slices.ContainsFunc(events, func(e logbook.Event) bool { return e.Name == logbook.SystemStopping }) {
		t.Errorf("the logbook does not say that it ends: %+v, %v", events, err)
	}
}

// A page is shown, and the panel's part ends, on a card that takes no page.
func TestAPageThatTheCardDoesNotTakeIsGivenUp(t *testing.T) {
	t.Parallel()
	glass := filepath.Join(t.TempDir(), "glass")
	if err := syscall.Mkfifo(glass+".new", 0o600); err != nil { // nobody reads: opening it hangs
		t.Fatal(err)
	}
	s := &screen{file: glassFile(glass), boot: "one"}
	for range 2 { // the second finds the first still stuck
		if err := s.keep(patience, []byte("a page")); !errors.Is(err, hw.ErrTimeout) {
			t.Errorf("got %v", err)
		}
	}
	reader, err := syscall.Open(glass+".new", syscall.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(reader)
	// What was left behind comes to its end.
	hw.Call(t.Context(), &s.card, hangGuard, func() (struct{}, error) { return struct{}{}, nil }, nil)
}
