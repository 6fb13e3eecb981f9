package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/samples"
	"infobus/van"
)

// A quarter of an hour waits for something else that is written: at rest for three hours at
// most; what is told of a session is recorded at its begin and its end; what is under way
// when the box is switched off is recorded if it has lasted for a minute.
func TestSamplesWaitForWhatIsWrittenAnyway(t *testing.T) {
	s, state := newSampler(), van.New(van.DefaultOptions())
	s.see(state) // as the box begins, before the first step
	state.Now.Boot = "a"
	see := func(at time.Duration) []samples.Point {
		state.Now.Mono = at
		return s.see(state)
	}
	begun := time.Hour
	for at := begun; at < begun+3*time.Hour; at += 10 * time.Second {
		if list := see(at); list != nil {
			t.Fatalf("after %v %d are recorded", at-begun, len(list))
		}
	}
	if list := see(begun + 3*time.Hour); len(list) != samplesMost {
		t.Errorf("after three hours %d are recorded", len(list))
	}
	see(begun + 3*time.Hour + 16*time.Minute)
	if list := s.take(false, 0); len(list) != 1 {
		t.Errorf("with a save %d are recorded", len(list))
	}
	state.Session.Active = true
	if list := see(begun + 3*time.Hour + 20*time.Minute); len(list) != 1 || list[0].To-list[0].From != 5*time.Minute {
		t.Errorf("as a session begins %+v are recorded", list)
	}
	state.Session.Active = false
	if list := see(begun + 4*time.Hour); len(list) != 3 {
		t.Errorf("as it ends %d are recorded", len(list))
	}
	if list := s.take(true, begun+4*time.Hour+59*time.Second); len(list) != 0 {
		t.Errorf("59 s: %+v are recorded", list)
	}
	if list := s.take(true, begun+4*time.Hour+61*time.Second); len(list) != 1 || !list[0].Known(samples.Memory) || list[0].Known(samples.Volts) {
		t.Errorf("61 s: %+v are recorded", list)
	}
}

// What was measured before the daemon ended is there when it has started again, durable
// as any event; nothing of it is a reason to send.
func TestSamplesOutliveARestart(t *testing.T) {
	waits(t)
	t.Parallel()
	run := func(state string, look func(a *appliance)) {
		a, p := inside(t, flags{stateDir: state})
		a.sampler.least = 0
		defer p.run(a)()
		changed, done := a.loop.Watch()
		defer done()
		measured := func() (n int) {
			for _, p := range a.sampler.points() {
				if p.Known(samples.Volts) {
					n++
				}
			}
			return n
		}
		for a.loop.State().Sync.Seq == 0 || !a.loop.State().Clock.Trusted || measured() < 2 {
			<-changed
		}
		look(a)
	}
	var ended time.Time
	state, next := t.TempDir(), t.TempDir()
	run(state, func(a *appliance) { ended = a.clock.Now().Wall })
	// In one process a state directory is in use until its end.
	for _, name := range []string{store.File, store.File + "-wal", store.MarkFile} {
		if b, err := os.ReadFile(filepath.Join(state, name)); err == nil {
			err = os.WriteFile(filepath.Join(next, name), b, 0o600)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	run(next, func(a *appliance) {
		list, ok := a.samples("battery.volts")
		if !ok || len(list) < 2 || list[0].Value == nil || *list[0].Value < 10 || list[0].At.Sub(ended).Abs() > time.Hour {
			t.Errorf("%v, %+v; it ended at %v", ok, list, ended)
		}
		events, err := a.recorder.After(0, 1000)
		told := 0
		for _, e := range events {
			if e.Name == logbook.VanSampled {
				told++
			}
		}
		if err != nil || told != 1 {
			t.Errorf("%d are in the logbook, %v", told, err)
		}
	})
}
