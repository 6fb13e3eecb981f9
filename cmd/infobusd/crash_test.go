package main

import (
	"fmt"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"infobus/logbook"
	"infobus/logbook/store"
	"infobus/sim/gateway"
)

// Killed at random moments while events arrive, the daemon goes on where it
// was: what the API had shown is there, the sequence has no gap and no repeat,
// and the receiver has every event once by {log, seq}.
func TestKilledAtRandomMomentsNothingIsLost(t *testing.T) {
	waits(t)
	t.Parallel()
	rounds := 100
	if os.Getenv("INFOBUS_SOAK") != "" {
		rounds = 1000
	}
	seed := time.Now().UnixNano()
	t.Logf("%d rounds, seed %d", rounds, seed)
	random := rand.New(rand.NewSource(seed))

	dir := t.TempDir()
	state, file := filepath.Join(dir, "state"), filepath.Join(dir, "received.jsonl")
	receiver, err := gateway.Start(gateway.Options{ReceivedFile: file})
	if err != nil {
		t.Fatal(err)
	}
	defer receiver.Close()
	config := filepath.Join(dir, "infobus.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "sync:\n  endpoint: %s\n", receiver.Endpoints().Receiver), 0o600); err != nil {
		t.Fatal(err)
	}

	// A daemon that is killed before it made its directory has lost nothing.
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	shown := map[string]logbook.Name{} // what the API had shown
	for round := range rounds {
		p := begin(t, state, nil, "--sim", "--config", config)
		// Every other life begins when the daemon answers, however long a busy machine
		// makes it take.
		life := time.Duration(random.Intn(500)) * time.Millisecond
		on, begun := true, time.Now()
		for end := begun.Add(life); time.Now().Before(end); on = !on {
			word := map[bool]string{true: "on", false: "off"}[on]
			answer, err := http.Post(p.base+"/sim/generator/"+word, "", nil)
			if err != nil {
				if round%2 == 1 && time.Since(begun) < time.Minute {
					end = time.Now().Add(life)
				}
				time.Sleep(5 * time.Millisecond) // not up yet
				continue
			}
			answer.Body.Close()
			if random.Intn(8) == 0 || len(shown) < 2*round { // also where all is slow
				for _, e := range p.events() {
					shown[key(e)] = e.Name
				}
			}
			time.Sleep(time.Duration(random.Intn(70)) * time.Millisecond)
		}
		p.kill()
		if round%20 == 0 {
			checkSequence(t, state, shown)
		}
	}
	checkSequence(t, state, shown)
	if len(shown) < rounds {
		t.Errorf("only %d events were shown before the kills: this test shows little", len(shown))
	}

	// Left in peace, everything is sent, each event once by its identity. (The
	// event of the last upload itself rides along with the next.)
	p := start(t, state, nil, "--sim", "--config", config)
	var events []logbook.Event
	p.wait("everything to be received", func() bool {
		events = p.events()
		if len(events) < len(shown) {
			return false // the logbook is not open yet
		}
		have := received(t, file)
		for _, e := range events {
			if have[key(e)] != string(e.Name) && e.Name != logbook.SyncUploaded {
				return false
			}
		}
		return true
	})
	all := map[string]bool{}
	have := received(t, file)
	for _, e := range p.events() { // what has come meanwhile, too
		all[key(e)] = true
	}
	for _, e := range events {
		all[key(e)] = true
	}
	for k := range have {
		if !all[k] {
			t.Errorf("the receiver has %s, which is not in the logbook", k)
		}
	}
	t.Logf("%d events, %d of them shown before a kill, %d received", len(all), len(shown), len(have))
}

// checkSequence opens the logbook that a killed daemon left.
func checkSequence(t *testing.T, state string, shown map[string]logbook.Name) {
	t.Helper()
	s, err := store.Open(state, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	last, stored := uint64(0), map[string]logbook.Name{}
	for {
		events, err := s.After(last, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			if e.Seq != last+1 {
				t.Fatalf("event %d stands behind event %d", e.Seq, last)
			}
			last = e.Seq
			stored[key(e)] = e.Name
		}
	}
	for k, name := range shown {
		if stored[k] != name {
			t.Errorf("event %s was shown as %s; now there is %q", k, name, stored[k])
		}
	}
}
