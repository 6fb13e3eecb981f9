package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"infobus/action"
	"infobus/logbook"
	"infobus/sim/day"
	"infobus/sim/day/daytest"
	"infobus/status"
	"infobus/van"
)

var update = flag.Bool("update", false, "record the states anew")

// What of the recorded states is not compared, each with the reason that
// docs/api.md gives. Empty: they were recorded with the fields as they are.
var changed = map[string]string{
	"card":                 "what is known of the memory card; it was not told before",
	"uplink.access_points": "new",
	"uplink.joining":       "new",
	"uplink.as_phone":      "new",
	"uplink.ladder":        "the rung traffic is new",
	"uplink.phones":        "new",
	"uplink.radio":         "new",
	"uplink.phones_age_s":  "new",
	"notes":                "new",
	"name":                 "new",
	"visitors":             "new",
	"sync.lost":            "new",
}

// offered are the actions that there were not yet.
var offered = []any{string(action.PhoneOpens), string(action.PhoneFails)}

// wider are the figures that may be less certain than when they were recorded: by how
// many of their own units at most.
var wider = map[string]float64{}

// statesOf replays a script and gives the state's JSON after each step that had
// an event, and after the step before it.
func statesOf(t *testing.T, script string) [][]byte {
	t.Helper()
	d, table := daytest.Read(t, script)
	// Without a screen: when it is drawn is the kiosk's to change, and shifts all
	// other events.
	d.Steps = slices.DeleteFunc(d.Steps, func(s day.Step) bool { return slices.Equal(s.Words[:2], []string{"device", "panel"}) })
	d.Steps = slices.Insert(d.Steps, 0, day.Step{At: d.Start, Words: []string{"device", "panel", "absent"}})
	o := van.DefaultOptions()
	var (
		all          [][]byte
		before, last []byte
	)
	encode := func(s van.State) []byte {
		b, err := json.Marshal(status.Of(o, s, nil).Filled())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var state van.State
	d.Watch = func(s van.State) { state = s }
	keep := func(b []byte) {
		if !bytes.Equal(b, last) {
			all, last = append(all, b), b
		}
	}
	err := d.Play(o, table, func(e logbook.Event) {
		if e.Name == logbook.VanSummary {
			return // it came later than the records
		}
		if before != nil {
			keep(before)
		}
		keep(encode(state))
		before = nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The state of two replayed days is what it was when it was recorded, but for
// what docs/api.md says has changed.
func TestTheStateIsAsItWasRecorded(t *testing.T) {
	for _, name := range []string{"monday", "troubles"} {
		t.Run(name, func(t *testing.T) {
			got := statesOf(t, filepath.Join("..", "..", "sim", "day", "testdata", name+".yaml"))
			path := filepath.Join("testdata", "states-"+name+".jsonl.gz")
			if *update {
				var b bytes.Buffer
				z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
				z.Write(append(bytes.Join(got, []byte("\n")), '\n'))
				z.Close()
				if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
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
			n := 0
			for ; lines.Scan(); n++ {
				if n == len(got) {
					t.Fatalf("%d states; more were recorded", n)
				}
				var was, is any
				if err := json.Unmarshal(lines.Bytes(), &was); err != nil {
					t.Fatal(err)
				}
				json.Unmarshal(got[n], &is)
				if lastPage(was) {
					delete(was.(map[string]any)["kiosk"].(map[string]any), "next_at")
					delete(is.(map[string]any)["kiosk"].(map[string]any), "next_at")
				}
				differences(t, "", was, is)
				if t.Failed() {
					t.Fatalf("state %d", n+1)
				}
			}
			if n < 60 || n != len(got) {
				t.Fatalf("%d states recorded, %d made", n, len(got))
			}
		})
	}
}

// lastPage says whether the last page before a power-off is being drawn: since it
// is waited for no longer than 45 s, kiosk.next_at says so, as docs/api.md has it.
func lastPage(state any) bool {
	s := state.(map[string]any)
	off := s["power"].(map[string]any)["shutdown"].(map[string]any)
	return off["pending"] == true && s["kiosk"].(map[string]any)["drawing"] == true
}

// differences fails the test for each field that is other than it was, unless
// it stands in changed.
func differences(t *testing.T, path string, was, is any) {
	t.Helper()
	if _, known := changed[path]; known {
		return
	}
	if list, ok := is.([]any); ok && path == "actions" {
		is = slices.DeleteFunc(list, func(a any) bool { return slices.Contains(offered, a) })
	}
	w, ok1 := was.(map[string]any)
	i, ok2 := is.(map[string]any)
	if ok1 && ok2 {
		keys := map[string]bool{}
		for k := range w {
			keys[k] = true
		}
		for k := range i {
			keys[k] = true
		}
		for k := range keys {
			field := func(m map[string]any) any {
				if v, there := m[k]; there {
					return v
				}
				return "(no such field)"
			}
			differences(t, strings.TrimPrefix(path+"."+k, "."), field(w), field(i))
		}
		return
	}
	before, known := was.(float64)
	now, too := is.(float64)
	if by := wider[path]; by > 0 && known && too && math.Abs(now-before) <= by {
		return
	}
	if !reflect.DeepEqual(was, is) {
		t.Errorf("%s was %v, is %v", path, was, is)
	}
}
