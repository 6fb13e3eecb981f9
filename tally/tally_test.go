package tally

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// step is a moment and when it was.
type step struct {
	m  Moment
	at time.Duration
}

// history is what a van went through; whole Wh, so that sums are exact.
func history(t *rapid.T) []step {
	var (
		steps []step
		m     Moment
		at    = time.Second
	)
	for range rapid.IntRange(2, 40).Draw(t, "steps") {
		at += time.Duration(rapid.IntRange(1, 3600).Draw(t, "s")) * time.Second
		m.In += float64(rapid.IntRange(0, 500).Draw(t, "in"))
		m.Out += float64(rapid.IntRange(0, 500).Draw(t, "out"))
		m.Measured, m.Judged, m.Internet = rapid.Bool().Draw(t, "measured"), rapid.Bool().Draw(t, "judged"), rapid.Bool().Draw(t, "internet")
		m.Devices = rapid.IntRange(-1, 300).Draw(t, "devices")
		steps = append(steps, step{m, at})
	}
	return steps
}

// count counts all of it.
func count(steps []step) (all Tally) {
	var c Counter
	for _, s := range steps {
		var more Tally
		c, more = c.Count(s.m, s.at)
		all = all.And(more)
	}
	return all
}

// However a stretch is cut into parts, the parts together are the whole: each part
// begins with the moment with which the one before ended.
func TestPropertyThePartsTogetherAreTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := history(t)
		var parts []Tally
		for from := 0; from < len(steps)-1; {
			to := rapid.IntRange(from+1, len(steps)-1).Draw(t, "to")
			parts = append(parts, count(steps[from:to+1]))
			from = to
		}
		var forward, backward Tally
		for i := range parts {
			forward = forward.And(parts[i])
			backward = backward.And(parts[len(parts)-1-i])
		}
		if whole := count(steps); forward != whole || backward != whole {
			t.Fatalf("the whole is %+v, its %d parts are %+v, backward %+v", whole, len(parts), forward, backward)
		}
	})
}

// No more is counted than there was.
func TestPropertyNothingIsCountedThatWasNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := history(t)
		first, last, all := steps[0], steps[len(steps)-1], count(steps)
		lasted, most := last.at-first.at, 0
		for _, s := range steps {
			most = max(most, s.m.Devices)
		}
		switch {
		case all.In > last.m.In-first.m.In, all.Out > last.m.Out-first.m.Out:
			t.Fatalf("more energy than there was: %+v", all)
		case all.Measured > lasted, all.Judged > lasted, all.Internet > all.Judged:
			t.Fatalf("longer than it lasted: %+v", all)
		case all.Devices != most:
			t.Fatalf("%d devices, want %d", all.Devices, most)
		}
	})
}

func TestWhatIsCountedBetweenTwoMoments(t *testing.T) {
	known := Moment{In: 100, Out: 50, Measured: true, Judged: true, Internet: true, Devices: 3}
	for name, c := range map[string]struct {
		was, is Moment
		want    Tally
	}{
		"all is known": {known, Moment{In: 130, Out: 51, Measured: true, Judged: true, Internet: true, Devices: 9},
			Tally{In: 30, Out: 1, Measured: time.Hour, Judged: time.Hour, Internet: time.Hour, Devices: 9}},
		"the battery is not measured any more": {known, Moment{In: 130, Out: 51, Judged: true}, Tally{Judged: time.Hour, Internet: time.Hour}},
		"the battery is measured again":        {Moment{}, Moment{In: 130, Out: 51, Measured: true}, Tally{}},
		"the internet is judged again":         {Moment{}, Moment{Judged: true, Internet: true}, Tally{}},
		"the counters began anew":              {known, Moment{In: 1, Out: 1, Measured: true}, Tally{Measured: time.Hour, Judged: time.Hour, Internet: time.Hour}},
		"nothing is known any more":            {known, Moment{Devices: -1}, Tally{Judged: time.Hour, Internet: time.Hour}},
	} {
		counter, _ := Counter{}.Count(c.was, time.Hour)
		if _, got := counter.Count(c.is, 2*time.Hour); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if _, first := (Counter{}).Count(known, time.Hour); first != (Tally{Devices: 3}) {
		t.Errorf("of the first moment %+v is counted", first)
	}
}

// What an earlier version kept, of a session and of a day.
func TestAKeptTallyIsRead(t *testing.T) {
	want := Tally{In: 12.5, Out: 3, Measured: 4, Judged: 5, Internet: 6, Devices: 7}
	kept := `{"in_wh":12.5,"out_wh":3,"measured_ns":4,"judged_ns":5,"internet_ns":6,"devices":7,"own_bytes":8,"date":"2026-11-23"}`
	var got Tally
	if err := json.Unmarshal([]byte(kept), &got); err != nil || got != want {
		t.Errorf("read %+v, %v; want %+v", got, err, want)
	}
	if err := json.Unmarshal([]byte(`{"in_wh":0,"devices":0}`), &got); err != nil || got.In != 0 || got.Devices != 0 {
		t.Errorf("zeros are read as %+v, %v", got, err)
	}
}
