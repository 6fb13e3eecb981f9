package netmon_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"infobus/netmon"
)

// recorded is evidence as the daemon took it, and when.
type recorded struct {
	At time.Duration
	E  netmon.Evidence
}

func readRecorded(t *testing.T, path string) (all []recorded) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// replay steps through what was recorded, and through each moment at which the state
// wants to be woken; each hears of every state.
func replay(all []recorded, each func(netmon.State, time.Duration)) {
	o := netmon.DefaultOptions()
	o.PowerGap = 0
	begun := time.Hour
	s := netmon.Step(o, netmon.New(), netmon.Link{Present: true, Carrier: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1", Neighbour: netmon.NeighbourReachable}, begun)
	s = netmon.Step(o, s, netmon.Conditions{Session: true, ClockTrusted: true}, begun)
	for _, r := range all {
		now := begun + r.At
		for w := s.Wake(o); w != 0 && w < now; w = s.Wake(o) {
			s = netmon.Step(o, s, nil, w)
			each(s, w-begun)
		}
		s = netmon.Step(o, s, r.E, now)
		each(s, r.At)
	}
}

// Recorded in netmon/lab: the phones fill the queue of 4 s and, minutes later, the radio
// goes. With 2 Mbit/s names, connections and calls are lost in it again and again: in the
// first of these nine other verdicts once showed.
func TestFortyPhonesAreOneVerdictAndAnOutageInsideIsFound(t *testing.T) {
	for name, full := range map[string]netmon.Verdict{
		"forty-phones-2-mbit": netmon.Congested, "forty-phones-2-mbit-again": netmon.Congested, "forty-phones-10-mbit": netmon.Slow,
		"forty-phones-10-mbit-long": netmon.Slow,
	} {
		t.Run(name, func(t *testing.T) {
			all := readRecorded(t, "testdata/"+name+".jsonl.gz")
			last := time.Duration(0) // when something from beyond the gateway came last
			for _, r := range all {
				for _, a := range r.E.Answers {
					if a.Server != netmon.Gateway && a.Came == netmon.Right {
						last = r.At
					}
				}
			}
			var shown []netmon.Verdict
			var found time.Duration
			replay(all, func(s netmon.State, at time.Duration) {
				if n := len(shown); n == 0 || shown[n-1] != s.Verdict {
					shown, found = append(shown, s.Verdict), at
				}
			})
			want := []netmon.Verdict{netmon.OK, full, netmon.NoInternet}
			if name == "forty-phones-10-mbit-long" {
				want = want[:2] // it ends before that
			}
			if !slices.Equal(shown, want) {
				t.Errorf("it showed %v, want %v", shown, want)
			} else if len(want) > 2 && (found < last || found-last > 30*time.Second) {
				t.Errorf("the outage was found at %v, and nothing came after %v", found, last)
			}
		})
	}
}
