package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"infobus/durable"
	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/van"
	"infobus/van/kept"
)

// hungCard has nothing written to it until it is released.
type hungCard struct {
	durable.Disk
	asked    chan struct{} // a token: somebody wants to write
	released chan struct{}
}

func newHungCard(disk durable.Disk) hungCard {
	return hungCard{Disk: disk, asked: make(chan struct{}, 1), released: make(chan struct{})}
}

func (h hungCard) Open(path string, flag int) (durable.File, error) {
	if flag != os.O_RDONLY {
		token(h.asked)
		<-h.released
	}
	return h.Disk.Open(path, flag)
}

// The whole daemon ends, though the card takes nothing of what must be kept, and
// its last events are durable.
func TestTheEndOnACardThatHangs(t *testing.T) {
	waits(t)
	state := t.TempDir()
	a, p := inside(t, flags{stateDir: state})
	card := newHungCard(a.keeper.Disk)
	a.keeper.Disk = card
	defer func() { // what was left behind comes to its end
		close(card.released)
		a.keeper.Finish(t.Context(), van.Kept{})
	}()
	end := p.run(a)
	select {
	case <-card.asked:
	case <-time.After(hangGuard):
		t.Fatalf("waited in vain for a write to the card; it printed: %s", p.output)
	}
	begun := time.Now()
	end()
	t.Logf("ended %s after the stop; a dead card may take %s of it", time.Since(begun).Round(time.Millisecond), cardWait)

	said := p.output.String()
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

// The daemon starts, whatever has the name of a file in which it keeps something,
// says so, and keeps it from then on.
func TestWhatStandsInTheStateDirectoryHoldsUpNoStart(t *testing.T) {
	waits(t)
	for what, make := range map[string]func(path string) error{
		"a FIFO":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"null":     func(path string) error { return os.WriteFile(path, []byte("null"), 0o600) },
	} {
		for _, name := range []string{kept.Name, "kept.json"} {
			state := t.TempDir()
			if err := make(filepath.Join(state, name)); err != nil {
				t.Fatal(err)
			}
			p := start(t, state, nil, "--sim")
			p.device("kept", "ok")
			if e := p.has(logbook.DeviceFailed); e.Attributes["device"] != "kept" {
				t.Errorf("%s as %s: what failed is %v", what, name, e.Attributes)
			}
			if _, err := os.Lstat(filepath.Join(state, name+".bad")); err != nil {
				t.Error(err)
			}
			p.kill()
			if _, _, restored, err := kept.Open(durable.System, state); !restored || err != nil {
				t.Errorf("%s as %s: %v, %v", what, name, restored, err)
			}
		}
	}
}
